//! What differs between two policies and their adapters, whatever the events.

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
    /// Types of event that are covered no more, or of which the field is read no more, and of which something of it
    /// crossed.
    pub leaves: Vec<String>,
    /// Types of event of which something of it crosses and that the new adapter reads otherwise.
    pub resourced: Vec<String>,
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
                resourced: Vec::new(),
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
    let (resourced, unread) = reread(old, new);
    for (field, event_type) in resourced {
        fields.entry(field).and_modify(|ruled| ruled.resourced.push(event_type));
    }
    for (field, event_type) in unread {
        fields.entry(field).and_modify(|ruled| ruled.leaves.push(event_type));
    }
    fields
}

/// Fields, each with a type of event.
type OfTypes = BTreeSet<(usize, String)>;

/// The fields whose rules let something cross.
fn crossing(side: &Side) -> BTreeSet<usize> {
    side.policy.rules.iter().filter(|rule| rule.label.crosses()).map(|rule| rule.field.id).collect()
}

/// What the adapters read otherwise of the types of event that both policies cover: the crossing fields that the new
/// one reads from elsewhere or in another form, or of other events; and those that it reads no more. That two ways of
/// reading always find the same is not looked for.
fn reread(old: &Side, new: &Side) -> (OfTypes, OfTypes) {
    let (crossed, crosses) = (crossing(old), crossing(new));
    let (mut resourced, mut unread) = (OfTypes::new(), OfTypes::new());
    for event_type in new.policy.event_types.iter().filter(|own| old.policy.event_types.contains(own)) {
        let [before, after] = [old, new].map(|side| {
            let events = side.adapter.events.iter().filter(|event| event.event_type == *event_type);
            events.collect::<Vec<_>>()
        });
        let alike = before.len() == after.len()
            && before.iter().zip(&after).all(|(before, after)| before.admits_like(after));
        let [before, after] = [before, after].map(|events| {
            let mut readings: BTreeMap<usize, Vec<_>> = BTreeMap::new();
            for (place, event) in events.into_iter().enumerate() {
                for (field, read) in event.readings() {
                    readings.entry(field).or_default().push((place, read));
                }
            }
            readings
        });
        let others = after.iter().filter(|(field, read)| !alike || before.get(field) != Some(*read));
        let others = others.map(|(field, _)| *field).filter(|field| crosses.contains(field));
        resourced.extend(others.map(|field| (field, event_type.clone())));
        let gone =
            before.keys().copied().filter(|field| crossed.contains(field) && !after.contains_key(field));
        unread.extend(gone.map(|field| (field, event_type.clone())));
    }
    (resourced, unread)
}

/// The fields of which one side lets something cross, each with a type of event that the other does not cover.
fn only(one: &Side, other: &Side) -> OfTypes {
    let crosses = crossing(one);
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
pub const KEYS: [&str; 17] = [
    "id",
    "eventTypes",
    "resourceTypes",
    "jurisdictions",
    "purpose",
    "recipient.organization",
    "recipient.role",
    "target.system",
    "target.adapter",
    "channels",
    "consent",
    "aggregate",
    "adapter",
    "adapter.deviations",
    "legalBasis",
    "retention",
    "auditLocation",
];

/// What changes of the integration path. What only names the policy (version, title, changelog) is left out; its id is
/// not, since the keys of records are made of it.
pub fn headers(old: &Side, new: &Side) -> Vec<HeaderChange> {
    let changed = KEYS.into_iter().filter_map(|key| {
        let (mut before, mut after) = (header(old, key), header(new, key));
        let widens = match key {
            // An empty list sets no limit.
            "resourceTypes" => !before.is_empty() && (after.is_empty() || !after.is_subset(&before)),
            "jurisdictions" => {
                !before.is_empty() && (after.is_empty() || !after.iter().all(|own| lies_in(own, &before)))
            }
            "channels" | "adapter.deviations" => !after.is_subset(&before),
            // Another purpose, recipient or system is one to which nothing went before; another adapter writes objects
            // that may have other readers.
            "purpose" | "recipient.organization" | "recipient.role" | "target.system" | "target.adapter" => {
                before != after
            }
            "consent" => after.is_empty() && !before.is_empty(),
            "aggregate" => shows_fewer(&old.policy, &new.policy),
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

/// What a policy or its adapter says under a key; of a list the order says nothing.
fn header(side: &Side, key: &str) -> BTreeSet<String> {
    let policy = &side.policy;
    let one = |text: &str| vec![text.to_owned()];
    let words = match key {
        "id" => one(&policy.id),
        "eventTypes" => policy.event_types.clone(),
        "resourceTypes" => policy.resource_types.iter().map(|kind| kind.name().to_owned()).collect(),
        "jurisdictions" => policy.jurisdictions.clone(),
        "purpose" => one(&policy.purpose),
        "recipient.organization" => one(&policy.recipient),
        "recipient.role" => one(&policy.role),
        "target.system" => one(&policy.target),
        "target.adapter" => one(&policy.target_adapter),
        "channels" => policy.channels.clone(),
        "consent" => policy.consent_required.then(|| "required".to_owned()).into_iter().collect(),
        "aggregate" => policy.aggregate.iter().map(counted).collect(),
        "adapter" => one(&policy.adapter),
        "adapter.deviations" => side.adapter.deviations.iter().map(|path| path.spell()).collect(),
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
