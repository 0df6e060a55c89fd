//! Is it well-formed, may this recipient have it at all, and is everything there that its use needs?

mod issue;
mod shape;

pub use issue::{Issue, Severity, first_failing};
pub use shape::{Shape, locate};

use super::adapt::EventMap;
use super::fhir::{Json, Kind, ResourceType, is_element_name};
use super::phi::Phi;
use super::refusal::{Code, Refusal};
use super::synthetic;

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
