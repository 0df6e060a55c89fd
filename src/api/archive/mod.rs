//! The records of a log, kept small and found fast.
//!
//! Each value is kept once and stands in the records by its number. Records are sealed in segments, each of which is one
//! complete node of the log's tree: a segment is verified by its root alone, and can go while the root stays.

mod chain;
mod density;
mod find;
mod key;
mod lanes;
pub(super) mod members;
mod query;
mod read;
mod segment;
mod times;
mod tokens;
mod value;

pub use chain::{Chain, LatestRun};
pub use density::{Axis, Density};
pub use find::{FacetValue, Found};
pub use key::Key;
pub use lanes::{OutcomeClass, lanes};
pub use query::{QUERY_BYTES, QUERY_TERMS, QUERY_VALUES, Query, Term};
pub use segment::{SEGMENT_LEVEL, SEGMENT_RECORDS, Unreadable};

use crate::engine::audit::{Hash, Nodes, Tree, leaf_hash};
use crate::engine::queue::StateKeys;
use segment::{Row, Segment};
use tokens::Tokens;

/// The records of a log.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    tokens: Tokens,
    sealed: Vec<Sealed>,
    /// The records after the last sealed segment, with their leaf hashes.
    open: Vec<(Row, Hash)>,
    /// The tree over all records.
    tree: Tree,
    event_ids: Option<EventIds>,
}

/// What turns an event id as it was sent into what the log has of it: the source, and the keys of its connector.
#[derive(Clone)]
struct EventIds {
    source: String,
    keys: StateKeys,
}

impl EventIds {
    fn in_log(&self, id: &str) -> String {
        self.keys.of_event(&self.source, id)
    }
}

impl std::fmt::Debug for EventIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventIds(…)")
    }
}

/// A sealed segment, or what is left of one.
#[derive(Clone, Debug)]
enum Sealed {
    /// Its records are here.
    Here(Segment),
    /// Its records are stored and have not been read.
    Away(Hash),
    /// Its records are not here: they were deleted under retention, or can't be read. The root stands for them.
    Gone(Hash),
}

impl Sealed {
    fn root(&self) -> &Hash {
        match self {
            Self::Here(segment) => &segment.root,
            Self::Away(root) | Self::Gone(root) => root,
        }
    }
}

/// Whether the records of a block can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Here,
    Away,
    Gone,
}

/// What verifying a sealed segment found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentState {
    /// Its records are those that were sealed.
    Sound,
    /// Its records are not here.
    Gone,
    /// These records, by their places in the log, are not as they were written; none where the records agree with what
    /// was kept beside each, and yet not with the root.
    Altered(Vec<u64>),
}

impl Archive {
    /// From now on a search for an event id as it was sent finds its records. Without the keys, as in a bundle from
    /// elsewhere, an id is found by its hash alone.
    pub fn know_event_ids(&mut self, source: &str, keys: &StateKeys) {
        self.event_ids = Some(EventIds { source: source.to_owned(), keys: keys.clone() });
    }

    /// Whether a record is of the event of this id, as it was sent.
    pub fn has_event(&self, id: &str) -> bool {
        self.event_ids.as_ref().is_some_and(|ids| self.holds("event", &ids.in_log(id)))
    }

    /// Number of records of the log, those that are gone included.
    pub fn len(&self) -> u64 {
        self.sealed_len().saturating_add(self.open.len() as u64)
    }

    /// Whether the log has no record yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of records in sealed segments.
    pub fn sealed_len(&self) -> u64 {
        (self.sealed.len() as u64) << SEGMENT_LEVEL
    }

    /// Number of sealed segments.
    pub fn segments(&self) -> usize {
        self.sealed.len()
    }

    /// Adds a record's canonical text with its leaf hash.
    pub fn append(&mut self, leaf: Hash, canonical: &str) {
        let row = Row::of(self.len(), &leaf, canonical, &mut self.tokens);
        self.open.push((row, leaf));
        self.tree.push(leaf);
    }

