//! RFC 6962, by the reference tree and the proofs of transparency-dev/merkle.

use crate::support::corpus;
use airlock::api::{ProofKind, check_proof};
use airlock::engine::audit::{Hash, Tree, hex, leaf_hash};
use serde_json::Value;

fn root(leaves: &[Hash]) -> String {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    assert_eq!(tree.size(), leaves.len() as u64);
    hex(&tree.root())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn the_reference_tree_has_the_published_hash_at_every_node_and_size() {
    let Some(folder) = corpus::folder("merkle") else { return };
    let reference = corpus::json(&folder.join("rfc6962-reference-tree.json"));
    let leaves: Vec<Hash> = texts(&reference["leaf_inputs_hex"])
        .into_iter()
        .map(|input| {
            let bytes: Vec<u8> = (0..input.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&input[at..at + 2], 16).unwrap())
                .collect();
            leaf_hash(&bytes)
        })
        .collect();
    assert_eq!(leaves.len(), 8);

    // Every node is the root of the leaves below it.
    let levels = reference["node_hashes_hex_by_level"].as_array().unwrap();
    assert_eq!(levels.len(), 4);
    for (level, nodes) in levels.iter().enumerate() {
        let nodes = texts(nodes);
        let own: Vec<String> = leaves.chunks(1 << level).map(root).collect();
        assert_eq!(own, nodes, "level {level}");
    }
    let sizes = texts(&reference["root_hashes_hex_by_size"]);
    assert_eq!(sizes.len(), 9);
    for (size, expected) in sizes.into_iter().enumerate() {
        assert_eq!(root(&leaves[..size]), expected, "size {size}");
    }
}

/// Where contracts differ, the published cases settle it: an empty tree is continued by any, so that there is nothing to
/// prove and such a proof is refused (RFC 9162, section 2.1.4.2, asks for 0 < first); a hash of another length than
/// SHA-256's is no hash; two equal sizes need no hashes and equal roots; `null` is a proof without hashes; a place may be
/// any number below 2^64, and is compared digit for digit.
#[test]
fn each_published_proof_is_judged_as_its_authors_do() {
    let Some(folder) = corpus::folder("merkle") else { return };
    for (kind, name) in [(ProofKind::Inclusion, "inclusion"), (ProofKind::Consistency, "consistency")] {
        let files = corpus::json_files(&folder.join(name), 47);
        let mut codes = std::collections::BTreeSet::new();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let wrong = corpus::json(&file)["wantErr"].as_bool().unwrap();
            let report = check_proof(kind, &text).unwrap();
            assert_eq!(report.valid, !wrong, "{}: {report:?}", file.display());
            assert_eq!(report.valid, report.code.is_none());
            codes.extend(report.code);
        }
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let expected: &[&str] = match kind {
            ProofKind::Inclusion => &["proof.hash-length", "proof.length", "proof.out-of-tree", "proof.root"],
            ProofKind::Consistency => {
                &["proof.first-root", "proof.hash-length", "proof.length", "proof.root", "proof.sizes"]
            }
        };
        assert_eq!(codes, expected);
    }
}
