//! A bundle as a log that can be looked at like one's own, its records as they stand in the file. Nothing of it is stored.

use super::index::EvidenceIndex;
use super::place::{Deleted, Placed, Places};
use super::stand::Stand;
use super::text::compact;
use super::{DeletedSegment, EvidenceReport};
use crate::api::archive::{Archive, SEGMENT_LEVEL};
use crate::api::inclusion::why;
use crate::api::{Inclusion, NoProof, Objection};
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::NoteKey;
use crate::engine::audit::{Hash, Nodes, Tree, hash_of_base64, leaf_hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

/// Bytes of a file that are taken up at once, unless one record has more.
const STRETCH: u64 = 256 * 1024;
/// Segments of the list of leaf hashes that are hashed with each stretch.
const SEGMENTS: usize = 16;

/// A bundle that is open.
#[derive(Debug)]
pub struct OpenedEvidence {
    archive: Archive,
    origin: String,
    keys: Vec<NoteKey>,
    signed: Option<(String, Checkpoint)>,
    report: EvidenceReport,
    stands: Vec<Stand>,
    /// The deleted segments that stand between its records.
    places: Places,
    listed: Option<Listed>,
    /// Whether deleted segments could not be put between the records: then a record's place says nothing of the tree.
    misplaced: bool,
}

/// The tree as it was signed, of which the records are no more.
#[derive(Debug)]
struct Listed {
    places: Places,
    leaves: Vec<Hash>,
    /// The roots of its segments, as far as they are computed.
    roots: Vec<Hash>,
}

/// A bundle on its way to be opened: stretch by stretch of its file.
pub struct EvidenceOpening {
    opened: OpenedEvidence,
    spans: Vec<(u32, u32)>,
    spaced: BTreeSet<u32>,
    deleted: VecDeque<DeletedSegment>,
    applied: Vec<DeletedSegment>,
    /// Records taken up, and where in the file the last of them ends.
    taken: usize,
    end: u64,
}

fn changed() -> Objection {
    Objection::new(
        "evidence.file-changed",
        "The file has changed while it was read.",
        "Open it again, once nobody writes to it.",
    )
}

impl EvidenceOpening {
    /// Begins to open a bundle that was verified.
    pub fn new(index: EvidenceIndex) -> Self {
        let EvidenceIndex { report, stands, keys, checkpoint, deleted, spans, spaced, leaves } = index;
        let keys: Vec<NoteKey> = keys.iter().filter_map(|key| NoteKey::parse(key)).collect();
        let signed = checkpoint.and_then(|note| {
            let (checkpoint, _) = Checkpoint::verify(&note, &keys).ok()?;
            Some((note, checkpoint))
        });
        let leaves = leaves.and_then(|leaves| STANDARD.decode(leaves).ok());
        let listed = leaves.map(|bytes| Listed {
            places: Places::new(deleted.iter().map(Deleted::read)).unwrap_or_default(),
            leaves: bytes.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).collect(),
            roots: Vec::new(),
        });
        let opened = OpenedEvidence {
            archive: Archive::default(),
            origin: report.origin.clone(),
            keys,
            signed,
            report,
            stands,
            places: Places::default(),
            listed,
            misplaced: false,
        };
        Self {
            opened,
            spans,
            spaced: spaced.into_iter().collect(),
            deleted: deleted.into(),
            applied: Vec::new(),
            taken: 0,
            end: 0,
        }
    }

    /// How many records are taken up, and how many there are.
    pub fn done(&self) -> (usize, usize) {
        (self.taken, self.spans.len())
    }

    /// The bytes of the file that [`EvidenceOpening::take`] wants next; none when all are taken.
    pub fn wants(&self) -> Option<Range<u64>> {
        let mut spans = self.spans.iter().skip(self.taken);
        let (gap, len) = spans.next()?;
        let start = self.end.saturating_add(u64::from(*gap));
        let mut end = start.saturating_add(u64::from(*len));
        for (gap, len) in spans {
            let next = end.saturating_add(u64::from(*gap)).saturating_add(u64::from(*len));
            if next - start > STRETCH {
                break;
            }
            end = next;
        }
        Some(start..end)
    }

    /// Takes up the records of the bytes that were wanted.
    ///
    /// # Errors
    /// Where they are not those that were verified.
    pub fn take(&mut self, bytes: Vec<u8>) -> Result<(), Objection> {
        let Some(wanted) = self.wants() else { return Ok(()) };
        let text = String::from_utf8(bytes).map_err(|_| changed())?;
        if text.len() as u64 != wanted.end - wanted.start {
            return Err(changed());
        }
        self.end = wanted.start;
        let mut at = 0usize;
        let mut gap = 0usize;
        while let Some((before, len)) = self.spans.get(self.taken) {
            if at > 0 {
                gap = *before as usize;
            }
            let start = at.saturating_add(gap);
            let Some(record) = text.get(start..start.saturating_add(*len as usize)) else { break };
            at = start.saturating_add(record.len());
            self.take_record(record);
        }
        if at != text.len() {
            return Err(changed());
        }
        self.end = wanted.end;
        if let Some(listed) = &mut self.opened.listed {
            listed.hash(SEGMENTS);
        }
        Ok(())
    }

    fn take_record(&mut self, text: &str) {
        self.skip();
        let spaced = u32::try_from(self.taken).is_ok_and(|index| self.spaced.contains(&index));
        let compacted = if spaced { None } else { compact(text) };
        let text = compacted.as_deref().unwrap_or(text);
        let archive = &mut self.opened.archive;
        archive.append(leaf_hash(text.as_bytes()), text);
        archive.seal();
        self.taken += 1;
    }

    /// Puts the deleted segments that stand next in their place.
    fn skip(&mut self) {
        let archive = &mut self.opened.archive;
        while let Some(next) = self.deleted.front()
            && next.first <= archive.len()
            && let Some(next) = self.deleted.pop_front()
        {
            match hash_of_base64(&next.root) {
                Some(root) if next.first == archive.len() && next.count == 1 << SEGMENT_LEVEL => {
                    let number = archive.segments();
                    archive.restore_root(root);
                    archive.forget(number);
                    self.applied.push(next);
                }
                _ => self.opened.misplaced = true,
            }
        }
    }

    /// The bundle, open, once nothing is wanted any more.
    ///
    /// # Errors
    /// Where the records are not those that were verified.
    pub fn finish(mut self) -> Result<OpenedEvidence, Objection> {
        self.skip();
        let mut opened = self.opened;
        opened.misplaced |= !self.deleted.is_empty();
        opened.places = Places::new(self.applied.iter().map(Deleted::read)).unwrap_or_default();
        let root = crate::engine::audit::hex(&opened.archive.tree().root());
        if !opened.misplaced && root != opened.report.root {
            return Err(changed());
        }
        if let Some(listed) = &mut opened.listed {
            listed.hash(usize::MAX);
        }
        Ok(opened)
    }
}

