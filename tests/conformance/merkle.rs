//! RFC 6962, by the reference tree of transparency-dev/merkle.

use crate::support::corpus;
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
