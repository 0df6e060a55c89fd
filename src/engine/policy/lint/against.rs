//! A policy beside an earlier version of itself, or beside another document of the same version.

use super::codes::{CHANGELOG_REWRITTEN, DOCUMENT_TWICE, VERSION_NOT_MOVED, VERSION_TWICE};
use crate::engine::document::{Diagnostic, Document, Edit};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::edit::quoted;
use crate::engine::policy::{Policy, Rule};
use crate::order;
use semver::Version;

/// What to look at in a text because of what the policy said before. Nothing where the two have different ids, or can't
/// be read.
pub fn against(text: &str, policy: &Policy, old: &Policy) -> Vec<Diagnostic> {
    let Ok(json) = Json::read(text) else { return Vec::new() };
    if policy.id != old.id {
        return Vec::new();
    }
    let mut doc = Document::new(&json, "policy");
    let moved = is_after(&policy.version, &old.version);
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

/// Whether two policies do the same and say the same about themselves, wherever in the text they say it.
pub fn alike(one: &Policy, other: &Policy) -> bool {
    one.version == other.version
        && one.title == other.title
        && one.changelog == other.changelog
        && substance(one) == substance(other)
}

/// What a policy does, without what it says about itself and where its rules stand.
fn substance(policy: &Policy) -> Policy {
    let rule = |rule: &Rule| Rule { row: 0, offset: 0, ..rule.clone() };
    let mut rules: Vec<Rule> = policy.rules.iter().map(rule).collect();
    order::by(&mut rules, |rule| rule.field.id);
    Policy {
        version: String::new(),
        title: String::new(),
        changelog: Vec::new(),
        hash: String::new(),
        rules,
        ..policy.clone()
    }
}

/// Whether a version comes after another one (Semantic Versioning 2.0.0); of others only that it is another can be told.
fn is_after(version: &str, old: &str) -> bool {
    match (Version::parse(version), Version::parse(old)) {
        (Ok(version), Ok(old)) => version > old,
        _ => version != old,
    }
}

/// The version after this one, where it has a number.
fn next(version: &str) -> Option<String> {
    let Version { major, minor, .. } = Version::parse(version).ok()?;
    Some(Version::new(major, minor.checked_add(1)?, 0).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_after("1.10.0", "1.9.0") && is_after("2.0.0", "1.9.9"));
        assert!(!is_after("1.0.0", "1.0.0") && !is_after("1.0.0-draft", "1.0.0"));
        assert!(is_after("summer", "spring") && !is_after("spring", "spring"));
        assert_eq!((next("1.2.3").as_deref(), next("spring")), (Some("1.3.0"), None));
    }
}