impl OpenedEvidence {
    /// The records, as they stand in the file; what was deleted is counted.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Which log it is; no text where it does not say.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What verifying it has found.
    pub fn report(&self) -> &EvidenceReport {
        &self.report
    }

    /// The keys that count.
    pub fn keys(&self) -> &[NoteKey] {
        &self.keys
    }

    /// The latest checkpoint that one of them stands for.
    pub fn checkpoint(&self) -> Option<&str> {
        self.signed.as_ref().map(|(note, _)| note.as_str())
    }

    /// The places of the records that a fault of the report is about, the first of each run and how many; with whether they
    /// are at fault themselves, or stand beside what is wrong.
    pub fn stand(&self, fault: usize) -> (Vec<(u64, u64)>, bool) {
        let Some(stand) = self.stands.get(fault) else { return (Vec::new(), false) };
        let place = |index: u64| self.places.of(usize::try_from(index).unwrap_or(usize::MAX));
        let runs = stand.runs.iter().filter(|(_, count)| *count > 0).map(|(first, count)| {
            let (from, to) = (place(*first), place(first.saturating_add(count - 1)));
            (from, to.saturating_sub(from).saturating_add(1))
        });
        (runs.collect(), stand.own)
    }

    /// The numbers of the faults that are about a record, each with whether the record is at fault itself.
    pub fn faults_of(&self, seq: u64) -> Vec<(usize, bool)> {
        let faults = (0..self.stands.len()).filter_map(|fault| {
            let (runs, own) = self.stand(fault);
            runs.iter()
                .any(|(first, count)| seq.checked_sub(*first).is_some_and(|at| at < *count))
                .then_some((fault, own))
        });
        faults.collect()
    }

    /// The proof that a record is in the log that the latest checkpoint signs. Where the records are not those that were
    /// signed and the list of leaf hashes is, the hashes on the way are those of the list: a record that was not altered is
    /// proved all the same.
    ///
    /// # Errors
    /// Why there is none.
    pub fn inclusion(&self, seq: u64) -> Result<Inclusion, NoProof> {
        let record = self.archive.canonical(seq).ok_or_else(|| why(&self.archive, seq))?;
        let (note, checkpoint) = self.signed.as_ref().ok_or(NoProof::Unsigned)?;
        let nodes: &dyn Nodes = match &self.listed {
            Some(listed) => listed,
            None if self.misplaced => return Err(NoProof::Misplaced),
            None => &self.archive,
        };
        let leaf = leaf_hash(record.as_bytes());
        let place = self.listed.as_ref().and_then(|listed| listed.place(&leaf, seq)).unwrap_or(seq);
        Inclusion::new(nodes, place, record, note.clone(), checkpoint.clone())
    }
}

impl Listed {
    /// Computes so many segments more.
    fn hash(&mut self, segments: usize) {
        // Between deleted ones the segments of the list are not those of the log.
        if self.places.have_gaps() {
            return;
        }
        let left = self.leaves.chunks_exact(1 << SEGMENT_LEVEL).skip(self.roots.len()).take(segments);
        let roots: Vec<Hash> = left.map(|leaves| leaves.iter().copied().collect::<Tree>().root()).collect();
        self.roots.extend(roots);
    }

    /// The place of a leaf: that which it is thought to have, if it is there.
    fn place(&self, leaf: &Hash, thought: u64) -> Option<u64> {
        let own = self.places.index(thought).and_then(|index| self.leaves.get(index));
        if own == Some(leaf) {
            return Some(thought);
        }
        self.leaves.iter().position(|own| own == leaf).map(|index| self.places.of(index))
    }
}

impl Nodes for Listed {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let root = usize::try_from(index).ok().filter(|_| level == SEGMENT_LEVEL);
        match root.and_then(|index| self.roots.get(index)) {
            Some(root) => Some(*root),
            None => Placed { places: &self.places, leaves: &self.leaves }.node(level, index),
        }
    }
}
