//! What becomes of records over time: whole segments go under retention or are set aside where they can't be trusted,
//! holds keep them, keys change, storage fills up; the rest verifies each time, and nothing is lost silently.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::archive::SEGMENT_RECORDS;
use airlock::api::store::{
    GRAIN, Gone, HEAD, Hold, HoldScope, Keeping, Kept, MemoryShelf, PROBE, Probe, Shelf as _, ShelfError,
    SigningNoteKey, Unsaved, aside_texts, drop_aside, wipe,
};
use airlock::api::{
    Evidence, EvidenceReport, Fault, Known, Session, Verification, format_time, store_evidence,
    verify_evidence,
};
use support::{NOW, Sandbox, keep, reopen, send, signed_now, tampered};

const FIRST: &str = "airlock.segment.000000";
const SECOND: &str = "airlock.segment.000001";

/// A session of so many sealed segments and a bit, kept delivery by delivery.
fn sealed(segments: usize) -> (Sandbox, MemoryShelf) {
    let (mut sandbox, mut shelf) = (Sandbox::new(), MemoryShelf::default());
    let mut now = NOW;
    while sandbox.session.records() < (segments * SEGMENT_RECORDS) as u64 + 80 {
        let (body, id) = (sandbox.fresh_body(), sandbox.fresh_id());
        let request = signed_now(&sandbox.setup, &id, &body);
        assert_eq!(sandbox.session.send(&request, now, &mut || 0.0).outcome, "delivered");
        now += 1_000;
        keep(&mut sandbox.session, &mut shelf);
    }
    assert_eq!(sandbox.session.store().archive().segments(), segments);
    (sandbox, shelf)
}

/// Reads all of it again, and says what verifying it finds.
fn read(shelf: &MemoryShelf) -> (Session, Verification) {
    let (mut session, mut verification) = reopen(shelf);
    while let Some(faults) = session.fetch(shelf).unwrap() {
        verification.faults.extend(faults);
    }
    verification.verified = verification.faults.is_empty();
    (session, verification)
}

fn bundle(session: &Session) -> EvidenceReport {
    verify_evidence(Evidence::read(store_evidence(session.store())).unwrap(), Known::default())
}

fn hold(id: &str, scope: HoldScope) -> Hold {
    Hold { id: id.to_owned(), scope, placed: format_time(NOW) }
}

// ------------------------------------------------------------------------------------------- setting aside

fn edited(shelf: &MemoryShelf, name: &str, from: &str, to: &str) -> MemoryShelf {
    let mut shelf = shelf.clone();
    let text = shelf.get(name).unwrap().unwrap();
    let edited = text.replacen(from, to, 1);
    assert_ne!(text, edited, "{name}");
    shelf.set(name, &edited).unwrap();
    shelf
}

