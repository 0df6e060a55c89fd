//! Standard Webhooks 1.0.0.

use crate::support::corpus;
use airlock::engine::phi::Phi;
use airlock::engine::time::Instant;
use airlock::engine::webhook::{Credential, CredentialTexts, Delivery, Key, TOLERANCE_SECONDS, authenticate};

#[test]
fn signing_gives_the_published_signatures() {
    let Some(folder) = corpus::folder("standard-webhooks") else { return };
    let vectors = corpus::json(&folder.join("vectors.json"));
    assert_eq!(vectors["tolerance_seconds"], TOLERANCE_SECONDS);
    let rows = vectors["sign"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let secret = Key::parse(row["secret"].as_str().unwrap()).unwrap();
        let timestamp = row["timestamp"].to_string();
        let body = row["payload"].as_str().unwrap().as_bytes();
        let signature = secret.sign(row["id"].as_str().unwrap(), &timestamp, body).unwrap();
        assert_eq!(signature, row["signature"]);
    }
}

#[test]
fn verifying_passes_and_refuses_as_published() {
    let Some(folder) = corpus::folder("standard-webhooks") else { return };
    let vectors = corpus::json(&folder.join("vectors.json"));
    let signed = &vectors["sign"][0];
    let texts = CredentialTexts { id: "given", key: signed["secret"].as_str(), ..Default::default() };
    let credentials = [Credential::read(&texts).unwrap()];
    let (mut passed, mut refused) = (0, 0);
    for row in vectors["verify"].as_array().unwrap() {
        let headers = row["headers"].as_object().unwrap();
        let delivery = Delivery {
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: Phi::new(signed["payload"].as_str().unwrap().as_bytes().to_vec()),
        };
        let now = Instant(row["now"].as_i64().unwrap() * 1000);
        let result = authenticate(&delivery, "HOSP-SANDBOX-A", &credentials, now);
        assert_eq!(result.is_ok(), row["ok"].as_bool().unwrap(), "{}: {result:?}", row["name"]);
        match result {
            Ok(_) => passed += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(passed >= 1 && refused >= 8, "{passed} passed, {refused} refused");
}
