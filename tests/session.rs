//! What storage keeps of a session: it comes back whole, whatever was altered is found and named, and nothing is
//! lost. How it is stored is looked at in `store.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::store::{
    Caught, HEAD, Hold, HoldScope, Kept, MemoryShelf, Shelf as _, SigningNoteKey, Unsaved,
};
use airlock::api::{Fault, Session, Setup, Verification, format_time, open_scenario};
use serde_json::{Value, json};
use support::{
    NOW, Sandbox, end, keep, kept, referral, referral_body, reopen, send, session, signed_now, stored_text,
    tampered,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Deliveries of several kinds, kept one by one: forty make a sealed segment and a bit.
fn sandbox_with(deliveries: u32) -> (Sandbox, MemoryShelf) {
    let mut sandbox = Sandbox::new();
    let mut shelf = MemoryShelf::default();
    for n in 0..deliveries {
        sandbox.send_good();
        keep(&mut sandbox.session, &mut shelf);
        if n % 3 == 0 {
            send(&mut sandbox.session, &tampered(&sandbox.setup));
            keep(&mut sandbox.session, &mut shelf);
        }
    }
    assert!(deliveries < 40 || sandbox.session.records() > 256);
    (sandbox, shelf)
}

fn restored(shelf: &MemoryShelf) -> (Session, Verification) {
    let (mut session, verification) = reopen(shelf);
    session.configure(&referral().setup).unwrap();
    (session, verification)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stored_session_comes_back_whole() {
    let (sandbox, mut shelf) = sandbox_with(40);
    let (mut session, verification) = restored(&shelf);
    assert_eq!(verification.faults, Vec::<Fault>::new());
    assert!(verification.verified && !session.detached());
    assert_eq!(session.timeline(), sandbox.session.timeline());
    assert_eq!(session.crm(), sandbox.session.crm());
    assert_eq!(session.head(), sandbox.session.head());
    assert_eq!((verification.size, &verification.root), (session.head().size, &session.head().root));
    assert_eq!(session.unsaved(), 0);
    let before = stored_text(&shelf);
    keep(&mut session, &mut shelf);
    assert_eq!(stored_text(&shelf), before, "there is nothing new to save");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_session_stored_anew_is_the_one_that_was_stored_in_steps() {
    let (mut sandbox, shelf) = sandbox_with(40);
    let anew = kept(&mut sandbox.session);
    let (one, verification) = restored(&anew);
    assert!(verification.verified, "{verification:?}");
    let (other, _) = restored(&shelf);
    assert_eq!(one.timeline(), other.timeline());
    assert_eq!((one.head(), one.crm()), (other.head(), other.crm()));
    assert_eq!(one.store().rows().digest(), other.store().rows().digest());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_restored_session_goes_on_where_it_stopped() {
    let mut sandbox = Sandbox::new();
    let request = signed_now(&sandbox.setup, "evt-once", &referral_body());
    assert_eq!(send(&mut sandbox.session, &request).outcome, "delivered");
    let mut shelf = kept(&mut sandbox.session);
    let (mut session, _) = restored(&shelf);

    let again = send(&mut session, &request);
    assert_eq!(end(&again), ("duplicate", None, None), "an id seen before the restart");
    assert_eq!(again.correlation, "run-000002");
    let same = send(&mut session, &signed_now(&sandbox.setup, "evt-other", &referral_body()));
    assert_eq!(end(&same), ("unchanged", None, None), "a record written before the restart");
    assert_eq!(same.correlation, "run-000003");
    let changed = referral_body().replacen("\"active\"", "\"completed\"", 1);
    let changed = send(&mut session, &signed_now(&sandbox.setup, "evt-changed", &changed));
    assert_eq!(changed.records[0].version, 2);

    keep(&mut session, &mut shelf);
    let (later, verification) = restored(&shelf);
    assert!(verification.verified, "{verification:?}");
    assert_eq!(later.timeline(), session.timeline());
    let seqs: Vec<u64> = later.timeline().iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (0..later.head().size).collect::<Vec<_>>());
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_stored_is_an_empty_session_that_verifies() {
    let mut shelf = MemoryShelf::default();
    let (mut session, verification) = restored(&shelf);
    assert!(verification.verified && !session.detached());
    assert_eq!((verification.size, session.records()), (0, 0));
    keep(&mut session, &mut shelf);
    assert_eq!(shelf.names("").unwrap(), Vec::<String>::new(), "nothing is written for nothing");
}

#[wasm_bindgen_test(unsupported = test)]
fn two_sessions_that_take_turns_write_one_log_and_know_what_the_other_has_done() {
    let mut shelf = MemoryShelf::default();
    let (mut one, _) = restored(&shelf);
    let (mut other, _) = restored(&shelf);
    let setup = referral().setup;
    for n in 0..60 {
        let (mine, theirs) = if n % 2 == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
        assert_eq!(mine.catch_up(&shelf), Ok(Caught::Same), "{n}");
        let body = referral_body().replace("REF-001", &format!("REF-{n}"));
        let request = signed_now(&setup, &format!("evt-{n}"), &body);
        let run = send(mine, &request);
        assert_eq!((run.outcome.as_str(), run.correlation), ("delivered", format!("run-{:06}", 2 * n + 1)));
        keep(mine, &mut shelf);
        // The other one, which did not look, must not write; looking, it knows the event.
        assert_eq!(theirs.catch_up(&shelf), Ok(Caught::Added(if n == 0 { 7 } else { 8 })), "{n}");
        assert_eq!(send(theirs, &request).outcome, "duplicate");
        keep(theirs, &mut shelf);
    }
    assert!(matches!(one.catch_up(&shelf).unwrap(), Caught::Same | Caught::Added(_)));
    assert!(matches!(other.catch_up(&shelf).unwrap(), Caught::Same | Caught::Added(_)));
    let (whole, verification) = restored(&shelf);
    assert!(verification.verified, "{verification:?}");
    assert_eq!((whole.records(), whole.crm().len()), (60 * 8, 120));
    assert_eq!((one.head(), one.crm()), (whole.head(), whole.crm()));
    assert_eq!((other.head(), other.crm()), (whole.head(), whole.crm()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_session_that_has_not_read_what_another_wrote_writes_nothing() {
    let (mut sandbox, mut shelf) = sandbox_with(2);
    let (mut other, _) = restored(&shelf);
    send(&mut other, &tampered(&sandbox.setup));
    keep(&mut other, &mut shelf);
    let before = stored_text(&shelf);
    sandbox.send_good();
    assert_eq!(sandbox.session.save(&mut shelf), Err(Unsaved::Behind));
    assert_eq!((stored_text(&shelf), sandbox.session.unsaved()), (before, 7), "its own wait in memory");
    shelf.remove(HEAD).unwrap();
    assert_eq!(sandbox.session.save(&mut shelf), Err(Unsaved::Vanished));
}

/// Every way to spoil what is stored under one name.
fn spoilt(text: &str) -> Vec<String> {
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    vec![String::new(), "{".to_owned(), "nonsense".to_owned(), text[..half].to_owned(), text.repeat(2)]
}

#[wasm_bindgen_test(unsupported = test)]
fn what_can_not_be_trusted_is_not_written_over_and_nothing_is_lost() {
    let (sandbox, good) = sandbox_with(40);
    let names = good.names("airlock.").unwrap();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| !name.contains("reserve")) {
        let text = good.get(name).unwrap().unwrap();
        for to in spoilt(&text).into_iter().map(Some).chain([None]) {
            let what = format!("{name} is {:?}", to.as_deref().map(|to| &to[..to.len().min(20)]));
            let mut shelf = good.clone();
            match &to {
                Some(to) => shelf.set(name, to).unwrap(),
                None => shelf.remove(name).unwrap(),
            }
            let (mut session, verification) = restored(&shelf);
            if verification.verified {
                // The journal still has all that was in it.
                assert!(name.starts_with("airlock.rows."), "{what} verifies");
                assert_eq!(session.crm(), sandbox.session.crm(), "{what}");
                assert_eq!(session.timeline(), sandbox.session.timeline(), "{what}");
                continue;
            }
            assert!(!verification.faults.is_empty(), "{what}");
            assert!(verification.faults.iter().all(|fault| !fault.what.is_empty()), "{what}");
            assert!(session.detached(), "{what}: storage would be written to");
            let stored = stored_text(&shelf);

            // It goes on in memory.
            let before = session.records();
            let setup = referral().setup;
            let body = referral_body().replace("REF-001", "REF-LATER");
            let run = send(&mut session, &signed_now(&setup, "evt-later", &body));
            assert_eq!(end(&run), ("delivered", None, None), "{what}");
            assert_eq!(session.save(&mut shelf), Err(Unsaved::Detached), "{what}");
            assert_eq!(stored_text(&shelf), stored, "{what}: storage was written to");
            let fresh: Vec<_> = (before..session.records()).filter_map(|seq| session.entry(seq)).collect();
            assert_eq!((fresh.len(), session.unsaved()), (7, 7), "{what}");
            let crm = session.crm().to_vec();

            // Set aside, the new log holds what was only in memory, and can be stored.
            session.set_aside(NOW);
            assert!(!session.detached(), "{what}");
            assert_eq!(session.records() as usize, fresh.len() + 1, "{what}");
            let told = session.entry(session.records() - 1).unwrap();
            assert_eq!((told.action.as_str(), told.records), ("restart", Some(before)), "{what}");
            for (n, (entry, was)) in session.timeline().iter().zip(&fresh).enumerate() {
                assert_eq!(entry.seq, n as u64, "{what}");
                let (stage, outcome, correlation) = (&entry.stage, &entry.outcome, &entry.correlation);
                assert_eq!(
                    (stage, outcome, correlation),
                    (&was.stage, &was.outcome, &was.correlation),
                    "{what}"
                );
                assert_eq!((&entry.fields, &entry.fingerprint), (&was.fields, &was.fingerprint), "{what}");
            }
            assert_eq!(session.crm(), crm, "{what}");
            let mut anew = MemoryShelf::default();
            keep(&mut session, &mut anew);
            let (again, verification) = restored(&anew);
            assert!(verification.verified, "{what}: {verification:?}");
            assert_eq!((again.timeline(), again.crm()), (session.timeline(), session.crm()), "{what}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_session_killed_at_any_write_loses_the_unfinished_delivery_at_most() {
    // From just before a segment is sealed to just after.
    let (mut sandbox, before) = sandbox_with(33);
    assert!(sandbox.session.records() < 256 && sandbox.session.records() > 240);
    let known = sandbox.session.records();
    sandbox.send_good();
    sandbox.send_good();
    sandbox.send_good();
    let mut writes = 0;
    loop {
        let (mut tab, _) = restored(&before);
        tab.catch_up(&before).unwrap();
        let mut shelf = before.clone();
        shelf.left = Some(writes);
        for n in 0..3 {
            let body = referral_body().replace("REF-001", &format!("REF-K{n}"));
            send(&mut tab, &signed_now(&sandbox.setup, &format!("evt-k{n}"), &body));
            let _ = tab.save(&mut shelf);
        }
        let done = shelf.left != Some(0);
        shelf.left = None;
        let (session, verification) = restored(&shelf);
        assert!(verification.verified, "after {writes} writes: {verification:?}");
        let more = session.records() - known;
        assert!(more.is_multiple_of(7) && more <= 21, "after {writes} writes: {more}");
        // What is said of the CRM zone and of the ids seen is of the same moment as the log.
        assert_eq!(session.crm().len() as u64, 2 * (33 + more / 7), "after {writes} writes");
        if done {
            assert_eq!(more, 21);
            break;
        }
        writes += 1;
    }
    assert!(writes > 8, "{writes}");
}

#[wasm_bindgen_test(unsupported = test)]
fn after_a_stop_before_the_head_no_correlation_id_is_given_twice() {
    let (mut sandbox, mut shelf) = sandbox_with(1);
    sandbox.send_good();
    shelf.left = Some(1);
    assert!(sandbox.session.save(&mut shelf).is_err());
    shelf.left = None;
    let (mut session, verification) = restored(&shelf);
    assert!(verification.verified);
    let used: Vec<String> = session.timeline().into_iter().map(|entry| entry.correlation).collect();
    let body = referral_body().replace("REF-001", "REF-AFTER");
    let run = send(&mut session, &signed_now(&sandbox.setup, "evt-after", &body));
    assert!(!used.contains(&run.correlation), "{} is in use already", run.correlation);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_could_not_be_written_is_written_with_what_came_since() {
    let mut sandbox = Sandbox::new();
    let mut shelf = MemoryShelf::with_capacity(100);
    sandbox.send_good();
    assert!(sandbox.session.save(&mut shelf).is_err());
    sandbox.send_good();
    assert!(sandbox.session.save(&mut shelf).is_err());
    assert_eq!((sandbox.session.unsaved(), shelf.units()), (14, 0));
    shelf.capacity = 1_000_000;
    keep(&mut sandbox.session, &mut shelf);
    let (session, verification) = restored(&shelf);
    assert!(verification.verified, "{verification:?}");
    assert_eq!(session.timeline(), sandbox.session.timeline());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_delivery_writes_as_much_after_many_as_after_few() {
    let mut sandbox = Sandbox::new();
    let mut shelf = MemoryShelf::with_capacity(usize::MAX);
    let mut costs = Vec::new();
    for target in [512, 6144] {
        while sandbox.session.records() < target {
            sandbox.send_good();
            keep(&mut sandbox.session, &mut shelf);
        }
        // Over eight segments, so that each sees as many sealings.
        let before = shelf.written;
        while sandbox.session.records() < target + 2048 {
            sandbox.send_good();
            keep(&mut sandbox.session, &mut shelf);
        }
        costs.push(shelf.written - before);
    }
    let (few, many) = (costs[0], costs[1]);
    assert!(many < few + few / 50, "2,048 records take {few} units after 512 and {many} after 6,144");
}

#[wasm_bindgen_test(unsupported = test)]
fn source_payloads_are_never_stored() {
    let (_, shelf) = sandbox_with(40);
    let text = stored_text(&shelf);
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
    let shelf = kept(&mut sandbox.session);
    let (mut session, verification) = restored(&shelf);
    assert!(verification.verified);
    assert_eq!(session.timeline()[0].outcome, "attested");
    let real = referral_body().replace("Testperson", "Quimby").replace("Testina", "Wilhelmina");
    let run = send(&mut session, &signed_now(&sandbox.setup, "evt-real", &real));
    assert_eq!(run.refusal.unwrap().code, "synthetic.attestation-required");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_head_that_claims_absurd_numbers_overflows_nothing() {
    let (_, shelf) = sandbox_with(6);
    for member in ["received", "from", "to", "segments"] {
        let mut head: Value = serde_json::from_str(&shelf.get(HEAD).unwrap().unwrap()).unwrap();
        assert!(head[member].is_u64());
        head[member] = u64::MAX.into();
        let mut absurd = shelf.clone();
        absurd.set(HEAD, &head.to_string()).unwrap();
        let (mut session, _) = restored(&absurd);
        let body = referral_body().replace("REF-001", "REF-ABSURD");
        let run = send(&mut session, &signed_now(&referral().setup, "evt-absurd", &body));
        assert_eq!(run.outcome, "delivered", "{member}");
    }
}

// ------------------------------------------------------------------------------- what is done to the log

#[wasm_bindgen_test(unsupported = test)]
fn holds_deletions_and_rotations_are_recorded_before_they_are_done() {
    let (mut sandbox, mut shelf) = sandbox_with(80);
    let session = &mut sandbox.session;
    assert!(session.store().archive().segments() >= 2);
    let hold = |id: &str, scope: HoldScope| Hold { id: id.to_owned(), scope, placed: format_time(NOW) };
    let of = |run: &str| HoldScope::Correlation(run.to_owned());
    for wrong in ["", "for Testina", &"x".repeat(65)] {
        assert!(!session.place_hold(&hold(wrong, of("run-000001")), NOW), "{wrong:?}");
    }
    for wrong in [of("Testina"), of("run-"), HoldScope::Token("Testperson".to_owned())] {
        assert!(!session.place_hold(&hold("hold-1", wrong.clone()), NOW), "{wrong:?}");
    }
    let before = session.records();
    assert!(session.place_hold(&hold("hold-1", of("run-000001")), NOW));
    assert_eq!(session.delete_segment(0, NOW), Err(Kept::Held(vec!["hold-1".to_owned()])));
    assert_eq!(session.delete_segment(1, NOW), Ok(true));
    keep(session, &mut shelf);
    assert_eq!(session.sweep(&mut shelf), Ok(1));
    assert!(session.release_hold("hold-1", NOW) && !session.release_hold("hold-1", NOW));
    assert_eq!(session.delete_segment(0, NOW), Ok(true));
    let other = SigningNoteKey::new(session.store().origin(), &[9; 32]).unwrap();
    assert!(!session.rotate_key(SigningNoteKey::of_new_log(&[9; 32]), NOW), "a key of another log");
    assert!(session.rotate_key(other, NOW));
    keep(session, &mut shelf);
    assert_eq!(session.sweep(&mut shelf), Ok(1));
    let told: Vec<_> = (before..session.records()).filter_map(|seq| session.entry(seq)).collect();
    let actions: Vec<&str> = told.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["place-hold", "delete-segment", "release-hold", "delete-segment", "rotate-key"]);
    assert_eq!(
        (told[0].hold.as_deref(), told[0].scope.as_deref()),
        (Some("hold-1"), Some("correlation run-000001"))
    );
    assert_eq!((told[1].first, told[1].records), (Some(256), Some(256)));

    // The log verifies by both keys, and who signs with a third one says so.
    let third = SigningNoteKey::new(session.store().origin(), &[8; 32]).unwrap();
    let (mut again, verification) = Session::open(&shelf, third).unwrap();
    assert!(verification.verified, "{verification:?}");
    assert_eq!(again.head(), session.head());
    again.configure(&sandbox.setup).unwrap();
    let size = again.records();
    send(&mut again, &tampered(&sandbox.setup));
    assert_eq!(again.entry(size).unwrap().action, "rotate-key");
    keep(&mut again, &mut shelf);
    let (last, verification) = Session::open(&shelf, SigningNoteKey::of_nobody()).unwrap();
    assert!(verification.verified, "{verification:?}");
    assert_eq!(last.store().keys().len(), 3);
}

// -------------------------------------------------------------------------------------------- drift

/// A setting whose adapter has these deviations and reads one field from elsewhere.
fn mended(setup: &Setup, deviations: &[&str], field: &str, select: &str) -> Setup {
    let mut adapter: Value = serde_json::from_str(&setup.adapter).unwrap();
    adapter["deviations"] = json!(deviations);
    let events = adapter["events"].as_array_mut().unwrap();
    let fields = events.iter_mut().flat_map(|event| event["fields"].as_array_mut().unwrap());
    for own in fields.filter(|own| own["field"] == field && own["select"] == "ServiceRequest.priority") {
        own["select"] = json!(select);
    }
    // A code crosses of a listed system alone, where it has one.
    let mut policy: Value = serde_json::from_str(&setup.policy).unwrap();
    let rules = policy["rules"].as_array_mut().unwrap();
    for rule in rules.iter_mut().filter(|rule| rule["field"] == field && select.contains("coding")) {
        rule["systems"] = json!(["http://hl7.org/fhir/request-priority"]);
    }
    Setup { adapter: adapter.to_string(), policy: policy.to_string(), ..setup.clone() }
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

        let mended = mended(&open.setup, deviations, "CareEvent.priority", select);
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

#[wasm_bindgen_test(unsupported = test)]
fn what_was_removed_behind_a_session_is_stored_again_and_verifies_under_a_new_key_of_its_log() {
    let (mut sandbox, _) = sandbox_with(80);
    let mut shelf = MemoryShelf::default();
    sandbox.session.forget_stored();
    keep(&mut sandbox.session, &mut shelf);
    let key = SigningNoteKey::new(sandbox.session.store().origin(), &[5; 32]).unwrap();
    let (mut again, verification) = Session::open(&shelf, key).unwrap();
    assert!(verification.verified, "{verification:?}");
    while let Some(faults) = again.fetch(&shelf).unwrap() {
        assert_eq!(faults, []);
    }
    assert_eq!(again.timeline(), sandbox.session.timeline());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_verifies_by_itself_and_is_not_what_was_stored_is_told() {
    let scenario = open_scenario("referral-created").unwrap();
    let key = SigningNoteKey::new("airlock.example.invalid/log/test", &[7; 32]).unwrap();
    let open = |shelf: &MemoryShelf| Session::open(shelf, key.clone()).unwrap().0;
    let mut shelf = MemoryShelf::default();
    let mut session = open(&shelf);
    session.configure(&scenario.setup).unwrap();
    let (at, request) = &scenario.requests[0];
    session.send(request, *at, &mut || 0.0);
    session.save(&mut shelf).unwrap();
    let earlier = shelf.clone();
    session.send(request, *at + 1_000, &mut || 0.0);
    session.save(&mut shelf).unwrap();
    assert_eq!(session.missing_from(&open(&shelf)), None);
    // What waits was never there.
    session.send(request, *at + 2_000, &mut || 0.0);
    assert_eq!(session.missing_from(&open(&shelf)), None);
    for (found, missing) in [(&earlier, "1 of 8"), (&MemoryShelf::default(), "8 of 8")] {
        let fault = session.missing_from(&open(found)).unwrap();
        assert_eq!(fault.what, format!("The last {missing} records that this tab has stored are missing."));
    }
    let mut other = MemoryShelf::default();
    let mut another = open(&other);
    another.configure(&scenario.setup).unwrap();
    for _ in 0..9 {
        another.send(request, *at + 5_000, &mut || 0.0);
    }
    another.save(&mut other).unwrap();
    assert!(session.missing_from(&open(&other)).unwrap().what.starts_with("Another log"));
}
