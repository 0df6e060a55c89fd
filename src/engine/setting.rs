//! What the connector works with: policy, adapter, consents, secrets, keys.

use super::adapt::{Adapter, CrmAdapter, EventMap};
use super::canonical::Catalogue;
use super::consent::Directory;
use super::decisions::Decisions;
use super::deliver::{Outage, Sink};
use super::document::{Diagnostic, Severity};
use super::fhir::{Json, NodeId};
use super::phi::Phi;
use super::policy::{Beside, Policy, lint::codes, text_hash};
use super::queue::{self, StateKeys};
use super::redact::Keys;
use super::time::Instant;
use super::validate::Shape;
use super::webhook::{Credential, CredentialTexts, Rate, Unusable, usable};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A setting as texts, not yet read.
#[derive(Clone, Copy, Debug)]
pub struct SettingTexts<'a> {
    /// The mapping policy.
    pub policy: &'a str,
    /// The adapter that reads the source.
    pub adapter: &'a str,
    /// Adapters of CRMs, of which the policy names the one that it writes by.
    pub crms: &'a [CrmAdapter],
    /// The canonical model that both are written in.
    pub catalogue: &'a Catalogue,
    /// The consents on file.
    pub consents: &'a str,
    /// The source system's id.
    pub source: &'a str,
    /// Its webhook secrets, newest first.
    pub secrets: &'a [String],
    /// Further credentials, and how often the source may send.
    pub access: AccessTexts<'a>,
    /// Entropy for tokens, and for what events go by in the log.
    pub seed: &'a str,
    /// Entropy for the keys of what the connector keeps.
    pub storage_key: &'a str,
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
    /// What the EHR sandbox holds: a FHIR Bundle.
    pub ehr: Option<&'a str>,
    /// Seconds for which a gap in a subscription's events is waited on, where it is not a minute.
    pub gap_wait_seconds: Option<u32>,
}

/// Credentials as texts, newest first, and the source's rate.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessTexts<'a> {
    /// The source's, after its plain secrets.
    pub source: &'a [CredentialTexts<'a>],
    /// Whose keys make tokens. Without any, the keys come from the seed.
    pub transform: &'a [CredentialTexts<'a>],
    /// Who may write to the CRM. Without any, the CRM demo zone asks for none.
    pub sink: &'a [CredentialTexts<'a>],
    /// How often the source may send; none for the default.
    pub rate: Option<Rate>,
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
    /// Its `id@version`.
    pub adapter_reference: String,
    /// First 16 hexadecimal digits of the SHA-256 of its text.
    pub adapter_hash: String,
    /// Both as one structure.
    pub decisions: Decisions,
    /// The consents on file.
    pub consents: Directory,
    /// The source system's id.
    pub source: String,
    /// Its credentials.
    pub credentials: Vec<Credential>,
    /// How often it may send.
    pub rate: Rate,
    /// Keys that come from the seed.
    pub keys: Keys,
    /// Keys for what the connector keeps of itself.
    pub state_keys: StateKeys,
    /// How the CRM demo zone answers.
    pub sink: Sink,
    /// Events that the queue holds.
    pub capacity: usize,
    /// What the EHR sandbox holds.
    pub ehr: Option<Arc<Phi<Json>>>,
    /// Milliseconds for which a gap in a subscription's events is waited on.
    pub gap_wait: i64,
    /// Keys for tokens, each with the credential that they come from.
    transform: Vec<(Credential, Keys)>,
    /// Who may write to the CRM.
    writers: Vec<Credential>,
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
    /// The source, and the keys by which persons are known again: what names in an event are read by.
    pub fn names(&self) -> (&str, &StateKeys) {
        (&self.source, &self.state_keys)
    }

    /// How the adapter reads an event, where the policy covers it.
    pub fn map(&self, shape: &Shape) -> Option<&EventMap> {
        self.event(shape).filter(|_| shape.covered)
    }

    /// How the adapter reads an event, whatever the policy says.
    pub fn event(&self, shape: &Shape) -> Option<&EventMap> {
        shape.event.and_then(|at| self.adapter.events.get(at))
    }

    /// The source's credential of this name, while it is in the setting.
    pub fn credential(&self, id: &str) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.id == id)
    }

    /// The keys that make the tokens of an event, with the credential that they come from, where it takes one.
    ///
    /// # Errors
    /// Why there are none.
    pub fn transform_keys(
        &self,
        event_type: &str,
        now: Instant,
    ) -> Result<(&Keys, Option<&Credential>), Unusable> {
        let credential = usable(self.transform.iter().map(|(credential, _)| credential), event_type, now)?;
        let own = credential.and_then(|used| self.transform.iter().find(|(own, _)| own.id == used.id));
        Ok(own.map_or((&self.keys, None), |(credential, keys)| (keys, Some(credential))))
    }

    /// The credential that an event may be written to the CRM with, where it takes one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn writer(&self, event_type: &str, now: Instant) -> Result<Option<&Credential>, Unusable> {
        usable(&self.writers, event_type, now)
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
        let beside = Beside { adapters: &[], crms: texts.crms };
        let reading = Policy::read_beside(texts.policy, texts.catalogue, beside);
        let of_one_rule = |finding: &Diagnostic| codes::keeps_back_its_field(&finding.code);
        against.extend(errors(reading.findings.into_iter().filter(|f| !of_one_rule(f)).collect()));
        let (adapter, findings) = Adapter::read(texts.adapter, texts.catalogue);
        against.extend(errors(findings));
        let consents = match Directory::read(texts.consents) {
            Ok(consents) => Some(consents),
            Err(findings) => {
                against.extend(errors(findings));
                None
            }
        };
        let credentials = source_credentials(texts, &mut against);
        let access = texts.access;
        let writers = read_credentials(access.sink, &mut against);
        let domain = reading.policy.as_ref().map_or("", |policy| &policy.target);
        let keys = Keys::new(texts.seed, domain);
        let transform = read_credentials(access.transform, &mut against);
        let seeds = access.transform.iter().map(|texts| texts.key.filter(|key| key.starts_with("whsec_")));
        let transform: Vec<(Credential, Keys)> = transform
            .into_iter()
            .zip(seeds)
            .filter_map(|(credential, seed)| Some((credential, Keys::new(seed?, domain)?)))
            .collect();
        if transform.len() != access.transform.len() {
            against.push(Finding::About(
                "setting.credential-malformed",
                "A transform credential has a key of the form `whsec_`.",
            ));
        }
        let rate = access.rate.unwrap_or_default();
        if rate.burst == 0 || rate.per_minute == 0 {
            against.push(Finding::About(
                "setting.rate-malformed",
                "A rate lets through at least one delivery at once and one a minute.",
            ));
        }
        let ehr = read_ehr(texts.sandbox.ehr, &mut against);
        let state_keys = StateKeys::new(texts.storage_key, texts.seed);
        match (reading.policy, adapter, consents, keys, state_keys) {
            (Some(policy), Some(adapter), Some(mut consents), Some(keys), Some(state_keys)) => {
                consents.identify(texts.source, &state_keys);
                if policy.source != texts.source {
                    against.push(Finding::About(
                        "setting.source-mismatch",
                        "The policy is about another source system than the one whose secrets are in force.",
                    ));
                }
                against.extend(misfits(&policy, &adapter));
                if !against.is_empty() {
                    return Err(against);
                }
                let decisions = Decisions::new(&policy, &adapter);
                Ok(Self {
                    decisions,
                    policy_reference: policy.reference(),
                    policy,
                    adapter_reference: [adapter.id.as_str(), &adapter.version].join("@"),
                    adapter_hash: text_hash(texts.adapter),
                    adapter,
                    consents,
                    source: texts.source.to_owned(),
                    credentials,
                    rate,
                    keys,
                    state_keys,
                    sink: Sink { outages: texts.sandbox.outages.to_vec() },
                    capacity: texts.sandbox.capacity.unwrap_or(queue::CAPACITY),
                    ehr,
                    gap_wait: i64::from(texts.sandbox.gap_wait_seconds.unwrap_or(60)) * 1000,
                    transform,
                    writers,
                    actor: texts.actor.to_owned(),
                    role: texts.role.to_owned(),
                })
            }
            _ => Err(against),
        }
    }
}

