//! One `chromedriver`, and the commands of its own that the WebDriver client does not know.

use anyhow::{Context, Result, bail};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use url::{ParseError, Url};

/// How often a driver is started before it is given up.
const STARTS: usize = 5;

/// A running `chromedriver`; ended, with its browsers, when dropped.
pub struct Driver {
    child: Child,
    // Held open: a driver that can't write its log ends.
    _stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Driver {
    /// Starts the driver on a port of its own choice.
    ///
    /// It takes a free IPv6 port and then wants the same number for IPv4, where another program may have it, and ends
    /// if so: then it is started again.
    pub fn start() -> Result<Self> {
        let mut started = Self::start_once();
        for _ in 1..STARTS {
            if started.is_ok() {
                break;
            }
            started = Self::start_once();
        }
        started
    }

    fn start_once() -> Result<Self> {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| OsString::from("chromedriver"));
        let mut child = Command::new(&program)
            .args(["--port=0", "--log-level=WARNING"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} did not start", program.display()))?;
        let stdout = child.stdout.take().context("chromedriver has no output")?;
        let mut stdout = BufReader::new(stdout);
        match announced_port(&mut stdout) {
            Ok(port) => Ok(Self { child, _stdout: stdout, port }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Opens a browser with a profile, a fresh one where none is given. Its flags are those of `webdriver.json`, as for
    /// the tests of the engine.
    pub async fn session(&self, profile: Option<&Path>) -> Result<Client> {
        let file = xtask::root().join("webdriver.json");
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let mut capabilities: Capabilities =
            serde_json::from_str(&text).context("webdriver.json is not valid")?;
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        if let Some(profile) = profile {
            let options = capabilities.get_mut("goog:chromeOptions").and_then(|o| o.get_mut("args"));
            let args = options.and_then(Value::as_array_mut).context("webdriver.json has no arguments")?;
            args.push(json!(format!("--user-data-dir={}", profile.display())));
        }
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .context("chromedriver did not open a browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn announced_port(stdout: &mut impl BufRead) -> Result<u16> {
    let mut seen = String::new();
    for line in stdout.lines() {
        let line = line.context("reading what chromedriver says")?;
        let port = line.rsplit_once("on port ").and_then(|(_, port)| port.trim_end_matches('.').parse().ok());
        if let (true, Some(port)) = (line.contains("started successfully"), port) {
            return Ok(port);
        }
        seen.push_str(&line);
        seen.push('\n');
    }
    bail!("chromedriver ended without naming its port: {seen}")
}

/// A command that only chromedriver has.
#[derive(Debug)]
pub(crate) struct Vendor {
    path: &'static str,
    body: Value,
}

impl Vendor {
    /// What the browser has logged since it was last asked.
    pub(crate) fn log() -> Self {
        Self { path: "se/log", body: json!({ "type": "browser" }) }
    }

    /// A method of the Chrome DevTools protocol.
    pub(crate) fn devtools(method: &str, params: Value) -> Self {
        Self { path: "goog/cdp/execute", body: json!({ "cmd": method, "params": params }) }
    }
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
