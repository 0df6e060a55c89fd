//! Published FHIR data through the connector: every element is accounted for, and nothing of a patient comes out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    Comparison, Intake, PolicyText, PreviewEvents, PreviewReport, PreviewRequest, RunView, Session, Setup,
    fixture, request_for,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::hunt::{Quarry, outputs};
use support::{NOW, corpus, referral, session, walk};

/// An input as deliveries: where each comes from, and its body.
fn intake(name: &str, bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut intake = Intake::new(name, bytes, None);
    let mut steps = 0;
    while !intake.step(64 * 1024).finished {
        steps += 1;
        assert!(steps < 10_000, "{name}: reading does not end");
    }
    let items = (0..intake.len()).map(|n| intake.item(n, NOW).expect("an item"));
    items.map(|item| (item.input, item.body.expect("UTF-8"))).collect()
}

/// A consent that permits what the shipped policy does, for each of these patients.
fn consents_for(patients: &BTreeSet<String>) -> String {
    let permit: Value = serde_json::from_str(fixture("consents/pat-001-permit.json").unwrap()).unwrap();
    let consents: Vec<Value> = patients
        .iter()
        .map(|reference| {
            let mut consent = permit.clone();
            consent["patient"]["reference"] = json!(reference);
            consent
        })
        .collect();
    json!(consents).to_string()
}

/// The subjects of every ServiceRequest in a document.
fn subjects(document: &Value, into: &mut BTreeSet<String>) {
    if document["resourceType"] == "ServiceRequest" {
        into.extend(document["subject"]["reference"].as_str().map(str::to_owned));
    }
    match document {
        Value::Object(members) => members.values().for_each(|value| subjects(value, into)),
        Value::Array(items) => items.iter().for_each(|value| subjects(value, into)),
        _ => {}
    }
}

/// Whether a path step may be spelled: the form of a FHIR element name.
fn spelled(path: &str) -> String {
    let steps = path.split('.').map(|step| {
        let (name, index) = step.split_at(step.find('[').unwrap_or(step.len()));
        let plain = name.strip_prefix('_').unwrap_or(name);
        let is_name = plain.starts_with(|c: char| c.is_ascii_lowercase())
            && plain.bytes().all(|b| b.is_ascii_alphanumeric());
        format!("{}{index}", if is_name { name } else { "?" })
    });
    steps.collect::<Vec<_>>().join(".")
}

/// The ledger has a row for each leaf of the event's data, once, in order, at its path, with the place of its value.
fn ledger_is_whole(input: &str, body: &str, run: &RunView) {
    let all = walk::leaves(body);
    // Where the event's parts could not be told, the ledger is about the whole body.
    let whole = run.ledger.first().is_some_and(|row| row.path.starts_with('?'));
    let root: Value = serde_json::from_str(body).unwrap();
    let (prefix, resource_type) = match (whole, root["resourceType"].as_str()) {
        (true, _) => ("", "?"),
        (false, Some(own)) => ("", own),
        (false, None) => ("data.", root["data"]["resourceType"].as_str().expect("a resource type")),
    };
    let expected: Vec<(String, Value)> = all
        .into_iter()
        .filter_map(|(path, value)| {
            let path = path.strip_prefix(prefix)?;
            Some((format!("{resource_type}.{}", spelled(path)), value))
        })
        .collect();
    let text = body;
    let got: Vec<(String, Value)> = run
        .ledger
        .iter()
        .map(|row| {
            let (start, end) = row.span;
            let value = serde_json::from_str(&text[start as usize..end as usize]);
            (row.path.clone(), value.unwrap_or_else(|error| panic!("{input} {}: {error}", row.path)))
        })
        .collect();
    assert_eq!(got.len(), expected.len(), "{input}: rows of the ledger");
    for (got, expected) in got.iter().zip(&expected) {
        assert_eq!(got, expected, "{input}");
    }
    for row in run.ledger.iter().filter(|row| row.rule.is_none()) {
        assert_eq!((row.label.as_str(), row.crossed), ("prohibited", false), "{input} {}", row.path);
    }
    if run.records.is_empty() {
        assert!(run.ledger.iter().all(|row| !row.crossed), "{input}: crossed without a record");
    }
}

#[derive(Deserialize)]
struct Entries<'a> {
    #[serde(borrow, default)]
    entry: Vec<&'a RawValue>,
}

/// Each entry of a Bundle goes into some delivery, byte for byte, and every delivery keeps the Bundle's other members.
fn bundle_is_covered(name: &str, source: &str, deliveries: &[(String, String)]) {
    let Entries { entry } = serde_json::from_str(source).unwrap();
    let mut delivered = BTreeSet::new();
    let mut source_head: Value = serde_json::from_str(source).unwrap();
    source_head.as_object_mut().unwrap().remove("entry");
    for (input, body) in deliveries {
        let Entries { entry } = serde_json::from_str(body).unwrap();
        delivered.extend(entry.iter().map(|entry| entry.get().to_owned()));
        let mut head: Value = serde_json::from_str(body).unwrap();
        head.as_object_mut().unwrap().remove("entry");
        assert_eq!(head, source_head, "{input}");
    }
    for (n, entry) in entry.iter().enumerate() {
        assert!(delivered.contains(entry.get()), "{name}: entry {n} is in no delivery");
    }
}