/// What keeps a policy from working with an adapter.
pub(super) fn misfits(policy: &Policy, adapter: &Adapter) -> Vec<Finding> {
    let mut against = Vec::new();
    if policy.adapter != adapter.id {
        let what = "The policy wants another adapter than the one given.";
        against.push(Finding::About("setting.adapter-mismatch", what));
    }
    if policy.event_types.iter().any(|event_type| !adapter.reads(event_type)) {
        let what = "The policy covers an event type that its adapter does not read.";
        against.push(Finding::About("setting.event-type-unread", what));
    }
    against
}

/// What the EHR sandbox holds.
pub(super) fn read_ehr(text: Option<&str>, against: &mut Vec<Finding>) -> Option<Arc<Phi<Json>>> {
    let json = text.and_then(|text| Json::read(text).ok());
    let json = json.filter(|json| json.get_str(NodeId::ROOT, "resourceType").as_deref() == Some("Bundle"));
    if json.is_none() && text.is_some() {
        let what = "What the EHR sandbox holds is a FHIR Bundle, and this is none.";
        against.push(Finding::About("setting.ehr-unreadable", what));
    }
    json.map(|json| Arc::new(Phi::new(json)))
}

/// A list of credentials whose ids differ.
fn read_credentials(texts: &[CredentialTexts<'_>], against: &mut Vec<Finding>) -> Vec<Credential> {
    let read: Vec<Credential> = texts.iter().filter_map(Credential::read).collect();
    if read.len() != texts.len() {
        against.push(Finding::About(
            "setting.credential-malformed",
            "A credential has an id, a key that fits its algorithm, and times and scopes in their form.",
        ));
    }
    let ids: BTreeSet<&str> = texts.iter().map(|texts| texts.id).collect();
    if ids.len() != texts.len() {
        against.push(Finding::About("setting.credential-repeated", "Two credentials have the same id."));
    }
    read
}

/// The source's plain secrets, which are named by their place, and its other credentials.
fn source_credentials(texts: &SettingTexts<'_>, against: &mut Vec<Finding>) -> Vec<Credential> {
    let ids: Vec<String> = (1..=texts.secrets.len()).map(|place| format!("secret-{place}")).collect();
    let plain = texts.secrets.iter().zip(&ids);
    let plain: Vec<CredentialTexts<'_>> =
        plain.map(|(key, id)| CredentialTexts { id, key: Some(key), ..CredentialTexts::default() }).collect();
    let keyless = texts.access.source.iter().any(|texts| texts.key.is_none());
    let none = plain.is_empty() && texts.access.source.is_empty();
    if none || keyless || plain.iter().any(|texts| Credential::read(texts).is_none()) {
        against.push(Finding::About(
            "setting.secret-malformed",
            "A source has at least one key: `whsec_` and base64 of 24 to 64 bytes, or an Ed25519 key as `whsk_` or `whpk_`.",
        ));
        return Vec::new();
    }
    let all: Vec<CredentialTexts<'_>> =
        plain.into_iter().chain(texts.access.source.iter().copied()).collect();
    read_credentials(&all, against)
}
