//! An append-only log: an RFC 6962 Merkle tree over the canonical bytes of its records.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256 of 0x00 and the data (RFC 6962, section 2.1).
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    hasher.finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// An incremental tree: the roots of its complete subtrees, largest first. Appending hashes twice on average.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut size = self.size;
        // Each trailing one of the size is a complete subtree that the new leaf completes a larger one with.
        while size & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            node = node_hash(&left, &node);
            size >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root; of the empty tree, SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256::digest([]).into(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// The log: every record's canonical text with its leaf hash, and the tree over them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Vec<(Hash, String)>,
    tree: Tree,
}

impl Log {
    /// Appends a record's canonical text.
    pub fn append(&mut self, canonical: String) {
        let leaf = leaf_hash(canonical.as_bytes());
        self.restore(leaf, canonical);
    }

    /// Puts a stored record back under the leaf hash that it was stored with.
    pub fn restore(&mut self, leaf: Hash, canonical: String) {
        self.tree.push(leaf);
        self.lines.push((leaf, canonical));
    }

    /// Number of records.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over all records.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The records from `start` on, each with its leaf hash.
    pub fn lines(&self, start: usize) -> &[(Hash, String)] {
        self.lines.get(start..).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962, section 2.1, as it is written: a second way to the same root.
    fn reference_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&reference_root(&leaves[..split]), &reference_root(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_incremental_root_is_the_root_of_rfc_6962() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        for n in 0..130u32 {
            assert_eq!(tree.root(), reference_root(&leaves), "{n} leaves");
            let leaf = leaf_hash(&n.to_be_bytes());
            tree.push(leaf);
            leaves.push(leaf);
        }
    }

    #[test]
    fn the_empty_tree_and_leaf_are_as_published() {
        let hex = super::super::hex;
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Tree::default().root()), empty);
        let leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(&leaf_hash(b"")), leaf);
    }
}
