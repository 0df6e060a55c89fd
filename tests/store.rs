//! The stored form of a timeline: written a little at a time, readable after a stop at any write, shared by writers that
//! take turns, and never silently short.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::archive::SEGMENT_RECORDS;
use airlock::api::store::{
    Caught, Change, Fault, HEAD, Hold, HoldScope, Kept, MemoryShelf, Shelf, ShelfError, Store, Unsaved,
    numbered, set_aside,
};
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{AuditRecord, leaf_hash};
use std::collections::BTreeSet;

fn key() -> SigningNoteKey {
    SigningNoteKey::new("airlock.example.invalid/log/test", &[7; 32]).unwrap()
}

fn open(shelf: &MemoryShelf) -> Store {
    let opened = Store::open(shelf, key()).unwrap();
    assert_eq!(opened.faults, []);
    opened.store
}

/// Reads all sealed segments, each of which has to be sound.
fn fetch_all(store: &mut Store, shelf: &MemoryShelf) {
    while let Some((segment, fault)) = store.fetch(shelf).unwrap() {
        assert_eq!(fault, None, "segment {segment}");
    }
}

/// A delivery as it goes through: its records, a row of the CRM demo zone, and the count of deliveries.
fn deliver(store: &mut Store, records: u64) {
    let run = store.received() + 1;
    for n in 0..records {
        let seq = store.archive().len();
        let text = AuditRecord {
            action: "check".into(),
            actor: "demo-operator".into(),
            correlation: format!("run-{run:06}").into(),
            event: Some(format!("evt-{run:06}").into()),
            outcome: if n + 1 == records { "delivered" } else { "passed" }.into(),
            seq,
            stage: ["webhook", "validate", "adapt", "consent", "redact", "guard", "deliver"][n as usize % 7]
                .into(),
            time: format!("2026-01-15T09:{:02}:{:02}Z", run / 60 % 60, run % 60).into(),
            ..AuditRecord::default()
        }
        .canonical();
        store.append(leaf_hash(text.as_bytes()), text);
    }
    store.change(Change::new("crm", numbered(run), Some(&format!("record of run {run}"))));
    store.set_received(run);
}

fn texts(store: &Store) -> Vec<String> {
    (0..store.archive().len()).map(|seq| store.archive().canonical(seq).unwrap()).collect()
}

#[test]
fn what_is_saved_reads_back() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    for n in 0..200 {
        deliver(&mut store, 1 + n % 7);
        store.save(&mut shelf).unwrap();
    }
    let mut again = open(&shelf);
    assert_eq!(again.checkpoint(), store.checkpoint());
    assert_eq!(again.rows().digest(), store.rows().digest());
    assert_eq!((again.received(), again.unsaved()), (200, 0));
    fetch_all(&mut again, &shelf);
    assert_eq!(texts(&again), texts(&store));
    assert!(store.archive().segments() >= 3);
    // Saving what is saved writes nothing.
    let before = shelf.written;
    again.save(&mut shelf).unwrap();
    assert_eq!(shelf.written, before);
}

#[test]
fn a_stop_at_any_write_leaves_a_log_that_verifies_and_lacks_the_unfinished_at_most() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    // Up to just before a segment is sealed, so that every kind of write is among those that follow.
    while store.archive().len() + 14 < 2 * SEGMENT_RECORDS as u64 {
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
    let mut stops = 0;
    for left in 0.. {
        let mut shelf = shelf.clone();
        shelf.left = Some(left);
        let mut writer = open(&shelf);
        let mut saved = 0;
        let mut done = true;
        for _ in 0..6 {
            deliver(&mut writer, 7);
            if writer.save(&mut shelf).is_err() {
                done = false;
                break;
            }
            saved += 7;
        }
        shelf.left = None;
        let mut reader = open(&shelf);
        fetch_all(&mut reader, &shelf);
        let found = reader.archive().len() - store.archive().len();
        assert!(found == saved || found == saved + 7, "{left} writes: {found} records, {saved} saved");
        let mut whole = reader.clone();
        let behind = writer.archive().len() - reader.archive().len();
        assert!(behind == 0 || behind == 7, "{left} writes");
        assert_eq!(texts(&whole).last(), writer.archive().canonical(reader.archive().len() - 1).as_ref());
        assert_eq!(whole.catch_up(&shelf).unwrap(), Caught::Same);
        // It goes on from there.
        deliver(&mut reader, 7);
        reader.save(&mut shelf).unwrap();
        let mut after = open(&shelf);
        fetch_all(&mut after, &shelf);
        assert_eq!(texts(&after), texts(&reader), "{left} writes");
        assert_eq!(after.rows().digest(), reader.rows().digest());
        stops += 1;
        if done {
            break;
        }
    }
    assert!(stops > 15, "{stops}");
}

