//! Evidence bundles as files: what is broken, hostile, huge or of another version, and what comes of it; and replay.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::{
    Evidence, EvidenceReport, Known, OpenScenario, Pin, Session, Witness, check_record_proof, open_scenario,
    prove_record, read_scenario, replay, run_in, scenario_evidence, verify_evidence,
};
use airlock::engine::audit::note::SigningNoteKey;
use airlock::engine::audit::{AuditRecord, hex, leaf_hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fmt::Write;

const SCENARIO: &str = "referral-created";

fn scenario() -> OpenScenario {
    open_scenario(SCENARIO).unwrap()
}

fn session_of(scenario: &OpenScenario) -> Session {
    let mut session = Session::new();
    run_in(scenario, &mut session);
    session
}

fn bundle_of(scenario: &OpenScenario) -> String {
    scenario_evidence(&session_of(scenario), &scenario.card.id, &scenario.setup.seed)
}

fn bundle() -> String {
    bundle_of(&scenario())
}

fn verify(text: &str) -> EvidenceReport {
    verify_evidence(Evidence::read(text.to_owned()).unwrap(), Known::default())
}

fn codes(report: &EvidenceReport) -> Vec<&str> {
    report.faults.iter().map(|fault| fault.code.as_str()).collect()
}

/// A bundle with something else in it.
fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&bundle()).unwrap();
    change(&mut value);
    value.to_string()
}

#[test]
fn what_can_not_be_read_is_refused_with_a_reason_and_a_place() {
    let text = bundle();
    let nested = |n: usize| format!("{{\"format\":{}", "[".repeat(n));
    let deep = text.replacen(
        "\"records\":[",
        &format!("\"records\":[{}{},", "[".repeat(5_000_000), "]".repeat(5_000_000)),
        1,
    );
    for (broken, code, says) in [
        (String::new(), "unreadable", "no JSON object"),
        ("[]".to_owned(), "unreadable", "no JSON object"),
        ("\u{feff}\u{feff} null".to_owned(), "unreadable", "no JSON object"),
        ("{}".to_owned(), "missing-member", "`format`"),
        (text[..text.len() / 2].to_owned(), "cut-off", "line 1"),
        (text.trim_end().strip_suffix('}').unwrap().to_owned(), "cut-off", "ends at line"),
        (
            text.replacen("{\"format\"", "{\"format\":\"x\",\"format\"", 1),
            "duplicate-member",
            "`format` is there twice (line 1",
        ),
        (text.replacen("{\"format\"", "{\"payload\":{},\"format\"", 1), "unknown-member", "line 1, column"),
        (
            text.replacen("\"schemaVersion\":2", "\"schemaVersion\":3,\"new\":1", 1),
            "version",
            "a known version",
        ),
        (text.replacen("\"schemaVersion\":2", "\"schemaVersion\":0", 1), "version", "a known version"),
        (text.replacen("\"schemaVersion\":2", "\"schemaVersion\":-1", 1), "unreadable", "line 1"),
        (text.replacen("\"schemaVersion\":2", "\"schemaVersion\":1", 1), "version", "a known version"),
        // Without what version 2 has, and with what it has not.
        (with(|e| *e = version_1(e)), "version", "This is not an evidence bundle of a known version."),
        (text.replacen("airlock-evidence", "another-format", 1), "format", "`format`"),
        (text.replacen("\"leafHashes\":[", "\"leafHashes\":[null,", 1), "unreadable", "line 2"),
        (text.replacen("\"records\":[", "\"records\":{", 1), "unreadable", "line 11"),
        (nested(50_000_000), "unreadable", "line 1"),
        (with(|e| e["keys"] = json!(vec!["k"; 65])), "too-large", "64 keys"),
        (with(|e| e["checkpoints"] = json!(vec!["c"; 257])), "too-large", "256 checkpoints"),
        (with(|e| e["deleted"] = json!([segment(3, 4)])), "segment", "whole node"),
        (with(|e| e["deleted"] = json!([segment(0, 3)])), "segment", "whole node"),
        (with(|e| e["deleted"] = json!([segment(4, 4), segment(0, 4)])), "segment", "overlaps"),
        (with(|e| e["deleted"] = json!([segment(0, 1 << 63)])), "segment", "whole node"),
        (with(|e| drop(e.as_object_mut().unwrap().remove("origin"))), "missing-member", "`origin`"),
        (with(|e| e["log"] = json!({"size": 7, "root": ""})), "unknown-member", "A member is not known"),
    ] {
        let objection = Evidence::read(broken.clone()).unwrap_err();
        let beginning = &broken[..broken.floor_char_boundary(60)];
        assert_eq!(objection.code, format!("evidence.{code}"), "{beginning}: {objection:?}");
        assert!(objection.message.contains(says), "{beginning}: {objection:?}");
        assert!(objection.help.ends_with('.') && objection.message.len() < 200, "{objection:?}");
    }
    // A record may be nested as it likes: it is none, and that is all.
    let report = verify(&deep);
    assert_eq!(codes(&report), ["evidence.records-inserted"]);
    assert_eq!(report.faults[0].index, Some(0));
}

