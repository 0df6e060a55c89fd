//! The benchmark of evidence: what an append costs early and late, what verifying costs beside raw SHA-256 of the same bytes
//! in the same run, how fast a full store opens, and how fast a long log is searched.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops where its own input is wrong"
)]

#[path = "support/logs.rs"]
mod logs;
#[macro_use]
#[path = "support/mod.rs"]
mod support;

use airlock::api::archive::{Archive, Axis, Key, Query, SEGMENT_RECORDS, SegmentState};
use airlock::api::store::{Change, MemoryShelf, Store, numbered};
use airlock::api::{Evidence, EvidenceCheck, EvidenceSource, Known, verify_evidence};
use airlock::engine::audit::checkpoint::Checkpoint;
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{Tree, leaf_hash};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::LazyLock;

const RECORDS: usize = 100_000;
const ROUNDS: usize = 5;
/// Records of a delivery, which are saved together.
const DELIVERY: usize = 7;

static LOG: LazyLock<Vec<String>> = LazyLock::new(|| logs::records(RECORDS + 8 * SEGMENT_RECORDS));

fn key() -> SigningNoteKey {
    SigningNoteKey::new("airlock.example.invalid/log/bench", &[7; 32]).unwrap()
}

/// The median over all rounds, in milliseconds.
fn time<T>(clock: &dyn Fn() -> f64, mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = clock();
            black_box(work());
            clock() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// Appends records as deliveries, saves each, and says what that took: milliseconds and UTF-16 units an append.
fn deliver(
    clock: &dyn Fn() -> f64,
    store: &mut Store,
    shelf: &mut MemoryShelf,
    records: &[String],
) -> (f64, f64) {
    let (start, written) = (clock(), shelf.written);
    for delivery in records.chunks(DELIVERY) {
        for text in delivery {
            store.append(leaf_hash(text.as_bytes()), text.clone());
        }
        // A row of the CRM demo zone, one of a hundred, as it is written anew.
        let run = store.received() + 1;
        store.change(Change::new("crm", numbered(run % 100), Some("a record of the CRM demo zone")));
        store.set_received(run);
        store.save(shelf).unwrap();
    }
    let count = records.len() as f64;
    ((clock() - start) / count, (shelf.written - written) as f64 / count)
}

/// Nodes that are hashed at an append that makes a log of this size: those that it completes, and those of the root.
fn nodes_hashed(size: u64) -> u32 {
    size.trailing_zeros() + size.count_ones() - 1
}

/// A store of the first records of the log, and where it is kept.
fn stored(clock: &dyn Fn() -> f64, records: usize) -> (Store, MemoryShelf) {
    let mut shelf = MemoryShelf::with_capacity(usize::MAX);
    let mut store = Store::new(key());
    deliver(clock, &mut store, &mut shelf, &LOG[..records]);
    (store, shelf)
}

/// What an append costs early and late, and how fast the store that has come of it opens.
fn append_and_open(clock: &dyn Fn() -> f64) -> String {
    let mut table = format!(
        "evidence ({}), an append with its delivery of {DELIVERY} saved; over {} appends, with the sealing\n",
        std::env::consts::ARCH,
        7 * SEGMENT_RECORDS,
    );
    let mut late = None;
    for size in [100, RECORDS] {
        let (mut store, mut shelf) = stored(clock, size);
        let more = &LOG[size..size + 7 * SEGMENT_RECORDS];
        let (millis, units) = deliver(clock, &mut store, &mut shelf, more);
        let nodes = (size..size + more.len()).map(|size| nodes_hashed(size as u64 + 1));
        let (sum, most) = nodes.fold((0, 0), |(sum, most), n| (sum + n, n.max(most)));
        let mean = f64::from(sum) / more.len() as f64;
        writeln!(
            table,
            "  at {size:>7} records: {units:>6.0} UTF-16 units written, {mean:>5.1} nodes hashed ({most} at most), {:>6.1} µs",
            millis * 1000.0
        )
        .unwrap();
        late = Some((store, shelf));
    }
    let (store, shelf) = late.unwrap();
    let opened = time(clock, || Store::open(&shelf, key()).unwrap().store);
    let first = time(clock, || {
        let mut store = Store::open(&shelf, key()).unwrap().store;
        store.fetch(&shelf).unwrap();
        store
    });
    let start = clock();
    let mut again = Store::open(&shelf, key()).unwrap().store;
    while let Some((_, fault)) = again.fetch(&shelf).unwrap() {
        assert_eq!(fault, None);
    }
    let all = clock() - start;
    assert_eq!(again.archive().tree(), store.archive().tree());
    writeln!(table, "  opening {} records, {} units: {opened:.1} ms to the signed root, {first:.1} ms with the latest segment, {all:.0} ms with all read and recomputed", store.archive().len(), shelf.units()).unwrap();
    table
}

/// The bundle of an archive.
fn bundle(archive: &Archive) -> String {
    let key = key();
    let tree = archive.tree();
    let checkpoint = Checkpoint { origin: key.name().to_owned(), size: tree.size(), root: tree.root() };
    let (keys, checkpoints) = (vec![key.verifier()], vec![checkpoint.signed(&key)]);
    EvidenceSource { archive, origin: key.name(), keys, checkpoints, sealed: &|_| None }.to_text()
}

/// Verifying beside raw SHA-256 of the same bytes.
fn verify(clock: &dyn Fn() -> f64) -> String {
    let records = &LOG[..RECORDS];
    let (archive, _) = logs::archive(records);
    let bytes: usize = records.iter().map(String::len).sum();
    let raw = time(clock, || {
        let mut hash = Sha256::new();
        records.iter().for_each(|text| hash.update(text.as_bytes()));
        hash.finalize()
    });
    let tree = time(clock, || records.iter().map(|text| leaf_hash(text.as_bytes())).collect::<Tree>().root());
    let kept = time(clock, || {
        assert!((0..archive.segments()).all(|number| archive.check(number) == SegmentState::Sound));
        assert!(archive.check_open().is_empty());
    });
    let text = bundle(&archive);
    let read = time(clock, || Evidence::read(text.clone()).unwrap());
    let evidence = Evidence::read(text).unwrap();
    let mut checks: Vec<EvidenceCheck> =
        (0..ROUNDS).map(|_| EvidenceCheck::new(evidence.clone(), Known::default())).collect();
    let hashed = time(clock, || assert!(checks.pop().unwrap().hash(usize::MAX) > 0));
    let whole = time(clock, || assert!(verify_evidence(evidence.clone(), Known::default()).verified));
    let mut table =
        format!("verifying {RECORDS} records ({}), {:.1} MB\n", std::env::consts::ARCH, bytes as f64 / 1e6);
    for (name, millis) in [
        ("SHA-256 of the bytes", raw),
        ("leaves and nodes", tree),
        ("the archive's own", kept),
        ("a bundle: reading", read),
        ("a bundle: hashes", hashed),
        ("a bundle: all, examined", whole),
    ] {
        writeln!(table, "  {name:<24}{millis:>8.1} ms{:>8.2} of SHA-256", millis / raw).unwrap();
    }
    table
}

/// Searching, counting, and following a chain.
fn find(clock: &dyn Fn() -> f64) -> String {
    let (mut archive, _) = logs::archive(&LOG[..RECORDS]);
    let mut table = format!("searching {RECORDS} records ({}), the first time\n", std::env::consts::ARCH);
    let mut row = |name: &str, count: usize, millis: f64| {
        writeln!(table, "  {name:<52}{count:>8}{millis:>8.2} ms").unwrap();
    };
    for text in [
        "",
        "outcome:denied,refused",
        "-stage:queue code:consent policy:referral-intake",
        "after:2026-01-16 before:2026-02-01",
        "run-000777",
        "consent.absent",
        "operator -passed sandbox",
        "no-such-thing-anywhere",
        "field:R01",
    ] {
        let (query, notes) = Query::parse(text);
        assert_eq!(notes, []);
        let count = archive.find(&query, &[]).records().len();
        row(&format!("{text:?}"), count, time(clock, || archive.find(&query, &[])));
    }
    let (query, _) = Query::parse("stage:consent -outcome:permitted");
    let found = archive.find(&query, &Key::FILTERS);
    let values: usize = Key::FILTERS.iter().map(|key| found.facet(*key, &archive).len()).sum();
    row(
        "\"stage:consent -outcome:permitted\", 12 facets",
        values,
        time(clock, || {
            let found = archive.find(&query, &Key::FILTERS);
            Key::FILTERS.map(|key| found.facet(key, &archive))
        }),
    );
    let mut all = archive.find(&Query::default(), &[]);
    for (name, axis) in
        [("density by place, 400 buckets", Axis::Seq), ("density by time, 400 buckets", Axis::Time)]
    {
        row(name, 400, time(clock, || all.density(&archive, axis, None, 400)));
    }
    row(
        "the chain of run-000777",
        archive.chain("run-000777").records.len(),
        time(clock, || archive.chain("run-000777")),
    );
    row("where the clock was set back", archive.set_back().len(), time(clock, || archive.set_back()));
    row("extend by nothing", 0, time(clock, || all.extend(&archive)));
    let start = clock();
    for text in &LOG[RECORDS..RECORDS + DELIVERY] {
        archive.append(leaf_hash(text.as_bytes()), text);
    }
    all.extend(&archive);
    row("append a delivery and extend by it", DELIVERY, clock() - start);
    table
}

bench!(evidence, append_and_open, verify, find);
