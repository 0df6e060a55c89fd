//! Where the parts of an event stand: envelope, data, focus, subject.

use crate::engine::Setting;
use crate::engine::adapt::Adapter;
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
    /// The event type, as its place in the policy's list; none where the policy does not cover it.
    pub covered: Option<usize>,
    /// The reference of the subject, where there is one.
    pub subject: Option<NodeId>,
}

/// Finds the event's parts: envelope, data, focus.
///
/// # Errors
/// `event.*`, or `validate.*` about the resource's type.
pub fn locate(json: &Phi<Json>, setting: &Setting) -> Result<Shape, Refusal> {
    json.classify(|json| locate_in(json, &setting.policy, &setting.adapter, &setting.source))
}

fn locate_in(json: &Json, policy: &Policy, adapter: &Adapter, source: &str) -> Result<Shape, Refusal> {
    let root = NodeId::ROOT;
    let data = if json.get(root, "data").is_some() && json.get(root, "resourceType").is_none() {
        envelope(json, source)?
    } else {
        root
    };
    if json.kind(data) != Kind::Object {
        return Err(Refusal::new(Code::EnvelopeInvalid).with_place(json.place(data)));
    }
    let data_type = resource_type(json, data, "")?;
    let entries = if data_type.name() == "Bundle" { entries(json, data)? } else { vec![(data, data_type)] };

    // An envelope says its event type; a bare resource stands for its type's default one.
    let stated = if data == root { None } else { json.get_str(root, "type") };
    let covered = policy.event_types.iter().position(|known| match &stated {
        Some(stated) => known == stated.as_ref(),
        None => entries.iter().any(|(_, kind)| kind.default_event_type() == *known),
    });
    let wanted = covered
        .and_then(|at| policy.event_types.get(at))
        .and_then(|event_type| adapter.event(event_type))
        .map(|event| event.focus);
    let Some(wanted) = wanted else {
        let (focus, resource_type) = entries.first().copied().unwrap_or((data, data_type));
        return Ok(Shape { data, focus, resource_type, covered: None, subject: None });
    };
    let mut focuses = entries.iter().filter(|(_, kind)| *kind == wanted);
    let (focus, resource_type) = *focuses
        .next()
        .ok_or_else(|| Refusal::about(Code::FocusMissing, wanted.name()).with_place(json.place(data)))?;
    if let Some((second, _)) = focuses.next() {
        return Err(Refusal::about(Code::FocusAmbiguous, wanted.name()).with_place(json.place(*second)));
    }
    let subject = json.get(focus, "subject").and_then(|subject| json.get(subject, "reference"));
    Ok(Shape { data, focus, resource_type, covered, subject })
}

/// The `data` of an event envelope whose members are all known and of the right kind.
fn envelope(json: &Json, source: &str) -> Result<NodeId, Refusal> {
    let mut data = None;
    for member in json.children(NodeId::ROOT) {
        let known = if json.is_member(member, "data") {
            data = Some(member);
            true
        } else if json.is_member(member, "source") {
            match json.str(member) {
                Some(own) if own == source => true,
                Some(_) => {
                    return Err(Refusal::about(Code::SourceMismatch, "source").with_place(json.place(member)));
                }
                None => false,
            }
        } else {
            ["type", "timestamp"].iter().any(|name| json.is_member(member, name))
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
