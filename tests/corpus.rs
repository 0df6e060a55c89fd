//! Published FHIR data through the connector: every element is accounted for, and nothing of a patient comes out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    Comparison, Intake, NotEvents, PolicyText, PreviewEvents, PreviewReport, PreviewRequest, RunView, Scope,
    Session, Setup, fixture, request_for,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;
use support::hunt::{Quarry, outputs};
use support::{NOW, corpus, referral, session, walk};

/// The scope of the shipped referral policy, read once.
static SCOPE: LazyLock<Scope> = LazyLock::new(|| Scope::of(&referral().setup));

/// Inputs as deliveries (where each comes from, and its body), and what of them is no event of the referral policy.
fn intake(inputs: Vec<(String, Vec<u8>)>) -> (Vec<(String, String)>, NotEvents) {
    let mut intake = Intake::new(inputs, None);
    let mut steps = 0;
    while !intake.step(64 * 1024).finished {
        steps += 1;
        assert!(steps < 10_000, "reading does not end");
    }
    let (mut deliveries, mut not_events) = (Vec::new(), NotEvents::default());
    for item in (0..intake.len()).map(|n| intake.item(n, NOW, &SCOPE).expect("an item")) {
        match item.not_an_event {
            Some(what) => not_events.count(what),
            None => deliveries.push((item.input, item.body.expect("UTF-8"))),
        }
    }
    (deliveries, not_events)
}

/// A Patient of Massachusetts for each that a referral is of and that the document does not hold, as NDJSON: published
/// examples leave them out.
fn patients_for(document: &Value) -> Option<(String, Vec<u8>)> {
    let mut references = BTreeSet::new();
    subjects(document, &mut references);
    let held = |id: &str| {
        document["entry"].as_array().into_iter().flatten().any(|entry| {
            entry["resource"]["resourceType"] == "Patient" && entry["resource"]["id"].as_str() == Some(id)
        })
    };
    let ids = references.iter().filter_map(|reference| reference.strip_prefix("Patient/"));
    let lines: Vec<String> = ids
        .filter(|id| !held(id))
        .map(|id| json!({"resourceType": "Patient", "id": id, "address": [{"state": "MA", "country": "US"}]}))
        .map(|patient| patient.to_string())
        .collect();
    (!lines.is_empty())
        .then(|| ("patients.ndjson".to_owned(), format!("{}\n\n", lines.join("\n")).into_bytes()))
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

/// What became of the deliveries of an input.
#[derive(Default, Debug)]
struct Tally {
    ends: BTreeMap<String, usize>,
    not_events: usize,
}

impl Tally {
    fn count(&mut self, run: &RunView) {
        let code = run.refusal.as_ref().map_or("", |refusal| refusal.code.as_str());
        *self.ends.entry(format!("{} {code}", run.outcome).trim_end().to_owned()).or_default() += 1;
    }

    fn of(&self, outcome: &str) -> usize {
        self.ends.iter().filter(|(name, _)| name.split(' ').next() == Some(outcome)).map(|(_, n)| n).sum()
    }

    fn total(&self) -> usize {
        self.ends.values().sum::<usize>() + self.not_events
    }
}

/// Sends an input whole, and checks what must hold of any. Gives the session, where there was an event to send.
fn send_all(name: &str, source: &str, setup: &Setup, quarry: &Quarry, tally: &mut Tally) -> Option<Session> {
    let document: Value = serde_json::from_str(source.trim_start_matches('\u{FEFF}')).unwrap();
    let own = (name.to_owned(), source.as_bytes().to_vec());
    let inputs = std::iter::once(own).chain(patients_for(&document)).collect();
    let (deliveries, not_events) = intake(inputs);
    tally.not_events += not_events.total();
    assert!(!deliveries.is_empty() || not_events.total() > 0, "{name}");
    if deliveries.is_empty() {
        return None;
    }
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
    Some(session)
}

/// Sends a file without consent, and with the consent of everyone that a referral in it is about.
fn send_file(file: &Path, without: &mut Tally, with: &mut Tally) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(file).unwrap();
    let document = corpus::json(file);
    let quarry = Quarry::patients_of(&document);
    let mut setup = Setup { consents: "[]".to_owned(), ..referral().setup };
    let session = send_all(&name, &source, &setup, &quarry, without);
    assert!(
        session.is_none_or(|session| session.crm().is_empty()),
        "{name}: something was delivered without consent"
    );
    let mut patients = BTreeSet::new();
    subjects(&document, &mut patients);
    setup.consents = consents_for(&patients);
    send_all(&name, &source, &setup, &quarry, with);
}

#[test]
fn published_referrals_are_delivered_with_consent_only_and_accounted_for_whole() {
    let Some(folder) = corpus::folder("hl7-r4-examples/ServiceRequest") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder, 7) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without, with);
    assert_eq!(without.of("delivered"), 0);
    assert!(without.of("withheld") >= 5, "{:?}", without);
    assert!(with.of("delivered") >= 5, "{:?}", with);
    assert_eq!(with.total(), without.total());
}

