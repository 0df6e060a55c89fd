//! Airlock's automation. `cargo xtask help` lists what it does.
//!
//! Everything the page's build needs is installed at a pinned version below `target/tools`, never globally.

pub mod bench;
pub mod chromium;
pub mod definitions;
pub mod page;
pub mod schemas;
pub mod serve;
pub mod sh;
pub mod size;
#[path = "../../tests/support/skip.rs"]
pub mod skip;
pub mod system;
pub mod test;
pub mod tools;

use std::path::{Path, PathBuf};

/// Where the corpus of published material is, or would be: `AIRLOCK_CORPUS`, or `../shared/corpus` beside the package.
pub fn corpus() -> PathBuf {
    let named = std::env::var_os("AIRLOCK_CORPUS").map(PathBuf::from);
    named.unwrap_or_else(|| root().join("../shared/corpus"))
}

/// The repository's root.
///
/// By the folder that cargo runs in rather than by the one it compiled in: clones may share a target folder.
pub fn root() -> PathBuf {
    let compiled = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let running = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let is_root = |folder: &&Path| folder.join("xtask/Cargo.toml").is_file();
    let found = running.iter().chain([&compiled]).find_map(|folder| folder.ancestors().find(is_root));
    found.unwrap_or(&compiled).to_path_buf()
}
