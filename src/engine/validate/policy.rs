//! The policy verdict: may this recipient get this type of event for this purpose at all?
//!
//! Allowlists only. What is on a list is let through, and what is on none is not.

use super::Issue;
use super::Shape;
use crate::engine::adapt::{Claim, EventMap};
use crate::engine::fhir::{Json, NodeId, Reference, ResourceType, is_element_name, is_same};
use crate::engine::policy::Policy;
use crate::engine::redact::us_state;
use crate::engine::refusal::Code;

/// HL7 v3 PurposeOfUse codes, as security labels carry them.
const PURPOSE_OF_USE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// The canonical field that tells a jurisdiction.
const STATE: &str = "Person.state";

/// Judges an event by its policy. `map` is how the event is read, where it is, and `claims` what was found by it.
pub(super) fn judge(
    json: &Json,
    shape: &Shape,
    map: Option<&EventMap>,
    claims: &[Claim],
    policy: &Policy,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !shape.covered {
        let path = shape.resource_type.name().to_owned();
        issues.push(Issue::error(Code::EventTypeNotCovered, path, shape.focus));
    }
    for node in resources(json, shape.data) {
        if !policy.lets_in(json.resource_type(node)) {
            issues.push(Issue::error(Code::ResourceTypeNotCovered, path_of(json, shape.data, node), node));
        }
        if let Some(labels) = other_purpose(json, node, &policy.purpose) {
            issues.push(Issue::error(Code::PurposeNotCovered, path_of(json, shape.data, labels), labels));
        }
    }
    let Some(map) = map else { return issues };
    let recipients = map.recipients(json, shape.data, shape.focus);
    let meant = |node: &NodeId| {
        is_same(json, shape.data, *node, &policy.recipient)
            || json
                .str(*node)
                .is_some_and(|own| Reference::parse(&own) == Reference::parse(&policy.recipient))
    };
    if let Some(other) = recipients.first().filter(|_| !recipients.iter().any(meant)) {
        issues.push(Issue::error(Code::RecipientNotCovered, path_of(json, shape.data, *other), *other));
    }
    if let Some(node) = elsewhere(json, map, claims, &policy.jurisdictions) {
        issues.push(Issue::error(Code::JurisdictionNotCovered, path_of(json, shape.data, node), node));
    }
    issues
}

/// Path of a node from the event's data on.
pub(super) fn path_of(json: &Json, data: NodeId, node: NodeId) -> String {
    let mut path = json.resource_type(data).map_or("?", ResourceType::name).to_owned();
    json.write_path(data, node, is_element_name, &mut path);
    path
}

/// Every resource of the event: the data or the Bundle's entries, and what these contain.
fn resources(json: &Json, data: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let is_bundle = json.resource_type(data).is_some_and(|kind| kind.name() == "Bundle");
    let entries = json.get(data, "entry").filter(|_| is_bundle).into_iter();
    let entries =
        entries.flat_map(|list| json.children(list)).filter_map(|entry| json.get(entry, "resource"));
    let whole = (!is_bundle).then_some(data);
    whole.into_iter().chain(entries).flat_map(|resource| {
        let contained = json.get(resource, "contained").into_iter().flat_map(|list| json.children(list));
        std::iter::once(resource).chain(contained)
    })
}

/// Where a resource's security labels name purposes of use, and the policy's is not among them.
fn other_purpose(json: &Json, resource: NodeId, purpose: &str) -> Option<NodeId> {
    let labels = json.get(resource, "meta").and_then(|meta| json.get(meta, "security"))?;
    let mut purposes = json
        .children(labels)
        .filter(|label| json.get_str(*label, "system").is_some_and(|system| system == PURPOSE_OF_USE))
        .peekable();
    purposes.peek()?;
    let ours = purposes.any(|label| json.get_str(label, "code").is_some_and(|code| code == purpose));
    (!ours).then_some(labels)
}

/// The state that the person lives in, where it is known and not among the jurisdictions.
fn elsewhere(json: &Json, map: &EventMap, claims: &[Claim], jurisdictions: &[String]) -> Option<NodeId> {
    if jurisdictions.is_empty() {
        return None;
    }
    let mut states =
        claims.iter().filter(|claim| map.fields.get(claim.field).is_some_and(|field| field.name == STATE));
    states.find_map(|claim| {
        let state = json.str(claim.node)?;
        let state = us_state(&state)?;
        let listed =
            jurisdictions.iter().any(|known| known == "US" || known.strip_prefix("US-") == Some(state));
        (!listed).then_some(claim.node)
    })
}
