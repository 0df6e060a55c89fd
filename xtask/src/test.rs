//! `cargo xtask test`: everything that has to hold.
//!
//! A step that does not run its tests, for whatever reason, has failed. A test that can't be done where it runs is
//! counted and named as skipped: nothing passes by being skipped.

use crate::page::{self, Optimise};
use crate::skip::MARK;
use crate::tools::{self, WASM};
use crate::{bench, chromium, root, sh, size};
use anyhow::{Context, Result, anyhow, bail};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// The folder of the built page, for the browser tests.
pub const DIST_VARIABLE: &str = "AIRLOCK_DIST";

/// Tests that a child process reported.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    /// Those that were skipped, each as `name: why`.
    skipped: Vec<String>,
    /// Of those, how many the harness takes for passed, until its result comes.
    open: u64,
}

impl Count {
    fn failed(failed: u64) -> Self {
        Self { failed, ..Self::default() }
    }

    /// Takes up a line of a test's output: `test result: ok. 3 passed; 0 failed; …`, or that a test is skipped.
    fn read(&mut self, line: &str) {
        // With one thread, the name of the running test stands before what the test says itself.
        if let Some((_, skipped)) = line.split_once(MARK) {
            self.skipped.push(skipped.to_owned());
            self.open += 1;
        } else if let Some((name, why)) =
            line.strip_prefix("test ").and_then(|l| l.split_once(" ... ignored"))
        {
            let why = why.trim_start_matches([',', ' ']);
            self.skipped.push(format!("{name}: {}", if why.is_empty() { "ignored" } else { why }));
        } else if let Some((_, result)) = line.split_once("test result: ") {
            let number = |word: &str| {
                let (before, _) = result.split_once(word)?;
                before.split_whitespace().next_back()?.parse::<u64>().ok()
            };
            self.passed += number(" passed").unwrap_or(0).saturating_sub(std::mem::take(&mut self.open));
            self.failed += number(" failed").unwrap_or(0);
        }
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped.len())
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
            Ok(count) if count.passed == 0 && count.skipped.is_empty() => {
                (Count::failed(1), ": no test ran".to_owned())
            }
            Ok(count) => (count, String::new()),
            Err(error) => (Count::failed(1), format!(": {error:#}")),
        };
        let good = count.failed == 0;
        let word = if good { "ok    " } else { "FAILED" };
        let line = format!("{word} {name} ({seconds:.1} s): {count}{note}");
        eprintln!("{line}");
        self.lines.push(line);
        self.total.add(count);
        good
    }

    /// A step that is one check.
    fn check(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        self.step(name, || step().map(|()| Count { passed: 1, ..Count::default() }))
    }
}

/// Runs everything, reports it, names what was skipped and why, and closes with `N passed, N failed, N skipped`.
pub fn command() -> ExitCode {
    let start = Instant::now();
    let mut report = Report::default();
    all(&mut report);
    println!("\nIn {:.0} s:", start.elapsed().as_secs_f64());
    for line in &report.lines {
        println!("{line}");
    }
    for skipped in &report.total.skipped {
        println!("skipped {skipped}");
    }
    println!("{}", report.total);
    match report.total {
        Count { passed: 1.., failed: 0, .. } => ExitCode::SUCCESS,
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
        assert_eq!(count, Count { passed: 5, failed: 4, ..Count::default() });
    }

    #[test]
    fn what_is_skipped_is_taken_off_what_passed_and_named() {
        let mut count = Count::default();
        count.read("test a ... ok");
        count.read(&format!("{MARK}b: the corpus has no synthea"));
        // Beside what the harness writes itself.
        count.read(&format!("test c ... {MARK}tests/c.rs:3:5: there is no python3"));
        count.read("test d ... ignored");
        count.read("test e ... ignored, takes minutes");
        count.read("test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out");
        let skipped = [
            "b: the corpus has no synthea",
            "tests/c.rs:3:5: there is no python3",
            "d: ignored",
            "e: takes minutes",
        ];
        assert_eq!(count.skipped, skipped);
        // The next file of tests has none of those.
        count.read("test result: ok. 4 passed; 0 failed; 0 ignored");
        assert_eq!(count.to_string(), "5 passed, 0 failed, 4 skipped");

        let mut report = Report::default();
        assert!(report.step("some", || Ok(count)));
        assert!(report.step("skipped as a whole", || {
            let mut count = Count::default();
            count.read(&format!("{MARK}f: there is no python3"));
            count.read("test result: ok. 1 passed; 0 failed; 0 ignored");
            Ok(count)
        }));
        assert!(!report.step("nothing ran", || Ok(Count::default())));
        assert!(!report.step("in error", || bail!("it does not compile")));
        assert!(report.check("a check", || Ok(())));
        assert_eq!(report.total.to_string(), "6 passed, 2 failed, 5 skipped");
    }

    /// What the mark is written past: the harness keeps what a passing test prints, and shows what is written directly.
    /// The test runs itself, once more, and is skipped then.
    #[test]
    fn a_skipped_test_is_seen_through_the_harness() {
        const WITHIN: &str = "AIRLOCK_TEST_WITHIN";
        if std::env::var_os(WITHIN).is_some() {
            return crate::skip::skipped("asked to");
        }
        for threads in ["1", "2"] {
            let own = "test::tests::a_skipped_test_is_seen_through_the_harness";
            let mut test = Command::new(std::env::current_exe().unwrap());
            test.args([own, "--exact", "--test-threads", threads]).env(WITHIN, "1");
            let mut count = Count::default();
            sh::output(&mut test).unwrap().lines().for_each(|line| count.read(line));
            assert_eq!(count.to_string(), "0 passed, 0 failed, 1 skipped");
            assert!(count.skipped[0].ends_with(": asked to"), "{count:?}");
        }
    }
}