/// A bundle of version 1: it had no signatures, and said of its log what was to be shown.
fn version_1(bundle: &Value) -> Value {
    json!({
        "format": "airlock-evidence", "schemaVersion": 1, "build": "airlock",
        "log": { "size": 7, "root": "00".repeat(32) },
        "policies": [], "leafHashes": bundle["leafHashes"], "records": bundle["records"],
    })
}

fn segment(first: u64, count: u64) -> Value {
    json!({ "first": first, "count": count, "root": STANDARD.encode([0; 32]), "from": "", "to": "", "why": "deleted" })
}

#[test]
fn hostile_text_is_not_repeated_and_not_interpreted() {
    let hostile = "<script>alert(1)</script>\u{202e}\u{0}\u{1b}[31m";
    let texts = [
        with(|e| e["origin"] = json!(hostile)),
        with(|e| e["keys"] = json!([hostile])),
        with(|e| e["checkpoints"] = json!([hostile, format!("{hostile}\n1\nAAAA\n\n\u{2014} x AAAA\n")])),
        with(|e| e["records"][2]["action"] = json!(hostile)),
        with(|e| e["records"][2][hostile] = json!(1)),
        with(|e| e["leafHashes"][2] = json!(hostile)),
        with(|e| e["policies"] = json!([{ "policy": hostile, "hash": hostile }])),
        with(|e| e["consents"] = json!([{ "consent": hostile }])),
        with(|e| e[hostile] = json!(1)),
    ];
    for text in texts {
        let said = match Evidence::read(text) {
            Err(objection) => format!("{objection:?}"),
            Ok(evidence) => {
                let report = verify_evidence(evidence, Known::default());
                assert!(!report.verified);
                format!("{:?}", report.faults)
            }
        };
        assert!(
            !said.contains("script") && !said.contains('\u{202e}') && !said.contains("\\u{1b}"),
            "{said}"
        );
    }
}

#[test]
fn sizes_and_numbers_at_the_end_of_the_scale_do_no_harm() {
    let max = u64::MAX.to_string();
    let texts = [
        with(|e| e["records"][3]["seq"] = json!(u64::MAX)),
        with(|e| e["deleted"] = json!([segment(1 << 59, 1 << 59)])),
        with(|e| {
            let note = e["checkpoints"][0].as_str().unwrap().replacen("\n7\n", &format!("\n{max}\n"), 1);
            e["checkpoints"][0] = json!(note);
        }),
    ];
    for text in texts {
        let report = verify(&text);
        assert!(!report.verified && report.faults.len() < 10, "{report:?}");
    }
    for head in
        [json!({ "size": u64::MAX, "root": "00".repeat(32) }), json!({ "size": 0, "root": "00".repeat(32) })]
    {
        let known = Known { witness: Some(Witness::read(&head.to_string()).unwrap()), keys: Vec::new() };
        assert!(!verify_evidence(Evidence::read(bundle()).unwrap(), known).verified);
    }
}

