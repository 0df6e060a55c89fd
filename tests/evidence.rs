//! Evidence bundles: whatever is done to one is found and said where, and nothing else is.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::archive::Archive;
use airlock::api::store::{Gone, Sealed};
use airlock::api::{
    Evidence, EvidenceCheck, EvidenceReport, EvidenceSource, Known, Witness, WitnessRelation, verify_evidence,
};
use airlock::engine::audit::checkpoint::Checkpoint;
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{AuditRecord, Tree, hex, leaf_hash};
use proptest::prelude::*;
use serde_json::{Value, json};

const ORIGIN: &str = "airlock.example.invalid/log/test";

fn key(seed: u8) -> SigningNoteKey {
    SigningNoteKey::new(ORIGIN, &[seed; 32]).unwrap()
}

/// A record that differs from those beside it, with characters that JSON escapes.
fn record(seq: u64, salt: u64) -> String {
    let n = seq.wrapping_mul(31).wrapping_add(salt);
    AuditRecord {
        action: "check".into(),
        actor: "demo-operator".into(),
        consent: n.is_multiple_of(3).then(|| format!("consent {}", n % 2).into()),
        correlation: format!("run-{:06}", seq / 7).into(),
        event: n.is_multiple_of(4).then(|| format!("evt-\"{}\"\\\u{1f}-é", n % 11).into()),
        outcome: ["passed", "refused", "delivered"][n as usize % 3].into(),
        policy: n.is_multiple_of(2).then(|| "referral-intake@1.0.0".into()),
        policy_hash: n.is_multiple_of(2).then(|| format!("{:016x}", n % 5).into()),
        seq,
        source: "HOSP-SANDBOX-A".into(),
        time: format!("2026-01-15T09:{:02}:{:02}Z", seq / 60 % 60, seq % 60).into(),
        ..AuditRecord::default()
    }
    .canonical()
}

/// A log: the first `shared` records are those of any log, the others this one's own.
fn log(size: u64, shared: u64, salt: u64) -> Vec<String> {
    (0..size).map(|seq| record(seq, if seq < shared { 0 } else { salt })).collect()
}

fn checkpoint(records: &[String], by: &SigningNoteKey) -> String {
    let tree: Tree = records.iter().map(|text| leaf_hash(text.as_bytes())).collect();
    Checkpoint { origin: ORIGIN.to_owned(), size: tree.size(), root: tree.root() }.signed(by)
}

/// The bundle of a log, with checkpoints of these sizes before the latest, and without these segments.
fn bundle(records: &[String], sizes: &[usize], gone: &[usize]) -> String {
    let mut archive = Archive::default();
    for text in records {
        archive.append(leaf_hash(text.as_bytes()), text);
    }
    while archive.seal().is_some() {}
    assert!(gone.iter().all(|segment| archive.forget(*segment)));
    let mut checkpoints: Vec<String> =
        sizes.iter().map(|size| checkpoint(&records[..*size], &key(1))).collect();
    checkpoints.push(checkpoint(records, &key(2)));
    let sealed = |_| {
        let (root, from, to) =
            (String::new(), "2026-01-15T09:00:00Z".to_owned(), "2026-01-15T10:00:00Z".to_owned());
        Some(Sealed { root, from, to, gone: Some(Gone::Deleted) })
    };
    let keys = vec![key(1).verifier(), key(2).verifier()];
    EvidenceSource { archive: &archive, origin: ORIGIN, keys, checkpoints, sealed: &sealed }.to_text()
}

fn verify(text: impl Into<String>) -> EvidenceReport {
    verify_evidence(Evidence::read(text.into()).unwrap(), Known::default())
}

/// Code and place of everything that is wrong.
fn faults(report: &EvidenceReport) -> Vec<(&str, Option<u64>)> {
    assert_eq!(report.verified, report.faults.is_empty());
    let code = |code: &'_ str| -> usize { code.find('.').unwrap() + 1 };
    report.faults.iter().map(|fault| (&fault.code[code(&fault.code)..], fault.index)).collect()
}

/// A bundle that something is done to.
struct Tampered(Value);

impl Tampered {
    fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    fn records(&mut self) -> &mut Vec<Value> {
        self.0["records"].as_array_mut().unwrap()
    }

    fn leaves(&mut self) -> &mut Vec<Value> {
        self.0["leafHashes"].as_array_mut().unwrap()
    }

    /// Does the same to both lists.
    fn both(&mut self, change: impl Fn(&mut Vec<Value>)) {
        change(self.records());
        change(self.leaves());
    }

