//! Assertions: a JSON Web Token (RFC 7519, RFC 7515) in `Authorization: Bearer`, instead of a signature header.
//!
//! The token says who sends (`iss`), to whom (`aud`), until when (`exp`), and once (`jti`). It is bound to one
//! message by `content_sha256`: base64url of the SHA-256 of what Standard Webhooks signs,
//! `{webhook-id}.{webhook-timestamp}.{body}`. Times are judged without leeway.
//!
//! What the token says of itself chooses nothing: the algorithm is the credential's, and a header parameter that
//! brings a key along is not read.

use super::super::fhir::{Json, Kind, NodeId};
use super::super::refusal::{Code, Refusal};
use super::super::time::Instant;
use super::credential::Credential;
use super::seen::ContentHash;
use super::signature::Key;
use crate::engine::spelled::Spelled;
use crate::order;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The name of this connector in `aud`.
pub const AUDIENCE: &str = "airlock";

/// The algorithm of a credential's assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA256 (RFC 7518, section 3.2).
    Hs256,
    /// Ed25519 (RFC 8037).
    EdDsa,
}

impl Algorithm {
    /// As `alg` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads what `alg` spells.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Hs256, Self::EdDsa].into_iter().find(|own| own.as_str() == text)
    }

    /// Whether a key is of this algorithm.
    pub(super) fn fits(self, key: &Key) -> bool {
        match self {
            Self::Hs256 => key.shared_bytes().is_some_and(|bytes| bytes >= 32),
            Self::EdDsa => key.is_asymmetric(),
        }
    }
}

/// What an assertion has to be about.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The source, as `iss`.
    pub issuer: &'a str,
    /// SHA-256 of the message's signed content.
    pub content: ContentHash,
    /// The present time.
    pub now: Instant,
}

/// A token that a credential made.
pub struct Assertion<'a> {
    /// The credential.
    pub credential: &'a Credential,
    claims: Json,
}

fn refused<T>(code: Code, claim: Option<&'static str>) -> Result<T, Refusal> {
    let path = Spelled::from("authorization");
    let path = match claim {
        Some(claim) => path.then([".", claim]),
        None => path,
    };
    Err(Refusal::about(code, path))
}

