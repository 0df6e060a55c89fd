//! `airlock proof`: Merkle proofs.

use super::{Outcome, ProofArgs, ProofCommand, RawProofArgs, Unusable, coloured, input, say, say_json};
use airlock::api::{Objection, ProofKind, ProofReport, check_proof};
use std::path::Path;

pub(crate) fn proof(args: &ProofArgs) -> Outcome {
    match &args.command {
        ProofCommand::Inclusion(args) => raw(args, ProofKind::Inclusion),
        ProofCommand::Consistency(args) => raw(args, ProofKind::Consistency),
    }
}

fn raw(args: &RawProofArgs, kind: ProofKind) -> Outcome {
    let text = input::read_text(&args.file)?;
    let report = check_proof(kind, &text).map_err(|objection| unusable(&args.file, &objection))?;
    Ok(tell(&report, args.json))
}

fn tell(report: &ProofReport, json: bool) -> bool {
    if json {
        say_json(report);
    } else {
        let word = coloured(if report.valid { "valid" } else { "NOT VALID" }, report.valid);
        match (&report.code, &report.what) {
            (Some(code), Some(what)) => say(&format!("{word}: {code}: {what}")),
            _ => say(&word),
        }
    }
    report.valid
}

fn unusable(file: &Path, objection: &Objection) -> Unusable {
    let Objection { code, message, help } = objection;
    Unusable(format!("{}: error[{code}]: {message}\n  {help}", file.display()))
}
