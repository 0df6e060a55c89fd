//! IHE BALP's patterns: what their profiles ask for, and the shape of IHE's own examples.

use super::fhir::events;
use super::support::corpus;
use super::{every_log, records_of};
use serde_json::Value;
use std::collections::BTreeSet;

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

fn with_code<'a>(list: &'a Value, system: &str, code: &str) -> Vec<&'a Value> {
    let coding = |item: &Value| match item["type"]["coding"].as_array() {
        Some(codings) => codings[0].clone(),
        None => item["type"].clone(),
    };
    let items = list.as_array().unwrap().iter();
    items.filter(|item| coding(item)["system"] == system && coding(item)["code"] == code).collect()
}

/// Those of a pattern, over all scenarios.
fn of_profile(profile: &str) -> Vec<Value> {
    let all = every_log().iter().flat_map(|(_, records)| events(records));
    all.filter(|event| event["meta"]["profile"][0] == profile).collect()
}

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const SECURITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";

fn decision(event: &Value, consents: usize) {
    assert_eq!((&event["type"]["system"], &event["type"]["code"]), (&DCM.into(), &"110113".into()));
    assert_eq!(event["action"], "E");
    assert_eq!(event["subtype"].as_array().unwrap().len(), 1, "its value set is required");
    assert_eq!(event["subtype"][0]["code"], "AuthZ-Consent");
    let roles = [
        (DCM, "110150"),
        ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
        ("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"),
        (SECURITY_ROLE, "authserver"),
    ];
    let [client, user, organization, authorizer] = roles.map(|(system, code)| {
        let found = with_code(&event["agent"], system, code);
        assert_eq!(found.len(), 1, "{code}");
        assert!(found[0].get("who").is_some());
        found[0].clone()
    });
    assert!(client.get("network").is_some() && client.get("role").is_none());
    assert!(user["requestor"] == true && user.get("network").is_none());
    assert!(organization["requestor"] == false && organization.get("role").is_none());
    assert!(authorizer["requestor"] == false && authorizer.get("network").is_none());
    assert_eq!(authorizer["who"], event["source"]["observer"], "val-audit-source");
    let [patient] = with_code(&event["entity"], ENTITY_TYPE, "1")[..] else { panic!("one patient") };
    assert!(patient["role"]["code"] == "1" && patient["what"]["type"] == "Patient");
    let found = with_code(&event["entity"], "http://hl7.org/fhir/resource-types", "Consent");
    assert!(found.len() == consents && found.iter().all(|entity| entity.get("what").is_some()));
    assert_eq!(event["entity"].as_array().unwrap().len(), 1 + consents, "no other entity is admitted");
}

#[test]
fn a_decision_by_a_consent_is_as_its_profile_asks() {
    let decisions = of_profile(&format!("{BALP}AuthZconsent"));
    for event in &decisions {
        decision(event, 1);
        let denied = event["outcome"] == "8";
        assert!(denied || event["outcome"] == "0");
        assert_eq!(denied, event.get("outcomeDesc").is_some(), "a denial says why");
    }
    let outcomes: BTreeSet<_> = decisions.iter().map(|event| event["outcome"].to_string()).collect();
    assert_eq!(outcomes.len(), 2, "there are both");
}

#[test]
fn a_denial_for_want_of_a_consent_has_a_profile_of_its_own() {
    let denials =
        of_profile("https://airlock.example.invalid/fhir/StructureDefinition/authz-without-consent");
    assert!(!denials.is_empty());
    for event in denials {
        decision(&event, 0);
        assert!(event["outcome"] == "8" && event.get("outcomeDesc").is_some());
    }
}

/// A definition of ours, and those of its elements that are asked for.
fn definition(text: &str) -> (Value, Vec<Value>) {
    let definition: Value = serde_json::from_str(text).unwrap();
    let elements = definition["differential"]["element"].as_array().unwrap().clone();
    (definition["url"].clone(), elements)
}

