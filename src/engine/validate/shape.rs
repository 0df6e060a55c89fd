//! Where the parts of an event stand: envelope, data, focus, subject.

use crate::engine::adapt::{Adapter, Effect, EventMap, Subject};
use crate::engine::fhir::{
    Json, Kind, MOST_RESOURCES, Namespace, NodeId, ResourceType, deleted_names, deleted_type,
    first_that_reaches_all, goes_by_any, is_deletion,
};
use crate::engine::phi::Phi;
use crate::engine::policy::Policy;
use crate::engine::refusal::{Code, Refusal};
use crate::engine::spelled::Spelled;
use crate::engine::time::Instant;
use std::collections::BTreeSet;

/// Where the parts of an event stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The FHIR resource or Bundle: the envelope's `data`, or the whole body.
    pub data: NodeId,
    /// The resource that the event is about.
    pub focus: NodeId,
    /// Its type.
    pub resource_type: ResourceType,
    /// How the event is read, as its place in the adapter's list; none where the adapter does not read it.
    pub event: Option<usize>,
    /// Whether the policy covers the event type.
    pub covered: bool,
    /// Whose it is.
    pub subject: Subject,
}

impl Shape {
    /// How names in the event are read that came from a source, at a moment.
    pub fn namespace<'a>(&self, source: &'a str, at: Instant) -> Namespace<'a> {
        Namespace { source, data: self.data, focus: self.focus, at }
    }

    /// The string that refers to the patient whose event it is, or the Patient itself.
    pub fn patient(&self) -> Option<NodeId> {
        match self.subject {
            Subject::At(node) => Some(node),
            Subject::Unknown | Subject::Ambiguous(_) => None,
        }
    }
}

/// Finds the event's parts: envelope, data, event type, focus, subject.
///
/// An envelope says its event type. For a resource or Bundle without one the adapter tells: it is the event whose
/// focus is there in the state that it must be in.
///
/// # Errors
/// `event.*`, or `validate.*` about the resource's type or the event's.
pub fn locate(json: &Phi<Json>, policy: &Policy, adapter: &Adapter) -> Result<Shape, Refusal> {
    json.classify(|json| locate_in(json, policy, adapter))
}

type Entries = [(NodeId, ResourceType)];

/// What of a document can be what it is about: its resources, and the types of those that it says are deleted.
#[derive(Default)]
struct Contents {
    resources: Vec<(NodeId, ResourceType)>,
    deleted: Vec<(NodeId, Option<ResourceType>)>,
}

fn locate_in(json: &Json, policy: &Policy, adapter: &Adapter) -> Result<Shape, Refusal> {
    let root = NodeId::ROOT;
    let enveloped = json.get(root, "data").is_some() && json.get(root, "resourceType").is_none();
    let data = if enveloped { envelope(json)? } else { root };
    if json.kind(data) != Kind::Object {
        return Err(Refusal::new(Code::EnvelopeInvalid).with_place(json.place(data)));
    }
    let data_type = resource_type(json, data, Spelled::default())?;
    let Contents { resources, deleted } = match data_type.name() {
        "Bundle" => contents(json, data)?,
        _ => Contents { resources: vec![(data, data_type)], ..Contents::default() },
    };
    let stated = if enveloped { json.get_str(root, "type") } else { None };
    let found = match &stated {
        Some(stated) => stated_event(json, data, adapter, &resources, stated),
        None => bare_event(json, data, adapter, &resources),
    };
    // What would be the event's is deleted: nothing of it has come about.
    let nothing = match &found {
        Ok(found) => found.is_none(),
        Err(refusal) => refusal.code == Code::FocusMissing,
    };
    let gone = deleted.iter().find(|(_, kind)| {
        nothing
            && kind.is_none_or(|kind| stated.as_deref().is_none_or(|stated| adapter.is_about(stated, kind)))
    });
    if let Some((entry, kind)) = gone {
        let kind = kind.map_or("Bundle.entry", ResourceType::name);
        return Err(Refusal::about(Code::FocusDeleted, kind).with_place(json.place(*entry)));
    }
    let found = found?.and_then(|(at, focus)| Some((at, adapter.events.get(at)?, focus)));
    let Some((event, map, focus)) = found else {
        let (focus, resource_type) = resources.first().copied().unwrap_or((data, data_type));
        let subject = Subject::Unknown;
        return Ok(Shape { data, focus, resource_type, event: None, covered: false, subject });
    };
    Ok(Shape {
        data,
        focus,
        resource_type: map.focus,
        event: Some(event),
        covered: policy.event_types.contains(&map.event_type),
        subject: map.subject(json, data, focus),
    })
}

