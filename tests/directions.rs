//! Both directions: resources and CRM records to canonical values, back, and once more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{fixture, open_scenario, scenarios};
use airlock::engine::adapt::{Adapter, CrmAdapter, Entities, EventMap, Misfit};
use airlock::engine::canonical::{Catalogue, FieldEntry};
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::phi::Phi;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn fhir() -> Adapter {
    let (adapter, findings) = Adapter::read(fixture("adapters/fhir-r4.json").unwrap(), Catalogue::shipped());
    assert_eq!(findings, []);
    adapter.unwrap()
}

fn crm() -> CrmAdapter {
    let (adapter, findings) =
        CrmAdapter::read(fixture("adapters/crm-demo.json").unwrap(), Catalogue::shipped());
    assert_eq!(findings, []);
    adapter.unwrap()
}

fn names(fields: Vec<&Arc<FieldEntry>>) -> BTreeSet<String> {
    fields.into_iter().map(|field| field.name.clone()).collect()
}

fn field(name: &str) -> &'static FieldEntry {
    Catalogue::shipped().field(name).unwrap()
}

fn entities(values: &[(&str, &str)]) -> Phi<Entities> {
    let mut entities = Entities::default();
    entities.extend(values.iter().map(|(name, value)| (field(name), (*value).to_owned())));
    Phi::new(entities)
}

/// What is canonical of the first resource of a type in a body.
fn read_event(map: &EventMap, body: &str) -> Option<Phi<Entities>> {
    let json = Json::read(body).ok()?;
    let data = json.get(NodeId::ROOT, "data").unwrap_or(NodeId::ROOT);
    let entries = json.get(data, "entry").map(|list| json.children(list).collect()).unwrap_or_default();
    let resources: Vec<NodeId> =
        Vec::into_iter(entries).filter_map(|entry| json.get(entry, "resource")).collect();
    let focus =
        [data].into_iter().chain(resources).find(|node| json.resource_type(*node) == Some(map.focus))?;
    Some(map.entities(&Phi::new(json), data, focus))
}

/// Reads a body, writes the resource that it is about, and reads that. Gives the fields that were written; none where the
/// body is not about such a resource.
#[track_caller]
fn there_and_back(adapter: &Adapter, map: &EventMap, body: &str) -> Option<Result<BTreeSet<String>, Misfit>> {
    let catalogue = Catalogue::shipped();
    let before = read_event(map, body)?;
    let resource = adapter.resource(map.focus.name(), &map.event_type).expect("each focus can be written");
    let written = match resource.write(&before) {
        Ok(written) => written,
        Err(misfit) => return Some(Err(misfit)),
    };
    let after = map.entities(&written, NodeId::ROOT, NodeId::ROOT);
    let own: BTreeSet<String> = resource.fields().map(|field| field.name.clone()).collect();
    let differing: BTreeSet<String> = names(before.differing(&after, catalogue));
    let changed: Vec<&String> = differing.intersection(&own).collect();
    assert!(changed.is_empty(), "{}: {changed:?}", map.event_type);
    // What comes back was there before: the rest is lost, and nothing is made up.
    let known = names(before.fields(catalogue));
    let back = names(after.fields(catalogue));
    assert!(back.is_subset(&known), "{}: {:?}", map.event_type, &back - &known);
    Some(Ok(back))
}

