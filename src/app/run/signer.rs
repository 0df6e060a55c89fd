//! What a request is signed with: a secret of the setting, or one of the user's own.

use crate::api::Setup;

/// Whose secret signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The setting's secret of this number, the newest first.
    Known(usize),
    /// A secret that the user has typed.
    Other(String),
}

impl Default for Signer {
    fn default() -> Self {
        Self::Known(0)
    }
}

impl Signer {
    /// The secret's text; none where the setting has no such secret.
    pub fn secret(&self, setup: &Setup) -> Option<String> {
        match self {
            Self::Known(number) => setup.source.secrets.get(*number).cloned(),
            Self::Other(secret) => Some(secret.clone()),
        }
    }
}
