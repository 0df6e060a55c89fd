//! FHIR AuditEvents.

use super::{ORIGIN, every_log, export, hostile, leaf, record};
use airlock::api::{ExportFormat, validate};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn events(records: &[String]) -> Vec<Value> {
    let out = export(ExportFormat::Fhir, records);
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A part of the extension that ties an event to the log.
fn part<'a>(event: &'a Value, name: &str) -> Vec<&'a Value> {
    let parts = event["extension"][0]["extension"].as_array().unwrap().iter();
    let named = parts.filter(|part| part["url"] == name);
    named
        .map(|part| part.as_object().unwrap().iter().find(|(key, _)| key.starts_with("value")).unwrap().1)
        .collect()
}

fn are_valid(records: &[String]) {
    let out = export(ExportFormat::Fhir, records);
    let reports = validate(out.into_bytes());
    assert_eq!(reports.len(), records.len());
    for (report, text) in reports.iter().zip(records) {
        assert!(report.valid && report.issues.is_empty(), "{text}: {:#?}", report.issues);
        assert_eq!(report.resource_type.as_deref(), Some("AuditEvent"));
    }
}

#[test]
fn each_record_of_each_scenario_is_one_valid_audit_event() {
    for (_, records) in every_log() {
        are_valid(records);
    }
}

#[test]
fn an_audit_event_can_be_tied_to_its_record() {
    for (_, records) in every_log() {
        let events = events(records);
        let ids: BTreeSet<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), records.len(), "each has an id of its own");
        for (event, text) in events.iter().zip(records) {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(part(event, "origin"), [ORIGIN]);
            assert_eq!(part(event, "leafHash"), [&json!(STANDARD.encode(leaf(text)))]);
            assert_eq!(part(event, "seq"), [&json!(value["seq"].to_string())]);
            assert!(event["id"].as_str().unwrap().ends_with(&format!("-{}", value["seq"])));
            assert_eq!(event["recorded"], value["time"]);
            // Nothing of a record is lost.
            for (name, own) in value.as_object().unwrap() {
                let everywhere = event.to_string();
                let says = |text: &Value| everywhere.contains(text.to_string().trim_matches('"'));
                assert!(
                    own.as_array().map_or_else(|| says(own), |items| items.iter().all(says)),
                    "{name}: {text}"
                );
            }
        }
    }
}

#[test]
fn an_id_is_of_the_log_and_the_place() {
    let id = |origin: &str, seq| {
        let mut out = String::new();
        let exporter = airlock::api::Exporter::new(ExportFormat::Fhir, origin);
        exporter.record(&record(seq, json!({})), &mut out).unwrap();
        let event: Value = serde_json::from_str(&out).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(id("a", 1), id("a", 1));
    assert_ne!(id("a", 1), id("b", 1));
    assert_ne!(id("a", 1), id("a", 2));
    assert!(id("a", u64::MAX).len() <= 64);
}

#[test]
fn hostile_values_stay_values() {
    let plain = record(7, json!({ "stage": "queue", "action": "retry", "outcome": "deferred" }));
    for text in hostile() {
        let mut records = Vec::new();
        for member in [
            "action",
            "actor",
            "class",
            "code",
            "consent",
            "correlation",
            "credential",
            "destination",
            "event",
            "eventType",
            "fingerprint",
            "legalBasis",
            "outcome",
            "path",
            "policy",
            "policyHash",
            "purpose",
            "role",
            "source",
            "stage",
        ] {
            records.push(record(7, json!({ member: text })));
            records.push(record(7, json!({ member: text, "stage": "consent", "action": "decide" })));
            let mut change: Value = serde_json::from_str(&plain).unwrap();
            change[member] = json!(text);
            records.push(change.to_string());
        }
        for stage in ["redact", "consent"] {
            records.push(record(7, json!({ "stage": stage, "action": "decide", "fields": [text, "x"] })));
        }
        let events = events(&records);
        assert!(events.iter().all(|event| event["resourceType"] == "AuditEvent"));
        let out = export(ExportFormat::Fhir, &records);
        for report in validate(out.into_bytes()) {
            // FHIR has no text with control characters, and none of white space alone; what a record says is not
            // changed for that.
            let shown = text.chars().any(|c| c.is_control() && !c.is_whitespace()) || text.trim().is_empty();
            assert!(report.valid || shown, "{text:?}: {:#?}", report.issues);
        }
    }
}

#[test]
fn what_was_done_with_fields_is_in_every_pattern() {
    for (stage, action) in
        [("redact", "apply-policy"), ("consent", "decide"), ("deliver", "write"), ("adapt", "map")]
    {
        let text =
            record(7, json!({ "stage": stage, "action": action, "fields": ["R01 A.b keep/1 crossed"] }));
        let bare = text.replace("\"event\":\"evt-1\",", "");
        are_valid(&[text.clone(), bare.clone()]);
        for event in events(&[text, bare]) {
            assert!(event.to_string().contains("R01 A.b keep/1 crossed"), "{event}");
        }
    }
}

#[test]
fn a_purpose_that_is_no_code_is_not_given_as_one() {
    let event = &events(&[record(7, json!({ "purpose": "for care and more" }))])[0];
    assert!(event.get("purposeOfEvent").is_none());
    assert_eq!(part(event, "purpose"), ["for care and more"]);
}

#[test]
fn a_count_that_is_delivered_is_a_disclosure_of_nobody() {
    let count = &events(&[record(7, json!({ "fingerprint": "00", "counted": "counted" }))])[0];
    assert!(count["meta"].get("profile").is_none() && count["type"]["code"] == "110106");
    assert!(count["entity"].as_array().unwrap().iter().all(|entity| entity["type"]["code"] != "1"));
    let counts =
        every_log().iter().flat_map(|(_, records)| records).filter(|text| text.contains("\"counted\":"));
    let counts: Vec<String> = counts.cloned().collect();
    assert!(!counts.is_empty() && events(&counts).iter().all(|event| event["meta"].get("profile").is_none()));
}