#[wasm_bindgen_test(unsupported = test)]
fn what_each_event_says_comes_back_from_the_resource_written_of_it() {
    let adapter = fhir();
    let mut taught = BTreeSet::new();
    for card in scenarios() {
        for (_, request) in open_scenario(&card.id).unwrap().requests {
            let Ok(body) = serde_json::from_str::<Value>(&request.body) else { continue };
            let stated = body["type"].as_str().unwrap_or_default();
            let is_bare = body["resourceType"].is_string();
            let may_be = |map: &&EventMap| is_bare || map.event_type == stated;
            for map in adapter.events.iter().filter(may_be) {
                // Scenarios with broken bodies have values that no resource can hold.
                let back = match there_and_back(&adapter, map, &request.body) {
                    Some(Ok(back)) => back,
                    Some(Err(misfit)) => {
                        println!("{}: {misfit:?}", card.id);
                        continue;
                    }
                    None => continue,
                };
                let entity = |name: &str| back.iter().any(|field| field.ends_with(name));
                assert!(entity(".sourceId") && back.contains("Person.sourceId"), "{}: {back:?}", card.id);
                taught.insert((map.event_type.clone(), map.focus.name()));
            }
        }
    }
    let all: BTreeSet<_> =
        adapter.events.iter().map(|map| (map.event_type.clone(), map.focus.name())).collect();
    assert_eq!(&all - &taught, BTreeSet::new());
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
fn what_published_resources_say_comes_back_too() {
    let Some(folder) = support::corpus::folder("hl7-r4-examples") else { return };
    let adapter = fhir();
    let (mut whole, mut refused) = (std::collections::BTreeMap::new(), 0);
    for file in support::corpus::json_files(&folder) {
        let text = std::fs::read_to_string(&file).unwrap();
        for map in &adapter.events {
            match there_and_back(&adapter, map, &text) {
                Some(Ok(_)) => *whole.entry(map.focus.name()).or_insert(0) += 1,
                Some(Err(misfit)) => {
                    println!("{}: {misfit:?}", file.display());
                    refused += 1;
                }
                None => {}
            }
        }
    }
    println!("{whole:?}, refused {refused}");
    assert!(whole.len() > 5 && whole.values().sum::<i32>() > 5 * refused, "{whole:?} {refused}");
}

#[wasm_bindgen_test(unsupported = test)]
fn provenance_is_kept_by_every_resource_that_is_written() {
    for resource in &fhir().resources {
        let fields: BTreeSet<&str> = resource.fields().map(|field| field.name.as_str()).collect();
        let kept = fields.iter().filter_map(|name| name.strip_suffix(".sourceVersion")).any(|entity| {
            ["sourceId", "source", "lastVerified"]
                .iter()
                .all(|own| fields.contains(&*format!("{entity}.{own}")))
        });
        assert!(kept, "{}", resource.kind.name());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_can_not_be_written_is_refused_whole() {
    let adapter = fhir();
    let task = adapter.resource("Task", "outcome.reported").unwrap();
    let good = [
        ("CareEvent.sourceId", "TASK-001"),
        ("CareEvent.status", "completed"),
        ("CareEvent.intent", "order"),
        ("Person.sourceId", "Patient/PAT-001"),
    ];
    assert!(task.write(&entities(&good)).is_ok());
    assert_eq!(task.write(&entities(&[])).unwrap_err(), Misfit::Nothing);
    assert_eq!(task.write(&entities(&[("Person.city", "Example")])).unwrap_err(), Misfit::Nothing);
    // Not without what FHIR requires, and not with what it does not let in.
    for bad in [&good[..1], &[&good[..], &[("CareEvent.authoredOn", "yesterday")]].concat()] {
        assert!(matches!(task.write(&entities(bad)).unwrap_err(), Misfit::Structure(_)));
    }
    let patient = adapter.resource("Patient", "referral.created").unwrap();
    let write = |values: &[(&str, &str)]| patient.write(&entities(values)).map(|_| ());
    assert_eq!(
        write(&[("PatientProfile.active", "perhaps")]),
        Err(Misfit::Unfit(field("PatientProfile.active").id))
    );
    let died = [("PatientProfile.deceased", "true"), ("PatientProfile.deceasedOn", "2026-01-15")];
    assert!(matches!(write(&died), Err(Misfit::Structure(_))));
    assert_eq!(write(&died[1..]), Ok(()));
    assert!(adapter.resource("Task", "referral.created").is_none());
    assert!(adapter.resource("Medication", "referral.created").is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_large_resource_is_written_in_one_go() {
    let adapter = fhir();
    let lines = (0..20_000).map(|n| (field("Person.addressLine"), format!("{n} Example Street")));
    let mut large = Entities::default();
    large.extend([(field("PatientProfile.sourceId"), "Patient/PAT-001".to_owned())].into_iter().chain(lines));
    let patient = adapter.resource("Patient", "patient.merged").unwrap();
    let map = adapter.events.iter().find(|map| map.event_type == "patient.merged").unwrap();
    let large = Phi::new(large);
    let after = map.entities(&patient.write(&large).unwrap(), NodeId::ROOT, NodeId::ROOT);
    assert!(!names(large.differing(&after, Catalogue::shipped())).contains("Person.addressLine"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_broken_writing_rule_is_named_at_its_place() {
    let text = fixture("adapters/fhir-r4.json").unwrap();
    let path = r#""path": "Patient.name[0].given""#;
    for (from, to, code) in [
        (path, r#""path": "Patient.name[0].givn""#, "adapter.path-unknown"),
        (path, r#""path": "Patient.name.given""#, "adapter.path-malformed"),
        (path, r#""path": "Patient.name[100].given""#, "adapter.path-malformed"),
        (path, r#""path": "Patient.name[x].given""#, "adapter.path-malformed"),
        (path, r#""path": "Task.name[0].given""#, "adapter.path-malformed"),
        (path, r#""path": "Patient.birthDate[0]""#, "adapter.path-malformed"),
        (path, r#""path": "Patient.name[0]""#, "adapter.path-not-a-value"),
        (path, r#""path": "Patient""#, "adapter.path-not-a-value"),
        (path, r#""path": "Patient.birthDate""#, "adapter.path-single"),
        (path, r#""path": "Patient.name[0].given", "value": "x""#, "adapter.written-from"),
        (path, r#""path": """#, "adapter.empty"),
        (r#""path": "rank", "value": "1""#, r#""path": "rank", "value": "first""#, "adapter.value-unfit"),
        (r#""path": "rank", "value": "1""#, r#""path": "rang", "value": "1""#, "adapter.value-unfit"),
        (
            r#""path": "rank", "value": "1""#,
            r#""path": "rank", "value": "1", "to": "x""#,
            "adapter.unknown-key",
        ),
        (r#""event": "enrolment.requested""#, r#""event": "outcome.reported""#, "adapter.duplicate-resource"),
        (r#""type": "Communication""#, r#""type": "Comunication""#, "adapter.unknown-resource-type"),
        (
            r#""field": "Person.givenName", "path""#,
            r#""field": "Person.givnName", "path""#,
            "adapter.unknown-field",
        ),
    ] {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from}");
        let (adapter, findings) = Adapter::read(&broken, Catalogue::shipped());
        assert!(adapter.is_some());
        assert_eq!(findings.first().map(|finding| finding.code.as_str()), Some(code), "{to}: {findings:?}");
        assert!(findings[0].place.line > 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_wrong_with_a_record_is_said_without_its_values() {
    let crm = crm();
    for (object, record, codes) in [
        ("Task", "", vec!["json.syntax"]),
        ("Task", "[]", vec!["record.wrong-type"]),
        ("Taks", "{}", vec!["record.unknown-object"]),
        ("Task", r#"{"SECRET":"SECRET"}"#, vec!["record.unknown-field"]),
        ("Task", r#"{"status":7,"priority":"SECRET"}"#, vec!["record.wrong-type", "record.value-unfit"]),
        ("Task", r#"{"status":["done"]}"#, vec!["record.wrong-type"]),
        ("Task", r#"{"patientToken":"Patient/SECRET"}"#, vec!["record.value-unfit"]),
        ("Task", r#"{"issuedMonth":"2026-01-15"}"#, vec!["record.value-unfit"]),
        ("Task", r#"{"result":["SECRET"]}"#, vec!["record.attribute-outside"]),
        ("Task", r#"{"result":null,"status":null}"#, vec![]),
        ("Activity", r#"{"service":[{"a":"SECRET"}]}"#, vec!["record.wrong-type"]),
        ("Account", r#"{"month":"2026-01"}"#, vec!["record.ambiguous"]),
        (
            "ProgramEnrollment",
            r#"{"externalId":"tok_00000000000000000000000000000001","eligibilityToken":"tok_00000000000000000000000000000002"}"#,
            vec!["record.conflict"],
        ),
    ] {
        let (_, findings) = crm.read_record(object, record);
        let found: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(found == codes || codes == ["json.syntax"] && found.len() == 1, "{record}: {found:?}");
        assert!(findings.iter().all(|finding| !format!("{finding:?}").contains("SECRET")));
    }
    assert_eq!(crm.write_record("Taks", &entities(&[])).unwrap_err(), Misfit::UnknownObject);
    assert_eq!(crm.write_record("Task", &entities(&[])).unwrap_err(), Misfit::Nothing);
    for (object, name, value, misfit) in [
        ("Task", "CareEvent.value", "120", Misfit::AttributeOutside as fn(usize) -> Misfit),
        ("Task", "CareEvent.priority", "whenever", Misfit::Unfit),
        ("PatientAttribute", "Person.sourceId", "Patient/PAT-001", Misfit::Unfit),
        ("PatientAttribute", "Person.birthDate", "1980-01-15", Misfit::Unfit),
    ] {
        let refused = crm.write_record(object, &entities(&[(name, value)])).unwrap_err();
        assert_eq!(refused, misfit(field(name).id), "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_object_but_one_takes_patient_attributes_back() {
    let text = fixture("adapters/crm-demo.json").unwrap().replacen("\"segregated\": true,", "", 1);
    let crm = CrmAdapter::read(&text, Catalogue::shipped()).0.unwrap();
    let (entities, findings) = crm.read_record("PatientAttribute", r#"{"ageBand":"40-49","gender":"other"}"#);
    assert_eq!(entities.fields(Catalogue::shipped()).len(), 0);
    assert!(findings.iter().all(|finding| finding.code == "record.attribute-outside") && findings.len() == 2);
}
