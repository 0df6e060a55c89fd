//! Where the parts of an event stand: envelope, data, focus, subject.

use crate::engine::adapt::{Adapter, EventMap, Subject};
use crate::engine::fhir::{Json, Kind, NodeId, ResourceType};
use crate::engine::phi::Phi;
use crate::engine::policy::Policy;
use crate::engine::refusal::{Code, Refusal};

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

fn locate_in(json: &Json, policy: &Policy, adapter: &Adapter) -> Result<Shape, Refusal> {
    let root = NodeId::ROOT;
    let enveloped = json.get(root, "data").is_some() && json.get(root, "resourceType").is_none();
    let data = if enveloped { envelope(json)? } else { root };
    if json.kind(data) != Kind::Object {
        return Err(Refusal::new(Code::EnvelopeInvalid).with_place(json.place(data)));
    }
    let data_type = resource_type(json, data, "")?;
    let entries = if data_type.name() == "Bundle" { entries(json, data)? } else { vec![(data, data_type)] };
    let stated = if enveloped { json.get_str(root, "type") } else { None };
    let event = match &stated {
        Some(stated) => stated_event(json, data, adapter, &entries, stated)?,
        None => bare_event(json, data, adapter, &entries)?,
    };
    let Some((event, map)) = event.and_then(|at| Some((at, adapter.events.get(at)?))) else {
        let (focus, resource_type) = entries.first().copied().unwrap_or((data, data_type));
        let subject = Subject::Unknown;
        return Ok(Shape { data, focus, resource_type, event: None, covered: false, subject });
    };
    let focus = focus(json, data, map, &entries)?;
    Ok(Shape {
        data,
        focus,
        resource_type: map.focus,
        event: Some(event),
        covered: policy.event_types.contains(&map.event_type),
        subject: map.subject(json, data, focus),
    })
}

/// How an event of a stated type is read: by the first of the adapter's readings whose focus is there. None where the
/// adapter does not know the type.
fn stated_event(
    json: &Json,
    data: NodeId,
    adapter: &Adapter,
    entries: &Entries,
    stated: &str,
) -> Result<Option<usize>, Refusal> {
    let readings = || adapter.events.iter().enumerate().filter(|(_, map)| map.event_type == stated);
    let is_there = |map: &EventMap| entries.iter().any(|(_, kind)| *kind == map.focus);
    match (readings().find(|(_, map)| is_there(map)), readings().next()) {
        (Some((at, _)), _) => Ok(Some(at)),
        (None, None) => Ok(None),
        (None, Some((_, map))) => {
            Err(Refusal::about(Code::FocusMissing, map.focus.name()).with_place(json.place(data)))
        }
    }
}

/// What resources without an envelope tell of: the one event type that fits any of them, or nothing.
fn bare_event(
    json: &Json,
    data: NodeId,
    adapter: &Adapter,
    entries: &Entries,
) -> Result<Option<usize>, Refusal> {
    let fits = |map: &EventMap| {
        let mut focuses = entries.iter().filter(|(_, kind)| *kind == map.focus);
        focuses.any(|(node, _)| map.fits_bare(json, data, *node))
    };
    let mut fitting = adapter.events.iter().enumerate().filter(|(_, map)| fits(map));
    let Some((at, first)) = fitting.next() else { return Ok(None) };
    match fitting.find(|(_, map)| map.event_type != first.event_type) {
        None => Ok(Some(at)),
        Some((_, other)) => {
            Err(Refusal::about(Code::EventTypeAmbiguous, other.focus.name()).with_place(json.place(data)))
        }
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

fn resource_type(json: &Json, at: NodeId, path: &str) -> Result<ResourceType, Refusal> {
    let path = format!("{path}{}resourceType", if path.is_empty() { "" } else { "." });
    match json.get(at, "resourceType") {
        None => Err(Refusal::about(Code::ResourceTypeMissing, path).with_place(json.place(at))),
        Some(member) => json
            .resource_type(at)
            .ok_or_else(|| Refusal::about(Code::ResourceTypeUnknown, path).with_place(json.place(member))),
    }
}

fn entries(json: &Json, bundle: NodeId) -> Result<Vec<(NodeId, ResourceType)>, Refusal> {
    let list = match json.get(bundle, "entry") {
        Some(list) if json.kind(list) == Kind::Array => list,
        Some(other) => {
            return Err(Refusal::about(Code::WrongType, "Bundle.entry").with_place(json.place(other)));
        }
        None => return Err(Refusal::about(Code::FocusMissing, "Bundle.entry").with_place(json.place(bundle))),
    };
    json.children(list)
        .enumerate()
        .map(|(index, entry)| {
            let path = format!("Bundle.entry[{index}]");
            match json.get(entry, "resource") {
                Some(resource) => Ok((resource, resource_type(json, resource, &format!("{path}.resource"))?)),
                None => Err(Refusal::about(Code::EntryWithoutResource, path).with_place(json.place(entry))),
            }
        })
        .collect()
}