#[test]
fn a_segment_that_can_not_be_trusted_is_set_aside_alone_and_the_rest_verifies() {
    let (sandbox, shelf) = sealed(3);
    let whole = sandbox.session.head();
    let mut missing = shelf.clone();
    missing.remove(SECOND).unwrap();
    let spoilt = [
        edited(&shelf, SECOND, "\"delivered\"", "\"withheld\""),
        edited(&shelf, SECOND, "airlock-segment/1", "something else"),
        missing,
    ];
    for mut shelf in spoilt {
        let found = shelf.get(SECOND).unwrap();
        let before = shelf.units();
        let (mut session, verification) = read(&shelf);
        assert!(!verification.verified && session.detached());
        assert_eq!(session.spoilt().map(|spoilt| spoilt.iter().copied().collect()), Some(vec![1]));
        assert_eq!(session.save(&mut shelf), Err(Unsaved::Detached));
        assert_eq!(session.set_segments_aside(NOW), 0, "nothing records it yet");
        assert_eq!(session.sweep(&mut shelf), Ok(0));

        session.configure(&sandbox.setup).unwrap();
        assert_eq!(session.set_segments_aside(NOW), 1);
        assert!(!session.detached() && session.spoilt().is_none());
        let told = session.entry(whole.size).unwrap();
        assert_eq!((told.stage.as_str(), told.action.as_str()), ("log", "set-segment-aside"));
        assert_eq!((told.first, told.records), (Some(256), Some(256)));
        assert_eq!(session.sweep(&mut shelf), Ok(0), "nothing moves before that it does is stored");
        session.save(&mut shelf).unwrap();
        assert_eq!(session.sweep(&mut shelf), Ok(usize::from(found.is_some())));
        let texts = aside_texts(&shelf).unwrap();
        assert_eq!(texts.iter().map(|(_, text)| text).collect::<Vec<_>>(), Vec::from_iter(&found));

        let (mut again, verification) = read(&shelf);
        assert_eq!(verification.faults, Vec::<Fault>::new());
        assert_eq!(again.head(), session.head());
        assert_eq!(
            (again.entry(255).is_some(), again.entry(256), again.entry(512).is_some()),
            (true, None, true)
        );
        assert_eq!(again.store().segment_rows()[1].keeping, Keeping::Gone(Gone::Aside));
        let report = bundle(&again);
        assert!(report.verified, "{:?}", report.faults);
        assert!(store_evidence(again.store()).contains("\"why\":\"aside\""));
        // It goes on, and what was set aside can go for good.
        again.configure(&sandbox.setup).unwrap();
        send(&mut again, &tampered(&sandbox.setup));
        keep(&mut again, &mut shelf);
        drop_aside(&mut shelf).unwrap();
        assert!(shelf.units() < before + 4_000);
        assert!(read(&shelf).1.verified);
    }
}

#[test]
fn where_more_than_segments_is_at_fault_all_of_it_is_set_aside_or_nothing() {
    let (sandbox, shelf) = sealed(2);
    let mut shelf = edited(&shelf, HEAD, "\"version\":2", "\"version\":9");
    shelf.remove(SECOND).unwrap();
    let (mut session, verification) = read(&shelf);
    assert!(verification.faults.len() > 1, "{verification:?}");
    session.configure(&sandbox.setup).unwrap();
    assert!(session.detached() && session.spoilt().is_none());
    assert_eq!(session.set_segments_aside(NOW), 0);
    assert!(session.detached());
}

#[test]
fn a_stop_while_a_segment_is_set_aside_or_deleted_leaves_a_log_that_verifies_or_names_the_same_fault() {
    let (sandbox, shelf) = sealed(3);
    let whole = sandbox.session.head().size;
    let altered = edited(&shelf, SECOND, "\"delivered\"", "\"withheld\"");
    let mut ends = [0_usize; 2];
    for left in 0..16 {
        // Setting aside.
        let mut shelf = altered.clone();
        let (mut session, _) = read(&shelf);
        session.configure(&sandbox.setup).unwrap();
        session.set_segments_aside(NOW);
        shelf.left = Some(left);
        let done = session.save(&mut shelf).is_ok() && session.sweep(&mut shelf).is_ok();
        shelf.left = None;
        let (mut again, verification) = read(&shelf);
        if again.records() == whole {
            assert_eq!(again.spoilt().map(|spoilt| spoilt.len()), Some(1), "{left}");
        } else {
            assert!(verification.verified, "{left}: {verification:?}");
            again.sweep(&mut shelf).unwrap();
            let kept = aside_texts(&shelf).unwrap().len();
            // A tab that is killed between taking a text away and putting it under its other name has lost it.
            assert!(kept == 1 || !done, "{left}");
            assert_eq!(shelf.get(SECOND).unwrap(), None);
            ends[0] += 1;
        }
        // Deleting.
        let mut shelf = self::shelf_of(&sandbox);
        let (mut session, _) = read(&shelf);
        session.configure(&sandbox.setup).unwrap();
        assert_eq!(session.delete_segment(0, NOW), Ok(true));
        shelf.left = Some(left);
        let _ = session.save(&mut shelf).is_ok() && session.sweep(&mut shelf).is_ok();
        shelf.left = None;
        let (mut again, verification) = read(&shelf);
        assert!(verification.verified, "{left}: {verification:?}");
        let recorded = again.entry(whole).is_some_and(|entry| entry.action == "delete-segment");
        assert_eq!(recorded, again.entry(0).is_none(), "recorded, or not done: {left}");
        assert!(recorded || shelf.get(FIRST).unwrap().is_some());
        again.sweep(&mut shelf).unwrap();
        assert_eq!(recorded, shelf.get(FIRST).unwrap().is_none());
        ends[1] += usize::from(recorded);
    }
    assert!(ends.iter().all(|end| (1..16).contains(end)), "{ends:?}");
}