    /// The hash of a record as it is now is put beside it.
    fn rehash(&mut self, index: usize) {
        use base64::Engine as _;
        let text = self.records()[index].to_string();
        let hash = leaf_hash(text.as_bytes());
        self.leaves()[index] = json!(base64::engine::general_purpose::STANDARD.encode(hash));
    }

    fn report(&self) -> EvidenceReport {
        verify(self.0.to_string())
    }
}

#[test]
fn an_untouched_bundle_verifies_however_its_json_is_set() {
    for (size, sizes, gone) in
        [(0, vec![], vec![]), (1, vec![0], vec![]), (40, vec![7, 40], vec![]), (1000, vec![700], vec![0, 2])]
    {
        let records = log(size, size, 0);
        let text = bundle(&records, &sizes, &gone);
        let tree: Tree = records.iter().map(|text| leaf_hash(text.as_bytes())).collect();
        let value: Value = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for text in [
            text.clone(),
            pretty.clone(),
            value.to_string(),
            pretty.replace('\n', "\r\n"),
            format!("\u{feff}{text}"),
        ] {
            let report = verify(text);
            assert_eq!(faults(&report), [], "{size}");
            assert_eq!((report.size, report.root), (size, hex(&tree.root())));
            assert_eq!(report.deleted, 256 * gone.len() as u64);
            assert_eq!(report.signed_by, [key(2).verifier().to_string()]);
        }
    }
}