#[test]
fn our_own_profile_says_what_the_events_are() {
    let (url, elements) = definition(include_str!("../../docs/fhir/authz-without-consent.json"));
    let denials = of_profile(url.as_str().unwrap());
    assert!(!denials.is_empty());
    for event in denials {
        let mut slice = Value::Null;
        for element in &elements {
            let path = element["path"].as_str().unwrap();
            let mut at = vec![&event];
            if path.starts_with("AuditEvent.agent") && element["id"].as_str().unwrap().contains(':') {
                if element.get("sliceName").is_some() {
                    let code = elements
                        .iter()
                        .find(|own| own["id"] == format!("{}.type", element["id"].as_str().unwrap()));
                    slice = code.unwrap()["patternCodeableConcept"]["coding"][0].clone();
                    continue;
                }
                let (system, code) = (slice["system"].as_str().unwrap(), slice["code"].as_str().unwrap());
                at = with_code(&event["agent"], system, code);
                assert_eq!(at.len(), 1);
            }
            for name in path.split('.').skip(if at[0] == &event { 1 } else { 2 }) {
                let inner = at.iter().filter_map(|value| value.get(name));
                at = inner
                    .flat_map(|value| value.as_array().map_or(vec![value], |list| list.iter().collect()))
                    .collect();
            }
            assert!(at.len() as u64 >= element["min"].as_u64().unwrap_or(0), "{path}");
            assert!(element["max"].as_str().is_none_or(|max| at.len() <= max.parse().unwrap()), "{path}");
            let members = element.as_object().unwrap().iter();
            for (_, pattern) in members.filter(|(name, _)| name.starts_with("pattern")) {
                assert!(at.iter().all(|value| fits(pattern, value)), "{path}: {at:?}");
            }
        }
    }
}

/// Whether a value has all that a pattern has.
fn fits(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            pattern.iter().all(|(name, own)| value.get(name).is_some_and(|value| fits(own, value)))
        }
        (Value::Array(pattern), Value::Array(value)) => {
            pattern.iter().all(|own| value.iter().any(|value| fits(own, value)))
        }
        _ => pattern == value,
    }
}

#[test]
fn our_own_extension_says_what_ties_an_event_to_the_log() {
    let (url, elements) = definition(include_str!("../../docs/fhir/log-record.json"));
    for event in events(&records_of("referral-created")) {
        let [extension] = &event["extension"].as_array().unwrap()[..] else { panic!("one extension") };
        assert_eq!(extension["url"], url);
        for element in elements.iter().filter(|element| element.get("sliceName").is_some()) {
            let parts = extension["extension"].as_array().unwrap().iter();
            assert_eq!(parts.filter(|part| part["url"] == element["sliceName"]).count(), 1);
        }
    }
}

fn disclosure(event: &Value, kind: &str, action: &str, observer: &str) {
    assert_eq!((&event["type"]["system"], &event["type"]["code"]), (&DCM.into(), &kind.into()));
    assert_eq!(event["action"], action);
    let lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    let mut subtypes = event["subtype"].as_array().unwrap().iter();
    assert!(subtypes.any(|coding| coding["system"] == lifecycle && coding["code"] == "disclose"));
    assert_eq!(event["outcome"], "0");
    for code in ["110153", "110152"] {
        let [agent] = with_code(&event["agent"], DCM, code)[..] else { panic!("one {code}") };
        assert!(agent.get("who").is_some() && agent.get("network").is_some());
    }
    let observing = with_code(&event["agent"], DCM, observer)[0];
    assert_eq!(observing["who"], event["source"]["observer"], "val-audit-source");
    let requestors = event["agent"].as_array().unwrap().iter().filter(|agent| agent["requestor"] == true);
    assert_eq!(requestors.count(), 1);
    let [patient] = with_code(&event["entity"], ENTITY_TYPE, "1")[..] else { panic!("one patient") };
    assert!(patient["role"]["code"] == "1" && patient["what"]["type"] == "Patient");
    assert!(event["entity"].as_array().unwrap().len() >= 2, "there is data");
    assert!(event.get("purposeOfEvent").is_some());
}

#[test]
fn what_leaves_and_what_comes_in_are_disclosures_as_their_profiles_ask() {
    let left = of_profile(&format!("{BALP}PrivacyDisclosure.Source"));
    let came = of_profile(&format!("{BALP}PrivacyDisclosure.Recipient"));
    assert!(!left.is_empty() && came.len() > left.len());
    left.iter().for_each(|event| disclosure(event, "110106", "R", "110153"));
    came.iter().for_each(|event| disclosure(event, "110107", "C", "110152"));
}

#[test]
fn no_patient_is_named_but_by_their_delivery() {
    for (_, records) in every_log() {
        for (event, text) in events(records).iter().zip(records) {
            let record: Value = serde_json::from_str(text).unwrap();
            let entities = event["entity"].as_array().into_iter().flatten();
            for patient in entities.filter(|entity| entity["what"]["type"] == "Patient") {
                let identifier = &patient["what"]["identifier"];
                assert_eq!(identifier["value"], record["correlation"]);
                let system = "https://airlock.example.invalid/fhir/sid/patient-of-delivery";
                assert_eq!(identifier["system"], system);
                assert_eq!(patient["what"].as_object().unwrap().len(), 2, "nothing else is said of them");
            }
        }
    }
}

