//! Whether what a policy writes fits the CRM that it writes to.

use super::codes::{ATTRIBUTE_OUTSIDE, TARGET_UNFIT, TARGET_UNKNOWN};
use super::{AsWritten, Written};
use crate::engine::adapt::{CrmAdapter, CrmField, CrmType};
use crate::engine::canonical::DisclosureClass;
use crate::engine::document::{Document, closest};
use crate::engine::fhir::NodeId;
use crate::engine::policy::edit::quoted;
use crate::engine::policy::{Label, Policy, Rule, Target};
use crate::engine::redact::Method;

/// Objects and fields that the CRM does not have, values that don't fit, and patient attributes outside the object that
/// alone may hold them.
pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy, written: &Written<'_>, crm: &CrmAdapter) {
    for rule in &written.rules {
        // A rule for a whole entity says the same for many fields: once is enough.
        let mut faults = rule.says.iter().filter_map(|says| Some((says, fault(says, policy, crm)?)));
        if let Some((rule_of_field, fault)) = faults.next() {
            say(doc, rule, rule_of_field, &fault, crm);
        }
    }
    let at = doc.json.get(NodeId::ROOT, "aggregate");
    if let (Some(aggregate), Some(at)) = (&policy.aggregate, at)
        && crm.field(&aggregate.count).is_none_or(|field| field.kind != CrmType::Count)
    {
        let message = format!("The CRM has no count `{}`.", aggregate.count);
        doc.lint(doc.json.span(at), &TARGET_UNKNOWN, message);
    }
}

/// What is wrong with a rule's target.
enum Fault {
    /// The CRM has no such object or field.
    Unknown,
    /// A patient attribute in an object that may hold none.
    Outside,
    /// What leaves is nothing that the field takes, as the sentence says.
    Unfit(String),
}

fn fault(rule: &Rule, policy: &Policy, crm: &CrmAdapter) -> Option<Fault> {
    let target = rule.target.as_ref()?;
    let Some(object) = crm.objects.get(&target.object) else { return Some(Fault::Unknown) };
    // What a counting policy may say of patients has rules of its own.
    let outside = is_attribute(rule) && !object.segregated && policy.aggregate.is_none();
    if outside {
        return Some(Fault::Outside);
    }
    let Some(field) = object.fields.get(&target.field) else { return Some(Fault::Unknown) };
    unfit(rule, field).map(Fault::Unfit)
}

fn say(doc: &mut Document<'_>, written: &AsWritten<'_>, rule: &Rule, fault: &Fault, crm: &CrmAdapter) {
    let Some(target) = &rule.target else { return };
    let span = written.span(doc, "target");
    let json = doc.json;
    let feed = |doc: &mut Document<'_>, target: &Target| {
        let text = if rule.whole_entity { target.object.clone() } else { target.to_string() };
        doc.fix(format!("Feed `{text}`"), || written.revise(json, &[("target", Some(quoted(&text)))]));
    };
    match fault {
        Fault::Unknown => {
            doc.lint(span, &TARGET_UNKNOWN, format!("The CRM has no field `{target}`."));
            if let Some(near) = near(target, crm) {
                feed(doc, &near);
            }
        }
        Fault::Outside => {
            let message = format!(
                "`{}` is about the patient, and `{}` may hold none of it.",
                rule.field.name, target.object
            );
            doc.lint(span, &ATTRIBUTE_OUTSIDE, message);
            if let Some(place) = segregated(rule, crm).filter(|_| !rule.whole_entity) {
                feed(doc, &place);
            }
        }
        Fault::Unfit(message) => doc.lint(span, &TARGET_UNFIT, message.clone()),
    }
}

/// The field of the CRM that was probably meant.
fn near(target: &Target, crm: &CrmAdapter) -> Option<Target> {
    let object = match crm.objects.contains_key(&target.object) {
        true => target.object.as_str(),
        false => closest(&target.object, crm.objects.keys().map(String::as_str))?,
    };
    let fields = &crm.objects.get(object)?.fields;
    let field = match fields.contains_key(&target.field) {
        true => target.field.as_str(),
        false => closest(&target.field, fields.keys().map(String::as_str))?,
    };
    Some(Target { object: object.to_owned(), field: field.to_owned() })
}

