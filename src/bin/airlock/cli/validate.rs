//! `airlock validate`: FHIR R4 structure.

use super::{Outcome, ValidateArgs, coloured, input, say, say_json};
use airlock::api::{self, IssueView, ResourceReport};
use serde::Serialize;
use std::io::{IsTerminal, Write};

#[derive(Serialize)]
struct Line<'a> {
    input: &'a str,
    #[serde(flatten)]
    report: &'a ResourceReport,
}

pub(crate) fn validate(args: &ValidateArgs) -> Outcome {
    if args.types {
        api::resource_types().into_iter().for_each(say);
        return Ok(true);
    }
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(input::files(path)?);
    }
    let [mut valid, mut invalid] = [0usize; 2];
    for (done, file) in files.iter().enumerate() {
        let input::Input { name, bytes } = input::read(file)?;
        for report in api::validate(bytes) {
            *(if report.valid { &mut valid } else { &mut invalid }) += 1;
            if args.json {
                say_json(&Line { input: &name, report: &report });
            } else {
                tell(&name, &report);
            }
        }
        progress(done + 1, files.len());
    }
    if !args.json && valid + invalid > 1 {
        say(&format!("{valid} valid, {invalid} invalid"));
    }
    Ok(invalid == 0)
}

fn tell(name: &str, report: &ResourceReport) {
    let kind = report.resource_type.as_deref().unwrap_or("?");
    say(&format!("{}  {name}: {kind}", coloured(&report.verdict, report.valid)));
    // What is only good to know would drown the rest; `--json` has it all.
    for issue in report.issues.iter().filter(|issue| issue.severity != "information" || !report.valid) {
        let _ = writeln!(std::io::stderr().lock(), "{}", diagnostic(name, issue));
    }
}

/// `file:line:col: severity[code]: text`, and how to mend it.
fn diagnostic(name: &str, issue: &IssueView) -> String {
    let IssueView { severity, check, path, message, help, position, .. } = issue;
    let place = position.map(|at| format!("{}:{}:", at.line, at.column)).unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!(" ({path})") };
    format!("{name}:{place} {severity}[{check}]: {message}{path}\n  help: {help}")
}

/// Short work needs no bar.
const PROGRESS_FROM: usize = 64;

fn progress(done: usize, of: usize) {
    if of < PROGRESS_FROM || !std::io::stderr().is_terminal() {
        return;
    }
    let end = if done == of { "\n" } else { "" };
    let _ = write!(std::io::stderr(), "\r{done}/{of} inputs   {end}");
}
