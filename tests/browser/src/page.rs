//! What a person does in Airlock's own views, a step a function.

use crate::{Browser, id};
use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The key that the head of the log is stored under.
pub const HEAD: &str = "airlock.timeline";
/// The key of the first entry of the journal.
pub const FIRST_ENTRY: &str = "airlock.journal.000000000";

impl Browser {
    /// Does something and waits until the live region says something new; gives what it says.
    pub fn hear(&self, step: impl FnOnce(&Self) -> Result<()>) -> Result<String> {
        let live = id("live");
        let before = self.texts(&live)?.concat();
        step(self)?;
        let script = "return document.querySelector(arguments[0]).textContent.trim() !== arguments[1]";
        self.wait("the live region says something new", script, vec![json!(live), json!(before)])?;
        Ok(self.texts(&live)?.concat())
    }

    /// Presses Send and waits for the answer; gives what the live region says.
    pub fn send(&self) -> Result<String> {
        self.hear(|page| page.click(&id("send")))
    }

    /// Lets simulated time pass to each due time up to one, in milliseconds since the Unix epoch.
    pub fn pass_until(&self, until: i64) -> Result<()> {
        let due = |page: &Self| -> Result<Option<i64>> {
            Ok(page.attribute(&id("queue"), "data-due")?.and_then(|due| due.parse().ok()))
        };
        // A try that fails is due again later: there are but so many.
        for _ in 0..50 {
            if due(self)?.is_none_or(|due| due > until) {
                return Ok(());
            }
            self.hear(|page| page.click(&id("pass-next")))?;
        }
        bail!("after 50 times something is still due before {until}: {:?}", due(self)?)
    }

    /// Picks a scenario, and waits until it is open.
    pub fn pick(&self, scenario: &str) -> Result<()> {
        // The list has its final places once one scenario is open.
        self.wait_for(".choice.open")?;
        let choice = id(&format!("scenario-{scenario}"));
        self.click(&choice)?;
        self.wait_for(&format!("{choice}.open"))
    }

    /// The outcome shown.
    pub fn outcome(&self) -> Result<String> {
        Ok(self.attribute(&id("outcome"), "data-outcome")?.unwrap_or_default())
    }

    /// The code of the refusal shown, if there is one.
    pub fn refusal_code(&self) -> Result<Option<String>> {
        if self.count(&id("refusal"))? == 0 {
            return Ok(None);
        }
        self.attribute(&id("refusal"), "data-code")
    }

    /// Each stage with its state.
    pub fn stages(&self) -> Result<BTreeMap<String, String>> {
        let script = "return Object.fromEntries([...document.querySelectorAll('[data-testid=strip] > li')]
            .map(e => [e.dataset.testid.replace('stage-', ''), e.dataset.state]))";
        Ok(serde_json::from_value(self.run(script, Vec::new())?)?)
    }

    /// Waits until the badge of the Audit view has a state such as `verified`.
    pub fn wait_badge(&self, state: &str) -> Result<()> {
        self.wait_for(&format!("[data-testid=verified-badge][data-state={state}]"))
    }

    /// Opens a panel that its summary folds away.
    pub fn unfold(&self, selector: &str) -> Result<()> {
        self.wait_for(selector)?;
        self.run("document.querySelector(arguments[0]).open = true", vec![json!(selector)]).map(drop)
    }

    /// Pastes text into the panel for it and takes it up.
    pub fn paste(&self, text: &str) -> Result<String> {
        self.unfold(&id("paste"))?;
        self.fill(&id("paste-input"), text)?;
        self.hear(|page| page.click(&id("paste-use")))
    }

    /// Whether the dialog that asks for the attestation is open.
    pub fn attestation_is_asked_for(&self) -> Result<bool> {
        Ok(self.run("return document.querySelector('dialog').open", Vec::new())? == Value::Bool(true))
    }

    /// What a text area has selected, once the frame that the page waits for has come: a jump to a place
    /// selects it in the next one, after the editor holds the text.
    pub fn selected(&self, selector: &str) -> Result<String> {
        let script = "const e = document.querySelector(arguments[0]);
            const drawn = new Promise(done => requestAnimationFrame(done));
            return drawn.then(() => document.activeElement === e
                ? e.value.slice(e.selectionStart, e.selectionEnd) : '')";
        let value = self.run(script, vec![json!(selector)])?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Holds the page to what it must never do, whatever was done in it: complain, or ask for anything.
    pub fn finish(mut self) -> Result<()> {
        self.ensure_no_request_since_load()?;
        let count = self.attribute(&id("requests"), "data-count")?;
        ensure!(count.as_deref() == Some("0"), "the page itself says that it made {count:?} requests");
        self.ensure_quiet()
    }
}