#[test]
fn published_resources_of_every_type_are_refused_or_handled_and_accounted_for_whole() {
    let Some(folder) = corpus::folder("hl7-r4-examples") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder, 370) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without, with);
    assert!(without.total() > 400, "{:?}", without);
    assert_eq!(without.of("delivered"), 0);
    assert!(with.of("delivered") >= 5, "{:?}", with);
}

#[test]
fn synthea_bundles_are_covered_whole_and_nothing_of_the_patient_comes_out() {
    let Some(folder) = corpus::folder("synthea") else { return };
    let (mut without, mut with) = (Tally::default(), Tally::default());
    for file in corpus::json_files(&folder, 6) {
        send_file(&file, &mut without, &mut with);
    }
    eprintln!("without consent {:?}; with consent {:?}", without, with);
    assert!(without.total() > 700, "{:?}", without);
    assert_eq!(without.not_events, without.total(), "the policy covers nothing of what is in them");
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
    let (mut delivered, mut telling) = (0, 0);
    for file in corpus::json_files(&folder, 6) {
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
                send_all(&name, &source, &Setup { consents, ..referral().setup }, &quarry, &mut tally)
                    .unwrap();
            assert_eq!(tally.of("delivered"), 1, "{name}: {:?}", tally);
            delivered += 1;
            let fields: Vec<_> = session.crm().iter().flat_map(|record| &record.fields).collect();
            let value = |field: &str| fields.iter().find(|f| f.name == field).and_then(|f| f.value.clone());
            for field in ["patientToken", "ageBand", "state", "requestedMonth"] {
                assert!(value(field).is_some(), "{name}: no {field} in {fields:?}");
            }
            // What a source calls its clinic does not cross: called after the patient's own town it would say where the
            // patient lives.
            assert_eq!(value("clinic"), None, "{name}");
            let clinics = document["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
            let mut clinics = clinics.filter(|r| r["resourceType"] == "Organization");
            telling += usize::from(
                clinics.any(|clinic| !quarry.found_in(clinic["name"].as_str().unwrap()).is_empty()),
            );
            eprintln!("{name}: {:?}", fields.iter().filter_map(|f| f.value.clone()).collect::<Vec<_>>());
        }
    }
    eprintln!("{delivered} delivered, {telling} of them with a clinic whose name would tell");
    assert!(delivered == 12 && telling > 0, "{delivered} delivered, {telling} with a telling clinic");
}

/// One policy against another, over every published file.
fn preview_over_everything(old: &Value, new: &Value) -> Option<PreviewReport> {
    let side = |policy: &Value| PolicyText {
        policy: policy.to_string(),
        adapter: fixture("adapters/fhir-r4.json").unwrap().to_owned(),
    };
    let request = PreviewRequest {
        old: side(old),
        new: side(new),
        consents: None,
        ehr: None,
        seed: "seed".to_owned(),
        now: NOW,
        events: PreviewEvents::Inputs(Vec::new()),
    };
    let mut comparison = Comparison::new(&request).expect("both policies can be read");
    for (folder, least) in [(corpus::folder("hl7-r4-examples")?, 370), (corpus::folder("synthea")?, 6)] {
        for file in corpus::json_files(&folder, least) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let own = (name, std::fs::read(&file).unwrap());
            let inputs = std::iter::once(own).chain(patients_for(&corpus::json(&file)));
            let mut intake = Intake::new(inputs, None);
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
    let shipped: Value = serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap();
    let mut tighter = shipped.clone();
    let rules = tighter["rules"].as_array_mut().unwrap();
    let rule = rules.iter_mut().find(|rule| rule["field"] == "CareEvent.authoredOn").unwrap();
    rule["method"] = json!("generalize:year");
    let Some(report) = preview_over_everything(&tighter, &shipped) else { return };
    let named: Vec<&str> = report.newly_crossing.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(named, ["CareEvent.authoredOn"]);
    assert!(report.newly_crossing[0].events >= 3, "{report:?}");
    assert!(report.no_longer_crossing.is_empty() && report.changed.is_empty(), "{report:?}");
    assert!(report.events > 1_000, "{}", report.events);
}

#[test]
fn rules_in_another_order_and_by_other_names_change_nothing_over_everything_published() {
    let shipped: Value = serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap();
    let mut renamed = shipped.clone();
    let rules = renamed["rules"].as_array_mut().unwrap();
    rules.reverse();
    for (n, rule) in rules.iter_mut().enumerate() {
        rule["id"] = json!(format!("another-{n}"));
    }
    let Some(report) = preview_over_everything(&shipped, &renamed) else { return };
    assert!(report.is_empty(), "{report:?}");
}