#[test]
fn two_writers_that_take_turns_make_one_log() {
    let mut shelf = MemoryShelf::default();
    let mut writers = [open(&shelf), open(&shelf)];
    let mut reloads = 0;
    for n in 0..1000usize {
        let writer = &mut writers[n * 7919 % 13 % 2];
        if writer.catch_up(&shelf).unwrap() == Caught::Reload {
            *writer = open(&shelf);
            reloads += 1;
        }
        deliver(writer, 1);
        writer.save(&mut shelf).unwrap();
    }
    let [one, other] = &mut writers;
    for writer in [&mut *one, other] {
        writer.catch_up(&shelf).unwrap();
        fetch_all(writer, &shelf);
        assert_eq!((writer.archive().len(), writer.received()), (1000, 1000));
    }
    assert_eq!(texts(one), texts(other));
    assert_eq!(one.rows().digest(), open(&shelf).rows().digest());
    // Who reads on at every turn never has to begin anew.
    assert!(reloads == 0, "{reloads}");
}

#[test]
fn who_has_not_read_on_does_not_write() {
    let mut shelf = MemoryShelf::default();
    let (mut one, mut other) = (open(&shelf), open(&shelf));
    deliver(&mut one, 7);
    one.save(&mut shelf).unwrap();
    deliver(&mut other, 3);
    assert_eq!(other.save(&mut shelf), Err(Unsaved::Behind));
    assert_eq!(other.unsaved(), 3, "nothing of it is lost");
    shelf.remove(HEAD).unwrap();
    deliver(&mut one, 7);
    assert_eq!(one.save(&mut shelf), Err(Unsaved::Vanished));
}

