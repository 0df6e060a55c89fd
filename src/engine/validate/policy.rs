//! The policy verdict: may this recipient get this type of event for this purpose at all?
//!
//! Allowlists only. What is on a list is let through, and what is on none is not.

use super::{Issue, Severity, Shape};
use crate::engine::adapt::{Claim, EventMap};
use crate::engine::fhir::{Json, Kind, NodeId, Reference, resolve};
use crate::engine::place;
use crate::engine::policy::Policy;
use crate::engine::refusal::Code;
use crate::engine::spelled::Spelled;
use crate::engine::time::{Day, Instant};

/// HL7 v3 PurposeOfUse codes, as security labels carry them.
const PURPOSE_OF_USE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// The purpose of use that marks data as made up for tests. All data here is: it limits nothing.
const TEST_DATA: &str = "HTEST";

/// Judges an event by its policy. `map` is how the event is read, where it is, and `claims` what was found by it.
pub(super) fn judge(
    json: &Json,
    shape: &Shape,
    map: Option<&EventMap>,
    claims: &[Claim],
    policy: &Policy,
    today: Day,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !shape.covered {
        issues.push(Issue::error(Code::EventTypeNotCovered, shape.resource_type.name(), shape.focus));
    }
    let patient = patient_of(json, shape);
    // Without the Patient nobody can tell where the patient lives, or whether a value that leaves identifies the patient.
    if let Some(reference) = shape.patient().filter(|_| shape.covered && patient.is_none()) {
        issues.push(Issue::error(Code::ContextMissing, Spelled::of(json, shape.data, reference), reference));
    }
    // What a Bundle's labels say is about all that is in it.
    if let Some(labels) =
        other_purpose(json, shape.data, &policy.purpose).filter(|_| is_bundle(json, shape.data))
    {
        issues.push(Issue::error(Code::PurposeNotCovered, Spelled::of(json, shape.data, labels), labels));
    }
    for node in resources(json, shape.data) {
        if !policy.lets_in(json.resource_type(node)) {
            let issue = Issue::error(Code::ResourceTypeNotCovered, Spelled::of(json, shape.data, node), node);
            // It came along with what the event is about: that stands against the event only if anything of it would leave.
            let used = node == shape.focus || crosses(json, node, map, claims, policy);
            issues.push(if used { issue } else { issue.with_severity(Severity::Warning) });
        }
        if let Some(labels) = other_purpose(json, node, &policy.purpose) {
            issues.push(Issue::error(Code::PurposeNotCovered, Spelled::of(json, shape.data, labels), labels));
        }
    }
    let elsewhere = patient.and_then(|patient| place::outside(json, patient, &policy.jurisdictions, today));
    if let Some(address) = elsewhere {
        issues.push(Issue::error(
            Code::JurisdictionNotCovered,
            Spelled::of(json, shape.data, address),
            address,
        ));
    }
    let Some(map) = map else { return issues };
    let namespace = shape.namespace(&policy.source, Instant(i64::MIN));
    let recipients = map.recipients(json, shape.data, shape.focus);
    let meant = |node: &NodeId| {
        namespace.refers_to(json, *node, &policy.recipient)
            || json
                .str(*node)
                .is_some_and(|own| Reference::parse(&own) == Reference::parse(&policy.recipient))
    };
    if let Some(other) = recipients.first().filter(|_| !recipients.iter().any(meant)) {
        issues.push(Issue::error(Code::RecipientNotCovered, Spelled::of(json, shape.data, *other), *other));
    }
    issues
}

/// Whether anything of a resource is in a field that crosses by the policy.
fn crosses(json: &Json, resource: NodeId, map: Option<&EventMap>, claims: &[Claim], policy: &Policy) -> bool {
    let (from, to) = json.span(resource);
    claims.iter().filter(|claim| (from..to).contains(&json.span(claim.node).0)).any(|claim| {
        let field = map.and_then(|map| map.fields.get(claim.field));
        field.is_some_and(|own| {
            policy.rules.iter().any(|rule| rule.field.id == own.id && rule.label.crosses())
        })
    })
}

fn is_bundle(json: &Json, data: NodeId) -> bool {
    json.resource_type(data).is_some_and(|kind| kind.name() == "Bundle")
}

/// Every resource of the event: the data or the Bundle's entries, and what these contain.
fn resources(json: &Json, data: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let is_bundle = is_bundle(json, data);
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
        .filter(|label| json.get_str(*label, "code").is_none_or(|code| code != TEST_DATA))
        .peekable();
    purposes.peek()?;
    let ours = purposes.any(|label| json.get_str(label, "code").is_some_and(|code| code == purpose));
    (!ours).then_some(labels)
}

/// The Patient whose event it is, where the event has it.
fn patient_of(json: &Json, shape: &Shape) -> Option<NodeId> {
    let patient = shape.patient()?;
    let resource =
        if json.kind(patient) == Kind::Object { Some(patient) } else { resolve(json, shape.data, patient) };
    resource.filter(|resource| json.resource_type(*resource).is_some_and(|kind| kind.name() == "Patient"))
}
