//! An append-only log: an RFC 6962 Merkle tree over the canonical bytes of its records.

use super::tree::{Hash, Tree, leaf_hash};

/// The log as its writer has it: the tree over all records, and those that were not taken to be kept yet.
#[derive(Clone, Debug, Default)]
pub struct Log {
    tree: Tree,
    fresh: Vec<(Hash, String)>,
}

impl Log {
    /// A log that goes on from the tree over its records so far.
    pub fn new(tree: Tree) -> Self {
        Self { tree, fresh: Vec::new() }
    }

    /// Appends a record's canonical text.
    pub fn append(&mut self, canonical: String) {
        let leaf = leaf_hash(canonical.as_bytes());
        self.tree.push(leaf);
        self.fresh.push((leaf, canonical));
    }

    /// Number of records.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over all records.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The records that were not taken yet, each with its leaf hash.
    pub fn fresh(&self) -> &[(Hash, String)] {
        &self.fresh
    }

    /// Takes the records that were added since this was asked last, each with its leaf hash.
    pub fn take(&mut self) -> Vec<(Hash, String)> {
        std::mem::take(&mut self.fresh)
    }
}