#[test]
fn who_signed_is_told_from_who_says_so() {
    let text = bundle();
    let origin = format!("airlock.example.invalid/{SCENARIO}");
    let own = verify(&text).signed_by[0].clone();
    let stranger = SigningNoteKey::new(&origin, &[9; 32]).unwrap();
    let judged = |text: &str, key: &str| {
        let mut known = Known::default();
        known.add_key(key).unwrap();
        verify_evidence(Evidence::read(text.to_owned()).unwrap(), known)
    };
    assert!(judged(&text, &own).verified);
    let unknown = judged(&text, &stranger.verifier().to_string());
    assert_eq!(codes(&unknown), ["evidence.checkpoint-unknown-key"]);
    assert!(unknown.signed_by.is_empty());
    // A forger who signs anew agrees with himself: only who knows the key sees it.
    let forged = with(|e| {
        e["records"][2]["outcome"] = json!("refused");
        let leaf = leaf_hash(e["records"][2].to_string().as_bytes());
        e["leafHashes"][2] = json!(STANDARD.encode(leaf));
        let leaves = e["leafHashes"].as_array().unwrap().iter();
        let tree: airlock::engine::audit::Tree =
            leaves.map(|leaf| STANDARD.decode(leaf.as_str().unwrap()).unwrap().try_into().unwrap()).collect();
        let checkpoint = airlock::engine::audit::checkpoint::Checkpoint {
            origin: origin.clone(),
            size: tree.size(),
            root: tree.root(),
        };
        e["keys"] = json!([stranger.verifier().to_string()]);
        e["checkpoints"] = json!([checkpoint.signed(&stranger)]);
    });
    assert!(verify(&forged).verified);
    assert_eq!(codes(&judged(&forged, &own)), ["evidence.checkpoint-unknown-key"]);
    assert!(Known::default().add_key("a+b+c").is_err());
}

/// What verifying finds of records that were logged and signed as they are.
fn signed(records: &[String]) -> EvidenceReport {
    let mut archive = airlock::api::archive::Archive::default();
    records.iter().for_each(|text| archive.append(leaf_hash(text.as_bytes()), text));
    let origin = "airlock.example.invalid/log/wrong";
    let key = SigningNoteKey::new(origin, &[4; 32]).unwrap();
    let (size, root) = (archive.tree().size(), archive.tree().root());
    let checkpoint = airlock::engine::audit::checkpoint::Checkpoint { origin: origin.to_owned(), size, root };
    let checkpoints = vec![checkpoint.signed(&key)];
    let keys = vec![key.verifier()];
    verify(
        &airlock::api::EvidenceSource { archive: &archive, origin, keys, checkpoints, sealed: &|_| None }
            .to_text(),
    )
}

#[test]
fn what_was_written_wrong_and_signed_so_is_told_from_what_was_altered() {
    // A writer that numbers records twice, leaves numbers out, and writes what is no record: all of it signed.
    let record = |seq: u64| AuditRecord { seq, ..AuditRecord::default() }.canonical();
    let numbers = |numbers: &[u64]| {
        let report = signed(&numbers.iter().map(|seq| record(*seq)).collect::<Vec<_>>());
        report.faults.iter().map(|fault| (fault.code.clone(), fault.index)).collect::<Vec<_>>()
    };
    let duplicate = |index| ("evidence.sequence-duplicate".to_owned(), Some(index));
    let missing = |index| ("evidence.sequence-missing".to_owned(), Some(index));
    assert_eq!(numbers(&[0, 1, 2, 3]), []);
    assert_eq!(numbers(&[0, 1, 1, 2]), [duplicate(2)]);
    assert_eq!(numbers(&[0, 1, 4, 5]), [missing(2)]);
    assert_eq!(numbers(&[1, 2, 3]), [missing(0)]);
    let spaced = record(1).replacen(':', ": ", 1);
    assert_eq!(
        codes(&signed(&[record(0), spaced])),
        ["evidence.record-not-canonical"],
        "the space was signed"
    );
    let respelt = record(1).replacen("\"action\"", "\"\\u0061ction\"", 1);
    assert_eq!(codes(&signed(&[record(0), respelt])), ["evidence.record-not-canonical"]);
    assert_eq!(codes(&signed(&[record(0), "{\"payload\":1}".to_owned()])), ["evidence.record-unreadable"]);
}

