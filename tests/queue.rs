//! The queue: order per subject, priority, retries on simulated time, dead letters and re-drive, and its state over
//! a restart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::store::{MemoryShelf, Shelf as _};
use airlock::api::{Outage, RunView, Session, Setup};
#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;
use support::hunt::Quarry;
use support::{
    NOW, delivered, end, keep, kept, referral, referral_body, referral_value, reopen, session, signed,
    stored_text,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const HOUR: i64 = 3_600_000;

/// The referral scenario's setting with outages (from and to second), and a consent of four patients.
fn setup(outages: &[(i64, i64)]) -> Setup {
    let mut setup = referral().setup;
    let outage = |(from, to): &(i64, i64)| Outage {
        from_second: *from,
        to_second: *to,
        status: 503,
        retry_after: None,
    };
    setup.sandbox.outages = outages.iter().map(outage).collect();
    let of = |patient: &str| {
        setup.consents.replace("PAT-001", patient).replace("CONS-", &format!("CONS-{patient}-"))
    };
    let all: Vec<String> = ["PAT-001", "PAT-002", "PAT-003", "PAT-004"].map(of).into();
    setup.consents = airlock::api::join_consents(&all);
    setup
}

/// A referral of a patient.
fn referral_of(patient: u32, referral: u32, status: &str, priority: &str) -> String {
    referral_body()
        .replace("PAT-001", &format!("PAT-{patient:03}"))
        .replace("REF-001", &format!("REF-{referral:03}"))
        .replacen("\"active\"", &format!("\"{status}\""), 1)
        .replacen("\"urgent\"", &format!("\"{priority}\""), 1)
}

/// Sends a body `after` milliseconds after the start.
fn send_at(session: &mut Session, setup: &Setup, id: &str, body: &str, after: i64) -> RunView {
    let at = NOW + after;
    session.send(&signed(setup, id, &(at / 1000).to_string(), body), at, &mut || 0.0)
}

/// Lets time pass until nothing waits, or an end is reached; the accounts in order.
fn pass(session: &mut Session, until: i64) -> Vec<RunView> {
    let mut runs = Vec::new();
    while let Some(due) = session.next_due().filter(|due| *due <= until) {
        let some = session.advance(due);
        assert!(!some.is_empty(), "something was due at {due}");
        runs.extend(some);
    }
    runs
}

fn ends(runs: &[RunView]) -> Vec<(&str, &str)> {
    runs.iter().map(|run| (run.correlation.as_str(), run.outcome.as_str())).collect()
}

fn adds_up(session: &Session) {
    let queue = session.queue();
    assert_eq!(queue.received, queue.settled + queue.waiting.len() as u64);
    assert_eq!(queue.classes.iter().map(|class| class.waiting).sum::<usize>(), queue.waiting.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_fails_for_the_time_being_waits_and_arrives_once() {
    let setup = setup(&[(0, 20)]);
    let mut session = session(&setup);
    let run = send_at(&mut session, &setup, "evt-1", &referral_of(1, 1, "active", "urgent"), 0);
    assert_eq!(end(&run), ("waiting", Some("deliver.unavailable"), None));
    assert!(run.due.unwrap() > NOW && run.records.is_empty() && session.crm().is_empty());
    assert!(run.ledger.iter().all(|row| !row.crossed), "nothing crossed yet");
    let [waiting] = &session.queue().waiting[..] else { panic!("one waits") };
    assert_eq!(
        (waiting.state.as_str(), waiting.class.as_str(), waiting.attempts.len()),
        ("retry", "urgent", 1)
    );
    assert_eq!(
        (waiting.code.as_deref(), waiting.event_type.as_deref()),
        (Some("deliver.unavailable"), Some("referral.created"))
    );
    adds_up(&session);
    assert!(session.advance(run.due.unwrap() - 1).is_empty(), "not before it is due");
    let runs = pass(&mut session, NOW + HOUR);
    assert_eq!(ends(&runs).last(), Some(&("run-000001", "delivered")));
    assert_eq!((delivered(&session), session.crm()[0].version), (1, 1));
    assert!(session.queue().waiting.is_empty() && session.next_due().is_none());
    adds_up(&session);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_waiting_event_holds_back_its_own_subject_and_nobody_else() {
    let setup = setup(&[(0, 2)]);
    let mut session = session(&setup);
    let first = send_at(&mut session, &setup, "evt-1", &referral_of(1, 1, "active", "routine"), 0);
    // The CRM is back; the second of the same patient still waits for the first.
    let second = send_at(&mut session, &setup, "evt-2", &referral_of(1, 1, "completed", "stat"), 2_100);
    assert_eq!(end(&second), ("waiting", None, None));
    assert_eq!(second.due, first.due, "it can go when the first can");
    let other = send_at(&mut session, &setup, "evt-3", &referral_of(2, 3, "active", "routine"), 2_200);
    assert_eq!(end(&other), ("delivered", None, None), "another patient's event is not held back");
    assert_eq!(
        session.queue().waiting.iter().map(|w| w.state.as_str()).collect::<Vec<_>>(),
        ["retry", "behind"]
    );
    adds_up(&session);
    let runs = pass(&mut session, NOW + HOUR);
    assert_eq!(ends(&runs), [("run-000001", "delivered"), ("run-000002", "delivered")]);
    let record =
        session.crm().iter().find(|record| record.correlation == runs[1].records[0].correlation).unwrap();
    let status = record.fields.iter().find(|field| field.name == "status").unwrap();
    assert_eq!((record.version, status.value.as_deref()), (2, Some("completed")), "the later state stands");
}

#[wasm_bindgen_test(unsupported = test)]
fn urgent_goes_first_among_subjects_and_never_within_one() {
    // The first try of each fails, so that all wait; once they are due, the classes decide.
    let setup = setup(&[(0, 5)]);
    let mut session = session(&setup);
    for (n, (patient, priority)) in
        [(1, "routine"), (2, "routine"), (3, "stat"), (1, "urgent")].iter().enumerate()
    {
        let body = referral_of(*patient, n as u32, "active", priority);
        send_at(&mut session, &setup, &format!("evt-{n}"), &body, n as i64);
    }
    let classes: Vec<(String, usize)> =
        session.queue().classes.into_iter().map(|class| (class.class, class.waiting)).collect();
    assert_eq!(classes, [("consent".into(), 0), ("urgent".into(), 2), ("routine".into(), 2)]);
    let runs = session.advance(NOW + HOUR);
    assert_eq!(
        ends(&runs),
        [
            ("run-000003", "delivered"),
            ("run-000001", "delivered"),
            ("run-000004", "delivered"),
            ("run-000002", "delivered")
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_poison_event_is_given_up_kept_and_re_driven_without_a_duplicate() {
    let setup = setup(&[(0, 40_000)]);
    let mut session = session(&setup);
    let body = referral_of(1, 1, "active", "routine");
    send_at(&mut session, &setup, "evt-1", &body, 0);
    let runs = pass(&mut session, NOW + HOUR);
    assert_eq!(runs.len(), 5, "five tries after the first");
    assert_eq!(end(runs.last().unwrap()), ("dead-lettered", Some("queue.attempts-exhausted"), None));
    let queue = session.queue();
    let [letter] = &queue.dead[..] else { panic!("one dead letter") };
    assert_eq!(
        (letter.correlation.as_str(), letter.event.as_str(), letter.attempts.len()),
        ("run-000001", "evt-1", 6)
    );
    assert!(letter.attempts.iter().all(|attempt| attempt.code == "deliver.unavailable"));
    assert!(letter.attempts.windows(2).all(|pair| pair[0].at < pair[1].at), "{:?}", letter.attempts);
    assert_eq!(
        (letter.why.code.as_str(), queue.waiting.len(), session.next_due()),
        ("queue.attempts-exhausted", 0, None)
    );
    adds_up(&session);

    let later = NOW + 12 * HOUR;
    assert!(!session.redrive("run-000404", later));
    assert!(session.redrive("run-000001", later) && !session.redrive("run-000001", later));
    adds_up(&session);
    let runs = session.advance(later);
    assert_eq!(ends(&runs), [("run-000001", "delivered")]);
    assert_eq!((delivered(&session), session.queue().dead.len()), (1, 0));
    let again: Vec<String> = session
        .timeline()
        .into_iter()
        .filter(|entry| entry.stage == "queue" && entry.correlation == "run-000001")
        .map(|entry| entry.outcome)
        .collect();
    assert_eq!(again, ["dead-lettered", "re-driven"]);
    assert_eq!(session.completeness().gaps, []);
    let operations = session.operations();
    let tries: Vec<_> = operations.iter().map(|own| (own.outcome.as_str(), own.failed.unwrap())).collect();
    assert_eq!(tries, (1..=5).map(|failed| ("deferred", failed)).collect::<Vec<_>>());
    assert!(operations.iter().all(|own| own.until > Some(own.time.clone())));
    adds_up(&session);
}

#[wasm_bindgen_test(unsupported = test)]
fn all_dead_letters_are_re_driven_in_order() {
    let setup = setup(&[(0, 40_000)]);
    let mut session = session(&setup);
    for n in 1..=3 {
        send_at(&mut session, &setup, &format!("evt-{n}"), &referral_of(1, n, "active", "routine"), 0);
    }
    pass(&mut session, NOW + HOUR);
    assert_eq!((session.queue().dead.len(), session.redrive_all(NOW + 12 * HOUR)), (3, 3));
    let runs = session.advance(NOW + 12 * HOUR);
    assert_eq!(ends(&runs), ["run-000001", "run-000002", "run-000003"].map(|run| (run, "delivered")));
}

#[wasm_bindgen_test(unsupported = test)]
fn consent_is_asked_again_at_every_try() {
    let mut setup = setup(&[(0, 4)]);
    let mut session = session(&setup);
    send_at(&mut session, &setup, "evt-1", &referral_of(1, 1, "active", "routine"), 0);
    setup.consents = "[]".to_owned();
    session.configure(&setup).unwrap();
    let runs = pass(&mut session, NOW + HOUR);
    assert_eq!(runs.len(), 1);
    assert_eq!(end(&runs[0]), ("withheld", Some("consent.absent"), None));
    assert!(session.crm().is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_receiver_asks_for_is_kept_to() {
    let mut setup = setup(&[(0, 1)]);
    setup.sandbox.outages[0].status = 429;
    setup.sandbox.outages[0].retry_after = Some(900);
    let mut session = session(&setup);
    let run = send_at(&mut session, &setup, "evt-1", &referral_of(1, 1, "active", "routine"), 0);
    assert_eq!((end(&run).1, run.due), (Some("deliver.throttled"), Some(NOW + 900_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_queue_says_when_to_come_again_and_dead_letters_count() {
    let mut setup = setup(&[(0, 4_000)]);
    setup.sandbox.queue_capacity = Some(2);
    let mut session = session(&setup);
    send_at(&mut session, &setup, "evt-1", &referral_of(1, 1, "active", "routine"), 0);
    send_at(&mut session, &setup, "evt-2", &referral_of(2, 2, "active", "routine"), 0);
    let body = referral_of(3, 3, "active", "routine");
    let full = send_at(&mut session, &setup, "evt-3", &body, 0);
    assert_eq!(end(&full), ("rejected", Some("queue.full"), None));
    let due = session.next_due().unwrap() - NOW;
    assert_eq!(
        (full.receipt.status, full.receipt.retry_after),
        (429, Some(due.unsigned_abs().div_ceil(1000)))
    );
    pass(&mut session, NOW + HOUR);
    assert_eq!(session.queue().dead.len(), 2);
    let still = send_at(&mut session, &setup, "evt-3", &body, HOUR);
    assert_eq!(end(&still), ("rejected", Some("queue.full"), None), "dead letters are kept, and take room");
    session.redrive_all(NOW + 2 * HOUR);
    pass(&mut session, NOW + 2 * HOUR);
    assert_eq!(end(&send_at(&mut session, &setup, "evt-3", &body, 2 * HOUR)), ("delivered", None, None));
}

// ----------------------------------------------------------------------------------------- over a restart

/// The session as it comes back from storage.
fn reopened(session: &mut Session, setup: &Setup) -> Session {
    let shelf = kept(session);
    let (mut back, verification) = reopen(&shelf);
    assert!(verification.verified, "{verification:?}");
    back.configure(setup).unwrap();
    back
}

#[wasm_bindgen_test(unsupported = test)]
fn a_queue_comes_back_whole() {
    let setup = setup(&[(0, 400)]);
    let mut session = session(&setup);
    let given_up = referral_of(1, 1, "active", "routine");
    send_at(&mut session, &setup, "evt-1", &given_up, 0);
    pass(&mut session, NOW + 300_000);
    send_at(&mut session, &setup, "evt-2", &referral_of(2, 2, "active", "stat"), 301_000);
    send_at(&mut session, &setup, "evt-3", &referral_of(2, 2, "completed", "routine"), 302_000);
    let (dead, waiting) = (session.queue().dead, session.queue().waiting);
    assert_eq!((dead.len(), waiting.len()), (1, 2));
    let mut back = reopened(&mut session, &setup);
    assert_eq!(back.queue().dead, dead);
    assert_eq!(back.next_due(), session.next_due());
    back.redrive("run-000001", NOW + HOUR);
    session.redrive("run-000001", NOW + HOUR);
    let (mine, theirs) = (session.advance(NOW + HOUR), back.advance(NOW + HOUR));
    assert_eq!(ends(&mine).len(), 3);
    assert_eq!(ends(&mine), ends(&theirs));
    assert_eq!((session.crm(), session.head()), (back.crm(), back.head()));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_ciphertext_of_what_waits_is_stored() {
    let setup = setup(&[(0, 400)]);
    let mut session = session(&setup);
    send_at(&mut session, &setup, "evt-1", &referral_body(), 0);
    let shelf = kept(&mut session);
    let stored = stored_text(&shelf);
    let (_, sealed) = sealed_in(&shelf);
    assert!(sealed.len() > referral_body().len() && stored.contains(&sealed), "the body is in it");
    Quarry::patients_of(&referral_value()).assert_absent("what is stored", &stored);
    assert!(!stored.contains("ServiceRequest\\\""));
}

/// Where the one sealed part of a queue is stored, and what it is.
fn sealed_in(shelf: &MemoryShelf) -> (String, String) {
    let names = shelf.names("").unwrap().into_iter();
    let mut found = names.rev().filter_map(|name| {
        let text = shelf.get(&name).unwrap()?;
        let (_, rest) = text.split_once("[\"line run-000001\",\"")?;
        Some((name, rest.split('"').next()?.to_owned()))
    });
    found.next().expect("it is stored")
}

#[wasm_bindgen_test(unsupported = test)]
fn a_changed_queue_is_found_and_a_foreign_one_is_kept_apart() {
    let setup = setup(&[(0, 4)]);
    let mut session = session(&setup);
    send_at(&mut session, &setup, "evt-1", &referral_body(), 0);
    let shelf = kept(&mut session);
    let (name, sealed) = sealed_in(&shelf);
    for wrong in ["", "AAAA", &sealed[4..]] {
        let mut altered = shelf.clone();
        let text = altered.get(&name).unwrap().unwrap();
        altered.set(&name, &text.replace(&sealed, wrong)).unwrap();
        let (back, verification) = reopen(&altered);
        assert!(!verification.verified && back.detached(), "{wrong:?}");
    }

    // Under other keys it does not open; it is told of, kept as it is, and opens when its own keys are back.
    let (mut back, _) = reopen(&shelf);
    back.configure(&Setup { seed: "another-seed".to_owned(), ..setup.clone() }).unwrap();
    assert_eq!((back.queue().unreadable, back.queue().waiting.len()), (1, 0));
    assert!(back.advance(NOW + 1).is_empty() && back.advance(NOW + 2).is_empty());
    let told =
        back.timeline().into_iter().filter(|e| e.code.as_deref() == Some("queue.state-unreadable")).count();
    assert_eq!(told, 1);
    let mut again = shelf.clone();
    send_at(&mut back, &setup, "evt-2", &referral_of(2, 2, "active", "routine"), 1_000);
    keep(&mut back, &mut again);
    assert!(stored_text(&again).contains(&sealed), "kept as it was");
    back.configure(&setup).unwrap();
    assert_eq!((back.queue().unreadable, back.queue().waiting.len()), (0, 2));
    assert_eq!(pass(&mut back, NOW + HOUR).iter().filter(|run| run.outcome == "delivered").count(), 2);
    assert_eq!(delivered(&back), 2);
}

/// One step of a plan: milliseconds that pass, patient, referral, state, priority.
#[cfg(not(target_arch = "wasm32"))]
type Step = (i64, u32, u32, usize, usize);

/// Plays a plan; where interrupted, the session is stored and opened anew after every step. Gives what became of each
/// delivery.
#[cfg(not(target_arch = "wasm32"))]
fn play(setup: &Setup, plan: &[Step], interrupted: bool) -> (Session, BTreeMap<String, String>) {
    let mut session = session(setup);
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    let mut note = |runs: Vec<RunView>| {
        for run in runs {
            let known = outcomes.insert(run.correlation.clone(), run.outcome);
            assert!(known.is_none_or(|known| known == "waiting"), "{} ended twice", run.correlation);
        }
    };
    let mut after = 0;
    for (n, (wait, patient, referral, status, priority)) in plan.iter().enumerate() {
        after += wait;
        while let Some(due) = session.next_due().filter(|due| *due <= NOW + after) {
            note(session.advance(due));
            if interrupted {
                session = reopened(&mut session, setup);
            }
        }
        let status = ["active", "completed", "no-such-status"][*status];
        let body = referral_of(*patient, *referral, status, ["routine", "stat"][*priority]);
        note(vec![send_at(&mut session, setup, &format!("evt-{n}"), &body, after)]);
        note(session.take_settled());
        adds_up(&session);
        if interrupted {
            session = reopened(&mut session, setup);
        }
    }
    while let Some(due) = session.next_due() {
        note(session.advance(due));
        if interrupted {
            session = reopened(&mut session, setup);
        }
        adds_up(&session);
    }
    (session, outcomes)
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn a_run_interrupted_at_every_step_ends_as_one_that_was_not(
        plan in proptest::collection::vec((0i64..40_000, 1u32..6, 0u32..4, 0usize..3, 0usize..2), 1..10),
        outages in proptest::collection::vec((0i64..120, 1i64..400), 0..4),
    ) {
        let outages: Vec<(i64, i64)> = outages.into_iter().map(|(from, long)| (from, from + long)).collect();
        let setup = setup(&outages);
        let (whole, outcomes) = play(&setup, &plan, false);
        let (pieces, same) = play(&setup, &plan, true);
        assert_eq!(outcomes, same);
        assert_eq!(outcomes.len(), plan.len());
        assert!(outcomes.values().all(|outcome| outcome != "waiting"), "{outcomes:?}");
        assert_eq!(whole.crm(), pieces.crm());
        assert_eq!(whole.head(), pieces.head());
        assert_eq!(whole.queue().dead, pieces.queue().dead);
    }
}
