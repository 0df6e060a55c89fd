//! The benchmark of the pipeline, natively and as WebAssembly in Chromium.

use crate::page::PROFILE;
use crate::tools::WASM;
use crate::{chromium, sh, tools};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Runs `benches/pipeline.rs` in both worlds; it prints its own tables.
pub fn command() -> Result<()> {
    let runner = tools::test_runner()?;
    let chromium = chromium::ensure()?;
    sh::say("Timing the pipeline natively (some minutes to compile the first time)");
    sh::run(&mut sh::cargo(["bench", "--bench", "pipeline"]))?;
    sh::say("Timing the pipeline in WebAssembly, in Chromium (some minutes to compile the first time)");
    // `cargo bench` would have the runner look for benchmarks of its own kind.
    let mut command = sh::cargo(["test", "--profile", PROFILE, "--bench", "pipeline", "--target", WASM]);
    in_chromium(&mut command, &runner, &chromium.driver);
    // The runner keeps what a passing test prints to itself, unless told not to.
    command.args(["--", "--nocapture"]);
    sh::run(&mut command)
}

/// Makes cargo run what it compiles for WebAssembly in a headless Chromium (`webdriver.json` has its flags).
pub fn in_chromium(command: &mut Command, runner: &Path, driver: &Path) {
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    command.env("CHROMEDRIVER", driver);
    // Seconds for a whole file of tests; the default of 20 is short for a slow machine.
    command.env("WASM_BINDGEN_TEST_TIMEOUT", "900");
}