/// What became of the deliveries of an input.
#[derive(Default)]
struct Tally(BTreeMap<String, usize>);

impl Tally {
    fn count(&mut self, run: &RunView) {
        let code = run.refusal.as_ref().map_or("", |refusal| refusal.code.as_str());
        *self.0.entry(format!("{} {code}", run.outcome).trim_end().to_owned()).or_default() += 1;
    }

    fn of(&self, outcome: &str) -> usize {
        self.0.iter().filter(|(name, _)| name.split(' ').next() == Some(outcome)).map(|(_, n)| n).sum()
    }

    fn total(&self) -> usize {
        self.0.values().sum()
    }
}

/// Sends an input whole, and checks what must hold of any. Gives the session.
fn send_all(name: &str, source: &str, setup: &Setup, quarry: &Quarry, tally: &mut Tally) -> Session {
    let deliveries = intake(name, source.as_bytes().to_vec());
    let document: Value = serde_json::from_str(source.trim_start_matches('\u{FEFF}')).unwrap();
    if document["resourceType"] == "Bundle"
        && document["entry"].as_array().is_some_and(|list| !list.is_empty())
    {
        bundle_is_covered(name, source, &deliveries);
    }
    assert!(!deliveries.is_empty(), "{name}");
    let mut session = session(setup);
    session.attest(NOW);
    for (input, body) in &deliveries {
        let run = session.send(&request_for(setup, body, NOW), NOW, &mut || 0.0);
        let known = ["delivered", "unchanged", "duplicate", "rejected", "withheld", "quarantined"];
        assert!(known.contains(&run.outcome.as_str()), "{input}: {}", run.outcome);
        assert_eq!(
            run.refusal.is_some(),
            !["delivered", "unchanged", "duplicate"].contains(&run.outcome.as_str())
        );
        assert_eq!(run.receipt.status, 202, "{input}: {:?}", run.refusal);
        if run.outcome != "duplicate" {
            ledger_is_whole(input, body, &run);
        }
        tally.count(&run);
    }
    for (what, text) in outputs(&mut session) {
        quarry.assert_absent(&format!("{name}: {what}"), &text);
    }
    session
}

/// Sends a file without consent, and with the consent of everyone that a referral in it is about.
fn send_file(file: &Path, without: &mut Tally, with: &mut Tally) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(file).unwrap();
    let document = corpus::json(file);
    let quarry = Quarry::patients_of(&document);
    let mut setup = Setup { consents: "[]".to_owned(), ..referral().setup };
    let session = send_all(&name, &source, &setup, &quarry, without);
    assert!(session.crm().is_empty(), "{name}: something was delivered without consent");
    let mut patients = BTreeSet::new();
    subjects(&document, &mut patients);
    setup.consents = consents_for(&patients);
    send_all(&name, &source, &setup, &quarry, with);
}

#[test]
fn published_referrals_are_delivered_with_consent_only_and_accounted_for_whole() {
    let Some(folder) = corpus::folder("hl7-r4-examples/ServiceRequest") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without.0, with.0);
    assert_eq!(without.of("delivered"), 0);
    assert!(without.of("withheld") >= 5, "{:?}", without.0);
    assert!(with.of("delivered") >= 5, "{:?}", with.0);
    assert_eq!(with.total(), without.total());
}

#[test]
fn published_resources_of_every_type_are_refused_or_handled_and_accounted_for_whole() {
    let Some(folder) = corpus::folder("hl7-r4-examples") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without.0, with.0);
    assert!(without.total() > 400, "{:?}", without.0);
    assert_eq!(without.of("delivered"), 0);
    assert!(with.of("delivered") >= 5, "{:?}", with.0);
}

#[test]
fn synthea_bundles_are_covered_whole_and_nothing_of_the_patient_comes_out() {
    let Some(folder) = corpus::folder("synthea") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without.0, with.0);
    assert!(without.total() > 700, "{:?}", without.0);
    assert_eq!(without.of("rejected"), without.total(), "no policy covers what is in them");
}

/// A Bundle with one more entry: a referral of its own patient to its own organisation.
fn with_referral(document: &Value, by_url: bool) -> (String, String) {
    let mut document = document.clone();
    let entries = document["entry"].as_array_mut().unwrap();
    let reference = |wanted: &str| {
        let entry = entries.iter().find(|entry| entry["resource"]["resourceType"] == wanted).unwrap();
        if by_url {
            entry["fullUrl"].as_str().unwrap().to_owned()
        } else {
            format!("{wanted}/{}", entry["resource"]["id"].as_str().unwrap())
        }
    };
    let (patient, organization) = (reference("Patient"), reference("Organization"));
    entries.push(json!({
        "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "resource": {
            "resourceType": "ServiceRequest",
            "id": "REF-001",
            "status": "active",
            "intent": "order",
            "priority": "routine",
            "category": [{ "coding": [{ "code": "183519002", "display": "Referral to cardiology service" }] }],
            "subject": { "reference": patient },
            "authoredOn": "2026-01-14T16:20:00Z",
            "performer": [{ "reference": organization }],
        },
        "request": { "method": "POST", "url": "ServiceRequest" },
    }));
    (document.to_string(), patient)
}

