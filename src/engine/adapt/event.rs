//! One type of event: what it is about, whose it is, and what must be true for it to have happened.
//!
//! Types are spelled `thing.happened`: a noun, its words joined by hyphens, and a past participle, e.g.
//! `referral.created`, `lab-result.finalised`. The adapter's document lists them all.

use super::drift::Reads;
use super::plan::{Claim, Plan};
use super::{Claims, FieldEntry};
use crate::engine::fhir::{
    Json, Kind, Namespace, NodeId, Reference, ResourceType, own_id, resolve, type_and_id,
};
use crate::engine::normalise::Normalise;
use crate::engine::path::Selector;
use crate::engine::phi::Phi;
use crate::engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The canonical fields that an event's subject fills by being it: its reference, and what stands beside that.
pub(super) const SUBJECT: [&str; 2] = ["Person.sourceId", "Person.display"];

/// How one type of event is read.
#[derive(Clone, Debug)]
pub struct EventMap {
    /// Event type, e.g. `referral.created`.
    pub event_type: String,
    /// The resource type that such an event is about.
    pub focus: ResourceType,
    /// The canonical fields it fills, in the adapter's order.
    pub fields: Vec<Arc<FieldEntry>>,
    /// The form that each field's values are brought into, where the source varies.
    pub forms: Vec<Option<Normalise>>,
    /// What it changes in the connector itself.
    pub effect: Option<Effect>,
    /// Whether a resource without an envelope may be taken for it.
    pub(super) bare: bool,
    /// The state that the focus must be in: all of these.
    pub(super) when: Vec<Condition>,
    /// Where references to the subject stand, or the subject itself.
    pub(super) subject: Plan,
    /// Where the source says for whom it is meant.
    pub(super) recipients: Option<Plan>,
    /// Where the records stand that a merge does away with.
    pub(super) merged: Option<Plan>,
    pub(super) plan: Plan,
    /// Where the fields of [`SUBJECT`] stand among the fields.
    pub(super) named: [Option<usize>; 2],
    /// The fields that the focus's own id fills.
    pub(super) own_ids: Vec<usize>,
    /// Where each field is read from; nothing for what the subject fills by being it.
    pub(super) selectors: Vec<Selector>,
    /// The elements that the fields are read from.
    pub reads: Reads,
}

/// What an event changes in the connector, besides what it discloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its Consent takes the place of the version on file.
    Consent,
    /// Its Patient takes the place of another.
    Merge,
}

impl Effect {
    /// All effects.
    pub const ALL: [Self; 2] = [Self::Consent, Self::Merge];

    /// The effect as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Merge => "merge",
        }
    }
}

/// Something that must be true of the focus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The selector as the adapter spells it: the path of what is wrong where it does not hold.
    pub select: String,
    pub(super) plan: Plan,
    pub(super) test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Some value is one of these.
    In(Vec<String>),
    /// There is something, or there is nothing.
    Exists(bool),
}

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Nobody's that could be told.
    Unknown,
    /// The patient that this string refers to, or that this resource is.
    At(NodeId),
    /// Several patients'; the second is here.
    Ambiguous(NodeId),
}

impl EventMap {
    /// Finds each canonical field in an event whose subject is known: what the selectors say, and the subject's own
    /// reference and display.
    pub fn adapt(&self, json: &Phi<Json>, data: NodeId, focus: NodeId, subject: Option<NodeId>) -> Claims {
        json.classify(|json| {
            let mut claims = self.plan.walk(json, data, focus);
            if json.get(focus, "id").is_none()
                && let Some(node) = own_id(json, focus)
            {
                claims.extend(self.own_ids.iter().map(|field| Claim { node, field: *field }));
            }
            let parts = subject.map(|subject| match json.kind(subject) {
                Kind::Object if json.resource_type(subject).is_some() => [json.get(subject, "id"), None],
                Kind::Object => {
                    let identifier = json.get(subject, "identifier");
                    [identifier.and_then(|own| json.get(own, "value")), json.get(subject, "display")]
                }
                _ => [Some(subject), json.parent(subject).and_then(|whole| json.get(whole, "display"))],
            });
            let named = self.named.iter().zip(parts.into_iter().flatten());
            claims.extend(named.filter_map(|(field, node)| Some(Claim { node: node?, field: (*field)? })));
            claims
        })
    }

    /// The codes that a field can have: those of the required value sets of the elements that it is read from, and of
    /// these only what the event's conditions leave. None where they are not bounded.
    pub fn codes(&self, field: &FieldEntry) -> Option<BTreeSet<&str>> {
        let mut all = BTreeSet::new();
        for path in self.reads.sources(field) {
            let left = self.when.iter().find_map(|condition| match &condition.test {
                Test::In(values) if condition.select == path.spell() => Some(values),
                _ => None,
            });
            match left {
                Some(values) => all.extend(values.iter().map(String::as_str)),
                None => all.extend(path.codes()?),
            }
        }
        Some(all)
    }

    /// How each field is read, by the field's id: from where, and brought into which form, in the adapter's order.
    pub fn readings(&self) -> BTreeMap<usize, Vec<(&Selector, Option<Normalise>)>> {
        let mut readings: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for ((field, selector), form) in self.fields.iter().zip(&self.selectors).zip(&self.forms) {
            readings.entry(field.id).or_default().push((selector, *form));
        }
        readings
    }

