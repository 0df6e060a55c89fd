//! Verifying a bundle, a slice at a time: first the hashes and what is signed, then what the records say.

use super::examine::Examination;
use super::faults::Wrong;
use super::locate::{Located, list, locate};
use super::stand::{Stand, Standing};
use super::text::{compact, unsigned};
use super::witness::{Witness, WitnessReport};
use super::{Evidence, EvidenceFault, ReplayReport};
use crate::api::{Completeness, Objection};
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::checkpoint::Fault as CheckpointFault;
use crate::engine::audit::note::{Fault as NoteFault, NoteKey};
use crate::engine::audit::{Hash, Tree, hex, leaf_hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Faults that are listed one by one; of the rest it is said how many there are.
const MAX_FAULTS: usize = 1000;

/// What is known of a log beside its bundle.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The keys it is known by, as C2SP verifier keys. Without any, those that the bundle lists are taken: then it is
    /// shown that the bundle agrees with itself, and not who wrote it.
    pub keys: Vec<NoteKey>,
    /// A checkpoint to hold it against.
    pub witness: Option<Witness>,
}

/// What verifying a bundle found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReport {
    /// Whether nothing is wrong.
    pub verified: bool,
    /// Whether nothing is wrong with the log by itself, whatever it was held against.
    pub sound: bool,
    /// Size of the log as it is in the bundle, records deleted under retention included.
    pub size: u64,
    /// Root over it, lower-case hex.
    pub root: String,
    /// What is wrong.
    pub faults: Vec<EvidenceFault>,
    /// Which log it is.
    pub origin: String,
    /// The keys that signed the latest checkpoint, as C2SP verifier keys.
    pub signed_by: Vec<String>,
    /// Records that were deleted under retention.
    pub deleted: u64,
    /// Whether each delivery's chain of records has each stage that it must have; a gap is no sign of tampering, but that
    /// something was not recorded. None where records are absent or not as they were signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
    /// How it stands to the checkpoint that it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<WitnessReport>,
    /// How it stands to a scenario run anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayReport>,
}

impl Known {
    /// Takes up a key that the log is known by: `NAME+ID+KEY` (c2sp.org/signed-note).
    ///
    /// # Errors
    /// `evidence.given-key-unreadable` where it is none.
    pub fn add_key(&mut self, text: &str) -> Result<(), Objection> {
        let key = NoteKey::parse(text.trim()).ok_or_else(|| {
            Objection::new(
                "evidence.given-key-unreadable",
                "This is no verifier key.",
                "A key is NAME+ID+KEY, as c2sp.org/signed-note has it, with an Ed25519 key.",
            )
        })?;
        self.keys.push(key);
        Ok(())
    }
}

/// A size and root that the bundle states.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub size: u64,
    pub root: Hash,
    /// Whether a key that is known stands for it.
    pub trusted: bool,
}

/// Verifies a bundle. Its unit of work is a record; each is taken twice.
pub struct EvidenceCheck {
    evidence: Evidence,
    known: Known,
    /// The keys that count.
    keys: Vec<NoteKey>,
    points: Vec<Point>,
    signed_by: Vec<String>,
    wrong: Vec<Wrong>,
    hashes: Vec<Hash>,
    /// Whether each record so far has the hash that is listed for it.
    agree: bool,
    tree: Tree,
    /// Roots at the sizes that are asked for. None where the log can't be told at that size.
    roots: BTreeMap<u64, Option<Hash>>,
    located: Option<Located>,
    /// The log as the list of leaf hashes has it, where that is what was signed and the records are not.
    signed: Option<Signed>,
    examination: Examination,
}

/// A log by its leaf hashes.
struct Signed {
    hashes: Vec<Hash>,
    tree: Tree,
    roots: BTreeMap<u64, Option<Hash>>,
}

/// The first pass, done.
pub(super) struct Hashed<'a> {
    pub evidence: &'a Evidence,
    pub hashes: &'a [Hash],
    pub agree: bool,
    pub tree: &'a Tree,
    pub roots: &'a BTreeMap<u64, Option<Hash>>,
    pub points: &'a [Point],
}

impl Hashed<'_> {
    /// The root over the first records, where it was asked for and can be told.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied().flatten()
    }
}

/// Verifies a bundle at one go.
pub fn verify_evidence(evidence: Evidence, known: Known) -> EvidenceReport {
    let mut check = EvidenceCheck::new(evidence, known);
    while !check.work(usize::MAX) {}
    check.report()
}

