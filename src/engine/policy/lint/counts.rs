//! What to look at in counting policies: whether a group, or the difference of two, could be a person.

use super::codes::COUNTS_SUBTRACTABLE;
use crate::engine::document::{Diagnostic, Document};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::Policy;
use std::collections::BTreeSet;

/// What to look at in a counting policy because another one counts the same for the same recipient, and groups of the
/// one are made of groups of the other.
pub fn subtractable(text: &str, policy: &Policy, other: &Policy) -> Vec<Diagnostic> {
    let same_events = policy.source == other.source
        && policy.recipient == other.recipient
        && policy.event_types.iter().any(|event| other.event_types.contains(event));
    let (Some(own), Some(others)) = (dimensions(policy), dimensions(other)) else { return Vec::new() };
    let nested = own.is_subset(&others) || others.is_subset(&own);
    let Ok(json) = Json::read(text) else { return Vec::new() };
    let Some(at) = json.get(NodeId::ROOT, "aggregate").filter(|_| same_events && nested) else {
        return Vec::new();
    };
    let mut doc = Document::new(&json, "policy");
    let message = format!(
        "`{}` counts the same events for the same recipient, by dimensions of which some are missing or all are the same.",
        other.reference()
    );
    doc.lint(json.key_span(at), &COUNTS_SUBTRACTABLE, message);
    doc.finish()
}

/// The fields by which a counting policy tells groups apart.
fn dimensions(policy: &Policy) -> Option<BTreeSet<usize>> {
    policy.aggregate.as_ref()?;
    let mut fields = BTreeSet::new();
    fields.extend(policy.rules.iter().filter(|rule| rule.label.crosses()).map(|rule| rule.field.id));
    Some(fields)
}
