//! What whoever has verified a bundle tells those who want to look at it: where each record stands in the file, and what of
//! the list of leaf hashes is needed beside the records.

use super::check::EvidenceCheck;
use super::locate::{list, list_root};
use super::stand::Stand;
use super::text::compact;
use super::{DeletedSegment, EvidenceReport};
use crate::engine::audit::leaf_hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A bundle that was verified: what was found, and where its records are. [`super::EvidenceOpening`] opens it by this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceIndex {
    /// What verifying has found.
    pub report: EvidenceReport,
    /// For each fault of the report where to look; shorter where it can't be told for the last.
    pub(super) stands: Vec<Stand>,
    /// The keys that count, as C2SP verifier keys.
    pub(super) keys: Vec<String>,
    /// The latest checkpoint that one of them stands for.
    pub(super) checkpoint: Option<String>,
    /// What was deleted of the log.
    pub(super) deleted: Vec<DeletedSegment>,
    /// Of each record how many bytes lie between it and what is before it, and how many it has.
    pub(super) spans: Vec<(u32, u32)>,
    /// The records, by their places in the file, whose white space was hashed with them.
    pub(super) spaced: Vec<u32>,
    /// The leaf hashes, one after the other in base64, where they are those that were signed and the records are not.
    pub(super) leaves: Option<String>,
}

impl EvidenceCheck {
    /// What is needed to look at the bundle, once [`EvidenceCheck::work`] has said that nothing is left.
    pub fn index(&self) -> EvidenceIndex {
        let (evidence, hashed) = (self.evidence(), self.hashed());
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut spans = Vec::with_capacity(evidence.records.len());
        let mut spaced = Vec::new();
        let mut end = 0;
        for (index, span) in evidence.records.iter().enumerate() {
            spans.push((small(span.start.saturating_sub(end)), small(span.len())));
            end = span.end;
            let text = evidence.record(index);
            if compact(text).is_some() && hashed.hashes.get(index) == Some(&leaf_hash(text.as_bytes())) {
                spaced.push(small(index));
            }
        }
        let signed = self.latest_signed();
        let sound = signed.as_ref().filter(|_| !hashed.agree).is_some_and(|(_, head)| {
            let expected = usize::try_from(evidence.places.present(head.size)).unwrap_or(usize::MAX);
            list_root(&hashed, expected) == Some((head.size, head.root))
        });
        let leaves = sound.then(|| STANDARD.encode(list(&hashed).flatten().collect::<Vec<u8>>()));
        EvidenceIndex {
            report: self.report(),
            stands: self.stands(),
            keys: self.keys().iter().map(ToString::to_string).collect(),
            checkpoint: signed.and_then(|(number, _)| evidence.checkpoints.get(number).cloned()),
            deleted: evidence.deleted.clone(),
            spans,
            spaced,
            leaves,
        }
    }
}