impl EvidenceCheck {
    /// Begins on a bundle.
    pub fn new(evidence: Evidence, known: Known) -> Self {
        let mut check = Self {
            keys: Vec::new(),
            points: Vec::new(),
            signed_by: Vec::new(),
            wrong: Vec::new(),
            hashes: Vec::with_capacity(evidence.records.len()),
            agree: evidence.leaves.len() == evidence.records.len(),
            tree: Tree::default(),
            roots: BTreeMap::new(),
            located: None,
            signed: None,
            examination: Examination::new(&evidence),
            evidence,
            known,
        };
        check.read_keys();
        check.read_checkpoints();
        let given =
            check.known.witness.iter().flat_map(|witness| witness.points.iter().map(|(size, _)| *size));
        let sizes = check.points.iter().map(|point| point.size).chain(given);
        check.roots = sizes.map(|size| (size, None)).collect();
        check.note_root();
        check.skip();
        check
    }

    fn read_keys(&mut self) {
        for (number, text) in self.evidence.keys.iter().enumerate() {
            match NoteKey::parse(text) {
                Some(key) => self.keys.push(key),
                None => self.wrong.push(Wrong::Key(number)),
            }
        }
        if !self.known.keys.is_empty() {
            self.keys.clone_from(&self.known.keys);
        }
    }

    fn read_checkpoints(&mut self) {
        let mut latest = None;
        for (number, text) in self.evidence.checkpoints.iter().enumerate() {
            let judged = Checkpoint::verify(text, &self.keys);
            let (checkpoint, signed) = match judged {
                Ok((checkpoint, signed)) => (Some(checkpoint), signed),
                Err(fault) => {
                    self.wrong.push(match fault {
                        CheckpointFault::Note(NoteFault::Signature) => Wrong::CheckpointSignature(number),
                        CheckpointFault::Note(NoteFault::UnknownKeys) => Wrong::CheckpointKey(number),
                        _ => Wrong::CheckpointUnreadable(number),
                    });
                    (unsigned(text), Vec::new())
                }
            };
            let Some(Checkpoint { origin, size, root }) = checkpoint else { continue };
            if self.evidence.origin != origin {
                self.wrong.push(Wrong::CheckpointOrigin(number));
                continue;
            }
            if !signed.is_empty() && latest.is_none_or(|latest| latest <= size) {
                latest = Some(size);
                self.signed_by = signed.iter().map(ToString::to_string).collect();
            }
            self.points.push(Point { size, root, trusted: !signed.is_empty() });
        }
    }

    /// Takes the root down where it is asked for at this size.
    fn note_root(&mut self) {
        if let Some(root) = self.roots.get_mut(&self.tree.size()) {
            *root = Some(self.tree.root());
        }
    }

    fn skip(&mut self) {
        let before = self.tree.size();
        self.evidence.places.skip(&mut self.tree);
        if self.tree.size() != before {
            self.note_root();
        }
    }

    /// Works on for about so many records; true when nothing is left to do.
    pub fn work(&mut self, budget: usize) -> bool {
        let mut left = budget.max(1);
        left = self.hash(left);
        if left > 0 && self.located.is_none() {
            let hashed = self.hashed();
            let located = locate(&hashed);
            let signed = located.by_list.then(|| self.listed());
            (self.located, self.signed) = (Some(located), signed);
        }
        match &self.located {
            Some(located) if left > 0 => self.examination.step(&self.evidence, &self.hashes, located, left),
            _ => false,
        }
    }

    /// The first pass for so many records; gives how many it has not used up. All are hashed when it is more than 0.
    pub fn hash(&mut self, budget: usize) -> usize {
        let start = self.hashes.len();
        let end = start.saturating_add(budget).min(self.evidence.records.len());
        for index in start..end {
            let text = self.evidence.record(index);
            let mut hash = leaf_hash(text.as_bytes());
            if self.evidence.leaves.get(index).copied().flatten() != Some(hash) {
                // White space between the tokens is the file's, and not the record's.
                if let Some(text) = compact(text) {
                    hash = leaf_hash(text.as_bytes());
                }
                self.agree &= self.evidence.leaves.get(index).copied().flatten() == Some(hash);
            }
            self.hashes.push(hash);
            self.tree.push(hash);
            self.note_root();
            if self.evidence.places.have_gaps() {
                self.skip();
            }
        }
        budget - (end - start)
    }

