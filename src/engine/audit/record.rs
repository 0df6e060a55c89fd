//! The audit record and its canonical bytes.

use super::catalogue::Fact;
use super::member::{Member, Members};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One decision of one stage.
///
/// INVARIANT: the members are declared in the order of their names on the wire, and none is a number that is
/// not a small integer; so what serde writes is the canonical form of RFC 8785. A test compares it with an
/// implementation of that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditRecord<'a> {
    /// What was done, e.g. `decide`.
    #[serde(borrow)]
    pub action: Cow<'a, str>,
    /// Who operated the connector.
    #[serde(borrow)]
    pub actor: Cow<'a, str>,
    /// The adapter that the event was read by, `id@version`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Cow<'a, str>>,
    /// Hash of its text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub adapter_hash: Option<Cow<'a, str>>,
    /// Highest disclosure class that something crossed of.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Cow<'a, str>>,
    /// The clauses of each consent that was heard, and what was found of each: see [`crate::engine::consent::Trace`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<String>,
    /// Reason code.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// The consent that decided.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Cow<'a, str>>,
    /// Its version, where it states a small number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_version: Option<u64>,
    /// Correlation id of the delivery.
    #[serde(borrow)]
    pub correlation: Cow<'a, str>,
    /// What a counting policy made of the source record.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Cow<'a, str>>,
    /// The credential that the decision rests on.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Cow<'a, str>>,
    /// Receiving system.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Cow<'a, str>>,
    /// What the event itself changes about consents.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Cow<'a, str>>,
    /// Event id, once the sender is authenticated.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, str>>,
    /// Event type.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Cow<'a, str>>,
    /// Events that a notification told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// How many of them were fetched from the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u64>,
    /// What happened to each field that a rule names and the source has: rule, field, method with version, and
    /// result, with a space between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// SHA-256 of the record that left.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Cow<'a, str>>,
    /// Place of the first record that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The legal hold, by its name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Cow<'a, str>>,
    /// The key that signs from here on, as its verifier key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Cow<'a, str>>,
    /// Legal basis.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<Cow<'a, str>>,
    /// What came of it.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// The element or field it is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Cow<'a, str>>,
    /// Policy in force, `id@version`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Cow<'a, str>>,
    /// Hash of its text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub policy_hash: Option<Cow<'a, str>>,
    /// Purpose of use.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Cow<'a, str>>,
    /// How many records it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Role of the actor.
    #[serde(borrow)]
    pub role: Cow<'a, str>,
    /// RFC 6962 root over the records that it is about, lower-case hex.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Cow<'a, str>>,
    /// What a legal hold is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Cow<'a, str>>,
    /// Place in the log, from 0.
    pub seq: u64,
    /// Source system.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// Stage.
    #[serde(borrow)]
    pub stage: Cow<'a, str>,
    /// Time, RFC 3339.
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    /// The tokens that leave, each as the rule that made it and a reference: see
    /// [`crate::engine::redact::token_reference`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
    /// Elements of the source that no rule names, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnamed: Option<u64>,
    /// Structure, policy and provenance, each with its verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<String>,
    /// Counts that this delivery ended for want of consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
}

impl<'a> AuditRecord<'a> {
    /// The members on the wire, in canonical order.
    pub const MEMBERS: [&'static str; 41] = [
        "action",
        "actor",
        "adapter",
        "adapterHash",
        "class",
        "clauses",
        "code",
        "consent",
        "consentVersion",
        "correlation",
        "counted",
        "credential",
        "destination",
        "effect",
        "event",
        "eventType",
        "events",
        "fetched",
        "fields",
        "fingerprint",
        "first",
        "hold",
        "key",
        "legalBasis",
        "outcome",
        "path",
        "policy",
        "policyHash",
        "purpose",
        "records",
        "role",
        "root",
        "scope",
        "seq",
        "source",
        "stage",
        "time",
        "tokens",
        "unnamed",
        "verdicts",
        "withdrawn",
    ];