#[test]
fn a_check_in_slices_comes_to_the_same() {
    let text = bundle(&log(300, 300, 0), &[100], &[]);
    let mut tampered = Tampered::of(&text);
    tampered.records()[9]["actor"] = json!("another");
    tampered.records().swap(200, 210);
    for text in [text, tampered.0.to_string()] {
        let whole = verify(text.clone());
        let mut check = EvidenceCheck::new(Evidence::read(text).unwrap(), Known::default());
        let mut steps = 0;
        while !check.work(7) {
            let (done, total) = check.done();
            assert!(done <= total);
            assert!(!check.report().verified, "not before all is done");
            steps += 1;
        }
        assert!(steps > 80, "{steps}");
        assert_eq!(check.report(), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_dropped_are_counted_and_their_place_is_named(size in 2usize..90, at in 0usize..89, count in 1usize..20, both: bool) {
        let at = at % size;
        let count = count.min(size - at);
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        let drop = |list: &mut Vec<Value>| { list.drain(at..at + count); };
        if both { tampered.both(drop) } else { drop(tampered.records()) }
        let report = tampered.report();
        let what = &report.faults[0].what;
        if at + count == size {
            assert_eq!(faults(&report), [("records-truncated", None)]);
            assert!(what.contains(&format!("of {size}")));
        } else {
            assert_eq!(faults(&report), [("records-dropped", Some(at as u64))]);
            if at > 0 { assert!(what.contains(&format!("after record {}.", at - 1)), "{}", what); }
        }
        let number = if count == 1 { "one record".to_owned() } else { format!("{count} records") };
        assert!(what.to_lowercase().contains(&number), "{}", what);
    }

    #[test]
    fn two_records_swapped_are_named(size in 2usize..90, one in 0usize..90, other in 0usize..90, both: bool) {
        let (one, other) = (one % size, other % size);
        prop_assume!(one != other);
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        if both { tampered.both(|list| list.swap(one, other)) } else { tampered.records().swap(one, other) }
        let report = tampered.report();
        let (first, second) = (one.min(other), one.max(other));
        assert_eq!(faults(&report), [("records-swapped", Some(first as u64))]);
        assert_eq!(&report.faults[0].what, &format!("Records {first} and {second} were swapped."));
    }

    #[test]
    fn a_record_that_is_there_twice_is_named(size in 1usize..90, of in 0usize..90, at in 0usize..91, both: bool) {
        let (of, at) = (of % size, at % (size + 1));
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        let double = |list: &mut Vec<Value>| { let copy = list[of].clone(); list.insert(at, copy); };
        if both { tampered.both(double) } else { double(tampered.records()) }
        assert_eq!(faults(&tampered.report()), [("record-duplicated", Some(of as u64))]);
    }

    #[test]
    fn records_altered_are_named_one_by_one(size in 1usize..90, picked in proptest::collection::btree_set(0usize..90, 1..6)) {
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        let picked: std::collections::BTreeSet<usize> = picked.into_iter().map(|n| n % size).collect();
        for index in &picked {
            tampered.records()[*index]["outcome"] = json!("altered");
        }
        let expected: Vec<_> = picked.iter().map(|index| ("record-altered", Some(*index as u64))).collect();
        assert_eq!(faults(&tampered.report()), expected);
    }

    #[test]
    fn a_record_put_in_is_named(size in 0usize..90, at in 0usize..91) {
        let at = at % (size + 1);
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        let forged: Value = serde_json::from_str(&record(at as u64, 77)).unwrap();
        tampered.records().insert(at, forged);
        assert_eq!(faults(&tampered.report()), [("records-inserted", Some(at as u64))]);
    }

    #[test]
    fn a_record_moved_is_named(size in 3usize..90, from in 0usize..90, to in 0usize..90, both: bool) {
        let (from, to) = (from % size, to % size);
        prop_assume!(from.abs_diff(to) > 1);
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[], &[]));
        let carry = |list: &mut Vec<Value>| { let record = list.remove(from); list.insert(to, record); };
        if both { tampered.both(carry) } else { carry(tampered.records()) }
        assert_eq!(faults(&tampered.report()), [("records-moved", Some(from as u64))]);
    }

    #[test]
    fn of_records_and_hashes_changed_together_it_is_said_up_to_where_they_are_sound(size in 1usize..90, at in 0usize..90, earlier in 0usize..90) {
        let (at, earlier) = (at % size, earlier % (size + 1));
        let mut tampered = Tampered::of(&bundle(&log(size as u64, 99, 0), &[earlier], &[]));
        tampered.records()[at]["outcome"] = json!("altered");
        tampered.rehash(at);
        let report = tampered.report();
        assert_eq!(faults(&report), [("records-and-hashes-altered", None)]);
        let sound = format!("Records 0 to {} are as an earlier", earlier as i64 - 1);
        assert_eq!(report.faults[0].what.contains(&sound), earlier > 0 && earlier <= at);
        // Another copy names it.
        let whole = bundle(&log(size as u64, 99, 0), &[], &[]);
        let known = Known { witness: Some(Witness::read(&whole).unwrap()), keys: Vec::new() };
        let report = verify_evidence(Evidence::read(tampered.0.to_string()).unwrap(), known);
        assert!(faults(&report).contains(&("forked", Some(at as u64))));
    }

    /// Whatever bit of the file is another one: it is found, and said of the record that it is in and of no other.
    #[test]
    fn a_bit_flipped_anywhere_is_found_and_located(size in 1u64..30, at: prop::sample::Index, bit in 0u8..8) {
        let text = bundle(&log(size, 99, 0), &[0], &[]);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let line = text[..text.floor_char_boundary(at)].lines().count().saturating_sub(1) + usize::from(text[..text.floor_char_boundary(at)].ends_with('\n'));
        let leaves = text.lines().position(|line| line == "\"leafHashes\":[").unwrap();
        let records = text.lines().position(|line| line == "\"records\":[").unwrap();
        let Ok(altered) = String::from_utf8(bytes) else { return Ok(()) };
        let report = match Evidence::read(altered.clone()) {
            Err(objection) => {
                // No JSON any more, or a member that there is not: the line is said, or the one after.
                if objection.message.contains("line ") {
                    let near = (line + 1..=line + 2).any(|line| objection.message.contains(&format!("line {line},")));
                    let at_end = objection.message.contains(&format!("line {},", text.lines().count()));
                    assert!(near || at_end || line < leaves, "{} of line {}", objection.message, line + 1);
                }
                return Ok(());
            }
            Ok(evidence) => verify_evidence(evidence, Known::default()),
        };
        let compact = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (mut before, mut after) = (compact(&text), compact(&altered));
        before["build"] = Value::Null;
        after["build"] = Value::Null;
        if line < leaves && before == after {
            // White space, another spelling, or what wrote the bundle, which nothing hangs on.
            assert_eq!(faults(&report), []);
            return Ok(());
        }
        let found = faults(&report);
        let place = |first: usize| Some((line - first - 1) as u64);
        if line > records && line <= records + size as usize {
            if found.is_empty() {
                assert!(text.as_bytes()[at].is_ascii_whitespace());
            } else {
                assert!(found == [("record-altered", place(records))] || found == [("record-not-canonical", place(records))], "{:?}", found);
            }
        } else if line > leaves && line <= leaves + size as usize {
            if found.is_empty() {
                assert!(text.as_bytes()[at].is_ascii_whitespace());
            } else {
                assert!(found == [("leaf-hash-altered", place(leaves))] || found == [("leaf-hash-unreadable", place(leaves))], "{:?}", found);
            }
        } else if line == 0 {
            assert!(!found.is_empty());
            let header = ["key-unreadable", "checkpoint-unreadable", "checkpoint-signature", "checkpoint-unknown-key", "checkpoint-origin",
                "root-mismatch", "checkpoint-missing", "policy-unlisted", "policy-uncited", "consent-unlisted", "consent-uncited"];
            assert!(found.iter().all(|(code, _)| header.contains(code)), "{:?}", found);
        }
    }

    #[test]
    fn two_logs_are_told_apart_where_they_part(shared in 0u64..60, own in 1u64..30, other in 1u64..30, size in 0u64..90) {
        let (ours, theirs) = (log(shared + own, shared, 1), log(shared + other, shared, 2));
        let against = |witness: &str| {
            let known = Known { witness: Some(Witness::read(witness).unwrap()), keys: Vec::new() };
            verify_evidence(Evidence::read(bundle(&ours, &[], &[])).unwrap(), known)
        };
        // By another bundle: exactly.
        let report = against(&bundle(&theirs, &[], &[]));
        assert_eq!(report.checkpoint.as_ref().unwrap().relation, WitnessRelation::Forked);
        assert_eq!(faults(&report), [("forked", Some(shared))]);
        assert!(report.faults[0].what.contains(&format!("forked at size {shared}:")));
        // By a signed checkpoint: as far as it goes.
        let size = size % (shared + other + 1);
        let report = against(&checkpoint(&theirs[..size as usize], &key(1)));
        let relation = report.checkpoint.as_ref().unwrap().relation;
        let expected = match size {
            _ if size > shared + own => WitnessRelation::Shorter,
            _ if size > shared => WitnessRelation::Forked,
            _ => WitnessRelation::Extended,
        };
        assert_eq!(relation, expected);
        assert_eq!(report.verified, expected == WitnessRelation::Extended);
        assert!(report.checkpoint.unwrap().signed);
    }
}

