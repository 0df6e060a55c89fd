//! A name counts together with its namespace: two patients who differ in nothing else share no token, no consent and no
//! record; and the CRM sees nothing that counts the events of others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::archive::Query;
use airlock::api::{RunView, Session, Setup, holds_resource};
use serde_json::{Value, json};
use support::{end, referral, referral_value, send, session, signed_now};

const MRN: &str = "urn:example.invalid:mrn";
const OTHER: &str = "https://other.example.invalid/fhir";

/// The referral scenario's setting with a policy that makes the patient's token of the record number.
fn by_record_number() -> Setup {
    let setup = referral().setup;
    let mut policy: Value = serde_json::from_str(&setup.policy).unwrap();
    for rule in policy["rules"].as_array_mut().unwrap() {
        match rule["field"].as_str() {
            Some("Person.sourceId") => {
                rule["field"] = json!("Person.identifier");
                rule["cardinality"] = json!("0..1");
            }
            Some("Person.identifier") => rule["field"] = json!("Person.sourceId"),
            _ => {}
        }
    }
    Setup { policy: policy.to_string(), ..setup }
}

fn run(setup: &Setup, change: impl FnOnce(&mut Value)) -> RunView {
    let mut body = referral_value();
    change(&mut body["data"]["entry"]);
    send(&mut session(setup), &signed_now(setup, "evt-identity", &body.to_string()))
}

fn field(run: &RunView, name: &str) -> Option<String> {
    let mut fields = run.records.iter().flat_map(|record| &record.fields);
    fields.find(|field| field.name == name).and_then(|field| field.value.clone())
}

fn patient(entries: &mut Value) -> &mut Value {
    let of_patient = |entry: &&mut Value| entry["resource"]["resourceType"] == "Patient";
    &mut entries.as_array_mut().unwrap().iter_mut().find(of_patient).unwrap()["resource"]
}

fn subject(entries: &mut Value) -> &mut Value {
    &mut entries[0]["resource"]["subject"]
}

fn under(consents: Value, change: impl FnOnce(&mut Value)) -> (String, Option<String>) {
    let run = run(&Setup { consents: consents.to_string(), ..referral().setup }, change);
    let (outcome, code, _) = end(&run);
    (outcome.to_owned(), code.map(str::to_owned))
}

fn consent_of(patient: Value, kind: &str) -> Value {
    let mut consent: Value = serde_json::from_str(&referral().setup.consents).unwrap();
    let mut consent = if consent.is_array() { consent[0].take() } else { consent };
    consent["patient"] = patient;
    consent["provision"]["type"] = json!(kind);
    consent
}

#[test]
fn a_token_is_of_system_and_value_and_the_use_comes_before_the_place() {
    let setup = by_record_number();
    let token = |identifiers: Value| {
        let run = run(&setup, |entries| patient(entries)["identifier"] = identifiers);
        assert_eq!(end(&run).0, "delivered", "{:?}", run.refusal);
        field(&run, "patientToken").unwrap()
    };
    let of = |system: &str, usage: &str| json!({ "use": usage, "system": system, "value": "MRN-TEST-0001" });
    let (own, other) =
        (token(json!([of(MRN, "usual")])), token(json!([of("urn:example.invalid:b", "usual")])));
    assert_ne!(own, other);
    for worse in ["usual", "secondary", "old", "temp"] {
        let found = token(json!([of("urn:example.invalid:b", worse), of(MRN, "official")]));
        assert_eq!(found, own, "{worse} before official");
    }
    let mut ended = of("urn:example.invalid:b", "official");
    ended["period"] = json!({ "end": "2020-01-01" });
    assert_eq!(token(json!([ended, of(MRN, "secondary")])), own);
}

#[test]
fn an_identifier_without_a_system_is_nobodys_and_that_is_said() {
    let refused = run(&by_record_number(), |entries| {
        patient(entries)["identifier"] = json!([{ "value": "MRN-TEST-0001" }]);
    });
    assert_eq!(end(&refused).0, "rejected");
    assert_eq!(end(&refused).1, Some("redact.namespace-missing"));
}