#[test]
fn a_full_shelf_loses_nothing() {
    let mut shelf = MemoryShelf::with_capacity(250_000);
    let mut store = open(&shelf);
    loop {
        deliver(&mut store, 7);
        match store.save(&mut shelf) {
            Ok(()) => {}
            Err(Unsaved::Shelf(ShelfError::Full)) => break,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(store.unsaved(), 7);
    deliver(&mut store, 7);
    assert!(store.save(&mut shelf).is_err());
    assert_eq!(store.unsaved(), 14);
    // What is stored is sound, and holds all but what waits.
    let mut reader = open(&shelf);
    fetch_all(&mut reader, &shelf);
    assert_eq!(reader.archive().len() + 14, store.archive().len());
    assert!(reader.archive().segments() > 0);
    // With room it is all written.
    shelf.capacity *= 2;
    store.save(&mut shelf).unwrap();
    let mut reader = open(&shelf);
    fetch_all(&mut reader, &shelf);
    assert_eq!(texts(&reader), texts(&store));
}

#[test]
fn an_append_writes_as_much_late_as_early_and_15_000_records_fit() {
    let mut shelf = MemoryShelf::with_capacity(usize::MAX);
    let mut store = open(&shelf);
    let mut at = Vec::new();
    for _ in 0..15_000 / 7 + 40 {
        let before = shelf.written;
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
        at.push((store.archive().len(), shelf.written - before));
    }
    // Over the same part of a segment's life, with the sealing.
    let span = |from: u64| -> usize {
        at.iter().filter(|(size, _)| (from..from + 7 * 256).contains(size)).map(|(_, cost)| cost).sum()
    };
    let (early, late) = (span(7 * 256), span(7 * 256 * 7));
    println!("UTF-16 units written for 1,792 records: {early} from 1,792 on, {late} from 12,544 on");
    assert!(late < early * 102 / 100, "{early} {late}");
    let each = shelf.units() as f64 / store.archive().len() as f64;
    println!("{} records take {} units: {each:.0} each", store.archive().len(), shelf.units());
    assert!(shelf.units() < 5_242_880);
}

#[test]
fn what_was_done_to_the_stored_log_by_hand_is_said() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    for _ in 0..100 {
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
    let faults = |change: &dyn Fn(&mut MemoryShelf)| {
        let mut shelf = shelf.clone();
        change(&mut shelf);
        let opened = Store::open(&shelf, key()).unwrap();
        let (mut store, mut faults) = (opened.store, opened.faults);
        while let Some((_, fault)) = store.fetch(&shelf).unwrap() {
            faults.extend(fault);
        }
        faults
    };
    let edit = |name: &str, from: &str, to: &str| {
        let (name, from, to) = (name.to_owned(), from.to_owned(), to.to_owned());
        move |shelf: &mut MemoryShelf| {
            let text = shelf.get(&name).unwrap().unwrap();
            let edited = text.replacen(&from, &to, 1);
            assert_ne!(text, edited);
            shelf.set(&name, &edited).unwrap();
        }
    };
    let last = shelf.names("airlock.journal.").unwrap().pop().unwrap();
    assert_eq!(faults(&|_| {}), []);
    let altered = faults(&edit("airlock.segment.000001", "\"run-000040\"", "\"run-000041\""));
    assert_eq!(altered, [Fault::SegmentAltered(1, (273..280).collect())]);
    assert!(matches!(
        faults(&edit("airlock.segment.000000", "airlock-segment/1", "x"))[..],
        [Fault::SegmentUnreadable(0, _)]
    ));
    let missing = faults(&|shelf| shelf.remove("airlock.segment.000000").unwrap());
    assert_eq!(missing, [Fault::SegmentMissing(0)]);
    assert!(matches!(faults(&edit(&last, "passed", "failed"))[..], [Fault::RecordAltered(693..700)]));
    // What stands beside it changed as well: no record can be named, and the root tells all the same.
    let both = |shelf: &mut MemoryShelf| {
        let mut item: serde_json::Value = serde_json::from_str(&shelf.get(&last).unwrap().unwrap()).unwrap();
        for list in ["records", "leaves"] {
            let list = item[list].as_array_mut().unwrap();
            list.swap(0, 1);
        }
        shelf.set(&last, &item.to_string()).unwrap();
    };
    assert_eq!(faults(&both), [Fault::Root]);
    assert!(matches!(
        faults(&|shelf| shelf.remove(&last).unwrap())[..],
        [Fault::EntryMissing(99), Fault::RowsAltered, Fault::Short(693, 700)]
    ));
    assert!(matches!(faults(&edit(&last, "{", "["))[..], [Fault::EntryUnreadable(99), ..]));
    assert_eq!(faults(&edit(HEAD, "\"version\":2", "\"version\":9")), [Fault::HeadUnreadable]);
    assert_eq!(faults(&|shelf| shelf.remove(HEAD).unwrap()), [Fault::HeadMissing]);
    assert_eq!(faults(&edit(HEAD, "airlock.example", "airlock.exemple")), [Fault::Signature]);
    assert_eq!(faults(&edit("airlock.rows.crm.000000", "run 7", "run 8")), [Fault::RowsAltered]);
    let key = faults(&|shelf| shelf.remove("airlock.rows.keys.000000").unwrap());
    assert_eq!(key[..1], [Fault::RowsAltered]);
    let segments = faults(&|shelf| shelf.remove("airlock.rows.segments.000000").unwrap());
    assert_eq!(segments[..2], [Fault::SegmentUnknown(0), Fault::SegmentUnknown(1)]);
}

#[test]
fn a_segment_goes_whole_and_leaves_its_root_unless_it_is_held() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    while store.archive().segments() < 4 {
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
    let root = store.archive().tree().root();
    let of_first = store.archive().member(10, "correlation").unwrap();
    let hold = |id: &str, scope| Hold { id: id.to_owned(), scope, placed: "2026-02-01T00:00:00Z".to_owned() };
    assert!(store.place_hold(&hold("audit-1", HoldScope::Correlation(of_first))));
    assert!(
        !store.place_hold(&hold("audit-1", HoldScope::Token("0123456789abcdef".to_owned()))),
        "the name is taken"
    );
    let wrong = HoldScope::Time { from: "soon".to_owned(), to: "2026-01-15T10:00:00Z".to_owned() };
    assert!(!store.place_hold(&hold("audit-2", wrong)));
    let moment = store.archive().member(2 * 256 + 128, "time").unwrap();
    assert!(store.place_hold(&hold("audit-2", HoldScope::Time { from: moment.clone(), to: moment })));

    assert_eq!(store.delete(0), Err(Kept::Held(vec!["audit-1".to_owned()])));
    assert_eq!(store.delete(2), Err(Kept::Held(vec!["audit-2".to_owned()])));
    assert_eq!(store.delete(9), Err(Kept::NotThere));
    assert_eq!(store.delete(3), Ok(()));
    assert_eq!(store.delete(3), Err(Kept::NotThere));
    assert_eq!(store.sweep(&mut shelf), Ok(0), "nothing goes before that it goes is stored");
    store.save(&mut shelf).unwrap();
    assert_eq!(store.sweep(&mut shelf), Ok(1));
    assert_eq!(shelf.get("airlock.segment.000003").unwrap(), None);
    assert_eq!((store.archive().tree().root(), store.archive().canonical(3 * 256)), (root, None));

    // It holds for whoever reads it again, who has to read a segment before it can go.
    let mut again = open(&shelf);
    assert_eq!(again.holds(), store.holds());
    assert_eq!(again.delete(1), Err(Kept::Unread));
    fetch_all(&mut again, &shelf);
    assert_eq!((again.archive().tree().root(), again.archive().canonical(3 * 256)), (root, None));
    assert!(again.release_hold("audit-1") && !again.release_hold("audit-1"));
    assert_eq!((again.delete(0), again.delete(1)), (Ok(()), Ok(())));
    again.save(&mut shelf).unwrap();
    assert_eq!(again.sweep(&mut shelf), Ok(2));
    assert_eq!(store.catch_up(&shelf), Ok(Caught::Added(0)));
    assert_eq!(store.archive().canonical(0), None, "who follows lets it go too");
    assert_eq!(store.archive().tree().root(), root);
    let mut last = open(&shelf);
    fetch_all(&mut last, &shelf);
    assert_eq!(last.archive().canonical(2 * 256), store.archive().canonical(2 * 256));
}

#[test]
fn who_wrote_over_another_is_noticed_and_what_was_lost_waits_again() {
    let mut shelf = MemoryShelf::default();
    let mut first = open(&shelf);
    deliver(&mut first, 7);
    first.save(&mut shelf).unwrap();
    let mut second = open(&shelf);
    // The second does not see what the first has written since: it writes its own entry in the same place.
    let stale = shelf.clone();
    deliver(&mut first, 5);
    first.save(&mut shelf).unwrap();
    assert_eq!(first.miss_overwritten(&shelf), Ok(0));
    let mut shelf = stale;
    deliver(&mut second, 3);
    second.save(&mut shelf).unwrap();
    assert_eq!(first.catch_up(&shelf), Ok(Caught::Reload));
    assert_eq!(first.miss_overwritten(&shelf), Ok(5));
    assert_eq!(first.unsaved(), 5);
    assert_eq!(first.save(&mut shelf), Err(Unsaved::Behind));
    // Who only follows misses nothing, nor does who meets a log that has taken the place of the one that was.
    assert_eq!(second.miss_overwritten(&shelf), Ok(0));
    let mut other = MemoryShelf::default();
    let key = SigningNoteKey::new("airlock.example.invalid/log/another", &[8; 32]).unwrap();
    let mut anew = Store::open(&other, key).unwrap().store;
    deliver(&mut anew, 2);
    anew.save(&mut other).unwrap();
    assert_eq!(second.miss_overwritten(&other), Ok(0));
    // Nor does who meets its own log again after it was set aside.
    let mut follower = open(&shelf);
    set_aside(&mut shelf).unwrap();
    let mut again = Store::new(self::key());
    deliver(&mut again, 2);
    again.save(&mut shelf).unwrap();
    assert_eq!(follower.catch_up(&shelf), Ok(Caught::Reload));
    assert_eq!(follower.miss_overwritten(&shelf), Ok(0));
}

/// The other one's delivery is as long, and it has gone on since: nothing of its log fits, and none of it is taken up.
#[test]
fn who_was_written_over_by_a_delivery_as_long_is_noticed_too() {
    for before in [0, 3] {
        let mut shelf = MemoryShelf::default();
        let mut first = open(&shelf);
        for _ in 0..before {
            deliver(&mut first, 7);
            first.save(&mut shelf).unwrap();
        }
        let mut second = open(&shelf);
        let mut stale = shelf.clone();
        deliver(&mut first, 7);
        first.save(&mut shelf).unwrap();
        let lost = texts(&first).split_off(7 * before);
        // Both deliveries are the same but for the time that it took.
        let text = lost[6].replace("\"delivered\"", "\"unchanged\"");
        for own in &lost[..6] {
            second.append(leaf_hash(own.as_bytes()), own.clone());
        }
        second.append(leaf_hash(text.as_bytes()), text);
        second.save(&mut stale).unwrap();
        deliver(&mut second, 7);
        second.save(&mut stale).unwrap();
        assert_eq!(first.catch_up(&stale), Ok(Caught::Reload));
        assert_eq!(first.miss_overwritten(&stale), Ok(7), "after {before} deliveries");
        assert_eq!(first.archive().len() as usize, 7 * (before + 1));
    }
}

/// The head alone was taken away, and what is in memory is written again: what is left of the journal is of no use to it.
#[test]
fn what_is_written_again_is_not_mixed_with_what_was_left() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    for _ in 0..50 {
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
    assert_eq!(store.archive().segments(), 1);
    shelf.remove(HEAD).unwrap();
    store.forget_stored();
    let of_all = |n: u64| Change::new("crm", numbered(n), Some("as it is now"));
    (0..60).for_each(|n| store.change(of_all(n)));
    store.save(&mut shelf).unwrap();
    for _ in 0..60 {
        let mut again = open(&shelf);
        assert_eq!(again.rows().digest(), store.rows().digest(), "after {} deliveries", store.received());
        fetch_all(&mut again, &shelf);
        assert_eq!(texts(&again), texts(&store));
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
}

/// The same whatever stops it: it is written in the end, and rows that are gone are not there again.
#[test]
fn what_is_written_again_is_written_whole_whatever_stopped_it() {
    let mut full = MemoryShelf::default();
    let mut store = open(&full);
    while store.archive().len() < SEGMENT_RECORDS as u64 {
        deliver(&mut store, 8);
        store.save(&mut full).unwrap();
    }
    assert_eq!((store.archive().segments(), store.archive().len()), (1, 256), "nothing is open");
    let last = store.received();
    for left in 0..20 {
        for emptied in [false, true] {
            let mut shelf = if emptied { MemoryShelf::default() } else { full.clone() };
            shelf.remove(HEAD).unwrap();
            let mut writer = store.clone();
            for n in last / 16 * 16..=last {
                writer.change(Change::new("crm", numbered(n), None::<&str>));
            }
            writer.forget_stored();
            shelf.left = Some(left);
            let first = writer.save(&mut shelf);
            shelf.left = None;
            writer.save(&mut shelf).unwrap();
            let mut again = open(&shelf);
            fetch_all(&mut again, &shelf);
            assert_eq!(texts(&again), texts(&writer), "{left} writes: {first:?}");
            assert_eq!(again.rows().digest(), writer.rows().digest());
        }
    }
}

#[test]
fn a_stop_while_something_is_set_aside_loses_none_of_it() {
    let mut shelf = MemoryShelf::default();
    let mut store = open(&shelf);
    for _ in 0..40 {
        deliver(&mut store, 7);
        store.save(&mut shelf).unwrap();
    }
    let texts_of = |shelf: &MemoryShelf| -> BTreeSet<String> {
        let names = shelf.names("airlock.").unwrap();
        names.iter().map(|name| shelf.get(name).unwrap().unwrap()).collect()
    };
    let before = texts_of(&shelf);
    for left in 0.. {
        let mut shelf = shelf.clone();
        shelf.left = Some(left);
        let done = set_aside(&mut shelf).is_ok();
        assert!(texts_of(&shelf).is_superset(&before), "{left} writes");
        if done {
            break;
        }
    }
}