/// The elements of a resource, each by its path; at a coding its system and code. Agents and entities go by their
/// type, other items of lists have no number.
fn shape(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(system), Some(code)) = (value["system"].as_str(), value["code"].as_str()) {
                out.insert(format!("{path} = {system}|{code}"));
            }
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if !(value.get("code").is_some() && matches!(name.as_str(), "system" | "code")) {
                    shape(member, &path, out);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let kind = item["type"]["coding"][0]["code"].as_str().or(item["type"]["code"].as_str());
                match kind.or(item["url"].as_str().and_then(|url| url.rsplit('/').next())) {
                    Some(kind) if path == "extension" => drop(out.insert(format!("extension[{kind}]"))),
                    Some(kind) => shape(item, &format!("{path}[{kind}]"), out),
                    None => shape(item, path, out),
                }
            }
        }
        _ => drop(out.insert(path.to_owned())),
    }
}

/// Why a shape differs from IHE's example.
#[derive(Clone, Copy)]
struct Because(&'static str);

const LOGICAL: Because =
    Because("nothing here is a FHIR server: what is referred to has an identifier, and no address");
const READABLE: Because = Because("a display is for who reads the code");
const OWN_PURPOSE: Because = Because("the purpose is the policy's");
const OPERATOR: Because = Because("no patient asked for it: the operator of the connector did, in a role");
const EVIDENCE: Because = Because("the log that tells of it, and the members that FHIR has no element for");
const OWN_SOURCE: Because = Because("a connector is an application server");
const OWN_TYPE: Because =
    Because("the type that the record itself has, instead of the RESTful interaction that there was not");

/// Whether two resources differ in shape exactly as is said: `-` is only in IHE's example, `+` only in ours.
fn differ_as(example: &str, ours: &Value, differences: &[(&str, Because)]) {
    let Some(folder) = corpus::folder("audit-event-balp") else { return };
    let theirs = corpus::json(&folder.join(example));
    let (mut wanted, mut found) = (BTreeSet::new(), BTreeSet::new());
    shape(&theirs, "", &mut wanted);
    shape(ours, "", &mut found);
    let gone = wanted.difference(&found).map(|path| format!("- {path}"));
    let new = found.difference(&wanted).map(|path| format!("+ {path}"));
    let actual: BTreeSet<String> = gone.chain(new).collect();
    let named: BTreeSet<String> =
        differences.iter().map(|(difference, _)| (*difference).to_owned()).collect();
    let unnamed: Vec<_> = actual.difference(&named).collect();
    let untrue: Vec<_> = named.difference(&actual).collect();
    assert!(unnamed.is_empty() && untrue.is_empty(), "not named: {unnamed:#?}\nnot so: {untrue:#?}");
    println!(
        "{example}: {} elements and codes are alike. What differs:",
        wanted.intersection(&found).count()
    );
    for (difference, Because(why)) in differences {
        println!("  {difference}: {why}");
    }
}

#[test]
fn a_decision_has_the_shape_of_ihes_example() {
    let events = events(&records_of("referral-created"));
    let ours = events.iter().find(|event| event["subtype"][0]["code"] == "AuthZ-Consent").unwrap();
    let differences = [
        ("- agent[110150].who.reference", LOGICAL),
        ("+ agent[110150].who.type", LOGICAL),
        ("+ agent[110150].who.identifier.system", LOGICAL),
        ("+ agent[110150].who.identifier.value", LOGICAL),
        ("+ agent[110150].type.coding.display", READABLE),
        ("- agent[IRCP].who.reference", LOGICAL),
        ("+ agent[IRCP].who.type", LOGICAL),
        ("+ agent[IRCP].who.identifier.system", LOGICAL),
        ("+ agent[IRCP].who.identifier.value", LOGICAL),
        ("+ agent[IRCP].role.text", OPERATOR),
        (&format!("- agent[IRCP].purposeOfUse.coding = {ACT_REASON}|PATRQT"), OWN_PURPOSE),
        (&format!("+ agent[IRCP].purposeOfUse.coding = {ACT_REASON}|CAREMGT"), OWN_PURPOSE),
        ("- agent[PROV].who.reference", LOGICAL),
        ("+ agent[PROV].who.type", LOGICAL),
        ("+ agent[PROV].who.identifier.system", LOGICAL),
        ("+ agent[PROV].who.identifier.value", LOGICAL),
        ("- agent[authserver].who.reference", LOGICAL),
        ("+ agent[authserver].who.type", LOGICAL),
        ("+ agent[authserver].who.identifier.system", LOGICAL),
        ("+ agent[authserver].who.identifier.value", LOGICAL),
        ("+ agent[authserver].who.display", READABLE),
        ("- entity[1].what.reference", LOGICAL),
        ("+ entity[1].what.type", LOGICAL),
        ("+ entity[1].what.identifier.system", LOGICAL),
        ("+ entity[1].what.identifier.value", LOGICAL),
        ("+ entity[1].type.display", READABLE),
        ("+ entity[1].role.display", READABLE),
        ("- entity[Consent].what.reference", LOGICAL),
        ("+ entity[Consent].what.type", LOGICAL),
        ("+ entity[Consent].what.identifier.system", LOGICAL),
        ("+ entity[Consent].what.identifier.value", LOGICAL),
        ("- source.observer.reference", LOGICAL),
        ("+ source.observer.type", LOGICAL),
        ("+ source.observer.identifier.system", LOGICAL),
        ("+ source.observer.identifier.value", LOGICAL),
        ("+ source.observer.display", READABLE),
        ("+ source.type.display", READABLE),
        ("+ extension[log-record]", EVIDENCE),
    ];
    differ_as("AuditEvent-ex-auditAuthZconsent.json", ours, &differences);
}

#[test]
fn a_disclosure_has_the_shape_of_ihes_example() {
    let events = events(&records_of("referral-created"));
    let ours = events.iter().find(|event| event["type"]["code"] == "110106").unwrap();
    let differences = [
        ("- agent[110152].who.display", LOGICAL),
        ("+ agent[110152].who.type", LOGICAL),
        ("+ agent[110152].who.identifier.system", LOGICAL),
        ("+ agent[110152].who.identifier.value", LOGICAL),
        ("+ agent[110153].who.type", LOGICAL),
        ("+ agent[110153].who.identifier.system", LOGICAL),
        ("+ agent[110153].who.identifier.value", LOGICAL),
        ("- agent[429577009].type.coding = http://snomed.info/sct|429577009", OPERATOR),
        ("- agent[429577009].type.coding.display", OPERATOR),
        ("- agent[429577009].who.reference", OPERATOR),
        ("- agent[429577009].requestor", OPERATOR),
        (&format!("+ agent[humanuser].type.coding = {SECURITY_ROLE}|humanuser"), OPERATOR),
        ("+ agent[humanuser].who.type", OPERATOR),
        ("+ agent[humanuser].who.identifier.system", OPERATOR),
        ("+ agent[humanuser].who.identifier.value", OPERATOR),
        ("+ agent[humanuser].role.text", OPERATOR),
        ("+ agent[humanuser].requestor", OPERATOR),
        ("- entity[1].what.reference", LOGICAL),
        ("+ entity[1].what.type", LOGICAL),
        ("+ entity[1].what.identifier.system", LOGICAL),
        ("+ entity[1].what.identifier.value", LOGICAL),
        ("- entity[2].what.reference", LOGICAL),
        ("+ entity[2].what.identifier.system", LOGICAL),
        ("+ entity[2].what.identifier.value", LOGICAL),
        (&format!("- purposeOfEvent.coding = {ACT_REASON}|PATRQT"), OWN_PURPOSE),
        ("- purposeOfEvent.coding.display", OWN_PURPOSE),
        (&format!("+ purposeOfEvent.coding = {ACT_REASON}|CAREMGT"), OWN_PURPOSE),
        ("+ source.observer.type", LOGICAL),
        ("+ source.observer.identifier.system", LOGICAL),
        ("+ source.observer.identifier.value", LOGICAL),
        (&format!("- source.type = {SOURCE_TYPE}|1"), OWN_SOURCE),
        (&format!("+ source.type = {SOURCE_TYPE}|4"), OWN_SOURCE),
        ("- subtype = http://hl7.org/fhir/restful-interaction|read", OWN_TYPE),
        ("+ subtype = https://airlock.example.invalid/fhir/CodeSystem/event-type|deliver.write", OWN_TYPE),
        ("+ extension[log-record]", EVIDENCE),
    ];
    differ_as("AuditEvent-ex-auditPrivacyDisclosure-source.json", ours, &differences);
}
