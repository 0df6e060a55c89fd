//! The audit timeline as data.

use crate::engine::audit::{AuditRecord, leaf_hash};
use crate::engine::policy::Label;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the redact stage did with one named field: rule, method and result, never the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldEvidence {
    /// Canonical field, e.g. `Person.birthDate`.
    pub field: String,
    /// `allowed`, `transformed`, `redacted` or `prohibited`.
    pub label: String,
    /// Method and version, e.g. `generalize:age-band/1`.
    pub method: String,
    /// `crossed`, `withheld`, `absent` or `dropped`.
    pub result: String,
    /// Id of the rule.
    pub rule: String,
}

/// One audit record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry {
    /// Place in the log, from 0.
    pub seq: u64,
    /// Simulated or real time, RFC 3339.
    pub time: String,
    /// Correlation id, e.g. `run-000001`.
    pub correlation: String,
    /// Event id as sent, once the sender is authenticated.
    pub event: Option<String>,
    /// Event type, e.g. `referral.created`.
    pub event_type: Option<String>,
    /// Source system.
    pub source: String,
    /// Receiving system, where one was decided about.
    pub destination: Option<String>,
    /// Who acted.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// Stage, e.g. `consent`.
    pub stage: String,
    /// What was done, e.g. `decide`.
    pub action: String,
    /// Purpose of use code, e.g. `CAREMGT`.
    pub purpose: Option<String>,
    /// Legal basis the policy names.
    pub legal_basis: Option<String>,
    /// Reference of the consent that decided.
    pub consent: Option<String>,
    /// Id of the credential that the decision rests on.
    pub credential: Option<String>,
    /// Policy id and version, e.g. `referral-intake@1.0.0`.
    pub policy: Option<String>,
    /// First 16 hex digits of the policy text's SHA-256.
    pub policy_hash: Option<String>,
    /// `passed`, `permitted`, `denied`, `refused`, `changed`, `delivered`, `unchanged`, `duplicate`, `quarantined`, `attested`.
    pub outcome: String,
    /// Reason code, when it did not pass.
    pub code: Option<String>,
    /// The element it is about, where there is one.
    pub path: Option<String>,
    /// Highest disclosure class that crossed.
    pub class: Option<String>,
    /// Per named field what was done (redact stage).
    pub fields: Vec<FieldEvidence>,
    /// Elements of the source that no rule names, counted (redact stage).
    pub unnamed: Option<u64>,
    /// SHA-256 of the record that left, hex.
    pub fingerprint: Option<String>,
    /// The canonical bytes, as text (RFC 8785).
    #[serde(skip)]
    pub raw: String,
    /// RFC 6962 leaf hash, base64.
    #[serde(skip)]
    pub leaf: String,
}

/// Size and root of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// Number of records.
    pub size: u64,
    /// RFC 6962 root, lower-case hex.
    pub root: String,
}

impl Entry {
    /// A record of the log as data. One that can't be read keeps its raw text and nothing else.
    pub(super) fn read(text: &str) -> Self {
        let raw = text.to_owned();
        let leaf = STANDARD_NO_PAD.encode(leaf_hash(text.as_bytes()));
        let Ok(record) = AuditRecord::parse(text) else { return Self { raw, leaf, ..Self::default() } };
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Self {
            seq: record.seq,
            time: record.time.into_owned(),
            correlation: record.correlation.into_owned(),
            event: owned(record.event),
            event_type: owned(record.event_type),
            source: record.source.into_owned(),
            destination: owned(record.destination),
            actor: record.actor.into_owned(),
            role: record.role.into_owned(),
            stage: record.stage.into_owned(),
            action: record.action.into_owned(),
            purpose: owned(record.purpose),
            legal_basis: owned(record.legal_basis),
            consent: owned(record.consent),
            credential: owned(record.credential),
            policy: owned(record.policy),
            policy_hash: owned(record.policy_hash),
            outcome: record.outcome.into_owned(),
            code: owned(record.code),
            path: owned(record.path),
            class: owned(record.class),
            fields: record.fields.iter().filter_map(|note| FieldEvidence::read(note)).collect(),
            unnamed: record.unnamed,
            fingerprint: owned(record.fingerprint),
            raw,
            leaf,
        }
    }
}

impl FieldEvidence {
    /// Reads `R09 Person.birthDate generalize:age-band/1 crossed`.
    fn read(note: &str) -> Option<Self> {
        let mut parts = note.rsplitn(4, ' ');
        let (result, method, field, rule) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let label = match method.split('/').next()? {
            "keep" => Label::Allowed,
            "withhold" => Label::Redacted,
            "drop" => Label::Prohibited,
            _ => Label::Transformed,
        };
        Some(Self {
            rule: rule.to_owned(),
            field: field.to_owned(),
            label: label.as_str().to_owned(),
            method: method.to_owned(),
            result: result.to_owned(),
        })
    }
}
