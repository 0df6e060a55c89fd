//! Airlock's automation. `cargo xtask help` lists what it does.
//!
//! Everything the page's build needs is installed at a pinned version below `target/tools`, never globally.

pub mod bench;
pub mod chromium;
pub mod page;
pub mod serve;
pub mod sh;
pub mod size;
pub mod system;
pub mod test;
pub mod tools;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
