//! Closed vocabulary: no text that a sender typed leaves. Codes cross by labels of our own tables, or as one of the values
//! that a rule lists; whatever a sender puts beside or into a code stays behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    OpenScenario, PolicyText, PreviewEvents, PreviewInput, PreviewReport, PreviewRequest, RunView, Setup,
    add_labels, apply_edits, check_policy, fixture, open_scenario, preview,
};
use serde_json::{Value, json};
use support::{NOW, end, send, session, signed_now};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const SNOMED: &str = "http://snomed.info/sct";

fn scenario(id: &str) -> (Setup, Value) {
    let OpenScenario { setup, requests, .. } = open_scenario(id).unwrap();
    (setup, serde_json::from_str(&requests[0].1.body).unwrap())
}

/// The resource of a type in an event.
fn resource<'a>(event: &'a mut Value, kind: &str) -> &'a mut Value {
    let data = &mut event["data"];
    if data["resourceType"] == kind {
        return data;
    }
    let entries = data["entry"].as_array_mut().unwrap();
    let found = entries.iter_mut().find(|entry| entry["resource"]["resourceType"] == kind);
    &mut found.unwrap()["resource"]
}

/// What becomes of a scenario's first event with a change.
fn changed(id: &str, change: impl FnOnce(&mut Value)) -> RunView {
    let (setup, mut event) = scenario(id);
    change(&mut event);
    sent(&setup, &event)
}

fn sent(setup: &Setup, event: &Value) -> RunView {
    send(&mut session(setup), &signed_now(setup, "evt-labels-0001", &event.to_string()))
}

/// The value of a CRM field in the records of a run.
fn field<'a>(run: &'a RunView, name: &str) -> Option<&'a str> {
    let (object, name) = name.split_once('.').unwrap();
    let record = run.records.iter().find(|record| record.object == object)?;
    record.fields.iter().find(|field| field.name == name)?.value.as_deref()
}

fn category(codings: Value) -> RunView {
    changed("referral-created", |event| {
        resource(event, "ServiceRequest")["category"] = json!([{ "coding": codings }]);
    })
}

