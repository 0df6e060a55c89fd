//! The audit timeline as data.

use crate::engine::audit::{AuditRecord, leaf_hash};
use crate::engine::policy::Label;
use crate::engine::redact;
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

/// A token that left, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEvidence {
    /// Id of the rule that made it.
    pub rule: String,
    /// First 16 hex digits of the token's SHA-256: see [`token_reference`].
    pub reference: String,
}

/// A consent that was heard, clause by clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The consent, e.g. `consent 1`.
    pub consent: String,
    /// Its clauses, in the order in which they were looked at.
    pub clauses: Vec<Clause>,
    /// What it decides: `permit`, `deny`, `silent` or `unclear`.
    pub decides: String,
}

/// A clause of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// The provision that it stands in: `provision` is the root, `provision.0.2` the third exception to its first. None
    /// for a clause of the consent as a whole.
    pub provision: Option<String>,
    /// What was looked at, e.g. `status`, `period`, `purpose`, `actor` or `type`.
    pub what: String,
    /// What was found: `holds`, `fails`, `unclear`; of what a provision or the policy rule states `permit`, `deny` or
    /// `unclear`.
    pub found: String,
}

/// How a record refers to a token: to find the records about one that you have.
pub fn token_reference(token: &str) -> String {
    redact::token_reference(token)
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
    /// The adapter that the event was read by, id and version (adapt stage).
    pub adapter: Option<String>,
    /// First 16 hex digits of the SHA-256 of its text.
    pub adapter_hash: Option<String>,
    /// Structure, policy and provenance, each with its verdict, e.g. `policy passed` (validate stage).
    pub verdicts: Vec<String>,
    /// Purpose of use code, e.g. `CAREMGT`.
    pub purpose: Option<String>,
    /// Legal basis the policy names.
    pub legal_basis: Option<String>,
    /// Reference of the consent that decided: its place on file, e.g. `consent 2` or `received consent 1`.
    pub consent: Option<String>,
    /// Its version, where it states a small number.
    pub consent_version: Option<u64>,
    /// The clauses of each consent that was heard, in the order in which they were looked at.
    pub clauses: Vec<Heard>,
    /// What a counting policy made of the source record: `counted`, `moved` or `known`.
    pub counted: Option<String>,
    /// What the event itself changes about consents: `consent` or `merge`.
    pub effect: Option<String>,
    /// Place of the first record that it is about (a segment deleted).
    pub first: Option<u64>,
    /// The legal hold, by its name.
    pub hold: Option<String>,
    /// The key that signs from here on, as its verifier key.
    pub key: Option<String>,
    /// How many records it is about (a segment deleted, a log set aside).
    pub records: Option<u64>,
    /// RFC 6962 root over them, lower-case hex.
    pub root: Option<String>,
    /// What a legal hold is about.
    pub scope: Option<String>,
    /// Events that a notification told of.
    pub events: Option<u64>,
    /// How many of them were fetched from the source.
    pub fetched: Option<u64>,
    /// Counts that this delivery ended for want of consent.
    pub withdrawn: Option<u64>,
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
    /// The tokens that leave, by reference.
    pub tokens: Vec<TokenEvidence>,
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
    pub fn read(text: &str) -> Self {
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
            adapter: owned(record.adapter),
            adapter_hash: owned(record.adapter_hash),
            verdicts: record.verdicts,
            purpose: owned(record.purpose),
            legal_basis: owned(record.legal_basis),
            consent: owned(record.consent),
            consent_version: record.consent_version,
            clauses: record.clauses.iter().filter_map(|text| Heard::read(text)).collect(),
            counted: owned(record.counted),
            effect: owned(record.effect),
            events: record.events,
            fetched: record.fetched,
            withdrawn: record.withdrawn,
            first: record.first,
            hold: owned(record.hold),
            key: owned(record.key),
            records: record.records,
            root: owned(record.root),
            scope: owned(record.scope),
            credential: owned(record.credential),
            policy: owned(record.policy),
            policy_hash: owned(record.policy_hash),
            outcome: record.outcome.into_owned(),
            code: owned(record.code),
            path: owned(record.path),
            class: owned(record.class),
            fields: record.fields.iter().filter_map(|note| FieldEvidence::read(note)).collect(),
            unnamed: record.unnamed,
            tokens: record.tokens.iter().filter_map(|text| TokenEvidence::read(text)).collect(),
            fingerprint: owned(record.fingerprint),
            raw,
            leaf,
        }
    }
}

impl TokenEvidence {
    /// Reads `R02 0123456789abcdef`.
    fn read(text: &str) -> Option<Self> {
        let (rule, reference) = text.rsplit_once(' ')?;
        Some(Self { rule: rule.to_owned(), reference: reference.to_owned() })
    }
}

impl Heard {
    /// Reads `consent 1: status holds; provision period holds; decides permit`.
    fn read(text: &str) -> Option<Self> {
        let (consent, clauses) = text.split_once(": ")?;
        let mut own = Self { consent: consent.to_owned(), clauses: Vec::new(), decides: String::new() };
        for clause in clauses.split("; ") {
            let (what, found) = clause.rsplit_once(' ')?;
            let (provision, what) = match what.split_once(' ') {
                Some((provision, what)) => (Some(provision.to_owned()), what),
                None => (None, what),
            };
            match what {
                "decides" => found.clone_into(&mut own.decides),
                _ => own.clauses.push(Clause { provision, what: what.to_owned(), found: found.to_owned() }),
            }
        }
        Some(own)
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
