//! What Airlock writes, verified by other code: `verify.py`, written from the specifications in Python, with nothing but
//! its standard library; in one test the `cryptography` package has to agree with it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/skip.rs"]
#[allow(dead_code, reason = "no corpus is read here")]
mod skip;

use airlock::api::archive::Archive;
use airlock::api::{
    Evidence, EvidenceSource, Known, Session, open_scenario, prove_record, run_in, scenario_evidence,
    verify_evidence,
};
use airlock::engine::audit::checkpoint::Checkpoint;
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{AuditRecord, hex, leaf_hash};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The verdict of the other code: its exit status, and what it says.
struct Other {
    folder: PathBuf,
    options: &'static [&'static str],
}

impl Other {
    /// None where there is no Python 3: the test is skipped.
    fn new(name: &str) -> Option<Self> {
        Self::with(name, "--version", &[], "there is no python3")
    }

    /// The same with options; what is needed for it is there where Python succeeds with an argument.
    fn with(name: &str, needs: &str, options: &'static [&'static str], else_why: &str) -> Option<Self> {
        if !Command::new("python3").arg(needs).output().is_ok_and(|output| output.status.success()) {
            skip::skipped(else_why);
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("independent-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        Some(Self { folder, options })
    }

    fn judge(&self, what: &str, text: &str, keys: &[&str]) -> (i32, String) {
        let file = self.folder.join(what);
        std::fs::write(&file, text).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent/verify.py");
        let mut python = Command::new("python3");
        let output =
            python.arg("-B").arg(script).args(self.options).arg(what).arg(&file).args(keys).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said.trim().to_owned())
    }

    fn accepts(&self, what: &str, text: &str, keys: &[&str], says: &str) {
        let (status, said) = self.judge(what, text, keys);
        assert!(status == 0 && said.contains(says), "{status}: {said}");
    }

    fn refuses(&self, what: &str, text: &str, keys: &[&str]) {
        let (status, said) = self.judge(what, text, keys);
        // Not for a mistake of the other code's own, which ends with 1 as well.
        assert!(status == 1 && said.starts_with("wrong: "), "{status}: {said}");
    }
}

fn bundle(id: &str) -> (String, Session) {
    let scenario = open_scenario(id).unwrap();
    let mut session = Session::new();
    run_in(&scenario, &mut session);
    (scenario_evidence(&session, id, &scenario.setup.seed), session)
}

fn verified(text: &str) -> airlock::api::EvidenceReport {
    verify_evidence(Evidence::read(text.to_owned()).unwrap(), Known::default())
}

/// A text with one character of it another one.
fn altered(text: &str, near: &str) -> String {
    let at = text.find(near).unwrap() + near.len();
    let new = if text[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{new}{}", &text[..at], &text[at + 1..])
}

#[test]
fn a_bundle_of_every_scenario_is_verified_by_other_code() {
    let Some(other) = Other::new("bundle") else { return };
    for id in ["referral-created", "denied-consent", "notification-several", "queue-full"] {
        let (text, session) = bundle(id);
        let report = verified(&text);
        assert!(report.verified, "{report:?}");
        other.accepts("bundle", &text, &[], &format!("root {}", session.head().root));
        let key = report.signed_by[0].as_str();
        other.accepts("bundle", &text, &[key], &format!("{} records", session.head().size));
    }
}

#[test]
fn what_was_altered_is_refused_by_other_code_too() {
    let Some(other) = Other::new("altered") else { return };
    let (text, _) = bundle("referral-created");
    let stranger = SigningNoteKey::new("airlock.example.invalid/referral-created", &[9; 32]).unwrap();
    other.refuses("bundle", &text, &[&stranger.verifier().to_string()]);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| *line == "\"records\":[").unwrap() + 1;
    let mut swapped = lines.clone();
    swapped.swap(first + 1, first + 2);
    let mut dropped = lines.clone();
    dropped.remove(first + 3);
    for broken in [
        altered(&text, "\"actor\":\""),
        altered(&text, "\"leafHashes\":[\n\""),
        altered(&text, "referral-created\\n7\\n"),
        altered(&text, &text[..text.find("\\n\"],\"policies\"").unwrap() - 40]),
        swapped.join("\n"),
        dropped.join("\n"),
    ] {
        assert!(!verified(&broken).verified);
        other.refuses("bundle", &broken, &[]);
    }
}

