//! What differs between two policies, whatever the events.

use super::exposure::{Effect, between};
use super::report::HeaderChange;
use super::side::Side;
use crate::engine::canonical::FieldEntry;
use crate::engine::policy::{Aggregate, Policy, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What both policies say of a canonical field.
pub struct Ruled {
    /// The field.
    pub field: Arc<FieldEntry>,
    /// The old policy's rule, as its place in it.
    pub old: Option<usize>,
    /// The new one's.
    pub new: Option<usize>,
    /// What the change of the rules does to it.
    pub effect: Option<Effect>,
    /// Types of event that are newly covered, and of which something of the field would cross.
    pub joins: Vec<String>,
    /// Types of event that are covered no more, and of which something of it crossed.
    pub leaves: Vec<String>,
}

/// What two policies say, by field.
pub fn ruled(old: &Side, new: &Side) -> BTreeMap<usize, Ruled> {
    let mut fields: BTreeMap<usize, Ruled> = BTreeMap::new();
    for (is_new, policy) in [(false, &old.policy), (true, &new.policy)] {
        for (place, rule) in policy.rules.iter().enumerate() {
            let ruled = fields.entry(rule.field.id).or_insert_with(|| Ruled {
                field: Arc::clone(&rule.field),
                old: None,
                new: None,
                effect: None,
                joins: Vec::new(),
                leaves: Vec::new(),
            });
            *(if is_new { &mut ruled.new } else { &mut ruled.old }) = Some(place);
        }
    }
    let rule =
        |policy: &Policy, place: Option<usize>| place.and_then(|place| policy.rules.get(place)).cloned();
    for ruled in fields.values_mut() {
        let (was, is) = (rule(&old.policy, ruled.old), rule(&new.policy, ruled.new));
        ruled.effect = between(was.as_ref(), is.as_ref());
    }
    for (field, event_type) in only(new, old) {
        fields.entry(field).and_modify(|ruled| ruled.joins.push(event_type));
    }
    for (field, event_type) in only(old, new) {
        fields.entry(field).and_modify(|ruled| ruled.leaves.push(event_type));
    }
    fields
}

/// The fields of which one side lets something cross, each with a type of event that the other does not cover.
fn only(one: &Side, other: &Side) -> BTreeSet<(usize, String)> {
    let crosses: BTreeSet<usize> =
        one.policy.rules.iter().filter(|rule| rule.label.crosses()).map(|rule| rule.field.id).collect();
    let covers = |policy: &Policy, event_type: &String| policy.event_types.contains(event_type);
    let events =
        one.adapter.events.iter().filter(|event| {
            covers(&one.policy, &event.event_type) && !covers(&other.policy, &event.event_type)
        });
    let filled = events.flat_map(|event| {
        let fields = event.fields.iter().map(|field| field.id).filter(|field| crosses.contains(field));
        fields.map(|field| (field, event.event_type.clone()))
    });
    filled.collect()
}

/// The keys of the integration path that are compared.
pub const KEYS: [&str; 14] = [
    "eventTypes",
    "resourceTypes",
    "jurisdictions",
    "purpose",
    "recipient.organization",
    "recipient.role",
    "target.system",
    "channels",
    "consent",
    "aggregate",
    "adapter",
    "legalBasis",
    "retention",
    "auditLocation",
];

/// What changes of the integration path. What only names the policy (id, version, title, changelog) is left out.
pub fn headers(old: &Policy, new: &Policy) -> Vec<HeaderChange> {
    let changed = KEYS.into_iter().filter_map(|key| {
        let (mut before, mut after) = (header(old, key), header(new, key));
        let widens = match key {
            // An empty list sets no limit.
            "resourceTypes" => !before.is_empty() && (after.is_empty() || !after.is_subset(&before)),
            "jurisdictions" => {
                !before.is_empty() && (after.is_empty() || !after.iter().all(|own| lies_in(own, &before)))
            }
            "channels" => !after.is_subset(&before),
            // Another purpose, recipient or system is one to which nothing went before.
            "purpose" | "recipient.organization" | "recipient.role" | "target.system" => before != after,
            "consent" => after.is_empty() && !before.is_empty(),
            "aggregate" => shows_fewer(old, new),
            // Which fields newly cross of a type of event is told field by field.
            _ => false,
        };
        if before == after {
            return None;
        }
        if ["resourceTypes", "jurisdictions"].contains(&key) {
            let any = |items: &mut BTreeSet<_>| {
                if items.is_empty() {
                    items.insert("any".to_owned());
                }
            };
            any(&mut before);
            any(&mut after);
        }
        let words = |items: BTreeSet<String>| items.into_iter().collect::<Vec<_>>().join(", ");
        Some(HeaderChange { key, from: words(before), to: words(after), widens })
    });
    changed.collect()
}

/// Whether smaller groups show, or each record by itself, where only counts of larger ones did.
fn shows_fewer(old: &Policy, new: &Policy) -> bool {
    let least = |policy: &Policy| policy.aggregate.as_ref().map_or(1, |aggregate| aggregate.least);
    least(new) < least(old)
}

fn counted(aggregate: &Aggregate) -> String {
    format!("counts of {} patients and more, to {}", aggregate.least, aggregate.count)
}

/// Whether a jurisdiction is among others, or part of one: `US-MA` of `US`.
fn lies_in(own: &str, others: &BTreeSet<String>) -> bool {
    let country = own.split('-').next().unwrap_or(own);
    others.contains(own) || others.contains(country)
}

/// What a policy says under a key; of a list the order says nothing.
fn header(policy: &Policy, key: &str) -> BTreeSet<String> {
    let one = |text: &str| vec![text.to_owned()];
    let words = match key {
        "eventTypes" => policy.event_types.clone(),
        "resourceTypes" => policy.resource_types.iter().map(|kind| kind.name().to_owned()).collect(),
        "jurisdictions" => policy.jurisdictions.clone(),
        "purpose" => one(&policy.purpose),
        "recipient.organization" => one(&policy.recipient),
        "recipient.role" => one(&policy.role),
        "target.system" => one(&policy.target),
        "channels" => policy.channels.clone(),
        "consent" => policy.consent_required.then(|| "required".to_owned()).into_iter().collect(),
        "aggregate" => policy.aggregate.iter().map(counted).collect(),
        "adapter" => one(&policy.adapter),
        "legalBasis" => one(&policy.legal_basis),
        "retention" => policy.retention.clone().into_iter().collect(),
        _ => policy.audit_location.clone().into_iter().collect(),
    };
    words.into_iter().collect()
}

/// A side's rule by its place.
pub fn rule(side: &Side, place: Option<usize>) -> Option<&Rule> {
    place.and_then(|place| side.policy.rules.get(place))
}
