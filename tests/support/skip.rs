//! A test that can't be done where it runs, for want of data or of a program, is skipped: said, counted, never passed.

use std::io::Write as _;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// What a line says a skipped test with, before its name, a colon and why.
pub const MARK: &str = "test skipped: ";

/// Says that the running test is skipped, and why. The test has to end then, having done nothing.
///
/// `cargo xtask test` counts these lines and takes them off what passed. They go past the test harness, which keeps
/// what a passing test prints to itself, so that `cargo test` shows them too.
#[track_caller]
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    // With one thread for all tests, the harness runs them on its own.
    let name = thread
        .name()
        .filter(|name| *name != "main")
        .map_or_else(|| Location::caller().to_string(), str::to_owned);
    let line = format!("{MARK}{name}: {why}\n");
    assert!(std::io::stdout().write_all(line.as_bytes()).is_ok(), "{line} can not be said");
}

/// A folder of a corpus; where it is not there, the running test is skipped.
#[track_caller]
pub fn folder(corpus: &Path, name: &str) -> Option<PathBuf> {
    let folder = corpus.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(&format!("the corpus has no {name}"));
    None
}
