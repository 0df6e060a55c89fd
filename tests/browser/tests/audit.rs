//! Audit: filters, the address bar, the keyboard.

use airlock_browser_tests::{Browser, Key, id};
use anyhow::{Result, ensure};

/// Three runs: delivered, refused for its signature, withheld for want of a consent.
fn three_runs() -> Result<Browser> {
    let page = Browser::open()?;
    page.send()?;
    for scenario in ["bad-signature", "missing-consent"] {
        page.pick(scenario)?;
        page.send()?;
    }
    page.click(&id("nav-audit"))?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.wait_badge("verified")?;
    Ok(page)
}

#[test]
fn filters_live_in_the_address_and_back_and_forward_go_through_them() -> Result<()> {
    let mut page = three_runs()?;
    page.choose(&id("filter-outcome"), "denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    ensure!(page.fragment()?.contains("outcome=denied"));
    page.choose(&id("filter-outcome"), "")?;
    page.choose(&id("filter-stage"), "webhook")?;
    page.wait_text(&id("audit-count"), "3 of 12 records")?;
    page.back()?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.back()?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.forward()?;
    page.forward()?;
    page.wait_text(&id("audit-count"), "3 of 12 records")?;
    page.click(&id("filter-clear"))?;
    page.type_into(&id("filter-correlation"), "run-000003")?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    let address = page.fragment()?;
    page.go(&address)?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    ensure!(page.value(&id("filter-correlation"))? == "run-000003");
    page.choose(&id("filter-outcome"), "denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.type_into(&id("filter-correlation"), "9")?;
    page.wait_text(&id("audit-empty"), "No record fits")?;
    page.finish()
}

#[test]
fn the_timeline_is_walked_and_opened_by_keyboard() -> Result<()> {
    let page = three_runs()?;
    page.run("document.querySelector('[data-testid=timeline]').focus()", Vec::new())?;
    page.press("jjk")?;
    page.press("j")?;
    page.press(&Key::Enter.to_string())?;
    page.wait_text("#detail-title", "Record 10")?;
    ensure!(page.fragment()?.contains("record=10"));
    page.press(&Key::End.to_string())?;
    page.press(&Key::Enter.to_string())?;
    page.wait_text("#detail-title", "Record 0")?;
    page.wait_text(&id("raw"), "\"seq\":0")?;
    page.click(&id("follow"))?;
    page.wait_text(&id("audit-count"), "7 of 12 records")?;
    page.click(&id("detail-close"))?;
    page.wait_gone(&id("detail"))?;
    page.finish()
}

#[test]
fn under_a_banner_the_timeline_still_ends_within_the_window() -> Result<()> {
    let page = three_runs()?;
    page.run("localStorage.clear(); dispatchEvent(new StorageEvent('storage', { key: null }))", Vec::new())?;
    page.wait_for(&id("trouble"))?;
    page.wait_text(&id("verified-badge"), "12 more not stored")?;
    page.click("[data-seq=\"9\"]")?;
    page.wait_for(&id("detail"))?;
    let fits = "return ['timeline', 'detail'].every(name =>
        document.querySelector(`[data-testid=${name}]`).getBoundingClientRect().bottom <= innerHeight)";
    page.wait_until("timeline and detail end within the window", fits)?;
    page.finish()
}
