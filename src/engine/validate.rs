//! Is it well-formed, may this recipient have it at all, and is everything there that its use needs?

use super::adapt::{Adapter, EventMap};
use super::fhir::{Json, Kind, NodeId, ResourceType, is_element_name};
use super::phi::Phi;
use super::policy::Policy;
use super::refusal::{Code, Refusal};
use super::{Setting, synthetic};

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

/// Reads the raw body as JSON.
///
/// # Errors
/// `json.*`, with the place.
pub fn read(body: Phi<Vec<u8>>) -> Result<Phi<Json>, Refusal> {
    body.map(|bytes| match String::from_utf8(bytes) {
        Ok(text) => Json::read(text),
        Err(_) => Err(Refusal::new(Code::NotUtf8)),
    })
    .transpose()
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

/// Judges a located event: synthetic or attested, covered by the policy, complete for its use.
///
/// # Errors
/// `synthetic.*` or `validate.*`, with path and place.
pub fn check(json: &Phi<Json>, shape: &Shape, attested: bool) -> Result<(), Refusal> {
    if !attested {
        synthetic::require(json, shape.data)?;
    }
    if shape.covered.is_none() {
        return Err(Refusal::about(Code::EventTypeNotCovered, shape.resource_type.name()));
    }
    json.classify(|json| requirements(json, shape))
}

/// Refuses elements that change the meaning of what carries them: unknown modifier extensions, implicit rules, and
/// an order not to do something.
fn refuse_modifiers(json: &Json, shape: &Shape) -> Result<(), Refusal> {
    let changed = json.descendants(shape.data).find(|node| {
        json.key(*node).is_some_and(|key| match key.as_ref() {
            "modifierExtension" | "implicitRules" => true,
            "doNotPerform" => json.scalar(*node).is_none_or(|value| value != "false"),
            _ => false,
        })
    });
    match changed {
        None => Ok(()),
        Some(node) => {
            let mut path = json.resource_type(shape.data).map_or("?", ResourceType::name).to_owned();
            json.write_path(shape.data, node, is_element_name, &mut path);
            Err(Refusal::about(Code::ModifierUnknown, path).with_place(json.place(node)))
        }
    }
}

/// What an element must be.
enum Need {
    /// A string.
    Text,
    /// A string out of a required value set.
    OneOf(&'static [&'static str]),
    /// An object.
    Object,
}

/// FHIR R4 required bindings and cardinalities, for the elements that the shipped policies use.
/// (path, needed at all, what it must be)
const SERVICE_REQUEST: &[(&str, bool, Need)] = &[
    ("id", true, Need::Text),
    (
        "status",
        true,
        Need::OneOf(&["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"]),
    ),
    (
        "intent",
        true,
        Need::OneOf(&[
            "proposal",
            "plan",
            "directive",
            "order",
            "original-order",
            "reflex-order",
            "filler-order",
            "instance-order",
            "option",
        ]),
    ),
    ("priority", false, Need::OneOf(&["routine", "urgent", "asap", "stat"])),
    ("authoredOn", false, Need::Text),
    ("subject", true, Need::Object),
];

fn requirements(json: &Json, shape: &Shape) -> Result<(), Refusal> {
    refuse_modifiers(json, shape)?;
    let table = match shape.resource_type.name() {
        "ServiceRequest" => SERVICE_REQUEST,
        _ => &[],
    };
    for (name, required, need) in table {
        let path = || format!("{}.{name}", shape.resource_type.name());
        let Some(member) = json.get(shape.focus, name) else {
            if *required {
                return Err(Refusal::about(Code::RequiredMissing, path()).with_place(json.place(shape.focus)));
            }
            continue;
        };
        let fault = match need {
            Need::Object => (json.kind(member) != Kind::Object).then_some(Code::WrongType),
            Need::Text | Need::OneOf(_) => match (json.str(member), need) {
                (None, _) => Some(Code::WrongType),
                (Some(text), _) if text.is_empty() => Some(Code::RequiredMissing),
                (Some(text), Need::OneOf(set)) if !set.contains(&text.as_ref()) => Some(Code::CodeInvalid),
                _ => None,
            },
        };
        if let Some(code) = fault {
            return Err(Refusal::about(code, path()).with_place(json.place(member)));
        }
    }
    Ok(())
}

/// What passing means, in sentences.
pub fn reasons(map: &EventMap) -> Vec<String> {
    vec![
        "It is JSON without duplicate keys, and a FHIR R4 resource type.".to_owned(),
        format!("The policy covers {}.", map.event_type),
        "Every element that this event needs is there, with codes that FHIR R4 requires.".to_owned(),
    ]
}
