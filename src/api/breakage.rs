//! Signing wrong on purpose: the ways in which a signature or an assertion can be broken, by name.

use super::credential::of_source;
use super::{AssertionChange, Request, Setup, sign_as, sign_with};
use serde_json::Value;

const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const AUTHORIZATION: &str = "authorization";

/// A secret that no setting knows: base64 of `a secret that nobody shares`.
const STRANGER: &str = "whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgc2hhcmVz";

/// A way in which a signature, or an assertion in its place, can be wrong.
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
    /// There is none.
    LeftOut,
    /// A signature that says that it is of a version which does not exist.
    UnknownVersion,
    /// A signature that is not base64.
    NotBase64,
    /// An assertion that says that it is not signed at all.
    NoAlgorithm,
    /// An assertion that names another algorithm than its credential's.
    OtherAlgorithm,
    /// An assertion whose time is over.
    Expired,
    /// An assertion that holds for ever.
    WithoutExpiry,
    /// An assertion made for somebody else.
    OtherAudience,
}

impl Breakage {
    /// Those of a signature, the plainest first.
    pub const OF_SIGNATURES: &[Self] = &[
        Self::OtherCharacter,
        Self::CutShort,
        Self::OtherSecret,
        Self::OtherBody,
        Self::UnknownVersion,
        Self::NotBase64,
        Self::LeftOut,
    ];

    /// Those of an assertion.
    pub const OF_ASSERTIONS: &[Self] = &[
        Self::OtherCharacter,
        Self::CutShort,
        Self::OtherBody,
        Self::NoAlgorithm,
        Self::OtherAlgorithm,
        Self::Expired,
        Self::WithoutExpiry,
        Self::OtherAudience,
        Self::LeftOut,
    ];

    /// A stable name, e.g. `other-character`.
    pub fn id(self) -> &'static str {
        match self {
            Self::OtherCharacter => "other-character",
            Self::CutShort => "cut-short",
            Self::OtherSecret => "other-secret",
            Self::OtherBody => "other-body",
            Self::LeftOut => "left-out",
            Self::UnknownVersion => "unknown-version",
            Self::NotBase64 => "not-base64",
            Self::NoAlgorithm => "no-algorithm",
            Self::OtherAlgorithm => "other-algorithm",
            Self::Expired => "expired",
            Self::WithoutExpiry => "without-expiry",
            Self::OtherAudience => "other-audience",
        }
    }

    /// What it does, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::OtherCharacter => "one character altered",
            Self::CutShort => "cut short",
            Self::OtherSecret => "made with a stranger's secret",
            Self::OtherBody => "made over another body",
            Self::LeftOut => "left out",
            Self::UnknownVersion => "of an unknown version",
            Self::NotBase64 => "not base64",
            Self::NoAlgorithm => "unsigned (alg none)",
            Self::OtherAlgorithm => "of another algorithm",
            Self::Expired => "expired",
            Self::WithoutExpiry => "without an end (no exp)",
            Self::OtherAudience => "for another audience",
        }
    }
}

/// Signs a request with a secret and spoils the signature in one way, and nothing else of the request. Gives
/// whether the secret is usable and signatures can be broken so; otherwise the request stays as it is.
pub fn break_signature(breakage: Breakage, secret: &str, request: &mut Request) -> bool {
    let before = request.headers.clone();
    let done = sign_with(secret, request) && spoil_signature(breakage, secret, request);
    if !done {
        request.headers = before;
    }
    done
}

fn spoil_signature(breakage: Breakage, secret: &str, request: &mut Request) -> bool {
    let signature = request.header(SIGNATURE).unwrap_or_default();
    let (version, digest) = signature.split_once(',').unwrap_or(("v1", signature));
    let spoiled = match breakage {
        Breakage::OtherCharacter => [version, ",", &other_start(digest)].concat(),
        Breakage::CutShort => [version, ",", half(digest)].concat(),
        Breakage::UnknownVersion => ["v9,", digest].concat(),
        Breakage::NotBase64 => [version, ",@not*base64@"].concat(),
        Breakage::OtherSecret => return sign_with(STRANGER, request),
        Breakage::OtherBody => {
            return over_another_body(request, |other| sign_with(secret, other));
        }
        Breakage::LeftOut => {
            leave_out(SIGNATURE, request);
            return true;
        }
        _ => return false,
    };
    request.set_header(SIGNATURE, spoiled);
    true
}