/// How an event of a stated type is read, and what it is about: of the resources that such an event can be about, in the
/// right state where any is, the one that refers to all the others. Where none does, the first of the adapter's readings
/// counts whose focus is there. None where the adapter does not know the type.
fn stated_event(
    json: &Json,
    data: NodeId,
    adapter: &Adapter,
    entries: &Entries,
    stated: &str,
) -> Result<Option<(usize, NodeId)>, Refusal> {
    let readings = || adapter.events.iter().enumerate().filter(|(_, map)| map.event_type == stated);
    let of_kind =
        |node: NodeId| readings().filter(move |(_, map)| json.resource_type(node) == Some(map.focus));
    let met = |node: NodeId| of_kind(node).find(|(_, map)| map.unmet(json, data, node).is_none());
    let fitting: Vec<NodeId> =
        entries.iter().map(|(node, _)| *node).filter(|node| of_kind(*node).next().is_some()).collect();
    let in_state: Vec<NodeId> = fitting.iter().copied().filter(|node| met(*node).is_some()).collect();
    let candidates = if in_state.is_empty() { fitting } else { in_state };
    if let Some(focus) = first_that_reaches_all(json, data, &candidates) {
        let reading = met(focus).or_else(|| of_kind(focus).next());
        return Ok(reading.map(|(at, _)| (at, focus)));
    }
    let is_there = |map: &EventMap| entries.iter().any(|(_, kind)| *kind == map.focus);
    match (readings().find(|(_, map)| is_there(map)), readings().next()) {
        (Some((at, map)), _) => Ok(Some((at, focus(json, data, map, entries)?))),
        (None, None) => Ok(None),
        (None, Some((_, map))) => {
            Err(Refusal::about(Code::FocusMissing, map.focus.name()).with_place(json.place(data)))
        }
    }
}

/// What resources without an envelope tell of: the one event type that fits the resource that refers to all others that
/// any fits, or nothing.
fn bare_event(
    json: &Json,
    data: NodeId,
    adapter: &Adapter,
    entries: &Entries,
) -> Result<Option<(usize, NodeId)>, Refusal> {
    let readings = |node: NodeId, kind: ResourceType| {
        let fits = move |map: &EventMap| map.focus == kind && map.fits_bare(json, data, node);
        adapter.events.iter().enumerate().filter(move |(_, map)| fits(map))
    };
    let mut fitting: Vec<(NodeId, ResourceType)> =
        entries.iter().copied().filter(|(node, kind)| readings(*node, *kind).next().is_some()).collect();
    let nodes: Vec<NodeId> = fitting.iter().map(|(node, _)| *node).collect();
    if let Some(focus) = first_that_reaches_all(json, data, &nodes) {
        fitting.retain(|(node, _)| *node == focus);
    }
    let mut found =
        fitting.iter().flat_map(|(node, kind)| readings(*node, *kind).map(|(at, map)| (at, map, *node)));
    let Some((at, first, focus)) = found.next() else { return Ok(None) };
    if let Some((_, other, _)) = found.find(|(_, map, _)| map.event_type != first.event_type) {
        return Err(Refusal::about(Code::EventTypeAmbiguous, other.focus.name()).with_place(json.place(data)));
    }
    match fitting.get(1) {
        None => Ok(Some((at, focus))),
        Some((second, kind)) => {
            Err(Refusal::about(Code::FocusAmbiguous, kind.name()).with_place(json.place(*second)))
        }
    }
}

/// What a resource of one's own input is to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// An event of a type that the policy covers, or one that changes what the connector knows of consents and patients.
    Event,
    /// No event, but a Consent: any version of it may take a permission back, so the connector has to see it.
    Seen,
    /// No event type of the policy is about it.
    None,
}