#[test]
fn a_chain_that_lacks_a_stage_is_told_though_nothing_was_altered() {
    let complete = verify(&bundle()).completeness.unwrap();
    assert_eq!((complete.ended, complete.open.len(), complete.gaps.len()), (1, 0, 0));
    // The same log, numbered anew without the decision on consent, and signed so.
    let records =
        session_of(&scenario()).timeline().iter().map(|entry| entry.raw.clone()).collect::<Vec<_>>();
    let kept = records.iter().filter(|text| !text.contains("\"stage\":\"consent\""));
    let numbered = kept.enumerate().map(|(seq, text)| {
        let mut record = AuditRecord::parse(text).unwrap();
        record.seq = seq as u64;
        record.canonical()
    });
    let report = signed(&numbered.collect::<Vec<_>>());
    assert!(report.verified, "{report:?}");
    let gaps = report.completeness.unwrap().gaps;
    assert!(gaps.iter().any(|gap| gap.missing.iter().any(|kind| kind == "consent.decide")), "{gaps:?}");
    // Where records are absent, that is what is said.
    let dropped = with(|e| drop(e["records"].as_array_mut().unwrap().remove(3)));
    assert_eq!(verify(&dropped).completeness, None);
}

#[test]
fn lists_that_are_not_what_the_records_cite_are_told() {
    for (text, expected) in [
        (with(|e| e["policies"] = json!([])), "evidence.policy-unlisted"),
        (
            with(|e| e["policies"].as_array_mut().unwrap().push(json!({ "policy": "x@1", "hash": "0" }))),
            "evidence.policy-uncited",
        ),
        (with(|e| e["consents"] = json!([])), "evidence.consent-unlisted"),
        (
            with(|e| e["consents"].as_array_mut().unwrap().push(json!({ "consent": "consent 99" }))),
            "evidence.consent-uncited",
        ),
    ] {
        assert_eq!(codes(&verify(&text)), [expected]);
    }
}

#[test]
fn a_replay_makes_the_same_log_or_says_what_is_the_first_to_differ() {
    let scenario = scenario();
    let text = bundle();
    let against =
        |text: &str, scenario: &OpenScenario| replay(&Evidence::read(text.to_owned()).unwrap(), scenario);
    let same = against(&text, &scenario);
    assert!(same.same && same.first.is_none() && same.members.is_empty(), "{same:?}");
    assert_eq!(same.root, session_of(&scenario).head().root);

    // Another clock: every record has another time.
    let file = airlock::api::fixture(&format!("sandbox/{SCENARIO}.json")).unwrap();
    let pin = Pin { clock: Some("2026-01-15T09:00:10Z".to_owned()), seed: None };
    let later =
        read_scenario(SCENARIO, file, &pin, &|path| airlock::api::fixture(path).map(str::to_owned)).unwrap();
    let report = against(&text, &later);
    assert_eq!((report.same, report.first), (false, Some(0)));
    let [member] = report.members.as_slice() else { panic!("{report:?}") };
    assert_eq!(member.member.as_deref(), Some("time"));
    assert_eq!(member.left.as_deref(), Some("2026-01-15T09:00:00Z"));
    assert_eq!(member.right.as_deref(), Some("2026-01-15T09:00:10Z"));

    // An altered record, whatever the hashes say.
    let altered = with(|e| e["records"][4]["outcome"] = json!("passed"));
    let report = against(&altered, &scenario);
    assert_eq!(report.first, Some(4));
    assert_eq!(report.members[0].member.as_deref(), Some("outcome"));
    assert!(report.what.contains("Record 4"), "{}", report.what);
    let broken = against(&with(|e| e["records"][4] = json!([])), &scenario);
    assert!(broken.first == Some(4) && broken.what.contains("can't be read"), "{broken:?}");

    // One log is the beginning of the other.
    let shorter = against(&with(|e| drop(e["records"].as_array_mut().unwrap().pop())), &scenario);
    assert!(
        !shorter.same && shorter.first == Some(6) && shorter.what.contains("goes on to 7"),
        "{shorter:?}"
    );
    let twice = with(|e| {
        let last = e["records"][6].clone();
        e["records"].as_array_mut().unwrap().push(last);
    });
    let longer = against(&twice, &scenario);
    assert!(!longer.same && longer.first == Some(7) && longer.what.contains("goes on to 8"), "{longer:?}");
}

