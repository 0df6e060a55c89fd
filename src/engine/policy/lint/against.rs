//! A policy beside an earlier version of itself, or beside another document of the same version.

use super::codes::{CHANGELOG_REWRITTEN, DOCUMENT_TWICE, VERSION_NOT_MOVED, VERSION_TWICE};
use crate::engine::document::{Diagnostic, Document, Edit};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::edit::quoted;
use crate::engine::policy::{Policy, Rule};

/// What to look at in a text because of what the policy said before. Nothing where the two have different ids, or can't
/// be read.
pub fn against(text: &str, policy: &Policy, old: &Policy) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    if policy.id != old.id {
        return Vec::new();
    }
    let mut doc = Document::new(&json, "policy");
    let moved = parts(&policy.version) > parts(&old.version);
    if let Some(at) =
        json.get(NodeId::ROOT, "version").filter(|_| !moved && substance(policy) != substance(old))
    {
        let (start, end) = json.span(at);
        let message = format!(
            "It says something else than version {}, under a version that is not higher.",
            old.version
        );
        doc.lint((start, end), &VERSION_NOT_MOVED, message);
        if let Some(next) = next(&old.version) {
            doc.fix(format!("Write `{next}`"), || vec![Edit { start, end, text: quoted(&next) }]);
        }
    }
    if let Some(at) =
        json.get(NodeId::ROOT, "changelog").filter(|_| !policy.changelog.starts_with(&old.changelog))
    {
        let message = "Entries that the changelog had before are changed or gone.";
        doc.lint(json.key_span(at), &CHANGELOG_REWRITTEN, message);
    }
    doc.finish()
}

/// What to look at in a text because another document has the same id and version. `what` is the kind of document.
pub fn same_version(text: &str, what: &'static str, other: &str, same: bool) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    let mut doc = Document::new(&json, what);
    if let Some(at) = json.get(NodeId::ROOT, "version") {
        let (lint, end) = if same { (&DOCUMENT_TWICE, "says the same") } else { (&VERSION_TWICE, "differs") };
        doc.lint(json.span(at), lint, format!("{other} has the same id and version, and {end}."));
    }
    doc.finish()
}

/// What a policy does, without what it says about itself and where its rules stand.
fn substance(policy: &Policy) -> Policy {
    let rule = |rule: &Rule| Rule { row: 0, offset: 0, ..rule.clone() };
    Policy {
        version: String::new(),
        title: String::new(),
        changelog: Vec::new(),
        schema_version: 0,
        hash: String::new(),
        rules: policy.rules.iter().map(rule).collect(),
        ..policy.clone()
    }
}

/// A version as what its parts are worth, numbers as numbers.
fn parts(version: &str) -> Vec<(u64, &str)> {
    version.split(['.', '-', '+']).map(|part| part.parse().map_or((0, part), |number| (number, ""))).collect()
}

/// The version after this one, where it has the form `1.2.3`.
fn next(version: &str) -> Option<String> {
    let numbers: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match numbers.as_slice() {
        [major, minor, _] => Some(format!("{major}.{}.0", minor.checked_add(1)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(parts("1.10.0") > parts("1.9.0"));
        assert!(parts("2.0.0") > parts("1.9.9"));
        assert!(parts("1.0.0") == parts("1.0.0"));
        assert_eq!(next("1.2.3").as_deref(), Some("1.3.0"));
        assert_eq!(next("spring"), None);
    }
}