    /// Whether both take the same events for theirs, as the same patient's and meant for the same recipients, and change
    /// the same in the connector. What they read of them may differ.
    pub fn admits_like(&self, other: &Self) -> bool {
        let states = self.focus == other.focus && self.bare == other.bare && self.when == other.when;
        let whose = self.subject == other.subject && self.recipients == other.recipients;
        states && whose && self.effect == other.effect && self.merged == other.merged
    }

    /// The first condition that the focus does not meet.
    pub fn unmet(&self, json: &Json, data: NodeId, focus: NodeId) -> Option<&Condition> {
        self.when.iter().find(|condition| !condition.holds(json, data, focus))
    }

    /// Whether a resource that no envelope comes with is this event.
    pub fn fits_bare(&self, json: &Json, data: NodeId, focus: NodeId) -> bool {
        self.bare && self.unmet(json, data, focus).is_none()
    }

    /// Whose the event is. One reference is taken as it is unless it plainly names something else; of several,
    /// those count that are to a Patient.
    pub fn subject(&self, json: &Json, data: NodeId, focus: NodeId) -> Subject {
        let found = self.subject.walk(json, data, focus);
        let mut places = found.iter().filter_map(|claim| match json.resource_type(claim.node) {
            Some(_) => Some(claim.node),
            // A reference by identifier alone is one, too.
            None => json.get(claim.node, "reference").or(Some(claim.node)),
        });
        let alone = found.len() == 1;
        let mut counts = places.by_ref().filter(|node| {
            let of_patient = is_to_patient(json, data, *node);
            of_patient == Some(true) || (alone && of_patient.is_none())
        });
        let Some(first) = counts.next() else { return Subject::Unknown };
        let mut others =
            distinct(json, data, std::iter::once(first).chain(counts)).into_iter().skip(1).peekable();
        if others.peek().is_none() {
            return Subject::At(first);
        }
        let namespace = Namespace { source: "", data, focus, at: Instant(i64::MIN) };
        let own: BTreeSet<String> = namespace.identity(json, first).names.into_iter().collect();
        let is_same =
            |other: &NodeId| namespace.identity(json, *other).names.iter().any(|name| own.contains(name));
        match others.find(|other| !is_same(other)) {
            Some(other) => Subject::Ambiguous(other),
            None => Subject::At(first),
        }
    }

    /// The references that say for whom the source means it; none where this type of event says nothing of it.
    pub fn recipients(&self, json: &Json, data: NodeId, focus: NodeId) -> Vec<NodeId> {
        references(self.recipients.as_ref(), json, data, focus)
    }

    /// The references, or References without one, to the records that a merge does away with.
    pub fn merged(&self, json: &Json, data: NodeId, focus: NodeId) -> Vec<NodeId> {
        let found = self.merged.as_ref().map(|plan| plan.walk(json, data, focus)).unwrap_or_default();
        // By identifier alone will do; what names nobody shows as it is.
        let named = found.iter().map(|claim| json.get(claim.node, "reference").unwrap_or(claim.node));
        distinct(json, data, named)
    }
}

/// Of those that are to one resource of the event the first: a resource is looked at once, however many refer to it.
fn distinct(json: &Json, data: NodeId, nodes: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    nodes.filter(|node| seen.insert(resolve(json, data, *node).unwrap_or(*node))).collect()
}

fn references(plan: Option<&Plan>, json: &Json, data: NodeId, focus: NodeId) -> Vec<NodeId> {
    let found = plan.map(|plan| plan.walk(json, data, focus)).unwrap_or_default();
    distinct(json, data, found.iter().filter_map(|claim| json.get(claim.node, "reference")))
}

/// Whether a reference is to a Patient, or a resource is one; none where neither it nor what it resolves to says so.
fn is_to_patient(json: &Json, data: NodeId, node: NodeId) -> Option<bool> {
    let is_patient = |resource| json.resource_type(resource).map(|kind| kind.name() == "Patient");
    if json.kind(node) == Kind::Object {
        let stated = || json.get_str(node, "type").map(|kind| kind == "Patient");
        let identified = json.get(node, "identifier").is_some();
        return is_patient(node).or_else(stated).or_else(|| (!identified).then_some(false));
    }
    if let Some(resource) = resolve(json, data, node) {
        return is_patient(resource);
    }
    let text = json.str(node)?;
    // A query names nobody, whoever it finds.
    if matches!(Reference::parse(&text), Reference::Other(_)) {
        return Some(false);
    }
    type_and_id(&text).map(|name| name.starts_with("Patient/"))
}

impl Condition {
    fn holds(&self, json: &Json, data: NodeId, focus: NodeId) -> bool {
        let found = self.plan.walk(json, data, focus);
        match &self.test {
            Test::Exists(wanted) => found.is_empty() != *wanted,
            Test::In(values) => found
                .iter()
                .filter_map(|claim| json.scalar(claim.node))
                .any(|value| values.iter().any(|known| *known == value)),
        }
    }
}
