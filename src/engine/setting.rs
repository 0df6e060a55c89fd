//! What the connector works with: policy, adapter, consents, secrets, keys.

use super::adapt::{Adapter, EventMap};
use super::consent::Directory;
use super::deliver::{Outage, Sink};
use super::policy::{Diagnostic, Policy, Severity};
use super::queue::{self, StateKeys};
use super::redact::Keys;
use super::validate::Shape;
use super::webhook::Secret;

/// A setting as texts, not yet read.
#[derive(Clone, Copy, Debug)]
pub struct SettingTexts<'a> {
    /// The mapping policy.
    pub policy: &'a str,
    /// The adapter.
    pub adapter: &'a str,
    /// The consents on file.
    pub consents: &'a str,
    /// The source system's id.
    pub source: &'a str,
    /// Its webhook secrets, newest first.
    pub secrets: &'a [String],
    /// Entropy for tokens.
    pub seed: &'a str,
    /// Who operates the connector.
    pub actor: &'a str,
    /// In which role.
    pub role: &'a str,
    /// How the sandboxes on both sides behave.
    pub sandbox: SandboxTexts<'a>,
}

/// How the sandboxes on both sides behave, for what a demonstration is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct SandboxTexts<'a> {
    /// When the CRM demo zone takes nothing.
    pub outages: &'a [Outage],
    /// Events that the queue holds, where it is not [`queue::CAPACITY`].
    pub capacity: Option<usize>,
}

/// A setting that can be put in force.
#[derive(Clone)]
pub struct Setting {
    /// The mapping policy.
    pub policy: Policy,
    /// Its `id@version`.
    pub policy_reference: String,
    /// The adapter that reads the source.
    pub adapter: Adapter,
    /// The consents on file.
    pub consents: Directory,
    /// The source system's id.
    pub source: String,
    /// Its webhook secrets.
    pub secrets: Vec<Secret>,
    /// Keys for tokens.
    pub keys: Keys,
    /// Keys for what the connector keeps of itself.
    pub state_keys: StateKeys,
    /// How the CRM demo zone answers.
    pub sink: Sink,
    /// Events that the queue holds.
    pub capacity: usize,
    /// Who operates the connector.
    pub actor: String,
    /// In which role.
    pub role: String,
}

/// Something that stands against a setting: a finding in one of its texts, or a sentence about the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// In the policy, adapter or consents.
    In(Diagnostic),
    /// About secrets, or how the parts fit.
    About(&'static str, &'static str),
}

impl Setting {
    /// How the adapter reads an event, where the policy covers it.
    pub fn map(&self, shape: &Shape) -> Option<&EventMap> {
        let event_type = shape.covered.and_then(|at| self.policy.event_types.get(at))?;
        self.adapter.event(event_type)
    }

    /// Reads a setting.
    ///
    /// # Errors
    /// Everything that stands against it.
    pub fn read(texts: &SettingTexts<'_>) -> Result<Self, Vec<Finding>> {
        let errors = |findings: Vec<Diagnostic>| {
            findings.into_iter().filter(|f| f.severity == Severity::Error).map(Finding::In)
        };
        let mut against = Vec::new();
        let reading = Policy::read(texts.policy);
        against.extend(errors(reading.findings));
        let (adapter, findings) = Adapter::read(texts.adapter);
        against.extend(errors(findings));
        let consents = match Directory::read(texts.consents) {
            Ok(consents) => Some(consents),
            Err(findings) => {
                against.extend(errors(findings));
                None
            }
        };
        let secrets: Vec<Secret> = texts.secrets.iter().filter_map(|text| Secret::parse(text)).collect();
        if secrets.len() != texts.secrets.len() || secrets.is_empty() {
            against.push(Finding::About(
                "setting.secret-malformed",
                "A webhook secret is `whsec_` and base64 of 24 to 64 bytes.",
            ));
        }
        let keys = Keys::new(texts.seed, reading.policy.as_ref().map_or("", |policy| &policy.target));
        let state_keys = StateKeys::new(texts.seed);
        match (reading.policy, adapter, consents, keys, state_keys) {
            (Some(policy), Some(adapter), Some(consents), Some(keys), Some(state_keys)) => {
                if policy.source != texts.source {
                    against.push(Finding::About(
                        "setting.source-mismatch",
                        "The policy is about another source system than the one whose secrets are in force.",
                    ));
                }
                if policy.adapter != adapter.id {
                    against.push(Finding::About(
                        "setting.adapter-mismatch",
                        "The policy wants another adapter than the one given.",
                    ));
                }
                if policy.event_types.iter().any(|event_type| adapter.event(event_type).is_none()) {
                    against.push(Finding::About(
                        "setting.event-type-unread",
                        "The policy covers an event type that its adapter does not read.",
                    ));
                }
                if !against.is_empty() {
                    return Err(against);
                }
                Ok(Self {
                    policy_reference: policy.reference(),
                    policy,
                    adapter,
                    consents,
                    source: texts.source.to_owned(),
                    secrets,
                    keys,
                    state_keys,
                    sink: Sink { outages: texts.sandbox.outages.to_vec() },
                    capacity: texts.sandbox.capacity.unwrap_or(queue::CAPACITY),
                    actor: texts.actor.to_owned(),
                    role: texts.role.to_owned(),
                })
            }
            _ => Err(against),
        }
    }
}
