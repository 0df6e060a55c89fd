//! An append-only log: an RFC 6962 Merkle tree over the canonical bytes of its records.

use super::tree::{Hash, Tree, leaf_hash};

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
