//! The tools of the page's build, each at a pinned version, below `target/tools`.
//!
//! Trunk takes its helpers from `PATH`; [`Tools::path`] puts ours first, and `Trunk.toml` keeps it from downloading.

use crate::{root, sh, system};
use anyhow::{Context, Result, anyhow, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that the page is compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The last Trunk that builds with the project's Rust.
const TRUNK: &str = "0.21.14";
/// The crate that carries Binaryen's `wasm-opt`, where npm is not at hand.
const WASM_OPT_CRATE: &str = "0.116.1";
/// What that crate's `wasm-opt` says its version is.
const WASM_OPT_CRATE_SAYS: &str = "wasm-opt version 116";
/// What the `wasm-opt` of the npm package pinned in `xtask/binaryen` says its version is.
const WASM_OPT_NPM_SAYS: &str = "wasm-opt version 132";

/// The installed tools.
#[derive(Debug)]
pub struct Tools {
    /// Where `wasm-opt` is; `None` where it could not be had and was not required.
    pub wasm_opt: Option<PathBuf>,
    bin: PathBuf,
}

/// What to do about a `wasm-opt` that can't be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimise {
    /// Fail, saying what to install.
    Required,
    /// As `Required`, after trying to install a C++ compiler as a system package.
    RequiredWithSystemPackages,
    /// Go on without, and say so.
    IfPossible,
}

impl Tools {
    /// Installs what is missing for the page's build.
    pub fn for_page(optimise: Optimise) -> Result<Self> {
        wasm_target()?;
        trunk()?;
        wasm_bindgen()?;
        let wasm_opt = match (wasm_opt(optimise), optimise) {
            (Ok(path), _) => Some(path),
            (Err(error), Optimise::IfPossible) => {
                sh::say(format!(
                    "Going on without wasm-opt: the page works all the same, and is somewhat larger. {error:#}"
                ));
                None
            }
            (Err(error), _) => return Err(error),
        };
        Ok(Self { wasm_opt, bin: bin() })
    }

    /// `PATH` with the pinned tools first.
    pub fn path(&self) -> Result<OsString> {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let optimiser = self.wasm_opt.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let dirs = optimiser.into_iter().chain([self.bin.clone()]).chain(std::env::split_paths(&old));
        std::env::join_paths(dirs).context("a folder on PATH can't be written into PATH")
    }

    /// The pinned Trunk.
    pub fn trunk(&self) -> PathBuf {
        self.bin.join("trunk")
    }
}

/// Installs what is missing for running WebAssembly in Chromium, and gives the test runner.
pub fn test_runner() -> Result<PathBuf> {
    wasm_target()?;
    wasm_bindgen()?;
    Ok(bin().join("wasm-bindgen-test-runner"))
}

/// Adds toolchain components (`rustfmt`, `clippy`) where they are missing.
pub fn component(name: &str, program: &str) -> Result<()> {
    if sh::exists(program) {
        return Ok(());
    }
    sh::say(format!("Adding the Rust component {name} (seconds)"));
    sh::run(Command::new("rustup").args(["component", "add", name]))
        .with_context(|| format!("{name} is missing: install it for this Rust toolchain"))
}

fn tools() -> PathBuf {
    root().join("target/tools")
}

fn bin() -> PathBuf {
    tools().join("bin")
}

