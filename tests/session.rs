//! What storage keeps of a session: it comes back whole, whatever was altered is found and named, and nothing is
//! lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{Fault, SEGMENT_RECORDS, Session, Setup, Stored, Verification, open_scenario, verify};
use serde_json::{Value, json};
use support::{NOW, Sandbox, Shelf, end, referral, referral_body, send, session, signed_now, tampered};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Deliveries of several kinds, kept one by one: ten make two segments and a bit.
fn kept(deliveries: u32) -> (Sandbox, Shelf) {
    let mut sandbox = Sandbox::new();
    let mut shelf = Shelf::default();
    for n in 0..deliveries {
        sandbox.send_good();
        shelf.keep(&mut sandbox.session);
        if n % 3 == 0 {
            send(&mut sandbox.session, &tampered(&sandbox.setup));
            shelf.keep(&mut sandbox.session);
        }
    }
    assert!(deliveries < 10 || sandbox.session.timeline().len() > 2 * SEGMENT_RECORDS);
    (sandbox, shelf)
}

fn restored(stored: &Stored) -> (Session, Verification) {
    let (mut session, verification) = Session::restore(stored);
    session.configure(&referral().setup).unwrap();
    (session, verification)
}

fn indices(verification: &Verification) -> Vec<Option<u64>> {
    verification.faults.iter().map(|fault| fault.index).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stored_session_comes_back_whole() {
    let (sandbox, shelf) = kept(10);
    let (session, verification) = restored(&shelf.0);
    assert_eq!(verification.faults, Vec::<Fault>::new());
    assert!(verification.verified && !session.detached());
    assert_eq!(session.timeline(), sandbox.session.timeline());
    assert_eq!(session.crm(), sandbox.session.crm());
    assert_eq!(session.head(), sandbox.session.head());
    assert_eq!((verification.size, &verification.root), (session.head().size, &session.head().root));
    assert!(session.pending().is_none(), "there is nothing new to save");
    assert_eq!(session.unsaved(), 0);
    assert_eq!(verify(&shelf.0), verification);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_was_saved_in_one_go_is_what_was_saved_in_steps() {
    let (sandbox, shelf) = kept(10);
    let mut at_once = Sandbox::new();
    for n in 0..10 {
        at_once.send_good();
        if n % 3 == 0 {
            send(&mut at_once.session, &tampered(&at_once.setup));
        }
    }
    let mut other = Shelf::default();
    other.keep(&mut at_once.session);
    assert_eq!(other.text(), shelf.text());
    assert_eq!(at_once.session.head(), sandbox.session.head());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_restored_session_goes_on_where_it_stopped() {
    let mut sandbox = Sandbox::new();
    let request = signed_now(&sandbox.setup, "evt-once", &referral_body());
    assert_eq!(send(&mut sandbox.session, &request).outcome, "delivered");
    let mut shelf = Shelf::default();
    shelf.keep(&mut sandbox.session);
    let (mut session, _) = restored(&shelf.0);

    let again = send(&mut session, &request);
    assert_eq!(end(&again), ("duplicate", None, None), "an id seen before the restart");
    assert_eq!(again.correlation, "run-000002");
    let same = send(&mut session, &signed_now(&sandbox.setup, "evt-other", &referral_body()));
    assert_eq!(end(&same), ("unchanged", None, None), "a record written before the restart");
    assert_eq!(same.correlation, "run-000003");
    let changed = referral_body().replacen("\"active\"", "\"completed\"", 1);
    let changed = send(&mut session, &signed_now(&sandbox.setup, "evt-changed", &changed));
    assert_eq!(changed.records[0].version, 2);

    shelf.keep(&mut session);
    let (later, verification) = restored(&shelf.0);
    assert!(verification.verified, "{verification:?}");
    assert_eq!(later.timeline(), session.timeline());
    let seqs: Vec<u64> = later.timeline().iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (0..later.head().size).collect::<Vec<_>>());
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_stored_is_an_empty_session_that_verifies() {
    let (session, verification) = restored(&Stored::default());
    assert!(verification.verified && !session.detached());
    assert_eq!((verification.size, session.timeline().len()), (0, 0));
    assert!(session.pending().is_none());
}

/// The stored lines, each with its segment.
fn lines(shelf: &Shelf) -> Vec<String> {
    shelf.0.segments.iter().flatten().flat_map(|segment| segment.lines().map(str::to_owned)).collect()
}

/// The shelf with other lines.
fn with_lines(shelf: &Shelf, lines: &[String]) -> Shelf {
    let mut shelf = shelf.clone();
    shelf.0.segments = lines
        .chunks(SEGMENT_RECORDS)
        .map(|chunk| Some(chunk.iter().map(|line| format!("{line}\n")).collect()))
        .collect();
    shelf
}

#[wasm_bindgen_test(unsupported = test)]
fn whichever_record_is_altered_is_the_one_named() {
    let (_, shelf) = kept(5);
    let lines = lines(&shelf);
    assert_eq!(with_lines(&shelf, &lines).0.segments, shelf.0.segments);
    for n in 0..lines.len() {
        let (leaf, record) = lines[n].split_once('\t').unwrap();
        let mut flipped = leaf.as_bytes().to_vec();
        flipped[5] = if flipped[5] == b'A' { b'B' } else { b'A' };
        let edits = [
            ("a word", lines[n].replacen("demo-operator", "demo-operatoR", 1)),
            ("a number", lines[n].replacen("2026-01-15T09:00:00Z", "2026-01-15T09:00:01Z", 1)),
            ("another member", lines[n].replacen('{', "{\"aa\":1,", 1)),
            ("a space", lines[n].replacen(',', ", ", 1)),
            ("the hash", format!("{}\t{record}", String::from_utf8(flipped).unwrap())),
            ("no hash", record.to_owned()),
            ("cut off", lines[n][..lines[n].len() - 9].to_owned()),
            ("emptied", String::new()),
        ];
        for (what, edit) in edits {
            assert_ne!(edit, lines[n], "{what} changes nothing");
            let mut altered = lines.clone();
            altered[n] = edit;
            let (session, verification) = Session::restore(&with_lines(&shelf, &altered).0);
            if what == "a space" {
                // The canonical bytes are the same: nothing that was recorded has changed.
                assert!(verification.verified, "record {n}: {what}: {verification:?}");
                continue;
            }
            assert!(!verification.verified && session.detached(), "record {n}: {what}");
            assert_eq!(verification.faults[0].index, Some(n as u64), "record {n}: {what}: {verification:?}");
            if ["a word", "a number", "the hash"].contains(&what) {
                assert_eq!(verification.faults.len(), 1, "record {n}: {what}: {verification:?}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn records_and_hashes_changed_together_are_found_by_the_root() {
    use airlock::engine::audit::leaf_hash;
    use base64::Engine as _;
    let (_, shelf) = kept(10);
    let mut lines = lines(&shelf);
    let (_, record) = lines[3].split_once('\t').unwrap();
    let record = record.replacen("demo-operator", "someone-else", 1);
    let leaf = base64::engine::general_purpose::STANDARD_NO_PAD.encode(leaf_hash(record.as_bytes()));
    lines[3] = format!("{leaf}\t{record}");
    let verification = verify(&with_lines(&shelf, &lines).0);
    assert!(!verification.verified);
    assert_eq!(indices(&verification), [None]);
    assert!(verification.faults[0].what.contains("root"), "{}", verification.faults[0].what);
}

/// Ways to spoil what is stored, each with the place that a fault must name.
type Spoil = (&'static str, fn(&mut Shelf), Option<Option<u64>>);

const SPOILS: &[Spoil] = &[
    ("a dropped segment", |shelf| shelf.0.segments[0] = None, Some(None)),
    ("a dropped middle segment", |shelf| shelf.0.segments[1] = None, Some(None)),
    ("a dropped last segment", |shelf| drop(shelf.0.segments.pop()), Some(None)),
    ("an emptied segment", |shelf| shelf.0.segments[1] = Some(String::new()), Some(Some(32))),
    ("no segments", |shelf| shelf.0.segments.clear(), Some(None)),
    (
        "a last line cut off",
        |shelf| {
            let last = shelf.0.segments.last_mut().unwrap().as_mut().unwrap();
            last.truncate(last.len() - 20);
        },
        None,
    ),
    (
        "a last line gone",
        |shelf| {
            let last = shelf.0.segments.last_mut().unwrap().as_mut().unwrap();
            let end = last.trim_end().rfind('\n').unwrap();
            last.truncate(end + 1);
        },
        Some(None),
    ),
    (
        "swapped lines",
        |shelf| {
            let mut swapped = lines(shelf);
            swapped.swap(4, 5);
            *shelf = with_lines(shelf, &swapped);
        },
        Some(Some(4)),
    ),
    (
        "a repeated line",
        |shelf| {
            let mut repeated = lines(shelf);
            repeated.insert(5, repeated[4].clone());
            *shelf = with_lines(shelf, &repeated);
        },
        Some(Some(5)),
    ),
    (
        "a line of something else",
        |shelf| {
            let mut more = lines(shelf);
            more.insert(40, "hello".to_owned());
            *shelf = with_lines(shelf, &more);
        },
        Some(Some(40)),
    ),
    ("a head that is no JSON", |shelf| shelf.0.head = Some("{".to_owned()), Some(None)),
    ("a head of another shape", |shelf| shelf.0.head = Some("{\"size\":1}".to_owned()), Some(None)),
    ("no head", |shelf| shelf.0.head = None, Some(None)),
    (
        "a head of another size",
        |shelf| {
            shelf.0.head = shelf.0.head.as_ref().map(|head| head.replace("\"size\":", "\"size\":1"));
        },
        Some(None),
    ),
    (
        "a head with another root",
        |shelf| {
            shelf.0.head = shelf.0.head.as_ref().map(|head| head.replacen("\"root\":\"", "\"root\":\"0", 1));
        },
        Some(None),
    ),
    ("a CRM that is no JSON", |shelf| shelf.0.crm = Some("[".to_owned()), Some(None)),
    (
        "a CRM of another shape",
        |shelf| shelf.0.crm = Some("[{\"object\":\"Activity\"}]".to_owned()),
        Some(None),
    ),
    ("ids that are no JSON", |shelf| shelf.0.seen = Some("nonsense".to_owned()), Some(None)),
    ("ids of another shape", |shelf| shelf.0.seen = Some("[[1,2]]".to_owned()), Some(None)),
];

#[wasm_bindgen_test(unsupported = test)]
fn what_can_not_be_trusted_is_not_written_over_and_nothing_is_lost() {
    let (_, good) = kept(10);
    for (what, spoil, index) in SPOILS {
        let mut shelf = good.clone();
        spoil(&mut shelf);
        let (mut session, verification) = restored(&shelf.0);
        assert!(!verification.verified, "{what} verifies");
        assert!(!verification.faults.is_empty(), "{what}");
        if let Some(index) = index {
            assert!(indices(&verification).contains(index), "{what}: {verification:?}");
        }
        assert!(verification.faults.iter().all(|fault| !fault.what.is_empty()), "{what}");
        assert!(session.detached(), "{what}: storage would be written to");
        assert!(session.pending().is_none(), "{what}");

        // It goes on in memory.
        let before = session.timeline().len();
        let unsaved = session.unsaved();
        assert_eq!(unsaved, 0, "{what}");
        let setup = referral().setup;
        let body = referral_body().replace("REF-001", "REF-LATER");
        let run = send(&mut session, &signed_now(&setup, "evt-later", &body));
        assert_eq!(end(&run), ("delivered", None, None), "{what}");
        assert!(session.pending().is_none(), "{what}: storage would be written to");
        let fresh: Vec<_> = session.timeline()[before..].to_vec();
        assert_eq!((fresh.len(), session.unsaved()), (7, 7), "{what}");
        let crm = session.crm().to_vec();

        // Set aside, the new log holds what was only in memory, and can be stored.
        session.set_aside();
        assert!(!session.detached(), "{what}");
        assert_eq!(session.timeline().len(), fresh.len(), "{what}");
        for (n, (entry, was)) in session.timeline().iter().zip(&fresh).enumerate() {
            assert_eq!(entry.seq, n as u64, "{what}");
            let (stage, outcome, correlation) = (&entry.stage, &entry.outcome, &entry.correlation);
            assert_eq!((stage, outcome, correlation), (&was.stage, &was.outcome, &was.correlation), "{what}");
            assert_eq!((&entry.fields, &entry.fingerprint), (&was.fields, &was.fingerprint), "{what}");
        }
        assert_eq!(session.crm(), crm, "{what}");
        let mut anew = Shelf::default();
        anew.keep(&mut session);
        let (again, verification) = restored(&anew.0);
        assert!(verification.verified, "{what}: {verification:?}");
        assert_eq!(again.timeline(), session.timeline(), "{what}");
        assert_eq!(again.crm(), crm, "{what}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_head_set_back_to_an_earlier_time_takes_no_record_away() {
    // The head of an earlier moment with the records of a later one is what a crash leaves. It verifies, and the
    // later records are still there.
    let mut sandbox = Sandbox::new();
    let mut shelf = Shelf::default();
    for _ in 0..4 {
        sandbox.send_good();
        shelf.keep(&mut sandbox.session);
    }
    let before = shelf.clone();
    for _ in 0..8 {
        sandbox.send_good();
    }
    let save = sandbox.session.pending().unwrap();
    assert!(save.segments.len() >= 2);
    let whole = |shelf: &Shelf| {
        let (session, verification) = restored(&shelf.0);
        assert!(verification.verified, "{verification:?}");
        assert!(!session.detached());
        session
    };

    // The tab died after the segments.
    let mut crashed = before.clone();
    crashed.write_segments(&save);
    let session = whole(&crashed);
    assert_eq!(session.timeline(), sandbox.session.timeline());

    // After the first of them.
    let mut crashed = before.clone();
    let (number, text) = save.segments[0].clone();
    crashed.0.segments[number] = Some(text);
    let session = whole(&crashed);
    let size = session.timeline().len();
    assert_eq!(session.timeline(), &sandbox.session.timeline()[..size]);
    assert_eq!(size, (number + 1) * SEGMENT_RECORDS);

    // After the CRM demo zone, and after the ids.
    for with_seen in [false, true] {
        let mut crashed = before.clone();
        crashed.write_segments(&save);
        crashed.0.crm = Some(save.crm.clone());
        if with_seen {
            crashed.0.seen = Some(save.seen.clone());
        }
        let session = whole(&crashed);
        assert_eq!(session.crm(), sandbox.session.crm());
        assert_eq!(session.timeline(), sandbox.session.timeline());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn after_a_crash_before_the_head_no_correlation_id_is_given_twice() {
    let mut sandbox = Sandbox::new();
    let mut shelf = Shelf::default();
    sandbox.send_good();
    shelf.keep(&mut sandbox.session);
    sandbox.send_good();
    let save = sandbox.session.pending().unwrap();
    shelf.write_segments(&save);
    let (mut session, verification) = restored(&shelf.0);
    assert!(verification.verified);
    let used: Vec<String> = session.timeline().iter().map(|entry| entry.correlation.clone()).collect();
    let body = referral_body().replace("REF-001", "REF-AFTER");
    let run = send(&mut session, &signed_now(&sandbox.setup, "evt-after", &body));
    assert!(!used.contains(&run.correlation), "{} is in use already", run.correlation);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_save_writes_the_last_segments_and_no_others() {
    let mut sandbox = Sandbox::new();
    let mut shelf = Shelf::default();
    // 10,000 records, most of them of duplicates, which are a record each.
    sandbox.send_good();
    let request = signed_now(&sandbox.setup, "evt-again", &referral_body());
    while sandbox.session.timeline().len() < 10_000 {
        send(&mut sandbox.session, &request);
    }
    assert_eq!(sandbox.session.unsaved(), 10_000);
    shelf.keep(&mut sandbox.session);
    assert_eq!(sandbox.session.unsaved(), 0);
    assert!(sandbox.session.pending().is_none());
    assert_eq!(shelf.0.segments.len(), 10_000_usize.div_ceil(SEGMENT_RECORDS));
    let longest = shelf.0.segments.iter().flatten().map(|segment| segment.lines().count()).max();
    assert_eq!(longest, Some(SEGMENT_RECORDS));

    for _ in 0..20 {
        let first = sandbox.session.timeline().len() / SEGMENT_RECORDS;
        sandbox.send_good();
        let last = (sandbox.session.timeline().len() - 1) / SEGMENT_RECORDS;
        let save = sandbox.session.pending().unwrap();
        let written: Vec<usize> = save.segments.iter().map(|(number, _)| *number).collect();
        assert_eq!(written, (first..=last).collect::<Vec<_>>());
        let bytes: usize = save.segments.iter().map(|(_, text)| text.len()).sum();
        assert!(written.len() <= 2 && bytes < 128 * 1024, "{bytes} bytes in {written:?}");
        shelf.write(&save);
        sandbox.session.saved();
    }
    let (session, verification) = restored(&shelf.0);
    assert!(verification.verified);
    assert_eq!(session.timeline(), sandbox.session.timeline());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_save_that_was_not_written_is_offered_again_with_what_came_since() {
    let mut sandbox = Sandbox::new();
    sandbox.send_good();
    let first = sandbox.session.pending().unwrap();
    assert_eq!(sandbox.session.pending().unwrap(), first);
    sandbox.send_good();
    let second = sandbox.session.pending().unwrap();
    assert!(second.segments[0].1.starts_with(&first.segments[0].1), "what was not written is still there");
    assert_eq!(sandbox.session.unsaved(), 14);
    let mut shelf = Shelf::default();
    shelf.keep(&mut sandbox.session);
    assert!(verify(&shelf.0).verified);
}

#[wasm_bindgen_test(unsupported = test)]
fn source_payloads_are_never_stored() {
    let (_, shelf) = kept(10);
    let text = shelf.text();
    for payload in
        ["Testperson", "Testina", "PAT-001", "REF-00001", "Sampletown", "1971-02-03", "ECG, please"]
    {
        assert!(referral_body().contains(payload) || payload == "REF-00001");
        assert!(!text.contains(payload), "{payload} is stored");
    }
    assert!(text.contains("\"stage\":\"deliver\""), "this looks at what is stored");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_attestation_is_stored_as_a_record_and_does_not_outlive_the_session() {
    let mut sandbox = Sandbox::new();
    sandbox.session.attest(NOW);
    let mut shelf = Shelf::default();
    shelf.keep(&mut sandbox.session);
    let (mut session, verification) = restored(&shelf.0);
    assert!(verification.verified);
    assert_eq!(session.timeline()[0].outcome, "attested");
    let real = referral_body().replace("Testperson", "Quimby").replace("Testina", "Wilhelmina");
    let run = send(&mut session, &signed_now(&sandbox.setup, "evt-real", &real));
    assert_eq!(run.refusal.unwrap().code, "synthetic.attestation-required");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_head_that_claims_absurd_numbers_overflows_nothing() {
    let (_, shelf) = kept(6);
    for member in ["received", "size"] {
        let mut head: serde_json::Value = serde_json::from_str(shelf.0.head.as_ref().unwrap()).unwrap();
        assert!(head[member].is_u64());
        head[member] = u64::MAX.into();
        let mut absurd = shelf.clone();
        absurd.0.head = Some(head.to_string());
        let (mut session, _) = restored(&absurd.0);
        let body = referral_body().replace("REF-001", "REF-ABSURD");
        let run = send(&mut session, &signed_now(&referral().setup, "evt-absurd", &body));
        assert_eq!(run.outcome, "delivered", "{member}");
    }
}

// -------------------------------------------------------------------------------------------- drift

/// The adapter with deviations and one field read from elsewhere.
fn mended_adapter(setup: &Setup, deviations: &[&str], field: &str, select: &str) -> Setup {
    let mut adapter: Value = serde_json::from_str(&setup.adapter).unwrap();
    adapter["deviations"] = json!(deviations);
    let events = adapter["events"].as_array_mut().unwrap();
    let fields = events.iter_mut().flat_map(|event| event["fields"].as_array_mut().unwrap());
    for own in fields.filter(|own| own["field"] == field && own["select"] == "ServiceRequest.priority") {
        own["select"] = json!(select);
    }
    Setup { adapter: adapter.to_string(), ..setup.clone() }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_drifted_event_waits_until_the_adapter_has_caught_up() {
    for (scenario, deviations, select) in [
        ("drift-renamed", &["ServiceRequest.urgency"][..], "ServiceRequest.urgency"),
        ("drift-retyped", &["ServiceRequest.priority"][..], "ServiceRequest.priority.coding.code"),
        ("drift-new", &["ServiceRequest.riskScore"][..], "ServiceRequest.priority"),
    ] {
        let open = open_scenario(scenario).unwrap();
        let mut session = session(&open.setup);
        let run = send(&mut session, &open.requests[0].1);
        assert_eq!(run.outcome, "dead-lettered", "{scenario}");
        let issues: Vec<_> = run.verdicts.iter().flat_map(|verdict| &verdict.issues).collect();
        let drift = issues.iter().find(|issue| issue.check == "validate.schema-drift").expect("drift");
        assert!(drift.message.contains(deviations[0]), "{scenario}: {}", drift.message);
        assert!(drift.span.1 > drift.span.0 && drift.position.is_some(), "{scenario}");

        // Re-driven as it is, it is refused again, and still not lost.
        assert!(session.redrive(&run.correlation, NOW + 1000));
        let again = session.advance(NOW + 1000).pop().expect("it was due");
        assert_eq!(again.outcome, "dead-lettered", "{scenario}");

        let mended = mended_adapter(&open.setup, deviations, "CareEvent.priority", select);
        session.configure(&mended).expect("the adapter can be used");
        assert!(session.redrive(&run.correlation, NOW + 2000));
        let done = session.advance(NOW + 2000).pop().expect("it was due");
        assert_eq!((done.outcome.as_str(), &done.correlation), ("delivered", &run.correlation), "{scenario}");
        let fields = done.records.into_iter().flat_map(|record| record.fields).collect::<Vec<_>>();
        let priority = fields.iter().find(|field| field.name == "priority").expect("priority crosses");
        assert_eq!(priority.value.as_deref(), Some("urgent"), "{scenario}");
        assert!(fields.iter().all(|field| field.value.as_deref() != Some("7")), "{scenario}");
    }
}