/// What a resource by itself is to a policy that covers some event types.
pub fn standing(json: &Json, adapter: &Adapter, types: &[String]) -> Standing {
    let root = NodeId::ROOT;
    let kind = json.resource_type(root);
    let own = || adapter.events.iter().filter(|map| Some(map.focus) == kind);
    let counts = |map: &EventMap| map.effect.is_some() || types.contains(&map.event_type);
    if own().any(|map| counts(map) && map.fits_bare(json, root, root)) {
        Standing::Event
    } else if own().any(|map| map.effect == Some(Effect::Consent)) {
        Standing::Seen
    } else {
        Standing::None
    }
}

/// The resource that an event is about: the only one of its type, or the only one in the state that the event needs.
fn focus(json: &Json, data: NodeId, map: &EventMap, entries: &Entries) -> Result<NodeId, Refusal> {
    let of_type = || entries.iter().filter(|(_, kind)| *kind == map.focus).map(|(node, _)| *node);
    let one_of = |mut focuses: &mut dyn Iterator<Item = NodeId>| {
        let first = focuses.next();
        first.map(|first| (first, Iterator::next(&mut focuses)))
    };
    match one_of(&mut of_type()) {
        None => Err(Refusal::about(Code::FocusMissing, map.focus.name()).with_place(json.place(data))),
        Some((only, None)) => Ok(only),
        Some((_, Some(second))) => {
            match one_of(&mut of_type().filter(|node| map.unmet(json, data, *node).is_none())) {
                Some((only, None)) => Ok(only),
                other => {
                    let second = other.and_then(|(_, second)| second).unwrap_or(second);
                    Err(Refusal::about(Code::FocusAmbiguous, map.focus.name()).with_place(json.place(second)))
                }
            }
        }
    }
}

/// The `data` of an event envelope whose members are all known and of the right kind.
fn envelope(json: &Json) -> Result<NodeId, Refusal> {
    let mut data = None;
    for member in json.children(NodeId::ROOT) {
        let known = if json.is_member(member, "data") {
            data = Some(member);
            true
        } else {
            ["type", "timestamp", "source"].iter().any(|name| json.is_member(member, name))
                && json.kind(member) == Kind::String
        };
        if !known {
            return Err(Refusal::new(Code::EnvelopeInvalid).with_place(json.place(member)));
        }
    }
    match (data, json.get(NodeId::ROOT, "type"), json.get(NodeId::ROOT, "timestamp")) {
        (Some(data), Some(_), Some(_)) => Ok(data),
        _ => Err(Refusal::new(Code::EnvelopeInvalid).with_place(json.place(NodeId::ROOT))),
    }
}

fn resource_type(json: &Json, at: NodeId, path: Spelled) -> Result<ResourceType, Refusal> {
    let path = path.then("resourceType");
    match json.get(at, "resourceType") {
        None => Err(Refusal::about(Code::ResourceTypeMissing, path).with_place(json.place(at))),
        Some(member) => json
            .resource_type(at)
            .ok_or_else(|| Refusal::about(Code::ResourceTypeUnknown, path).with_place(json.place(member))),
    }
}

fn contents(json: &Json, bundle: NodeId) -> Result<Contents, Refusal> {
    let list = match json.get(bundle, "entry") {
        Some(list) if json.kind(list) == Kind::Array => list,
        Some(other) => {
            return Err(Refusal::about(Code::WrongType, "Bundle.entry").with_place(json.place(other)));
        }
        None => return Err(Refusal::about(Code::FocusMissing, "Bundle.entry").with_place(json.place(bundle))),
    };
    let deleted_names: BTreeSet<String> =
        json.children(list).filter_map(|entry| deleted_names(json, entry)).flatten().collect();
    let mut contents = Contents::default();
    for (index, entry) in json.children(list).enumerate() {
        if index >= MOST_RESOURCES {
            return Err(Refusal::about(Code::ContextTooLarge, "Bundle.entry").with_place(json.place(entry)));
        }
        let path = Spelled::from("Bundle.entry[").then(index).then("]");
        let resource = json.get(entry, "resource");
        if is_deletion(json, entry) {
            contents.deleted.push((entry, deleted_type(json, entry)));
            continue;
        }
        let Some(resource) = resource else {
            return Err(Refusal::about(Code::EntryWithoutResource, path).with_place(json.place(entry)));
        };
        let kind = resource_type(json, resource, path.then(".resource."))?;
        if goes_by_any(json, entry, resource, &deleted_names) {
            contents.deleted.push((entry, Some(kind)));
        } else {
            contents.resources.push((resource, kind));
        }
    }
    Ok(contents)
}
