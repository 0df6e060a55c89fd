//! The front door: who sends, whether it is fresh, new, and within limits. Standard Webhooks 1.0.0 over the raw
//! body, or an assertion bound to it.

mod credential;
mod headers;
pub mod jwt;
mod rate;
mod seen;
mod signature;

pub use credential::{Credential, CredentialState, CredentialTexts, Unusable, states, usable};
pub use headers::MAX_HEADERS;
pub use rate::{Buckets, Rate};
pub use seen::{Accepted, Before, ContentHash, Seen};
pub use signature::Key;

use super::phi::Phi;
use super::refusal::{Code, Refusal};
use super::time::Instant;
use headers::Headers;
use jwt::{Assertion, Expected};
use signature::{Signatures, Unreadable, content};

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

/// A message whose sender is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentic {
    /// The message's id.
    pub id: String,
    /// The time it was sent at, in Unix seconds.
    pub timestamp: i64,
    /// The id of the credential that it came with.
    pub credential: String,
}

/// An authentic message, and the id of the assertion (`jti`) that said so, where it was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The message.
    pub message: Authentic,
    /// The assertion's id.
    pub assertion: Option<String>,
}

/// Checks a request's headers, and its signature or assertion.
///
/// A request with a signature is judged by it, whatever else it carries; without one, by the token in
/// `Authorization: Bearer`. Every key is tried against every signature of its version; unknown versions are
/// skipped, and any match is enough. A credential outside its time opens nothing, and its use has a code of its
/// own where no other fits.
///
/// # Errors
/// A `webhook.*` refusal.
pub fn authenticate(
    delivery: &Delivery,
    source: &str,
    credentials: &[Credential],
    now: Instant,
) -> Result<Admission, Refusal> {
    let headers = Headers::new(&delivery.headers)?;
    let id = headers.required("webhook-id")?;
    let timestamp_text = headers.required("webhook-timestamp")?;
    let proof = match (headers.optional("webhook-signature")?, headers.optional("authorization")?) {
        (Some(signatures), _) => Proof::Signature(signatures),
        (None, Some(authorization)) => Proof::Assertion(authorization),
        (None, None) => return Err(Refusal::about(Code::HeaderMissing, "webhook-signature")),
    };
    headers.check_content()?;

    if !is_id(id) {
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

    let signed = Signed { id, timestamp: timestamp_text, body: &delivery.body };
    let (credential, assertion) = match proof {
        Proof::Signature(header) => (by_signature(header, &signed, credentials, now)?, None),
        Proof::Assertion(header) => {
            let (credential, assertion) = by_assertion(header, &signed, source, credentials, now)?;
            (credential, Some(assertion))
        }
    };

    // The window is judged after the proof: a stranger learns nothing about the connector's clock.
    let age = now.seconds().saturating_sub(timestamp);
    if age > TOLERANCE_SECONDS {
        return Err(Refusal::about(Code::TimestampTooOld, "webhook-timestamp"));
    }
    if age < -TOLERANCE_SECONDS {
        return Err(Refusal::about(Code::TimestampTooNew, "webhook-timestamp"));
    }
    let message = Authentic { id: id.to_owned(), timestamp, credential: credential.id.clone() };
    Ok(Admission { message, assertion })
}

enum Proof<'a> {
    Signature(&'a str),
    Assertion(&'a str),
}

/// What a signature or an assertion is about.
struct Signed<'a> {
    id: &'a str,
    timestamp: &'a str,
    body: &'a Phi<Vec<u8>>,
}

fn by_signature<'a>(
    header: &str,
    signed: &Signed<'_>,
    credentials: &'a [Credential],
    now: Instant,
) -> Result<&'a Credential, Refusal> {
    let signatures = Signatures::read(header).map_err(|unreadable| {
        let code = match unreadable {
            Unreadable::Unsupported => Code::SignatureUnsupported,
            Unreadable::Malformed => Code::SignatureMalformed,
        };
        Refusal::about(code, "webhook-signature")
    })?;
    let signing = credentials.iter().filter(|credential| credential.assertion.is_none());
    let mut matching = signing.filter(|credential| {
        credential.key.as_ref().is_some_and(|key| {
            signed
                .body
                .test(|body| key.verifies(&content(signed.id, signed.timestamp, body), signatures.of(key)))
        })
    });
    let Some(first) = matching.next() else {
        return Err(Refusal::about(Code::SignatureMismatch, "webhook-signature"));
    };
    if first.in_force(now) {
        return Ok(first);
    }
    matching
        .find(|credential| credential.in_force(now))
        .ok_or_else(|| out_of_time(first, now, "webhook-signature"))
}

fn by_assertion<'a>(
    header: &str,
    signed: &Signed<'_>,
    source: &str,
    credentials: &'a [Credential],
    now: Instant,
) -> Result<(&'a Credential, String), Refusal> {
    // RFC 6750, section 2.1; the scheme in any case (RFC 9110, section 11.1).
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_matches(' '),
        _ => return Err(Refusal::about(Code::AssertionUnsupported, "authorization")),
    };
    let assertion = Assertion::read(token, credentials, now)?;
    if !assertion.credential.in_force(now) {
        return Err(out_of_time(assertion.credential, now, "authorization"));
    }
    let content = signed.body.classify(|body| ContentHash::of_signed(signed.id, signed.timestamp, body));
    let id = assertion.judge(&Expected { issuer: source, content, now })?;
    Ok((assertion.credential, id))
}

fn out_of_time(credential: &Credential, now: Instant, header: &'static str) -> Refusal {
    let code = match credential.state(now) {
        CredentialState::NotYetValid => Code::CredentialNotYetValid,
        _ => Code::CredentialExpired,
    };
    Refusal::about(code, header)
}

/// Whether a text can be a message's id: 1 to 128 letters, digits, `-` or `_`.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Unix seconds as digits only, within 64 bits.
pub fn whole_seconds(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}
