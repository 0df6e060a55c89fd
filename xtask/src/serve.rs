//! A static file server on the loopback address, for `cargo xtask serve` and for the browser tests.

use crate::page::{self, Optimise};
use crate::sh;
use anyhow::{Context, Result, bail};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

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
    let server = StaticServer::start(listener, &dist, "/", |_| ())?;
    let address = server.url();
    println!("Airlock is at {address} (Ctrl-C stops it)");
    if options.open {
        open(&address);
    }
    server.wait()
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

/// Serves the files of one folder under one prefix, and nothing else, for as long as it lives.
pub struct StaticServer {
    runtime: Runtime,
    accepting: JoinHandle<Result<()>>,
    address: SocketAddr,
    prefix: String,
}

/// What every connection needs.
struct Folder {
    root: PathBuf,
    prefix: String,
    each: Box<dyn Fn(Served) + Send + Sync>,
}

impl StaticServer {
    /// Serves `root` under `prefix` (which begins and ends with a slash) on a listener, and tells of each request.
    pub fn start(
        listener: TcpListener,
        root: &Path,
        prefix: &str,
        each: impl Fn(Served) + Send + Sync + 'static,
    ) -> Result<Self> {
        if !(prefix.starts_with('/') && prefix.ends_with('/')) {
            bail!("the prefix `{prefix}` has to begin and end with a slash");
        }
        let root = root.canonicalize().with_context(|| format!("{} is not there", root.display()))?;
        let address = listener.local_addr().context("reading the server's address")?;
        listener.set_nonblocking(true).context("preparing the server's port")?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("starting the server's thread")?;
        let folder = Arc::new(Folder { root, prefix: prefix.to_owned(), each: Box::new(each) });
        let accepting = runtime.spawn(accept(listener, folder));
        Ok(Self { runtime, accepting, address, prefix: prefix.to_owned() })
    }

    /// Serves `root` under `prefix` on a free port of the loopback address.
    pub fn on_free_port(
        root: &Path,
        prefix: &str,
        each: impl Fn(Served) + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a free port")?;
        Self::start(listener, root, prefix, each)
    }

    /// The address of the folder's index page.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }

    /// Serves on and on; comes back only when it can't.
    pub fn wait(self) -> Result<()> {
        self.runtime.block_on(self.accepting).context("the server's thread has ended")?
    }
}

async fn accept(listener: TcpListener, folder: Arc<Folder>) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener).context("listening")?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, say: that passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let folder = Arc::clone(&folder);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = respond(&folder, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A browser that goes away in the middle is its own business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn respond(folder: &Folder, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let url = request.uri().path();
    let response = match *request.method() {
        Method::GET | Method::HEAD => answer(&folder.root, &folder.prefix, url),
        _ => Answer::Refused(StatusCode::METHOD_NOT_ALLOWED),
    }
    .into_response();
    // Told of before it is sent: once the browser has the answer, the log has the request.
    (folder.each)(Served { url: url.to_owned(), status: response.status().as_u16() });
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    File(PathBuf),
    Moved(String),
    Refused(StatusCode),
}

impl Answer {
    const NOT_FOUND: Self = Self::Refused(StatusCode::NOT_FOUND);

    fn into_response(self) -> Response<Full<Bytes>> {
        let lasts = matches!(&self, Self::File(path) if is_named_by_its_content(path));
        let (status, body, name, value) = match self {
            Self::File(path) => match fs::read(&path) {
                Ok(bytes) => (StatusCode::OK, bytes, CONTENT_TYPE, mime(&path).to_owned()),
                Err(_) => return Self::NOT_FOUND.into_response(),
            },
            Self::Moved(to) => (StatusCode::MOVED_PERMANENTLY, Vec::new(), LOCATION, to),
            Self::Refused(status) => (
                status,
                status.to_string().into_bytes(),
                CONTENT_TYPE,
                "text/plain; charset=utf-8".to_owned(),
            ),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let mut header = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        header(name, &value);
        header(CACHE_CONTROL, if lasts { "public, max-age=31536000, immutable" } else { "no-cache" });
        header(X_CONTENT_TYPE_OPTIONS, "nosniff");
        response
    }
}

/// What the path of a URL gives. Whatever it says, the file is inside the root: `..`, links that lead out and the like are not.
fn answer(root: &Path, prefix: &str, path: &str) -> Answer {
    if path.len() + 1 == prefix.len() && prefix.starts_with(path) {
        return Answer::Moved(prefix.to_owned());
    }
    let Some(decoded) = path.strip_prefix(prefix).and_then(percent_decoded) else { return Answer::NOT_FOUND };
    let plain = |part: &str| part != ".." && !part.contains(['\\', '\0', ':']);
    if !decoded.split('/').all(plain) {
        return Answer::NOT_FOUND;
    }
    let relative = decoded.trim_start_matches('/');
    let Ok(file) = root.join(relative).canonicalize() else { return Answer::NOT_FOUND };
    let file = if file.is_dir() { file.join("index.html") } else { file };
    match file.starts_with(root) && file.is_file() {
        true => Answer::File(file),
        false => Answer::NOT_FOUND,
    }
}

/// Whether a file has a hash of its content in its name, as in `style-0123456789abcdef.css`: it never changes. The hash
/// has 64 bits, and is written without the zeros that it begins with.
fn is_named_by_its_content(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_hash = |part: &str| (12..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
    name.split(['-', '.', '_']).any(is_hash)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> PathBuf {
        crate::root().join("xtask").canonicalize().unwrap()
    }

    #[test]
    fn files_are_found_under_the_prefix_only() {
        let found = Answer::File(here().join("Cargo.toml"));
        assert_eq!(answer(&here(), "/", "/Cargo.toml"), found);
        assert_eq!(answer(&here(), "/a/b/", "/a/b/Cargo.toml"), found);
        assert_eq!(answer(&here(), "/a/b/", "/a/b/%43argo.toml"), found);
        assert_eq!(answer(&here(), "/a/b/", "/Cargo.toml"), Answer::NOT_FOUND);
        assert_eq!(answer(&here(), "/a/b/", "/a/b"), Answer::Moved("/a/b/".into()));
    }

    #[test]
    fn only_a_file_named_by_its_content_may_be_kept() {
        let kept = ["base-6d5bbc0000c09879.css", "page-644e8937508ad64c_bg.wasm", "page-44e8937508ad64c.js"];
        assert!(kept.iter().all(|name| is_named_by_its_content(Path::new(name))));
        let asked_for_again = ["index.html", "start.js", "worker.js", "facade-decade.css"];
        assert!(asked_for_again.iter().all(|name| !is_named_by_its_content(Path::new(name))));
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
            assert_eq!(answer(&here(), "/", url), Answer::NOT_FOUND, "{url}");
        }
    }

    #[test]
    fn a_folder_without_an_index_is_not_listed() {
        assert_eq!(answer(&here(), "/", "/src/"), Answer::NOT_FOUND);
    }
}
