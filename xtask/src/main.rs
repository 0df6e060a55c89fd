//! The command line of `cargo xtask`.

use anyhow::{Context, Result, bail};
use std::process::ExitCode;
use xtask::{bench, definitions, page, schemas, serve, size, test};

const HELP: &str = "\
cargo xtask serve [--port N] [--open]   build the page and serve it on 127.0.0.1 (port 8080, or the next free one)
cargo xtask build                       leave the page in dist/, for any static host and any sub-path
cargo xtask test                        run everything that has to hold; closes with `N passed, N failed, N skipped`
cargo xtask size                        weigh the page in dist/ against its budget
cargo xtask bench                       time the pipeline natively and in WebAssembly in Chromium
cargo xtask definitions                 compile FHIR R4's definitions anew to the table that the validator reads
cargo xtask schemas                     write the JSON Schemas of policies, adapters and canonical models to docs/schemas

What is missing is installed at pinned versions below target/tools; the first run takes some minutes for that.";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = args.collect();
    match command.as_str() {
        "serve" => serve::command(serve_options(&rest)?)?,
        "build" => {
            no_options(&rest)?;
            page::build(page::Optimise::Required)?;
        }
        "test" => {
            no_options(&rest)?;
            return Ok(test::command());
        }
        "size" => {
            no_options(&rest)?;
            size::check(&page::dist())?;
        }
        "bench" => {
            no_options(&rest)?;
            bench::command()?;
        }
        "definitions" => {
            no_options(&rest)?;
            definitions::command()?;
        }
        "schemas" => {
            no_options(&rest)?;
            schemas::command()?;
        }
        "help" | "--help" | "-h" => println!("{HELP}"),
        other => bail!("there is no `{other}`.\n\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn serve_options(args: &[String]) -> Result<serve::Options> {
    let mut options = serve::Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        match name {
            "--port" => {
                let value = inline.or_else(|| args.next().cloned()).context("--port needs a number")?;
                options.port =
                    Some(value.parse().with_context(|| format!("`{value}` is not a port (1 to 65535)"))?);
            }
            "--open" if inline.is_none() => options.open = true,
            _ => bail!("`serve` does not know `{arg}`.\n\n{HELP}"),
        }
    }
    Ok(options)
}

fn no_options(args: &[String]) -> Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => bail!("`{arg}` is not known here.\n\n{HELP}"),
    }
}
