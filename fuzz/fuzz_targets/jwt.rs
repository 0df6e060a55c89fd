//! Assertions: a token as it comes, or a header and claims signed rightly. Nothing panics, and what is taken was made
//! with the key.

#![no_main]

use airlock::engine::time::Instant;
use airlock::engine::webhook::jwt::{Assertion, Expected};
use airlock::engine::webhook::{ContentHash, Credential, CredentialTexts, Key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const SECRET: &str = "whsec_YWlybG9jayBkZW1vbnN0cmF0aW9uIGFzc2VydGlvbiBrZXksIHNoYXJlZA==";

static CREDENTIALS: LazyLock<Vec<Credential>> = LazyLock::new(|| {
    let asserts = |id, alg, key| CredentialTexts { id, alg: Some(alg), key: Some(key), ..Default::default() };
    let seed = "whsk_c2FtcGxlIHByaXZhdGUgc2VlZCBvZiAzMiBieXRlcy4=";
    [asserts("shared", "HS256", SECRET), asserts("pair", "EdDSA", seed)]
        .iter()
        .map(|texts| Credential::read(texts).expect("a credential"))
        .collect()
});

fuzz_target!(|data: &[u8]| {
    let now = Instant(1_768_467_600_000);
    let (signed, token) = match data.split_first() {
        Some((b'!', parts)) => {
            let at = parts.iter().position(|byte| *byte == b'\n').unwrap_or(parts.len());
            let (header, claims) = parts.split_at(at);
            let claims = claims.get(1..).unwrap_or_default();
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let key = Key::parse(SECRET).expect("a key");
            let signature = key.sign_parts(&[signed.as_bytes()]).expect("it can sign");
            (true, format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
        }
        _ => (false, String::from_utf8_lossy(data).into_owned()),
    };
    let Ok(assertion) = Assertion::read(&token, &CREDENTIALS, now) else { return };
    assert!(signed && assertion.credential.id == "shared", "a token that nobody made is taken");
    let content = ContentHash::of_signed("evt-fuzz", "1768467600", b"{}");
    if let Ok(id) = assertion.judge(&Expected { issuer: "HOSP-SANDBOX-A", content, now }) {
        assert!((1..=128).contains(&id.len()));
    }
});