/// What is stored of a session, anew.
fn shelf_of(sandbox: &Sandbox) -> MemoryShelf {
    let mut shelf = MemoryShelf::default();
    let mut store = sandbox.session.store().clone();
    store.forget_stored();
    store.save(&mut shelf).unwrap();
    shelf
}

// -------------------------------------------------------------------------------------- retention and holds

#[test]
fn a_hold_of_each_scope_keeps_what_it_is_about_and_says_so() {
    let (mut sandbox, mut shelf) = sealed(3);
    let session = &mut sandbox.session;
    let entry = |session: &Session, from: u64, test: &dyn Fn(&airlock::api::Entry) -> bool| {
        (from..).find_map(|seq| session.entry(seq).filter(|entry| test(entry))).unwrap()
    };
    let of_first = entry(session, 10, &|_| true).correlation;
    let of_second = entry(session, 300, &|entry| !entry.tokens.is_empty());
    let token = of_second.tokens[0].reference.clone();
    let of_third = entry(session, 600, &|_| true).time;
    assert!(session.place_hold(&hold("run", HoldScope::Correlation(of_first)), NOW));
    let time = HoldScope::Time { from: of_third.clone(), to: of_third };
    assert!(session.place_hold(&hold("time", time), NOW));
    let state = |session: &Session| -> Vec<Keeping> {
        session.store().segment_rows().into_iter().map(|row| row.keeping).collect()
    };
    let held = |id: &str| Keeping::Held(vec![id.to_owned()]);
    let times = session.store().segment_rows();
    assert!(times.iter().all(|row| row.is_before(i64::MAX) && !row.is_before(0)));
    assert_eq!(state(session)[0], held("run"));
    assert!(matches!(&state(session)[2], Keeping::Held(ids) if ids.contains(&"time".to_owned())));
    assert_eq!(session.delete_segment(0, NOW), Err(Kept::Held(vec!["run".to_owned()])));
    assert!(session.release_hold("run", NOW));

    assert!(session.place_hold(&hold("token", HoldScope::Token(token)), NOW));
    assert!(
        matches!(session.delete_segment(1, NOW), Err(Kept::Held(ids)) if ids.contains(&"token".to_owned()))
    );
    assert!(session.release_hold("time", NOW) && session.release_hold("token", NOW));
    let size = session.records();
    for segment in 0..3 {
        assert_eq!(session.delete_segment(segment, NOW), Ok(true), "nothing holds it any more");
    }
    assert_eq!(session.records(), size + 3);
    keep(session, &mut shelf);
    assert_eq!(session.sweep(&mut shelf), Ok(3));
    assert_eq!(state(session), vec![Keeping::Gone(Gone::Deleted); 3]);
    let (again, verification) = read(&shelf);
    assert!(verification.verified, "{verification:?}");
    let report = bundle(&again);
    assert!(report.verified, "{:?}", report.faults);
}

#[test]
fn a_segment_that_was_not_read_is_not_deleted_while_a_hold_needs_its_records() {
    let (mut sandbox, mut shelf) = sealed(2);
    sandbox.session.place_hold(&hold("run", HoldScope::Correlation("run-999999".to_owned())), NOW);
    keep(&mut sandbox.session, &mut shelf);
    let (mut again, _) = Session::open(&shelf, SigningNoteKey::of_nobody()).unwrap();
    again.configure(&sandbox.setup).unwrap();
    assert_eq!(again.store().segment_rows()[0].keeping, Keeping::Unread);
    assert_eq!(again.delete_segment(0, NOW), Err(Kept::Unread));
    while again.fetch(&shelf).unwrap().is_some() {}
    assert_eq!(again.delete_segment(0, NOW), Ok(true));
}

