//! The Merkle tree of RFC 6962, section 2.1: its hashes, its root as it grows, and where its nodes stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256 of 0x00 and the data.
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    hasher.finalize().into()
}

/// A hash as checkpoints, bundles and segments spell it: 32 bytes in base64 (RFC 4648, section 4), padded.
pub fn hash_of_base64(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The hash of an inner node: SHA-256 of 0x01, its left child and its right child.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// An incremental tree: the roots of its complete subtrees, largest first. Appending hashes twice on average.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_complete(0, leaf);
    }

    /// Adds a complete subtree of 2^`level` leaves by its root. Where the size is no multiple of that, a subtree can't
    /// stand there: then nothing is added, and the answer is false.
    pub fn push_complete(&mut self, level: u32, root: Hash) -> bool {
        let Some(leaves) = 1u64.checked_shl(level).filter(|leaves| self.size.is_multiple_of(*leaves)) else {
            return false;
        };
        let mut node = root;
        let mut rest = self.size >> level;
        // Each trailing one is a complete subtree that the new one completes a larger one with.
        while rest & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            node = node_hash(&left, &node);
            rest >>= 1;
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(leaves);
        true
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

/// A range of leaves, from the first up to and without the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first leaf in it.
    pub from: u64,
    /// The first leaf after it.
    pub to: u64,
}

impl Range {
    /// Number of leaves.
    pub fn len(self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Its two halves as RFC 6962 splits it: as many leaves to the left as the largest power of two that is smaller
    /// than their number. None of fewer than two leaves.
    pub fn split(self) -> Option<(Self, Self)> {
        let len = self.len();
        if len < 2 {
            return None;
        }
        let middle = self.from + (1 << (len - 1).ilog2());
        Some((Self { to: middle, ..self }, Self { from: middle, ..self }))
    }

    /// Its level, where it is one complete node of the tree.
    fn level(self) -> Option<u32> {
        let len = self.len();
        (len.is_power_of_two() && self.from.is_multiple_of(len)).then(|| len.ilog2())
    }
}

/// Where the complete nodes of a tree can be had.
pub trait Nodes {
    /// The node of 2^`level` leaves that is the `index`-th of its level, from the left. None where it is not known.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;

    /// The hash over a range of leaves (MTH of RFC 6962). None where a node of it is not known.
    fn root_of(&self, range: Range) -> Option<Hash> {
        if range.is_empty() {
            return Some(empty_root());
        }
        if let Some(level) = range.level()
            && let Some(node) = self.node(level, range.from >> level)
        {
            return Some(node);
        }
        let (left, right) = range.split()?;
        Some(node_hash(&self.root_of(left)?, &self.root_of(right)?))
    }
}

/// The leaves themselves: every node follows from them.
impl Nodes for [Hash] {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if level == 0 { self.get(usize::try_from(index).ok()?).copied() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    fn leaves(n: u32) -> Vec<Hash> {
        (0..n).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn the_incremental_root_is_the_root_over_the_range() {
        let leaves = leaves(130);
        let mut tree = Tree::default();
        for (size, leaf) in leaves.iter().enumerate() {
            let range = Range { from: 0, to: size as u64 };
            assert_eq!(Some(tree.root()), leaves.as_slice().root_of(range), "{size} leaves");
            tree.push(*leaf);
        }
    }

    #[test]
    fn subtrees_and_leaves_make_the_same_tree() {
        let leaves = leaves(100);
        let by_leaf: Tree = leaves.iter().copied().collect();
        let mut by_subtree = Tree::default();
        for n in 0..6 {
            let sixteen: Tree = leaves[n * 16..(n + 1) * 16].iter().copied().collect();
            assert!(by_subtree.push_complete(4, sixteen.root()));
        }
        leaves[96..].iter().for_each(|leaf| by_subtree.push(*leaf));
        assert_eq!(by_subtree, by_leaf);
        assert!(!by_subtree.push_complete(3, leaves[0]), "100 is no multiple of 8");
        assert!(!by_subtree.push_complete(64, leaves[0]), "no tree has so many leaves");
        assert_eq!(by_subtree, by_leaf);
    }

    #[test]
    fn the_empty_tree_and_leaf_are_as_published() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Tree::default().root()), empty);
        let leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(&leaf_hash(b"")), leaf);
    }

    /// The tree that certificate transparency's own tests are built on.
    #[test]
    fn the_root_over_eight_reference_leaves_is_as_published() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let tree: Tree = inputs.into_iter().map(leaf_hash).collect();
        let root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
        assert_eq!(hex(&tree.root()), root);
    }
}