    fn next_segment(&self) -> Option<Segment> {
        let (rows, leaves) =
            self.open.get(..SEGMENT_RECORDS)?.iter().cloned().unzip::<_, _, Vec<_>, Vec<_>>();
        Segment::seal(self.sealed_len(), rows, &leaves)
    }

    /// The number of the next segment and the text to keep of it. None where there are too few records after the last
    /// segment, or one of them is no record in canonical form.
    pub fn pack_next(&self) -> Option<(usize, String)> {
        Some((self.sealed.len(), self.next_segment()?.pack(&self.tokens)?))
    }

    /// The text to keep of a sealed segment; none where its records are not here.
    pub fn pack(&self, number: usize) -> Option<String> {
        match self.sealed.get(number)? {
            Sealed::Here(segment) => segment.pack(&self.tokens),
            Sealed::Away(_) | Sealed::Gone(_) => None,
        }
    }

    /// Seals the oldest records after the last segment, where there are enough of them; gives the root over them.
    pub fn seal(&mut self) -> Option<Hash> {
        let segment = self.next_segment()?;
        let root = segment.root;
        self.open.drain(..SEGMENT_RECORDS);
        self.sealed.push(Sealed::Here(segment));
        Some(root)
    }

    /// Takes the last sealing back.
    pub fn unseal(&mut self) {
        if let Some(Sealed::Here(segment)) = self.sealed.pop_if(|last| matches!(last, Sealed::Here(_))) {
            let leaves: Vec<Hash> = segment.leaves(&self.tokens).collect();
            let rows = segment.rows.into_iter().zip(leaves);
            self.open.splice(..0, rows);
        }
    }

    /// Adds a sealed segment from the text that was kept of it. It has to be the next one, and no open record may be
    /// there yet. That its records are those that were sealed, [`Archive::check`] shows.
    ///
    /// # Errors
    /// Where the text can't be read, or is of another segment.
    pub fn restore(&mut self, packed: &str) -> Result<(), Unreadable> {
        let segment = Segment::unpack(packed, &mut self.tokens)?;
        if segment.first != self.len() {
            return Err(Unreadable::Head);
        }
        self.tree.push_complete(SEGMENT_LEVEL, segment.root);
        self.sealed.push(Sealed::Here(segment));
        Ok(())
    }

    /// Adds a sealed segment by its root; its records may follow with [`Archive::fill`].
    pub fn restore_root(&mut self, root: Hash) {
        self.tree.push_complete(SEGMENT_LEVEL, root);
        self.sealed.push(Sealed::Away(root));
    }

    /// The latest sealed segment whose records have not been read.
    pub fn latest_away(&self) -> Option<usize> {
        self.sealed.iter().rposition(|sealed| matches!(sealed, Sealed::Away(_)))
    }

    /// Adds the records of a sealed segment from the text that was kept of it, and recomputes it: the root stays that
    /// which it was added by.
    ///
    /// # Errors
    /// Where the text can't be read, or is of another segment.
    pub fn fill(&mut self, number: usize, packed: &str) -> Result<SegmentState, Unreadable> {
        let segment = Segment::unpack(packed, &mut self.tokens)?;
        let place = (number as u64) << SEGMENT_LEVEL;
        match self.sealed.get_mut(number) {
            Some(sealed @ Sealed::Away(_)) if segment.first == place => {
                let root = *sealed.root();
                *sealed = Sealed::Here(Segment { root, ..segment });
                Ok(self.check(number))
            }
            _ => Err(Unreadable::Head),
        }
    }

    /// Lets the records of a sealed segment go. Its root stays. False where there is no such segment.
    pub fn forget(&mut self, number: usize) -> bool {
        let Some(sealed) = self.sealed.get_mut(number) else { return false };
        *sealed = Sealed::Gone(*sealed.root());
        true
    }

    /// Number of sealed segments whose records are gone.
    pub fn gone(&self) -> usize {
        self.sealed.iter().filter(|sealed| matches!(sealed, Sealed::Gone(_))).count()
    }

    /// Whether a record that is here has, or had, this text as a member.
    fn holds(&self, member: &str, text: &str) -> bool {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let (Some(column), Some(token)) = (segment::column(member), self.tokens.find(&quoted)) else {
            return false;
        };
        self.tokens.columns(token) >> column & 1 == 1
    }

