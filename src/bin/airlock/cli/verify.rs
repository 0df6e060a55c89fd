//! `airlock verify`: an evidence bundle, offline.

use super::proof::unusable;
use super::run::scenario;
use super::{Outcome, Unusable, VerifyArgs, coloured, input, say, say_json};
use airlock::api::{
    Evidence, EvidenceCheck, EvidenceFault, EvidenceReport, Known, Objection, Pin, Witness, replay,
};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Records between two looks at the progress.
const SLICE: usize = 20_000;

pub(crate) fn verify(args: &VerifyArgs) -> Outcome {
    let bytes = input::read(&args.evidence)?.bytes;
    let evidence = match Evidence::read_bytes(bytes) {
        Ok(evidence) => evidence,
        Err(objection) if objection.code == "evidence.version" => {
            tell_unknown(objection, args.json);
            return Ok(false);
        }
        Err(objection) => return Err(unusable(&args.evidence, &objection)),
    };
    let mut known = known(&args.key)?;
    if let Some(path) = &args.checkpoint {
        let text = input::read_text(path)?;
        known.witness = Some(Witness::read(&text).map_err(|objection| unusable(path, &objection))?);
    }
    let pin = Pin { clock: args.now.clone(), seed: args.seed.clone() };
    let scenario = args.replay.as_deref().map(|path| scenario(path, &pin)).transpose()?;
    let mut check = EvidenceCheck::new(evidence, known);
    work(&mut check);
    let mut report = check.report();
    report.replay = scenario.map(|scenario| replay(check.evidence(), &scenario));
    let fine = report.verified && report.replay.as_ref().is_none_or(|replay| replay.same);
    if args.json {
        say_json(&report)
    } else {
        tell(&report)
    }
    Ok(fine)
}

/// Verifies to the end.
pub(crate) fn work(check: &mut EvidenceCheck) {
    while !check.work(SLICE) {
        progress(check);
    }
}

/// Reads a bundle.
pub(crate) fn read(path: &Path) -> Result<Evidence, Unusable> {
    Evidence::read_bytes(input::read(path)?.bytes).map_err(|objection| unusable(path, &objection))
}

/// What is known of a log by its keys.
pub(crate) fn known(keys: &[String]) -> Result<Known, Unusable> {
    let mut known = Known::default();
    for key in keys {
        known.add_key(key).map_err(|objection| unusable(Path::new("--key"), &objection))?;
    }
    Ok(known)
}

fn progress(check: &EvidenceCheck) {
    let (done, total) = check.done();
    if total > 4 * SLICE && std::io::stderr().is_terminal() {
        let end = if done == total { "\n" } else { "" };
        let percent = done * 100 / total.max(1);
        let _ = write!(std::io::stderr(), "\rverified {percent} %{end}");
    }
}

/// Says of a bundle of another version that nothing of it was verified.
fn tell_unknown(objection: Objection, json: bool) {
    let Objection { code, message, help } = objection;
    if json {
        let faults = vec![EvidenceFault { index: None, what: message, code, help }];
        say_json(&EvidenceReport { faults, ..EvidenceReport::default() });
    } else {
        say(&format!("{}: {message}\n  {code}: {help}", coloured("NOT VERIFIED", false)));
    }
}

fn tell(report: &EvidenceReport) {
    let word = if report.verified { coloured("verified", true) } else { coloured("NOT VERIFIED", false) };
    say(&format!("{word}: {} records, root {}", report.size, report.root));
    if report.deleted > 0 {
        say(&format!("  {} of them are not in the bundle: their roots stand for them", report.deleted));
    }
    report.signed_by.iter().for_each(|key| say(&format!("  signed by {key}")));
    for fault in &report.faults {
        let at = fault.index.map(|index| format!(" at record {index}")).unwrap_or_default();
        say(&format!("  {}{at}: {}", fault.code, fault.what));
        say(&format!("    {}", fault.help));
    }
    if let Some(complete) = &report.completeness {
        let gaps = complete.gaps.len();
        let word = coloured(if gaps == 0 { "complete" } else { "INCOMPLETE" }, gaps == 0);
        say(&format!("  {word}: {} chains ended, {} wait, {gaps} gaps", complete.ended, complete.open.len()));
        complete.gaps.iter().for_each(|gap| say(&format!("    {}", gap.what)));
    }
    if let Some(checkpoint) = &report.checkpoint {
        say(&format!("  checkpoint: {}", checkpoint.what));
    }
    if let Some(replay) = &report.replay {
        say(&format!(
            "  {}: {}",
            coloured(if replay.same { "replay" } else { "REPLAY DIFFERS" }, replay.same),
            replay.what
        ));
        for member in &replay.members {
            let name = member.member.as_deref().unwrap_or("the record");
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            let (recorded, replayed) = (value(&member.left), value(&member.right));
            say(&format!("    {name}: {recorded} in the bundle, {replayed} in the replay"));
        }
    }
}
