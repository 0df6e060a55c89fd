//! Long logs of real records.

use airlock::api::archive::Archive;
use airlock::api::{Session, open_scenario, run_in, scenarios};
use airlock::engine::audit::{AuditRecord, hex, leaf_hash};
use airlock::engine::time::Instant;
use std::sync::LazyLock;

/// The log of each shipped scenario.
static LOGS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let log = |id: &str| {
        let mut session = Session::new();
        run_in(&open_scenario(id).unwrap(), &mut session);
        session.timeline().iter().map(|entry| entry.raw.clone()).collect()
    };
    scenarios().iter().map(|card| log(&card.id)).collect()
});

/// The records of all shipped scenarios, over and over: each time with runs, events, times and fingerprints of their own.
pub fn records(count: usize) -> Vec<String> {
    let mut all = Vec::with_capacity(count);
    let (mut runs, mut clock) = (0, 0);
    loop {
        for log in &*LOGS {
            let mut latest = 0;
            for text in log {
                if all.len() == count {
                    return all;
                }
                let mut record = AuditRecord::parse(text).unwrap();
                record.seq = all.len() as u64;
                if let Some(run) = record.correlation.strip_prefix("run-") {
                    let (number, part) = run.split_once('.').map_or((run, None), |(n, part)| (n, Some(part)));
                    let number: u64 = number.parse().unwrap();
                    latest = latest.max(number);
                    let part = part.map(|part| format!(".{part}")).unwrap_or_default();
                    record.correlation = format!("run-{:06}{part}", runs + number).into();
                }
                record.event = record.event.map(|event| format!("{event}-{runs}").into());
                record.fingerprint =
                    record.fingerprint.map(|_| hex(&leaf_hash(&record.seq.to_be_bytes())).into());
                let time = Instant::parse(&record.time).unwrap();
                record.time = Instant(time.0 + clock * 1_000).to_rfc3339().into();
                all.push(record.canonical());
            }
            runs += latest;
            clock += 40;
        }
    }
}

/// An archive of records, sealed as far as it can be, and the packed text of each sealed segment.
pub fn archive(records: &[String]) -> (Archive, Vec<String>) {
    let mut archive = Archive::default();
    let mut packed = Vec::new();
    for text in records {
        archive.append(leaf_hash(text.as_bytes()), text);
        if let Some((_, text)) = archive.pack_next() {
            packed.push(text);
            archive.seal();
        }
    }
    (archive, packed)
}