/// The same with one of the source's credentials, by its name: its signature, or its assertion. False where there is
/// no such credential, where it can't sign, or where what it makes can't be broken so.
pub fn break_as(setup: &Setup, credential: &str, breakage: Breakage, request: &mut Request) -> bool {
    let source = of_source(setup);
    let Some(own) = source.iter().find(|own| own.id == credential) else { return false };
    let Some(algorithm) = own.alg.as_deref() else {
        leave_out(AUTHORIZATION, request);
        return own.key.as_deref().is_some_and(|key| break_signature(breakage, key, request));
    };
    let mut change = AssertionChange::default();
    let at = request.header(TIMESTAMP).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    let mut claim = |name: &str, value: Value| drop(change.claims.insert(name.to_owned(), value));
    match breakage {
        Breakage::NoAlgorithm => drop(change.header.insert(String::from("alg"), "none".into())),
        Breakage::OtherAlgorithm => {
            let other = if algorithm == "HS256" { "EdDSA" } else { "HS256" };
            change.header.insert(String::from("alg"), other.into());
        }
        Breakage::Expired => claim("exp", at.saturating_sub(3_600).into()),
        Breakage::WithoutExpiry => claim("exp", Value::Null),
        Breakage::OtherAudience => claim("aud", "https://elsewhere.example.invalid".into()),
        Breakage::OtherBody => {
            return over_another_body(request, |other| sign_as(setup, credential, other, &change));
        }
        Breakage::OtherCharacter | Breakage::CutShort | Breakage::LeftOut => {}
        _ => return false,
    }
    if !sign_as(setup, credential, request, &change) {
        return false;
    }
    let token = request.header(AUTHORIZATION).unwrap_or_default();
    let (head, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let spoiled = match breakage {
        Breakage::OtherCharacter => [head, ".", &other_start(signature)].concat(),
        Breakage::CutShort => [head, ".", half(signature)].concat(),
        Breakage::NoAlgorithm => [head, "."].concat(),
        Breakage::LeftOut => {
            leave_out(AUTHORIZATION, request);
            return true;
        }
        _ => return true,
    };
    request.set_header(AUTHORIZATION, spoiled);
    true
}

/// Base64 with another first character.
fn other_start(digest: &str) -> String {
    let other = if digest.starts_with('A') { "B" } else { "A" };
    [other, digest.get(1..).unwrap_or("")].concat()
}

fn half(digest: &str) -> &str {
    digest.get(..digest.len() / 2).unwrap_or("")
}

fn leave_out(name: &str, request: &mut Request) {
    request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
}

/// The headers as they would be had the request another body.
fn over_another_body(request: &mut Request, sign: impl FnOnce(&mut Request) -> bool) -> bool {
    let mut other = Request { headers: request.headers.clone(), body: String::from("{}") };
    let signed = sign(&mut other);
    request.headers = other.headers;
    signed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Credential, Session, open_scenario, sign};

    #[test]
    #[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    fn each_way_of_breaking_a_signature_is_refused_at_the_door_and_signing_again_mends_it() {
        let scenario = open_scenario("referral-created").unwrap();
        let secret = &scenario.setup.source.secrets[0];
        let (now, whole) = &scenario.requests[0];
        let mut session = Session::new();
        session.configure(&scenario.setup).unwrap();
        let mut request = whole.clone();
        for &breakage in Breakage::OF_SIGNATURES {
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

    #[test]
    #[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    fn each_way_of_breaking_an_assertion_is_refused_at_the_door_and_making_it_anew_mends_it() {
        let mut scenario = open_scenario("referral-created").unwrap();
        let own = |id: &str, key: &str, alg: &str| Credential {
            id: id.to_owned(),
            key: Some(key.to_owned()),
            alg: Some(alg.to_owned()),
            ..Credential::default()
        };
        scenario.setup.source.secrets.clear();
        scenario.setup.source.credentials = vec![
            own("shared", "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=", "HS256"),
            own("private", "whsk_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=", "EdDSA"),
        ];
        let (now, whole) = &scenario.requests[0];
        for credential in ["shared", "private"] {
            let mut session = Session::new();
            session.configure(&scenario.setup).unwrap();
            let mut request = whole.clone();
            for &breakage in Breakage::OF_ASSERTIONS {
                assert!(break_as(&scenario.setup, credential, breakage, &mut request), "{}", breakage.id());
                assert_eq!(request.body, whole.body, "{}", breakage.id());
                let run = session.send(&request, *now, &mut || 0.0);
                let code = run.refusal.map(|refusal| refusal.code).unwrap_or_default();
                let what = breakage.id();
                assert!(run.outcome == "rejected" && code.starts_with("webhook."), "{what}: {code}");
            }
            let before = request.clone();
            assert!(!break_as(&scenario.setup, credential, Breakage::NotBase64, &mut request));
            assert!(!break_as(&scenario.setup, "nobody", Breakage::CutShort, &mut request));
            assert_eq!(request, before);
            assert!(sign_as(&scenario.setup, credential, &mut request, &AssertionChange::default()));
            assert_eq!(session.send(&request, *now, &mut || 0.0).outcome, "delivered");
        }
    }
}
