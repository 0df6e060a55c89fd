//! A bundle that is opened to be looked at: all of it is there as it stands in the file, and each fault points at its record.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::archive::{Archive, Query};
use airlock::api::store::{Gone, Sealed};
use airlock::api::{
    EvidenceOpening, EvidenceSource, EvidenceTask, EvidenceWriter, JobOutcome, LogOnView, NoProof,
    OpenedEvidence, Task,
};
use airlock::engine::audit::checkpoint::Checkpoint;
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{AuditRecord, leaf_hash};

const ORIGIN: &str = "airlock.example.invalid/log/test";

fn record(seq: u64) -> String {
    AuditRecord {
        action: "check".into(),
        actor: "demo-operator".into(),
        correlation: format!("run-{:06}", seq / 7).into(),
        event: seq.is_multiple_of(4).then(|| format!("evt-\"{}\" <b>\u{202e}é", seq % 11).into()),
        outcome: ["passed", "refused", "delivered"][seq as usize % 3].into(),
        seq,
        stage: "consent".into(),
        time: format!("2026-01-15T09:{:02}:{:02}Z", seq / 60 % 60, seq % 60).into(),
        ..AuditRecord::default()
    }
    .canonical()
}

fn archive(size: u64, gone: &[usize]) -> Archive {
    let mut archive = Archive::default();
    for text in (0..size).map(record) {
        archive.append(leaf_hash(text.as_bytes()), &text);
    }
    while archive.seal().is_some() {}
    assert!(gone.iter().all(|segment| archive.forget(*segment)));
    archive
}

fn source<'a>(archive: &'a Archive, sealed: &'a dyn Fn(u64) -> Option<Sealed>) -> EvidenceSource<'a> {
    let key = SigningNoteKey::new(ORIGIN, &[1; 32]).unwrap();
    let tree = archive.tree();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: tree.size(), root: tree.root() };
    let (keys, checkpoints) = (vec![key.verifier()], vec![checkpoint.signed(&key)]);
    EvidenceSource { archive, origin: ORIGIN, keys, checkpoints, sealed }
}

fn deleted(_: u64) -> Option<Sealed> {
    Some(Sealed { root: String::new(), from: String::new(), to: String::new(), gone: Some(Gone::Deleted) })
}

fn bundle(size: u64, gone: &[usize]) -> String {
    source(&archive(size, gone), &deleted).to_text()
}

/// Opens a file as the page does: verified as a job, then taken up stretch by stretch.
fn open(file: &str) -> OpenedEvidence {
    let task = EvidenceTask { evidence: file.to_owned(), ..EvidenceTask::default() };
    let mut job = Task::Open(task).begin().unwrap();
    while !job.step(1) {}
    let JobOutcome::Opened(index) = job.finish() else { panic!("another outcome") };
    // It goes from one thread to the other as text.
    let index = serde_json::from_str(&serde_json::to_string(&*index).unwrap()).unwrap();
    let mut opening = EvidenceOpening::new(index);
    while let Some(wanted) = opening.wants() {
        let bytes = file.as_bytes()[wanted.start as usize..wanted.end as usize].to_vec();
        opening.take(bytes).unwrap();
    }
    assert_eq!(opening.done().0, opening.done().1);
    opening.finish().unwrap()
}

/// The records' lines of a bundle, with what stands before and after them.
fn lines(file: &str) -> (String, Vec<String>, String) {
    let at = file.find("\"records\":[\n").unwrap() + "\"records\":[\n".len();
    let end = file.rfind("\n]}").unwrap();
    let records = file[at..end].split(",\n").map(str::to_owned).collect();
    (file[..at].to_owned(), records, file[end..].to_owned())
}

fn with(file: &str, change: impl FnOnce(&mut Vec<String>)) -> String {
    let (head, mut records, end) = lines(file);
    change(&mut records);
    format!("{head}{}{end}", records.join(",\n"))
}

/// Of a fault its code, the places of the records that it is about, and whether they are at fault.
type Stand = (String, Vec<(u64, u64)>, bool);
/// Something that is done to the records of a bundle.
type Change<'a> = &'a dyn Fn(&mut Vec<String>);

fn stands(opened: &OpenedEvidence) -> Vec<Stand> {
    let faults = opened.report().faults.iter().enumerate();
    let stand = |(number, fault): (usize, &airlock::api::EvidenceFault)| {
        let (runs, own) = opened.stand(number);
        (fault.code.trim_start_matches("evidence.").to_owned(), runs, own)
    };
    faults.map(stand).collect()
}