    pub(super) fn hashed(&self) -> Hashed<'_> {
        Hashed {
            evidence: &self.evidence,
            hashes: &self.hashes,
            agree: self.agree,
            tree: &self.tree,
            roots: &self.roots,
            points: &self.points,
        }
    }

    /// The log that the list of leaf hashes is of.
    fn listed(&self) -> Signed {
        let hashes: Vec<Hash> = list(&self.hashed()).collect();
        let mut roots: BTreeMap<u64, Option<Hash>> = self.roots.keys().map(|size| (*size, None)).collect();
        let tree = self.evidence.places.tree_by(hashes.iter().copied(), &mut |tree| {
            if let Some(root) = roots.get_mut(&tree.size()) {
                *root = Some(tree.root());
            }
        });
        Signed { hashes, tree, roots }
    }

    /// What a checkpoint from elsewhere is held against: what was signed, where that can be told.
    fn told(&self) -> Hashed<'_> {
        let own = self.hashed();
        match &self.signed {
            Some(Signed { hashes, tree, roots }) => Hashed { hashes, tree, roots, ..own },
            None => own,
        }
    }

    /// How many records have been taken, and how often in all; each is taken twice.
    pub fn done(&self) -> (usize, usize) {
        (self.hashes.len() + self.examination.done(), self.evidence.records.len() * 2)
    }

    /// What the work so far has found. All of it, once [`EvidenceCheck::work`] has said that nothing is left.
    pub fn report(&self) -> EvidenceReport {
        let mut wrong: Vec<Wrong> = self.wrong().cloned().collect();
        let sound = wrong.is_empty() && self.examination.finished();
        let checkpoint = self.known.witness.as_ref().map(|witness| {
            let (report, faults) = witness.compare(&self.told(), &self.keys);
            wrong.extend(faults);
            report
        });
        let vouched = self.located.as_ref().is_some_and(|located| located.vouched);
        let fault = |wrong: &Wrong| EvidenceFault::new(wrong, vouched);
        let mut faults: Vec<EvidenceFault> = wrong.iter().take(MAX_FAULTS).map(fault).collect();
        if let Some(more) = wrong.len().checked_sub(MAX_FAULTS).filter(|more| *more > 0) {
            faults.push(fault(&Wrong::More(more as u64)));
        }
        EvidenceReport {
            verified: faults.is_empty() && self.examination.finished(),
            sound,
            size: self.tree.size(),
            root: hex(&self.tree.root()),
            faults,
            origin: self.evidence.origin.clone(),
            signed_by: self.signed_by.clone(),
            deleted: self.tree.size() - self.hashes.len() as u64,
            completeness: self.examination.complete.clone().map(Completeness::from),
            checkpoint,
            replay: None,
        }
    }

    /// What is wrong with the bundle by itself, in the order in which it is reported.
    fn wrong(&self) -> impl Iterator<Item = &Wrong> {
        let located = self.located.iter().flat_map(|located| &located.wrong);
        self.wrong.iter().chain(located).chain(&self.examination.wrong)
    }

    /// Where to look for each fault of the report.
    pub(super) fn stands(&self) -> Vec<Stand> {
        let places = &self.evidence.places;
        let known = self.located.as_ref().map_or(&[][..], |located| &located.found);
        let first = self.wrong.len() + self.located.as_ref().map_or(0, |located| located.wrong.len());
        let (moved, straight) =
            (Standing::new(places, known, self.hashes.len()), Standing::new(places, &[], self.hashes.len()));
        let stands = self.wrong().take(MAX_FAULTS).enumerate();
        // What the second pass says is about where a record stands, and what the first says about where it ought to.
        stands.map(|(at, wrong)| if at < first { &moved } else { &straight }.of(wrong)).collect()
    }

    /// The keys that count.
    pub(super) fn keys(&self) -> &[NoteKey] {
        &self.keys
    }

    /// The bundle again.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    pub(super) fn leaf_hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The number of the latest checkpoint that a known key stands for.
    pub(super) fn latest_signed(&self) -> Option<(usize, Checkpoint)> {
        let read = self.evidence.checkpoints.iter().enumerate();
        let signed =
            read.filter_map(|(number, text)| Some((number, Checkpoint::verify(text, &self.keys).ok()?.0)));
        signed.max_by_key(|(_, checkpoint)| checkpoint.size)
    }
}
