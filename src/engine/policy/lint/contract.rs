//! What to look at in what leaves, taken as a whole.

use super::codes::{ATTRIBUTE_OUTSIDE, CONTRACT_LONG, SAID_TWICE};
use super::{AsWritten, Written};
use crate::engine::document::Document;
use crate::engine::fhir::NodeId;
use crate::engine::policy::edit::quoted;
use crate::engine::policy::{Label, Policy, Rule};
use crate::engine::redact::Method;
use std::collections::BTreeMap;

/// CRM fields that a contract may have without a question.
const SHORT: usize = 24;
/// Entities whose fields are attributes of the patient.
const OF_THE_PATIENT: [&str; 2] = ["Person", "PatientProfile"];
/// The one CRM object that holds them.
const PATIENT_ATTRIBUTE: &str = "PatientAttribute";
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
        // In version 1 a rule has no way to name another object.
        if policy.schema_version > 1 {
            attribute(doc, rule);
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

/// Something of the patient in an object that others look into. A token there is how one finds the attributes.
fn attribute(doc: &mut Document<'_>, written: &AsWritten<'_>) {
    let Some(rule) = written.first() else { return };
    let Some(target) = &rule.target else { return };
    if !OF_THE_PATIENT.contains(&rule.field.entity())
        || target.object == PATIENT_ATTRIBUTE
        || rule.method == Method::Tokenize
    {
        return;
    }
    let message =
        format!("`{}` is about the patient and would stand in `{}`.", rule.field.name, target.object);
    doc.lint(written.span(doc, "target"), &ATTRIBUTE_OUTSIDE, message);
    let text = match rule.whole_entity {
        true => PATIENT_ATTRIBUTE.to_owned(),
        false => [PATIENT_ATTRIBUTE, ".", &target.field].concat(),
    };
    let json = doc.json;
    doc.fix("Put it into `PatientAttribute`", || written.revise(json, &[("target", Some(quoted(&text)))]));
}
