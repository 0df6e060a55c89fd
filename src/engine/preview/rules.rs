//! What differs between two policies, whatever the events.

use super::exposure::{Effect, between};
use super::report::HeaderChange;
use super::side::Side;
use crate::engine::canonical::FieldEntry;
use crate::engine::policy::{Policy, Rule};
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

/// What changes of the integration path. What only names the policy (id, version, title, changelog) is left out.
pub fn headers(old: &Policy, new: &Policy) -> Vec<HeaderChange> {
    let limit = |old: &[String], new: &[String]| {
        // An empty list sets no limit.
        !old.is_empty() && (new.is_empty() || new.iter().any(|item| !old.contains(item)))
    };
    let more = |old: &[String], new: &[String]| new.iter().any(|item| !old.contains(item));
    let types = |policy: &Policy| -> Vec<String> {
        policy.resource_types.iter().map(|kind| kind.name().to_owned()).collect()
    };
    let list = |items: &[String]| items.join(", ");
    let all = |items: &[String]| if items.is_empty() { "any".to_owned() } else { list(items) };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let consent = |policy: &Policy| if policy.consent_required { "required" } else { "" }.to_owned();
    let (old_types, new_types) = (types(old), types(new));
    let same = |key, from: &str, to: &str| (key, from.to_owned(), to.to_owned(), from != to);
    let rows = [
        (
            "eventTypes",
            list(&old.event_types),
            list(&new.event_types),
            more(&old.event_types, &new.event_types),
        ),
        ("resourceTypes", all(&old_types), all(&new_types), limit(&old_types, &new_types)),
        (
            "jurisdictions",
            all(&old.jurisdictions),
            all(&new.jurisdictions),
            limit(&old.jurisdictions, &new.jurisdictions),
        ),
        same("purpose", &old.purpose, &new.purpose),
        same("recipient.organization", &old.recipient, &new.recipient),
        same("recipient.role", &old.role, &new.role),
        same("target.system", &old.target, &new.target),
        ("channels", list(&old.channels), list(&new.channels), more(&old.channels, &new.channels)),
        ("consent", consent(old), consent(new), old.consent_required && !new.consent_required),
        ("adapter", old.adapter.clone(), new.adapter.clone(), false),
        ("legalBasis", old.legal_basis.clone(), new.legal_basis.clone(), false),
        ("retention", text(&old.retention), text(&new.retention), false),
        ("auditLocation", text(&old.audit_location), text(&new.audit_location), false),
    ];
    let changed = rows.into_iter().filter(|(key, from, to, _)| {
        // Of a list the order says nothing.
        let parts = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        from != to
            && (!["eventTypes", "resourceTypes", "jurisdictions", "channels"].contains(key)
                || parts(from) != parts(to))
    });
    changed.map(|(key, from, to, widens)| HeaderChange { key, from, to, widens }).collect()
}

/// A side's rule by its place.
pub fn rule(side: &Side, place: Option<usize>) -> Option<&Rule> {
    place.and_then(|place| side.policy.rules.get(place))
}