    /// The record of a fact. `more` adds what there is to say about it. What the catalogue does not list for this fact is
    /// not written, whoever added it.
    pub fn of(fact: Fact, context: Self, more: impl FnOnce(&mut Self)) -> Self {
        let row = fact.row();
        let mut record = context;
        more(&mut record);
        record.stage = row.stage.into();
        record.action = row.action.into();
        record.outcome = row.outcome.into();
        record.keep(row.must.or(row.may));
        debug_assert!(record.lacks(fact).is_empty(), "{fact:?} lacks {:?}", record.lacks(fact));
        record
    }

    /// The fact that it states; none where the catalogue has none of this stage, action and outcome.
    pub fn fact(&self) -> Option<Fact> {
        Fact::of(&self.stage, &self.action, &self.outcome)
    }

    /// What a record of this fact must have and this one does not.
    pub fn lacks(&self, fact: Fact) -> Members {
        fact.row().must.without(self.members())
    }

    /// What this one has and a record of this fact may not.
    pub fn exceeds(&self, fact: Fact) -> Members {
        self.members().without(fact.row().must).without(fact.row().may).without(Members::ALWAYS)
    }

    /// The members that it has.
    pub fn members(&self) -> Members {
        Members::ALWAYS
            .with(Member::Adapter, self.adapter.is_some())
            .with(Member::AdapterHash, self.adapter_hash.is_some())
            .with(Member::Clauses, !self.clauses.is_empty())
            .with(Member::ConsentVersion, self.consent_version.is_some())
            .with(Member::Tokens, !self.tokens.is_empty())
            .with(Member::Verdicts, !self.verdicts.is_empty())
            .with(Member::Class, self.class.is_some())
            .with(Member::Code, self.code.is_some())
            .with(Member::Consent, self.consent.is_some())
            .with(Member::Counted, self.counted.is_some())
            .with(Member::Credential, self.credential.is_some())
            .with(Member::Destination, self.destination.is_some())
            .with(Member::Effect, self.effect.is_some())
            .with(Member::Event, self.event.is_some())
            .with(Member::EventType, self.event_type.is_some())
            .with(Member::Events, self.events.is_some())
            .with(Member::Fetched, self.fetched.is_some())
            .with(Member::Fields, !self.fields.is_empty())
            .with(Member::Fingerprint, self.fingerprint.is_some())
            .with(Member::First, self.first.is_some())
            .with(Member::Hold, self.hold.is_some())
            .with(Member::Key, self.key.is_some())
            .with(Member::LegalBasis, self.legal_basis.is_some())
            .with(Member::Path, self.path.is_some())
            .with(Member::Policy, self.policy.is_some())
            .with(Member::PolicyHash, self.policy_hash.is_some())
            .with(Member::Purpose, self.purpose.is_some())
            .with(Member::Records, self.records.is_some())
            .with(Member::Root, self.root.is_some())
            .with(Member::Scope, self.scope.is_some())
            .with(Member::Unnamed, self.unnamed.is_some())
            .with(Member::Withdrawn, self.withdrawn.is_some())
    }

    /// Leaves nothing but these of the members that not every record has.
    fn keep(&mut self, wanted: Members) {
        let texts = [
            (Member::Adapter, &mut self.adapter),
            (Member::AdapterHash, &mut self.adapter_hash),
            (Member::Class, &mut self.class),
            (Member::Code, &mut self.code),
            (Member::Consent, &mut self.consent),
            (Member::Counted, &mut self.counted),
            (Member::Credential, &mut self.credential),
            (Member::Destination, &mut self.destination),
            (Member::Effect, &mut self.effect),
            (Member::Event, &mut self.event),
            (Member::EventType, &mut self.event_type),
            (Member::Fingerprint, &mut self.fingerprint),
            (Member::Hold, &mut self.hold),
            (Member::Key, &mut self.key),
            (Member::LegalBasis, &mut self.legal_basis),
            (Member::Path, &mut self.path),
            (Member::Policy, &mut self.policy),
            (Member::PolicyHash, &mut self.policy_hash),
            (Member::Purpose, &mut self.purpose),
            (Member::Root, &mut self.root),
            (Member::Scope, &mut self.scope),
        ];
        for (member, text) in texts {
            if !wanted.has(member) {
                *text = None;
            }
        }
        let counts = [
            (Member::ConsentVersion, &mut self.consent_version),
            (Member::Events, &mut self.events),
            (Member::Fetched, &mut self.fetched),
            (Member::First, &mut self.first),
            (Member::Records, &mut self.records),
            (Member::Unnamed, &mut self.unnamed),
            (Member::Withdrawn, &mut self.withdrawn),
        ];
        for (member, count) in counts {
            if !wanted.has(member) {
                *count = None;
            }
        }
        let lists = [
            (Member::Clauses, &mut self.clauses),
            (Member::Fields, &mut self.fields),
            (Member::Tokens, &mut self.tokens),
            (Member::Verdicts, &mut self.verdicts),
        ];
        for (member, list) in lists {
            if !wanted.has(member) {
                list.clear();
            }
        }
    }