fn wasm_target() -> Result<()> {
    let sysroot = sh::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    sh::say(format!("Adding the Rust target {WASM} (seconds)"));
    sh::run(Command::new("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("the standard library for {WASM} is missing, and rustup did not add it"))
}

fn trunk() -> Result<()> {
    let trunk = bin().join("trunk");
    if says(&trunk, &format!("trunk {TRUNK}")) {
        return Ok(());
    }
    sh::say(format!("Compiling trunk {TRUNK} into target/tools (once; about 5 minutes on two cores)"));
    cargo_install("trunk", TRUNK, true)
}

/// The CLI has to be of the very version of the `wasm-bindgen` crate in `Cargo.lock`.
fn wasm_bindgen() -> Result<()> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let version = locked_version(&lock, "wasm-bindgen").context("wasm-bindgen is not in Cargo.lock")?;
    let wanted = format!("wasm-bindgen {version}");
    if says(&bin().join("wasm-bindgen"), &wanted) && bin().join("wasm-bindgen-test-runner").exists() {
        return Ok(());
    }
    sh::say(format!(
        "Compiling wasm-bindgen-cli {version} into target/tools (once; about 2 minutes on two cores)"
    ));
    cargo_install("wasm-bindgen-cli", version, true).or_else(|error| {
        // A registry mirror may lag behind by a dependency that the CLI's own lock file names.
        sh::say(format!("{error:#}; trying again without the lock file that it ships"));
        cargo_install("wasm-bindgen-cli", version, false)
    })
}

fn wasm_opt(optimise: Optimise) -> Result<PathBuf> {
    let npm = tools().join("npm/binaryen/node_modules/.bin/wasm-opt");
    let built = bin().join("wasm-opt");
    for (path, version) in [(&npm, WASM_OPT_NPM_SAYS), (&built, WASM_OPT_CRATE_SAYS)] {
        if says(path, version) {
            return Ok(path.clone());
        }
    }
    let npm_failed = match wasm_opt_from_npm(&npm) {
        Ok(()) => return Ok(npm),
        Err(error) => error,
    };
    if !has_cpp_compiler() && optimise == Optimise::RequiredWithSystemPackages {
        system::apt_install(&["g++"])?;
    }
    if !has_cpp_compiler() {
        bail!(
            "wasm-opt needs either npm, which did not do ({npm_failed:#}), or a C++ compiler, which is missing too: \
             install Debian's `npm` or `g++`, or what corresponds to them"
        );
    }
    sh::say(format!("Compiling wasm-opt {WASM_OPT_CRATE} into target/tools (once; 10 to 15 minutes)"));
    cargo_install("wasm-opt", WASM_OPT_CRATE, true)
        .with_context(|| format!("wasm-opt came neither from npm ({npm_failed:#}) nor from its crate"))?;
    Ok(built)
}

fn wasm_opt_from_npm(installed: &Path) -> Result<()> {
    npm_packages("binaryen", "wasm-opt")?;
    match says(installed, WASM_OPT_NPM_SAYS) {
        true => Ok(()),
        false => Err(anyhow!("the wasm-opt that it installed does not run with this Node.js")),
    }
}

/// Installs what `xtask/NAME/package-lock.json` pins, and gives the folder that it is in.
///
/// # Errors
/// Where npm is not here or fails.
pub fn npm_packages(name: &str, what: &str) -> Result<PathBuf> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    if !sh::exists(npm) {
        bail!("npm is not here");
    }
    sh::say(format!("Installing {what} from npm into target/tools (once; seconds)"));
    let target = tools().join("npm").join(name);
    std::fs::create_dir_all(&target)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(root().join("xtask").join(name).join(file), target.join(file))
            .with_context(|| format!("copying xtask/{name}/{file}"))?;
    }
    let mut install = Command::new(npm);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    sh::output(install.current_dir(&target))?;
    Ok(target)
}

/// What the `cc` crate would compile C++ with.
fn has_cpp_compiler() -> bool {
    let named = std::env::var_os("CXX");
    sh::exists(named.unwrap_or_else(|| if cfg!(windows) { "cl".into() } else { "c++".into() }))
}

/// Installs a crate's binaries below `target/tools`.
fn cargo_install(name: &str, version: &str, locked: bool) -> Result<()> {
    let build = tools().join("build");
    let mut command = sh::cargo(["install", name]);
    command.arg(format!("--version=={version}")).arg("--root").arg(tools());
    command.arg("--target-dir").arg(&build).arg("--force");
    if locked {
        command.arg("--locked");
    }
    // These tools run for seconds, so compiling them fast matters more than what they compile to. And flags meant
    // for our own code are not for theirs.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command.env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    sh::run(&mut command)?;
    // Left in place after a failure or an interruption, so that the next try goes on from there.
    std::fs::remove_dir_all(&build).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error).context("clearing target/tools/build"),
    })
}

/// Whether a tool is there and of this version: the version is followed by nothing or by a blank.
fn says(tool: &Path, version: &str) -> bool {
    sh::output(Command::new(tool).arg("--version")).is_ok_and(|text| {
        text.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// The version of a package in `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_of_the_package_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
