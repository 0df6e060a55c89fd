//! The workshop's two loggers: off until asked for, and in memory only.

use airlock_browser_tests::{Browser, id};
use anyhow::{Result, ensure};

const REAL_LOOKING: &str = r#"{"resourceType":"ServiceRequest","id":"sr-1","status":"active","intent":"order",
    "subject":{"reference":"Patient/pat-1"},"requester":{"display":"Margarethe Obermüller"}}"#;

#[test]
fn the_naive_logger_tells_who_it_is_about_the_safe_one_does_not_and_nothing_of_it_is_kept() -> Result<()> {
    let page = Browser::open()?;
    page.send()?;
    ensure!(page.count(&id("naive-lines"))? == 0, "it is off until one asks for it");
    page.click(&id("loggers-toggle"))?;
    page.wait_text(&id("safe-count"), "✓ tells 0 of")?;
    let marks = page.texts("[data-testid=naive-lines] mark")?;
    ensure!(marks.iter().any(|text| text == "PAT-001"), "{marks:?}");
    ensure!(page.count("[data-testid=safe-lines] mark")? == 0);
    ensure!(page.count("[data-testid=safe-lines] li")? == 7, "each audit record has its line");
    let kept = page.storage()?;
    ensure!(kept.values().all(|text| !text.contains("PAT-001")), "something of it is in local storage");

    // Another delivery, another text; and with a view left and come back to, it is off again.
    page.pick("bad-signature")?;
    page.send()?;
    page.wait_text(&id("naive-lines"), "ERROR webhook.signature-mismatch")?;
    page.click(&id("nav-audit"))?;
    page.click(&id("nav-run"))?;
    page.wait_for(&id("loggers-toggle"))?;
    ensure!(page.count(&id("naive-lines"))? == 0);
    page.ensure_no_request_since_load()?;
    page.finish()
}

#[test]
fn on_what_looks_real_and_is_not_attested_the_naive_logger_does_not_run() -> Result<()> {
    let page = Browser::open()?;
    page.click(&id("loggers-toggle"))?;
    page.wait_text(&id("loggers"), "Nothing was sent yet")?;
    page.paste(REAL_LOOKING)?;
    page.send()?;
    page.wait_text(&id("loggers"), "runs only on what is shipped with the page, or attested")?;
    ensure!(page.count(&id("naive-lines"))? == 0);
    page.finish()
}
