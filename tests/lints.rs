//! Lints: each has a document in `tests/lints` that triggers it and nothing else, and one close by that has nothing
//! against it. A folder may have the version before (`old.json`) or a document that is checked along (`beside.json`).

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where its own documents are missing")]

use airlock::api::{
    CheckedDocument, Diagnostic, NamedText, Severity, TextEdit, apply_edits, check_documents, check_policy,
    lints,
};
use airlock::engine::canonical::Catalogue;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lints")
}

fn read(path: &Path) -> Option<NamedText> {
    let text = fs::read_to_string(path).ok()?;
    Some(NamedText { name: path.file_name()?.to_str()?.to_owned(), text })
}

/// What there is to say about a text in place of one of a lint's documents.
fn checked(code: &str, text: &str) -> CheckedDocument {
    let [old, beside] = ["old", "beside"].map(|name| read(&folder().join(code).join(format!("{name}.json"))));
    let adapter = read(&folder().join("adapter.json")).unwrap();
    let crm = read(&folder().join("crm.json")).unwrap();
    let own = NamedText { name: "draft.json".to_owned(), text: text.to_owned() };
    let documents: Vec<NamedText> = beside.into_iter().chain([own]).collect();
    check_documents(&documents, &[adapter, crm], old.as_ref().map(|old| old.text.as_str())).pop().unwrap()
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

#[track_caller]
fn document(code: &str, name: &str) -> String {
    let path = folder().join(code).join(format!("{name}.json"));
    read(&path).unwrap_or_else(|| panic!("{} is missing", path.display())).text
}

#[test]
fn each_lint_has_a_document_that_triggers_it_and_one_close_by_that_does_not() {
    for lint in lints() {
        let code = lint.code.as_str();
        let triggers = document(code, "triggers");
        let found = checked(code, &triggers).diagnostics;
        let told: BTreeSet<&str> = codes(&found).into_iter().collect();
        assert_eq!(told, BTreeSet::from([code]), "{found:#?}");
        for diagnostic in &found {
            assert_eq!(diagnostic.severity, lint.severity, "{code}");
            assert_eq!(diagnostic.help, lint.help, "{code}");
            let range = diagnostic.start.offset as usize..diagnostic.end as usize;
            assert!(triggers.get(range).is_some_and(|span| !span.trim().is_empty()), "{diagnostic:?}");
        }
        let clean = checked(code, &document(code, "clean")).diagnostics;
        assert_eq!(codes(&clean), Vec::<&str>::new(), "{code}: {clean:#?}");
    }
}

#[test]
fn the_list_of_lints_and_the_folders_are_the_same() {
    let listed: Vec<String> = lints().into_iter().map(|lint| lint.code).collect();
    let listed_once: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(listed.len(), listed_once.len(), "a code is listed twice");
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    let folders: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed_once);
}

#[test]
fn the_documentation_has_every_lint_as_it_is() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = lints()
        .iter()
        .map(|lint| {
            let severity = if lint.severity == Severity::Error { "error" } else { "warning" };
            format!("| `{}` | {severity} | {} | {} |", lint.code, lint.about, lint.help)
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn a_fix_removes_what_it_mends_and_brings_no_error() {
    let mut fixed = Vec::new();
    for lint in lints() {
        let code = lint.code.as_str();
        let triggers = document(code, "triggers");
        let before = checked(code, &triggers).diagnostics;
        for diagnostic in &before {
            let Some(fix) = &diagnostic.fix else { continue };
            assert!(!fix.title.is_empty() && !fix.edits.is_empty(), "{code}");
            let after =
                apply_edits(&triggers, &fix.edits).unwrap_or_else(|| panic!("{code}: {:?}", fix.edits));
            let left = checked(code, &after).diagnostics;
            assert!(
                codes(&left).iter().filter(|left| **left == code).count() < before.len(),
                "{after}\n{left:#?}"
            );
            assert!(left.iter().all(|left| left.severity != Severity::Error), "{after}\n{left:#?}");
            fixed.push(code.to_owned());
        }
    }
    fixed.dedup();
    println!("{} of {} lints offer a fix: {}", fixed.len(), lints().len(), fixed.join(", "));
    assert!(fixed.len() > lints().len() / 2);
}

#[test]
fn what_is_shipped_has_nothing_against_it() {
    for folder in ["policies", "adapters", "canonical"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let documents: Vec<NamedText> = paths.filter_map(|path| read(&path)).collect();
        assert!(!documents.is_empty());
        for checked in check_documents(&documents, &[], None) {
            let said: Vec<String> = checked
                .diagnostics
                .iter()
                .map(|d| format!("{}:{}: {}: {}", checked.name, d.start.line, d.code, d.message))
                .collect();
            assert!(checked.kind.is_some() && said.is_empty(), "{}", said.join("\n"));
        }
    }
}

#[test]
fn an_error_is_not_lost_among_warnings_nor_a_fix_given_to_another_finding() {
    let mut policy: serde_json::Value =
        serde_json::from_str(&document("policy.rule-unused", "triggers")).unwrap();
    policy["adapter"] = "fhir-r4".into();
    let rules: Vec<serde_json::Value> = Catalogue::shipped()
        .fields()
        .iter()
        .map(|field| field.name.as_str())
        .filter(|name| !name.starts_with("CareEvent") && !name.starts_with("Person."))
        .cycle()
        .take(900)
        .enumerate()
        .map(|(n, name)| serde_json::json!({ "id": format!("R{n}"), "field": name, "label": "prohibited" }))
        .collect();
    policy["rules"] = rules.into();
    let last = policy["rules"].as_array().unwrap().len() - 1;
    policy["rules"][last]["label"] = "permitted".into();
    let text = policy.to_string();
    let report = check_policy(&text);
    let [errors, warnings] = [Severity::Error, Severity::Warning]
        .map(|severity| report.diagnostics.iter().filter(|d| d.severity == severity).count());
    assert!(errors > 0 && errors <= 200 && warnings <= 200 && !report.usable());
    for diagnostic in &report.diagnostics {
        // On one line, the column is the offset in characters.
        assert_eq!(diagnostic.start.column, diagnostic.start.offset + 1);
        let Some(fix) = &diagnostic.fix else { continue };
        let TextEdit { start, end, .. } = fix.edits.first().unwrap();
        assert!(*start < diagnostic.end + 200 && diagnostic.start.offset < end + 200, "{diagnostic:?}");
    }
}
