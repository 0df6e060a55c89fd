//! Raw Merkle proofs (RFC 6962, section 2.1), as files: that a leaf is in a tree, and that one tree continues another.

use super::Objection;
use crate::engine::audit::Hash;
use crate::engine::audit::proof::{self, Fault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What a proof is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofKind {
    /// That a leaf is in a tree: `leafIdx`, `treeSize`, `root`, `leafHash`, `proof`.
    Inclusion,
    /// That a tree continues a smaller one: `size1`, `size2`, `root1`, `root2`, `proof`.
    Consistency,
}

/// Whether a proof holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofReport {
    /// Whether it does.
    pub valid: bool,
    /// Why not: a stable code, e.g. `proof.root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why not, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

impl ProofReport {
    pub(super) fn of(judged: Result<(), (&'static str, String)>) -> Self {
        let (code, what) = judged.err().map(|(code, what)| (code.to_owned(), what)).unzip();
        Self { valid: code.is_none(), code, what }
    }
}

/// A file's inclusion proof. Members beside these mean nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: Bytes,
    leaf_hash: Bytes,
    proof: Option<Vec<Bytes>>,
}

/// A file's consistency proof. Members beside these mean nothing.
#[derive(Deserialize)]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: Bytes,
    root2: Bytes,
    proof: Option<Vec<Bytes>>,
}

/// Bytes in base64 (RFC 4648, section 4).
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Bytes(Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self).map_err(|_| "no base64")
    }
}

impl Bytes {
    fn hash(&self, name: &str) -> Result<Hash, (&'static str, String)> {
        Hash::try_from(self.0.as_slice()).map_err(|_| {
            ("proof.hash-length", format!("A SHA-256 hash has 32 bytes, and `{name}` has {}.", self.0.len()))
        })
    }
}

/// The hashes of a proof. What has none may write `null`.
fn hashes(proof: Option<&Vec<Bytes>>) -> Result<Vec<Hash>, (&'static str, String)> {
    let proof = proof.into_iter().flatten().enumerate();
    proof.map(|(at, bytes)| bytes.hash(&format!("proof[{at}]"))).collect()
}

/// Checks a proof in a file: sizes and places are whole numbers below 2^64, hashes are in base64. A hash that has not the
/// length of one makes the proof invalid; what is no base64 at all can't be read.
///
/// # Errors
/// `proof.unreadable` where the text is no such file.
pub fn check_proof(kind: ProofKind, text: &str) -> Result<ProofReport, Objection> {
    let judged = match kind {
        ProofKind::Inclusion => inclusion(&read(text)?),
        ProofKind::Consistency => consistency(&read(text)?),
    };
    Ok(ProofReport::of(judged))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Objection> {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Objection::new(
            "proof.unreadable",
            format!("This is no such proof (line {}, column {}).", error.line(), error.column()),
            "An inclusion proof has leafIdx, treeSize, root, leafHash and proof; a consistency proof has size1, size2, \
             root1, root2 and proof. Sizes are whole numbers, hashes are in base64.",
        )
    })
}

fn inclusion(file: &Inclusion) -> Result<(), (&'static str, String)> {
    let (root, leaf) = (file.root.hash("root")?, file.leaf_hash.hash("leafHash")?);
    let hashes = hashes(file.proof.as_ref())?;
    proof::verify_inclusion(file.leaf_idx, file.tree_size, leaf, &hashes, &root).map_err(coded)
}

fn consistency(file: &Consistency) -> Result<(), (&'static str, String)> {
    let (first, second) = (file.root1.hash("root1")?, file.root2.hash("root2")?);
    let hashes = hashes(file.proof.as_ref())?;
    proof::verify_consistency(file.size1, file.size2, &first, &second, &hashes).map_err(coded)
}

/// A fault of a proof with its code.
pub(super) fn coded(fault: Fault) -> (&'static str, String) {
    let code = match fault {
        Fault::OutOfTree { .. } => "proof.out-of-tree",
        Fault::Length { .. } => "proof.length",
        Fault::Sizes { .. } => "proof.sizes",
        Fault::Root => "proof.root",
        Fault::FirstRoot => "proof.first-root",
    };
    (code, fault.to_string())
}