#[test]
fn the_same_person_is_known_by_every_way_of_naming_them() {
    let setup = referral().setup;
    let token = |change: &dyn Fn(&mut Value)| {
        let run = run(&setup, change);
        assert_eq!(end(&run).0, "delivered", "{:?}", run.refusal);
        field(&run, "patientToken").unwrap()
    };
    let relative = token(&|_| {});
    let absolute = token(&|entries| {
        subject(entries)["reference"] = json!("https://ehr.example.invalid/fhir/Patient/PAT-001");
    });
    let urn = token(&|entries| {
        let urn = "urn:uuid:0b5c1f6e-0000-4000-8000-000000000001";
        subject(entries)["reference"] = json!(urn);
        let list = entries.as_array_mut().unwrap();
        let entry = list.iter_mut().find(|entry| entry["resource"]["resourceType"] == "Patient").unwrap();
        entry["fullUrl"] = json!(urn);
    });
    assert_eq!((&relative, &relative), (&absolute, &urn));
}

#[test]
fn a_consent_is_found_by_namespace_and_name_alone() {
    let delivered = ("delivered".to_owned(), None);
    let withheld = |code: &str| ("withheld".to_owned(), Some(code.to_owned()));
    let permit = |patient: Value| json!([consent_of(patient, "permit")]);
    let by_number = |system: &str| json!({ "identifier": { "system": system, "value": "MRN-TEST-0001" } });
    assert_eq!(under(permit(by_number(MRN)), |_| {}), delivered);
    assert_eq!(under(permit(by_number("urn:example.invalid:b")), |_| {}), withheld("consent.absent"));
    let elsewhere = format!("{OTHER}/Patient/PAT-001");
    assert_eq!(under(permit(json!({ "reference": elsewhere })), |_| {}), withheld("consent.unclear"));
    // A denial of somebody who has the number in another system is not this patient's.
    let own = json!({ "reference": "Patient/PAT-001" });
    let both = |denied: Value| json!([consent_of(own.clone(), "permit"), consent_of(denied, "deny")]);
    assert_eq!(under(both(by_number("urn:example.invalid:b")), |_| {}), delivered);
    assert_eq!(under(both(by_number(MRN)), |_| {}), withheld("consent.denied"));
    // One that is named so that it can't be told may be this patient's.
    for text in ["/Patient/PAT-001", "Patient/PAT-001/", "Patient/PAT-001 ", "Patient?identifier=x|PAT-001"] {
        assert_eq!(under(both(json!({ "reference": text })), |_| {}), withheld("consent.unclear"), "{text}");
    }
    assert_eq!(under(both(json!({ "reference": "Patient/PAT-001." })), |_| {}), delivered);
}

#[test]
fn a_denial_under_a_number_that_is_not_in_force_any_more_is_not_lifted_by_that() {
    let by_number = json!({ "identifier": { "system": MRN, "value": "MRN-TEST-0001" } });
    let own = json!({ "reference": "Patient/PAT-001" });
    let of = |more: Value| {
        let mut identifier = json!({ "system": MRN, "value": "MRN-TEST-0001" });
        more.as_object().unwrap().iter().for_each(|(key, value)| identifier[key] = value.clone());
        json!([identifier, { "system": MRN, "value": "MRN-TEST-0002" }])
    };
    for more in [
        json!({ "use": "old" }),
        json!({ "use": "temp" }),
        json!({ "period": { "end": "2025" } }),
        json!({ "period": { "start": "2030" } }),
    ] {
        let ends = |consents: Value| {
            let (outcome, code) =
                under(consents, |entries| patient(entries)["identifier"] = of(more.clone()));
            (outcome, code.unwrap_or_default())
        };
        let (permit, deny) = (consent_of(own.clone(), "permit"), consent_of(by_number.clone(), "deny"));
        let withheld = ("withheld".to_owned(), "consent.unclear".to_owned());
        assert_eq!(ends(json!([permit, deny])), withheld, "a denial: {more}");
        assert_eq!(ends(json!([consent_of(by_number.clone(), "permit")])), withheld, "a permission: {more}");
    }
}

