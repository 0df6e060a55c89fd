//! What becomes of what is kept: segments go or are set aside, holds keep them, keys change, storage fills up or is taken
//! away, all of it is wiped. Nothing of that is silent, and what is left verifies.

use airlock::api::{Evidence, Known, verify_evidence};
use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;
use std::fs;

const HEAD: &str = "airlock.timeline";
/// What a page makes anew at once: the key that signs, and the one that ids are hashed by.
const OWN_KEYS: [&str; 2] = ["airlock.key", "airlock.storage-key"];
const SEGMENT: &str = "airlock.segment.000000";

/// Sends referrals until a segment is sealed.
fn sealed(page: &Browser) -> Result<()> {
    let line = |n| {
        format!(
            r#"{{"resourceType":"ServiceRequest","id":"REF-{n:03}","status":"active","intent":"order","subject":{{"reference":"Patient/PAT-001"}}}}"#
        )
    };
    let patient = r#"{"resourceType":"Patient","id":"PAT-001"}"#.to_owned();
    let lines: Vec<String> = std::iter::once(patient).chain((1..60).map(line)).collect();
    page.paste(&lines.join("\n"))?;
    page.send()?;
    page.click(&id("own-close"))?;
    let sealed = page.storage()?.into_keys().filter(|key| key.starts_with("airlock.segment.")).count();
    ensure!(sealed == 1, "{sealed} segments were sealed");
    Ok(())
}

fn open_panel(page: &Browser) -> Result<()> {
    page.click(&id("nav-audit"))?;
    page.click(&id("keeping-open"))?;
    page.wait_for("dialog.keeping[open]")
}

/// What the panel says of what was done last.
fn told(page: &Browser, done: bool, part: &str) -> Result<()> {
    page.wait_for(&format!("[data-testid=keeping-told][data-done={done}]"))?;
    page.wait_text(&id("keeping-told"), part)
}

/// Presses what saves a file; gives what is in it.
fn downloaded(page: &Browser, button: &str, name: &str) -> Result<String> {
    let folder = xtask::root().join("target/tmp").join(format!("keeping-{}-{button}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let behaviour = json!({ "behavior": "allow", "downloadPath": folder });
    page.devtools("Browser.setDownloadBehavior", behaviour)?;
    page.click(&id(button))?;
    let file = folder.join(name);
    let content = page.wait_file(&file)?;
    fs::remove_dir_all(&folder)?;
    Ok(content)
}

/// Takes all room that there is in local storage.
fn fill(page: &Browser) -> Result<()> {
    let script = "let size = 1 << 20, n = 0;
        while (size > 0) { try { localStorage.setItem('filler' + n++, 'x'.repeat(size)) } catch { size >>= 1 } }";
    page.run(script, Vec::new()).map(drop)
}

fn unfill(page: &Browser) -> Result<()> {
    let script = "Object.keys(localStorage).filter(k => k.startsWith('filler')).forEach(k => localStorage.removeItem(k))";
    page.run(script, Vec::new()).map(drop)
}

#[test]
fn a_segment_that_was_altered_is_set_aside_alone_and_the_rest_goes_on_verified() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    let sound = page.storage()?.remove(SEGMENT).context("there is no segment")?;
    let altered = sound.replacen("\"run-000002\"", "\"run-999999\"", 1);
    ensure!(sound != altered);
    page.set_storage(SEGMENT, &altered)?;
    page.go("#/audit")?;
    page.wait_badge("failed")?;
    page.wait_text(&id("faults"), "were altered")?;
    page.click(&id("set-segments-aside"))?;
    page.wait_badge("verified")?;
    page.wait_gone(&id("trouble"))?;
    page.wait_text(&id("notice"), "1 segment set aside")?;
    let kept = page.storage()?;
    let aside: Vec<&String> =
        kept.iter().filter(|(key, _)| key.starts_with("airlock.aside.")).map(|(_, text)| text).collect();
    ensure!(aside == [&altered], "what was found is kept as it was");
    ensure!(!kept.contains_key(SEGMENT));

    open_panel(&page)?;
    page.wait_text(&id("segment"), "set aside; its root stays")?;
    let file = downloaded(&page, "aside-export", "airlock-aside.json")?;
    let texts: Vec<(String, String)> = serde_json::from_str(&file)?;
    ensure!(texts.iter().map(|(_, text)| text).eq([&altered]), "the file has what was found");
    page.click(&id("aside-delete"))?;
    page.click(&id("aside-delete-sure"))?;
    told(&page, true, "is deleted")?;
    page.wait_gone(&id("keeping-aside"))?;
    page.go("")?;
    page.send()?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    ensure!(page.count(&id("trouble"))? == 0);
    page.finish()
}

#[test]
fn a_hold_keeps_a_segment_until_it_is_released_and_then_it_goes_and_the_rest_verifies() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    page.go("#/audit?record=3")?;
    page.wait_for(&id("detail"))?;
    open_panel(&page)?;
    page.click(&id("hold-offer"))?;
    page.wait_until(
        "the delivery is taken up",
        "return document.querySelector('[data-testid=hold-value]').value === 'run-000001'",
    )?;
    page.fill(&id("hold-name"), "for Testina")?;
    page.click(&id("hold-place"))?;
    told(&page, false, "letters, digits")?;
    page.fill(&id("hold-name"), "case-7")?;
    page.click(&id("hold-place"))?;
    told(&page, true, "case-7 is in force")?;
    page.wait_text(&id("segment"), "on hold by case-7")?;
    page.fill(&id("retention-before"), "soon")?;
    page.wait_text(&id("retention-words"), "no time")?;
    page.fill(&id("retention-before"), "2030-01-01")?;
    page.wait_text(&id("retention-held"), "Records 0–255 stay: on hold by case-7")?;
    ensure!(page.count(&id("retention-delete"))? == 0, "nothing may go");

    page.open_tab()?;
    page.go("#/audit?q=seq%3A0..9")?;
    page.wait_text(&id("audit-count"), "10 of ")?;
    page.look_at_tab(0)?;
    page.click(&id("hold-release"))?;
    told(&page, true, "case-7 is released")?;
    page.wait_text(&id("retention-words"), "would go")?;
    page.click(&id("retention-delete"))?;
    page.wait_until(
        "it is asked once more",
        "return document.activeElement.dataset.testid === 'retention-delete-sure'",
    )?;
    page.press("\u{e007}")?;
    told(&page, true, "deleted, with a record of each")?;
    page.wait_text(&id("segment"), "deleted; its root stays")?;
    ensure!(!page.storage()?.contains_key(SEGMENT));
    page.look_at_tab(1)?;
    page.wait_text(&id("audit-count"), "0 of ")?;
    page.look_at_tab(0)?;
    page.reload()?;
    page.wait_badge("verified")?;
    page.go("#/audit?q=stage%3Alog")?;
    page.wait_text(&id("audit-count"), "3 of ")?;
    page.finish()
}

