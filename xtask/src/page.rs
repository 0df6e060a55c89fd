//! The release page: what `dist/` is built from, and when it has to be built again.

pub use crate::tools::Optimise;
use crate::tools::Tools;
use crate::{root, sh};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// What the page is built from. A change of any of these builds it again.
const INPUTS: [&str; 9] = [
    "src",
    "style",
    "public",
    "fixtures",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
];

/// Cargo's profile for what runs in the browser.
pub const PROFILE: &str = "page";

/// The folder that the page is left in.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Leaves the release page in `dist/`, and gives that folder. Skips Trunk where nothing has changed.
pub fn build(optimise: Optimise) -> Result<PathBuf> {
    // Two builds at once would write the same `dist/`.
    let _lock = lock()?;
    let tools = Tools::for_page(optimise)?;
    let build_id = build_id();
    let inputs = inputs(&tools, &build_id)?;
    let stamp = root().join("target/xtask/page.stamp");
    let last = fs::read_to_string(&stamp).unwrap_or_default();
    if stamped(inputs)? == last {
        sh::say("The page in dist/ is up to date");
        return Ok(dist());
    }
    sh::say(
        "Building the release page into dist/ (2 to 5 minutes the first time, less than one after a change)",
    );
    let start = Instant::now();
    // Trunk is offline: it must find every dependency in place.
    sh::run(&mut sh::cargo(["fetch", "--quiet"]))?;
    let mut trunk = Command::new(tools.trunk());
    trunk.arg("build").current_dir(root()).env("PATH", tools.path()?).env("AIRLOCK_BUILD", &build_id);
    trunk.args(["--cargo-profile", PROFILE]);
    // For Trunk that means: run wasm-opt.
    if tools.wasm_opt.is_some() {
        trunk.args(["--release", "true"]);
    }
    // The compiler has said what was wrong; a backtrace of Trunk adds nothing.
    trunk.env("RUST_BACKTRACE", "0");
    // Trunk refuses NO_COLOR=1, which wants to be a boolean for it.
    trunk.env_remove("NO_COLOR");
    sh::run(&mut trunk)?;
    fs::create_dir_all(root().join("target/xtask"))?;
    fs::write(&stamp, stamped(inputs)?).context("writing the page's stamp")?;
    sh::say(format!("Built dist/ in {:.0} s", start.elapsed().as_secs_f64()));
    Ok(dist())
}

/// The build id that the page shows: the commit, marked when the tree differs from it; `dev` outside of git.
fn build_id() -> String {
    let git = |args: &[&str]| sh::output(Command::new("git").args(args).current_dir(root()));
    let Ok(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "dev".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=normal"]) {
        Ok(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+"),
    }
}

/// One number over everything that the page is built from.
fn inputs(tools: &Tools, build_id: &str) -> Result<u64> {
    let mut hash = DefaultHasher::new();
    for input in INPUTS {
        hash_tree(&mut hash, &root(), &root().join(input))?;
    }
    for text in [build_id, &sh::output(Command::new("rustc").arg("--version"))?] {
        hash_field(&mut hash, text.as_bytes());
    }
    for path in [tools.wasm_opt.clone(), Some(tools.trunk())] {
        hash_field(&mut hash, path.unwrap_or_default().to_string_lossy().as_bytes());
    }
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        hash_field(&mut hash, std::env::var_os(name).unwrap_or_default().to_string_lossy().as_bytes());
    }
    Ok(hash.finish())
}

/// What the stamp says when `dist/`, as it is now, was built from these inputs.
fn stamped(inputs: u64) -> Result<String> {
    let mut hash = DefaultHasher::new();
    hash_tree(&mut hash, &dist(), &dist())?;
    Ok(format!("inputs {inputs:016x} dist {:016x}\n", hash.finish()))
}

fn hash_tree(hash: &mut DefaultHasher, base: &Path, path: &Path) -> Result<()> {
    for file in files(path)? {
        let name = file.strip_prefix(base).unwrap_or(&file).to_string_lossy().into_owned();
        hash_field(hash, name.as_bytes());
        hash_field(hash, &fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
    }
    Ok(())
}

/// A length before each field, so that no two lists of fields hash alike.
fn hash_field(hash: &mut DefaultHasher, field: &[u8]) {
    hash.write_usize(field.len());
    hash.write(field);
}

/// Every file at or below a path, sorted; none where nothing is there.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
            found.extend(files(&entry?.path())?);
        }
    }
    found.sort();
    Ok(found)
}

fn lock() -> Result<File> {
    let folder = root().join("target/xtask");
    fs::create_dir_all(&folder)?;
    let file = File::create(folder.join("page.lock")).context("creating target/xtask/page.lock")?;
    if file.try_lock().is_err() {
        sh::say("Another build of the page is under way: waiting for it");
        if let Err(error) = file.lock() {
            bail!("target/xtask/page.lock can't be locked: {error}");
        }
    }
    Ok(file)
}
