//! Credentials as the page and the command line see them.

use super::Setup;
use crate::engine::time::Instant;
use crate::engine::webhook::{self, CredentialTexts, Key};
use serde::{Deserialize, Serialize};

/// A credential of a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// Its name: 1–64 of letters, digits, `.`, `_` and `-`.
    pub id: String,
    /// The key: `whsec_…` (shared), `whsk_…` (Ed25519, private: the sandbox can sign with it) or `whpk_…` (Ed25519,
    /// public). A sink's credential may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `HS256` or `EdDSA` for one that makes assertions; absent for one that signs the request itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// From when it holds, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// From when it holds no more, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The event types it is good for, each a name or a beginning and `*`; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

impl Credential {
    pub(super) fn texts(&self) -> CredentialTexts<'_> {
        CredentialTexts {
            id: &self.id,
            key: self.key.as_deref(),
            alg: self.alg.as_deref(),
            not_before: self.not_before.as_deref(),
            expires: self.expires.as_deref(),
            scopes: self.scopes.as_deref(),
        }
    }
}

/// How often a source may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// Deliveries that may come at once.
    pub burst: u32,
    /// Deliveries a minute that may come on and on.
    pub per_minute: u32,
}

/// A credential as a list shows it. Never its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialView {
    /// Its name.
    pub id: String,
    /// Whose it is: `source`, `transform` or `sink`.
    pub role: String,
    /// What it does: `v1` or `v1a` (signs requests), `HS256` or `EdDSA` (makes assertions), `token-key`, `write`.
    pub kind: String,
    /// `active`, `rotating` (in force beside a newer one), `expiring-soon` (within 14 days), `expired` or
    /// `not-yet-valid`.
    pub state: String,
    /// From when it holds, RFC 3339.
    pub not_before: Option<String>,
    /// From when it holds no more, RFC 3339.
    pub expires: Option<String>,
    /// The event types it is good for; none for all.
    pub scopes: Option<Vec<String>>,
    /// Whether the sandbox can send with it.
    pub signs: bool,
}

/// The source's credentials, its plain secrets first, named by their place as `secret-1`, `secret-2`, ….
pub(super) fn of_source(setup: &Setup) -> Vec<Credential> {
    let plain = setup.source.secrets.iter().enumerate().map(|(n, secret)| Credential {
        id: format!("secret-{}", n + 1),
        key: Some(secret.clone()),
        ..Credential::default()
    });
    plain.chain(setup.source.credentials.iter().cloned()).collect()
}

/// Every credential of a setting and how it stands at a time, in milliseconds since the Unix epoch. One that can't be read
/// is left out: the setting's diagnostics say so.
pub fn credentials(setup: &Setup, now: i64) -> Vec<CredentialView> {
    let source = of_source(setup);
    let lists = [("source", &source), ("transform", &setup.transform), ("sink", &setup.sink)];
    let views = lists.into_iter().flat_map(|(role, list)| {
        let read: Vec<webhook::Credential> =
            list.iter().filter_map(|own| webhook::Credential::read(&own.texts())).collect();
        let states = webhook::states(&read, Instant(now));
        read.into_iter().zip(states).map(move |(own, state)| CredentialView {
            role: role.to_owned(),
            kind: kind(role, &own).to_owned(),
            state: state.as_str().to_owned(),
            not_before: own.not_before.map(Instant::to_rfc3339),
            expires: own.expires.map(Instant::to_rfc3339),
            scopes: own.scopes().map(<[String]>::to_vec),
            signs: role == "source" && own.key.as_ref().is_some_and(Key::can_sign),
            id: own.id,
        })
    });
    views.collect()
}

fn kind(role: &str, own: &webhook::Credential) -> &'static str {
    match (role, own.assertion) {
        ("transform", _) => "token-key",
        ("sink", _) => "write",
        (_, Some(algorithm)) => algorithm.as_str(),
        _ if own.key.as_ref().is_some_and(Key::is_asymmetric) => "v1a",
        _ => "v1",
    }
}
