//! The harness of the browser tests.
//!
//! A [`Browser`] is one headless Chromium with a fresh profile, looking at the built page, which a server of its own
//! serves from a sub-path, as a static host would. Everything is synchronous: a test reads as a list of what a person
//! does. Selectors are CSS; [`id`] gives the one for a `data-testid`.
//!
//! `cargo xtask test` builds the page and says in [`DIST`] where it is. Without that the tests fail.

mod driver;
mod page;
mod site;

pub use driver::Driver;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
pub use fantoccini::key::Key;
pub use page::{FIRST_ENTRY, HEAD};
pub use site::Site;
pub use xtask::test::DIST_VARIABLE as DIST;

use anyhow::{Context, Result, anyhow, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long is waited for a condition before it is given up: much longer than the slowest machine takes.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The width and height of a desktop.
pub const DESKTOP: (u32, u32) = (1440, 900);
/// The width and height of a telephone.
pub const PHONE: (u32, u32) = (400, 800);

/// The selector for a `data-testid`.
pub fn id(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

/// The colour scheme that the system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// One entry of the browser's console or of its own complaints (network, security policy, …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// `SEVERE`, `WARNING`, `INFO`.
    pub level: String,
    /// Who says so: `javascript`, `network`, `security`, `console-api`, …
    pub source: String,
    /// What is said.
    pub message: String,
}

/// One Chromium, and the site it looks at.
pub struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    site: Site,
    log: Vec<LogEntry>,
    requests_at_load: usize,
    profile: Option<PathBuf>,
    // Last, so that it ends after the session has been closed.
    driver: Driver,
}

impl Browser {
    /// Starts a browser of desktop size with a fresh profile, and opens the page.
    pub fn open() -> Result<Self> {
        Self::open_at("")
    }

    /// Starts a browser and opens the page at a fragment, such as `#/audit`.
    pub fn open_at(fragment: &str) -> Result<Self> {
        let mut browser = Self::start()?;
        browser.go(fragment)?;
        Ok(browser)
    }

    /// Starts a browser that has not opened anything yet.
    pub fn start() -> Result<Self> {
        Self::start_with(None)
    }

    /// The same with a profile of its own, so that it can be killed and started again.
    pub fn start_in(profile: &Path) -> Result<Self> {
        Self::start_with(Some(profile.to_owned()))
    }

    fn start_with(profile: Option<PathBuf>) -> Result<Self> {
        let site = Site::serve(&dist()?)?;
        let driver = Driver::start()?;
        // A thread of its own: a connection that the driver closes while a test sleeps must be noticed then, not later.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = runtime.block_on(driver.session(profile.as_deref()))?;
        let browser = Self {
            runtime,
            client: Some(client),
            site,
            log: Vec::new(),
            requests_at_load: 0,
            profile,
            driver,
        };
        browser.resize(DESKTOP)?;
        Ok(browser)
    }

