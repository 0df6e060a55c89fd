//! `airlock proof`: Merkle proofs.

use super::verify::{known, read};
use super::{
    Outcome, ProofArgs, ProofCheckArgs, ProofCommand, ProofOfArgs, RawProofArgs, Unusable, coloured, input,
    say, say_json,
};
use airlock::api::{Objection, ProofKind, ProofReport, check_proof, check_record_proof, prove_record};
use std::io::Write;
use std::path::Path;

pub(crate) fn proof(args: &ProofArgs) -> Outcome {
    match &args.command {
        ProofCommand::Inclusion(args) => raw(args, ProofKind::Inclusion),
        ProofCommand::Consistency(args) => raw(args, ProofKind::Consistency),
        ProofCommand::Of(args) => of(args),
        ProofCommand::Check(args) => check(args),
    }
}

fn of(args: &ProofOfArgs) -> Outcome {
    match prove_record(read(&args.evidence)?, known(&args.key)?, args.record) {
        Ok(proof) => {
            let _ = std::io::stdout().lock().write_all(proof.as_bytes());
            Ok(true)
        }
        Err(objection) => {
            let _ = writeln!(std::io::stderr(), "{}", unusable(&args.evidence, &objection).0);
            Ok(false)
        }
    }
}

fn check(args: &ProofCheckArgs) -> Outcome {
    let text = input::read_text(&args.proof)?;
    let record = args.record.as_deref().map(input::read_text).transpose()?;
    let report = check_record_proof(&text, record.as_deref(), &known(&args.key)?);
    Ok(tell(&report.map_err(|objection| unusable(&args.proof, &objection))?, args.json))
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

pub(crate) fn unusable(file: &Path, objection: &Objection) -> Unusable {
    let Objection { code, message, help } = objection;
    Unusable(format!("{}: error[{code}]: {message}\n  {help}", file.display()))
}
