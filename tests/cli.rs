//! The command line: what it prints, and how it exits.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::hunt::Quarry;
use support::{referral_value, walk};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const POLICY: &str = "fixtures/policies/referral-intake.json";
const CONSENT: &str = "fixtures/consents/pat-001-permit.json";
/// The Patient that the referrals are of.
const PATIENT: &str = "tests/support/PAT-001.json";
const NOW: &str = "2026-01-15T09:00:00Z";
/// The public seed of the demonstrations.
const DEMO: &str = "airlock-demo-seed";

/// What a call did.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    status: i32,
    out: String,
    err: String,
}

impl Done {
    /// Each line of standard output as JSON.
    fn lines(&self) -> Vec<Value> {
        let read =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}: {self:?}"));
        self.out.lines().map(read).collect()
    }

    /// The exit status, and nothing on standard output where there is nothing to give.
    #[track_caller]
    fn unusable(&self, says: &str) {
        assert_eq!((self.status, self.out.as_str()), (2, ""), "{self:?}");
        assert!(self.err.contains(says), "{says} is not in {}", self.err);
    }
}

fn airlock_with(input: &[u8], args: &[&str]) -> Done {
    let mut child = Command::new(env!("CARGO_BIN_EXE_airlock"))
        .args(args)
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes it: that is no fault of this call's.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Done {
        status: output.status.code().expect("it was not killed"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn airlock(args: &[&str]) -> Done {
    airlock_with(b"", args)
}

/// `airlock send` with policy, consent and a pinned clock.
fn send(args: &[&str]) -> Done {
    send_with(b"", args)
}

fn send_with(input: &[u8], args: &[&str]) -> Done {
    let fixed = ["send", "--policy", POLICY, "--consent", CONSENT, "--now", NOW, "--json"];
    airlock_with(input, &[&fixed, args, &[PATIENT]].concat())
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The happy path's Bundle, with a referral of this id.
fn bundle(id: &str) -> String {
    referral_value()["data"].to_string().replace("REF-001", id)
}

/// A referral alone.
fn service_request(id: &str) -> String {
    json!({
        "resourceType": "ServiceRequest", "id": id, "status": "active", "intent": "order",
        "subject": { "reference": "Patient/PAT-001" },
    })
    .to_string()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn has_keys(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    assert!(wanted.iter().all(|key| keys.contains(key)), "{wanted:?} in {keys:?}");
}

fn outcomes(done: &Done) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    done.lines().iter().map(|line| (text(&line["outcome"]).unwrap(), text(&line["code"]))).collect()
}

#[test]
fn run_passes_every_scenario_of_the_sandbox_with_the_known_roots() {
    let done = airlock(&["run", "fixtures/sandbox", "--json"]);
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{done:?}");
    let lines = done.lines();
    assert!(lines.len() >= 8);
    let mut roots = Vec::new();
    for line in &lines {
        assert_eq!(line["passed"], true, "{line}");
        has_keys(line, &["scenario", "passed", "deliveries", "crm", "log"]);
        assert_eq!(keys(&line["log"]), BTreeSet::from(["root", "size"]));
        for delivery in line["deliveries"].as_array().unwrap() {
            assert_eq!(keys(delivery), BTreeSet::from(["code", "outcome"]));
        }
        roots.push(format!(
            "{} {}\n",
            line["scenario"].as_str().unwrap(),
            line["log"]["root"].as_str().unwrap()
        ));
    }
    roots.sort();
    assert_eq!(roots.concat(), include_str!("roots.txt"));
}

#[test]
fn run_tells_people_the_same_without_colour_where_nobody_watches() {
    let done =
        airlock(&["run", "fixtures/sandbox/referral-created.json", "fixtures/sandbox/bad-signature.json"]);
    assert_eq!(done.status, 0);
    assert!(done.out.contains("passed") && done.out.contains("webhook.signature-mismatch"), "{}", done.out);
    assert!(!done.out.contains('\u{1b}'));
    Quarry::patients_of(&referral_value()).assert_absent("standard output", &done.out);
}

#[test]
fn a_scenario_that_does_not_come_true_exits_with_1_and_a_file_that_is_none_with_2() {
    let folder = folder("scenarios");
    let text =
        std::fs::read_to_string(Path::new(ROOT).join("fixtures/sandbox/referral-created.json")).unwrap();
    let wrong =
        write(&folder, "wrong.json", text.replace("\"outcome\": \"delivered\"", "\"outcome\": \"withheld\""));
    let done = airlock(&["run", &wrong, "--json"]);
    assert_eq!(done.status, 1);
    let [line] = done.lines().try_into().unwrap();
    assert_eq!((line["passed"].as_bool(), line["failures"].as_array().map(Vec::len)), (Some(false), Some(1)));
    assert!(airlock(&["run", &wrong]).out.contains("FAILED"));

    let none = write(&folder, "none.json", "{}");
    airlock(&["run", &none, "--json"]).unusable("none.json: error:");
    let broken = write(&folder, "broken.json", "{");
    airlock(&["run", &broken]).unusable("broken.json: error:");
    airlock(&["run", "no-such-file.json"]).unusable("no-such-file.json: error:");
    let misspelt = write(
        &folder,
        "misspelt.json",
        text.replace("\"policy\": \"referral-intake\"", "\"policy\": \"none\""),
    );
    airlock(&["run", &misspelt]).unusable("policies/none.json");
    let extra = write(&folder, "extra.json", text.replacen('{', "{\"extra\": 1,", 1));
    airlock(&["run", &extra]).unusable("extra");
}

#[test]
fn a_pinned_clock_and_seed_give_the_same_bytes_again_and_others_do_not() {
    let folder = folder("pinned");
    let run = |seed: &str, now: &str, name: &str| {
        let out = folder.join(name);
        let scenario = "fixtures/sandbox/referral-created.json";
        let args = ["run", scenario, "--now", now, "--json", "--evidence", out.to_str().unwrap()];
        let keys: &[&str] = if seed == DEMO { &["--seed", seed, "--demo-keys"] } else { &["--seed", seed] };
        let done = airlock(&[&args, keys].concat());
        (done, std::fs::read_to_string(out).unwrap())
    };
    let later = "2026-02-01T10:00:00+01:00";
    let first = run("another-seed", later, "1.json");
    assert_eq!(first, run("another-seed", later, "2.json"));
    assert!(first.1.contains("2026-02-01T09:00:00Z"), "the clock is the one given");
    assert_ne!(first.1, run("another-seed", NOW, "3.json").1);
    let other = run("a-third-seed", later, "4.json");
    assert_ne!(first.0.out, other.0.out, "tokens come from the seed");
    // The scenario expects the tokens of its own seed: under another they are the one thing that differs.
    let own = run(DEMO, later, "5.json");
    assert_eq!((own.0.status, first.0.status, other.0.status), (0, 1, 1));
    let but_tokens = |done: &Done| {
        let [line] = done.lines().try_into().unwrap();
        let records = line["crm"].as_array().unwrap().iter();
        let fields = records.flat_map(|record| record["fields"].as_array().unwrap().clone());
        let is_token = |value: &Value| value.as_str().is_some_and(|value| value.starts_with("tok_"));
        let (tokens, rest): (Vec<Value>, Vec<Value>) = fields.partition(|field| is_token(&field["value"]));
        assert_eq!(tokens.len(), 2, "{line}");
        (line["deliveries"].clone(), rest)
    };
    assert_eq!(but_tokens(&own.0), but_tokens(&first.0));
    assert_eq!(but_tokens(&own.0), but_tokens(&other.0));
    airlock(&["run", "fixtures/sandbox", "--now", "yesterday"]).unusable("clock");

    let body = write(&folder, "referral.json", bundle("REF-001"));
    let first = send(&[&body, "--seed", "s"]);
    assert_eq!(first, send(&[&body, "--seed", "s"]));
    assert_ne!(first.out, send(&[&body, "--seed", "t"]).out);
    assert_ne!(send(&[&body]).out, send(&[&body]).out, "without a seed the keys are the system's");
    for seed in ["", " ", DEMO] {
        airlock(&["run", "fixtures/sandbox/referral-created.json", "--seed", seed])
            .unusable("setting.seed-public");
    }
    assert_eq!(send(&[&body, "--demo-keys"]), send(&[&body, "--seed", DEMO, "--demo-keys"]));
    airlock(&["send", &body, "--policy", POLICY, "--now", "yesterday"]).unusable("`yesterday`");
}

#[test]
fn send_delivers_with_consent_and_shows_every_element_without_its_value() {
    let folder = folder("send");
    let body = write(&folder, "referral.json", bundle("REF-001"));
    let done = send(&[&body]);
    assert_eq!(done.status, 0, "{}", done.err);
    assert!(done.err.contains("not an event of this policy: 2 Patient\n"), "{}", done.err);
    let [line] = done.lines().try_into().unwrap();
    has_keys(&line, &["input", "outcome", "code", "record", "ledger"]);
    assert_eq!(line["input"], format!("{body}#Bundle.entry[0]"));
    assert_eq!((line["outcome"].as_str(), &line["code"]), (Some("delivered"), &Value::Null));
    let ledger = line["ledger"].as_array().unwrap();
    assert_eq!(ledger.len(), walk::leaves(&bundle("REF-001")).len());
    for row in ledger {
        has_keys(row, &["path", "class", "label", "rule", "method", "crossed"]);
    }
    assert!(
        ledger.iter().any(|row| row["crossed"] == true) && ledger.iter().any(|row| row["crossed"] == false)
    );
    Quarry::patients_of(&referral_value()).assert_absent("standard output", &done.out);

    let without = airlock(&["send", &body, "--policy", POLICY, "--now", NOW, "--json"]);
    assert_eq!(without.status, 1);
    assert_eq!(outcomes(&without), [("withheld".to_owned(), Some("consent.absent".to_owned()))]);
    let people = airlock(&["send", &body, "--policy", POLICY, "--now", NOW]);
    assert_eq!(people.status, 1);
    assert!(people.out.contains("withheld") && people.out.contains("consent.absent"), "{}", people.out);
    Quarry::patients_of(&referral_value()).assert_absent("standard output", &people.out);
}

#[test]
fn send_takes_standard_input_folders_lines_arrays_and_bundles() {
    let folder = folder("inputs");
    let delivered = |n: usize| vec![("delivered".to_owned(), None); n];

    let done = send_with(bundle("REF-001").as_bytes(), &["-"]);
    assert_eq!((done.status, outcomes(&done)), (0, delivered(1)));
    assert_eq!(done.lines()[0]["input"], "-#Bundle.entry[0]");

    let lines = format!(
        "{}\n\n{}\r\n{}",
        service_request("REF-1"),
        service_request("REF-2"),
        service_request("REF-3")
    );
    let ndjson = write(&folder, "many.ndjson", &lines);
    let done = send(&[&ndjson]);
    assert_eq!((done.status, outcomes(&done)), (0, delivered(3)));
    let inputs: Vec<Value> = done.lines().iter().map(|line| line["input"].clone()).collect();
    assert_eq!(inputs, [format!("{ndjson}:1"), format!("{ndjson}:3"), format!("{ndjson}:4")]);

    let array =
        write(&folder, "array.json", format!("[{},{}]", service_request("REF-4"), service_request("REF-5")));
    assert_eq!(outcomes(&send(&[&array])), delivered(2));

    let below = folder.join("below/further");
    std::fs::create_dir_all(&below).unwrap();
    write(&below, "one.json", service_request("REF-6"));
    write(&below, "notes.txt", "not an input");
    let done = send(&[folder.to_str().unwrap()]);
    assert_eq!((done.status, outcomes(&done)), (0, delivered(6)));

    // Several paths, and the same content again.
    let one = write(&folder, "again.json", service_request("REF-6"));
    let done = send(&[&one, &ndjson, &one]);
    let mut expected = delivered(4);
    expected.push(("duplicate".to_owned(), None));
    assert_eq!((done.status, outcomes(&done)), (0, expected));

    let two = json!({
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            { "resource": serde_json::from_str::<Value>(&service_request("REF-7")).unwrap() },
            { "resource": { "resourceType": "Device", "id": "DEV-001" } },
            { "resource": serde_json::from_str::<Value>(&service_request("REF-8")).unwrap() },
            { "request": { "method": "DELETE", "url": "Device/DEV-002" } },
        ],
    });
    let done = send_with(two.to_string().as_bytes(), &["-"]);
    assert_eq!((done.status, outcomes(&done)), (0, delivered(2)));
    let marked: Vec<Value> = done.lines().iter().map(|line| line["input"].clone()).collect();
    assert_eq!(marked, [0, 2].map(|n| json!(format!("-#Bundle.entry[{n}]"))));
    for what in ["1 Device\n", "1 deletion of Device\n"] {
        assert!(done.err.contains(&format!("not an event of this policy: {what}")), "{}", done.err);
    }
}

#[test]
fn send_refuses_what_is_broken_and_goes_on_with_the_rest() {
    let folder = folder("broken");
    let good = write(&folder, "good.json", service_request("REF-1"));
    for (name, bytes, code) in [
        ("cut.json", &b"{\"resourceType\":"[..], "json.syntax"),
        ("latin1.json", b"{\"a\":\"\xe9\"}", "json.not-utf8"),
        ("deep.json", "[".repeat(10_000).as_bytes(), "json.too-deep"),
        ("twice.json", b"{\"resourceType\":\"Task\",\"resourceType\":\"Task\"}", "json.duplicate-key"),
        ("nonesuch.json", b"{\"resourceType\":\"Nonesuch\"}", "validate.resource-type-unknown"),
        ("plain.json", b"{\"a\":1}", "validate.resource-type-missing"),
        ("empty.json", b"", "webhook.body-empty"),
    ] {
        let file = write(&folder, name, bytes);
        let done = send(&[&file, &good]);
        assert_eq!(done.status, 1, "{name}");
        let expected = [("rejected".to_owned(), Some(code.to_owned())), ("delivered".to_owned(), None)];
        let mut got = outcomes(&done);
        got.sort_by(|one, other| other.cmp(one));
        assert_eq!(got, expected, "{name}");
    }
    let ndjson = format!("{}\n{{\"cut\": \n{}\n", service_request("REF-2"), service_request("REF-3"));
    let done = send_with(ndjson.as_bytes(), &["-"]);
    let got: Vec<String> = outcomes(&done).into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(
        (done.status, got.as_slice()),
        (1, &["delivered", "rejected", "delivered"].map(str::to_owned)[..])
    );
}

#[test]
fn send_takes_a_byte_order_mark_and_an_event_type_of_the_callers() {
    let folder = folder("event");
    let marked = write(&folder, "mark.json", format!("\u{FEFF}{}", service_request("REF-1")));
    assert_eq!(outcomes(&send(&[&marked])), [("delivered".to_owned(), None)]);
    let done = send(&[&marked, "--event", "referral.deleted"]);
    assert_eq!((done.status, outcomes(&done)), (0, Vec::new()), "no event of that type is about a referral");
    assert!(done.err.contains("not an event of this policy: 1 ServiceRequest"), "{}", done.err);
}

#[test]
#[cfg(unix)]
fn the_name_of_a_file_in_a_folder_can_not_repaint_the_terminal() {
    let folder = folder("names");
    std::fs::write(folder.join("a\u{1b}[2Jb\nc.json"), bundle("REF-001")).unwrap();
    let path = folder.to_str().unwrap();
    for args in [
        &["send", path, "--policy", POLICY, "--now", NOW, "--attest-synthetic"][..],
        &["validate", path],
        &["preview", POLICY, POLICY, "--events", path],
    ] {
        let done = airlock(args);
        let shown = format!("{}{}", done.out, done.err);
        assert!(!shown.contains('\u{1b}') && !shown.contains("\nc.json"), "{args:?}: {shown:?}");
    }
}

#[test]
fn data_that_looks_real_is_sent_only_with_an_attestation_and_that_is_in_the_evidence() {
    let folder = folder("attest");
    let real = write(&folder, "real.json", bundle("REF-001").replace("Testperson", "Quimby"));
    let done = send(&[&real]);
    let code = Some("synthetic.attestation-required".to_owned());
    assert_eq!((done.status, outcomes(&done)), (1, vec![("rejected".to_owned(), code)]));
    let evidence = folder.join("evidence.json");
    let evidence = evidence.to_str().unwrap();
    let done = send(&[&real, "--attest-synthetic", "--evidence", evidence]);
    assert_eq!((done.status, outcomes(&done)), (0, vec![("delivered".to_owned(), None)]));
    let text = std::fs::read_to_string(evidence).unwrap();
    assert!(text.contains("\"action\":\"attest-synthetic\""));
    for text in [done.out, text] {
        assert!(!text.to_lowercase().contains("quimby"));
        Quarry::patients_of(&referral_value()).assert_absent("what it gives out", &text);
    }
}

#[test]
fn what_can_not_be_read_exits_with_2() {
    let folder = folder("unreadable");
    let good = write(&folder, "good.json", service_request("REF-1"));
    send(&["no-such-file.json"]).unusable("no-such-file.json: error:");
    airlock(&["send", &good, "--policy", "no-such-policy.json"]).unusable("no-such-policy.json: error:");
    let missing = ["send", &good, "--policy", POLICY, "--consent", "no-such-consent.json"];
    airlock(&missing).unusable("no-such-consent.json: error:");
    let empty = folder.join("empty");
    std::fs::create_dir(&empty).unwrap();
    send(&[empty.to_str().unwrap()]).unusable("no .json or .ndjson");
    airlock(&["send", &good]).unusable("--policy");
    airlock(&["send", &good, "--policy", POLICY, "--nonesuch"]).unusable("--nonesuch");
    airlock(&["nonesuch"]).unusable("nonesuch");
    assert_eq!(airlock(&[]).status, 2);
    let no_consent = write(&folder, "none.json", "{\"resourceType\":\"Patient\"}");
    let done = airlock(&["send", &good, "--policy", POLICY, "--consent", &no_consent]);
    done.unusable("consents.not-a-consent");
    let out = folder.join("no/such/folder/evidence.json");
    let done = send(&[&good, "--evidence", out.to_str().unwrap()]);
    assert_eq!(done.status, 2);
    assert!(done.err.contains("evidence.json: error:"), "{}", done.err);
}

#[test]
fn a_bad_policy_is_shown_as_file_line_column_severity_and_code() {
    let folder = folder("policy");
    let good = write(&folder, "good.json", service_request("REF-1"));
    let policy = std::fs::read_to_string(Path::new(ROOT).join(POLICY)).unwrap();
    for (name, text, at, code) in [
        (
            "field.json",
            policy.replace("CareEvent.status", "CareEvent.staus"),
            "\"CareEvent.staus\"",
            "policy.unknown-field",
        ),
        ("key.json", policy.replace("\"title\"", "\"titel\""), "\"titel\"", "policy.unknown-key"),
        (
            "cut.json",
            policy.replacen("\"version\": \"", "\"version\": oops\"", 1),
            "oops",
            "policy.json-syntax",
        ),
    ] {
        let file = write(&folder, name, &text);
        let (line, column) = support::place_of(&text, at);
        let done = airlock(&["send", &good, "--policy", &file, "--json"]);
        done.unusable(&format!("{file}:{line}:{column}: error[{code}]: "));
    }
    let raised = policy.replace(
        "\"label\": \"redacted\", \"target\": \"PatientAttribute.patientName\"",
        "\"label\": \"allowed\", \"cardinality\": \"0..1\", \"target\": \"PatientAttribute.patientName\",
         \"owner\": \"privacy office\", \"check\": \"Looked at.\", \"rollback\": \"Publish the version before.\"",
    );
    let file = write(&folder, "raised.json", &raised);
    let done = airlock(&["send", &good, "--policy", &file, "--json", "--now", NOW]);
    done.unusable(": error[policy.phi-allowed]: ");
    let file = write(&folder, "warned.json", policy.replace("\"consent\": \"required\",", ""));
    let done = airlock(&["send", &good, "--policy", &file, "--json", "--now", NOW]);
    assert_eq!(done.status, 1, "a warning stops nothing: {done:?}");
    assert!(done.err.contains(": warning[policy.consent-missing]: "), "{}", done.err);
}

#[test]
fn select_gives_values_as_the_source_has_them_or_says_why_not() {
    let observation = br#"{"resourceType":"Observation","valueQuantity":{"value":1.00,"unit":"kg"}}"#;
    let done = airlock_with(observation, &["select", "Observation.value", "-", "--json"]);
    assert_eq!((done.status, done.out.trim()), (0, r#"{"values":[{"value":1.00,"unit":"kg"}]}"#), "{done:?}");
    let done = airlock_with(observation, &["select", "Observation.value.value", "-"]);
    assert_eq!((done.status, done.out.as_str()), (0, "1.00\n"));
    let done = airlock_with(observation, &["select", "Observation.value.lower()", "-", "--json"]);
    assert_eq!((done.status, done.lines()[0]["error"]["offset"].as_u64()), (1, Some(18)));
    let done = airlock_with(observation, &["select", "-1.valu", "-"]);
    assert_eq!((done.status, done.out.as_str()), (1, ""));
    assert!(done.err.starts_with("EXPR:1:4: error[selector-unknown-element]: "), "{}", done.err);
    airlock_with(b"{\"a\":", &["select", "id", "-"]).unusable("json");
    airlock(&["select", "id", "nonesuch.json"]).unusable("nonesuch.json");
}

#[test]
fn check_says_what_stands_against_policies_and_adapters() {
    let folder = folder("check");
    let all = ["policies", "adapters", "canonical"].map(|name| format!("{ROOT}/fixtures/{name}"));
    let args: Vec<&str> = std::iter::once("check").chain(all.iter().map(String::as_str)).collect();
    let done = airlock(&args);
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{done:?}");
    assert!(done.out.starts_with("sound: "), "{}", done.out);

    let policy = std::fs::read_to_string(Path::new(ROOT).join(POLICY)).unwrap();
    let bad = policy.replace("CareEvent.status", "CareEvent.staus");
    let file = write(&folder, "bad.json", &bad);
    let (line, column) = support::place_of(&bad, "\"CareEvent.staus\"");
    let done = airlock(&["check", &file, "--json"]);
    assert_eq!(done.status, 1, "{done:?}");
    assert!(
        done.err.contains(&format!("{file}:{line}:{column}: error[policy.unknown-field]: ")),
        "{}",
        done.err
    );
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(keys(&report), BTreeSet::from(["diagnostics"]));
    let first = &report["diagnostics"][0];
    for (key, value) in
        [("code", json!("policy.unknown-field")), ("severity", json!("error")), ("line", json!(line))]
    {
        assert_eq!(first[key], value, "{key}");
    }
    assert!(first["column"] == json!(column) && first["file"] == json!(file));
    assert!(first["message"].is_string() && first["help"].is_string());

    // Together: another text under the same id and version. Against: rules that moved without the version.
    let changed = policy.replace("\"generalize:zip3\"", "\"tokenize\"");
    let [old, new] =
        [("old.json", &policy), ("new.json", &changed)].map(|(name, text)| write(&folder, name, text));
    let done = airlock(&["check", &old, &new]);
    assert!(done.status == 1 && done.err.contains("error[policy.version-twice]"), "{done:?}");
    let done = airlock(&["check", &new, "--against", &old]);
    assert!(done.status == 1 && done.err.contains("error[policy.version-not-moved]"), "{done:?}");
    assert_eq!(airlock(&["check", &old, "--against", &old]).status, 0);
    // What is no version before of any of them is not taken for one.
    let [other, adapter] =
        ["policies/outcome-reporting", "adapters/fhir-r4"].map(|name| format!("{ROOT}/fixtures/{name}.json"));
    let broken = policy.replacen("\"CareEvent.status\"", "\"CareEvent.staus\"", 1);
    let [empty, broken] =
        [("empty.json", ""), ("broken.json", &broken)].map(|(name, text)| write(&folder, name, text));
    for (before, code) in [
        (&empty, "policy.json-"),
        (&broken, "policy.unknown-field"),
        (&adapter, "policy.earlier-no-policy"),
        (&other, "policy.earlier-of-none"),
    ] {
        let done = airlock(&["check", &old, "--against", before]);
        assert_eq!(done.status, 2, "{code}: {}", done.err);
        assert!(done.err.contains(code), "{code}: {}", done.err);
    }

    // An adapter of one's own, what is nothing of the kind, standard input, and what can't be read.
    let own = policy.replace("\"fhir-r4\"", "\"our-ehr\"");
    let own = write(&folder, "own.json", &own);
    let done = airlock(&["check", &own]);
    assert!(done.status == 1 && done.err.contains("error[policy.adapter-unknown]"), "{done:?}");
    let adapter = std::fs::read_to_string(Path::new(ROOT).join("fixtures/adapters/fhir-r4.json")).unwrap();
    let adapter =
        write(&folder, "adapter.json", adapter.replace("\"id\": \"fhir-r4\"", "\"id\": \"our-ehr\""));
    let done = airlock(&["check", &own, "--adapter", &adapter]);
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{done:?}");
    for (text, code) in
        [("{}", "document.kind-unknown"), ("{", "document.json-syntax"), ("", "document.json-syntax")]
    {
        let done = airlock_with(text.as_bytes(), &["check", "-", "--json"]);
        assert!(done.status == 1 && done.out.contains(code), "{text:?} {done:?}");
    }
    assert_eq!(airlock_with(policy.as_bytes(), &["check", "-"]).status, 0);
    airlock(&["check", "nowhere.json"]).unusable("nowhere.json");
    airlock(&["check"]).unusable("Usage");
}

#[test]
fn help_has_examples_and_the_exit_statuses() {
    let done = airlock(&["--help"]);
    assert_eq!(done.status, 0);
    for part in ["Examples:", "airlock run", "airlock send", "airlock sign", "airlock verify", "Exit status"]
    {
        assert!(done.out.contains(part), "{part}");
    }
    assert!(airlock(&["--version"]).out.starts_with("airlock "));
    for command in ["run", "send", "sign", "authenticate", "verify", "proof"] {
        assert_eq!(airlock(&[command, "--help"]).status, 0);
    }
}

/// Evidence of these referrals, sent in order.
fn evidence(folder: &Path, name: &str, ids: &[&str]) -> String {
    let out = folder.join(name).to_str().unwrap().to_owned();
    let lines: Vec<String> = ids.iter().map(|id| service_request(id)).collect();
    let done = send_with(lines.join("\n").as_bytes(), &["-", "--seed", "evidence", "--evidence", &out]);
    assert_eq!((done.status, outcomes(&done).len()), (0, ids.len()), "{done:?}");
    out
}

#[test]
fn verify_finds_good_evidence_good() {
    let folder = folder("verify");
    let file = evidence(&folder, "evidence.json", &["REF-1", "REF-2"]);
    let done = airlock(&["verify", &file, "--json"]);
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    let [result] = done.lines().try_into().unwrap();
    has_keys(&result, &["verified", "size", "root", "faults"]);
    assert_eq!(
        (&result["verified"], &result["faults"], &result["size"]),
        (&json!(true), &json!([]), &json!(14))
    );
    let text = std::fs::read_to_string(&file).unwrap();
    let bundle: Value = serde_json::from_str(&text).unwrap();
    let checkpoint = bundle["checkpoints"][0].as_str().unwrap();
    let root = STANDARD.decode(checkpoint.lines().nth(2).unwrap()).unwrap();
    assert_eq!(result["root"], airlock::engine::audit::hex(&root));
    assert_eq!(result["signedBy"], bundle["keys"]);
    assert_eq!(airlock_with(text.as_bytes(), &["verify", "-", "--json"]).out, done.out);
    let people = airlock(&["verify", &file]);
    assert!(
        people.status == 0 && people.out.contains("verified") && people.out.contains("14"),
        "{}",
        people.out
    );
    // Indented anew by some other tool, it says the same.
    let indented = write(&folder, "indented.json", serde_json::to_string_pretty(&bundle).unwrap());
    assert_eq!(airlock(&["verify", &indented, "--json"]).out, done.out);
}

#[test]
fn verify_names_the_record_that_was_altered_dropped_or_moved() {
    let folder = folder("tamper");
    let file = evidence(&folder, "evidence.json", &["REF-1", "REF-2"]);
    let good: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    type Change = Box<dyn Fn(&mut Value)>;
    let cases: Vec<(&str, Change, Value)> = vec![
        ("altered", Box::new(|e| e["records"][5]["outcome"] = json!("refused")), json!(5)),
        ("another time", Box::new(|e| e["records"][0]["time"] = json!("2026-01-15T08:00:00Z")), json!(0)),
        ("a member more", Box::new(|e| e["records"][13]["extra"] = json!(1)), json!(13)),
        ("its hash", Box::new(|e| e["leafHashes"][7] = e["leafHashes"][8].clone()), json!(7)),
        ("no hash", Box::new(|e| e["leafHashes"][7] = json!("?")), json!(7)),
        (
            "swapped",
            Box::new(|e| {
                for list in ["records", "leafHashes"] {
                    e[list].as_array_mut().unwrap().swap(3, 4);
                }
            }),
            json!(3),
        ),
        (
            "dropped",
            Box::new(|e| {
                for list in ["records", "leafHashes"] {
                    e[list].as_array_mut().unwrap().remove(6);
                }
            }),
            json!(6),
        ),
        (
            "the last dropped",
            Box::new(|e| {
                for list in ["records", "leafHashes"] {
                    e[list].as_array_mut().unwrap().pop();
                }
            }),
            Value::Null,
        ),
        (
            "a record twice",
            Box::new(|e| {
                for list in ["records", "leafHashes"] {
                    let last = e[list][13].clone();
                    e[list].as_array_mut().unwrap().push(last);
                }
            }),
            json!(13),
        ),
        (
            "another root",
            Box::new(|e| {
                let note = e["checkpoints"][0].as_str().unwrap().replacen("\n14\n", "\n14\nA", 1);
                e["checkpoints"][0] = json!(note);
            }),
            Value::Null,
        ),
        (
            "another size",
            Box::new(|e| {
                let note = e["checkpoints"][0].as_str().unwrap().replacen("\n14\n", "\n13\n", 1);
                e["checkpoints"][0] = json!(note);
            }),
            Value::Null,
        ),
        ("no checkpoint", Box::new(|e| e["checkpoints"] = json!([])), Value::Null),
        ("no key", Box::new(|e| e["keys"] = json!([])), Value::Null),
        ("fewer hashes", Box::new(|e| drop(e["leafHashes"].as_array_mut().unwrap().pop())), json!(13)),
        (
            "no records at all",
            Box::new(|e| {
                for list in ["records", "leafHashes"] {
                    e[list] = json!([]);
                }
            }),
            Value::Null,
        ),
    ];
    for (what, change, index) in cases {
        let mut evidence = good.clone();
        change(&mut evidence);
        let file = write(&folder, "altered.json", evidence.to_string());
        let done = airlock(&["verify", &file, "--json"]);
        assert_eq!(done.status, 1, "{what}: {done:?}");
        let [result] = done.lines().try_into().unwrap();
        assert_eq!(result["verified"], false, "{what}");
        let faults = result["faults"].as_array().unwrap();
        assert!(faults.iter().any(|fault| fault["index"] == index), "{what}: {result}");
        assert!(
            faults.iter().all(|fault| fault["what"].as_str().is_some_and(|what| what.ends_with('.'))),
            "{result}"
        );
        assert!(airlock(&["verify", &file]).out.contains("NOT VERIFIED"), "{what}");
    }
}

#[test]
fn verify_exits_with_2_on_what_is_no_evidence() {
    let folder = folder("no-evidence");
    let file = evidence(&folder, "evidence.json", &["REF-1"]);
    let text = std::fs::read_to_string(&file).unwrap();
    for (name, text) in [
        ("cut.json", text[..text.len() / 2].to_owned()),
        ("empty.json", String::new()),
        ("other.json", "{}".to_owned()),
        ("format.json", text.replace("airlock-evidence", "other-evidence")),
        ("extra.json", text.replacen('{', "{\"payload\":1,", 1)),
    ] {
        let file = write(&folder, name, text);
        airlock(&["verify", &file, "--json"]).unusable(&format!("{name}: error[evidence."));
    }
    airlock(&["verify", "no-such-file.json"]).unusable("no-such-file.json: error:");
    let nonsense = write(&folder, "checkpoint.json", "{\"size\":1}");
    airlock(&["verify", &file, "--checkpoint", &nonsense])
        .unusable("checkpoint.json: error[evidence.given-checkpoint-unreadable]");
    airlock(&["verify", &file, "--key", "nobody"]).unusable("error[evidence.given-key-unreadable]");
    airlock(&["verify", &file, "--replay", &nonsense]).unusable("checkpoint.json: error:");
}

#[test]
fn a_bundle_of_another_version_is_not_verified() {
    let folder = folder("evidence-version");
    let file = evidence(&folder, "evidence.json", &["REF-1"]);
    let text = std::fs::read_to_string(&file).unwrap();
    for version in [0, 1, 3] {
        let text = text.replace("\"schemaVersion\":2", &format!("\"schemaVersion\":{version}"));
        let file = write(&folder, "other.json", text);
        let said = airlock(&["verify", &file]);
        assert_eq!(said.status, 1);
        assert!(
            said.out.contains("NOT VERIFIED: This is not an evidence bundle of a known version."),
            "{}",
            said.out
        );
        let said = airlock(&["verify", &file, "--json"]);
        let [report] = said.lines().try_into().unwrap();
        assert_eq!((said.status, &report["verified"]), (1, &json!(false)));
        assert_eq!(report["faults"][0]["code"], "evidence.version", "{report}");
    }
}

#[test]
fn a_checkpoint_known_from_elsewhere_shows_a_fork_and_a_rewrite() {
    let folder = folder("checkpoint");
    let earlier = evidence(&folder, "earlier.json", &["REF-1"]);
    let later = evidence(&folder, "later.json", &["REF-1", "REF-2"]);
    let forked = evidence(&folder, "forked.json", &["REF-3", "REF-2"]);
    let verify = |file: &str, checkpoint: &str| {
        let done = airlock(&["verify", file, "--checkpoint", checkpoint, "--json"]);
        let [result] = done.lines().try_into().unwrap();
        assert_eq!(done.status == 0, result["verified"].as_bool().unwrap());
        (done.status, result["faults"].clone())
    };
    assert_eq!(verify(&later, &earlier), (0, json!([])));
    assert_eq!(verify(&later, &later), (0, json!([])));
    let (status, faults) = verify(&earlier, &later);
    assert!(status == 1 && faults.to_string().contains("shorter"), "{faults}");
    for (file, checkpoint) in [(&forked, &earlier), (&forked, &later), (&later, &forked)] {
        let (status, faults) = verify(file, checkpoint);
        assert!(status == 1 && faults.to_string().contains("forked"), "{faults}");
    }
    // The fork is in order in itself: only the checkpoint shows it.
    assert_eq!(airlock(&["verify", &forked]).status, 0);

    // A bare head does as well, and so do a checkpoint, signed or not, and one that went through another system.
    let note = |file: &str| -> String {
        let bundle: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        bundle["checkpoints"][0].as_str().unwrap().to_owned()
    };
    let log = |file: &str| -> Value {
        let [result] = airlock(&["verify", file, "--json"]).lines().try_into().unwrap();
        json!({ "size": result["size"], "root": result["root"] })
    };
    let signed = note(&earlier);
    let bare = signed.split("\n\n").next().unwrap();
    for head in [log(&earlier).to_string(), signed.clone(), bare.to_owned(), signed.replace('\n', "\r\n")] {
        let head = write(&folder, "head", head);
        assert_eq!(verify(&later, &head).0, 0);
        assert_eq!(verify(&forked, &head).0, 1);
    }
    let altered = write(&folder, "altered", signed.replacen("\n7\n", "\n6\n", 1));
    let (status, faults) = verify(&later, &altered);
    assert!(status == 1 && faults.to_string().contains("given-checkpoint-signature"), "{faults}");
    let huge = json!({ "size": u64::MAX, "root": log(&later)["root"] }).to_string();
    assert_eq!(verify(&later, &write(&folder, "huge.json", huge)).0, 1);
    let empty =
        json!({ "size": 0, "root": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" });
    assert_eq!(verify(&later, &write(&folder, "empty.json", empty.to_string())).0, 0);
}

#[test]
fn proof_checks_raw_proofs() {
    let folder = folder("proof");
    // Two leaves: each is the other's proof. Hashes of 32 bytes, given and not computed here.
    let (a, b) = ([1_u8; 32], [2_u8; 32]);
    let root = airlock::engine::audit::node_hash(&a, &b);
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    let good = json!({
        "leafIdx": 0, "treeSize": 2, "root": text(&root), "leafHash": text(&a), "proof": [text(&b)],
        "desc": "members beside these mean nothing",
    });
    let check = |kind: &str, file: &Value| {
        let done = airlock_with(file.to_string().as_bytes(), &["proof", kind, "-", "--json"]);
        let [result] = done.lines().try_into().unwrap();
        assert_eq!(done.status == 0, result["valid"].as_bool().unwrap());
        result
    };
    assert_eq!(check("inclusion", &good), json!({ "valid": true }));
    let with = |name: &str, value: Value| {
        let mut file = good.clone();
        file[name] = value;
        file
    };
    for (file, code) in [
        (with("leafIdx", json!(1)), "proof.root"),
        (with("leafIdx", json!(u64::MAX)), "proof.out-of-tree"),
        (with("treeSize", json!(3)), "proof.length"),
        (with("proof", Value::Null), "proof.length"),
        (with("proof", json!([text(&b), text(&b)])), "proof.length"),
        (with("root", json!("")), "proof.hash-length"),
        (with("proof", json!([text(&b[1..])])), "proof.hash-length"),
    ] {
        assert_eq!(check("inclusion", &file)["code"], code, "{file}");
    }
    let growth =
        json!({ "size1": 1, "size2": 2, "root1": text(&a), "root2": text(&root), "proof": [text(&b)] });
    assert_eq!(check("consistency", &growth), json!({ "valid": true }));
    let mut empty = growth.clone();
    empty["size1"] = json!(0);
    assert_eq!(check("consistency", &empty)["code"], "proof.sizes");

    let file = write(&folder, "good.json", good.to_string());
    assert_eq!(airlock(&["proof", "inclusion", &file]).out, "valid\n");
    let wrong = write(&folder, "wrong.json", with("leafIdx", json!(1)).to_string());
    let people = airlock(&["proof", "inclusion", &wrong]);
    assert!(people.status == 1 && people.out.starts_with("NOT VALID: proof.root"), "{people:?}");
    airlock(&["proof", "consistency", &file, "--json"]).unusable("good.json: error[proof.unreadable]");
    for file in [with("leafIdx", json!(-1)), with("leafIdx", json!(0.5)), with("root", json!("?"))] {
        let file = write(&folder, "unreadable.json", file.to_string());
        airlock(&["proof", "inclusion", &file, "--json"])
            .unusable("unreadable.json: error[proof.unreadable]");
    }
    airlock(&["proof", "inclusion", "no-such-file.json"]).unusable("no-such-file.json: error");
}

#[test]
fn verify_replays_a_scenario_and_names_the_first_record_that_differs() {
    let folder = folder("replay");
    let out = folder.join("evidence.json");
    let file = out.to_str().unwrap();
    let scenario = "fixtures/sandbox/referral-created.json";
    assert_eq!(airlock(&["run", scenario, "--evidence", file, "--now", NOW]).status, 0);
    let replayed = |scenario: &str, more: &[&str]| {
        let done = airlock(&[&["verify", file, "--json", "--replay", scenario], more].concat());
        let [result] = done.lines().try_into().unwrap();
        assert_eq!(result["verified"], true);
        assert_eq!(done.status == 0, result["replay"]["same"].as_bool().unwrap());
        result["replay"].clone()
    };
    assert_eq!(replayed(scenario, &["--now", NOW])["same"], true);
    let later = replayed(scenario, &["--now", "2026-01-15T09:00:01Z"]);
    assert_eq!((&later["first"], &later["members"][0]["member"]), (&json!(0), &json!("time")));
    assert_eq!(later["members"][0]["right"], "2026-01-15T09:00:01Z");
    let other = airlock(&["verify", file, "--replay", "fixtures/sandbox/denied-consent.json"]);
    assert!(other.status == 1 && other.out.contains("REPLAY DIFFERS: Record 0"), "{other:?}");
    airlock(&["verify", file, "--seed", "x"]).unusable("--replay");
}

#[test]
fn proof_of_a_record_is_checked_without_the_log() {
    let folder = folder("proof-of");
    let out = folder.join("evidence.json");
    let file = out.to_str().unwrap();
    assert_eq!(airlock(&["run", "fixtures/sandbox/referral-created.json", "--evidence", file]).status, 0);
    let [result] = airlock(&["verify", file, "--json"]).lines().try_into().unwrap();
    let key = result["signedBy"][0].as_str().unwrap();
    let made = airlock(&["proof", "of", file, "3", "--key", key]);
    assert!(made.status == 0 && made.out.starts_with("c2sp.org/tlog-proof@v1\n"), "{made:?}");
    let proof = write(&folder, "3.tlog-proof", &made.out);
    let check =
        |more: &[&str]| airlock(&[&["proof", "check", &proof, "--key", key, "--json"], more].concat());
    assert_eq!((check(&[]).status, check(&[]).lines()), (0, vec![json!({ "valid": true })]));
    let bundle = std::fs::read_to_string(file).unwrap();
    let records: Vec<&str> = bundle.lines().filter(|line| line.starts_with("{\"action\"")).collect();
    let own = write(&folder, "own.json", records[3].trim_end_matches(','));
    assert_eq!(check(&[&own]).status, 0);
    let other = write(&folder, "other.json", records[4].trim_end_matches(','));
    assert_eq!((check(&[&other]).status, &check(&[&other]).lines()[0]["code"]), (1, &json!("proof.root")));

    let none = airlock(&["proof", "of", file, "7"]);
    assert!(none.status == 1 && none.out.is_empty() && none.err.contains("proof.out-of-tree"), "{none:?}");
    let altered = write(&folder, "altered.json", bundle.replacen("permitted", "denied", 1));
    let refused = airlock(&["proof", "of", &altered, "3"]);
    assert!(refused.status == 1 && refused.err.contains("evidence.record-altered"), "{refused:?}");
    airlock(&["proof", "check", file, "--key", key]).unusable("proof.unreadable");
    airlock(&["proof", "check", &proof]).unusable("--key");
}

#[test]
fn run_writes_the_evidence_of_each_scenario_and_each_verifies() {
    let folder = folder("evidence");
    let done = airlock(&["run", "fixtures/sandbox", "--json", "--evidence", folder.to_str().unwrap()]);
    assert_eq!(done.status, 0);
    for line in done.lines() {
        let file = folder.join(format!("{}.evidence.json", line["scenario"].as_str().unwrap()));
        let verified = airlock(&["verify", file.to_str().unwrap(), "--json"]);
        assert_eq!(verified.status, 0, "{verified:?}");
        let [result] = verified.lines().try_into().unwrap();
        assert_eq!((&result["root"], &result["size"]), (&line["log"]["root"], &line["log"]["size"]));
        let text = std::fs::read_to_string(&file).unwrap();
        Quarry::patients_of(&referral_value()).assert_absent("the evidence", &text);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), done.lines().len());
}

/// What standard error says is no event of the policy: how many there are in all.
fn not_events(done: &Done) -> usize {
    let count = |line: &str| {
        let rest = line.strip_prefix("not an event of this policy: ").unwrap_or_else(|| panic!("{line}"));
        rest.split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    done.err.lines().map(count).sum()
}

#[test]
fn published_referrals_go_through_the_command_line() {
    let Some(referrals) = support::corpus::folder("hl7-r4-examples/ServiceRequest") else { return };
    let files = support::corpus::json_files(&referrals, 7);
    // Published examples leave the patients out.
    let subject =
        |file: &PathBuf| support::corpus::json(file)["subject"]["reference"].as_str().map(str::to_owned);
    let patients: BTreeSet<String> = files.iter().filter_map(subject).collect();
    let lines = patients.iter().filter_map(|patient| patient.strip_prefix("Patient/")).map(|id| {
        let address = json!([{ "state": "MA", "country": "US" }]);
        format!("{}\n", json!({ "resourceType": "Patient", "id": id, "address": address }))
    });
    let patients = write(&folder("referrals"), "patients.ndjson", lines.collect::<String>() + "\n");
    let done = send(&[referrals.to_str().unwrap(), &patients, "--attest-synthetic"]);
    assert_eq!(done.status, 1);
    assert!(not_events(&done) >= 2, "the patients: {}", done.err);
    assert_eq!(done.lines().len(), files.len());
    assert!(outcomes(&done).iter().all(|(outcome, _)| outcome == "withheld"), "{:?}", outcomes(&done));
}

#[test]
fn synthea_bundles_go_through_the_command_line() {
    let Some(bundles) = support::corpus::folder("synthea") else { return };
    let mut sent = 0;
    for file in support::corpus::json_files(&bundles, 6) {
        let document = support::corpus::json(&file);
        let entries = document["entry"].as_array().unwrap().len();
        // The file itself is called after the patient: what is printed, without the names of the inputs.
        let name = file.display().to_string();
        let quarry = Quarry::patients_of(&document);
        let go = |policy: &str| {
            let consent = ["--consent", CONSENT, "--now", NOW, "--json", "--attest-synthetic", PATIENT];
            let done = airlock(&[&["send", &name, "--policy", policy], &consent[..]].concat());
            // Each entry, and the Patient given beside them, is either sent or counted.
            assert_eq!(done.lines().len() + not_events(&done), entries + 1, "{policy}: {}", done.err);
            quarry.assert_absent("standard output", &done.out.replace(&name, ""));
            quarry.assert_absent("standard error", &done.err.replace(&name, ""));
            done
        };
        let none = go(POLICY);
        assert_eq!((none.status, none.out.as_str()), (0, ""), "there is no referral in it");
        let done = go("fixtures/policies/results-intake.json");
        assert_eq!(done.status, 1);
        assert!(outcomes(&done).iter().all(|(outcome, _)| outcome == "withheld"), "{:?}", outcomes(&done));
        sent += done.lines().len();
    }
    println!("{sent} events");
    assert!(sent >= 260, "{sent}");
}

/// A shared secret, and an Ed25519 key pair.
const SECRET: &str = "whsec_YWlybG9jayBkZW1vbnN0cmF0aW9uIHNlY3JldCwgbm90IGEgc2VjcmV0";
const PRIVATE: &str = "whsk_c2FtcGxlIHByaXZhdGUgc2VlZCBvZiAzMiBieXRlcy4=";

fn sign(secret: &str, body: &[u8]) -> Done {
    airlock_with(
        body,
        &["sign", "--secret", secret, "--id", "evt-1", "--timestamp", "1768467600", "-", "--json"],
    )
}

/// `airlock authenticate` of a body from standard input.
fn authenticate(body: &[u8], secrets: &[&str], [id, timestamp, signature, now]: [&str; 4]) -> Done {
    let mut args =
        vec!["authenticate", "--id", id, "--timestamp", timestamp, "--signature", signature, "--now", now];
    secrets.iter().for_each(|secret| args.extend(["--secret", secret]));
    airlock_with(body, &[&args[..], &["-", "--json"]].concat())
}

#[test]
fn what_is_signed_is_authentic_and_nothing_else_is() {
    let public = ed25519_dalek::SigningKey::from_bytes(b"sample private seed of 32 bytes.").verifying_key();
    let public = format!("whpk_{}", STANDARD.encode(public.as_bytes()));
    for (signs, verifies, version) in
        [(SECRET, SECRET, "v1,"), (PRIVATE, &public, "v1a,"), (PRIVATE, PRIVATE, "v1a,")]
    {
        let done = sign(signs, b"{\"a\": \xff}");
        assert_eq!(done.status, 0, "{done:?}");
        let line = &done.lines()[0];
        assert_eq!(keys(line), BTreeSet::from(["signature"]));
        let signature = line["signature"].as_str().unwrap().to_owned();
        assert!(signature.starts_with(version), "{signature}");
        let several = format!("v2,x {signature}");
        let times = ("1768467600", "2026-01-15T09:05:00Z", "1768467300");
        let mismatch = "webhook.signature-mismatch";
        for (body, secrets, given, code) in [
            (&b"{\"a\": \xff}"[..], &[verifies][..], ["evt-1", times.0, &signature, times.0], None),
            (b"{\"a\": \xff}", &[OTHER, verifies], ["evt-1", times.0, &several, times.1], None),
            (b"{\"a\": \xff}", &[verifies], ["evt-1", times.0, &signature, times.2], None),
            (b"{\"a\": \xff}", &[OTHER], ["evt-1", times.0, &signature, times.0], Some(mismatch)),
            (b"{\"a\": 1}", &[verifies], ["evt-1", times.0, &signature, times.0], Some(mismatch)),
            (b"{\"a\": \xff}", &[verifies], ["evt-2", times.0, &signature, times.0], Some(mismatch)),
            (b"", &[verifies], ["evt-1", times.0, &signature, times.0], Some("webhook.body-empty")),
            (b"{}", &[verifies], ["evt.1", times.0, &signature, times.0], Some("webhook.id-malformed")),
            (b"{}", &[verifies], ["evt-1\n", times.0, &signature, times.0], Some("webhook.header-malformed")),
            (b"{}", &[verifies], ["evt-1", "-5", &signature, times.0], Some("webhook.timestamp-malformed")),
            (b"{}", &[verifies], ["evt-1", "1.5", &signature, times.0], Some("webhook.timestamp-malformed")),
            (b"{}", &[verifies], ["evt-1", times.0, "v1,AAAA", times.0], Some("webhook.signature-malformed")),
            (b"{}", &[verifies], ["evt-1", times.0, "", times.0], Some("webhook.signature-unsupported")),
            (
                b"{\"a\": \xff}",
                &[verifies],
                ["evt-1", times.0, &signature, "1768467901"],
                Some("webhook.timestamp-too-old"),
            ),
            (
                b"{\"a\": \xff}",
                &[verifies],
                ["evt-1", times.0, &signature, "1768467299"],
                Some("webhook.timestamp-too-new"),
            ),
        ] {
            let done = authenticate(body, secrets, given);
            assert_eq!(done.status, i32::from(code.is_some()), "{given:?} {done:?}");
            assert_eq!(done.lines(), [serde_json::json!({ "authentic": code.is_none(), "code": code })]);
        }
    }
}

/// Another secret: 32 bytes of `o`.
const OTHER: &str = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

#[test]
fn a_key_that_is_none_or_can_not_sign_exits_with_2() {
    for secret in ["", "whsec_", "whsec_b29vb29vb29vb29vb29vb29vb29vb28=", "whsk_AAAA", "secret"] {
        sign(secret, b"{}").unusable("whsec_");
        let given = ["evt-1", "1768467600", "v1,x", "1768467600"];
        authenticate(b"{}", &[OTHER, secret], given).unusable("whsec_");
    }
    let public = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    sign(public, b"{}").unusable("public");
    for (id, timestamp) in [("evt.1", "1768467600"), ("", "1768467600"), ("evt-1", "-1"), ("evt-1", "now")] {
        let args = ["sign", "--secret", SECRET, "--id", id, "--timestamp", timestamp, "-"];
        airlock_with(b"{}", &args).unusable("error");
    }
    authenticate(b"{}", &[SECRET], ["evt-1", "1768467600", "v1,x", "tomorrow"]).unusable("--now");
    airlock(&["sign", "--secret", SECRET, "--id", "evt-1", "--timestamp", "1", "no-such-file"])
        .unusable("no-such-file");
    airlock(&["authenticate", "--id", "evt-1", "--timestamp", "1", "--signature", "v1,x", "--now", "1", "-"])
        .unusable("--secret");
}

/// A policy with two rules, one of which says nothing of itself.
fn tiny_policy() -> String {
    json!({
        "schemaVersion": 2, "id": "tiny", "version": "0.1.0", "title": "Tiny", "source": "HOSP-SANDBOX-A",
        "target": { "system": "CRM-DEMO", "adapter": "crm-demo" }, "eventTypes": ["referral.created"],
        "adapter": "fhir-r4", "purpose": "CAREMGT", "legalBasis": "patient consent (demonstration)",
        "consent": "required",
        "recipient": { "organization": "Organization/CRM-DEMO", "role": "care-coordinator" },
        "channels": ["crm-activity"], "retention": "P30D", "auditLocation": "browser local storage",
        "rules": [
            { "id": "R01", "field": "CareEvent.priority", "label": "allowed", "target": "Activity.priority",
              "values": ["routine", "urgent"], "owner": "Testina | Owner\nof rules", "check": "=1+1",
              "note": "The other priorities are not for this team." },
            { "id": "R02", "field": "Person.state", "label": "transformed", "method": "generalize:us-state",
              "target": "PatientAttribute.state" },
            { "id": "R03", "field": "Person.familyName", "label": "prohibited" },
            { "id": "R04", "field": "Interaction.outcome", "label": "prohibited" }
        ],
        "changelog": [{ "version": "0.1.0", "date": "2026-01-12", "note": "First version." }]
    })
    .to_string()
}

fn matrix(args: &[&str]) -> Done {
    airlock_with(tiny_policy().as_bytes(), &[&["matrix", "-"], args].concat())
}

#[test]
fn matrix_derives_each_document_in_each_form() {
    for document in ["mapping", "contract", "minimum-necessary", "control", "responsibility", "drift"] {
        let [md, csv, json] = ["md", "csv", "json"].map(|form| matrix(&["--as", document, "--format", form]));
        for done in [&md, &csv, &json] {
            assert_eq!(done.status, 0, "{document}: {done:?}");
            let said: Vec<&str> =
                done.err.lines().filter(|line| !line.contains("warning[policy.rule-unused]")).collect();
            assert!(said.is_empty(), "{said:?}");
        }
        let table: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(keys(&table), BTreeSet::from(["columns", "rows", "title"]), "{document}");
        let (columns, rows) = (table["columns"].as_array().unwrap(), table["rows"].as_array().unwrap());
        assert!(!rows.is_empty(), "{document}");
        assert!(rows.iter().all(|row| row.as_array().unwrap().len() == columns.len()), "{document}");
        assert_eq!(md.out.lines().count(), rows.len() + 4, "a title, a header and a line a row: {}", md.out);
        assert!(md.out.starts_with("# ") && md.out.contains("tiny@0.1.0"), "{}", md.out);
        assert!(csv.out.split_terminator("\r\n").count() > rows.len(), "{}", csv.out);
        assert_eq!(matrix(&["--as", document, "--json"]), json, "--json is --format json");
        assert_eq!(matrix(&["--as", document]), md, "Markdown without a word");
    }
}

#[test]
fn matrix_says_what_the_policy_says_and_neutralises_it_where_it_would_do_harm() {
    let md = matrix(&["--as", "mapping"]).out;
    let row = md.lines().find(|line| line.starts_with("| R01 ")).unwrap();
    for cell in [
        "| ServiceRequest.priority |",
        "| CareEvent.priority |",
        "| operational |",
        "| allowed |",
        "| keep |",
        "| Activity.priority |",
        "| routine; urgent |",
        "| Testina \\| Owner<br>of rules |",
    ] {
        assert!(row.contains(cell), "{cell} in {row}");
    }
    let csv = matrix(&["--as", "mapping", "--format", "csv"]).out;
    assert!(csv.contains(",'=1+1,"), "{csv}");
    assert!(csv.contains("\"Testina | Owner\nof rules\""), "{csv}");

    let contract: Value = serde_json::from_str(&matrix(&["--as", "contract", "--json"]).out).unwrap();
    let fields: Vec<&str> =
        contract["rows"].as_array().unwrap().iter().map(|r| r[0].as_str().unwrap()).collect();
    assert_eq!(fields, ["Activity.priority", "PatientAttribute.state"], "what is prohibited is not in it");
}

#[test]
fn matrix_reviews_drift_over_events() {
    let folder = folder("drift");
    let events = format!("{}\n{}\n", bundle("REF-001"), bundle("REF-002"));
    let events = write(&folder, "events.ndjson", events);
    let done = matrix(&["--as", "drift", "--events", &events, "--json"]);
    assert_eq!(done.status, 0, "{done:?}");
    let table: Value = serde_json::from_str(&done.out).unwrap();
    let rows: Vec<Vec<&str>> = table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect())
        .collect();
    let has = |row: &[&str]| assert!(rows.iter().any(|own| own == row), "{row:?} in {rows:?}");
    has(&["in use", "R01", "CareEvent.priority", "2", "2"]);
    has(&["the adapter does not read it", "R04", "Interaction.outcome", "0", "0"]);
    has(&["no rule names the field", "", "CareEvent.status", "", ""]);
    assert!(
        rows.iter().any(|row| row[0] == "no rule names the element" && row[2].ends_with("status")),
        "{rows:?}"
    );
    Quarry::patients_of(&referral_value()).assert_absent("the review", &done.out);
}

#[test]
fn matrix_refuses_what_it_can_not_derive_from() {
    let broken = tiny_policy().replace("\"prohibited\"", "\"forbidden\"");
    let done = airlock_with(broken.as_bytes(), &["matrix", "-", "--as", "mapping"]);
    assert_eq!((done.status, done.out.as_str()), (1, ""), "{done:?}");
    assert!(done.err.contains("error[policy.unknown-label]"), "{}", done.err);
    for text in ["", "{", "[]", "\u{feff}"] {
        let done = airlock_with(text.as_bytes(), &["matrix", "-", "--as", "contract"]);
        assert_eq!((done.status, done.out.as_str()), (1, ""), "{text:?}: {done:?}");
    }
    let done = matrix(&["--as", "mapping", "--adapter", "fixtures/policies/referral-intake.json"]);
    assert_eq!((done.status, done.out.as_str()), (1, ""), "{done:?}");
    assert!(done.err.contains("error[adapter."), "{}", done.err);
    let elsewhere = tiny_policy().replace("\"fhir-r4\"", "\"nowhere\"");
    airlock_with(elsewhere.as_bytes(), &["matrix", "-", "--as", "mapping"]).unusable("adapters/nowhere.json");
    matrix(&["--as", "poetry"]).unusable("poetry");
    matrix(&["--as", "mapping", "--format", "pdf"]).unusable("pdf");
    matrix(&["--as", "mapping", "--events", "tests"]).unusable("--events");
    airlock(&["matrix", "nowhere.json", "--as", "mapping"]).unusable("nowhere.json");
}

#[test]
fn preview_fails_for_what_newly_crosses_unless_it_is_accepted() {
    let folder = folder("preview");
    let policy = airlock::api::fixture("policies/referral-intake.json").unwrap();
    let rule = r#""field": "Person.postalCode", "label": "transformed", "method": "generalize:zip3""#;
    let loose = policy.replacen(rule, r#""field": "Person.postalCode", "label": "allowed""#, 1);
    assert_ne!(loose, policy, "the shipped policy has the rule");
    let (old, new) = (write(&folder, "old.json", policy), write(&folder, "new.json", loose));
    let events = write(&folder, "events.ndjson", service_request("REF-001"));
    let preview = |more: &[&str]| {
        let args = ["preview", &old, &new, "--events", &events, "--json"];
        airlock(&[&args[..], more].concat())
    };
    for (more, status) in [
        (&[][..], 1),
        (&["--accept", "Person.postalCode"][..], 0),
        (&["--accept", "PatientAttribute.region"][..], 0),
        (&["--accept", "CareEvent.status"][..], 1),
        (&["--accept", "Person.shoeSize"][..], 2),
    ] {
        let done = preview(more);
        assert_eq!(done.status, status, "{more:?}: {}", done.err);
        // What lint has against the draft is said, and does not stand against asking what it would do.
        assert!(done.err.contains("error[policy.phi-allowed]"), "{}", done.err);
        if status < 2 {
            let report: Value = serde_json::from_str(&done.out).unwrap();
            assert_eq!(
                (&report["events"], &report["newly_crossing"][0]["field"]),
                (&Value::from(1), &"Person.postalCode".into())
            );
            assert!(report["changed"].as_array().unwrap().is_empty(), "{report}");
        }
    }
    let same = airlock(&["preview", &old, &old, "--events", &events]);
    assert_eq!(same.status, 0, "{}", same.err);
    assert!(same.out.contains("No change"), "{}", same.out);
    assert_eq!(airlock(&["preview", &old, &events, "--events", &events]).status, 2);
}

#[test]
fn preview_fails_where_an_input_can_not_be_read_at_all() {
    let folder = folder("preview-unread");
    let policy = airlock::api::fixture("policies/referral-intake.json").unwrap();
    let policy = write(&folder, "policy.json", policy);
    let line = service_request("REF-001").replace('\n', " ");
    let sound = write(&folder, "sound.ndjson", format!("\u{FEFF}{line}\n{line}\n"));
    let cut = write(&folder, "cut.json", "{\"resourceType\":");
    let latin = write(&folder, "latin.ndjson", [line.as_bytes(), b"\n\xe9\n"].concat());
    let preview = |events: &str| airlock(&["preview", &policy, &policy, "--events", events]);
    let read = preview(&sound);
    assert_eq!(read.status, 0, "{}", read.err);
    assert!(read.out.starts_with("2 events:") && read.out.contains(" 0 not to be read"), "{}", read.out);
    // The others are compared all the same.
    for (unread, events) in
        [(&cut, "1 event:"), (&latin, "1 event:"), (&folder.display().to_string(), "5 events:")]
    {
        let done = preview(unread);
        assert_eq!(done.status, 2, "{unread}: {}", done.out);
        assert!(done.out.starts_with(events) && done.err.contains("neither JSON nor NDJSON"), "{done:?}");
    }
}
