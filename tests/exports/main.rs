//! The exports of the timeline: each holds every record, is safe to open, and can be tied back to the evidence.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod balp;
mod cli;
mod fhir;
mod lineage;
#[path = "../support/mod.rs"]
mod support;
mod table;

use airlock::api::{ExportFormat, Exporter, Session, open_scenario, run_in, scenarios};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The log's name, as checkpoints have it.
const ORIGIN: &str = "airlock.example.invalid/exports";

/// The records of a scenario, as they were hashed.
fn records_of(scenario: &str) -> Vec<String> {
    let mut session = Session::new();
    run_in(&open_scenario(scenario).unwrap(), &mut session);
    session.timeline().iter().map(|entry| entry.raw.clone()).collect()
}

/// The records of every scenario.
fn every_log() -> &'static [(String, Vec<String>)] {
    static LOGS: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    LOGS.get_or_init(|| scenarios().into_iter().map(|card| (card.id.clone(), records_of(&card.id))).collect())
}

fn export(format: ExportFormat, records: &[String]) -> String {
    let exporter = Exporter::new(format, ORIGIN);
    let mut out = String::new();
    exporter.head(&mut out);
    for record in records {
        exporter.record(record, &mut out).unwrap_or_else(|unfit| panic!("{unfit}: {record}"));
    }
    out
}

/// The RFC 6962 leaf hash.
fn leaf(record: &str) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

/// A sound record with other members in place of its own.
fn record(seq: u64, members: Value) -> String {
    let mut record = json!({
        "action": "write", "actor": "demo-operator", "correlation": "run-000001", "destination": "CRM-DEMO",
        "event": "0123456789abcdef", "outcome": "delivered", "role": "integration-operator", "seq": seq,
        "source": "HOSP-SANDBOX-A", "stage": "deliver", "time": "2026-01-15T09:00:00Z",
    });
    for (name, value) in members.as_object().unwrap() {
        record[name] = value.clone();
    }
    record.to_string()
}

/// Texts that mean something to a reader of one format or another.
fn hostile() -> Vec<String> {
    let texts = [
        "a,b;c\td",
        "say \"so\", 'or' so",
        "two\nlines\r\nthree",
        "=HYPERLINK(\"https://example.invalid\",\"x\")",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\"=1\"",
        "'=1",
        " =1",
        "＝1",
        "</svg><script>alert(1)</script>",
        "</title></desc>]]><!--&amp;-->",
        "\" onload=\"alert(1)",
        "\u{0}\u{1}\u{b}\u{1f}\u{7f}\u{85}",
        "\u{202e}gnp.exe\u{2066}\u{200f}",
        "\u{feff}\u{fffe}\u{ffff}",
        "\\\"\\u0022}],{",
        "{\"resourceType\":\"Patient\"}",
        "run:x) endDocument //",
        "é😀\u{10ffff}",
        " ",
        "",
    ];
    texts.into_iter().map(str::to_owned).chain([long()]).collect()
}

fn long() -> String {
    "evt-9".repeat(2_000)
}

#[test]
fn a_line_of_ndjson_is_the_text_that_was_hashed() {
    for (scenario, records) in every_log() {
        let out = export(ExportFormat::Ndjson, records);
        assert!(out.ends_with('\n') && out.lines().eq(records), "{scenario}");
    }
    let records: Vec<String> = hostile().iter().map(|text| record(7, json!({ "event": text }))).collect();
    let out = export(ExportFormat::Ndjson, &records);
    let lines = out.split_terminator('\n').map(leaf);
    assert!(lines.eq(records.iter().map(|record| leaf(record))));
}

#[test]
fn no_records_are_an_empty_export() {
    assert_eq!(export(ExportFormat::Ndjson, &[]), "");
    assert_eq!(export(ExportFormat::Fhir, &[]), "");
    assert_eq!(
        export(ExportFormat::Csv, &[]).matches("\r\n").count(),
        1,
        "a table has its header all the same"
    );
}

#[test]
fn what_is_no_record_is_not_exported_and_leaves_nothing() {
    let good = record(7, json!({}));
    let members = |change: Value| record(7, change);
    for text in [
        "",
        "{}",
        "null",
        "not a record",
        &good.replace(':', ": "),
        &good.replace("{", "{\"zz\":\"1\","),
        &good[..good.len() - 1],
        &format!("{good}\n"),
        &members(json!({ "actor": 5 })),
        &members(json!({ "seq": -1 })),
        &members(json!({ "seq": "7" })),
        &members(json!({ "stage": null })),
        &members(json!({ "fields": [1] })),
    ] {
        for format in ExportFormat::ALL {
            let mut out = String::new();
            assert!(Exporter::new(format, ORIGIN).record(text, &mut out).is_err(), "{text}");
            assert_eq!(out, "");
        }
    }
    for time in ["", "yesterday", "2026-01-15", "2026-13-01T00:00:00Z"] {
        let text = members(json!({ "time": time }));
        let mut out = String::new();
        assert!(Exporter::new(ExportFormat::Fhir, ORIGIN).record(&text, &mut out).is_err(), "{time}");
        assert_eq!(out, "");
        assert!(
            Exporter::new(ExportFormat::Csv, ORIGIN).record(&text, &mut out).is_ok(),
            "a table can show it"
        );
    }
}

#[test]
fn records_go_through_one_at_a_time_and_none_waits_for_another() {
    let records = records_of("referral-created");
    for format in ExportFormat::ALL {
        let exporter = Exporter::new(format, ORIGIN);
        let (mut out, mut largest) = (String::new(), 0);
        for count in [2_000, 20_000] {
            for n in 0..count {
                out.clear();
                exporter.record(&records[n % records.len()], &mut out).unwrap();
                largest = largest.max(out.len());
                assert!(out.ends_with('\n') && out.matches('\n').count() == 1);
            }
        }
        assert!(largest < 16_000, "at most {largest} bytes at once");
    }
}
