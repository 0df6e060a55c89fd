//! What a sender does with a credential: it signs the request, or makes an assertion about it.

use super::credential::of_source;
use super::{Credential, Request, Setup, sign_with};
use crate::engine::webhook::jwt::AUDIENCE;
use crate::engine::webhook::{ContentHash, Key, TOLERANCE_SECONDS};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an assertion says otherwise than it would: to break one on purpose. Members replace those that it would
/// have; `null` takes one out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssertionChange {
    /// Of the header.
    pub header: Map<String, Value>,
    /// Of the claims.
    pub claims: Map<String, Value>,
}

/// Signs a request with the source's credential of this name: sets `webhook-signature`, or `authorization` for one
/// that makes assertions, and takes the other away. Gives whether there is such a one that can sign; where not,
/// the request stays as it is.
pub fn sign_as(setup: &Setup, credential: &str, request: &mut Request, change: &AssertionChange) -> bool {
    let source = of_source(setup);
    let own = source.iter().find(|own| own.id == credential);
    own.is_some_and(|own| apply(setup, own, request, change))
}

pub(super) fn apply(
    setup: &Setup,
    own: &Credential,
    request: &mut Request,
    change: &AssertionChange,
) -> bool {
    let Some(secret) = own.key.as_deref() else { return false };
    let Some(alg) = &own.alg else {
        request.headers.retain(|header| !header.name.eq_ignore_ascii_case("authorization"));
        return sign_with(secret, request);
    };
    let Some(key) = Key::parse(secret) else { return false };
    let id = request.header("webhook-id").unwrap_or_default();
    let timestamp = request.header("webhook-timestamp").unwrap_or_default();
    let header =
        members([("alg", alg.as_str().into()), ("kid", own.id.as_str().into()), ("typ", "JWT".into())]);
    let claims = claims(setup, id, timestamp, &request.body);
    let Some(token) = token(&key, header, claims, change) else { return false };
    request.headers.retain(|header| !header.name.eq_ignore_ascii_case("webhook-signature"));
    request.set_header("authorization", format!("Bearer {token}"));
    true
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The claims of an assertion about one message: good for 300 seconds from its timestamp.
fn claims(setup: &Setup, id: &str, timestamp: &str, body: &str) -> Map<String, Value> {
    let at = timestamp.parse::<i64>().unwrap_or_default();
    let content = ContentHash::of_signed(id, timestamp, body.as_bytes());
    members([
        ("iss", setup.source.id.as_str().into()),
        ("aud", AUDIENCE.into()),
        ("iat", at.into()),
        ("exp", at.saturating_add(TOLERANCE_SECONDS).into()),
        ("jti", format!("{id}.{timestamp}").into()),
        ("content_sha256", URL_SAFE_NO_PAD.encode(content.0).into()),
    ])
}

fn token(
    key: &Key,
    mut header: Map<String, Value>,
    mut claims: Map<String, Value>,
    change: &AssertionChange,
) -> Option<String> {
    for (own, changes) in [(&mut header, &change.header), (&mut claims, &change.claims)] {
        for (name, value) in changes {
            match value {
                Value::Null => drop(own.remove(name)),
                _ => drop(own.insert(name.clone(), value.clone())),
            }
        }
    }
    let part = |members: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(members).to_string());
    let signed = [part(header), part(claims)].join(".");
    let signature = key.sign_parts(&[signed.as_bytes()])?;
    Some([signed, URL_SAFE_NO_PAD.encode(signature)].join("."))
}
