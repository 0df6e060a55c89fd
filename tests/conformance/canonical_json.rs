//! RFC 8785 over the records of a real log.

use crate::support::{NOW, Sandbox};
use airlock::api::{Session, open_scenario, run_in, scenarios};
use airlock::engine::audit::leaf_hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

#[test]
fn every_record_is_written_in_its_canonical_bytes() {
    let mut records = 0;
    let mut check = |session: &Session| {
        for entry in session.timeline() {
            let value: serde_json::Value = serde_json::from_str(&entry.raw).unwrap();
            assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), entry.raw);
            assert_eq!(STANDARD_NO_PAD.encode(leaf_hash(entry.raw.as_bytes())), entry.leaf);
            records += 1;
        }
    };
    for card in scenarios() {
        let mut session = Session::new();
        run_in(&open_scenario(&card.id).unwrap(), &mut session);
        check(&session);
    }
    // Names that a canonical form has to escape, or to leave alone.
    for actor in ["\u{0}\u{1f}\u{7f}\u{2028}", "\"\\/<>&\u{e9}\u{1F600}\u{FFFE}", "e\u{301}\r\n\t\u{8}\u{c}"]
    {
        let mut setup = Sandbox::new().setup;
        setup.actor = actor.to_owned();
        let mut sandbox = Sandbox::with(setup);
        sandbox.session.attest(NOW);
        sandbox.send_good();
        check(&sandbox.session);
    }
    assert!(records > 40, "{records}");
}