    /// The canonical bytes (RFC 8785) as text.
    pub fn canonical(&self) -> String {
        // Only strings and integers: serialising can't fail.
        let mut bytes = Vec::with_capacity(512);
        let written = serde_json::to_writer(&mut bytes, self);
        written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Reads a record. Unknown members are refused: they would not be in the canonical bytes.
    ///
    /// # Errors
    /// What serde finds wrong.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> AuditRecord<'static> {
        let some = |text: &'static str| Some(Cow::Borrowed(text));
        AuditRecord {
            action: "apply".into(),
            actor: "demo \"operator\"\u{7f}\u{1}\né😀".into(),
            adapter: some("a@1"),
            adapter_hash: some("0e"),
            class: some("operational"),
            clauses: vec!["consent 1: status holds; decides permit".to_owned()],
            code: some("c"),
            consent: some("consent 1"),
            consent_version: Some(2),
            correlation: "run-000001".into(),
            counted: some("moved"),
            credential: some("secret-1"),
            destination: some("CRM-DEMO"),
            effect: some("merge"),
            event: some("evt-1"),
            event_type: some("referral.created"),
            events: Some(2),
            fetched: Some(1),
            fields: vec!["R01 CareEvent.status keep/1 crossed".to_owned()],
            fingerprint: some("00"),
            first: Some(256),
            hold: some("hold-1"),
            key: some("log+00+AA"),
            legal_basis: some("x"),
            outcome: "changed".into(),
            path: some("p"),
            policy: some("p@1"),
            policy_hash: some("0f"),
            purpose: some("CAREMGT"),
            records: Some(256),
            role: "operator".into(),
            root: some("0a"),
            scope: some("correlation run-000001"),
            seq: 7,
            source: "HOSP-SANDBOX-A".into(),
            stage: "redact".into(),
            time: "2026-01-15T09:00:00Z".into(),
            tokens: vec!["R02 0f".to_owned()],
            unnamed: Some(3),
            verdicts: vec!["structure passed".to_owned()],
            withdrawn: Some(1),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn bytes_are_canonical_by_rfc_8785() {
        for record in [full(), AuditRecord::default()] {
            let canonical = record.canonical();
            let value: serde_json::Value = serde_json::from_str(&canonical).unwrap();
            assert_eq!(canonical, serde_json_canonicalizer::to_string(&value).unwrap());
        }
    }

    #[test]
    fn the_members_are_named_in_their_order() {
        let value: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&full().canonical()).unwrap();
        let mut names: Vec<_> = value.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, AuditRecord::MEMBERS);
    }

    #[test]
    fn what_a_fact_does_not_list_is_not_written() {
        for fact in Fact::ALL {
            let row = fact.row();
            let record = AuditRecord::of(*fact, full(), |record| record.stage = "another".into());
            assert_eq!(record.fact(), Some(*fact));
            assert_eq!(record.members(), Members::ALWAYS.or(row.must).or(row.may), "{fact:?}");
            assert!(record.lacks(*fact).is_empty() && record.exceeds(*fact).is_empty());
            let missing = full().exceeds(*fact);
            assert_eq!(missing.and(row.must.or(row.may)), Members::default());
            assert!(!missing.is_empty(), "{fact:?} has everything");
        }
    }

    #[test]
    fn a_record_reads_back() {
        let canonical = full().canonical();
        assert_eq!(AuditRecord::parse(&canonical).unwrap().canonical(), canonical);
        assert!(AuditRecord::parse(&canonical.replacen("{", "{\"zz\":1,", 1)).is_err());
    }
}
