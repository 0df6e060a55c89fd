//! The proof that one record is in the log, step by step from its leaf to the root that a checkpoint signs.

use super::ProofReport;
use super::archive::Archive;
use super::proof::coded;
use crate::engine::audit::checkpoint::{Checkpoint, TlogProof};
use crate::engine::audit::note::NoteKey;
use crate::engine::audit::{Hash, Nodes, leaf_hash, proof};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A record's inclusion proof (RFC 6962, section 2.1.1) against the log as it is now.
#[derive(Clone, Debug)]
pub struct Inclusion {
    proof: TlogProof,
    leaf: Hash,
    /// What the checkpoint says.
    signed: Checkpoint,
}

/// A step of a proof, as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionStep {
    /// Whether the hash from the proof stands to the left.
    pub is_left: bool,
    /// The hash from the proof, in base64.
    pub sibling: String,
    /// The first and the last record that it stands for.
    pub beside: (u64, u64),
    /// What both make together, in base64.
    pub node: String,
    /// The first and the last record that this stands for.
    pub over: (u64, u64),
}

/// Why there is no proof of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoProof {
    /// The log has no such record.
    NoRecord,
    /// The records of its segment are stored and have not been read yet.
    Unread,
    /// The records of its segment were deleted under retention, or can't be read: the segment's root stands for them.
    Gone,
    /// There is no signed checkpoint: a proof would show nothing.
    Unsigned,
    /// Records were deleted between those of a bundle in a way that leaves the others without a place.
    Misplaced,
}

impl Inclusion {
    /// The proof that a record is at a place of the tree that a checkpoint signs: a note, and what it says.
    ///
    /// # Errors
    /// Where the tree has no such place, or hashes on the way to it are not known.
    pub(super) fn new(
        nodes: &dyn Nodes,
        place: u64,
        record: String,
        note: String,
        signed: Checkpoint,
    ) -> Result<Self, NoProof> {
        if place >= signed.size {
            return Err(NoProof::NoRecord);
        }
        let hashes = proof::inclusion(nodes, place, signed.size).ok_or(NoProof::Gone)?;
        let leaf = leaf_hash(record.as_bytes());
        let extra = Some(record.into_bytes());
        Ok(Self { proof: TlogProof { index: place, hashes, extra, checkpoint: note }, leaf, signed })
    }

    /// Number of records of the log that the proof is about.
    pub fn size(&self) -> u64 {
        self.signed.size
    }

    /// The record's leaf hash in base64: SHA-256 of a byte 0 and its canonical bytes.
    pub fn leaf(&self) -> String {
        STANDARD.encode(self.leaf)
    }

    /// The log's root in base64.
    pub fn root(&self) -> String {
        STANDARD.encode(self.signed.root)
    }

    /// The signed note over size and root.
    pub fn checkpoint(&self) -> &str {
        &self.proof.checkpoint
    }

    /// The way from the leaf to the root, computed from the leaf and the hashes of the proof alone.
    pub fn steps(&self) -> Vec<InclusionStep> {
        let climbed = proof::climb(self.proof.index, self.signed.size, self.leaf, &self.proof.hashes);
        let steps = climbed.unwrap_or_default().into_iter().map(|step| InclusionStep {
            is_left: step.is_left,
            sibling: STANDARD.encode(step.sibling),
            beside: (step.beside.from, step.beside.to.saturating_sub(1)),
            node: STANDARD.encode(step.node),
            over: (step.over.from, step.over.to.saturating_sub(1)),
        });
        steps.collect()
    }

    /// Whether the hashes lead to the root, and the checkpoint says the same size and root and is signed by one of the
    /// log's keys.
    pub fn check(&self, keys: &[NoteKey]) -> ProofReport {
        let Checkpoint { size, root, .. } = &self.signed;
        let led = proof::verify_inclusion(self.proof.index, *size, self.leaf, &self.proof.hashes, root);
        let judged = led.map_err(coded).and_then(|()| {
            let unsigned = |what: String| ("proof.checkpoint", what);
            let (signed, _) = Checkpoint::verify(&self.proof.checkpoint, keys)
                .map_err(|fault| unsigned(fault.to_string()))?;
            let same = signed == self.signed;
            let other = || unsigned("The checkpoint is of another tree than the proof.".to_owned());
            same.then_some(()).ok_or_else(other)
        });
        ProofReport::of(judged)
    }

    /// The proof to take away: c2sp.org/tlog-proof@v1, with the record as its extra data.
    pub fn to_text(&self) -> String {
        self.proof.to_string()
    }
}

/// Why a record is not here.
pub(super) fn why(archive: &Archive, seq: u64) -> NoProof {
    match archive.is_away(seq) {
        _ if seq >= archive.len() => NoProof::NoRecord,
        true => NoProof::Unread,
        false => NoProof::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::store::SigningNoteKey;
    use crate::api::store::Store;
    use crate::api::{Known, check_record_proof};

    fn proof_of(store: &Store, seq: u64) -> Result<Inclusion, NoProof> {
        let archive = store.archive();
        let record = archive.canonical(seq).ok_or_else(|| why(archive, seq))?;
        Inclusion::new(archive, seq, record, store.checkpoint(), store.head())
    }

    fn logged(n: u64) -> Store {
        let mut store = Store::new(SigningNoteKey::of_new_log(&[7; 32]));
        for seq in 0..n {
            let record = format!("{{\"outcome\":\"passed\",\"seq\":{seq}}}");
            store.append(leaf_hash(record.as_bytes()), record);
        }
        store
    }

    #[test]
    fn each_record_is_led_to_the_signed_root() {
        for n in [1, 2, 7, 300] {
            let store = logged(n);
            for seq in [0, n / 2, n - 1] {
                let proof = proof_of(&store, seq).unwrap();
                let steps = proof.steps();
                let reached = steps.last().map_or(proof.leaf(), |step| step.node.clone());
                assert_eq!(reached, proof.root(), "{seq} of {n}");
                assert_eq!(steps.last().map_or((seq, seq), |step| step.over), (0, n - 1));
                let report = proof.check(&store.keys());
                assert!(report.valid, "{report:?}");
                let known = Known { keys: store.keys(), witness: None };
                assert!(check_record_proof(&proof.to_text(), None, &known).unwrap().valid);
            }
            assert_eq!(proof_of(&store, n).unwrap_err(), NoProof::NoRecord);
        }
    }

    #[test]
    fn a_proof_that_was_tampered_with_is_told() {
        let store = logged(9);
        let proof = proof_of(&store, 4).unwrap();
        let code = |proof: &Inclusion| proof.check(&store.keys()).code.unwrap_or_default();
        let mut other = proof.clone();
        other.proof.hashes[1][0] ^= 1;
        assert_eq!(code(&other), "proof.root");
        let mut other = proof.clone();
        other.leaf[0] ^= 1;
        assert_eq!(code(&other), "proof.root");
        let mut other = proof.clone();
        other.proof.checkpoint = logged(8).checkpoint();
        assert_eq!(code(&other), "proof.checkpoint");
        let mut other = proof;
        other.proof.checkpoint = Store::new(SigningNoteKey::of_new_log(&[8; 32])).checkpoint();
        assert_eq!(code(&other), "proof.checkpoint");
    }
}
