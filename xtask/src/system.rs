//! Packages of the operating system. Only `cargo xtask test` installs any, and only where it may.

use crate::sh;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Installs Debian packages when this is a Debian-like machine and we are root, or `sudo` asks for no password.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if !Path::new("/etc/debian_version").exists() || !sh::exists("apt-get") {
        bail!("this is not a Debian-like machine: install what corresponds to Debian's `{wanted}` by hand");
    }
    let apt = |args: &[&str]| {
        let mut command = match is_root() {
            true => Command::new("apt-get"),
            false => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "apt-get"]);
                sudo
            }
        };
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    if !is_root() && sh::output(Command::new("sudo").args(["-n", "true"])).is_err() {
        bail!("run `sudo apt-get install {wanted}`");
    }
    sh::say(format!("Installing Debian's {wanted} (a minute or two)"));
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    sh::run(&mut apt(&["update"]))
        .and_then(|()| sh::run(&mut apt(&install)))
        .with_context(|| format!("run `apt-get install {wanted}` by hand and see why it fails"))
}

fn is_root() -> bool {
    sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
