//! Wycheproof's HMAC-SHA256.
//!
//! A webhook signature is over `id.timestamp.body` and not over any message, so the vectors are held to in two steps:
//! the code that signs gives every published tag, and a [`Key`] signs with that code over the right bytes.

use crate::support::corpus::{self, unhex};
use airlock::engine::phi::Phi;
use airlock::engine::time::Instant;
use airlock::engine::webhook::{Credential, CredentialTexts, Delivery, Key, authenticate};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn tags_and_signatures_are_as_published() {
    let Some(folder) = corpus::folder("wycheproof") else { return };
    let vectors = corpus::json(&folder.join("hmac_sha256_test.json"));
    let (mut valid, mut invalid, mut signed, mut misfits) = (0, 0, 0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let tag_bytes = usize::try_from(group["tagSize"].as_u64().unwrap()).unwrap() / 8;
        for test in group["tests"].as_array().unwrap() {
            let bytes = |name: &str| unhex(test[name].as_str().unwrap());
            let (key, message, tag) = (bytes("key"), bytes("msg"), bytes("tag"));
            let own = mac(&key, &message);
            let matches = own[..tag_bytes] == tag[..];
            assert_eq!(matches, test["result"] == "valid", "{}", test["tcId"]);
            if matches {
                valid += 1;
            } else {
                invalid += 1;
            }

            let text = format!("whsec_{}", STANDARD.encode(&key));
            let Some(secret) = Key::parse(&text) else {
                assert!(!(24..=64).contains(&key.len()), "a key of {} bytes is refused", key.len());
                misfits += 1;
                continue;
            };
            signed += 1;
            let content = [b"evt-1.1614265330.".as_slice(), &message].concat();
            let expected = format!("v1,{}", STANDARD.encode(mac(&key, &content)));
            assert_eq!(secret.sign("evt-1", "1614265330", &message).unwrap(), expected, "{}", test["tcId"]);
            // The published tag, valid or not, is of another message: it opens nothing.
            let delivery = Delivery {
                headers: [
                    ("webhook-id", "evt-1".to_owned()),
                    ("webhook-timestamp", "1614265330".to_owned()),
                    ("webhook-signature", format!("v1,{}", STANDARD.encode(&tag))),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
                body: Phi::new(message),
            };
            let texts = CredentialTexts { id: "given", key: Some(&text), ..Default::default() };
            let credentials = [Credential::read(&texts).unwrap()];
            let now = Instant(1_614_265_330_000);
            assert!(authenticate(&delivery, "HOSP-SANDBOX-A", &credentials, now).is_err());
        }
    }
    assert!(
        valid > 50 && invalid > 50 && signed > 100 && misfits > 0,
        "{valid} {invalid} {signed} {misfits}"
    );
}