#[test]
fn the_log_forked_at_size_80() {
    let (ours, theirs) = (log(100, 79, 1), log(80, 79, 2));
    let known =
        Known { witness: Some(Witness::read(&checkpoint(&theirs, &key(1))).unwrap()), keys: Vec::new() };
    let report = verify_evidence(Evidence::read(bundle(&ours, &[], &[])).unwrap(), known);
    assert_eq!(
        report.faults[0].what,
        "The log was forked at size 80 or before: its first 80 records are not those of the checkpoint."
    );
    // With earlier checkpoints of both it is narrowed down.
    let witness = Witness::read(&bundle(&theirs, &[20, 60, 80], &[])).unwrap();
    let known = Known { witness: Some(witness), keys: Vec::new() };
    let report = verify_evidence(Evidence::read(bundle(&ours, &[], &[])).unwrap(), known);
    assert_eq!(faults(&report), [("forked", Some(79))]);
    // An earlier checkpoint in the bundle itself that is not of this log.
    let mut tampered = Tampered::of(&bundle(&ours, &[80], &[]));
    tampered.0["checkpoints"][0] = json!(checkpoint(&theirs, &key(1)));
    let report = tampered.report();
    assert_eq!(faults(&report), [("forked", None)]);
    assert!(report.faults[0].what.contains("forked at size 80"), "{}", report.faults[0].what);
}

/// What is wrong, and whether the report says that the other records are as they were signed.
fn said(tampered: &Tampered) -> (Vec<(String, Option<u64>)>, bool) {
    let report = tampered.report();
    let named = faults(&report).into_iter().map(|(code, index)| (code.to_owned(), index)).collect();
    let text = report.faults.iter().map(|fault| fault.help.as_str()).collect::<String>();
    assert!(!text.contains("It was signed so"), "nobody signed this: {text}");
    (named, text.contains("The other records are as they were signed."))
}

fn named(list: &[(&str, Option<u64>)]) -> Vec<(String, Option<u64>)> {
    list.iter().map(|(code, index)| ((*code).to_owned(), *index)).collect()
}

