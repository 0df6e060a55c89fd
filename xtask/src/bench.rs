//! The benchmarks, natively and as WebAssembly in Chromium.

use crate::page::PROFILE;
use crate::tools::WASM;
use crate::{chromium, corpus, root, sh, tools};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The benchmarks; each prints its own table.
const BENCHES: [&str; 8] =
    ["--bench", "pipeline", "--bench", "validation", "--bench", "mapping", "--bench", "evidence"];
/// The largest example that is packed: the benchmark in the browser carries all of them.
const LARGEST: usize = 200_000;

/// Runs the benchmarks in both worlds.
///
/// # Errors
/// Where something that is needed can't be had, or a benchmark fails.
pub fn command() -> Result<()> {
    let runner = tools::test_runner()?;
    let chromium = chromium::ensure()?;
    let packed = pack()?;
    let with_corpus = |command: &mut Command| {
        if let Some(packed) = &packed {
            command.args(["--features", "bench-corpus"]).env("AIRLOCK_BENCH_CORPUS", packed);
        }
    };
    sh::say("Timing natively (some minutes to compile the first time)");
    let mut native = sh::cargo(["bench"]);
    with_corpus(native.args(BENCHES));
    sh::run(&mut native)?;
    sh::say("Timing in WebAssembly, in Chromium (some minutes to compile the first time)");
    // `cargo bench` would have the runner look for benchmarks of its own kind.
    let mut command = sh::cargo(["test", "--profile", PROFILE, "--target", WASM]);
    with_corpus(command.args(BENCHES));
    in_chromium(&mut command, &runner, &chromium.driver);
    // The runner keeps what a passing test prints to itself, unless told not to.
    command.args(["--", "--nocapture"]);
    sh::run(&mut command)
}

/// Packs HL7's examples and a Synthea Bundle into one file, where the corpus is there: a benchmark in a browser can't
/// read folders.
fn pack() -> Result<Option<PathBuf>> {
    let corpus = corpus();
    let examples = corpus.join("hl7-r4-examples");
    if !examples.is_dir() {
        sh::say("No corpus: the scenarios' data alone is validated");
        return Ok(None);
    }
    let mut sets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let texts_of_examples = texts(&examples)?.into_iter().filter(|text| text.len() <= LARGEST);
    sets.insert("HL7's examples", texts_of_examples.collect());
    let bundles = texts(&corpus.join("synthea"))?;
    sets.insert("a Synthea Bundle", bundles.into_iter().min_by_key(String::len).into_iter().collect());
    let packed = root().join("target/bench-corpus.json");
    std::fs::write(&packed, serde_json::to_vec(&sets)?).context("packing the corpus")?;
    Ok(Some(packed))
}

/// The JSON files of a folder, as texts, by name.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let mut files = crate::page::files(folder)?;
    files.sort();
    let json = files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "json"));
    json.map(|file| std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display())))
        .collect()
}

/// Makes cargo run what it compiles for WebAssembly in a headless Chromium (`webdriver.json` has its flags).
pub fn in_chromium(command: &mut Command, runner: &Path, driver: &Path) {
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    command.env("CHROMEDRIVER", driver);
    // Seconds for a whole file of tests; the default of 20 is short for a slow machine.
    command.env("WASM_BINDGEN_TEST_TIMEOUT", "900");
}
