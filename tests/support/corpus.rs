//! The corpus of published material. It is not part of the project; where it is not there, tests that need it are
//! skipped.

use super::skip;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder of the corpus: below `AIRLOCK_CORPUS`, or `../shared/corpus` beside the package. Where it is not there, the
/// running test is skipped.
#[track_caller]
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("AIRLOCK_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
    };
    skip::folder(&root, name)
}

/// The `.json` files in a folder and below it, by name. Says how many, and fails where there are fewer than `least`.
pub fn json_files(folder: &Path, least: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    println!("{} files in {}", files.len(), folder.display());
    assert!(files.len() >= least, "{} files in {}, and not {least}", files.len(), folder.display());
    files
}

/// A file as JSON.
pub fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("a readable file");
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Bytes from hexadecimal digits.
pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}
