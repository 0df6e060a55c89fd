//! The command line: the same engine, native.
//!
//! Results go to standard output, diagnostics to standard error. Exit status: 0 fine; 1 refused, invalid,
//! denied or not verified; 2 usage or unreadable input.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
