//! Proofs over the Merkle tree: that a record is in it, and that a larger tree continues a smaller one (RFC 6962,
//! section 2.1; verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, describe).

use super::tree::{Hash, Nodes, Range, node_hash};
use std::fmt;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The tree has no such leaf.
    OutOfTree {
        /// The leaf's place, from 0.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// There are more or fewer hashes than the place and the size call for.
    Length {
        /// As many as there have to be.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// The sizes are not a smaller and a larger one, or the smaller is 0: of an empty tree any tree is a continuation,
    /// and there is nothing to prove.
    Sizes {
        /// The size that is to be the smaller.
        first: u64,
        /// The size that is to be the larger.
        second: u64,
    },
    /// The root that the proof leads to is not the one stated.
    Root,
    /// The root of the smaller tree that the proof leads to is not the one stated.
    FirstRoot,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfTree { index, size } => {
                write!(f, "There is no leaf {index} in a tree of {size}: they are counted from 0.")
            }
            Self::Length { expected, found } => {
                write!(f, "The proof has {found} hashes, and for this place and size there are {expected}.")
            }
            Self::Sizes { first, second } => {
                write!(
                    f,
                    "There is no proof from a tree of {first} leaves to one of {second}: it goes from 1 or more to at least as many."
                )
            }
            Self::Root => f.write_str("The hashes do not lead to the root that is stated."),
            Self::FirstRoot => {
                f.write_str("The hashes do not lead to the root that is stated of the smaller tree.")
            }
        }
    }
}

/// One step from a leaf towards the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The hash that comes from the proof.
    pub sibling: Hash,
    /// The leaves that it stands for.
    pub beside: Range,
    /// Whether it stands to the left.
    pub is_left: bool,
    /// What both make together.
    pub node: Hash,
    /// The leaves that this stands for.
    pub over: Range,
}

/// The hashes that prove that leaf `index` is in the tree of the first `size` leaves, from the leaf's sibling upwards.
/// None where the tree has no such leaf, or a node is not known.
pub fn inclusion(nodes: &(impl Nodes + ?Sized), index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let beside = siblings(index, size);
    beside.iter().rev().map(|(beside, _)| nodes.root_of(*beside)).collect()
}

/// From the root down to a leaf, at each fork the range that the leaf is not in, and the range that forks.
fn siblings(index: u64, size: u64) -> Vec<(Range, Range)> {
    let mut siblings = Vec::new();
    let mut range = Range { from: 0, to: size };
    while let Some((left, right)) = range.split() {
        let (own, beside) = if index < right.from { (left, right) } else { (right, left) };
        siblings.push((beside, range));
        range = own;
    }
    siblings
}

/// The way from a leaf to the root that a proof leads to, step by step.
///
/// # Errors
/// [`Fault::OutOfTree`] and [`Fault::Length`].
pub fn climb(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Result<Vec<Climb>, Fault> {
    if index >= size {
        return Err(Fault::OutOfTree { index, size });
    }
    let siblings = siblings(index, size);
    if siblings.len() != proof.len() {
        return Err(Fault::Length { expected: siblings.len(), found: proof.len() });
    }
    let mut node = leaf;
    let steps = siblings.into_iter().rev().zip(proof).map(|((beside, over), sibling)| {
        let is_left = beside.from < index;
        node = if is_left { node_hash(sibling, &node) } else { node_hash(&node, sibling) };
        Climb { sibling: *sibling, beside, is_left, node, over }
    });
    Ok(steps.collect())
}

/// Whether a proof shows that the leaf with this hash stands at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// Why it does not.
pub fn verify_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash], root: &Hash) -> Result<(), Fault> {
    let steps = climb(index, size, leaf, proof)?;
    let reached = steps.last().map_or(leaf, |step| step.node);
    if reached == *root { Ok(()) } else { Err(Fault::Root) }
}

/// The hashes that prove that the tree of the first `second` leaves continues that of the first `first`. None where the
/// sizes are not such a pair, or a node is not known.
pub fn consistency(nodes: &(impl Nodes + ?Sized), first: u64, second: u64) -> Option<Vec<Hash>> {
    if first == 0 || first > second {
        return None;
    }
    let ranges = between(first, second);
    ranges.into_iter().map(|range| nodes.root_of(range)).collect()
}

/// What a consistency proof consists of, in its order (PROOF of RFC 6962).
fn between(first: u64, second: u64) -> Vec<Range> {
    let mut ranges = Vec::new();
    let mut range = Range { from: 0, to: second };
    while range.to != first
        && let Some((left, right)) = range.split()
    {
        let (own, other) = if first <= left.to { (left, right) } else { (right, left) };
        ranges.push(other);
        range = own;
    }
    // The smaller tree itself is known to who asks.
    if range.from != 0 {
        ranges.push(range);
    }
    ranges.reverse();
    ranges
}