#[test]
fn the_proof_of_a_record_stands_alone_and_for_nothing_else() {
    let text = bundle();
    let mut known = Known::default();
    known.add_key(&verify(&text).signed_by[0]).unwrap();
    let prove = |place| prove_record(Evidence::read(text.clone()).unwrap(), Known::default(), place);
    let proof = prove(3).unwrap();
    let session = session_of(&scenario());
    let record = session.timeline()[3].raw.clone();
    let judge = |proof: &str, record: Option<&str>| {
        check_record_proof(proof, record, &known).map(|report| report.code)
    };
    assert_eq!(judge(&proof, None), Ok(None));
    assert_eq!(judge(&proof, Some(&record)), Ok(None));
    assert_eq!(judge(&proof, Some(&format!("{record}\r\n"))), Ok(None));
    let wrong = |code: &str| Ok(Some(format!("proof.{code}")));
    assert_eq!(judge(&proof, Some(&session.timeline()[4].raw)), wrong("root"));
    assert_eq!(judge(&proof.replacen("index 3", "index 4", 1), None), wrong("root"));
    assert_eq!(judge(&proof.replacen("index 3", "index 7", 1), None), wrong("out-of-tree"));
    assert_eq!(judge(&proof.replacen("\n7\n", "\n8\n", 1), None), wrong("signature"));
    let stranger = check_record_proof(&proof, None, &Known::default()).unwrap();
    assert_eq!(stranger.code.as_deref(), Some("proof.unknown-key"));
    let bare: String =
        proof.lines().filter(|line| !line.starts_with("extra")).fold(String::new(), |mut all, line| {
            let _ = writeln!(all, "{line}");
            all
        });
    assert_eq!(judge(&bare, None).unwrap_err().code, "proof.record-missing");
    assert_eq!(judge(&bare, Some(&record)), Ok(None));
    assert_eq!(judge("c2sp.org/tlog-proof@v1\n", None).unwrap_err().code, "proof.unreadable");
    assert_eq!(prove(7).unwrap_err().code, "proof.out-of-tree");
    let altered = with(|e| e["records"][2]["outcome"] = json!("x"));
    let refused = prove_record(Evidence::read(altered).unwrap(), Known::default(), 3).unwrap_err();
    assert_eq!(refused.code, "evidence.record-altered");
}

/// A large bundle: read and verified, and again with a record altered, two swapped and some dropped.
#[test]
fn a_large_bundle_is_verified_and_its_faults_are_found() {
    let mut archive = airlock::api::archive::Archive::default();
    let size = 10_000;
    for seq in 0..size {
        let text = AuditRecord {
            action: "apply-policy".into(),
            correlation: format!("run-{:06}", seq / 7).into(),
            event: Some(format!("evt-{seq}").into()),
            fields: vec!["patient-birth-date Person.birthDate generalize:age-band/1 crossed".to_owned(); 4],
            seq,
            time: "2026-01-15T09:00:00Z".into(),
            ..AuditRecord::default()
        }
        .canonical();
        archive.append(leaf_hash(text.as_bytes()), &text);
        archive.seal();
    }
    let origin = "airlock.example.invalid/log/large";
    let key = SigningNoteKey::new(origin, &[5; 32]).unwrap();
    let tree = archive.tree().clone();
    let checkpoint =
        airlock::engine::audit::checkpoint::Checkpoint { origin: origin.to_owned(), size, root: tree.root() };
    let checkpoints = vec![checkpoint.signed(&key)];
    let keys = vec![key.verifier()];
    let text =
        airlock::api::EvidenceSource { archive: &archive, origin, keys, checkpoints, sealed: &|_| None }
            .to_text();
    drop(archive);
    let judge = |what: &str, text: String, expected: &[(&str, Option<u64>)]| {
        let report = verify_evidence(Evidence::read(text).unwrap(), Known::default());
        let found: Vec<_> = report.faults.iter().map(|fault| (fault.code.as_str(), fault.index)).collect();
        assert_eq!(found, expected, "{what}");
        assert!(!expected.is_empty() || report.root == hex(&tree.root()));
    };
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| *line == "\"records\":[").unwrap() + 1;
    judge("untouched", text.clone(), &[]);
    let altered = lines[first + 412].replacen("apply", "Apply", 1);
    lines[first + 412] = &altered;
    lines.swap(first + 1000, first + 9_000);
    lines.drain(first + 2_097..first + 2_107);
    let expected = [
        ("evidence.record-altered", Some(412)),
        ("evidence.records-dropped", Some(2_097)),
        ("evidence.records-swapped", Some(1000)),
    ];
    judge("altered, dropped, swapped", lines.join("\n"), &expected);
    let cut = Evidence::read(text[..text.len() / 2].to_owned()).unwrap_err();
    assert_eq!(cut.code, "evidence.cut-off");
    println!("{}", cut.message);
}
