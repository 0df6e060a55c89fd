//! Any text as an evidence bundle, as a checkpoint beside it, and as a proof: nothing panics, nothing that differs from the
//! bundle that was written verifies, and what is at fault has a place in the log.
//!
//! The first byte says what the rest is: 0, a text by itself; anything else, an edit of a good bundle: a place (two bytes), a
//! number of bytes to take away (one byte), and what to put there.

#![no_main]

use airlock::api::{
    Evidence, Known, Session, Witness, check_record_proof, open_scenario, prove_record, run_in,
    scenario_evidence, verify_evidence,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static BUNDLE: LazyLock<(String, String)> = LazyLock::new(|| {
    let scenario = open_scenario("referral-created").expect("it is shipped");
    let mut session = Session::new();
    run_in(&scenario, &mut session);
    let root = session.head().root;
    (scenario_evidence(&session, "fuzz", "airlock-demo-seed"), root)
});

fuzz_target!(|data: &[u8]| {
    let (good, root) = &*BUNDLE;
    let text = match data {
        [0, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [_, high, low, gone, put @ ..] => {
            let from = (usize::from(*high) << 8 | usize::from(*low)).min(good.len());
            let to = (from + usize::from(*gone)).min(good.len());
            String::from_utf8([&good.as_bytes()[..from], put, &good.as_bytes()[to..]].concat()).ok()
        }
        _ => None,
    };
    let Some(text) = text else { return };
    let witness = Witness::read(&text).ok();
    if let Ok(evidence) = Evidence::read(good.clone()) {
        let _ = verify_evidence(evidence, Known { witness, keys: Vec::new() });
    }
    let _ = check_record_proof(&text, None, &Known::default());
    let Ok(evidence) = Evidence::read(text) else { return };
    let mut known = Known::default();
    let own = verify_evidence(Evidence::read(good.clone()).expect("it is good"), Known::default());
    own.signed_by.iter().for_each(|key| known.add_key(key).expect("it is a key"));
    let report = verify_evidence(evidence.clone(), known);
    assert!(!report.verified || report.root == *root, "the key has signed one log only");
    assert!(report.verified || !report.faults.is_empty());
    let _ = prove_record(evidence, Known::default(), 3);
});
