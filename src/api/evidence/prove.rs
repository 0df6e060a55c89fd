//! The proof of one record, to take away: c2sp.org/tlog-proof@v1, with the record's canonical bytes as its extra data.

use super::place::Placed;
use super::text::compact;
use super::{Evidence, EvidenceCheck, Known};
use crate::api::proof::coded;
use crate::api::{Objection, ProofReport};
use crate::engine::audit::checkpoint::{Fault, TlogProof};
use crate::engine::audit::note::Fault as NoteFault;
use crate::engine::audit::{leaf_hash, proof};

/// Makes the proof that a record is in the log of a bundle, against its latest checkpoint. `place` is the record's number.
/// The record goes with it as extra data, so that the proof can be checked by itself.
///
/// # Errors
/// Where the bundle does not verify, or has no such record.
pub fn prove_record(evidence: Evidence, known: Known, place: u64) -> Result<String, Objection> {
    let mut check = EvidenceCheck::new(evidence, known);
    while !check.work(usize::MAX) {}
    let report = check.report();
    if let Some(fault) = report.faults.first() {
        return Err(Objection::new(&fault.code, fault.what.clone(), fault.help.clone()));
    }
    let evidence = check.evidence();
    let found = check.latest_signed().and_then(|(number, checkpoint)| {
        let index = evidence.places.index(place).filter(|index| *index < evidence.records.len())?;
        let nodes = Placed { places: &evidence.places, leaves: check.leaf_hashes() };
        let hashes = proof::inclusion(&nodes, place, checkpoint.size)?;
        Some((index, hashes, evidence.checkpoints.get(number)?))
    });
    let Some((index, hashes, note)) = found else {
        return Err(Objection::new(
            "proof.out-of-tree",
            format!("The bundle has no record {place}: its log has {}, counted from 0.", report.size),
            "Give the number of a record that is in the bundle, and was not deleted.",
        ));
    };
    let text = evidence.record(index);
    let extra = compact(text).unwrap_or_else(|| text.to_owned()).into_bytes();
    Ok(TlogProof { index: place, hashes, extra: Some(extra), checkpoint: note.clone() }.to_string())
}

/// Checks a proof (c2sp.org/tlog-proof@v1) by the word of one of the keys that are known, each of which goes by the log's origin. Without
/// a record of the caller's, the one that goes with the proof is taken; line breaks after a record do not count.
///
/// # Errors
/// Where the text is no proof, or no record is there.
pub fn check_record_proof(text: &str, record: Option<&str>, known: &Known) -> Result<ProofReport, Objection> {
    let proof = TlogProof::parse(text).map_err(|fault| {
        Objection::new("proof.unreadable", fault.to_string(), "Take the proof as it was written, whole.")
    })?;
    let given = record.map(|record| record.trim_end_matches(['\r', '\n']).as_bytes());
    let leaf = given.or(proof.extra.as_deref()).map(leaf_hash).ok_or_else(|| {
        Objection::new(
            "proof.record-missing",
            "No record goes with the proof.",
            "Give the record too, as it stands in the log: its canonical bytes.",
        )
    })?;
    let mut judged = Err(Fault::Note(NoteFault::UnknownKeys));
    for key in &known.keys {
        judged = proof.verify(leaf, key.name(), std::slice::from_ref(key));
        if !matches!(judged, Err(Fault::Note(NoteFault::UnknownKeys))) {
            break;
        }
    }
    Ok(ProofReport::of(judged.map(|_| ()).map_err(|fault| match fault {
        Fault::Path(fault) => coded(fault),
        Fault::Origin => ("proof.origin", fault.to_string()),
        Fault::Note(NoteFault::Signature) => ("proof.signature", fault.to_string()),
        Fault::Note(NoteFault::UnknownKeys) => ("proof.unknown-key", fault.to_string()),
        Fault::Note(_) | Fault::Checkpoint | Fault::Proof => ("proof.checkpoint", fault.to_string()),
    })))
}