#[test]
fn a_subject_that_is_a_query_or_on_another_server_is_not_the_patient() {
    let permit = || json!([consent_of(json!({ "reference": "Patient/PAT-001" }), "permit")]);
    let query = format!("Patient?identifier={MRN}|MRN-TEST-0001");
    let asked = under(json!([consent_of(json!({ "reference": query }), "permit")]), |entries| {
        *subject(entries) = json!({ "reference": query });
    });
    assert_eq!(asked.1.as_deref(), Some("consent.subject-unknown"));
    let elsewhere = under(permit(), |entries| {
        let url = format!("{OTHER}/Patient/PAT-001");
        *subject(entries) = json!({ "reference": url });
        let mut other = entries[1].clone();
        other["fullUrl"] = json!(url);
        entries.as_array_mut().unwrap().push(other);
    });
    assert_eq!(elsewhere.1.as_deref(), Some("consent.unclear"));
    let logical = under(permit(), |entries| {
        *subject(entries) = json!({ "identifier": { "value": "PAT-001" } });
    });
    assert_eq!(logical, ("rejected".to_owned(), Some("validate.context-missing".to_owned())));
}

#[test]
fn the_crm_sees_the_same_whatever_came_of_others_in_between() {
    let setup = referral().setup;
    let body = referral_value().to_string();
    let crm = |before: usize| {
        let mut session = session(&setup);
        for n in 0..before {
            let other = body.replace("PAT-001", "PAT-002").replace("REF-001", &format!("REF-9{n}"));
            assert_eq!(
                send(&mut session, &signed_now(&setup, &format!("evt-other-{n}"), &other)).outcome,
                "withheld"
            );
        }
        assert_eq!(send(&mut session, &signed_now(&setup, "evt-own", &body)).outcome, "delivered");
        session.crm().to_vec()
    };
    assert_eq!(crm(0), crm(3));
    assert!(
        crm(0).iter().all(|record| record.correlation.starts_with("ref-") && record.correlation.len() == 20)
    );
}

fn found(session: &Session, query: &str) -> usize {
    session.store().archive().find(&Query::parse(query).0, &[]).records().len()
}

#[test]
fn an_event_id_is_kept_as_a_keyed_hash_and_found_as_it_was_sent() {
    let setup = referral().setup;
    let mut own = session(&setup);
    own.keep_under("a key of this browser".to_owned());
    own.configure(&setup).unwrap();
    let id = "evt-PAT-001-chosen";
    send(&mut own, &signed_now(&setup, id, &referral_value().to_string()));
    let records: Vec<String> = (0..).map_while(|seq| own.store().archive().canonical(seq)).collect();
    assert!(records.len() >= 5 && records.iter().all(|record| !record.contains(id)));
    for query in [format!("event:{id}"), id.to_owned()] {
        assert_eq!(found(&own, &query), records.len(), "{query}");
    }
    assert_eq!(found(&own, "event:evt-PAT-001-chose"), 0);
    // The same run makes the same log in every browser, and another seed another hash. Who has no seed finds an id by its
    // hash alone.
    let hash = own.entry(0).unwrap().event.unwrap();
    let hash_under = |setup: &Setup| {
        let mut other = session(setup);
        send(&mut other, &signed_now(setup, id, &referral_value().to_string()));
        other.entry(0).unwrap().event.unwrap()
    };
    assert_eq!(hash_under(&setup), hash);
    assert_ne!(hash_under(&Setup { seed: "another seed".to_owned(), ..setup.clone() }), hash);
    assert_eq!(found(&own, &format!("event:{hash}")), records.len());
}

#[test]
fn a_text_that_holds_a_resource_is_told_from_a_policy() {
    let policy = referral().setup.policy;
    assert!(!holds_resource(&policy));
    assert!(!holds_resource(r#"{ "note": "The resourceType is Patient." }"#));
    for text in [
        r#"{"resourceType":"Patient","id":"PAT-001"}"#.to_owned(),
        policy.replacen('{', r#"{"x":[{"resourceType" : "Patient"}],"#, 1),
        r#"{"rules":[], "note": "{\"resourceType\":\"Patient\"}"#.to_owned(),
        "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}".to_owned(),
        r#"{"resourceType":"Bundle","entry":[{"res"#.to_owned(),
        r#"{"\u0072esourceType":"Patient"}"#.to_owned(),
        r#"<Patient xmlns="http://hl7.org/fhir"><id value="PAT-001"/>"#.to_owned(),
    ] {
        assert!(holds_resource(&text), "{text}");
    }
}
