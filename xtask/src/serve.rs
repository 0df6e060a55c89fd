//! A static file server on the loopback address, for `cargo xtask serve` and for the browser tests.

use crate::page::{self, Optimise};
use crate::sh;
use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::io::Cursor;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use tiny_http::{Header, Method, Response, Server};

const DEFAULT_PORT: u16 = 8080;

/// What `cargo xtask serve` was asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// The port asked for; by default 8080, or the next free one.
    pub port: Option<u16>,
    /// Whether to open the page in the system's browser.
    pub open: bool,
}

/// Builds the page and serves it until interrupted.
pub fn command(options: Options) -> Result<()> {
    // Taken before the build, so that a port in use is told at once and not after minutes.
    let listener = listen(options.port)?;
    let dist = page::build(Optimise::IfPossible)?;
    let server = StaticServer::new(listener, &dist, "/")?;
    let address = server.url();
    println!("Airlock is at {address} (Ctrl-C stops it)");
    if options.open {
        open(&address);
    }
    server.run(|_| ())
}

fn listen(asked: Option<u16>) -> Result<TcpListener> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = asked {
        return bind(port).with_context(|| format!("port {port} can't be had: give another with --port"));
    }
    let mut ports = DEFAULT_PORT..DEFAULT_PORT + 20;
    ports.find_map(|port| bind(port).ok()).with_context(|| {
        format!("none of the ports {DEFAULT_PORT} to {} is free: give one with --port", ports.end - 1)
    })
}

fn open(address: &str) {
    let (program, args): (_, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start"]),
        _ => ("xdg-open", &[]),
    };
    if Command::new(program).args(args).arg(address).spawn().is_err() {
        sh::say(format!("`{program}` did not start: open {address} yourself"));
    }
}

/// One request, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The address asked for, below the host.
    pub url: String,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// Serves the files of one folder under one prefix, and nothing else.
pub struct StaticServer {
    server: Server,
    address: SocketAddr,
    root: PathBuf,
    prefix: String,
}

impl StaticServer {
    /// Serves `root` under `prefix` (which begins and ends with a slash) on a listener.
    pub fn new(listener: TcpListener, root: &Path, prefix: &str) -> Result<Self> {
        if !(prefix.starts_with('/') && prefix.ends_with('/')) {
            bail!("the prefix `{prefix}` has to begin and end with a slash");
        }
        let root = root.canonicalize().with_context(|| format!("{} is not there", root.display()))?;
        let address = listener.local_addr().context("reading the server's address")?;
        let server = Server::from_listener(listener, None).map_err(|error| anyhow!(error))?;
        Ok(Self { server, address, root, prefix: prefix.to_owned() })
    }

    /// Serves `root` under `prefix` on a free port of the loopback address.
    pub fn on_free_port(root: &Path, prefix: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a free port")?;
        Self::new(listener, root, prefix)
    }

    /// The address of the folder's index page.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }

    /// Answers requests, telling of each, until [`StaticServer::stop`].
    pub fn run(&self, mut each: impl FnMut(Served)) -> Result<()> {
        // `recv` fails when `stop` unblocks it.
        while let Ok(request) = self.server.recv() {
            let answer = match request.method() {
                Method::Get | Method::Head => answer(&self.root, &self.prefix, request.url()),
                _ => Answer::Refused(405, "only GET and HEAD are answered"),
            };
            // Told of before it is sent: once the browser has the answer, the log has the request.
            each(Served { url: request.url().to_owned(), status: answer.status() });
            // A browser that has gone away is its own business.
            let _ = request.respond(answer.into_response());
        }
        Ok(())
    }

    /// Makes [`StaticServer::run`] return.
    pub fn stop(&self) {
        self.server.unblock();
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    File(PathBuf),
    Moved(String),
    Refused(u16, &'static str),
}

impl Answer {
    fn status(&self) -> u16 {
        match self {
            Self::File(_) => 200,
            Self::Moved(_) => 301,
            Self::Refused(status, _) => *status,
        }
    }

    fn into_response(self) -> Response<Cursor<Vec<u8>>> {
        let status = self.status();
        let (body, special) = match self {
            Self::File(path) => match fs::read(&path) {
                Ok(bytes) => (bytes, header("Content-Type", mime(&path))),
                Err(_) => return Self::Refused(404, "not found").into_response(),
            },
            Self::Moved(to) => (Vec::new(), header("Location", &to)),
            Self::Refused(_, why) => (why.into(), header("Content-Type", "text/plain; charset=utf-8")),
        };
        let common = [header("Cache-Control", "no-cache"), header("X-Content-Type-Options", "nosniff")];
        let mut response = Response::from_data(body).with_status_code(status);
        for header in common.into_iter().chain([special]).flatten() {
            response.add_header(header);
        }
        response
    }
}

/// What a URL gives. Whatever it says, the file is inside the root: `..`, links that lead out and the like are not.
fn answer(root: &Path, prefix: &str, url: &str) -> Answer {
    const NOT_FOUND: Answer = Answer::Refused(404, "not found");
    let path = url.split(['?', '#']).next().unwrap_or_default();
    if path.len() + 1 == prefix.len() && prefix.starts_with(path) {
        return Answer::Moved(prefix.to_owned());
    }
    let Some(decoded) = path.strip_prefix(prefix).and_then(percent_decoded) else { return NOT_FOUND };
    let plain = |part: &str| part != ".." && !part.contains(['\\', '\0', ':']);
    if !decoded.split('/').all(plain) {
        return NOT_FOUND;
    }
    let relative = decoded.trim_start_matches('/');
    let Ok(file) = root.join(relative).canonicalize() else { return NOT_FOUND };
    let file = if file.is_dir() { file.join("index.html") } else { file };
    match file.starts_with(root) && file.is_file() {
        true => Answer::File(file),
        false => NOT_FOUND,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(rest.next()?)? * 16 + digit(rest.next()?)?).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn header(name: &str, value: &str) -> Option<Header> {
    Header::from_bytes(name, value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> PathBuf {
        crate::root().join("xtask").canonicalize().unwrap()
    }

    #[test]
    fn files_are_found_under_the_prefix_only() {
        let found = Answer::File(here().join("Cargo.toml"));
        assert_eq!(answer(&here(), "/", "/Cargo.toml?x=1"), found);
        assert_eq!(answer(&here(), "/a/b/", "/a/b/Cargo.toml"), found);
        assert_eq!(answer(&here(), "/a/b/", "/a/b/%43argo.toml"), found);
        assert_eq!(answer(&here(), "/a/b/", "/Cargo.toml").status(), 404);
        assert_eq!(answer(&here(), "/a/b/", "/a/b"), Answer::Moved("/a/b/".into()));
    }

    #[test]
    fn nothing_outside_of_the_root_is_served() {
        for url in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/src/..%2f../Cargo.toml",
            "//etc/passwd",
            "/..\\x",
            "/%",
        ] {
            assert_eq!(answer(&here(), "/", url).status(), 404, "{url}");
        }
    }

    #[test]
    fn a_folder_without_an_index_is_not_listed() {
        assert_eq!(answer(&here(), "/", "/src/").status(), 404);
    }
}
