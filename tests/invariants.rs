//! The invariants of `ARCHITECTURE.md`, each held over the shipped policy and scenarios.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    CrmField, Request, Session, Setup, StageState, check_policy, fixture, open_scenario, run_in, scenarios,
};
use airlock::engine::audit::Tree;
use airlock::engine::deliver::CrmRecord;
use airlock::engine::phi::Phi;
use airlock::engine::refusal::Code;
use airlock::engine::time::Instant;
use airlock::engine::webhook::{Delivery, Key};
use airlock::engine::{Connector, Outcome, Remembered, Stage};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::hunt::{Quarry, outputs};
use support::{
    NOW, Sandbox, delivered, end, leaves, referral, referral_body, referral_value, remove, send, session,
};
use support::{signed, signed_now, tampered};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

// ---------------------------------------------------------------------------------------------- sans-IO

/// Words that would bring a clock, entropy, storage, network or DOM into the engine.
#[cfg(not(target_arch = "wasm32"))]
const WORLD: [&str; 16] = [
    "std::time",
    "SystemTime",
    "Instant::now",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "gloo",
    "leptos",
    "rand",
    "getrandom",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "println",
    "print!",
];

/// Words by which a closure over a protected value could write it to what is around it, past its bound (see `Phi`).
#[cfg(not(target_arch = "wasm32"))]
const ELSEWHERE: [&str; 14] = [
    "AssertUnwindSafe",
    "impl UnwindSafe",
    "impl RefUnwindSafe",
    "Mutex",
    "RwLock",
    "Condvar",
    "OnceLock",
    "mpsc",
    "atomic",
    "thread_local",
    "leak",
    "catch_unwind",
    "panic_any",
    "resume_unwind",
];

/// What is named nevertheless: the index of a document's names, which is private to its file and filled from it alone.
#[cfg(not(target_arch = "wasm32"))]
const NAMED: (&str, &str) = ("fhir/json.rs", "OnceLock");

