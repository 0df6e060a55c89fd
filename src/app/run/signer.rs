//! What a request is signed with: a credential of the setting, or a secret of the user's own.

use crate::api::{AssertionChange, Breakage, Credential, CredentialView, Request, Setup};
use crate::api::{break_as, break_signature, credentials, sign, sign_as, sign_with};

/// Whose credential signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signer {
    /// The setting's first one that is in force.
    #[default]
    InForce,
    /// The setting's of this name.
    Known(String),
    /// A secret that the user has typed.
    Other(String),
}

impl Signer {
    /// Signs a request, or makes its assertion. Gives whether that could be done.
    pub fn sign(&self, setup: &Setup, request: &mut Request) -> bool {
        match self {
            Self::InForce => {
                sign(setup, request);
                credentials(setup, 0).iter().any(|credential| credential.signs)
            }
            Self::Known(id) => sign_as(setup, id, request, &AssertionChange::default()),
            Self::Other(secret) => sign_with(secret, request),
        }
    }

    /// Signs a request wrong on purpose. Gives whether that could be done.
    pub fn break_it(&self, setup: &Setup, now: i64, breakage: Breakage, request: &mut Request) -> bool {
        match self {
            Self::Other(secret) => break_signature(breakage, secret, request),
            _ => match self.credential(setup, now) {
                Some(own) => break_as(setup, &own.id, breakage, request),
                None => false,
            },
        }
    }

    /// The ways in which what it makes can be broken.
    pub fn breakages(&self, setup: &Setup, now: i64) -> &'static [Breakage] {
        let assertions = self.credential(setup, now).is_some_and(|own| is_assertion(&own));
        if assertions { Breakage::OF_ASSERTIONS } else { Breakage::OF_SIGNATURES }
    }

    /// The setting's credential that signs at a time; none where a secret of the user's own does.
    fn credential(&self, setup: &Setup, now: i64) -> Option<CredentialView> {
        let mut able = credentials(setup, now).into_iter().filter(|own| own.signs);
        match self {
            Self::Other(_) => None,
            Self::Known(id) => able.find(|own| own.id == *id),
            Self::InForce => {
                let able: Vec<_> = able.collect();
                let current = able.iter().find(|own| own.state != "expired" && own.state != "not-yet-valid");
                current.or(able.first()).cloned()
            }
        }
    }
}

fn is_assertion(credential: &CredentialView) -> bool {
    credential.kind == "HS256" || credential.kind == "EdDSA"
}

/// The key of one of the source's credentials, to be shown to whoever asks.
pub fn key(setup: &Setup, id: &str) -> Option<String> {
    let plain = setup.source.secrets.iter().enumerate();
    let plain = plain.map(|(n, secret)| (["secret-", &(n + 1).to_string()].concat(), Some(secret)));
    let own = |own: &Credential| own.id == id;
    let further = || setup.source.credentials.iter().find(|c| own(c)).and_then(|c| c.key.clone());
    let found = plain.into_iter().find(|(name, _)| name == id).and_then(|(_, secret)| secret.cloned());
    found.or_else(further)
}
