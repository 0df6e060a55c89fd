//! One message and its signature, apart from any setting.

use crate::engine::phi::Phi;
use crate::engine::time::Instant;
use crate::engine::webhook::{self, CredentialTexts, Delivery, Key};

/// The Standard Webhooks signature of a message with a `whsec_` or `whsk_` key.
///
/// # Errors
/// What is wrong with the key, id or timestamp, in a sentence.
pub fn sign_message(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Result<String, &'static str> {
    let key = Key::parse(secret).ok_or(KEY_FORM)?;
    if !webhook::is_id(id) {
        return Err("An id is 1 to 128 letters, digits, `-` or `_`.");
    }
    if webhook::whole_seconds(timestamp).is_none() {
        return Err("A timestamp is Unix seconds, as digits.");
    }
    key.sign(id, timestamp, body).ok_or("A `whpk_` key is public: it verifies, and can't sign.")
}

const KEY_FORM: &str = "A key is `whsec_` and base64 of 24 to 64 bytes, `whsk_` and base64 of an Ed25519 seed (32 bytes) \
or key pair (64), or `whpk_` and base64 of an Ed25519 public key.";

/// Checks a message's Standard Webhooks signature: none where it is authentic, otherwise the code of the refusal. `now`
/// is in milliseconds since the Unix epoch.
///
/// # Errors
/// What is wrong with a key, in a sentence.
pub fn authenticate_message(
    secrets: &[String],
    id: &str,
    timestamp: &str,
    signature: &str,
    now: i64,
    body: Vec<u8>,
) -> Result<Option<String>, &'static str> {
    let read = |key| {
        webhook::Credential::read(&CredentialTexts { id: "given", key: Some(key), ..Default::default() })
    };
    let credentials: Option<Vec<_>> = secrets.iter().map(|key| read(key)).collect();
    let credentials = credentials.ok_or(KEY_FORM)?;
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let delivery = Delivery { headers, body: Phi::new(body) };
    let checked = webhook::authenticate(&delivery, "", &credentials, Instant(now));
    Ok(checked.err().map(|refusal| refusal.code.as_str().to_owned()))
}