#[cfg(not(target_arch = "wasm32"))]
fn speaks_of<const N: usize>(words: [&'static str; N], text: &str) -> Option<&'static str> {
    words.into_iter().find(|word| {
        text.match_indices(word).any(|(at, _)| {
            let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
            !text[..at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name)
        })
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn each_file_of_the_engine(mut each: impl FnMut(&str, &str)) {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            each(path.to_str().unwrap(), &text);
            files += 1;
        }
    }
    assert!(files > 100, "only {files} files were looked at");
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_engine_has_no_clock_entropy_storage_network_or_dom() {
    each_file_of_the_engine(|path, text| assert_eq!(speaks_of(WORLD, text), None, "{path}"));
    for line in [
        "use std::time::Instant;",
        "let n = rand::random();",
        "web_sys::window()",
        "use std::{fs, io}; std::fs::read",
    ] {
        assert!(speaks_of(WORLD, line).is_some(), "{line} would not be found");
    }
    assert_eq!(speaks_of(WORLD, "let operand = Instant::nowhere();"), None);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_engine_has_nothing_that_a_question_about_phi_could_write_to() {
    let mut named = 0;
    each_file_of_the_engine(|path, text| {
        // `Phi` itself says what its bound does not tell.
        let mut code =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        // What only a test counts with is not in the program.
        code = code.replace("#[cfg(test)]\nthread_local", "");
        if path.ends_with(NAMED.0) {
            named += 1;
            code = code.replace(NAMED.1, "");
        }
        assert_eq!(speaks_of(ELSEWHERE, &code), None, "{path}");
    });
    assert_eq!(named, 1);
    for line in [
        "let out = std::sync::Mutex::new(String::new());",
        "static SEEN: std::sync::atomic::AtomicU64 = AtomicU64::new(0);",
        "name.test(AssertUnwindSafe(|name| { stolen = name.clone(); true }));",
        "let (sender, receiver) = std::sync::mpsc::channel();",
        "let name: &'static str = name.leak();",
        "Box::leak(name)",
    ] {
        assert!(speaks_of(ELSEWHERE, line).is_some(), "{line} would not be found");
    }
}

// ------------------------------------------------------------------------------------------- fail closed

/// The fields of the happy path's records under a policy, each as `Object.field`, and the records' key.
fn fields_under(policy: &str) -> (Vec<(String, CrmField)>, Option<String>) {
    let setup = Setup { policy: policy.to_owned(), ..referral().setup };
    let mut session = session(&setup);
    let run = send(&mut session, &referral().requests[0].1);
    assert!(["delivered", "unchanged"].contains(&run.outcome.as_str()), "{run:?}");
    let fields = run.records.iter().flat_map(|record| {
        record.fields.iter().map(|field| (format!("{}.{}", record.object, field.name), field.clone()))
    });
    (fields.collect(), run.records.first().map(|record| record.key.clone()))
}

fn policy_value() -> Value {
    serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_field_that_no_rule_names_does_not_cross() {
    let whole = policy_value();
    let (fields, key) = fields_under(&whole.to_string());
    let rules = whole["rules"].as_array().unwrap().len();
    assert!(rules > 20);
    let mut withdrawn = BTreeSet::new();
    for n in 0..rules {
        let mut policy = whole.clone();
        let rule = policy["rules"].as_array_mut().unwrap().remove(n);
        let (less, own) = fields_under(&policy.to_string());
        let target = rule["target"].as_str();
        let expected: Vec<_> =
            fields.iter().filter(|(name, _)| Some(name.as_str()) != target).cloned().collect();
        assert_eq!(less, expected, "without {}", rule["id"]);
        assert_eq!(own, key, "without {}", rule["id"]);
        withdrawn.extend(target.map(str::to_owned));
    }
    let all: BTreeSet<String> = fields.into_iter().map(|(name, _)| name).collect();
    assert_eq!(withdrawn, all, "each field of the records was taken away once");

    let mut none = whole;
    none["rules"] = json!([]);
    assert_eq!(fields_under(&none.to_string()), (Vec::new(), None), "and no record is written");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_element_that_no_rule_names_counts_as_the_most_restricted() {
    let mut session = session(&referral().setup);
    let run = send(&mut session, &referral().requests[0].1);
    let unnamed: Vec<_> = run.ledger.iter().filter(|row| row.rule.is_none()).collect();
    assert!(unnamed.len() > 10);
    for row in &unnamed {
        assert_eq!(
            (row.label.as_str(), row.class.as_str()),
            ("prohibited", "highly-restricted"),
            "{}",
            row.path
        );
        assert!(!row.crossed && row.value.is_none() && row.target.is_none(), "{}", row.path);
    }
    let redact = session.timeline().into_iter().find(|entry| entry.stage == "redact").unwrap();
    assert_eq!(redact.unnamed, Some(unnamed.len() as u64), "the log counts them");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_element_of_the_source_is_in_the_ledger_once() {
    for card in scenarios() {
        let scenario = open_scenario(&card.id).unwrap();
        let mut session = session(&scenario.setup);
        for (at, request) in &scenario.requests {
            let run = session.send(request, *at, &mut || 0.0);
            if run.ledger.is_empty() {
                assert!(
                    ["rejected", "duplicate", "waiting", "unchanged", "dead-lettered"]
                        .contains(&run.outcome.as_str()),
                    "{}",
                    card.id
                );
                continue;
            }
            let body: Value = serde_json::from_str(&request.body).unwrap();
            if body["type"] == "history" {
                continue;
            }
            // Of what is no event, all that was sent is accounted for.
            let code = run.refusal.as_ref().map_or("", |refusal| refusal.code.as_str());
            let whole = ["event.envelope-invalid", "validate.focus-deleted"].contains(&code);
            let data = body.get("data").filter(|_| !whole).unwrap_or(&body);
            assert_eq!(run.ledger.len(), leaves(data).len(), "{}", card.id);
            let paths: BTreeSet<&str> = run.ledger.iter().map(|row| row.path.as_str()).collect();
            assert_eq!(paths.len(), run.ledger.len(), "{}: a path twice", card.id);
            assert!(run.ledger.windows(2).all(|pair| pair[0].span < pair[1].span), "{}: order", card.id);
        }
    }
}

// ------------------------------------------------------------------------------------- noninterference

/// Elements that are prohibited and yet decide: they tell which resources belong together, so that changing one changes
/// whose data it is; or, as a patient's country, whether the policy covers the event at all.
fn decides(pointer: &str) -> bool {
    let last = pointer.rsplit('/').next().unwrap();
    ["resourceType", "fullUrl"].contains(&last)
        || (last == "id" && pointer.ends_with("/resource/id"))
        || pointer.contains("/performer/")
        || pointer.ends_with("/address/0/country")
}

/// Pointers to the elements that may not cross, by the ledger of the happy path.
fn withheld_pointers() -> Vec<String> {
    let body = referral_body();
    let mut session = session(&referral().setup);
    let run = send(&mut session, &referral().requests[0].1);
    let of_row: BTreeMap<String, String> = run
        .ledger
        .iter()
        .map(|row| {
            let path = row.path.strip_prefix("Bundle.").unwrap();
            (
                format!(
                    "/data/{}",
                    path.replace('[', "/").replace("].", "/").replace(']', "").replace('.', "/")
                ),
                row.label.clone(),
            )
        })
        .collect();
    let value: Value = serde_json::from_str(&body).unwrap();
    let pointers = leaves(&value).into_iter().filter(|pointer| pointer.starts_with("/data/"));
    let withheld: Vec<String> = pointers
        .filter(|pointer| {
            let label = of_row.get(pointer).unwrap_or_else(|| panic!("{pointer} is not in the ledger"));
            ["prohibited", "redacted"].contains(&label.as_str()) && !decides(pointer)
        })
        .collect();
    assert!(withheld.len() > 25, "{withheld:#?}");
    assert!(withheld.iter().any(|pointer| pointer.ends_with("/name/0/family")), "{withheld:#?}");
    withheld
}

/// What leaves when a body is sent in a session of its own: the record as the CRM team gets it, and its fingerprint
/// in the log. None where the body is no longer FHIR, so that it is refused whole.
fn what_leaves(body: &Value) -> Option<String> {
    let setup = referral().setup;
    let mut session = session(&setup);
    session.attest(NOW);
    let run = send(&mut session, &signed_now(&setup, "evt-noninterference", &body.to_string()));
    if ["rejected", "dead-lettered"].contains(&run.outcome.as_str()) {
        let code = run.refusal.map(|refusal| refusal.code).unwrap();
        assert!(code.starts_with("validate.") && run.records.is_empty(), "{code}");
        return None;
    }
    assert_eq!(end(&run), ("delivered", None, None), "{:?}", run.refusal);
    let fingerprint = session.timeline().pop().unwrap().fingerprint.clone().unwrap();
    Some(format!("{} {fingerprint}", serde_json::to_string(&run.records).unwrap()))
}

/// Another value for an element, so that what it stands in stays FHIR: a text where any will do.
fn other(original: &Value, pointer: &str, text: &str) -> Value {
    let mut names = pointer.rsplit('/').filter(|name| name.parse::<usize>().is_err());
    let (name, around) = (names.next().unwrap(), names.next().unwrap());
    let is = |value: &str| original.pointer(pointer).unwrap() == value;
    json!(match (name, around) {
        ("system", "telecom") => "fax",
        ("use", "name") => "old",
        ("gender", _) => "other",
        ("type", "data") => "searchset",
        ("intent" | "status" | "priority", _) => "unknown",
        ("system", _) => "urn:zzqx",
        ("code", _) => "Zzqx-9731",
        ("reference", _) if is("Practitioner/PRAC-001") => "Practitioner/ZZQX",
        ("reference", _) => "Organization/ZZQX",
        _ if text.trim().is_empty() => "Zzqx-9731",
        _ => text,
    })
}

/// Takes an element out, and what has nothing left in it.
fn take_out(body: &mut Value, pointer: &str) {
    remove(body, pointer);
    let mut around = pointer;
    while let Some((parent, _)) = around.rsplit_once('/') {
        let empty = match body.pointer(parent) {
            Some(Value::Object(members)) => members.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            _ => false,
        };
        if !empty {
            break;
        }
        remove(body, parent);
        around = parent;
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_record_does_not_depend_on_what_may_not_cross() {
    let original = referral_value();
    let leaves = what_leaves(&original).expect("delivered");
    let pointers = withheld_pointers();
    let mut delivered = 0;
    let mut check = |body: &Value, what: &str| {
        if let Some(record) = what_leaves(body) {
            assert_eq!(record, leaves, "{what}");
            delivered += 1;
        }
    };
    for pointer in &pointers {
        let value = original.pointer(pointer).unwrap();
        let lengthened = format!("{}{}", value.as_str().unwrap_or(""), " zzqx".repeat(300));
        for (what, mutant) in [
            ("changed", other(&original, pointer, "Zzqx-9731")),
            ("lengthened", other(&original, pointer, &lengthened)),
            ("emptied", json!("")),
            ("null", Value::Null),
            ("a number", json!(97319731)),
            ("an object", json!({ "zzqx": ["zzqx", { "family": "Zzqx" }] })),
            ("a list", json!([])),
        ] {
            let mut body = original.clone();
            *body.pointer_mut(pointer).unwrap() = mutant;
            check(&body, &format!("{pointer} {what}"));
            if what == "changed" && !pointer.ends_with("/data/type") {
                assert!(what_leaves(&body).is_some(), "{pointer} changed is FHIR still");
            }
        }
        let mut body = original.clone();
        take_out(&mut body, pointer);
        check(&body, &format!("{pointer} removed"));
    }
    assert!(delivered > 2 * pointers.len(), "{delivered} of {} pointers", pointers.len());
    // All together. Removed from the last to the first, so that indices hold.
    let mut body = original.clone();
    let changed = pointers.iter().filter(|pointer| !pointer.ends_with("/data/type"));
    changed.for_each(|pointer| *body.pointer_mut(pointer).unwrap() = other(&original, pointer, "Zzqx-9731"));
    assert_eq!(what_leaves(&body), Some(leaves.clone()), "all of it changed");
    let mut body = original.clone();
    // FHIR's org-1: an Organization has a name or an identifier.
    let needed =
        |pointer: &&String| ["/data/type", "/data/entry/3/resource/name"].contains(&pointer.as_str());
    let optional = pointers.iter().rev().filter(|pointer| !needed(pointer));
    optional.for_each(|pointer| take_out(&mut body, pointer));
    assert_eq!(what_leaves(&body), Some(leaves), "all of it removed");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_record_does_depend_on_what_crosses() {
    // The check above could not fail if nothing mattered.
    let original = referral_value();
    let leaves = what_leaves(&original);
    let resource = "/data/entry/0/resource";
    for (pointer, value) in [
        (format!("{resource}/priority"), json!("routine")),
        (format!("{resource}/category/0/coding/0/code"), json!("3457005")),
        (format!("{resource}/category/0/coding/0/system"), json!("urn:example:other")),
        (format!("{resource}/authoredOn"), json!("2025-12-14")),
        ("/data/entry/1/resource/birthDate".to_owned(), json!("1951-02-03")),
        ("/data/entry/1/resource/address/0/postalCode".to_owned(), json!("94110")),
        (format!("{resource}/performer/0/reference"), json!("Organization/CLINIC-DEMO-8")),
    ] {
        let mut body = original.clone();
        *body.pointer_mut(&pointer).unwrap() = value;
        let changed = what_leaves(&body);
        assert!(changed.is_some() && changed != leaves, "{pointer}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod random {
    use super::*;
    use proptest::prelude::*;

    /// Texts of letters that no outgoing value is made of, with all that JSON and Unicode have besides.
    fn text() -> impl Strategy<Value = String> {
        "[zqxjZQXJ 、ж\"\\\\/\n\u{1F9EA}\u{a0}]{0,60}"
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_set_of_withheld_elements_changes_the_record(
            choices in proptest::collection::vec((any::<proptest::sample::Index>(), proptest::option::of(text())), 1..12),
        ) {
            let pointers = withheld_pointers();
            let original = referral_value();
            let mut body = original.clone();
            let mut gone = BTreeSet::new();
            for (index, text) in choices {
                let pointer = index.get(&pointers);
                match text {
                    Some(text) if !gone.contains(pointer) => {
                        *body.pointer_mut(pointer).unwrap() = other(&original, pointer, &text);
                    }
                    Some(_) => {}
                    None => drop(gone.insert(pointer.clone())),
                }
            }
            gone.iter().rev().for_each(|pointer| take_out(&mut body, pointer));
            if let Some(record) = what_leaves(&body) {
                prop_assert_eq!(Some(record), what_leaves(&original));
            }
        }
    }
}

// ------------------------------------------------------------------------- decide, record, act; no value

/// A sandbox whose policy lets some priorities across and not all.
fn narrow() -> Sandbox {
    let mut setup = referral().setup;
    let all = "[\"routine\", \"urgent\", \"asap\", \"stat\"]";
    assert!(setup.policy.contains(all));
    setup.policy = setup.policy.replace(all, "[\"routine\", \"urgent\"]");
    Sandbox::with(setup)
}

/// Sends one delivery of each kind, and says how it ends.
fn one_of_each(sandbox: &mut Sandbox) -> Vec<(&'static str, Option<&'static str>, Vec<&'static str>)> {
    let good = sandbox.fresh_body();
    let id = sandbox.fresh_id();
    let mut results = Vec::new();
    let mut sent = |sandbox: &mut Sandbox, request: &airlock::api::Request, expected: &'static str| {
        let before = sandbox.session.records() as usize;
        let run = send(&mut sandbox.session, request);
        assert_eq!(run.outcome, expected, "{:?}", run.refusal);
        let records = &sandbox.session.timeline()[before..];
        assert!(records.iter().all(|record| record.correlation == run.correlation));
        let code = records.last().unwrap().code.clone();
        assert_eq!(code, run.refusal.map(|refusal| refusal.code));
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let stages = records.iter().map(|record| leak(format!("{} {}", record.stage, record.outcome)));
        results.push((expected, code.map(leak), stages.collect()));
    };
    let setup = sandbox.setup.clone();
    sent(sandbox, &signed_now(&setup, &id, &good), "delivered");
    sent(sandbox, &signed_now(&setup, &id, &good), "duplicate");
    let id = sandbox.fresh_id();
    sent(sandbox, &signed_now(&setup, &id, &good), "unchanged");
    sent(sandbox, &tampered(&setup), "rejected");
    let id = sandbox.fresh_id();
    sent(sandbox, &signed_now(&setup, &id, &good.replace("\"active\"", "\"actve\"")), "rejected");
    let id = sandbox.fresh_id();
    sent(sandbox, &signed_now(&setup, &id, &good.replace("PAT-001", "PAT-002")), "withheld");
    let id = sandbox.fresh_id();
    let unlisted = good.replace("\"urgent\"", "\"stat\"");
    assert_ne!(unlisted, good);
    sent(sandbox, &signed_now(&setup, &id, &unlisted), "quarantined");
    results
}

#[wasm_bindgen_test(unsupported = test)]
fn each_decision_is_recorded_denials_included() {
    let mut sandbox = narrow();
    let to_guard =
        ["webhook passed", "validate passed", "adapt changed", "consent permitted", "redact changed"];
    let with = |more: &[&'static str]| [&to_guard[..], more].concat();
    let expected = vec![
        ("delivered", None, with(&["guard passed", "deliver delivered"])),
        ("duplicate", None, vec!["webhook duplicate"]),
        ("unchanged", None, with(&["guard passed", "deliver unchanged"])),
        ("rejected", Some("webhook.signature-mismatch"), vec!["webhook refused"]),
        ("rejected", Some("validate.code-invalid"), vec!["webhook passed", "validate refused"]),
        (
            "withheld",
            Some("consent.absent"),
            vec!["webhook passed", "validate passed", "adapt changed", "consent denied"],
        ),
        ("quarantined", Some("guard.value-outside-contract"), with(&["guard quarantined"])),
    ];
    assert_eq!(one_of_each(&mut sandbox), expected);
    for (n, entry) in sandbox.session.timeline().into_iter().enumerate() {
        assert_eq!(entry.seq, n as u64);
        assert_eq!((entry.actor.as_str(), entry.source.as_str()), ("demo-operator", "HOSP-SANDBOX-A"));
        assert_eq!(entry.time, "2026-01-15T09:00:00Z");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_consent_decision_says_who_asked_why_and_what_decided() {
    for (scenario, outcome, consent, code) in [
        ("referral-created", "permitted", Some("consent 1"), None),
        ("denied-consent", "denied", Some("consent 2"), Some("consent.denied")),
        ("missing-consent", "denied", None, Some("consent.absent")),
    ] {
        let mut session = Session::new();
        run_in(&open_scenario(scenario).unwrap(), &mut session);
        let entry = session.timeline().into_iter().find(|entry| entry.stage == "consent").unwrap();
        assert_eq!(entry.outcome, outcome, "{scenario}");
        assert_eq!(entry.consent.as_deref(), consent, "{scenario}");
        assert_eq!(entry.code.as_deref(), code, "{scenario}");
        assert_eq!(entry.purpose.as_deref(), Some("CAREMGT"), "{scenario}");
        assert_eq!(entry.destination.as_deref(), Some("CRM-DEMO"), "{scenario}");
        assert_eq!(entry.policy.as_deref(), Some("referral-intake@1.2.0"), "{scenario}");
        assert!(entry.legal_basis.is_some() && entry.policy_hash.is_some(), "{scenario}");
    }
}

fn delivery(setup: &Setup, id: &str, body: &str) -> Delivery {
    let timestamp = (NOW / 1000).to_string();
    let secret = Key::parse(&setup.source.secrets[0]).unwrap();
    let signature = secret.sign(id, &timestamp, body.as_bytes()).unwrap();
    let headers =
        [("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    Delivery {
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: Phi::new(body.as_bytes().to_vec()),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_left_is_fingerprinted_in_the_log_and_the_answer_comes_before_the_work() {
    let setup = referral().setup;
    let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
    let receipt = connector.receive(delivery(&setup, "evt-1", &referral_body()), Instant(NOW), &mut |_| {});
    assert_eq!((receipt.status, receipt.settled.is_none()), (202, true));
    assert_eq!((connector.log().size(), connector.crm().records().len()), (1, 0), "answered, not worked on");
    let id = connector.setting().state_keys.of_event(&setup.source.id, "evt-1");
    assert!(connector.seen().contains(&setup.source.id, &id), "seen from the moment of the answer");

    let run = connector.advance(Instant(NOW), &mut |_| {}).unwrap();
    assert_eq!(run.outcome, Outcome::Delivered);
    assert_eq!(connector.crm().records().len(), 2);
    let (_, last) = connector.log().fresh().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["fingerprint"], CrmRecord::fingerprint(connector.crm().records()));
    let stages: Vec<&str> = run.trail.iter().map(|step| step.stage.as_str()).collect();
    assert_eq!(stages, Stage::ALL.map(Stage::as_str));
}

#[wasm_bindgen_test(unsupported = test)]
fn no_value_of_the_patient_is_in_what_leaves_the_connector() {
    for card in scenarios() {
        let scenario = open_scenario(&card.id).unwrap();
        let mut quarry = Quarry::default();
        for (_, request) in &scenario.requests {
            // A scenario may be about what is no JSON.
            quarry.add_patients_of(&serde_json::from_str(&request.body).unwrap_or_default());
        }
        if let Some(ehr) = &scenario.setup.sandbox.ehr {
            quarry.add_patients_of(&serde_json::from_str(ehr).unwrap());
        }
        if !scenario.requests.iter().any(|(_, request)| request.body.contains("\"Patient\"")) {
            continue;
        }
        assert!(quarry.len() > 1, "{}: {quarry:?}", card.id);
        let found = |(_, request): &(i64, Request)| !quarry.found_in(&request.body).is_empty();
        assert!(scenario.requests.iter().any(found), "the hunt finds the bodies' own");
        let mut session = Session::new();
        run_in(&scenario, &mut session);
        for (what, text) in outputs(&mut session) {
            quarry.assert_absent(&format!("{}: {what}", card.id), &text);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_refusal_reason_or_stage_shows_a_value_of_the_patient() {
    let mut sandbox = Sandbox::new();
    let quarry = Quarry::patients_of(&referral_value());
    let body = referral_body();
    for spoiled in [
        body.replace("\"status\": \"active\"", "\"status\": \"Testperson\""),
        body.replace("\"intent\": \"order\"", "\"intent\": \"Testina Testperson\""),
        body.replace("\"id\": \"REF-001\"", "\"id\": \"PAT-001\", \"Testina Testperson\": [1, 1e]"),
        body.replace("\"note\":", "\"Testina Testperson\":"),
        body.replace("\"type\": \"referral.created\"", "\"type\": \"Testina.Testperson\""),
        body.replace("\"source\":", "\"Testperson\":"),
        body.replace("\"resourceType\": \"ServiceRequest\"", "\"resourceType\": \"Testperson\""),
        body.replace("Referral to cardiology service", "1971-02-03"),
        body.replace("Patient/PAT-001", "Testina Testperson"),
    ] {
        assert_ne!(spoiled, body);
        let mut run = sandbox.send_body(&spoiled);
        // The paths of the ledger are the source's own; what it says crossed is in the record.
        run.ledger.clear();
        quarry.assert_absent("the account of a refusal", &serde_json::to_string(&run).unwrap());
    }
    for (what, text) in outputs(&mut sandbox.session) {
        quarry.assert_absent(what, &text);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn phi_prints_a_placeholder() {
    let phi = Phi::new("Testperson".to_owned());
    assert_eq!(format!("{phi:?} {:#?}", phi.clone()), "Phi(…) Phi(…)");
    let run = {
        let setup = referral().setup;
        let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
        connector.receive(delivery(&setup, "evt-1", &referral_body()), Instant(NOW), &mut |_| {});
        connector.advance(Instant(NOW), &mut |_| {}).unwrap()
    };
    Quarry::patients_of(&referral_value()).assert_absent("a run's debug form", &format!("{run:?}"));
}

// -------------------------------------------------------------------------------------- nothing is lost

#[wasm_bindgen_test(unsupported = test)]
fn each_delivery_ends_in_exactly_one_state_and_the_counts_add_up() {
    let mut sandbox = narrow();
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..8 {
        for (outcome, _, _) in one_of_each(&mut sandbox) {
            *counted.entry(outcome).or_default() += 1;
        }
    }
    let total: usize = counted.values().sum();
    assert_eq!(total, 56);
    let by_name = [
        ("delivered", 8),
        ("duplicate", 8),
        ("quarantined", 8),
        ("rejected", 16),
        ("unchanged", 8),
        ("withheld", 8),
    ];
    assert_eq!(counted, BTreeMap::from(by_name));

    // The log tells the same, and tells it once a delivery.
    let finals = ["refused", "denied", "quarantined", "duplicate", "delivered", "unchanged"];
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for entry in sandbox.session.timeline().into_iter().filter(|e| finals.contains(&e.outcome.as_str())) {
        *ends.entry(entry.correlation).or_default() += 1;
    }
    assert_eq!(ends.len(), total);
    assert!(ends.values().all(|count| *count == 1));
    assert_eq!(delivered(&sandbox.session), 8, "a record each that was delivered");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_queue_pushes_back_and_drops_nothing() {
    let setup = referral().setup;
    let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
    let mut accepted = 0;
    let refused = loop {
        let id = format!("evt-{accepted}");
        let body = referral_body().replace("REF-001", &format!("REF-{accepted}"));
        let receipt = connector.receive(delivery(&setup, &id, &body), Instant(NOW), &mut |_| {});
        match receipt.settled {
            None => accepted += 1,
            Some(run) => break (id, body, receipt.status, run),
        }
        assert!(accepted < 100_000, "the queue has no bound");
    };
    let (id, body, status, run) = refused;
    assert_eq!((status, run.outcome), (429, Outcome::Rejected));
    assert_eq!(run.refusal.unwrap().code, Code::QueueFull);
    let mut delivered = 0;
    while let Some(run) = connector.advance(Instant(NOW), &mut |_| {}) {
        assert_eq!(run.outcome, Outcome::Delivered);
        delivered += 1;
    }
    assert_eq!(delivered, accepted, "everything acknowledged was worked on");
    // Nothing was kept of what was pushed back: sent again, it is no duplicate.
    let again = connector.receive(delivery(&setup, &id, &body), Instant(NOW), &mut |_| {});
    assert!(again.settled.is_none());
    assert_eq!(connector.advance(Instant(NOW), &mut |_| {}).unwrap().outcome, Outcome::Delivered);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_strip_shows_every_stage_and_where_it_stopped() {
    let mut sandbox = Sandbox::new();
    let run = sandbox.send_good();
    let names: Vec<&str> = run.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(names, ["webhook", "queue", "validate", "adapt", "consent", "redact", "guard", "deliver"]);
    assert!(run.stages.iter().all(|s| s.state != StageState::Waiting && !s.reasons.is_empty()));
    let body = sandbox.fresh_body().replace("PAT-001", "PAT-404");
    let run = sandbox.send_body(&body);
    let states: Vec<StageState> = run.stages.iter().map(|stage| stage.state).collect();
    use StageState::{Changed, Passed, Refused, Waiting};
    assert_eq!(states, [Passed, Passed, Passed, Changed, Refused, Waiting, Waiting, Waiting]);
}

// ----------------------------------------------------------------------------------------------- consent

fn permit() -> Value {
    serde_json::from_str(fixture("consents/pat-001-permit.json").unwrap()).unwrap()
}

/// The outcome and code of the happy path under these consents, sent at a time.
fn under_consents(consents: &[Value], at: i64) -> (String, Option<String>) {
    let setup = Setup { consents: json!(consents).to_string(), ..referral().setup };
    let mut session = session(&setup);
    let request = signed(&setup, "evt-consent", &(at / 1000).to_string(), &referral_body());
    let run = session.send(&request, at, &mut || 0.0);
    if run.outcome != "delivered" {
        assert!(session.crm().is_empty() && run.records.is_empty());
        assert!(run.ledger.iter().all(|row| !row.crossed), "something crossed without consent");
        let last = session.timeline().pop().unwrap();
        assert_eq!((last.stage.as_str(), last.outcome.as_str()), ("consent", "denied"));
    }
    (run.outcome, run.refusal.map(|refusal| refusal.code))
}

#[track_caller]
fn withheld(consents: &[Value], code: &str) {
    assert_eq!(under_consents(consents, NOW), ("withheld".to_owned(), Some(code.to_owned())));
}

#[track_caller]
fn permitted(consents: &[Value]) {
    assert_eq!(under_consents(consents, NOW), ("delivered".to_owned(), None));
}

fn permit_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut consent = permit();
    change(&mut consent);
    consent
}

#[wasm_bindgen_test(unsupported = test)]
fn absent_consent_is_not_permission() {
    permitted(&[permit()]);
    withheld(&[], "consent.absent");
    withheld(&[permit_with(|c| c["patient"]["reference"] = json!("Patient/PAT-002"))], "consent.absent");
    let elsewhere = "https://other.example.invalid/fhir/Patient/PAT-001";
    let of_another_server = |kind: &str| {
        permit_with(|c| {
            c["patient"]["reference"] = json!(elsewhere);
            c["provision"]["type"] = json!(kind);
        })
    };
    withheld(&[of_another_server("permit")], "consent.unclear");
    withheld(&[permit(), of_another_server("deny")], "consent.unclear");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_consent_whose_patient_can_not_be_told_is_not_put_on_file() {
    for patient in
        [json!({ "display": "Testina Testperson" }), json!({ "identifier": { "value": "MRN-TEST-0001" } })]
    {
        let consents = json!([permit(), permit_with(|c| c["patient"] = patient)]).to_string();
        let against = Session::new().configure(&Setup { consents, ..referral().setup }).unwrap_err();
        assert_eq!(against[0].code, "consents.patient-unknown");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_can_not_be_read_in_a_consent_is_never_taken_for_inapplicable() {
    let root = |key: &str, value: Value| permit_with(|c| c["provision"][key] = value);
    let nested = |provision: Value| permit_with(|c| c["provision"]["provision"] = json!([provision]));
    let recipient = json!([{ "reference": { "reference": "Organization/CRM-DEMO" } }]);
    for consent in [
        root("period", json!("2001")),
        root("period", Value::Null),
        root("period", json!([{ "start": "2001", "end": "2002" }])),
        root("period", json!({ "start": "2020", "End": "2021" })),
        root("period", json!({ "start": "2027", "end": "2025" })),
        root("actor", json!({ "reference": { "reference": "Organization/CRM-DEMO" } })),
        root("actor", json!([{ "role": {} }])),
        root("purpose", json!([{ "display": "care management" }])),
        root("unheardOf", json!(true)),
        nested(json!({ "type": "deny", "purpose": { "code": "CAREMGT" } })),
        nested(json!({ "type": "deny", "purpose": [{ "code": "TREAT" }] })),
        nested(json!({ "type": "deny", "actor": [{ "reference": { "display": "the CRM" } }] })),
        nested(json!({ "type": "deny", "actor": recipient, "period": "always" })),
        permit_with(|c| c["provision"] = json!("deny")),
        permit_with(|c| c["provision"] = json!([{ "type": "deny" }])),
        permit_with(|c| c["provision"]["provision"] = json!({ "type": "deny" })),
        permit_with(|c| c["scope"]["coding"][0]["code"] = json!("treatment")),
        permit_with(|c| c["implicitRules"] = json!("urn:example.invalid:rules")),
    ] {
        withheld(std::slice::from_ref(&consent), "consent.unclear");
    }
    let both = json!({ "coding": [{ "code": "OPTIN" }, { "code": "OPTOUT" }] });
    let without_type = permit_with(|c| {
        c["policyRule"] = both;
        drop(c["provision"].as_object_mut().unwrap().remove("type"));
    });
    withheld(&[without_type], "consent.denied");
}

/// The happy path with its body changed: outcome and code.
fn changed(change: impl FnOnce(&mut Value)) -> (String, Option<String>) {
    let scenario = referral();
    let mut body: Value = serde_json::from_str(&referral_body()).unwrap();
    change(&mut body);
    let mut session = session(&scenario.setup);
    let request = signed(&scenario.setup, "evt-changed", &(NOW / 1000).to_string(), &body.to_string());
    let run = session.send(&request, NOW, &mut || 0.0);
    (run.outcome, run.refusal.map(|refusal| refusal.code))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_modifier_that_is_not_known_stops_everything() {
    let refused = ("rejected".to_owned(), Some("validate.modifier-unknown".to_owned()));
    let unknown = json!([{ "url": "urn:example.invalid:x", "valueBoolean": true }]);
    for entry in [0, 1] {
        let modifier = unknown.clone();
        assert_eq!(
            changed(|body| body["data"]["entry"][entry]["resource"]["modifierExtension"] = modifier),
            refused
        );
    }
    assert_eq!(
        changed(|body| body["data"]["entry"][0]["resource"]["implicitRules"] = json!("urn:x")),
        refused
    );
    assert_eq!(changed(|body| body["data"]["entry"][0]["resource"]["doNotPerform"] = json!(true)), refused);
    assert_eq!(
        changed(|body| body["data"]["entry"][0]["resource"]["doNotPerform"] = json!(false)).0,
        "delivered"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn of_two_things_by_the_same_name_neither_is_taken() {
    let scenario = referral();
    let mut body: Value = serde_json::from_str(&referral_body()).unwrap();
    let other = json!({ "fullUrl": "https://ehr.example.invalid/fhir/Patient/PAT-001",
        "resource": { "resourceType": "Patient", "id": "PAT-001", "address": [{ "state": "TX" }] } });
    body["data"]["entry"].as_array_mut().unwrap().insert(0, other);
    let mut session = session(&scenario.setup);
    let request = signed(&scenario.setup, "evt-two", &(NOW / 1000).to_string(), &body.to_string());
    let run = session.send(&request, NOW, &mut || 0.0);
    let fields: Vec<CrmField> = run.records.into_iter().flat_map(|record| record.fields).collect();
    assert!(fields.iter().all(|field| field.name != "state" && field.name != "ageBand"), "{fields:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn only_an_active_consent_permits() {
    for status in ["draft", "proposed", "rejected", "inactive", "entered-in-error", "Active", ""] {
        withheld(&[permit_with(|c| c["status"] = json!(status))], "consent.inactive");
    }
    withheld(&[permit_with(|c| drop(c.as_object_mut().unwrap().remove("status")))], "consent.inactive");
    permitted(&[permit_with(|c| c["status"] = json!("rejected")), permit()]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_consent_holds_within_its_period_and_not_outside() {
    let period = |start: Value, end: Value| {
        permit_with(|c| c["provision"]["period"] = json!({ "start": start, "end": end }))
    };
    let outside = "consent.outside-period";
    withheld(&[period(json!("2025-01-01"), json!("2025-12-31"))], outside);
    withheld(&[period(json!("2026-01-16"), json!("2026-12-31"))], outside);
    withheld(&[period(json!("2026-01-15T09:00:01Z"), json!("2027"))], outside);
    withheld(&[period(json!("2025"), json!("2026-01-15T08:59:59Z"))], outside);
    permitted(&[period(json!("2026-01-15"), json!("2026-01-15"))]);
    permitted(&[period(json!("2026-01-15T09:00:00Z"), json!("2026-01-15T10:00:00+01:00"))]);
    permitted(&[period(json!("2026-01"), json!("2026"))]);
    permitted(&[permit_with(|c| drop(c["provision"].as_object_mut().unwrap().remove("period")))]);
    for bad in [json!("soon"), json!("2026-13-01"), json!(2026), json!("2026-01-15T09:00:00"), json!("")] {
        withheld(&[period(json!("2025"), bad.clone())], "consent.unclear");
        withheld(&[period(bad, json!("2027"))], "consent.unclear");
    }
    // The same consent and event, a year later.
    let later = NOW + 366 * 86_400_000;
    assert_eq!(under_consents(&[permit()], later).1.as_deref(), Some(outside));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_consent_is_bound_to_its_purpose_and_recipient() {
    let purposes = |codes: &[&str]| {
        let list: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
        permit_with(|c| c["provision"]["purpose"] = json!(list))
    };
    withheld(&[purposes(&["TREAT"])], "consent.purpose-not-covered");
    withheld(&[purposes(&["HMARKT", "HRESCH"])], "consent.purpose-not-covered");
    withheld(&[purposes(&["caremgt"])], "consent.purpose-not-covered");
    permitted(&[purposes(&["TREAT", "CAREMGT"])]);
    let recipient = |reference: &str| {
        permit_with(|c| c["provision"]["actor"][0]["reference"]["reference"] = json!(reference))
    };
    withheld(&[recipient("Organization/CRM-OTHER")], "consent.recipient-not-covered");
    withheld(&[recipient("Practitioner/CRM-DEMO")], "consent.recipient-not-covered");
    withheld(&[recipient("")], "consent.recipient-not-covered");
    withheld(&[recipient("https://ehr.example.invalid/fhir/Organization/CRM-DEMO")], "consent.unclear");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_denial_overrides_whatever_its_place() {
    let deny = permit_with(|c| c["provision"]["type"] = json!("deny"));
    withheld(std::slice::from_ref(&deny), "consent.denied");
    withheld(&[permit(), deny.clone()], "consent.denied");
    withheld(&[deny.clone(), permit()], "consent.denied");
    // A denial of something else does not speak here.
    let elsewhere = permit_with(|c| {
        c["provision"]["type"] = json!("deny");
        c["provision"]["purpose"] = json!([{ "code": "HMARKT" }]);
    });
    permitted(&[elsewhere, permit()]);
    // Nor does one that is no longer active.
    permitted(&[permit_with(|c| c["status"] = json!("inactive")), permit()]);
}

#[wasm_bindgen_test(unsupported = test)]
fn nested_provisions_are_exceptions_at_any_depth() {
    let nested = |provisions: Value| permit_with(|c| c["provision"]["provision"] = provisions);
    let caremgt = json!([{ "code": "CAREMGT" }]);
    withheld(&[nested(json!([{ "type": "deny", "purpose": caremgt }]))], "consent.denied");
    withheld(&[nested(json!([{ "type": "deny" }]))], "consent.denied");
    permitted(&[nested(json!([{ "type": "deny", "purpose": [{ "code": "HMARKT" }] }]))]);
    permitted(&[nested(json!([{ "type": "deny", "period": { "end": "2025" } }]))]);
    let back = json!([{ "type": "deny", "provision": [{ "type": "permit", "purpose": caremgt }] }]);
    permitted(&[nested(back)]);
    let thrice =
        json!([{ "type": "deny", "provision": [{ "type": "permit", "provision": [{ "type": "deny" }] }] }]);
    withheld(&[nested(thrice)], "consent.denied");
    withheld(&[nested(json!([{ "purpose": caremgt }]))], "consent.unclear");
    withheld(&[nested(json!([{ "type": "maybe" }]))], "consent.unclear");
    withheld(&[nested(json!([{ "type": "permit" }, { "type": "deny" }]))], "consent.denied");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_condition_that_can_not_be_decided_is_not_permission() {
    let label =
        json!([{ "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R" }]);
    for (name, value) in [
        ("securityLabel", label.clone()),
        ("class", json!([{ "code": "Observation" }])),
        ("code", json!([{ "text": "sample" }])),
        ("dataPeriod", json!({ "start": "2020" })),
        ("data", json!([{ "meaning": "instance", "reference": { "reference": "ServiceRequest/REF-001" } }])),
        ("action", json!([{ "coding": [{ "code": "disclose" }] }])),
        ("modifierExtension", json!([{ "url": "https://example.invalid/unless", "valueBoolean": true }])),
    ] {
        withheld(&[permit_with(|c| c["provision"][name] = value.clone())], "consent.unclear");
        let nested = json!([{ "type": "deny", name: value }]);
        withheld(&[permit_with(|c| c["provision"]["provision"] = nested)], "consent.unclear");
        // Another consent that permits does not make it clear.
        withheld(&[permit_with(|c| c["provision"][name] = label.clone()), permit()], "consent.unclear");
    }
    let modifier = json!([{ "url": "https://example.invalid/unless", "valueBoolean": true }]);
    withheld(&[permit_with(|c| c["modifierExtension"] = modifier)], "consent.unclear");
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_stated_type_the_policy_rule_gives_the_base() {
    let untyped = |rule: Value| {
        permit_with(|c| {
            c["provision"].as_object_mut().unwrap().remove("type");
            c["policyRule"] = rule;
        })
    };
    permitted(&[untyped(json!({ "coding": [{ "code": "OPTIN" }] }))]);
    withheld(&[untyped(json!({ "coding": [{ "code": "OPTOUT" }] }))], "consent.denied");
    withheld(&[untyped(json!({ "coding": [{ "code": "OTHER" }] }))], "consent.unclear");
    withheld(&[untyped(json!({ "text": "as agreed" }))], "consent.unclear");
    let bare = |rule: &str| {
        permit_with(|c| {
            c.as_object_mut().unwrap().remove("provision");
            c["policyRule"] = json!({ "coding": [{ "code": rule }] });
        })
    };
    permitted(&[bare("OPTIN")]);
    withheld(&[bare("OPTOUT")], "consent.denied");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_whose_subject_can_not_be_told_is_withheld() {
    let mut sandbox = Sandbox::new();
    // What may name somebody leads to no Patient to judge the event by; a display names nobody at all.
    let at = Some("Bundle.entry[0].resource.subject");
    for (subject, expected) in [
        (json!({ "display": "Testina Testperson" }), ("withheld", Some("consent.subject-unknown"), None)),
        (
            json!({ "identifier": { "value": "MRN-TEST-0001" } }),
            ("rejected", Some("validate.context-missing"), at),
        ),
    ] {
        let mut body = referral_value();
        body["data"]["entry"][0]["resource"]["subject"] = subject;
        let run = sandbox.send_body(&body.to_string());
        assert_eq!(end(&run), expected);
    }
    for reference in [
        json!("#PAT-001"),
        json!("PAT-001"),
        json!(7),
        json!("urn:uuid:PAT-001"),
        json!("Patient?identifier=PAT-001"),
    ] {
        let mut body = referral_value();
        body["data"]["entry"][0]["resource"]["subject"] = json!({ "reference": reference });
        let run = sandbox.send_body(&body.to_string());
        let kept_out = ["withheld", "rejected", "dead-lettered"].contains(&run.outcome.as_str());
        assert!(kept_out, "{reference}: {}", run.outcome);
        assert!(run.refusal.is_some() && run.records.is_empty(), "{reference}");
    }
}

// -------------------------------------------------------------------------------------------- idempotence

#[wasm_bindgen_test(unsupported = test)]
fn the_same_source_record_is_written_once_and_a_change_makes_a_version() {
    let mut sandbox = Sandbox::new();
    let body = referral_body();
    let first = sandbox.send_body(&body);
    assert_eq!(end(&first), ("delivered", None, None));
    let again = sandbox.send_body(&body);
    assert_eq!(end(&again), ("unchanged", None, None));
    assert_eq!(again.records, first.records, "the records as they were first written");
    let changed = sandbox.send_body(&body.replacen("\"active\"", "\"completed\"", 1));
    assert_eq!(end(&changed), ("delivered", None, None));
    let versions: Vec<u32> = changed.records.iter().map(|record| record.version).collect();
    assert_eq!(versions, [2, 1], "the activity changed, the patient's attributes did not");
    assert!(changed.records.iter().all(|record| record.key == first.records[0].key));
    assert_eq!(sandbox.session.crm(), changed.records);
    let other = sandbox.send_body(&body.replace("REF-001", "REF-002"));
    assert_eq!(other.records[0].version, 1);
    assert_eq!(sandbox.session.crm().len(), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_change_of_what_does_not_cross_sends_nothing() {
    let mut sandbox = Sandbox::new();
    let body = referral_body();
    sandbox.send_body(&body);
    let run = sandbox
        .send_body(&body.replace("ECG, please", "ECG tomorrow, please").replace("555-0100", "555-0199"));
    assert_eq!(end(&run), ("unchanged", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_depend_on_the_entropy_and_the_receiving_system_alone() {
    let token = |setup: &Setup, body: &str| {
        let mut session = session(setup);
        let run = send(&mut session, &signed_now(setup, "evt-token", body));
        let fields = run.records.first().expect("delivered").fields.clone();
        fields.into_iter().find(|field| field.name == "patientToken").unwrap().value.unwrap()
    };
    let setup = referral().setup;
    let one = token(&setup, &referral_body());
    assert_eq!(one, token(&setup, &referral_body().replace("REF-001", "REF-002")), "the same patient");
    let seeded = Setup { seed: "another-seed".to_owned(), ..setup.clone() };
    assert_ne!(one, token(&seeded, &referral_body()));
    let elsewhere = Setup {
        policy: setup.policy.replace("\"CRM-DEMO\", \"adapter\"", "\"CRM-TWO\", \"adapter\""),
        ..setup.clone()
    };
    assert!(check_policy(&elsewhere.policy).usable() && elsewhere.policy != setup.policy);
    assert_ne!(one, token(&elsewhere, &referral_body()), "tokens of two systems can't be joined");
}