/// The places of all strings below a value.
fn strings(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::String(_) => into.push(at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| strings(item, &format!("{at}/{n}"), into));
        }
        Value::Object(members) => {
            members.iter().for_each(|(key, item)| strings(item, &format!("{at}/{key}"), into));
        }
        _ => {}
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn whatever_string_a_sender_writes_none_of_it_is_in_a_record() {
    // A name that no list has, a word that looks like a code, and a number that looks like one.
    let (mut tried, mut delivered) = (0, 0);
    for id in [
        "referral-created",
        "encounter-closed",
        "encounter-discharged",
        "care-team-changed",
        "appointment-booked",
        "lab-report-finalised",
        "consent-granted",
        "adherence-enrolment",
        "enrolment-requested",
    ] {
        let (setup, event) = scenario(id);
        let mut places = Vec::new();
        strings(&event["data"], "/data", &mut places);
        for (n, place) in places.iter().enumerate() {
            let hostile = ["Quimby", "Zelda Quimby", "quimby-zelda", "748291365"][n % 4];
            let mut event = event.clone();
            *event.pointer_mut(place).unwrap() = json!(hostile);
            let run = sent(&setup, &event);
            tried += 1;
            delivered += usize::from(run.outcome == "delivered");
            for record in &run.records {
                for field in &record.fields {
                    let value = field.value.as_deref().unwrap_or_default();
                    assert!(!value.contains(hostile), "{id} {place}: {} is {value}", field.name);
                }
            }
        }
    }
    println!("{tried} strings, {delivered} events delivered");
    assert!(tried > 380 && delivered > 100, "{tried} {delivered}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_label_comes_from_the_table_whatever_stands_beside_the_code() {
    for display in
        ["Referral to cardiology service", "Testina Testperson", "call 617-555-0199", "Young adult clinic"]
    {
        let run = category(json!([{ "system": SNOMED, "code": "183519002", "display": display }]));
        assert_eq!(end(&run), ("delivered", None, None), "{display}");
        assert_eq!(field(&run, "Activity.category"), Some("Cardiology referral"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_code_that_is_not_in_the_table_is_other_and_the_ledger_says_so() {
    for coding in [
        json!({ "system": SNOMED, "code": "183519003" }),
        json!({ "system": SNOMED, "code": "Quimby" }),
        json!({ "system": "urn:example:other", "code": "183519002" }),
        json!({ "code": "183519002", "display": "Referral" }),
    ] {
        let run = category(json!([coding]));
        assert_eq!(field(&run, "Activity.category"), Some("other"), "{coding}");
        let rows: Vec<&str> =
            run.ledger.iter().filter(|row| row.unlisted).map(|row| row.path.as_str()).collect();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(rows[0].ends_with("category[0].coding[0].code"), "{rows:?}");
    }
    // Of several codings of one concept, the one that is known counts, and one `other` is enough.
    let two = |second: &str| {
        category(json!([{ "system": "urn:example:own", "code": "C1" }, { "system": SNOMED, "code": second }]))
    };
    assert_eq!(field(&two("183519002"), "Activity.category"), Some("Cardiology referral"));
    assert!(two("183519002").ledger.iter().all(|row| !row.unlisted));
    assert_eq!(field(&two("1"), "Activity.category"), Some("other"));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_organisation_goes_by_its_id_or_an_identifier_and_an_unknown_one_is_withheld() {
    let with_table = |entry: Value, change: &dyn Fn(&mut Value)| {
        let (mut setup, mut event) = scenario("encounter-closed");
        let mut policy: Value = serde_json::from_str(&setup.policy).unwrap();
        policy["tables"] = json!([{ "name": "clinics", "entries": [entry] }]);
        setup.policy = policy.to_string();
        change(&mut event);
        let run = sent(&setup, &event);
        assert_eq!(end(&run), ("delivered", None, None));
        field(&run, "Activity.clinic").map(str::to_owned)
    };
    let provider = |event: &mut Value, reference: &str| {
        resource(event, "Encounter")["serviceProvider"] =
            json!({ "reference": reference, "display": "Zelda Quimby's" });
    };
    let by_identifier = || json!({ "system": "urn:example:clinics", "code": "C-7", "label": "Clinic seven" });
    let by_id = || json!({ "code": "Organization/ORG-9", "label": "Clinic nine" });
    for (entry, reference, expected) in [
        (by_id(), "Organization/ORG-9", Some("Clinic nine")),
        (by_id(), "Organization/ORG-8", None),
        (by_id(), "https://elsewhere.example.invalid/fhir/Organization/ORG-9", None),
        (by_identifier(), "Organization?identifier=urn:example:clinics|C-7", Some("Clinic seven")),
        (by_identifier(), "Organization?identifier=urn:example:others|C-7", None),
        // What the policy says of a clinic holds against what the adapter says.
        (
            json!({ "code": "Organization/CLINIC-DEMO-7", "label": "Heart clinic" }),
            "Organization/CLINIC-DEMO-7",
            Some("Heart clinic"),
        ),
    ] {
        let found = with_table(entry, &|event| provider(event, reference));
        assert_eq!(found.as_deref(), expected, "{reference}");
    }
    let with_clinic = |entry: Value, server: &str, id: &str, identifier: Value| {
        with_table(entry, &|event| {
            let url = format!("https://{server}.example.invalid/fhir/Organization/{id}");
            provider(event, &url);
            let clinic = resource(event, "Organization");
            clinic["id"] = json!(id);
            clinic["identifier"] = json!([identifier]);
            let entries = event["data"]["entry"].as_array_mut().unwrap();
            let clinic =
                entries.iter_mut().find(|entry| entry["resource"]["resourceType"] == "Organization").unwrap();
            clinic["fullUrl"] = json!(url);
        })
    };
    let seven = json!({ "system": "urn:example:clinics", "value": "C-7" });
    let with = |key: &str, value: Value| {
        let mut identifier = seven.clone();
        identifier[key] = value;
        identifier
    };
    for (entry, server, id, identifier, expected) in [
        (by_identifier(), "ehr", "CLINIC-DEMO-1", seven.clone(), Some("Clinic seven")),
        (by_id(), "ehr", "ORG-9", seven.clone(), Some("Clinic nine")),
        // The same id on another server is another clinic; its identifier goes with it.
        (by_id(), "elsewhere", "ORG-9", seven.clone(), None),
        (by_identifier(), "elsewhere", "ORG-9", seven.clone(), Some("Clinic seven")),
        // What it went by once is not what it goes by.
        (by_identifier(), "ehr", "CLINIC-DEMO-1", with("use", json!("old")), None),
        (by_identifier(), "ehr", "CLINIC-DEMO-1", with("period", json!({ "end": "2025" })), None),
    ] {
        let found = with_clinic(entry, server, id, identifier.clone());
        assert_eq!(found.as_deref(), expected, "{server} {id} {identifier}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_code_crosses_as_it_is_only_of_a_listed_system_and_from_the_list() {
    let class = |system: Option<&str>, code: &str| {
        changed("encounter-closed", |event| {
            let class = &mut resource(event, "Encounter")["class"];
            *class = json!({ "code": code, "display": "Zelda Quimby" });
            if let Some(system) = system {
                class["system"] = json!(system);
            }
        })
    };
    let ours = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    assert_eq!(field(&class(Some(ours), "AMB"), "Activity.setting"), Some("AMB"));
    for (system, code) in
        [(Some("urn:example:other"), "AMB"), (None, "AMB"), (Some("urn:example:other"), "Quimby")]
    {
        let run = class(system, code);
        assert_eq!(
            (run.outcome.as_str(), field(&run, "Activity.setting")),
            ("delivered", None),
            "{system:?} {code}"
        );
    }
    let run = class(Some(ours), "Quimby");
    assert_eq!(end(&run).1, Some("guard.value-outside-contract"));
}

#[wasm_bindgen_test(unsupported = test)]
fn text_is_kept_by_no_policy() {
    let policy: Value = serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap();
    for (field, target) in [
        ("CareEvent.categoryDisplay", "Activity.category"),
        ("Organization.name", "Activity.clinic"),
        ("Practitioner.identifier", "Contact.externalId"),
        ("CareEvent.lastVerified", "Activity.requestedMonth"),
        ("CareEvent.codeText", "Activity.category"),
    ] {
        let mut policy = policy.clone();
        let rules = policy["rules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["field"] != field && rule["target"] != target);
        rules.push(
            json!({ "id": "T1", "field": field, "label": "allowed", "target": target, "values": ["x"] }),
        );
        let said = check_policy(&policy.to_string());
        let kept = [
            "policy.text-kept",
            "policy.free-text-allowed",
            "policy.phi-allowed",
            "policy.highly-restricted-allowed",
        ];
        assert!(
            said.diagnostics.iter().any(|d| kept.contains(&d.code.as_str())),
            "{field}: {:?}",
            said.diagnostics
        );
        assert!(!said.usable(), "{field}");
    }
}

fn previewed(policy: &str, event: &Value) -> PreviewReport {
    let texts = || PolicyText {
        policy: policy.to_owned(),
        adapter: fixture("adapters/fhir-r4.json").unwrap().to_owned(),
    };
    preview(&PreviewRequest {
        old: texts(),
        new: texts(),
        consents: None,
        ehr: None,
        seed: "seed".to_owned(),
        now: NOW,
        events: PreviewEvents::Inputs(vec![PreviewInput {
            name: "event".to_owned(),
            text: event.to_string(),
            at: None,
        }]),
    })
    .unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_preview_names_what_is_in_no_table_and_one_edit_adds_it() {
    let (setup, mut event) = scenario("referral-created");
    let codings = |codes: [&str; 4]| {
        codes.map(|code| json!({ "coding": [{ "system": "urn:example:kinds", "code": code }] }))
    };
    // The family name and the record number of the patient are among the codes: they are counted and not named.
    let patient = resource(&mut event, "Patient").clone();
    let family = patient["name"][0]["family"].as_str().unwrap();
    let number = patient["identifier"][0]["value"].as_str().unwrap();
    resource(&mut event, "ServiceRequest")["category"] =
        json!(codings(["K-1", "with a blank", family, number]));
    // A system can spell a name as well as a code can.
    let system = json!({ "system": format!("urn:example:{family}"), "code": "K-1" });
    let list = resource(&mut event, "ServiceRequest")["category"].as_array_mut().unwrap();
    list.push(json!({ "coding": [system] }));
    let report = previewed(&setup.policy, &event);
    let [missing] = report.unlisted.as_slice() else { panic!("{:?}", report.unlisted) };
    assert_eq!((missing.table.as_str(), missing.becomes.as_str()), ("service-category", "other"));
    assert_eq!((missing.values, missing.unnamed), (5, 4), "{missing:?}");
    let named: Vec<_> =
        missing.codes.iter().map(|code| (code.system.as_deref(), code.code.as_str())).collect();
    assert_eq!(named, [(Some("urn:example:kinds"), "K-1")]);
    let shown = serde_json::to_string(&report).unwrap();
    assert!(!shown.contains(family) && !shown.contains(number), "{shown}");

    let text = apply_edits(&setup.policy, &add_labels(&setup.policy, &report.unlisted)).unwrap();
    assert!(check_policy(&text).usable(), "{:?}", check_policy(&text).diagnostics);
    let left = previewed(&text, &event);
    assert_eq!((left.unlisted[0].values, left.unlisted[0].codes.len()), (4, 0));
    // Into a table that is there already, the next one goes as well.
    resource(&mut event, "ServiceRequest")["category"] = json!(codings(["K-1", "K-2", "K-3", "K-2"]));
    let more = previewed(&text, &event);
    let text = apply_edits(&text, &add_labels(&text, &more.unlisted)).unwrap();
    assert!(previewed(&text, &event).unlisted.is_empty());
    let policy: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(policy["tables"].as_array().unwrap().len(), 1);
    assert_eq!(policy["tables"][0]["entries"].as_array().unwrap().len(), 3);
}