/// The field of the segregated object that stands for a rule's field and takes what the rule lets out.
fn segregated(rule: &Rule, crm: &CrmAdapter) -> Option<Target> {
    let objects = crm.objects.iter().filter(|(_, object)| object.segregated);
    let mut fields = objects.flat_map(|(name, object)| object.fields.iter().map(move |own| (name, own)));
    let (object, (field, _)) = fields.find(|(_, (_, field))| {
        field.fields.iter().any(|own| own.id == rule.field.id) && unfit(rule, field).is_none()
    })?;
    Some(Target { object: object.clone(), field: field.clone() })
}

/// Whether what leaves by a rule is a patient attribute: something of the person or the patient's profile, or
/// what a method makes of something highly restricted, and not as a token. (As it is, it does not cross at all.)
fn is_attribute(rule: &Rule) -> bool {
    let restricted = rule.class == DisclosureClass::HighlyRestricted && rule.label == Label::Transformed;
    rule.method != Method::Tokenize && (rule.field.is_of_patient() || restricted)
}

/// Why what leaves by a rule does not fit a field.
fn unfit(rule: &Rule, field: &CrmField) -> Option<String> {
    let name = &rule.field.name;
    if !field.kind.takes(rule.method, rule.field.kind) {
        let (method, kind) = (rule.method.name(), field.kind.as_str());
        return Some(format!("`{name}` through `{method}` is no {kind}, which the CRM field holds."));
    }
    if rule.label.crosses() && rule.cardinality.many && !field.cardinality.many {
        return Some(format!("`{name}` may have several values, and the CRM field has one: write `0..1`."));
    }
    let stray = rule.values.iter().any(|value| !field.values.contains(value));
    if rule.label.crosses() && !field.values.is_empty() && (rule.values.is_empty() || stray) {
        let known = field.values.join(", ");
        return Some(format!(
            "The CRM field takes certain values only: list under `values` some of {known}."
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::canonical::Catalogue;
    use crate::engine::document::Diagnostic;
    use crate::engine::policy::Beside;

    fn crm() -> CrmAdapter {
        let text = include_str!("../../../../fixtures/adapters/crm-demo.json");
        CrmAdapter::read(text, Catalogue::shipped()).0.unwrap()
    }

    fn check(text: &str) -> Vec<Diagnostic> {
        let beside = Beside { adapters: &[], crms: &[crm()] };
        let codes = [&TARGET_UNKNOWN, &TARGET_UNFIT, &ATTRIBUTE_OUTSIDE].map(|lint| lint.code);
        let findings = Policy::read_beside(text, Catalogue::shipped(), beside).findings;
        let own = |code: &str| codes.iter().any(|own| code.strip_prefix("policy.") == Some(*own));
        findings.into_iter().filter(|finding| own(&finding.code)).collect()
    }

    const POLICIES: [&str; 5] = [
        include_str!("../../../../fixtures/policies/referral-intake.json"),
        include_str!("../../../../fixtures/policies/consent-propagation.json"),
        include_str!("../../../../fixtures/policies/discharge-follow-up.json"),
        include_str!("../../../../fixtures/policies/outcome-reporting.json"),
        include_str!("../../../../fixtures/policies/adherence-enrolment.json"),
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
            ("Activity.clinic", "Activty.clinic", "policy.target-unknown"),
            ("Activity.clinic", "Activity.clinc", "policy.target-unknown"),
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
    fn what_is_of_the_patient_fits_its_field_in_counts() {
        let counting = |target: &str| {
            let rule = r#"{"id":"R00","field":"Person.birthDate","label":"transformed","method":"generalize:age-band""#;
            POLICIES[3].replacen("\"rules\": [", &format!("\"rules\": [{rule},\"target\":\"{target}\"}},"), 1)
        };
        for (text, code) in [
            (counting("Account.bogus"), "policy.target-unknown"),
            (counting("Account.priority"), "policy.target-unfit"),
        ] {
            let found: Vec<String> = check(&text).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, [code], "{text}");
        }
    }

    #[test]
    fn a_rule_for_a_whole_entity_is_named_once() {
        let text = POLICIES[0].replacen("\"rules\": [", "\"rules\": [{\"id\":\"R00\",\"field\":\"PatientProfile\",\"label\":\"redacted\",\"target\":\"Contact\"},", 1);
        let codes: Vec<String> = check(&text).into_iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["policy.attribute-outside"]);
    }
}