    /// Whether a record of a sealed segment has a member that says something of which the test holds: of a list, one of
    /// its items. None where its records are not here.
    pub fn any_in(&self, number: usize, member: &str, test: &dyn Fn(&str) -> bool) -> Option<bool> {
        let place = segment::column(member)?;
        let mut any = false;
        let presence = self.visit(number, 0, &mut |_, row| {
            any = any
                || self
                    .tokens
                    .text(row.cell(place))
                    .is_some_and(|value| value::says(value, &mut |text| test(text)));
        });
        (presence == Presence::Here && number < self.sealed.len()).then_some(any)
    }

    /// The root of a sealed segment.
    pub fn segment_root(&self, number: usize) -> Option<&Hash> {
        self.sealed.get(number).map(Sealed::root)
    }

    /// A record's canonical text. None where there is no such record, or it is gone.
    pub fn canonical(&self, seq: u64) -> Option<String> {
        Some(self.row(seq)?.canonical(seq, &self.tokens))
    }

    /// A member of a record as text: of a string what it says, of all else what is written. None where it has none.
    pub fn member(&self, seq: u64, name: &str) -> Option<String> {
        self.tokens.text(self.row(seq)?.cell(segment::column(name)?)).map(members::text)
    }

    /// Number of blocks: a block is as many records as a segment holds, from a multiple of that on, sealed or not.
    fn blocks(&self) -> usize {
        usize::try_from(self.len().div_ceil(SEGMENT_RECORDS as u64)).unwrap_or(usize::MAX)
    }

    /// Goes through the records of a block, from the `start`th on, and says whether they are here.
    fn visit(&self, block: usize, start: usize, each: &mut dyn FnMut(u64, &Row)) -> Presence {
        let first = ((block as u64) << SEGMENT_LEVEL).saturating_add(start as u64);
        match self.sealed.get(block) {
            Some(Sealed::Away(_)) => return Presence::Away,
            Some(Sealed::Gone(_)) => return Presence::Gone,
            Some(Sealed::Here(segment)) => {
                let rows = segment.rows.iter().skip(start);
                (first..).zip(rows).for_each(|(seq, row)| each(seq, row));
            }
            None => {
                let skipped = (block - self.sealed.len()) << SEGMENT_LEVEL;
                let rows = self.open.iter().skip(skipped + start).take(SEGMENT_RECORDS - start);
                (first..).zip(rows).for_each(|(seq, (row, _))| each(seq, row));
            }
        }
        Presence::Here
    }

    /// Whether a record is in a sealed segment that has not been read yet.
    pub fn is_away(&self, seq: u64) -> bool {
        let segment = usize::try_from(seq >> SEGMENT_LEVEL).ok();
        matches!(segment.and_then(|segment| self.sealed.get(segment)), Some(Sealed::Away(_)))
    }

    fn row(&self, seq: u64) -> Option<&Row> {
        match seq.checked_sub(self.sealed_len()) {
            Some(open) => self.open.get(usize::try_from(open).ok()?).map(|(row, _)| row),
            None => match self.sealed.get(usize::try_from(seq >> SEGMENT_LEVEL).ok()?)? {
                Sealed::Here(segment) => segment.rows.get(usize::try_from(seq - segment.first).ok()?),
                Sealed::Away(_) | Sealed::Gone(_) => None,
            },
        }
    }

    /// The tree over all records: of the segments by their roots, of the rest by their leaf hashes.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Recomputes a sealed segment from its records.
    pub fn check(&self, number: usize) -> SegmentState {
        let segment = match self.sealed.get(number) {
            Some(Sealed::Here(segment)) => segment,
            _ => return SegmentState::Gone,
        };
        let mut tree = Tree::default();
        let mut altered = Vec::new();
        for ((leaf, row), seq) in segment.leaves(&self.tokens).zip(&segment.rows).zip(segment.first..) {
            if !row.is_of(&leaf) {
                altered.push(seq);
            }
            tree.push(leaf);
        }
        let sound = altered.is_empty() && tree.root() == segment.root;
        if sound { SegmentState::Sound } else { SegmentState::Altered(altered) }
    }