#[test]
fn what_is_not_shown_is_not_said_and_what_was_changed_is_no_writers_fault() {
    let text = bundle(&log(60, 60, 0), &[], &[]);
    let alter = |tampered: &mut Tampered, index: usize| {
        tampered.records()[index]["actor"] = json!("another");
    };
    // A record went with its hash, and another was altered: it is named by its own number.
    let mut tampered = Tampered::of(&text);
    tampered.both(|list| drop(list.remove(10)));
    alter(&mut tampered, 30);
    let both = named(&[("records-dropped", Some(10)), ("record-or-hash-altered", Some(31))]);
    assert_eq!(said(&tampered), (both.clone(), false));
    // The same, where the other one was altered with its hash: that is hidden, and so nothing is said of it.
    tampered.rehash(30);
    assert_eq!(said(&tampered), (named(&[("records-dropped", Some(10))]), false));
    tampered.both(|list| list.truncate(50));
    let cut = named(&[("records-dropped", Some(10)), ("records-truncated", None)]);
    assert_eq!(said(&tampered), (cut, false));
    // The checkpoint was altered as well, or is not there.
    let mut tampered = Tampered::of(&text);
    tampered.both(|list| drop(list.remove(10)));
    let checkpoint = tampered.0["checkpoints"][0].as_str().unwrap().replacen("\n60\n", "\n61\n", 1);
    tampered.0["checkpoints"][0] = json!(checkpoint);
    let doubtful = [("checkpoint-signature", None), ("root-mismatch", None), ("records-dropped", Some(10))];
    assert_eq!(said(&tampered), (named(&doubtful), false));
    tampered.0["checkpoints"] = json!([]);
    let missing = named(&[("checkpoint-missing", None), ("records-dropped", Some(10))]);
    assert_eq!(said(&tampered), (missing, false));
    // A record that is none any more, with its hash.
    let mut tampered = Tampered::of(&text);
    tampered.records()[20] = json!({"payload": 1});
    tampered.rehash(20);
    let (found, vouched) = said(&tampered);
    assert_eq!(
        (found, vouched),
        (named(&[("record-altered", Some(20)), ("records-and-hashes-altered", None)]), false)
    );
    // What the order alone explains is shown to be all.
    let mut tampered = Tampered::of(&text);
    tampered.both(|list| list.swap(3, 9));
    assert_eq!(said(&tampered), (named(&[("records-swapped", Some(3))]), true));
}

#[test]
fn two_checkpoints_of_one_size_that_contradict_each_other_are_a_fork() {
    let (ours, theirs) = (log(40, 20, 1), log(40, 20, 2));
    let text = bundle(&ours, &[40], &[]);
    for at in [0, 1] {
        let mut tampered = Tampered::of(&text);
        tampered.0["checkpoints"][at] = json!(checkpoint(&theirs, &key(1)));
        let report = tampered.report();
        assert_eq!(faults(&report), [("forked", None)]);
        assert!(report.faults[0].what.contains("forked at size 40"), "{}", report.faults[0].what);
    }
}

/// A bundle that was tampered with is no fork of its log: it is held against a checkpoint as it was signed.
#[test]
fn an_altered_bundle_is_not_said_to_be_forked() {
    let records = log(40, 40, 0);
    let text = bundle(&records, &[], &[]);
    for witness in [checkpoint(&records, &key(1)), checkpoint(&records[..25], &key(1)), text.clone()] {
        let mut tampered = Tampered::of(&text);
        tampered.records()[9]["actor"] = json!("another");
        tampered.records().remove(20);
        let known = Known { witness: Some(Witness::read(&witness).unwrap()), keys: Vec::new() };
        let report = verify_evidence(Evidence::read(tampered.0.to_string()).unwrap(), known);
        assert_eq!(faults(&report), [("record-altered", Some(9)), ("records-dropped", Some(20))]);
        let relation = report.checkpoint.unwrap().relation;
        assert!([WitnessRelation::Same, WitnessRelation::Extended].contains(&relation), "{relation:?}");
    }
}

/// A file that can't be read any more: the record is named by its number in the log, and only a record is.
#[test]
fn a_record_that_breaks_the_file_is_named_by_its_place_in_the_log() {
    let text = bundle(&log(600, 600, 0), &[], &[0]);
    let first = text.find("\"records\":[\n").unwrap() + "\"records\":[\n".len();
    let broken = |at: usize, byte: u8| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = byte;
        Evidence::read_bytes(bytes).unwrap_err().message
    };
    let third = text[first..].match_indices('\n').nth(2).unwrap().0 + first + 5;
    for byte in [0x01, 0xff] {
        assert!(broken(first + 5, byte).starts_with("Record 256 was altered"), "{}", broken(first + 5, byte));
        assert!(broken(third, byte).starts_with("Record 259 was altered"), "{}", broken(third, byte));
        assert!(!broken(5, byte).contains("Record"));
        assert!(!broken(text.len() - 2, byte).contains("Record"), "{}", broken(text.len() - 2, byte));
    }
    for after in ["x", "{}", "\nx", "\n\n]"] {
        let objection = Evidence::read(format!("{text}{after}")).unwrap_err();
        assert!(objection.message.starts_with("Something stands after"), "{objection:?}");
    }
}