// ------------------------------------------------------------------------------------------------ full

/// A session whose shelf is full, with so many deliveries that wait in memory.
fn full(deliveries: u32) -> (Sandbox, MemoryShelf) {
    let (mut sandbox, mut shelf) = sealed(3);
    shelf.capacity = shelf.units() + 1_000;
    for _ in 0..deliveries {
        sandbox.send_good();
        let saved = sandbox.session.save(&mut shelf);
        assert_eq!(saved, Err(Unsaved::Shelf(ShelfError::Full)));
    }
    (sandbox, shelf)
}

#[test]
fn where_storage_is_full_deleting_a_segment_makes_room_and_what_waits_is_stored() {
    let (mut sandbox, mut shelf) = full(4);
    let session = &mut sandbox.session;
    assert!(session.unsaved() > 20);
    assert_eq!(session.delete_segment(0, NOW), Ok(true));
    assert_eq!(session.save(&mut shelf), Err(Unsaved::Shelf(ShelfError::Full)));
    session.save_dearly(&mut shelf).unwrap();
    assert_eq!(session.unsaved(), 0);
    assert_eq!(session.sweep(&mut shelf), Ok(1));
    let (again, verification) = read(&shelf);
    assert!(verification.verified, "{verification:?}");
    assert_eq!(again.head(), session.head());
}

#[test]
fn what_waits_is_sealed_where_that_takes_less_room_whatever_stops_it() {
    let (sandbox, shelf) = full(30);
    let stored = read(&shelf).0.records();
    let store = sandbox.session.store();
    assert!(store.unsaved() > 200 && store.may_gain(), "{} wait", store.unsaved());
    let mut whole = 0_usize;
    for left in 0..40 {
        let (mut store, mut shelf) = (store.clone(), shelf.clone());
        shelf.left = Some(left);
        let saved = store.save_dearly(&mut shelf);
        shelf.left = None;
        let (again, verification) = read(&shelf);
        assert!(verification.verified, "{left}: {verification:?}");
        let all = again.records() == store.archive().len();
        assert!(all || again.records() == stored, "{left}: {} of {}", again.records(), store.archive().len());
        assert!(all || saved.is_err());
        assert!(all || store.unsaved() > 200, "what is not stored is said to wait");
        whole += usize::from(all);
        // Who was not stopped for good does it later.
        let again = store.save_dearly(&mut shelf);
        assert_eq!(again, Ok(()), "{left}: {} of {} units", shelf.units(), shelf.capacity);
        let (again, verification) = read(&shelf);
        assert!(verification.verified, "{left}: {verification:?}");
        assert_eq!(again.store().archive().tree(), store.archive().tree());
    }
    assert!((1..40).contains(&whole), "{whole}");
}

#[test]
fn what_is_sealed_need_not_be_kept_as_it_came_whatever_stops_the_change() {
    let mut shelf = MemoryShelf::default();
    // As many deliveries come in together: one entry of the journal has records that are sealed, and others.
    let mut together = Sandbox::new();
    while together.session.records() < 2 * SEGMENT_RECORDS as u64 + 30 {
        together.send_good();
    }
    keep(&mut together.session, &mut shelf);
    let store = together.session.store();
    assert!(store.may_gain());
    let before = shelf.units();
    let mut done = 0_usize;
    for left in 0..24 {
        let (mut store, mut shelf) = (store.clone(), shelf.clone());
        shelf.left = Some(left);
        let compacted = store.compact(&mut shelf);
        shelf.left = None;
        done += usize::from(compacted == Ok(true));
        let (mut again, verification) = read(&shelf);
        assert!(verification.verified, "{left}: {verification:?}");
        assert_eq!(again.head(), together.session.head());
        again.configure(&together.setup).unwrap();
        send(&mut again, &tampered(&together.setup));
        keep(&mut again, &mut shelf);
        let (last, verification) = read(&shelf);
        assert!(verification.verified, "{left}: {verification:?}");
        assert_eq!(last.head(), again.head());
    }
    assert!((1..24).contains(&done), "{done}");
    let mut store = store.clone();
    assert_eq!(store.compact(&mut shelf), Ok(true));
    assert_eq!(store.compact(&mut shelf), Ok(false), "there is nothing to gain any more");
    assert!(shelf.units() + 200_000 < before, "{} of {before} units", shelf.units());
}

