//! `airlock audit`.

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A bundle of the happy path, in a folder of the test's own.
fn evidence(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("evidence.json");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sandbox/referral-created.json");
    let out = airlock(&["run", scenario, "--evidence", file.to_str().unwrap()], None);
    assert!(out.status.success());
    file
}

fn airlock(arguments: &[&str], input: Option<&[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_airlock"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read its input may be gone already.
    let _ = stdin.write_all(input.unwrap_or_default());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn each_format_goes_to_standard_output() {
    let file = evidence("audit-formats");
    let path = file.to_str().unwrap();
    for (format, lines, start) in [
        ("ndjson", 7, "{\"action\":"),
        ("csv", 8, "action,actor,"),
        ("fhir", 7, "{\"resourceType\":\"AuditEvent\""),
    ] {
        let out = airlock(&["audit", path, "--as", format], None);
        assert_eq!(out.status.code(), Some(0), "{format}: {}", text(&out.stderr));
        assert!(text(&out.stdout).starts_with(start) && out.stderr.is_empty(), "{format}");
        assert_eq!(text(&out.stdout).lines().count(), lines, "{format}");
        let piped = airlock(&["audit", "-", "--as", format], Some(&std::fs::read(&file).unwrap()));
        assert_eq!(piped.stdout, out.stdout, "the same from standard input");
    }
    for (format, start) in [("prov", "<svg "), ("prov-n", "document\n")] {
        let out = airlock(&["audit", path, "--as", format, "--record", "6"], None);
        assert_eq!(out.status.code(), Some(0), "{format}: {}", text(&out.stderr));
        assert!(text(&out.stdout).starts_with(start), "{format}");
    }
}

#[test]
fn audit_events_of_the_command_line_are_valid_by_it() {
    let file = evidence("audit-valid");
    let events = airlock(&["audit", file.to_str().unwrap(), "--as", "fhir"], None);
    let out = airlock(&["validate", "-", "--json"], Some(&events.stdout));
    assert_eq!(out.status.code(), Some(0));
    let reports: Vec<Value> =
        text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(reports.len() == 7 && reports.iter().all(|report| report["valid"] == true));
}

#[test]
fn what_does_not_verify_is_not_exported_unless_asked_for() {
    let file = evidence("audit-altered");
    let altered = std::fs::read_to_string(&file).unwrap().replace("\"permitted\"", "\"denied\"");
    let own = file.with_file_name("altered.json");
    std::fs::write(&own, altered).unwrap();
    let path = own.to_str().unwrap();
    let refused = airlock(&["audit", path, "--as", "ndjson"], None);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.stdout.is_empty() && text(&refused.stderr).contains("--unverified"),
        "{}",
        text(&refused.stderr)
    );
    let exported = airlock(&["audit", path, "--as", "ndjson", "--unverified"], None);
    assert_eq!(exported.status.code(), Some(1), "it still does not verify");
    assert_eq!(text(&exported.stdout).lines().count(), 7);
    assert!(text(&exported.stderr).contains("error["), "{}", text(&exported.stderr));
}

#[test]
fn a_record_that_can_not_be_exported_is_told_and_the_others_are() {
    let file = evidence("audit-unfit");
    let altered = std::fs::read_to_string(&file).unwrap().replace("\"action\":\"decide\"", "\"action\":5");
    let own = file.with_file_name("unfit.json");
    std::fs::write(&own, altered).unwrap();
    for (format, lines) in [("ndjson", 6), ("csv", 7), ("fhir", 6)] {
        let out = airlock(&["audit", own.to_str().unwrap(), "--as", format, "--unverified"], None);
        assert_eq!(out.status.code(), Some(1));
        assert_eq!(text(&out.stdout).lines().count(), lines, "{format}");
        assert!(text(&out.stderr).contains("item 3 "), "{format}: {}", text(&out.stderr));
    }
}

#[test]
fn what_is_asked_for_wrongly_is_a_matter_of_usage() {
    let file = evidence("audit-usage");
    let path = file.to_str().unwrap();
    for arguments in [
        &["audit", path][..],
        &["audit", path, "--as", "xml"],
        &["audit", path, "--as", "prov"],
        &["audit", path, "--as", "prov-n"],
        &["audit", path, "--as", "prov", "--record", "7"],
        &["audit", path, "--as", "csv", "--record", "6"],
        &["audit", "no-such-file.json", "--as", "csv"],
        &["audit", concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), "--as", "csv"],
    ] {
        let out = airlock(arguments, None);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {}", text(&out.stderr));
        assert!(out.stdout.is_empty() && !out.stderr.is_empty());
    }
}