fn stand(code: &str, runs: &[(u64, u64)], own: bool) -> Stand {
    (code.to_owned(), runs.to_vec(), own)
}

#[test]
fn a_sound_bundle_is_a_log_like_ones_own() {
    for (size, gone) in [(0, &[][..]), (1, &[]), (700, &[]), (900, &[0, 2])] {
        let opened = open(&bundle(size, gone));
        assert!(opened.report().verified, "{:?}", opened.report());
        let log = LogOnView::Opened(&opened);
        assert_eq!(log.archive().len(), size);
        assert_eq!(log.origin(), ORIGIN);
        for seq in 0..size {
            let here = !gone.contains(&((seq / 256) as usize));
            assert_eq!(log.archive().canonical(seq), here.then(|| record(seq)), "{seq}");
        }
        for seq in [0, 255, 256, 400, 699] {
            match log.inclusion(seq) {
                Ok(proof) => assert!(log.check(&proof).valid, "{seq} of {size}"),
                Err(why) if seq >= size => assert_eq!(why, NoProof::NoRecord),
                Err(why) => assert!(why == NoProof::Gone && gone.contains(&((seq / 256) as usize))),
            }
        }
        let (query, _) = Query::parse("outcome:refused run:run-000045");
        let found = log.archive().find(&query, &[]);
        assert_eq!(found.records().len(), if size > 315 { 2 } else { 0 }, "{size}");
    }
}

#[test]
fn an_altered_record_is_shown_marked_and_does_not_take_the_proofs_of_others_with_it() {
    let file = with(&bundle(700, &[]), |records| {
        records[412] = records[412].replace("demo-operator", "demo-operatoR");
    });
    let opened = open(&file);
    assert_eq!(stands(&opened), [stand("record-altered", &[(412, 1)], true)]);
    assert_eq!((opened.faults_of(412), opened.faults_of(411)), (vec![(0, true)], vec![]));
    let log = LogOnView::Opened(&opened);
    assert_eq!(log.entry(412).unwrap().actor, "demo-operatoR");
    for seq in [0, 411, 413, 699] {
        assert!(log.check(&log.inclusion(seq).unwrap()).valid, "{seq}");
    }
    assert_eq!(log.check(&log.inclusion(412).unwrap()).code.as_deref(), Some("proof.root"));
}