#[test]
fn a_checkpoint_and_the_proof_of_each_record_are_verified_by_other_code() {
    let Some(other) = Other::new("proof") else { return };
    let (text, session) = bundle("notification-several");
    let report = verified(&text);
    let key = report.signed_by[0].as_str();
    let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checkpoint = bundle["checkpoints"][0].as_str().unwrap();
    other.accepts("checkpoint", checkpoint, &[key], &session.head().root);
    other.refuses("checkpoint", &checkpoint.replacen("\n", "\n1", 1), &[key]);
    for place in 0..session.head().size {
        let evidence = Evidence::read(text.clone()).unwrap();
        let proof = prove_record(evidence, Known::default(), place).unwrap();
        other.accepts("proof", &proof, &[key], &format!("record {place} is in"));
        if place % 8 == 0 {
            let place = format!("index {place}\n");
            other.refuses("proof", &altered(&proof, &place), &[key]);
            other.refuses("proof", &proof.replacen(&place, "index 1\n", 1), &[key]);
        }
    }
}

#[test]
fn two_implementations_of_ed25519_agree_on_what_is_signed_here() {
    let options = &["--cross-check"];
    let why = "python3 is not there, or has no package cryptography";
    let Some(other) = Other::with("ed25519", "-cimport cryptography", options, why) else { return };
    let (text, session) = bundle("referral-created");
    let key = verified(&text).signed_by[0].clone();
    let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checkpoint = bundle["checkpoints"][0].as_str().unwrap();
    other.accepts("checkpoint", checkpoint, &[&key], &session.head().root);
    other.refuses("checkpoint", &checkpoint.replacen("\n", "\n1", 1), &[&key]);
}

/// After retention: the records of two whole segments are gone, and their roots stand for them.
#[test]
fn a_bundle_without_deleted_segments_is_verified_by_other_code() {
    let Some(other) = Other::new("deleted") else { return };
    let mut archive = Archive::default();
    for seq in 0..1100 {
        let text = AuditRecord {
            seq,
            action: "check".into(),
            event: Some("évènement \"1\"\n".into()),
            ..AuditRecord::default()
        }
        .canonical();
        archive.append(leaf_hash(text.as_bytes()), &text);
        archive.seal();
    }
    assert!(archive.forget(0) && archive.forget(2));
    let origin = "airlock.example.invalid/log/deleted";
    let key = SigningNoteKey::new(origin, &[3; 32]).unwrap();
    let tree = archive.tree();
    let checkpoint =
        Checkpoint { origin: origin.to_owned(), size: tree.size(), root: tree.root() }.signed(&key);
    let source = EvidenceSource {
        archive: &archive,
        origin,
        keys: vec![key.verifier()],
        checkpoints: vec![checkpoint],
        sealed: &|_| None,
    };
    let text = source.to_text();
    let report = verified(&text);
    assert!(report.verified && report.deleted == 512, "{report:?}");
    other.accepts("bundle", &text, &[], &hex(&tree.root()));
    other.refuses("bundle", &altered(&text, "\"count\":256,\"root\":\""), &[]);
    let known = key.verifier().to_string();
    for place in [256, 511, 768, 1099] {
        let proof = prove_record(Evidence::read(text.clone()).unwrap(), Known::default(), place).unwrap();
        other.accepts("proof", &proof, &[&known], &format!("record {place} is in"));
    }
    let gone = prove_record(Evidence::read(text).unwrap(), Known::default(), 600).unwrap_err();
    assert_eq!(gone.code, "proof.out-of-tree");
}
