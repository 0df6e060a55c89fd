//! Signing a request as its sender does, and signing it wrong on purpose.

use super::assertion::apply;
use super::credential::of_source;
use super::{AssertionChange, Request, Setup};
use crate::engine::time::Instant;
use crate::engine::webhook::{self, Key};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// A secret that no setting knows: base64 of `a secret that nobody shares`.
const STRANGER: &str = "whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgc2hhcmVz";

/// A way in which a signature can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// A character of it is another one.
    OtherCharacter,
    /// Its end is missing.
    CutShort,
    /// It was made with a secret that the connector does not know.
    OtherSecret,
    /// It was made over another body.
    OtherBody,
    /// It says that it is of a version which does not exist.
    UnknownVersion,
    /// It is not base64.
    NotBase64,
    /// There is none.
    NoSignature,
}

impl Breakage {
    /// All of them, the plainest first.
    pub const ALL: [Self; 7] = [
        Self::OtherCharacter,
        Self::CutShort,
        Self::OtherSecret,
        Self::OtherBody,
        Self::UnknownVersion,
        Self::NotBase64,
        Self::NoSignature,
    ];

    /// A stable name, e.g. `other-character`.
    pub fn id(self) -> &'static str {
        match self {
            Self::OtherCharacter => "other-character",
            Self::CutShort => "cut-short",
            Self::OtherSecret => "other-secret",
            Self::OtherBody => "other-body",
            Self::UnknownVersion => "unknown-version",
            Self::NotBase64 => "not-base64",
            Self::NoSignature => "no-signature",
        }
    }

    /// What it does, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::OtherCharacter => "one character altered",
            Self::CutShort => "cut short",
            Self::OtherSecret => "made with a stranger's secret",
            Self::OtherBody => "made over another body",
            Self::UnknownVersion => "of an unknown version",
            Self::NotBase64 => "not base64",
            Self::NoSignature => "left out",
        }
    }
}

/// Signs a request over its id, timestamp and body as they stand, with the source's first credential that can, of
/// those in force at its timestamp where there are any. A setup without a usable one leaves it as it is.
pub fn sign(setup: &Setup, request: &mut Request) {
    let at = request.header(TIMESTAMP).and_then(|text| text.parse::<i64>().ok());
    let at = Instant(at.unwrap_or_default().saturating_mul(1000));
    let source = of_source(setup);
    let read = source.iter().filter_map(|own| Some((own, webhook::Credential::read(&own.texts())?)));
    let able: Vec<_> =
        read.filter(|(_, credential)| credential.key.as_ref().is_some_and(Key::can_sign)).collect();
    let current = able.iter().find(|(_, credential)| credential.in_force(at));
    if let Some((own, _)) = current.or(able.first()) {
        apply(setup, own, request, &AssertionChange::default());
    }
}

/// Signs a request with a secret of one's own, as text (`whsec_…` or `whsk_…`; Standard Webhooks 1.0.0), and sets
/// `webhook-signature`. Gives whether the text is a usable secret; with one that isn't, the request stays as it is.
pub fn sign_with(secret: &str, request: &mut Request) -> bool {
    let Some(key) = Key::parse(secret) else { return false };
    let id = request.header(ID).unwrap_or_default();
    let timestamp = request.header(TIMESTAMP).unwrap_or_default();
    let Some(signature) = key.sign(id, timestamp, request.body.as_bytes()) else { return false };
    request.set_header(SIGNATURE, signature);
    true
}

/// Signs a request with a secret and spoils the signature in one way, and nothing else of the request. Gives
/// whether the secret is usable; with one that isn't, the request stays as it is.
pub fn break_signature(breakage: Breakage, secret: &str, request: &mut Request) -> bool {
    if !sign_with(secret, request) {
        return false;
    }
    let signature = request.header(SIGNATURE).unwrap_or_default();
    let (version, digest) = signature.split_once(',').unwrap_or(("v1", signature));
    let spoiled = match breakage {
        Breakage::OtherCharacter => {
            let other = if digest.starts_with('A') { "B" } else { "A" };
            [version, ",", other, digest.get(1..).unwrap_or("")].concat()
        }
        Breakage::CutShort => [version, ",", digest.get(..digest.len() / 2).unwrap_or("")].concat(),
        Breakage::UnknownVersion => ["v9,", digest].concat(),
        Breakage::NotBase64 => [version, ",@not*base64@"].concat(),
        Breakage::OtherSecret => return sign_with(STRANGER, request),
        Breakage::OtherBody => {
            let mut other = Request { headers: request.headers.clone(), body: String::from("{}") };
            let signed = sign_with(secret, &mut other);
            request.headers = other.headers;
            return signed;
        }
        Breakage::NoSignature => {
            request.headers.retain(|header| !header.name.eq_ignore_ascii_case(SIGNATURE));
            return true;
        }
    };
    request.set_header(SIGNATURE, spoiled);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Session, open_scenario};

    #[test]
    #[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    fn each_way_of_breaking_a_signature_is_refused_at_the_door_and_signing_again_mends_it() {
        let scenario = open_scenario("referral-created").unwrap();
        let secret = &scenario.setup.source.secrets[0];
        let (now, whole) = &scenario.requests[0];
        let mut session = Session::new();
        session.configure(&scenario.setup).unwrap();
        let mut request = whole.clone();
        for breakage in Breakage::ALL {
            assert!(break_signature(breakage, secret, &mut request), "{}", breakage.id());
            assert_eq!(request.body, whole.body, "{}", breakage.id());
            let run = session.send(&request, *now, &mut || 0.0);
            let code = run.refusal.map(|refusal| refusal.code).unwrap_or_default();
            assert!(run.outcome == "rejected" && code.starts_with("webhook."), "{}: {code}", breakage.id());
        }
        for unusable in ["", "whsec_", "whsec_c2hvcnQ=", "secret", "whsec_%%%"] {
            let before = request.clone();
            assert!(!sign_with(unusable, &mut request), "{unusable:?}");
            assert!(!break_signature(Breakage::CutShort, unusable, &mut request), "{unusable:?}");
            assert_eq!(request, before, "{unusable:?}");
        }
        sign(&scenario.setup, &mut request);
        assert_eq!(session.send(&request, *now, &mut || 0.0).outcome, "delivered");
    }
}