    /// Kills the browser as the system would, without a word of warning, and starts another with the same profile and the
    /// same site. It has not opened anything yet.
    pub fn kill_and_start_again(&mut self) -> Result<()> {
        let profile = self.profile.clone().context("it has no profile of its own")?;
        let own = format!("--user-data-dir={}", profile.display());
        let mut killed = 0;
        for process in fs::read_dir("/proc")?.flatten() {
            let Ok(command) = fs::read(process.path().join("cmdline")) else { continue };
            let command: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
            // That of the browser itself; those of its pages end with it.
            let is_page = command.iter().any(|arg| arg.starts_with(b"--type="));
            if !is_page && command.contains(&own.as_bytes()) {
                let id = process.file_name();
                killed += usize::from(Command::new("kill").arg("-9").arg(id).status()?.success());
            }
        }
        ensure!(killed > 0, "no browser runs with this profile");
        self.client = None;
        for left in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
            let _ = fs::remove_file(profile.join(left));
        }
        self.driver = Driver::start()?;
        self.client = Some(self.runtime.block_on(self.driver.session(Some(&profile)))?);
        self.resize(DESKTOP)
    }

    /// Kills the process of the page that is looked at, and looks at another tab, with nothing in it.
    pub fn kill_page(&self) -> Result<()> {
        let page = self.wait_on(|client| async move { client.window().await })?;
        self.open_blank_tab()?;
        let other = self.wait_on(|client| async move { client.window().await })?;
        self.wait_on(|client| async move { client.switch_to_window(page).await })?;
        let _ = self.devtools("Page.crash", json!({}));
        self.wait_on(|client| async move { client.switch_to_window(other).await })
    }

    // -- Where it is

    /// Opens the page afresh at a fragment (which may be empty), and waits until it has started.
    pub fn go(&mut self, fragment: &str) -> Result<()> {
        // By way of an empty page: a change of the fragment alone loads nothing.
        self.wait_on(|client| async move { client.goto("about:blank").await })?;
        let address = format!("{}{fragment}", self.site.url());
        self.wait_on(|client| async move { client.goto(&address).await })?;
        self.loaded()
    }

    /// Reloads the page, and waits until it has started.
    pub fn reload(&mut self) -> Result<()> {
        self.wait_on(|client| async move { client.refresh().await })?;
        self.loaded()
    }

    /// Opens the page in another tab, and looks at that one from now on.
    pub fn open_tab(&mut self) -> Result<()> {
        self.open_blank_tab()?;
        self.go("")
    }

    /// Opens another tab, with nothing in it, and looks at that one from now on.
    pub fn open_blank_tab(&self) -> Result<()> {
        let tab = self.wait_on(|client| async move { client.new_window(true).await })?;
        self.wait_on(|client| async move { client.switch_to_window(tab.handle).await })?;
        self.resize(DESKTOP)
    }

    /// Looks at a tab, by its number in the order of their opening, from 0.
    pub fn look_at_tab(&self, number: usize) -> Result<()> {
        let tabs = self.wait_on(|client| async move { client.windows().await })?;
        let tab = tabs.into_iter().nth(number).with_context(|| format!("there is no tab {number}"))?;
        self.wait_on(|client| async move { client.switch_to_window(tab).await })
    }

    /// Goes a step back in the tab's history.
    pub fn back(&self) -> Result<()> {
        self.run("history.back()", Vec::new()).map(drop)
    }

    /// Goes a step forward in the tab's history.
    pub fn forward(&self) -> Result<()> {
        self.run("history.forward()", Vec::new()).map(drop)
    }

    /// The fragment of the address, with its `#`; empty where there is none.
    pub fn fragment(&self) -> Result<String> {
        self.string("return location.hash")
    }

    fn loaded(&mut self) -> Result<()> {
        self.wait_until("the page has started", "return !!document.querySelector('main')")?;
        self.wait_until("the page has loaded", "return document.readyState === 'complete'")?;
        self.requests_at_load = self.requests_so_far()?;
        Ok(())
    }

    // -- What a person does

    /// Clicks what the selector finds, once it is there.
    pub fn click(&self, selector: &str) -> Result<()> {
        let element = self.find(selector)?;
        // As the focus would: clear of whatever is fixed at the edges, where the page has a margin for it.
        let script = "document.querySelector(arguments[0])?.scrollIntoView({ block: 'nearest' })";
        self.run(script, vec![json!(selector)])?;
        self.wait_on(|_| async move { element.click().await })
            .with_context(|| format!("clicking `{selector}`"))
    }

    /// Types into a field, after what it already holds.
    pub fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.find(selector)?;
        self.wait_on(|_| async move { element.send_keys(text).await })
            .with_context(|| format!("typing into `{selector}`"))
    }

    /// Puts a text in place of what a field holds, as a paste over everything would.
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.find(selector)?;
        let script = "const field = document.querySelector(arguments[0]);
            field.focus();
            const kind = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
            Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, arguments[1]);
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));
            field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.run(script, vec![json!(selector), json!(text)])
            .map(drop)
            .with_context(|| format!("filling `{selector}`"))
    }

    /// Chooses an option of a `<select>` by its value.
    pub fn choose(&self, selector: &str, value: &str) -> Result<()> {
        let element = self.find(selector)?;
        self.wait_on(|_| async move { element.select_by_value(value).await })
            .with_context(|| format!("choosing `{value}` of `{selector}`"))
    }

    /// Presses keys, wherever the focus is. [`Key`] has those that are not letters.
    pub fn press(&self, keys: &str) -> Result<()> {
        // To a file input the driver hands keys as the names of files: there they are pressed one by one.
        let on_files = self.run("return document.activeElement?.type === 'file'", Vec::new())? == true;
        let one = |value| [KeyAction::Down { value }, KeyAction::Up { value }];
        let pressed = KeyActions::new("keys".to_owned());
        let pressed = keys.chars().flat_map(one).fold(pressed, |keys, action| keys.then(action));
        self.wait_on(|client| async move {
            match on_files {
                true => client.perform_actions(pressed).await,
                false => client.active_element().await?.send_keys(keys).await,
            }
        })
        .with_context(|| format!("pressing {keys:?}"))
    }

    /// Hands files to an `<input type="file">`, as its picker would; a hidden one too.
    pub fn upload(&self, selector: &str, files: &[&Path]) -> Result<()> {
        let mut paths = Vec::new();
        for file in files {
            let path = file.canonicalize().with_context(|| format!("{} is not there", file.display()))?;
            paths.push(path.to_str().context("the file's path is not text")?.to_owned());
        }
        let element = self.find(selector)?;
        self.wait_on(|_| async move { element.send_keys(&paths.join("\n")).await })
            .with_context(|| format!("handing files to `{selector}`"))
    }

    // -- What a person sees

    /// The visible text of what the selector finds, once it is there.
    pub fn text(&self, selector: &str) -> Result<String> {
        let element = self.find(selector)?;
        self.wait_on(|_| async move { element.text().await }).with_context(|| format!("reading `{selector}`"))
    }

    /// The text content of everything that the selector finds now, in document order.
    pub fn texts(&self, selector: &str) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())";
        let found = self.run(script, vec![json!(selector)])?;
        serde_json::from_value(found).context("reading a list of texts")
    }

    /// How many elements the selector finds now.
    pub fn count(&self, selector: &str) -> Result<usize> {
        Ok(self.texts(selector)?.len())
    }

    /// An attribute of what the selector finds, once it is there.
    pub fn attribute(&self, selector: &str, name: &str) -> Result<Option<String>> {
        let element = self.find(selector)?;
        self.wait_on(|_| async move { element.attr(name).await })
            .with_context(|| format!("reading `{name}` of `{selector}`"))
    }

    /// What a field holds.
    pub fn value(&self, selector: &str) -> Result<String> {
        let element = self.find(selector)?;
        let value = self.wait_on(|_| async move { element.prop("value").await })?;
        value.with_context(|| format!("`{selector}` has no value"))
    }

    /// The selector-like name of what has the focus: its `data-testid`, else its `id`, else its tag.
    pub fn focused(&self) -> Result<String> {
        self.string(
            "const e = document.activeElement; return e.dataset.testid || e.id || e.tagName.toLowerCase()",
        )
    }

    // -- Waiting

    /// Waits until the selector finds something that is displayed.
    pub fn wait_for(&self, selector: &str) -> Result<()> {
        let script = "const e = document.querySelector(arguments[0]); return !!e && e.checkVisibility()";
        self.wait(&format!("`{selector}` is shown"), script, vec![json!(selector)])
    }

    /// Waits until the selector finds nothing.
    pub fn wait_gone(&self, selector: &str) -> Result<()> {
        self.wait(
            &format!("`{selector}` is gone"),
            "return !document.querySelector(arguments[0])",
            vec![json!(selector)],
        )
    }

    /// Waits until what the selector finds has a text that holds `part`.
    pub fn wait_text(&self, selector: &str, part: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])].some(e => e.textContent.includes(arguments[1]))";
        let args = vec![json!(selector), json!(part)];
        self.wait(&format!("`{selector}` says {part:?}"), script, args).map_err(|error| {
            let said = self.texts(selector).unwrap_or_default().join(" | ");
            anyhow!("{error:#}; it says {said:?}")
        })
    }

    /// Waits until a script, the body of a function, returns something true.
    pub fn wait_until(&self, what: &str, script: &str) -> Result<()> {
        self.wait(what, script, Vec::new())
    }

    /// Waits until the browser has saved a file, and gives what is in it. It is there by its name once it is whole.
    pub fn wait_file(&self, file: &Path) -> Result<String> {
        self.wait_while(&format!("{} is saved", file.display()), || Ok(!file.is_file()))?;
        fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
    }

    fn wait(&self, what: &str, script: &str, args: Vec<Value>) -> Result<()> {
        self.wait_while(what, || Ok(self.run(script, args.clone())? != Value::Bool(true)))
    }

    /// Waits while something lasts, at most [`PATIENCE`].
    pub fn wait_while(&self, what: &str, lasts: impl Fn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        loop {
            if !lasts()? {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let page = self.string("return document.body.innerText").unwrap_or_default();
                let page: String = page.chars().take(600).collect();
                bail!("waited {PATIENCE:?} in vain until {what}. The page says: {page:?}");
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    // -- Inside of the page

    /// Runs a script, the body of a function, with `arguments`, and gives what it returns.
    pub fn run(&self, script: &str, args: Vec<Value>) -> Result<Value> {
        self.wait_on(|client| async move { client.execute(script, args).await })
            .with_context(|| format!("running `{script}`"))
    }

    /// Runs a script that gives its result to the callback in its last argument.
    pub fn run_async(&self, script: &str, args: Vec<Value>) -> Result<Value> {
        self.wait_on(|client| async move { client.execute_async(script, args).await })
            .with_context(|| format!("running `{script}`"))
    }

    fn string(&self, script: &str) -> Result<String> {
        let value = self.run(script, Vec::new())?;
        value.as_str().map(str::to_owned).with_context(|| format!("`{script}` gave {value} and no text"))
    }

    /// Everything in local storage.
    pub fn storage(&self) -> Result<BTreeMap<String, String>> {
        serde_json::from_value(self.run("return { ...localStorage }", Vec::new())?)
            .context("reading local storage")
    }

    /// Sets one item of local storage, behind the page's back.
    pub fn set_storage(&self, key: &str, value: &str) -> Result<()> {
        self.run("localStorage.setItem(arguments[0], arguments[1])", vec![json!(key), json!(value)]).map(drop)
    }

    /// Removes one item of local storage, behind the page's back.
    pub fn drop_storage(&self, key: &str) -> Result<()> {
        self.run("localStorage.removeItem(arguments[0])", vec![json!(key)]).map(drop)
    }

    /// Runs a script in every document from now on, before the page's own: to take something away from it, say.
    pub fn before_each_load(&self, script: &str) -> Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).map(drop)
    }

    // -- What should not happen

    /// What the browser has logged since it started.
    pub fn log(&mut self) -> Result<&[LogEntry]> {
        let fresh = self.wait_on(|client| async move { client.issue_cmd(driver::Vendor::log()).await })?;
        for entry in fresh.as_array().into_iter().flatten() {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            self.log.push(LogEntry {
                level: text("level"),
                source: text("source"),
                message: text("message"),
            });
        }
        Ok(&self.log)
    }

    /// Fails when the console or the browser has complained, be it by a warning.
    pub fn ensure_quiet(&mut self) -> Result<()> {
        let complaints: Vec<_> =
            self.log()?.iter().filter(|entry| entry.level == "SEVERE" || entry.level == "WARNING").collect();
        ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        Ok(())
    }

    /// Fails when anything was asked for since the page was loaded, of its own server or of any other.
    pub fn ensure_no_request_since_load(&self) -> Result<()> {
        let now = self.requests_so_far()?;
        let all = self.site.requests();
        ensure!(
            now == self.requests_at_load,
            "{} requests since the page was loaded; what the server saw in all: {all:#?}; what the page knows of: {}",
            now.abs_diff(self.requests_at_load),
            self.run("return performance.getEntriesByType('resource').map(e => e.name)", Vec::new())?,
        );
        Ok(())
    }

    /// Requests that the server saw, of all pages, and those to elsewhere that this page knows of.
    fn requests_so_far(&self) -> Result<usize> {
        let script = "return performance.getEntriesByType('resource')
            .filter(e => new URL(e.name, location).origin !== location.origin).length";
        let elsewhere = self.run(script, Vec::new())?.as_u64().context("counting requests")?;
        Ok(self.site.requests().len() + usize::try_from(elsewhere)?)
    }

    /// The site, with what its server was asked for.
    pub fn site(&self) -> &Site {
        &self.site
    }

    // -- How it looks

    /// Makes the viewport exactly this wide and high, in CSS pixels.
    pub fn resize(&self, (width, height): (u32, u32)) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).map(drop)
    }

    /// Has the system ask for a colour scheme.
    pub fn scheme(&self, scheme: Scheme) -> Result<()> {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        self.media(json!([{ "name": "prefers-color-scheme", "value": value }]))
    }

    /// Has the system ask for media features, such as `[{"name": "prefers-reduced-motion", "value": "reduce"}]`.
    pub fn media(&self, features: Value) -> Result<()> {
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).map(drop)
    }

    /// Takes a picture of the viewport into `target/screenshots/`.
    pub fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let folder = xtask::root().join("target/screenshots");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        let png = self.wait_on(|client| async move { client.screenshot().await })?;
        fs::write(&path, png).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Calls a method of the Chrome DevTools protocol.
    pub fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        self.wait_on(|client| async move { client.issue_cmd(driver::Vendor::devtools(method, params)).await })
            .with_context(|| format!("calling {method}"))
    }

    // -- Within

    fn find(&self, selector: &str) -> Result<Element> {
        self.wait(
            &format!("`{selector}` is there"),
            "return !!document.querySelector(arguments[0])",
            vec![json!(selector)],
        )?;
        self.wait_on(|client| async move { client.find(Locator::Css(selector)).await })
            .with_context(|| format!("finding `{selector}`"))
    }

    fn wait_on<T, E, F>(&self, step: impl FnOnce(Client) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, E>>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let client = self.client.clone().context("the browser has been closed")?;
        // Far beyond what any step waits for: a browser that hangs must not hang the tests.
        let patience = PATIENCE * 8;
        self.runtime
            .block_on(async { tokio::time::timeout(patience, step(client)).await })
            .with_context(|| format!("the browser did not answer in {patience:?}"))?
            .map_err(anyhow::Error::from)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // The driver is ended right after, and its browser with it.
            let _ = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, client.close()).await });
        }
    }
}

/// Where the built page is.
fn dist() -> Result<PathBuf> {
    let folder = std::env::var_os(DIST).map(PathBuf::from).with_context(|| {
        format!("{DIST} is not set: run these tests by `cargo xtask test`, which builds the page for them")
    })?;
    ensure!(folder.join("index.html").is_file(), "there is no built page in {}", folder.display());
    Ok(folder)
}
