//! Adapters that are large, that refer to what is not there, or that ask for what can never be.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where its own documents are missing"
)]

use airlock::api::{
    CheckedDocument, NamedText, Severity, apply_edits, check_documents, check_policy, fixture, schema,
};
use serde_json::{Value, json};

fn shipped(name: &str) -> Value {
    serde_json::from_str(fixture(name).unwrap()).unwrap()
}

fn checked(document: &Value) -> CheckedDocument {
    let text = NamedText { name: "draft.json".to_owned(), text: document.to_string() };
    check_documents(&[text], &[], None).pop().unwrap()
}

fn codes(checked: &CheckedDocument) -> Vec<&str> {
    checked.diagnostics.iter().map(|found| found.code.as_str()).collect()
}

#[test]
fn thousands_of_equal_events_are_refused() {
    let mut adapter = shipped("adapters/fhir-r4.json");
    let event = adapter["events"][0].clone();
    adapter["events"] = vec![event; 3_000].into();
    let found = checked(&adapter);
    assert!(codes(&found).iter().filter(|code| **code == "adapter.event-twice").count() >= 200);
}

#[test]
fn what_an_entry_that_is_there_again_has_wrong_is_told_all_the_same() {
    let mut adapter = shipped("adapters/fhir-r4.json");
    let mut event = adapter["events"][0].clone();
    event["feilds"] = json!([]);
    event["related"] = json!([{ "shape": "nonesuch", "at": "surname" }]);
    adapter["events"].as_array_mut().unwrap().push(event);
    let found = checked(&adapter);
    for code in [
        "adapter.event-twice",
        "adapter.unknown-key",
        "adapter.unknown-shape",
        "adapter.selector-unknown-element",
    ] {
        assert!(codes(&found).contains(&code), "{code}: {:?}", codes(&found));
    }
}

/// A document with another value at a place.
fn with(name: &str, at: &str, value: Value) -> Value {
    let mut document = shipped(name);
    let (parent, key) = at.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        object => object[key] = value,
    }
    document
}

#[test]
fn a_reference_to_what_is_not_there_has_a_code() {
    let (policy, fhir, crm) =
        ("policies/referral-intake.json", "adapters/fhir-r4.json", "adapters/crm-demo.json");
    for (name, at, value, code) in [
        (policy, "/adapter", "nonesuch", "policy.adapter-unknown"),
        // An adapter of a CRM reads no source, and one of a source writes no CRM.
        (policy, "/adapter", "crm-demo", "policy.adapter-unknown"),
        (policy, "/target/adapter", "fhir-r4", "policy.adapter-unknown"),
        // A policy is no adapter, not even its own.
        (policy, "/adapter", "referral-intake", "policy.adapter-unknown"),
        (policy, "/eventTypes/0", "nothing.happened", "policy.event-type-unread"),
        (policy, "/rules/0/field", "CareEvent.nonesuch", "policy.unknown-field"),
        (policy, "/rules/0/target", "Nonesuch.field", "policy.target-unknown"),
        (policy, "/purpose", "NONESUCH", "policy.purpose-unknown"),
        (fhir, "/events/0/focus", "Nonesuch", "adapter.unknown-resource-type"),
        (fhir, "/events/0/related/0/shape", "nonesuch", "adapter.unknown-shape"),
        (fhir, "/events/0/fields/0/field", "CareEvent.nonesuch", "adapter.unknown-field"),
        (fhir, "/events/0/subject", "ServiceRequest.nonesuch", "adapter.selector-unknown-element"),
        (crm, "/objects/0/fields/0/fields/0", "Person.nonesuch", "adapter.unknown-field"),
    ] {
        let document = with(name, at, value.into());
        let found = checked(&document);
        assert!(codes(&found).contains(&code) && !found.usable(), "{at}: {:?}", codes(&found));
        // The page says of a policy what the command line says.
        if name == policy {
            let report = check_policy(&document.to_string());
            assert!(!report.usable() && report.diagnostics.iter().any(|found| found.code == code), "{at}");
        }
    }
}

/// A policy names adapters, an adapter's event its shapes, and all of them the canonical model, which names nothing. No
/// key leads back: one that would is not known.
#[test]
fn no_document_can_refer_to_itself_or_in_a_circle() {
    let fhir = "adapters/fhir-r4.json";
    let shape = json!([{ "shape": "organization", "at": "partOf" }]);
    for (name, at, value) in [
        (fhir, "/adapter", json!("fhir-r4")),
        (fhir, "/extends", json!("fhir-r4")),
        (fhir, "/shapes/0/related", shape.clone()),
        (fhir, "/shapes/0/shape", json!("organization")),
        (fhir, "/shapes/0/fields/0/related", shape),
        ("adapters/crm-demo.json", "/objects/0/object", json!("Account")),
        ("adapters/crm-demo.json", "/objects/0/fields/0/target", json!("Account.name")),
        ("policies/referral-intake.json", "/extends", json!("referral-intake")),
        ("policies/referral-intake.json", "/rules/0/rule", json!("R1")),
        ("canonical/model.json", "/entities/0/entity", json!("Person")),
    ] {
        let found = checked(&with(name, at, value));
        assert!(codes(&found).iter().any(|code| code.ends_with(".unknown-key")), "{at}: {:?}", codes(&found));
    }
    // What a schema is named by is not followed.
    let own = with(fhir, "/$schema", json!("fhir-r4.json"));
    assert_eq!(codes(&checked(&own)), Vec::<&str>::new());
    // The keys of a shape, and of a field in it.
    let adapter = schema("adapter-2").unwrap();
    let shape = &adapter["properties"]["shapes"]["items"]["properties"];
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(shape), ["$schema", "fields", "name", "type"]);
    assert_eq!(
        keys(&shape["fields"]["items"]["properties"]),
        ["$schema", "field", "normalise", "note", "select"]
    );
}