    /// Places of the open records whose leaf hash is not that of their text.
    pub fn check_open(&self) -> Vec<u64> {
        let open = (self.sealed_len()..).zip(&self.open);
        let altered = open
            .filter(|(seq, (row, leaf))| leaf_hash(row.canonical(*seq, &self.tokens).as_bytes()) != *leaf);
        altered.map(|(seq, _)| seq).collect()
    }
}

impl Nodes for Archive {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if level == SEGMENT_LEVEL
            && let Some(sealed) = self.sealed.get(usize::try_from(index).ok()?)
        {
            return Some(*sealed.root());
        }
        if level > 0 {
            return None;
        }
        match index.checked_sub(self.sealed_len()) {
            Some(open) => self.open.get(usize::try_from(open).ok()?).map(|(_, leaf)| *leaf),
            None => Some(leaf_hash(self.canonical(index)?.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::audit::{AuditRecord, proof};

    fn filled(n: u64) -> (Archive, Vec<Hash>, Vec<String>) {
        let mut archive = Archive::default();
        let (mut leaves, mut packed) = (Vec::new(), Vec::new());
        for seq in 0..n {
            let correlation = format!("run-{:06}", seq / 7).into();
            let text = AuditRecord { seq, correlation, ..AuditRecord::default() }.canonical();
            let leaf = leaf_hash(text.as_bytes());
            archive.append(leaf, &text);
            leaves.push(leaf);
            packed.extend(archive.pack_next().map(|(_, text)| text));
            archive.seal();
        }
        (archive, leaves, packed)
    }

    #[test]
    fn the_tree_is_that_of_the_leaves_however_it_is_kept() {
        for n in [0, 1, 255, 256, 257, 1000] {
            let (archive, leaves, packed) = filled(n);
            let tree: Tree = leaves.iter().copied().collect();
            assert_eq!(*archive.tree(), tree, "{n}");
            assert_eq!(archive.segments() as u64, n / 256);
            let mut again = Archive::default();
            packed.iter().for_each(|text| again.restore(text).unwrap());
            for (seq, leaf) in leaves.iter().enumerate().skip(again.len() as usize) {
                again.append(*leaf, &archive.canonical(seq as u64).unwrap());
            }
            assert_eq!(*again.tree(), tree, "{n}");
            assert_eq!(again.canonical(n / 2), archive.canonical(n / 2));
            assert!((0..again.segments()).all(|number| again.check(number) == SegmentState::Sound));
            assert!(again.check_open().is_empty());
        }
    }

    #[test]
    fn proofs_hold_after_a_segment_has_gone() {
        let (mut archive, leaves, _) = filled(1000);
        let root = archive.tree().root();
        assert!(archive.forget(1) && !archive.forget(3));
        assert_eq!(archive.tree().root(), root);
        assert_eq!(archive.canonical(300), None);
        for index in [0, 255, 512, 767, 768, 999] {
            let proof = proof::inclusion(&archive, index, 1000).unwrap();
            assert_eq!(proof::verify_inclusion(index, 1000, leaves[index as usize], &proof, &root), Ok(()));
        }
        assert_eq!(proof::inclusion(&archive, 300, 1000), None, "its siblings have gone with it");
        let earlier = archive.root_of(crate::engine::audit::Range { from: 0, to: 600 }).unwrap();
        let proof = proof::consistency(&archive, 600, 1000).unwrap();
        assert_eq!(proof::verify_consistency(600, 1000, &earlier, &root, &proof), Ok(()));
    }

    #[test]
    fn an_altered_value_is_located() {
        let (_, _, packed) = filled(256);
        // One value that seven records share.
        let altered = packed[0].replace("\"run-000003\"", "\"run-999999\"");
        let mut archive = Archive::default();
        archive.restore(&altered).unwrap();
        assert_eq!(archive.check(0), SegmentState::Altered((21..28).collect()));
    }
}