#[test]
fn a_new_key_signs_from_then_on_in_every_tab_and_the_log_verifies() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.open_tab()?;
    page.send()?;
    let before = page.storage()?.remove("airlock.key").context("there is no key")?;
    open_panel(&page)?;
    page.click(&id("rotate-key"))?;
    told(&page, true, "A new key signs")?;
    ensure!(page.count(&id("key"))? == 2);
    let after = page.storage()?.remove("airlock.key").context("there is no key")?;
    ensure!(before != after);
    page.look_at_tab(0)?;
    page.wait_text(&id("notice"), "Another tab has added")?;
    page.send()?;
    page.reload()?;
    open_panel(&page)?;
    page.wait_badge("verified")?;
    let keys = page.texts(&id("key"))?;
    ensure!(keys.len() == 2 && keys.iter().filter(|key| key.contains("signs now")).count() == 1, "{keys:?}");
    page.finish()
}

#[test]
fn everything_is_wiped_once_that_is_typed_and_another_tab_writes_nothing_back() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.open_tab()?;
    open_panel(&page)?;
    page.click(&id("wipe"))?;
    page.wait_for("[data-testid=wiping][open]")?;
    page.wait_text(&id("wipe-list"), "the timeline: 7 records")?;
    let disabled =
        page.run("return document.querySelector('[data-testid=wipe-confirm]').disabled", Vec::new())?;
    ensure!(disabled == json!(true));
    let bundle = downloaded(&page, "wipe-export", "airlock-evidence.json")?;
    let report = verify_evidence(Evidence::read(bundle).map_err(|why| anyhow!("{why:?}"))?, Known::default());
    ensure!(report.verified && report.size == 7, "{report:?}");
    page.run("document.querySelector('[data-testid=wipe-word]').focus()", Vec::new())?;
    page.wait_until("the word is asked for", "return document.activeElement.dataset.testid === 'wipe-word'")?;
    page.press("wipe")?;
    page.run("window.old = true", Vec::new())?;
    page.press("\u{e007}")?;
    page.wait_until(
        "the page is opened anew",
        "return !window.old && document.querySelector('[data-testid=send]') !== null",
    )?;
    let kept: Vec<String> =
        page.storage()?.into_keys().filter(|key| !OWN_KEYS.contains(&key.as_str())).collect();
    ensure!(kept.is_empty(), "{kept:?}");
    ensure!(page.text(&id("crm-count"))? == "0 records", "{}", page.text(&id("crm-count"))?);
    page.look_at_tab(0)?;
    page.wait_text(&id("trouble"), "was removed")?;
    page.send()?;
    ensure!(!page.storage()?.contains_key(HEAD), "the other tab wrote it back");
    page.look_at_tab(1)?;
    page.send()?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.finish()
}

#[test]
fn storage_that_is_full_before_the_first_write_loses_nothing_once_there_is_room() -> Result<()> {
    let mut page = Browser::start()?;
    page.go("")?;
    page.run("localStorage.clear()", Vec::new())?;
    fill(&page)?;
    page.go("")?;
    page.wait_for(&id("nearly-full"))?;
    page.send()?;
    page.wait_text(&id("trouble"), "Local storage is full")?;
    page.wait_text(&id("stake"), "7 records are only in memory")?;
    page.wait_for(&id("nothing-to-seal"))?;
    page.click(&id("open-keeping"))?;
    page.wait_text(&id("keeping-waiting"), "7 records only in memory")?;
    page.click(&id("keeping-close"))?;
    unfill(&page)?;
    page.click(&id("retry"))?;
    page.wait_gone(&id("trouble"))?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.finish()
}

