//! Which place in the log a record of a bundle has: those that were deleted are counted and not there.

use super::DeletedSegment;
use crate::engine::audit::{Hash, Nodes, Tree, hash_of_base64};

/// A complete node of the tree whose records are not in the bundle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deleted {
    first: u64,
    level: u32,
    root: Hash,
}

impl Deleted {
    /// None where it is no complete node.
    pub fn read(segment: &DeletedSegment) -> Option<Self> {
        let whole = segment.count.is_power_of_two() && segment.first.is_multiple_of(segment.count);
        let root = hash_of_base64(&segment.root)?;
        // So many records nobody has: what is counted from there stays far from the end of the numbers.
        let near = segment.first.checked_add(segment.count)? <= 1 << 60;
        (whole && near).then(|| Self { first: segment.first, level: segment.count.ilog2(), root })
    }

    fn len(&self) -> u64 {
        1 << self.level
    }

    fn end(&self) -> u64 {
        self.first + self.len()
    }
}

/// The places of a bundle's records.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Each with how many records were deleted before it.
    deleted: Vec<(Deleted, u64)>,
}

impl Places {
    /// None where the segments are not in order.
    pub fn new(deleted: impl Iterator<Item = Option<Deleted>>) -> Option<Self> {
        let (mut places, mut gone, mut end) = (Self::default(), 0, 0);
        for deleted in deleted {
            let deleted = deleted.filter(|deleted| deleted.first >= end)?;
            places.deleted.push((deleted, gone));
            end = deleted.end();
            gone += deleted.len();
        }
        Some(places)
    }

    /// Whether records were deleted.
    pub fn have_gaps(&self) -> bool {
        !self.deleted.is_empty()
    }

    /// The first segment that a log of this size does not have room for.
    pub fn outside(&self, size: u64) -> Option<u64> {
        self.deleted
            .iter()
            .map(|(deleted, _)| deleted)
            .find(|deleted| deleted.end() > size)
            .map(|deleted| deleted.first)
    }

    /// The last segment before the first that does not do, and how many records were deleted up to its end.
    fn last(&self, does: impl Fn(&Deleted, u64) -> bool) -> Option<(Deleted, u64)> {
        let at = self.deleted.partition_point(|(deleted, before)| does(deleted, *before));
        let (deleted, before) = self.deleted.get(at.checked_sub(1)?)?;
        Some((*deleted, before + deleted.len()))
    }

    /// The place of the `index`-th record that is there.
    pub fn of(&self, index: usize) -> u64 {
        let index = index as u64;
        index + self.last(|deleted, before| deleted.first - before <= index).map_or(0, |(_, gone)| gone)
    }

    /// Which of the records that are there has a place. None for one that was deleted.
    pub fn index(&self, place: u64) -> Option<usize> {
        let gone = match self.last(|deleted, _| deleted.first <= place) {
            Some((deleted, _)) if place < deleted.end() => return None,
            other => other.map_or(0, |(_, gone)| gone),
        };
        usize::try_from(place - gone).ok()
    }

    /// How many records have to be there, of a log of this size.
    pub fn present(&self, size: u64) -> u64 {
        size - self.last(|deleted, _| deleted.end() <= size).map_or(0, |(_, gone)| gone)
    }

    /// Adds to a tree what was deleted and stands next.
    pub fn skip(&self, tree: &mut Tree) {
        let at = self.deleted.partition_point(|(deleted, _)| deleted.first < tree.size());
        for (deleted, _) in self.deleted.iter().skip(at) {
            if deleted.first != tree.size() || !tree.push_complete(deleted.level, deleted.root) {
                break;
            }
        }
    }

    /// The tree over leaves in order, and what was deleted between them.
    pub fn tree(&self, leaves: impl Iterator<Item = Hash>) -> Tree {
        self.tree_by(leaves, &mut |_| {})
    }

    /// The same, shown after each leaf and each segment as it grows, and before all.
    pub fn tree_by(&self, leaves: impl Iterator<Item = Hash>, seen: &mut dyn FnMut(&Tree)) -> Tree {
        let mut tree = Tree::default();
        seen(&tree);
        self.skip(&mut tree);
        seen(&tree);
        for leaf in leaves {
            tree.push(leaf);
            seen(&tree);
            if self.have_gaps() {
                self.skip(&mut tree);
                seen(&tree);
            }
        }
        tree
    }
}

/// The leaves that are there, with the roots of what is not, as a tree's nodes.
pub(super) struct Placed<'a> {
    pub places: &'a Places,
    pub leaves: &'a [Hash],
}

impl Nodes for Placed<'_> {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let first = index.checked_shl(level)?;
        let deleted = &self.places.deleted;
        let at = deleted.binary_search_by_key(&first, |(deleted, _)| deleted.first).ok();
        if let Some((deleted, _)) =
            at.and_then(|at| deleted.get(at)).filter(|(deleted, _)| deleted.level == level)
        {
            return Some(deleted.root);
        }
        if level > 0 { None } else { self.leaves.get(self.places.index(first)?).copied() }
    }
}
