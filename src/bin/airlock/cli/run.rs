//! `airlock run`: scenarios, each against what it expects.

use super::setup::check_seed;
use super::{Outcome, RunArgs, Unusable, coloured, input, say, say_json};
use airlock::api::{OpenScenario, Pin, ScenarioResult, Session, read_scenario, run_in, scenario_evidence};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &RunArgs) -> Outcome {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &args.scenarios {
        files.extend(input::files(path)?);
    }
    let several = files.len() > 1;
    if let (Some(out), true) = (&args.evidence, several) {
        std::fs::create_dir_all(out)
            .map_err(|error| Unusable(format!("{}: error: {error}", out.display())))?;
    }
    let mut all_passed = true;
    args.seed.as_deref().map_or(Ok(()), |seed| check_seed(seed, args.demo_keys))?;
    let pin = Pin { clock: args.now.clone(), seed: args.seed.clone() };
    for file in &files {
        let scenario = scenario(file, &pin)?;
        let mut session = Session::new();
        let result = run_in(&scenario, &mut session);
        if let Some(out) = &args.evidence {
            let out =
                if several { out.join(format!("{}.evidence.json", result.scenario)) } else { out.clone() };
            input::write(&out, &scenario_evidence(&session, &result.scenario, &scenario.setup.seed))?;
        }
        all_passed &= result.passed;
        if args.json { say_json(&result) } else { print(&result) }
    }
    Ok(all_passed)
}

/// Reads a scenario file.
pub(crate) fn scenario(file: &Path, pin: &Pin) -> Result<OpenScenario, Unusable> {
    let text = input::read_text(file)?;
    let id = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    read_scenario(&id, &text, pin, &|path| input::fixture_near(file, path))
        .map_err(|error| Unusable(format!("{}: error: {error}", file.display())))
}

fn print(result: &ScenarioResult) {
    let word = if result.passed { coloured("passed", true) } else { coloured("FAILED", false) };
    let outcomes: Vec<String> = result
        .deliveries
        .iter()
        .map(|delivery| match &delivery.code {
            Some(code) => format!("{} ({code})", delivery.outcome),
            None => delivery.outcome.clone(),
        })
        .collect();
    say(&format!("{word}  {}: {}", result.scenario, outcomes.join(", ")));
    say(&format!("        {} records, root {}", result.log.size, result.log.root));
    for failure in &result.failures {
        say(&format!("        {failure}"));
    }
}