#[test]
fn where_storage_is_full_deleting_a_segment_stores_what_waits() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    fill(&page)?;
    page.pick("partial-address")?;
    page.send()?;
    page.wait_text(&id("trouble"), "Local storage is full")?;
    page.click(&id("open-keeping"))?;
    page.wait_for("dialog.keeping[open]")?;
    page.fill(&id("retention-before"), "2030-01-01")?;
    page.click(&id("retention-delete"))?;
    page.click(&id("retention-delete-sure"))?;
    told(&page, true, "deleted, with a record of each")?;
    page.wait_gone(&id("trouble"))?;
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.finish()
}

#[test]
fn where_storage_is_full_sealing_makes_room_where_it_can() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    fill(&page)?;
    page.pick("partial-address")?;
    page.send()?;
    page.wait_text(&id("trouble"), "Local storage is full")?;
    page.click(&id("seal"))?;
    page.wait_gone(&id("trouble"))?;
    page.send()?;
    ensure!(page.count(&id("trouble"))? == 0, "there is room for more");
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    page.finish()
}

#[test]
fn what_storage_holds_is_measured_and_nothing_of_that_stays() -> Result<()> {
    let mut page = Browser::open()?;
    page.set_storage("airlock.probe", "left behind")?;
    page.reload()?;
    ensure!(!page.storage()?.contains_key("airlock.probe"), "what a tab that was killed has left goes");
    open_panel(&page)?;
    page.wait_until("it is measured", "return localStorage.getItem('airlock.capacity') !== null")?;
    let units: usize = page.storage()?.get("airlock.capacity").context("nothing was kept")?.parse()?;
    ensure!((5_241_000..5_243_000).contains(&units), "Chromium holds 5,242,880: {units}");
    ensure!(!page.storage()?.contains_key("airlock.probe"));
    let title = page.attribute("[data-testid=storage-meter] meter", "title")?;
    ensure!(title.is_some_and(|title| title.contains("measured")));
    page.finish()
}

#[test]
fn storage_emptied_half_way_or_edited_by_hand_is_said_and_set_aside() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    let script = "Object.keys(localStorage).filter(k => k.startsWith('airlock.rows.') || k === 'airlock.key')
        .forEach(k => localStorage.removeItem(k))";
    page.run(script, Vec::new())?;
    page.go("#/audit")?;
    page.wait_badge("failed")?;
    ensure!(page.count(&id("set-segments-aside"))? == 0, "more than a segment is at fault");
    page.click(&id("set-aside"))?;
    page.wait_badge("verified")?;
    page.wait_gone(&id("trouble"))?;

    page.set_storage(HEAD, "{\"version\":2")?;
    page.go("#/audit")?;
    page.wait_badge("failed")?;
    page.wait_text(&id("faults"), "can't be read")?;
    page.click(&id("set-aside"))?;
    page.wait_badge("verified")?;
    page.finish()
}

#[test]
fn without_storage_the_panel_works_and_says_that_it_waits_in_memory() -> Result<()> {
    let mut page = Browser::start()?;
    page.before_each_load(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })",
    )?;
    page.go("")?;
    open_panel(&page)?;
    page.fill(&id("hold-name"), "case-8")?;
    page.fill(&id("hold-value"), "run-000001")?;
    page.click(&id("hold-place"))?;
    told(&page, true, "It waits in memory")?;
    page.click(&id("rotate-key"))?;
    told(&page, true, "could not be kept")?;
    page.finish()
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.before_each_load(
        "const real = Date.now; Date.now = () => real() - 400 * 24 * 3600 * 1000;
        const then = performance.timeOrigin;",
    )?;
    page.reload()?;
    page.send()?;
    ensure!(page.outcome()? == "duplicate");
    page.reload()?;
    page.click(&id("nav-audit"))?;
    page.wait_badge("verified")?;
    page.wait_text(&id("audit-count"), "8 of 8 records")?;
    page.finish()
}

#[test]
fn what_was_cleared_under_a_page_with_sealed_segments_is_stored_again() -> Result<()> {
    let mut page = Browser::open()?;
    sealed(&page)?;
    let records = page.storage()?.len();
    page.run("localStorage.clear()", Vec::new())?;
    page.click(&id("nav-audit"))?;
    page.run("dispatchEvent(new StorageEvent('storage', { key: null }))", Vec::new())?;
    page.wait_text(&id("trouble"), "was removed")?;
    page.click(&id("write-again"))?;
    page.wait_gone(&id("trouble"))?;
    page.reload()?;
    page.click(&id("nav-audit"))?;
    page.wait_badge("verified")?;
    ensure!(page.storage()?.len() >= records / 2);
    page.finish()
}
