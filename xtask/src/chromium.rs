//! Chromium and its driver, for whatever has to run in a real browser.

use crate::{sh, system};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Where the driver is.
#[derive(Debug, Clone)]
pub struct Chromium {
    /// The `chromedriver` to start; it finds its browser itself.
    pub driver: PathBuf,
}

const BROWSERS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Finds Chromium and chromedriver, installing Debian's where they are missing and that may be done.
pub fn ensure() -> Result<Chromium> {
    if let Some(found) = find() {
        return Ok(found);
    }
    system::apt_install(&["chromium", "chromium-driver"]).context(
        "the browser tests need Chromium (or Chrome) and a chromedriver of the same version, both on PATH",
    )?;
    match find() {
        Some(found) => Ok(found),
        None => bail!("chromium and chromedriver were installed, and yet do not run"),
    }
}

fn find() -> Option<Chromium> {
    let named = std::env::var_os("CHROMEDRIVER").map(PathBuf::from);
    let in_folder =
        std::env::var_os("CHROMEWEBDRIVER").map(|folder| PathBuf::from(folder).join("chromedriver"));
    let driver = named
        .into_iter()
        .chain(in_folder)
        .chain([PathBuf::from("chromedriver")])
        .find(|path| sh::exists(path))?;
    BROWSERS.iter().any(sh::exists).then_some(Chromium { driver })
}
