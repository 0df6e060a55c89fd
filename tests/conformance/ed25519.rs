//! Wycheproof's Ed25519 (RFC 8032), by the code that verifies `v1a` signatures and EdDSA assertions.

use crate::support::corpus::{self, unhex};
use airlock::engine::webhook::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn signatures_are_verified_as_published() {
    let Some(folder) = corpus::folder("wycheproof") else { return };
    let vectors = corpus::json(&folder.join("ed25519_test.json"));
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let public = unhex(group["publicKey"]["pk"].as_str().unwrap());
        let key = Key::parse(&format!("whpk_{}", STANDARD.encode(&public))).expect("a public key");
        for test in group["tests"].as_array().unwrap() {
            let bytes = |name: &str| unhex(test[name].as_str().unwrap());
            let verifies = key.verifies(&[&bytes("msg")], &[bytes("sig")]);
            assert_eq!(verifies, test["result"] == "valid", "{}: {}", test["tcId"], test["comment"]);
            if verifies { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!(valid + invalid, vectors["numberOfTests"]);
    assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid");
}
