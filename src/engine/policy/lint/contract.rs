//! What to look at in what leaves, taken as a whole.

use super::codes::{CONTRACT_LONG, SAID_TWICE};
use super::{AsWritten, Written};
use crate::engine::document::Document;
use crate::engine::fhir::NodeId;
use crate::engine::policy::{Label, Policy, Rule};
use std::collections::BTreeMap;

/// CRM fields that a contract may have without a question.
const SHORT: usize = 24;
/// How the name of a field ends that says in words what the field before the ending says as a code.
const IN_WORDS: [&str; 3] = ["Display", "Text", "Title"];

pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy, written: &Written<'_>) {
    let fields = policy.rules.iter().filter(|rule| rule.target.is_some()).count();
    if let Some(list) = doc.json.get(NodeId::ROOT, "rules").filter(|_| fields > SHORT) {
        let message = format!("{fields} CRM fields may leave; {SHORT} are a lot already.");
        doc.lint(doc.json.key_span(list), &CONTRACT_LONG, message);
    }
    let crossing: BTreeMap<&str, &Rule> = policy
        .rules
        .iter()
        .filter(|rule| rule.label == Label::Allowed)
        .map(|rule| (rule.field.name.as_str(), rule))
        .collect();
    for rule in &written.rules {
        if let Some(first) = rule.first().filter(|first| !first.whole_entity) {
            said_twice(doc, rule, first, &crossing);
        }
    }
}

fn said_twice(
    doc: &mut Document<'_>,
    written: &AsWritten<'_>,
    words: &Rule,
    crossing: &BTreeMap<&str, &Rule>,
) {
    let code = IN_WORDS.iter().find_map(|ending| words.field.name.strip_suffix(ending));
    let code = code.filter(|_| words.label == Label::Allowed).and_then(|code| crossing.get(code));
    let Some(code) = code else { return };
    let message = format!("`{}` says in words what `{}` says already.", words.field.name, code.field.name);
    doc.lint(written.span(doc, "field"), &SAID_TWICE, message);
    let json = doc.json;
    doc.fix("Prohibit the words", || written.prohibit(json));
}
