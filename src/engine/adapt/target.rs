//! Whether what a policy writes fits the CRM that it writes to.

use super::crm::{CrmAdapter, CrmField};
use crate::engine::canonical::DisclosureClass;
use crate::engine::document::{Diagnostic, Document, closest};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::{Policy, Rule};
use crate::engine::redact::Method;
use std::collections::BTreeSet;

/// What stands against a policy's targets: objects and fields that the CRM does not have, values that don't fit, and
/// patient attributes outside the object that alone may hold them. `json` is the policy's text, for the places.
pub fn check_targets(json: &Json, policy: &Policy, crm: &CrmAdapter) -> Vec<Diagnostic> {
    let mut doc = Document::new(json, "policy");
    let rules: Vec<NodeId> =
        json.get(NodeId::ROOT, "rules").map(|list| json.children(list).collect()).unwrap_or_default();
    let mut said = BTreeSet::new();
    for rule in &policy.rules {
        let Some(item) = rules.get(rule.row) else { continue };
        let at = json.get(*item, "target").unwrap_or(*item);
        // A rule for a whole entity says the same for many fields: once is enough.
        if let Some(Fault { code, message, help }) = fault(rule, crm)
            && said.insert((rule.row, code))
        {
            doc.error(at, code, message, help);
        }
    }
    if let Some(aggregate) = &policy.aggregate
        && crm.field(&aggregate.count).is_none_or(|field| field.kind != super::CrmType::Count)
    {
        let at = json.get(NodeId::ROOT, "aggregate").unwrap_or(NodeId::ROOT);
        let message = format!("The CRM has no count `{}`.", aggregate.count);
        doc.error(at, "unknown-target", message, "Name a field of type `count`.");
    }
    doc.finish()
}

/// What is wrong with a rule's target.
struct Fault {
    code: &'static str,
    message: String,
    help: String,
}

fn fault(rule: &Rule, crm: &CrmAdapter) -> Option<Fault> {
    let target = rule.target.as_ref()?;
    let Some(object) = crm.objects.get(&target.object) else {
        let help = match closest(&target.object, crm.objects.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("It has {}.", crm.objects.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("The CRM has no object `{}`.", target.object);
        return Some(Fault { code: "unknown-target", message, help });
    };
    let Some(field) = object.fields.get(&target.field) else {
        let help = match closest(&target.field, object.fields.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean `{}.{near}`?", target.object),
            None => format!("It has {}.", object.fields.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("The CRM's `{}` has no field `{}`.", target.object, target.field);
        return Some(Fault { code: "unknown-target", message, help });
    };
    if is_attribute(rule) && !object.segregated {
        let names = crm.objects.iter().filter(|(_, object)| object.segregated).map(|(name, _)| name.as_str());
        let message =
            format!("`{}` is a patient attribute, and `{}` may hold none.", rule.field.name, target.object);
        let help = format!("Feed a field of `{}`, or tokenize it.", names.collect::<Vec<_>>().join("` or `"));
        return Some(Fault { code: "attribute-outside", message, help });
    }
    unfit(rule, field).map(|(message, help)| Fault { code: "target-unfit", message, help })
}

/// Whether what leaves by a rule is a patient attribute: something of the person or the patient's profile, or
/// something highly restricted with its value, and not as a token.
fn is_attribute(rule: &Rule) -> bool {
    let of_patient = ["Person", "PatientProfile"].contains(&rule.field.entity());
    let restricted = rule.class == DisclosureClass::HighlyRestricted && rule.label.crosses();
    rule.method != Method::Tokenize && (of_patient || restricted)
}

/// Why what leaves by a rule does not fit a field, and what to do.
fn unfit(rule: &Rule, field: &CrmField) -> Option<(String, String)> {
    let name = &rule.field.name;
    if !field.kind.takes(rule.method, rule.field.kind) {
        let message = format!("`{name}` through `{}` is no {}.", rule.method.name(), field.kind.as_str());
        return Some((message, "Use a method that gives one, or feed another field.".to_owned()));
    }
    if rule.label.crosses() && rule.cardinality.many && !field.cardinality.many {
        let message = format!("`{name}` may have several values, and the CRM field has one.");
        return Some((
            message,
            "Write `\"cardinality\": \"0..1\"`, so that the first one crosses.".to_owned(),
        ));
    }
    let stray = rule.values.iter().any(|value| !field.values.contains(value));
    if rule.label.crosses() && !field.values.is_empty() && (rule.values.is_empty() || stray) {
        let message = format!("The CRM field takes certain values only, and `{name}` may bring others.");
        return Some((message, format!("List under `values` some of {}.", field.values.join(", "))));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::canonical::Catalogue;

    fn crm() -> CrmAdapter {
        let text = include_str!("../../../fixtures/adapters/crm-demo.json");
        CrmAdapter::read(text, Catalogue::shipped()).0.unwrap()
    }

    fn check(text: &str) -> Vec<Diagnostic> {
        let reading = Policy::read(text, Catalogue::shipped());
        check_targets(&Json::read(text).unwrap(), &reading.policy.unwrap(), &crm())
    }

    const POLICIES: [&str; 5] = [
        include_str!("../../../fixtures/policies/referral-intake.json"),
        include_str!("../../../fixtures/policies/consent-propagation.json"),
        include_str!("../../../fixtures/policies/discharge-follow-up.json"),
        include_str!("../../../fixtures/policies/outcome-reporting.json"),
        include_str!("../../../fixtures/policies/adherence-enrolment.json"),
    ];

    #[test]
    fn the_shipped_policies_fit_their_crm() {
        for text in POLICIES {
            assert_eq!(check(text), []);
        }
    }

    #[test]
    fn what_does_not_fit_is_named_at_its_target() {
        let text = POLICIES[0];
        for (from, to, code) in [
            ("PatientAttribute.ageBand", "Activity.service", "policy.attribute-outside"),
            ("PatientAttribute.patientName", "Contact.familyName", "policy.attribute-outside"),
            ("PatientAttribute.ageBand", "PatientAttribute.region", "policy.target-unfit"),
            ("Activity.clinic", "Activty.clinic", "policy.unknown-target"),
            ("Activity.clinic", "Activity.clinc", "policy.unknown-target"),
            ("Activity.requestedMonth", "Activity.patientToken", "policy.target-unfit"),
            ("[\"routine\", \"urgent\"", "[\"whenever\", \"urgent\"", "policy.target-unfit"),
            ("\"Activity.category\"", "\"Activity.clinic\"", "policy.target-unfit"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let findings = check(&changed);
            let found: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
            assert_eq!(found, [code], "{from}");
            assert!(findings[0].end > findings[0].place.offset && findings[0].place.line > 1);
        }
    }

    #[test]
    fn a_rule_for_a_whole_entity_is_named_once() {
        let text = POLICIES[0].replacen("\"rules\": [", "\"rules\": [{\"id\":\"R00\",\"field\":\"PatientProfile\",\"label\":\"redacted\",\"target\":\"Contact\"},", 1);
        let codes: Vec<String> = check(&text).into_iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["policy.unknown-target"]);
    }
}
