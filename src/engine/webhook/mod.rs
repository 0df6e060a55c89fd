//! The front door: Standard Webhooks 1.0.0 over the raw body, and ids already seen.

use super::phi::Phi;
use super::refusal::{Code, Refusal};
use super::time::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;

/// A request as it arrived.
pub struct Delivery {
    /// Headers in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Phi<Vec<u8>>,
}

/// Largest body of one delivery, in bytes.
pub const MAX_BODY: usize = 8 * 1024 * 1024;
/// How far a timestamp may be from now, in seconds, either way; the bound itself passes.
pub const TOLERANCE_SECONDS: i64 = 300;
/// How long an id is kept after its timestamp. A message dated 300 s ahead stays valid for almost 600 s, and
/// a sender that retries by the specification's schedule comes back for the last time after 75 h 35 min.
const KEEP_SECONDS: i64 = 76 * 3600;

/// A webhook signing secret: `whsec_` and base64 of 24 to 64 bytes.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// Reads a secret; none where it has not the form above.
    pub fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        if !(24..=64).contains(&key.len()) {
            return None;
        }
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }

    /// The signature of a message, `v1,` and base64.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, timestamp, body).finalize().into_bytes()))
    }
}

/// A request whose sender is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentic {
    /// The message's id.
    pub id: String,
    /// The time it was sent at, in Unix seconds.
    pub timestamp: i64,
}

/// Checks a request's headers and signature.
///
/// Every secret is tried against every `v1` signature, in constant time each (`Mac::verify_slice`); unknown
/// versions are skipped, and any match is enough.
///
/// # Errors
/// A `webhook.*` refusal.
pub fn authenticate(delivery: &Delivery, secrets: &[Secret], now: Instant) -> Result<Authentic, Refusal> {
    let id = header(delivery, "webhook-id")?;
    let timestamp_text = header(delivery, "webhook-timestamp")?;
    let signatures = header(delivery, "webhook-signature")?;

    let id_ok = (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !id_ok {
        return Err(Refusal::about(Code::IdMalformed, "webhook-id"));
    }
    let timestamp = whole_seconds(timestamp_text)
        .ok_or_else(|| Refusal::about(Code::TimestampMalformed, "webhook-timestamp"))?;
    if delivery.body.test(Vec::is_empty) {
        return Err(Refusal::new(Code::BodyEmpty));
    }
    if delivery.body.test(|body| body.len() > MAX_BODY) {
        return Err(Refusal::new(Code::BodyTooLarge));
    }

    let known: Vec<&str> = signatures.split(' ').filter_map(|s| s.strip_prefix("v1,")).collect();
    if known.is_empty() {
        return Err(Refusal::about(Code::SignatureUnsupported, "webhook-signature"));
    }
    let candidates: Vec<Vec<u8>> = known.iter().filter_map(|s| STANDARD.decode(s).ok()).collect();
    let genuine = delivery.body.test(|body| {
        secrets.iter().any(|secret| {
            let mac = secret.mac(id, timestamp_text, body);
            candidates.iter().any(|candidate| mac.clone().verify_slice(candidate).is_ok())
        })
    });
    if !genuine {
        return Err(Refusal::about(Code::SignatureMismatch, "webhook-signature"));
    }

    // The window is judged after the signature: a stranger learns nothing about the connector's clock.
    let age = now.seconds().saturating_sub(timestamp);
    if age > TOLERANCE_SECONDS {
        return Err(Refusal::about(Code::TimestampTooOld, "webhook-timestamp"));
    }
    if age < -TOLERANCE_SECONDS {
        return Err(Refusal::about(Code::TimestampTooNew, "webhook-timestamp"));
    }
    Ok(Authentic { id: id.to_owned(), timestamp })
}

fn header<'a>(delivery: &'a Delivery, name: &'static str) -> Result<&'a str, Refusal> {
    let mut found = delivery.headers.iter().filter(|(n, _)| n.trim().eq_ignore_ascii_case(name));
    let (_, value) = found.next().ok_or_else(|| Refusal::about(Code::HeaderMissing, name))?;
    match found.next() {
        Some(_) => Err(Refusal::about(Code::HeaderRepeated, name)),
        None => Ok(value),
    }
}

fn whole_seconds(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Event ids already accepted, per source, each with the time until which it is kept (Unix seconds).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    sources: BTreeMap<String, BTreeMap<String, i64>>,
    /// No id expires before this.
    earliest: i64,
}

impl Seen {
    /// Whether this id came before.
    pub fn contains(&self, source: &str, id: &str) -> bool {
        self.sources.get(source).is_some_and(|ids| ids.contains_key(id))
    }

    /// Remembers an id for as long as its message, or a retry of it, could come again.
    pub fn insert(&mut self, source: &str, message: &Authentic, now: Instant) {
        let keep_until = message.timestamp.max(now.seconds()).saturating_add(KEEP_SECONDS);
        self.restore(source, &message.id, keep_until);
    }

    /// Puts a remembered id back.
    pub fn restore(&mut self, source: &str, id: &str, keep_until: i64) {
        self.earliest = if self.sources.is_empty() { keep_until } else { self.earliest.min(keep_until) };
        match self.sources.get_mut(source) {
            Some(ids) => ids.insert(id.to_owned(), keep_until),
            None => self.sources.entry(source.to_owned()).or_default().insert(id.to_owned(), keep_until),
        };
    }

    /// Forgets an id, so that its event may be sent again.
    pub fn forget(&mut self, source: &str, id: &str) {
        if let Some(ids) = self.sources.get_mut(source) {
            ids.remove(id);
        }
    }

    /// Forgets what need not be kept at `now`.
    pub fn prune(&mut self, now: Instant) {
        let now = now.seconds();
        if now <= self.earliest {
            return;
        }
        self.sources.values_mut().for_each(|ids| ids.retain(|_, keep_until| *keep_until >= now));
        self.earliest = self.iter().map(|(_, _, until)| until).min().unwrap_or(now);
    }

    /// All of them: source, id, kept until.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, i64)> {
        let each = self.sources.iter();
        each.flat_map(|(source, ids)| ids.iter().map(|(id, until)| (source.as_str(), id.as_str(), *until)))
    }
}
