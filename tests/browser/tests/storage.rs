//! What is kept in local storage: what was altered is named, and what can't be stored is said and not lost.

use airlock_browser_tests::{Browser, FIRST_ENTRY, HEAD, id};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::fs;

#[test]
fn an_altered_record_a_dropped_entry_and_a_corrupt_head_are_each_said_and_nothing_is_written_over()
-> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    let sound = page.storage()?;
    let entry = sound.get(FIRST_ENTRY).context("there is no first entry")?;
    let head = sound.get(HEAD).context("there is no head")?;

    page.set_storage(FIRST_ENTRY, &entry.replacen("\"permitted\"", "\"denied\"", 1))?;
    page.go("#/audit")?;
    page.wait_badge("failed")?;
    page.wait_text(&id("trouble"), "not as it was written")?;
    page.wait_text(&id("fault"), "record 3")?;
    page.click("button[data-testid=fault]")?;
    page.wait_text(&id("detail-fault"), "Not as it was written")?;
    ensure!(page.count(".audit-row.fault")? == 1, "one row is marked");

    // What is sent meanwhile stays in memory; what is stored stays as it is.
    page.click(&id("nav-run"))?;
    page.send()?;
    page.wait_text(&id("stake"), "only in memory")?;
    ensure!(page.storage()?.get(HEAD) == Some(head), "the head was written over");

    page.drop_storage(FIRST_ENTRY)?;
    page.go("#/audit")?;
    page.wait_badge("failed")?;

    page.set_storage(FIRST_ENTRY, entry)?;
    page.set_storage(HEAD, "{\"size\":7,")?;
    page.reload()?;
    page.wait_badge("failed")?;
    page.wait_text(&id("faults"), "head of the log can't be read")?;

    page.click(&id("set-aside"))?;
    page.wait_badge("verified")?;
    page.wait_gone(&id("trouble"))?;
    page.click(&id("nav-run"))?;
    page.send()?;
    page.reload()?;
    page.click(&id("nav-audit"))?;
    page.wait_badge("verified")?;
    let kept = page.storage()?;
    ensure!(kept.keys().any(|key| key.starts_with("airlock.aside.")), "what was set aside is still there");
    page.finish()
}

#[test]
fn storage_that_is_full_is_said_with_what_is_at_stake_and_a_retry_stores_it() -> Result<()> {
    let mut page = Browser::open()?;
    let fill = "let size = 1 << 20, n = 0;
        while (size > 0) { try { localStorage.setItem('filler' + n++, 'x'.repeat(size)) } catch { size >>= 1 } }";
    page.run(fill, Vec::new())?;
    page.send()?;
    ensure!(page.outcome()? == "delivered");
    page.wait_text(&id("trouble"), "Local storage is full")?;
    page.wait_text(&id("stake"), "7 records are only in memory")?;

    let folder = xtask::root().join("target/tmp").join(format!("downloads-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let behaviour = json!({ "behavior": "allow", "downloadPath": folder });
    page.devtools("Browser.setDownloadBehavior", behaviour)?;
    page.click(&id("export"))?;
    let file = folder.join("airlock-timeline.ndjson");
    let exported = page.wait_file(&file)?;
    ensure!(exported.lines().count() == 7, "{} lines were exported", exported.lines().count());
    fs::remove_dir_all(&folder)?;

    page.run("Object.keys(localStorage).filter(k => k.startsWith('filler')).forEach(k => localStorage.removeItem(k))", Vec::new())?;
    page.click(&id("retry"))?;
    page.wait_gone(&id("trouble"))?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.finish()
}

#[test]
fn without_local_storage_everything_works_and_the_page_says_that_nothing_is_kept() -> Result<()> {
    let mut page = Browser::start()?;
    page.before_each_load(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })",
    )?;
    page.go("")?;
    page.wait_text(&id("trouble"), "no local storage")?;
    page.send()?;
    ensure!(page.outcome()? == "delivered");
    page.wait_text(&id("stake"), "7 records are only in memory")?;
    page.click(&id("nav-policy"))?;
    page.wait_for(&id("preview-same"))?;
    page.click(&id("nav-audit"))?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.wait_badge("unreadable")?;
    page.finish()
}

#[test]
fn a_timeline_removed_behind_the_page_can_be_stored_again_from_memory() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.run("localStorage.clear()", Vec::new())?;
    page.hear(|page| page.click(&id("send-again")))?;
    page.wait_text(&id("trouble"), "was removed")?;
    page.click(&id("write-again"))?;
    page.wait_gone(&id("trouble"))?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.wait_text(&id("audit-count"), "8 of 8 records")?;
    page.click(&id("nav-run"))?;
    ensure!(page.text(&id("crm-count"))? == "2 records");
    page.send()?;
    ensure!(page.outcome()? == "duplicate", "the ids seen were stored again too");
    page.finish()
}

#[test]
fn two_tabs_that_take_turns_write_one_log_that_both_see_verified() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.open_tab()?;
    page.pick("partial-address")?;
    page.send()?;
    page.look_at_tab(0)?;
    page.wait_text(&id("notice"), "Another tab has added 7 records")?;
    page.hear(|page| page.click(&id("send-again")))?;
    ensure!(page.outcome()? == "duplicate");
    let mut roots = Vec::new();
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        page.click(&id("nav-audit"))?;
        page.wait_text(&id("audit-count"), "15 of 15 records")?;
        page.wait_badge("verified")?;
        page.wait_text(&id("verified-badge"), "15 records")?;
        page.unfold(&id("verified-badge"))?;
        roots.push(page.text(&id("root"))?);
    }
    ensure!(roots.first() == roots.last(), "{roots:?}");
    page.finish()
}

#[test]
fn a_timeline_that_was_cleared_or_put_back_to_an_earlier_state_does_not_verify() -> Result<()> {
    let page = Browser::open()?;
    page.send()?;
    let earlier = page.storage()?;
    page.hear(|page| page.click(&id("send-again")))?;
    page.click(&id("nav-audit"))?;
    page.wait_badge("verified")?;

    // An earlier state is whole, and it is not what this tab has stored.
    page.run("localStorage.clear()", Vec::new())?;
    for (name, text) in &earlier {
        page.set_storage(name, text)?;
    }
    page.click(&id("verify-now"))?;
    page.wait_text(&id("faults"), "The last 1 of 8 records that this tab has stored are missing.")?;
    page.wait_text(&id("trouble"), "not as it was written")?;
    page.wait_text(&id("stake"), "No record of this tab waits")?;

    // Nothing at all verifies no better, once one knows that there was something.
    page.run("localStorage.clear()", Vec::new())?;
    page.click(&id("verify-now"))?;
    page.wait_text(&id("faults"), "The last 8 of 8 records")?;
    page.wait_for(&id("trouble"))?;

    let page = Browser::open()?;
    page.send()?;
    page.click(&id("nav-audit"))?;
    page.run("localStorage.clear()", Vec::new())?;
    page.click(&id("verify-now"))?;
    page.wait_text(&id("trouble"), "was removed")?;
    page.wait_badge("failed")?;
    page.click(&id("write-again"))?;
    page.wait_badge("verified")?;
    page.wait_gone(&id("trouble"))?;
    page.finish()
}