#[test]
fn a_referral_of_a_synthea_patient_crosses_without_the_patient() {
    let Some(folder) = corpus::folder("synthea") else { return };
    let (mut delivered, mut quarantined) = (0, 0);
    for file in corpus::json_files(&folder) {
        let document = corpus::json(&file);
        let quarry = Quarry::patients_of(&document);
        assert!(quarry.len() > 10, "{}: {quarry:?}", file.display());
        assert!(!quarry.found_in(&document.to_string()).is_empty(), "the hunt finds the Bundle's own");
        for by_url in [true, false] {
            let (source, patient) = with_referral(&document, by_url);
            let name = format!(
                "{}, by {}",
                file.file_name().unwrap().to_string_lossy(),
                if by_url { "fullUrl" } else { "id" }
            );
            let consents = consents_for(&BTreeSet::from([patient]));
            let mut tally = Tally::default();
            let session =
                send_all(&name, &source, &Setup { consents, ..referral().setup }, &quarry, &mut tally);
            // A clinic that is called after the patient's own town would say where the patient lives.
            let clinic = document["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
            let clinic =
                clinic.filter(|r| r["resourceType"] == "Organization").map(|r| r["name"].as_str().unwrap());
            let tells = clinic.map(|name| quarry.found_in(name)).any(|found| !found.is_empty());
            let outcome = if tells { "quarantined" } else { "delivered" };
            assert_eq!(tally.of(outcome), 1, "{name}: {:?}", tally.0);
            delivered += tally.of("delivered");
            quarantined += tally.of("quarantined");
            match session.crm() {
                [] => eprintln!("{name}: quarantined by the guard"),
                records => {
                    let fields: Vec<_> = records.iter().flat_map(|record| &record.fields).collect();
                    let value =
                        |field: &str| fields.iter().find(|f| f.name == field).and_then(|f| f.value.clone());
                    for field in ["patientToken", "ageBand", "state", "clinic", "requestedMonth"] {
                        assert!(value(field).is_some(), "{name}: no {field} in {records:?}");
                    }
                    eprintln!(
                        "{name}: {:?}",
                        fields.iter().filter_map(|f| f.value.clone()).collect::<Vec<_>>()
                    );
                }
            }
        }
    }
    eprintln!("{delivered} delivered, {quarantined} quarantined");
    assert!(delivered > 0 && quarantined > 0, "{delivered} delivered, {quarantined} quarantined");
}

/// The shipped referral policy against another, over every published file.
fn preview_over_everything(new: &Value) -> Option<PreviewReport> {
    let policy = fixture("policies/referral-intake.json").unwrap();
    let side = |policy: &str| PolicyText {
        policy: policy.to_owned(),
        adapter: fixture("adapters/fhir-r4.json").unwrap().to_owned(),
    };
    let request = PreviewRequest {
        old: side(policy),
        new: side(&new.to_string()),
        consents: None,
        ehr: None,
        seed: "seed".to_owned(),
        now: NOW,
        events: PreviewEvents::Inputs(Vec::new()),
    };
    let mut comparison = Comparison::new(&request).expect("both policies can be read");
    for folder in [corpus::folder("hl7-r4-examples")?, corpus::folder("synthea")?] {
        for file in corpus::json_files(&folder) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let mut intake = Intake::new(&name, std::fs::read(&file).unwrap(), None);
            while !intake.step(1 << 20).finished {}
            (0..intake.len()).for_each(|index| assert!(comparison.take(&intake, index, None)));
        }
    }
    let report = comparison.finish();
    eprintln!("{} events: {:?}", report.events, report.totals);
    Some(report)
}

#[test]
fn a_loosened_rule_is_named_and_nothing_else_over_everything_published() {
    let mut loosened: Value =
        serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap();
    let rules = loosened["rules"].as_array_mut().unwrap();
    let rule = rules.iter_mut().find(|rule| rule["field"] == "CareEvent.authoredOn").unwrap();
    rule["label"] = json!("allowed");
    rule.as_object_mut().unwrap().remove("method");
    let Some(report) = preview_over_everything(&loosened) else { return };
    let named: Vec<&str> = report.newly_crossing.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(named, ["CareEvent.authoredOn"]);
    assert!(report.newly_crossing[0].events >= 3, "{:?}", report.newly_crossing);
    assert!(report.no_longer_crossing.is_empty() && report.changed.is_empty(), "{report:?}");
    assert!(report.events > 1_000, "{}", report.events);
}

#[test]
fn rules_in_another_order_and_by_other_names_change_nothing_over_everything_published() {
    let mut renamed: Value = serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap();
    let rules = renamed["rules"].as_array_mut().unwrap();
    rules.reverse();
    for (n, rule) in rules.iter_mut().enumerate() {
        rule["id"] = json!(format!("another-{n}"));
    }
    let Some(report) = preview_over_everything(&renamed) else { return };
    assert!(report.is_empty(), "{report:?}");
}