/// What is said of a selector of a Patient: messages, and the selector after the fix, where one is offered.
fn said(select: &str) -> (Vec<String>, Option<String>) {
    let at = "/subjectFields/0";
    let adapter =
        with("adapters/fhir-r4.json", at, json!({ "field": "Person.familyName", "select": select }));
    let text = adapter.to_string();
    let found = checked(&adapter);
    let of_it = found.diagnostics.iter().filter(|found| found.code == "adapter.never-holds");
    let mut messages = Vec::new();
    let mut fixed = None;
    for finding in of_it {
        assert_eq!(finding.severity, Severity::Warning);
        let rest = &text[finding.start.offset as usize..finding.end as usize];
        messages.push(format!("{} {}", rest.trim_end_matches('"'), finding.message));
        if let Some(fix) = &finding.fix {
            let text: Value = serde_json::from_str(&apply_edits(&text, &fix.edits).unwrap()).unwrap();
            fixed = text.pointer(at).unwrap()["select"].as_str().map(str::to_owned);
        }
    }
    (messages, fixed)
}

#[test]
fn what_can_never_be_is_a_warning_with_what_was_probably_meant() {
    for (select, from, says, fixed) in [
        (
            "name.where(use = 'offical').family",
            "offical'",
            "Did you mean `official`?",
            "name.where(use = 'official').family",
        ),
        (
            "name.where('offical' = use).family",
            "offical'",
            "never `offical`",
            "name.where('official' = use).family",
        ),
        (
            "name.where(use in ('usual' | 'offical')).family",
            "offical'",
            "`offical`",
            "name.where(use in ('usual' | 'official')).family",
        ),
        (
            "name.where(use.where($this = 'usua').exists()).family",
            "usua'",
            "`usual`",
            "name.where(use.where($this = 'usual').exists()).family",
        ),
        // Equal texts have the same case.
        (
            "name.where(use = 'OFFICIAL').family",
            "OFFICIAL'",
            "Did you mean `official`?",
            "name.where(use = 'official').family",
        ),
        ("name.where(use = 'x-ray').family", "= 'x-ray'", "never `x-ray`", ""),
        (
            "communication.where(preferred = 'true').language.text",
            "= 'true'",
            "boolean is never like one of type String. Write it without quotes",
            "",
        ),
        ("telecom.where(rank = '1').value", "= '1'", "Write it without quotes", ""),
        ("telecom.where(value = 1).value", "= 1)", "Write it in quotes", ""),
        ("telecom.where(rank < 'a').value", "< 'a'", "positiveInt", ""),
        (
            "name.where(period.start = '2026-01-01').family",
            "= '2026-01-01'",
            "Write a date as `@2026-01-31`",
            "",
        ),
        ("name.where(period = 'now').family", "= 'now'", "Period is never like one of type String", ""),
        ("name.where(use = {}).family", "= {}", "Write `.empty()`", ""),
        ("name.where(false).family", "false", "hold of nothing", ""),
        ("name.where({}).family", "{}", "hold of nothing", ""),
        ("maritalStatus[1].text", "1]", "one item here at most", ""),
        ("name.first()[1].family", "1]", "one item here at most", ""),
        ("birthDate.skip(1)", "1)", "one item here at most", ""),
        ("maritalStatus.tail().text", "tail", "one item here at most", ""),
    ] {
        let (messages, fix) = said(select);
        assert_eq!(messages.len(), 1, "{select}: {messages:?}");
        assert!(messages[0].starts_with(from) && messages[0].contains(says), "{select}: {messages:?}");
        assert_eq!(fix.unwrap_or_default(), fixed, "{select}");
    }
}

#[test]
fn what_can_be_is_not_told() {
    for select in [
        "name.where(use = 'official').family",
        "name.where(use ~ 'OFFICIAL').family",
        "name.where(use != 'offical').family",
        "name.where(family = 'offical').family",
        "name.where(use.empty() or use = 'old').family",
        "name.where(period.start > @2020-01-01).family",
        "name.where(period.start = @2020-01-01T09:00:00Z).family",
        "name.where(true).family",
        "name[1].given[2]",
        "name.given[1]",
        "maritalStatus.coding[1].code",
        "maritalStatus[0].text",
        "maritalStatus.skip(0).text",
        "telecom.where(rank > 1).value",
        "telecom.where(rank = 1.0).value",
        "extension('urn:example:x').where(value = 'y').url",
        "managingOrganization.resolve().ofType(Organization).name",
        "managingOrganization.resolve().where(active = 'true').name",
        "multipleBirth.ofType(integer)",
        "link.other.resolve()[1].id",
    ] {
        assert_eq!(said(select), (Vec::new(), None), "{select}");
    }
    // A condition's values are looked at, too.
    let adapter = shipped("adapters/fhir-r4.json");
    let events = adapter["events"].as_array().unwrap();
    let place = events.iter().position(|event| event["when"][0]["select"] == "Consent.status").unwrap();
    for misspelt in ["actve", "Active"] {
        let bad = with("adapters/fhir-r4.json", &format!("/events/{place}/when/0/in/0"), json!(misspelt));
        let found = checked(&bad);
        let finding = found.diagnostics.iter().find(|found| found.code == "adapter.never-holds").unwrap();
        assert!(finding.message.contains("Did you mean `active`?"), "{finding:?}");
        let fixed = apply_edits(&bad.to_string(), &finding.fix.as_ref().unwrap().edits).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&fixed).unwrap(), adapter);
    }
}
