//! The audit record and its canonical bytes.

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
    /// Highest disclosure class that something crossed of.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Cow<'a, str>>,
    /// Reason code.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// The consent that decided.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Cow<'a, str>>,
    /// Correlation id of the delivery.
    #[serde(borrow)]
    pub correlation: Cow<'a, str>,
    /// The credential that the decision rests on.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Cow<'a, str>>,
    /// Receiving system.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Cow<'a, str>>,
    /// Event id, once the sender is authenticated.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, str>>,
    /// Event type.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Cow<'a, str>>,
    /// What happened to each field that a rule names and the source has: rule, field, method with version, and
    /// result, with a space between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// SHA-256 of the record that left.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Cow<'a, str>>,
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
    /// Role of the actor.
    #[serde(borrow)]
    pub role: Cow<'a, str>,
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
    /// Elements of the source that no rule names, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnamed: Option<u64>,
}

impl<'a> AuditRecord<'a> {
    /// The members on the wire, in canonical order.
    pub const MEMBERS: [&'static str; 24] = [
        "action",
        "actor",
        "class",
        "code",
        "consent",
        "correlation",
        "credential",
        "destination",
        "event",
        "eventType",
        "fields",
        "fingerprint",
        "legalBasis",
        "outcome",
        "path",
        "policy",
        "policyHash",
        "purpose",
        "role",
        "seq",
        "source",
        "stage",
        "time",
        "unnamed",
    ];

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
            class: some("operational"),
            code: some("c"),
            consent: some("consent 1"),
            correlation: "run-000001".into(),
            credential: some("secret-1"),
            destination: some("CRM-DEMO"),
            event: some("evt-1"),
            event_type: some("referral.created"),
            fields: vec!["R01 CareEvent.status keep/1 crossed".to_owned()],
            fingerprint: some("00"),
            legal_basis: some("x"),
            outcome: "changed".into(),
            path: some("p"),
            policy: some("p@1"),
            policy_hash: some("0f"),
            purpose: some("CAREMGT"),
            role: "operator".into(),
            seq: 7,
            source: "HOSP-SANDBOX-A".into(),
            stage: "redact".into(),
            time: "2026-01-15T09:00:00Z".into(),
            unnamed: Some(3),
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
    fn a_record_reads_back() {
        let canonical = full().canonical();
        assert_eq!(AuditRecord::parse(&canonical).unwrap().canonical(), canonical);
        assert!(AuditRecord::parse(&canonical.replacen("{", "{\"zz\":1,", 1)).is_err());
    }
}
