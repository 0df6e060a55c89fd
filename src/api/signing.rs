//! Signing a request as its sender does.

use super::assertion::apply;
use super::credential::of_source;
use super::{AssertionChange, Request, Setup};
use crate::engine::time::Instant;
use crate::engine::webhook::{self, Key};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

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