#[test]
fn what_a_shelf_holds_is_measured_and_nothing_of_it_stays() {
    for (capacity, taken) in
        [(5_242_880, 100_000), (40_000, 39_000), (2_000_000, 0), (9_000_000, 4), (3_000, 2_999)]
    {
        let mut shelf = MemoryShelf::with_capacity(capacity);
        if taken > 0 {
            shelf.set("x", &"y".repeat(taken - 1)).unwrap();
        }
        let mut probe = Probe::new(5_242_880 - taken);
        let (mut tries, mut free) = (0, None);
        while free.is_none() {
            free = probe.step(&mut shelf).unwrap();
            tries += 1;
            assert_eq!((shelf.get(PROBE).unwrap(), shelf.units()), (None, taken));
        }
        let (free, exact) = (free.unwrap(), capacity - taken);
        assert!(free <= exact && exact < free + GRAIN, "{free} of {exact}");
        assert!(tries <= if capacity == 5_242_880 { 2 } else { 16 }, "{capacity}: {tries} tries");
    }
    let mut shelf = MemoryShelf::default();
    shelf.left = Some(0);
    assert!(Probe::new(1_000).step(&mut shelf).is_err());
}

// --------------------------------------------------------------------------------------------------- keys

#[test]
fn who_follows_signs_with_the_key_that_was_rotated_to_and_both_keys_verify() {
    let (mut sandbox, mut shelf) = sealed(1);
    let (mut other, _) = read(&shelf);
    let session = &mut sandbox.session;
    let old = session.store().key();
    let seed = |n| SigningNoteKey::new(session.store().origin(), &[n; 32]).unwrap();
    let (new, foreign) = (seed(9), seed(8));
    assert!(!other.take_key(seed(9)), "nobody knows it yet");
    assert!(session.rotate_key(new, NOW));
    keep(session, &mut shelf);
    assert_ne!(session.store().key(), old);
    other.catch_up(&shelf).unwrap();
    assert!(!other.take_key(foreign));
    assert!(other.take_key(SigningNoteKey::parse_secret_text(&session.store().secret_key_text()).unwrap()));
    assert_eq!(other.store().key(), session.store().key());
    other.configure(&sandbox.setup).unwrap();
    send(&mut other, &tampered(&sandbox.setup));
    keep(&mut other, &mut shelf);
    assert_eq!(other.store().keys(), [old, other.store().key()]);
    let (again, verification) = read(&shelf);
    assert!(verification.verified, "{verification:?}");
    let report = bundle(&again);
    assert!(report.verified, "{:?}", report.faults);
}

// --------------------------------------------------------------------------------------------------- all

#[test]
fn after_everything_was_wiped_there_is_nothing_and_who_had_it_does_not_write_it_back() {
    let (mut sandbox, mut shelf) = sealed(2);
    shelf.set("airlock.aside.1.timeline", "{}").unwrap();
    shelf.set("somebody.elses", "stays").unwrap();
    wipe(&mut shelf).unwrap();
    assert_eq!(shelf.names("").unwrap(), ["somebody.elses"]);
    sandbox.send_good();
    assert_eq!(sandbox.session.save(&mut shelf), Err(Unsaved::Vanished));
    assert_eq!(shelf.names("airlock.").unwrap(), Vec::<String>::new());
    let (again, verification) = read(&shelf);
    assert!(verification.verified && again.records() == 0);
}
