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
    ensure!(page.fragment()?.contains("q=outcome%3Adenied"), "{}", page.fragment()?);
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
    page.type_into(&id("query"), "run:run-000003")?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    let address = page.fragment()?;
    page.go(&address)?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    ensure!(page.value(&id("query"))? == "run:run-000003");
    page.choose(&id("filter-outcome"), "denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.type_into(&id("query"), " stage:nowhere")?;
    page.wait_text(&id("audit-empty"), "No record fits")?;
    page.fill(&id("query"), "outcom:denied")?;
    page.wait_text(&id("query-notes"), "query.unknown-filter")?;
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
fn keys_reach_the_query_the_list_and_the_help_from_anywhere() -> Result<()> {
    let page = three_runs()?;
    page.press("?")?;
    page.wait_for("[data-testid=audit-help][open]")?;
    page.press(&Key::Escape.to_string())?;
    page.wait_gone("[data-testid=audit-help][open]")?;
    page.press("/")?;
    page.wait_until("the query has the focus", "return document.activeElement.dataset.testid === 'query'")?;
    page.press("stage:consent")?;
    page.wait_text(&id("audit-count"), "2 of 12 records")?;
    page.press(&Key::Escape.to_string())?;
    page.press("j")?;
    page.wait_until("the list has the focus", "return document.activeElement.dataset.testid === 'timeline'")?;
    page.press(&Key::Enter.to_string())?;
    page.wait_text("#detail-title", "Record 11")?;
    page.press(&Key::Escape.to_string())?;
    page.wait_gone(&id("detail"))?;
    page.finish()
}

#[test]
fn why_a_delivery_was_withheld_is_read_followed_and_proved() -> Result<()> {
    let page = three_runs()?;
    page.choose(&id("filter-decision"), "denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.click(&id("audit-row"))?;
    page.wait_text("#detail-title", "Record 11")?;
    page.wait_text(&id("chain"), "consent decide")?;
    ensure!(page.count(&id("chain-record"))? == 4 && page.count(&id("chain-gap"))? == 0);
    page.unfold(&id("lineage"))?;
    page.wait_for("[data-testid=lineage-figure] svg")?;
    page.unfold(&id("proof"))?;
    page.wait_for(&id("proof-step"))?;
    let steps = page.count(&id("proof-step"))?;
    page.click(&id("proof-next"))?;
    page.wait_for("[data-testid=proof-step][data-checked=true]")?;
    ensure!(page.count("[data-testid=proof-step][data-checked=true]")? == 1, "of {steps}");
    page.click(&id("proof-all"))?;
    page.wait_for("[data-testid=proof-verdict][data-valid=true]")?;
    ensure!(page.count("[data-testid=proof-step][data-checked=true]")? == steps);
    page.click("[data-testid=chain] [data-testid=chain-record]")?;
    page.wait_text("#detail-title", "Record 8")?;
    page.click(&id("follow"))?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    page.finish()
}

#[test]
fn a_permitted_consent_is_told_clause_by_clause() -> Result<()> {
    let page = three_runs()?;
    page.fill(&id("query"), "decision:permitted")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.click(&id("audit-row"))?;
    page.wait_text(&id("clauses"), "it is active: yes")?;
    page.wait_text(&id("clauses"), "it lets this recipient have it for this purpose")?;
    page.finish()
}

#[test]
fn a_stretch_of_time_is_zoomed_into_and_out_of() -> Result<()> {
    let page = Browser::open()?;
    page.send()?;
    page.send()?;
    page.click(&id("nav-audit"))?;
    page.wait_text(&id("audit-count"), "8 of 8 records")?;
    page.run("document.querySelector('[data-testid=density]').focus()", Vec::new())?;
    page.press(&format!("{}{}", Key::Home, Key::Enter))?;
    page.wait_text(&id("audit-count"), "7 of 8 records")?;
    page.wait_until("the query has a stretch of time", "return /after%3A.*before%3A/.test(location.hash)")?;
    page.click(&id("zoom-out"))?;
    page.wait_text(&id("audit-count"), "8 of 8 records")?;
    page.finish()
}

#[test]
fn a_checkpoint_from_elsewhere_says_whether_the_log_is_still_the_same() -> Result<()> {
    let page = three_runs()?;
    page.click(&id("check-menu"))?;
    page.fill(&id("check-checkpoint"), r#"{"size":12,"root":"00"}"#)?;
    page.click(&id("check-compare"))?;
    page.wait_text(".menu-body [role=alert]", "This is no checkpoint")?;
    let root =
        page.run("return document.querySelector('[data-testid=root]').textContent.trim()", Vec::new())?;
    let root = root.as_str().unwrap_or_default();
    page.fill(&id("check-checkpoint"), &format!("{{\"size\":12,\"root\":\"{root}\"}}"))?;
    page.click(&id("check-compare"))?;
    page.wait_text(&id("check-relation"), "12 records, the same root")?;
    page.wait_for("[data-testid=check-result][data-verified=true]")?;
    let other = "0".repeat(64);
    page.fill(&id("check-checkpoint"), &format!("{{\"size\":12,\"root\":\"{other}\"}}"))?;
    page.click(&id("check-compare"))?;
    page.wait_text(&id("check-relation"), "it was forked")?;
    page.finish()
}

#[test]
fn filters_are_kept_by_name_and_removed() -> Result<()> {
    let mut page = three_runs()?;
    page.fill(&id("query"), "outcome:denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.click(&id("saved"))?;
    page.fill(&id("saved-name"), "what was denied")?;
    page.click(&id("saved-add"))?;
    page.wait_text(&id("saved-filter"), "what was denied")?;
    page.go("#/audit")?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.click(&id("saved"))?;
    page.click(&id("saved-filter"))?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.click("[aria-label=\"Remove what was denied\"]")?;
    page.wait_gone(&id("saved-filter"))?;
    page.finish()
}

#[test]
fn under_a_banner_the_timeline_still_ends_within_the_window() -> Result<()> {
    let page = three_runs()?;
    page.run("localStorage.clear(); dispatchEvent(new StorageEvent('storage', { key: null }))", Vec::new())?;
    page.wait_for(&id("trouble"))?;
    page.wait_text(&id("verified-badge"), "12 of this tab not stored")?;
    page.click("[data-seq=\"9\"]")?;
    page.wait_for(&id("detail"))?;
    let fits = "return ['timeline', 'detail'].every(name =>
        document.querySelector(`[data-testid=${name}]`).getBoundingClientRect().bottom <= innerHeight)";
    page.wait_until("timeline and detail end within the window", fits)?;
    page.finish()
}