#[test]
fn what_is_no_record_is_shown_as_it_stands() {
    let odd = r#"{"note":"<img src=x onerror=alert(1)>","deep":[[[{}]]]}"#;
    let long = format!(r#"{{"action":"{}","seq":5}}"#, "x".repeat(1 << 20));
    let file = with(&bundle(9, &[]), |records| {
        records[3] = odd.to_owned();
        records[5] = long.clone();
        records[7] = "7".to_owned();
    });
    let opened = open(&file);
    let log = LogOnView::Opened(&opened);
    for (seq, text) in [(3, odd), (5, &long), (7, "7")] {
        assert_eq!(log.entry(seq).unwrap().raw, text);
        assert!(!opened.faults_of(seq).is_empty(), "{seq}");
    }
    assert!(opened.faults_of(4).is_empty());
    let runs = opened.archive().latest_runs(5);
    let runs: Vec<_> = runs.iter().map(|run| (run.correlation.as_str(), run.outcome.as_str())).collect();
    assert_eq!(runs, [("run-000001", "delivered"), ("run-000000", "passed")]);
    assert_eq!(opened.archive().latest_runs(1).len(), 1);
}

#[test]
fn each_fault_points_at_where_it_is_seen_in_the_file() {
    let file = bundle(700, &[]);
    let cases: [(Change<'_>, Stand); 5] = [
        (&|r| drop(r.drain(97..107)), stand("records-dropped", &[(97, 1)], false)),
        (&|r| r.swap(5, 600), stand("records-swapped", &[(600, 1), (5, 1)], true)),
        (&|r| r.insert(300, r[20].clone()), stand("record-duplicated", &[(300, 1)], true)),
        (&|r| r.truncate(650), stand("records-truncated", &[(649, 1)], false)),
        (&|r| r.insert(0, record(900)), stand("records-inserted", &[(0, 1)], true)),
    ];
    for (change, expected) in cases {
        assert_eq!(stands(&open(&with(&file, change))), [expected]);
    }
    let both = with(&file, |records| {
        records.drain(97..107);
        let altered = records[402].replace("demo", "Demo");
        records[402] = altered;
    });
    let opened = open(&both);
    let expected = [stand("records-dropped", &[(97, 1)], false), stand("record-altered", &[(402, 1)], true)];
    assert_eq!(stands(&opened), expected);
    assert_eq!(opened.report().faults[1].index, Some(412));
    let log = LogOnView::Opened(&opened);
    assert_eq!(log.entry(401).unwrap().seq, 411, "members are read, whatever the place");
    assert!(log.check(&log.inclusion(401).unwrap()).valid);
    let (query, _) = Query::parse("run:run-000099");
    assert_eq!(log.archive().find(&query, &[]).records().len(), 7);
}

#[test]
fn a_file_that_was_laid_out_anew_opens_all_the_same() {
    let file = bundle(300, &[]);
    let value: serde_json::Value = serde_json::from_str(&file).unwrap();
    let opened = open(&format!("\u{feff}{}", serde_json::to_string_pretty(&value).unwrap()));
    assert!(opened.report().verified);
    assert_eq!(opened.archive().canonical(299).unwrap(), record(299));
}

#[test]
fn a_file_that_changes_meanwhile_is_told() {
    let file = bundle(300, &[]);
    let task = EvidenceTask { evidence: file.clone(), ..EvidenceTask::default() };
    let mut job = Task::Open(task).begin().unwrap();
    while !job.step(9) {}
    let JobOutcome::Opened(index) = job.finish() else { panic!("another outcome") };
    let changed = file.replacen("refused", "rejused", 1);
    for (other, cut) in [(&changed, 0), (&file, 1)] {
        let mut opening = EvidenceOpening::new((*index).clone());
        let mut taken = Ok(());
        while let (Ok(()), Some(wanted)) = (&taken, opening.wants()) {
            let bytes = &other.as_bytes()[wanted.start as usize..wanted.end as usize - cut];
            taken = opening.take(bytes.to_vec());
        }
        let error = taken.and_then(|()| opening.finish().map(drop)).unwrap_err();
        assert_eq!(error.code, "evidence.file-changed");
    }
}

#[test]
fn a_bundle_is_the_same_however_it_is_cut_up_for_writing() {
    for gone in [&[][..], &[1]] {
        let archive = archive(700, gone);
        let source = source(&archive, &deleted);
        for budget in [1, 7, 256, 10_000] {
            let mut writer = EvidenceWriter::new(&source);
            let (mut hashes, mut records) = (Vec::new(), Vec::new());
            loop {
                let (mut leaf, mut text) = (String::new(), String::new());
                let done = writer.write(&archive, budget, &mut leaf, &mut text);
                hashes.push(leaf);
                records.push(text);
                if done {
                    break;
                }
            }
            let text = [writer.head(), hashes.concat(), records.concat()].concat();
            assert_eq!((text, writer.lost()), (source.to_text(), 0));
        }
    }
    // A segment that goes while it is written is not passed over in silence.
    let mut archive = archive(700, &[]);
    let mut writer = EvidenceWriter::new(&source(&archive, &deleted));
    let (mut hashes, mut records) = (String::new(), String::new());
    assert!(!writer.write(&archive, 300, &mut hashes, &mut records));
    archive.forget(1);
    assert!(writer.write(&archive, 1_000, &mut hashes, &mut records));
    assert_eq!(writer.lost(), 212);
}

#[test]
fn of_any_one_byte_that_is_altered_it_is_told_in_which_record() {
    let file = bundle(9, &[]);
    let (head, records, _) = lines(&file);
    let mut at = head.len();
    for (number, record) in records.iter().enumerate() {
        for place in at..at + record.len() {
            let mut bytes = file.clone().into_bytes();
            bytes[place] = if bytes[place] == b'#' { b'%' } else { b'#' };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let task = EvidenceTask { evidence: text, ..EvidenceTask::default() };
            let said = match Task::Open(task).begin() {
                Err(objection) => objection.message,
                Ok(mut job) => {
                    while !job.step(64) {}
                    let JobOutcome::Opened(index) = job.finish() else { panic!("another outcome") };
                    index.report.faults.iter().map(|fault| fault.what.clone()).collect()
                }
            };
            assert!(said.contains(&format!("Record {number} was altered")), "byte {place}: {said}");
        }
        at += record.len() + ",\n".len();
    }
}
