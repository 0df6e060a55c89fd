//! `cargo xtask test`: everything that has to hold.
//!
//! A step that does not run its tests, for whatever reason, has failed: nothing passes by being skipped.

use crate::page::{self, Optimise};
use crate::tools::{self, WASM};
use crate::{bench, chromium, root, sh, size};
use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// The folder of the built page, for the browser tests.
pub const DIST_VARIABLE: &str = "AIRLOCK_DIST";

/// Tests that a child process reported.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

impl Count {
    /// Takes up a line of the form `test result: ok. 3 passed; 0 failed; …`.
    fn read(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        let number = |word: &str| {
            let (before, _) = result.split_once(word)?;
            before.split_whitespace().next_back()?.parse::<u64>().ok()
        };
        self.passed += number(" passed").unwrap_or(0);
        self.failed += number(" failed").unwrap_or(0);
    }
}

#[derive(Default)]
struct Report {
    total: Count,
    lines: Vec<String>,
}

impl Report {
    /// Runs a step, which counts its own tests, and says how it went.
    fn step(&mut self, name: &str, step: impl FnOnce() -> Result<Count>) -> bool {
        eprintln!();
        sh::say(name);
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f64();
        let (count, note) = match result {
            Ok(count) if count.failed > 0 => (count, String::new()),
            Ok(count) if count.passed == 0 => (Count { failed: 1, ..count }, ": no test ran".to_owned()),
            Ok(count) => (count, String::new()),
            Err(error) => (Count { failed: 1, ..Count::default() }, format!(": {error:#}")),
        };
        self.total.passed += count.passed;
        self.total.failed += count.failed;
        let word = if count.failed == 0 { "ok    " } else { "FAILED" };
        let line =
            format!("{word} {name} ({seconds:.1} s): {} passed, {} failed{note}", count.passed, count.failed);
        eprintln!("{line}");
        self.lines.push(line);
        count.failed == 0
    }

    /// A step that is one check.
    fn check(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        self.step(name, || step().map(|()| Count { passed: 1, failed: 0 }))
    }
}

/// Runs everything, reports it, and closes with `N passed, N failed`.
pub fn command() -> ExitCode {
    let start = Instant::now();
    let mut report = Report::default();
    all(&mut report);
    println!("\nIn {:.0} s:", start.elapsed().as_secs_f64());
    for line in &report.lines {
        println!("{line}");
    }
    println!("{} passed, {} failed", report.total.passed, report.total.failed);
    match report.total {
        Count { passed: 1.., failed: 0 } => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn all(report: &mut Report) {
    report.check("Format", || {
        tools::component("rustfmt", "rustfmt")?;
        sh::run(&mut sh::cargo(["fmt", "--all", "--check"]))
    });
    report.check("Clippy, natively", || {
        tools::component("clippy", "cargo-clippy")?;
        sh::run(&mut sh::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    report.check("Clippy, for WebAssembly", || {
        tools::test_runner()?;
        let mut clippy = sh::cargo(["clippy", "--target", WASM, "--lib", "--bin", "airlock-page"]);
        clippy.args(wasm_tests()?.into_iter().filter(|arg| arg != "--lib"));
        sh::run(clippy.args(["--", "-D", "warnings"]))
    });
    report.check("Documentation, natively", || {
        sh::run(sh::cargo(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    report.check("Documentation, for WebAssembly", || {
        sh::run(sh::cargo(["doc", "--no-deps", "--lib", "--target", WASM]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    report.step("Native tests (unit, scenario, conformance, compile-fail, documentation)", || {
        let args = ["test", "--workspace", "--exclude", "airlock-browser-tests", "--no-fail-fast"];
        counted(&mut sh::cargo(args))
    });
    report.step("The engine's tests in WebAssembly, in Chromium", || {
        let args = wasm_tests()?;
        if args.is_empty() {
            bail!("no file below src/ or tests/ has a wasm_bindgen_test");
        }
        let runner = tools::test_runner()?;
        let chromium = chromium::ensure()?;
        let mut test = sh::cargo(["test", "--target", WASM, "--no-fail-fast"]);
        bench::in_chromium(test.args(args), &runner, &chromium.driver);
        counted(&mut test)
    });
    let built =
        report.check("The release page", || page::build(Optimise::RequiredWithSystemPackages).map(drop));
    let page = || match built {
        true => Ok(page::dist()),
        false => Err(anyhow!("there is no release page to look at")),
    };
    report.step("Browser tests of the release page, in Chromium", || {
        let dist = page()?;
        let chromium = chromium::ensure()?;
        let mut test = sh::cargo(["test", "--package", "airlock-browser-tests", "--no-fail-fast"]);
        // A failed step says what it waited for; where in the harness it did so is of no interest.
        test.env("RUST_LIB_BACKTRACE", "0");
        test.env(DIST_VARIABLE, dist).env("CHROMEDRIVER", &chromium.driver);
        counted(&mut test)
    });
    report.check("Size budget", || size::check(&page()?));
}

/// Runs a test command and counts what it reports. A command that failed without a failed test, as when it does not
/// compile, counts as one.
fn counted(command: &mut Command) -> Result<Count> {
    let mut count = Count::default();
    let status = sh::stream(command, |line| count.read(line))?;
    if !status.success() && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

/// Cargo's arguments for the tests that also run as WebAssembly: those that speak of `wasm_bindgen_test`.
fn wasm_tests() -> Result<Vec<String>> {
    let mut args = Vec::new();
    for file in page::files(&root().join("src"))? {
        if speaks_of_wasm(&file)? {
            args.push("--lib".to_owned());
            break;
        }
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(root().join("tests")).context("reading tests/")? {
        entries.push(entry?.path());
    }
    entries.sort();
    for entry in entries {
        // A test is a file, or a folder with a `main.rs`; a folder with a package of its own is neither.
        let is_folder = entry.join("main.rs").is_file();
        if !is_folder && entry.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let mut speaks = false;
        for file in page::files(&entry)? {
            speaks |= speaks_of_wasm(&file)?;
        }
        if let (true, Some(name)) = (speaks, entry.file_stem().and_then(|name| name.to_str())) {
            args.extend(["--test".to_owned(), name.to_owned()]);
        }
    }
    Ok(args)
}

fn speaks_of_wasm(file: &Path) -> Result<bool> {
    if file.extension().is_none_or(|extension| extension != "rs") {
        return Ok(false);
    }
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.contains("wasm_bindgen_test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut count = Count::default();
        count.read(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        count.read("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 filtered out");
        count.read("test a_test_result ... ok");
        assert_eq!(count, Count { passed: 5, failed: 4 });
    }
}