impl<'a> Assertion<'a> {
    /// Reads a token and finds the credential that made it. Nothing of its claims is judged yet; of two
    /// credentials that could have made it, the one in force is taken.
    ///
    /// # Errors
    /// A `webhook.assertion-*` refusal.
    pub fn read(token: &str, credentials: &'a [Credential], now: Instant) -> Result<Self, Refusal> {
        let candidates: Vec<&Credential> = credentials.iter().filter(|c| c.assertion.is_some()).collect();
        if candidates.is_empty() {
            return refused(Code::AssertionUnsupported, None);
        }
        let mut parts = token.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return refused(Code::AssertionMalformed, None);
        };
        let Some(header) = object(head) else { return refused(Code::AssertionMalformed, None) };
        let text = |name: &'static str| match header.get(NodeId::ROOT, name) {
            None => Ok(None),
            Some(node) => match header.str(node) {
                Some(text) => Ok(Some(text.into_owned())),
                None => refused(Code::AssertionMalformed, Some(name)),
            },
        };
        if header.get(NodeId::ROOT, "crit").is_some() {
            return refused(Code::AssertionCritUnknown, Some("crit"));
        }
        if text("typ")?.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return refused(Code::AssertionMalformed, Some("typ"));
        }
        let Some(alg) = text("alg")? else { return refused(Code::AssertionMalformed, Some("alg")) };
        if alg.eq_ignore_ascii_case("none") {
            return refused(Code::AssertionAlgNone, Some("alg"));
        }
        let kid = text("kid")?;
        let named: Vec<&Credential> =
            candidates.into_iter().filter(|c| kid.as_ref().is_none_or(|kid| *kid == c.id)).collect();
        if named.is_empty() {
            return refused(Code::AssertionKeyUnknown, Some("kid"));
        }
        let mut pinned: Vec<&Credential> =
            named.into_iter().filter(|c| c.assertion.is_some_and(|own| own.as_str() == alg)).collect();
        if pinned.is_empty() {
            return refused(Code::AssertionAlgMismatch, Some("alg"));
        }
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return refused(Code::AssertionMalformed, None);
        };
        order::by(&mut pinned, |credential| !credential.in_force(now));
        let signed = [head.as_bytes(), b".", payload.as_bytes()];
        let fits = |c: &&Credential| c.key.as_ref().is_some_and(|key| key.verifies(&signed, &[&signature]));
        let Some(credential) = pinned.into_iter().find(fits) else {
            return refused(Code::AssertionSignatureMismatch, None);
        };
        match object(payload) {
            Some(claims) => Ok(Self { credential, claims }),
            None => refused(Code::AssertionMalformed, None),
        }
    }

    /// Judges the claims, and gives the token's own id. Whether it came before is for the caller to say.
    ///
    /// # Errors
    /// A `webhook.assertion-*` refusal, with the claim.
    pub fn judge(&self, expected: &Expected<'_>) -> Result<String, Refusal> {
        let now = expected.now;
        let Some(expires) = self.time("exp")? else {
            return refused(Code::AssertionClaimMissing, Some("exp"));
        };
        if now.0 >= expires {
            return refused(Code::AssertionExpired, Some("exp"));
        }
        if self.time("nbf")?.is_some_and(|from| now.0 < from) {
            return refused(Code::AssertionNotYetValid, Some("nbf"));
        }
        self.time("iat")?;
        if self.text("iss")? != expected.issuer {
            return refused(Code::AssertionIssuerMismatch, Some("iss"));
        }
        if !self.is_for(AUDIENCE)? {
            return refused(Code::AssertionAudienceMismatch, Some("aud"));
        }
        let id = self.text("jti")?;
        if !(1..=128).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return refused(Code::AssertionClaimMalformed, Some("jti"));
        }
        let digest = self.text("content_sha256")?;
        match URL_SAFE_NO_PAD.decode(digest) {
            Err(_) => refused(Code::AssertionClaimMalformed, Some("content_sha256")),
            Ok(digest) if digest != expected.content.0 => {
                refused(Code::AssertionContentMismatch, Some("content_sha256"))
            }
            Ok(_) => Ok(id),
        }
    }

    /// A required claim that is a string.
    fn text(&self, name: &'static str) -> Result<String, Refusal> {
        let Some(node) = self.claims.get(NodeId::ROOT, name) else {
            return refused(Code::AssertionClaimMissing, Some(name));
        };
        match self.claims.str(node) {
            Some(text) => Ok(text.into_owned()),
            None => refused(Code::AssertionClaimMalformed, Some(name)),
        }
    }

    /// Whether `aud`, a string or an array of strings, names somebody.
    fn is_for(&self, audience: &str) -> Result<bool, Refusal> {
        let Some(node) = self.claims.get(NodeId::ROOT, "aud") else {
            return refused(Code::AssertionClaimMissing, Some("aud"));
        };
        let named = match self.claims.kind(node) {
            Kind::Array => self.claims.children(node).collect(),
            _ => vec![node],
        };
        let names: Option<Vec<_>> = named.into_iter().map(|name| self.claims.str(name)).collect();
        match names {
            Some(names) => Ok(names.iter().any(|name| name == audience)),
            None => refused(Code::AssertionClaimMalformed, Some("aud")),
        }
    }

    /// A claim that is a NumericDate (RFC 7519, section 2), in milliseconds: seconds as digits, which may have a
    /// fraction.
    fn time(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(node) = self.claims.get(NodeId::ROOT, name) else { return Ok(None) };
        let digits = self.claims.scalar(node).filter(|_| self.claims.kind(node) == Kind::Number);
        match digits.and_then(|digits| numeric_date(&digits)) {
            Some(millis) => Ok(Some(millis)),
            None => refused(Code::AssertionClaimMalformed, Some(name)),
        }
    }
}

/// Milliseconds; what is past the millisecond is cut. No sign, no exponent, nothing beyond 64 bits.
fn numeric_date(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if seconds.is_empty() || !all_digits(seconds) || !all_digits(fraction) {
        return None;
    }
    let millis: i64 = format!("{:0<3.3}", fraction).parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis)
}

/// A JSON object in base64url without padding.
fn object(part: &str) -> Option<Json> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    let json = Json::read(text).ok()?;
    (json.kind(NodeId::ROOT) == Kind::Object).then_some(json)
}
