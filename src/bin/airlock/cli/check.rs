//! `airlock check`: what there is to say about policies, adapters and the canonical model.

use super::setup::lines;
use super::{CheckArgs, Outcome, Unusable, coloured, input, say, say_json};
use airlock::api::{Diagnostic, NamedText, Severity, check_documents, check_earlier, document_kind};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    file: &'a str,
    #[serde(flatten)]
    diagnostic: &'a Diagnostic,
}

pub(crate) fn check(args: &CheckArgs) -> Outcome {
    let mut documents = Vec::new();
    for path in &args.paths {
        documents.extend(read(path)?);
    }
    let mut adapters = Vec::new();
    for path in &args.adapter {
        adapters.push(named(path)?);
    }
    let against = args.against.as_deref().map(input::read_text).transpose()?;
    if let (Some(path), Some(old)) = (&args.against, &against) {
        let why = check_earlier(&documents, old);
        if !why.is_empty() {
            return Err(Unusable(lines(path, &why)));
        }
    }
    let checked = check_documents(&documents, &adapters, against.as_deref());
    let told: Vec<Told<'_>> = checked
        .iter()
        .flat_map(|document| {
            document.diagnostics.iter().map(|diagnostic| Told { file: &document.name, diagnostic })
        })
        .collect();
    told.iter().for_each(|told| {
        let _ = writeln!(std::io::stderr().lock(), "{}", line(told));
    });
    let errors = told.iter().filter(|told| told.diagnostic.severity == Severity::Error).count();
    let warnings = told.len() - errors;
    if args.json {
        say_json(&Report { diagnostics: told });
    } else {
        let word = coloured(if errors == 0 { "sound" } else { "not sound" }, errors == 0);
        say(&format!("{word}: {} documents, {errors} errors, {warnings} warnings", documents.len()));
    }
    Ok(errors == 0)
}

/// The documents of a path. Of a folder's files only those that can be checked, or are no JSON.
fn read(path: &Path) -> Result<Vec<NamedText>, Unusable> {
    let is_folder = path.is_dir();
    let files: Vec<PathBuf> = input::files(path)?;
    let mut documents = Vec::new();
    for file in files {
        let is_json = file.extension().is_none_or(|end| end != "ndjson");
        let document = named(&file)?;
        if !is_folder || (is_json && may_be_one(&document.text)) {
            documents.push(document);
        }
    }
    Ok(documents)
}

/// Whether a text is something that can be checked, or would be if it were JSON.
fn may_be_one(text: &str) -> bool {
    document_kind(text).is_some() || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}

fn named(path: &Path) -> Result<NamedText, Unusable> {
    Ok(NamedText { name: path.display().to_string(), text: input::read_text(path)? })
}

/// `file:line:col: severity[code]: text`, and how to mend it.
fn line(told: &Told<'_>) -> String {
    let Told { file, diagnostic: Diagnostic { code, severity, start, message, help, .. } } = told;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{file}:{}:{}: {severity}[{code}]: {message}\n  help: {help}", start.line, start.column)
}