/// Whether a proof shows that the tree of `second` leaves with this root continues that of `first` leaves with that one.
///
/// # Errors
/// Why it does not.
pub fn verify_consistency(
    first: u64,
    second: u64,
    first_root: &Hash,
    second_root: &Hash,
    proof: &[Hash],
) -> Result<(), Fault> {
    if first == 0 || first > second {
        return Err(Fault::Sizes { first, second });
    }
    let ranges = between(first, second);
    if ranges.len() != proof.len() {
        return Err(Fault::Length { expected: ranges.len(), found: proof.len() });
    }
    // The first hash is of a range that ends where the smaller tree does; where that is the whole smaller tree, it is
    // known and not part of the proof.
    let known = ranges.first().is_some_and(|range| range.to == first);
    let (mut old, mut new, rest) = match proof.split_first() {
        Some((start, rest)) if known => (*start, *start, rest),
        _ => (*first_root, *first_root, proof),
    };
    for (range, hash) in ranges.iter().skip(usize::from(known)).zip(rest) {
        if range.to <= first {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
        } else {
            new = node_hash(&new, hash);
        }
    }
    if old != *first_root {
        return Err(Fault::FirstRoot);
    }
    if new == *second_root { Ok(()) } else { Err(Fault::Root) }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Tree, leaf_hash};
    use super::*;

    fn leaves(n: u32) -> Vec<Hash> {
        (0..n).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        leaves.iter().copied().collect::<Tree>().root()
    }

    #[test]
    fn every_leaf_of_every_size_is_proven_and_only_at_its_place() {
        let all = leaves(40);
        for size in 1..=all.len() {
            let leaves = &all[..size];
            let root = root(leaves);
            for index in 0..size as u64 {
                let leaf = leaves[index as usize];
                let proof = inclusion(leaves, index, size as u64).unwrap();
                assert_eq!(verify_inclusion(index, size as u64, leaf, &proof, &root), Ok(()));
                for other in (0..size as u64).filter(|other| *other != index) {
                    assert!(verify_inclusion(other, size as u64, leaf, &proof, &root).is_err());
                }
                for n in 0..proof.len() {
                    let mut altered = proof.clone();
                    altered[n][7] ^= 1;
                    assert_eq!(verify_inclusion(index, size as u64, leaf, &altered, &root), Err(Fault::Root));
                }
            }
        }
    }

    #[test]
    fn every_growth_is_proven_and_no_other() {
        let all = leaves(40);
        let mut forked = all.clone();
        forked[3] = leaf_hash(b"another");
        for second in 1..=all.len() {
            for first in 1..=second {
                let (m, n) = (first as u64, second as u64);
                let proof = consistency(&all[..second], m, n).unwrap();
                let roots = (root(&all[..first]), root(&all[..second]));
                assert_eq!(verify_consistency(m, n, &roots.0, &roots.1, &proof), Ok(()), "{m} to {n}");
                if first > 3 {
                    let other = root(&forked[..second]);
                    assert!(verify_consistency(m, n, &roots.0, &other, &proof).is_err(), "{m} to {n}");
                    let own = consistency(&forked[..second], m, n).unwrap();
                    assert!(verify_consistency(m, n, &roots.0, &other, &own).is_err(), "{m} to {n}");
                }
                let longer = [proof.as_slice(), &[roots.0]].concat();
                assert!(matches!(
                    verify_consistency(m, n, &roots.0, &roots.1, &longer),
                    Err(Fault::Length { .. })
                ));
            }
        }
    }

    #[test]
    fn what_can_not_be_asked_is_said() {
        let leaves = leaves(4);
        assert_eq!(inclusion(leaves.as_slice(), 4, 4), None);
        assert_eq!(inclusion(leaves.as_slice(), 2, 5), None, "the fifth leaf is not known");
        assert_eq!(consistency(leaves.as_slice(), 0, 4), None);
        let root = root(&leaves);
        let sizes = |first, second| Err(Fault::Sizes { first, second });
        assert_eq!(verify_consistency(0, 4, &root, &root, &[]), sizes(0, 4));
        assert_eq!(verify_consistency(5, 4, &root, &root, &[]), sizes(5, 4));
        assert_eq!(verify_consistency(4, 4, &root, &root, &[]), Ok(()));
        let huge = 1 << 63;
        assert!(matches!(
            verify_inclusion(huge, u64::MAX, root, &[], &root),
            Err(Fault::Length { expected: 63 | 64, found: 0 })
        ));
        assert!(matches!(verify_consistency(huge, u64::MAX, &root, &root, &[]), Err(Fault::Length { .. })));
    }

    #[test]
    fn the_steps_of_a_proof_name_what_they_stand_for() {
        let leaves = leaves(7);
        let proof = inclusion(leaves.as_slice(), 4, 7).unwrap();
        let steps = climb(4, 7, leaves[4], &proof).unwrap();
        let ranges: Vec<_> = steps.iter().map(|s| (s.beside.from, s.beside.to, s.is_left)).collect();
        assert_eq!(ranges, [(5, 6, false), (6, 7, false), (0, 4, true)]);
        assert_eq!(steps.last().unwrap().over, Range { from: 0, to: 7 });
        assert_eq!(steps.last().unwrap().node, root(&leaves));
    }
}
