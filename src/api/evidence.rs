//! Evidence bundles: a log in one file, verified offline. No payloads.

use super::{Fault, Session, Verification};
use crate::engine::audit::{self, AuditRecord, Hash, Head, Kept, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The `format` that evidence states.
const FORMAT: &str = "airlock-evidence";

/// An evidence bundle, schema version 1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// `airlock-evidence`.
    pub format: String,
    /// 1.
    pub schema_version: u32,
    /// What wrote it, e.g. `airlock 0.1.0`.
    pub build: String,
    /// The policies in force, by id, version and hash of their text.
    pub policies: Vec<PolicyReference>,
    /// Size and root of the log.
    pub log: EvidenceLog,
    /// The RFC 6962 leaf hash of each record, base64.
    pub leaf_hashes: Vec<String>,
    /// The records, in order.
    pub records: Vec<Box<RawValue>>,
}

/// Size and root of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLog {
    /// Number of records.
    pub size: u64,
    /// RFC 6962 root, lower-case hex.
    pub root: String,
}

/// A policy that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Id and version, e.g. `referral-intake@1.0.0`.
    pub policy: String,
    /// First 16 hex digits of the SHA-256 of its text.
    pub hash: String,
}

impl Evidence {
    /// The evidence of a session.
    pub fn of(session: &Session) -> Self {
        let head = session.head();
        let cited =
            session.timeline().iter().map(|entry| (entry.policy.as_deref(), entry.policy_hash.as_deref()));
        Self {
            format: FORMAT.to_owned(),
            schema_version: 1,
            build: concat!("airlock ", env!("CARGO_PKG_VERSION")).to_owned(),
            policies: policies(cited),
            log: EvidenceLog { size: head.size, root: head.root },
            leaf_hashes: session.leaves().map(|leaf| STANDARD.encode(leaf)).collect(),
            records: session
                .timeline()
                .iter()
                .filter_map(|entry| RawValue::from_string(entry.raw.clone()).ok())
                .collect(),
        }
    }

    /// The bundle as a file's text, a record a line.
    pub fn to_text(&self) -> String {
        // Strings and integers only: serialising can't fail.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text = text.replace("\"records\":[", "\"records\":[\n").replace("},{\"action\"", "},\n{\"action\"");
        text.push('\n');
        text
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// What is wrong with the file, in a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let evidence: Self = serde_json::from_str(text).map_err(|error| {
            format!("This is not an evidence bundle (line {}, column {}).", error.line(), error.column())
        })?;
        if evidence.format != FORMAT || evidence.schema_version != 1 {
            return Err("The bundle's format or schemaVersion is not known; this reads version 1.".to_owned());
        }
        Ok(evidence)
    }

    /// Recomputes the log and holds it against the bundle's own head and, where given, another's.
    pub fn verify(&self, checkpoint: Option<&EvidenceLog>) -> Verification {
        let kept = self.records.iter().enumerate().map(|(n, record)| Kept {
            text: record.get(),
            leaf: self
                .leaf_hashes
                .get(n)
                .and_then(|leaf| STANDARD.decode(leaf).ok())
                .and_then(|bytes| Hash::try_from(bytes).ok()),
        });
        let head = Head { size: self.log.size, root: self.log.root.clone() };
        let verified = audit::verify(kept.clone(), Some(&head));
        let mut faults: Vec<Fault> =
            verified.faults.into_iter().map(|fault| Fault { index: fault.index, what: fault.what }).collect();
        let mut about_all = |what: &str| faults.push(Fault { index: None, what: what.to_owned() });
        if verified.size > self.log.size {
            about_all("There are records after the size that the log states.");
        }
        if self.leaf_hashes.len() != self.records.len() {
            about_all("There are not as many leaf hashes as records.");
        }
        let records: Vec<AuditRecord<'_>> =
            self.records.iter().filter_map(|record| AuditRecord::parse(record.get()).ok()).collect();
        let cited = records.iter().map(|record| (record.policy.as_deref(), record.policy_hash.as_deref()));
        if policies(cited) != self.policies {
            about_all("The policies named are not those that the records cite.");
        }
        if let Some(checkpoint) = checkpoint {
            let own = audit::verify(kept.take(usize::try_from(checkpoint.size).unwrap_or(usize::MAX)), None);
            if own.size < checkpoint.size {
                about_all("The log is shorter than the checkpoint says.");
            } else if hex(&own.root) != checkpoint.root {
                about_all(
                    "The log's first records are not those of the checkpoint: it was forked or rewritten.",
                );
            }
        }
        Verification { verified: faults.is_empty(), size: verified.size, root: hex(&verified.root), faults }
    }
}

/// The policies that records cite, each once, in the order in which they come.
fn policies<'a>(cited: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Vec<PolicyReference> {
    let mut policies: Vec<PolicyReference> = Vec::new();
    for (policy, hash) in cited.filter_map(|(policy, hash)| Some((policy?, hash?))) {
        if !policies.iter().any(|known| known.policy == policy && known.hash == hash) {
            policies.push(PolicyReference { policy: policy.to_owned(), hash: hash.to_owned() });
        }
    }
    policies
}
