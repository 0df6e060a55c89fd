//! The size budget: what a first visit downloads, as a good static host sends it.

use crate::page;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// What the whole download should be at most, compressed by brotli at its highest quality, in bytes.
const AIM: usize = 1_100_000;
/// What it must not be over while the aim is missed.
const MOST: usize = 1_150_000;

const QUALITY: u32 = 11;
const WINDOW: u32 = 22;

/// Prints the size of each file of the page, their sum, and by how much it misses the aim; an error when it is over what
/// it must not be.
pub fn check(dist: &Path) -> Result<()> {
    let mut sum = 0;
    println!("{:>10} {:>10}  file", "bytes", "brotli");
    for file in page::files(dist)? {
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let compressed = brotli(&bytes)?;
        sum += compressed;
        let name = file.strip_prefix(dist).unwrap_or(&file).display();
        println!("{:>10} {compressed:>10}  {name}", bytes.len());
    }
    println!("{:>10} {sum:>10}  the whole page; the aim is {AIM}", "");
    if sum > AIM {
        println!("{:>10} {:>10}  over the aim, which is missed", "", sum - AIM);
    }
    match sum {
        0 => bail!("there is no page in {}", dist.display()),
        sum if sum > MOST => bail!("the page is {} bytes over what it must not be over", sum - MOST),
        _ => Ok(()),
    }
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let mut reader = brotli::CompressorReader::new(bytes, 1 << 16, QUALITY, WINDOW);
    std::io::copy(&mut reader, &mut compressed).context("compressing")?;
    Ok(compressed.len())
}
