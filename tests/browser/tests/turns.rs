//! Several tabs that write at once, and browsers that end in the middle of it: one log, which verifies.

use airlock_browser_tests::{Browser, HEAD, id};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Presses "Send again" so many times, each time once the page has said what became of the one before. Each is a
/// duplicate, which is one record. `sendings` counts what was answered.
const SEND_AGAIN: &str = "window.sendings = 0; const wanted = arguments[0];
    const live = document.querySelector('[data-testid=live]');
    const press = () => document.querySelector('[data-testid=send-again]').click();
    const observer = new MutationObserver(() => {
        window.sendings++;
        if (window.sendings < wanted && !window.halt) setTimeout(press, 0); else observer.disconnect(); });
    observer.observe(live, { childList: true, characterData: true, subtree: true });
    press();";

/// Both tabs send so many times at once; gives the size of the log that they have made.
fn two_tabs(page: &mut Browser, each: u64) -> Result<u64> {
    page.send()?;
    page.open_tab()?;
    page.send()?;
    ensure!(page.outcome()? == "duplicate");
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        page.run(SEND_AGAIN, vec![json!(each)])?;
    }
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        all_sent(page, each)?;
    }
    let size = 7 + 1 + 2 * each;
    let mut roots = Vec::new();
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        page.wait_gone(&id("trouble"))?;
        page.click(&id("nav-audit"))?;
        page.wait_badge("verified")?;
        page.click(&id("verify-now"))?;
        page.wait_text(&id("verified-badge"), &format!("{} records", grouped(size)))?;
        page.wait_badge("verified")?;
        page.wait_text(&id("audit-count"), &format!("{0} of {0} records", grouped(size)))?;
        page.unfold(&id("verified-badge"))?;
        roots.push(page.text(&id("root"))?);
    }
    ensure!(roots.first() == roots.last(), "{roots:?}");
    Ok(size)
}

/// Waits until the tab has sent so many times, one after the other.
fn all_sent(page: &Browser, each: u64) -> Result<()> {
    (1..=each).try_for_each(|sent| {
        page.wait_until(&format!("{sent} of {each} are sent"), &format!("return window.sendings >= {sent}"))
    })
}

fn grouped(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) }
}

#[test]
fn two_tabs_that_append_500_times_each_at_once_make_one_verified_log() -> Result<()> {
    let mut page = Browser::open()?;
    two_tabs(&mut page, 500)?;
    page.finish()
}

#[test]
fn where_there_are_no_web_locks_two_tabs_take_turns_all_the_same() -> Result<()> {
    let mut page = Browser::start()?;
    // For each tab anew: a script of this kind is the tab's own.
    let without = "delete Navigator.prototype.locks";
    page.before_each_load(without)?;
    page.go("")?;
    ensure!(page.run("return navigator.locks === undefined", Vec::new())? == json!(true));
    page.send()?;
    page.open_blank_tab()?;
    page.before_each_load(without)?;
    page.go("")?;
    page.look_at_tab(0)?;
    page.run(SEND_AGAIN, vec![json!(30)])?;
    page.look_at_tab(1)?;
    page.send()?;
    page.run(SEND_AGAIN, vec![json!(30)])?;
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        all_sent(&page, 30)?;
    }
    for tab in [0, 1] {
        page.look_at_tab(tab)?;
        page.click(&id("nav-audit"))?;
        page.wait_text(&id("audit-count"), "68 of 68 records")?;
        page.wait_badge("verified")?;
    }
    page.finish()
}

/// Size and root that a head states.
fn stated(head: &str) -> Result<(u64, String)> {
    let head: Value = serde_json::from_str(head)?;
    let checkpoint = head.get("checkpoint").and_then(Value::as_str).context("no checkpoint")?;
    let mut lines = checkpoint.lines().skip(1);
    let size = lines.next().context("no size")?.parse()?;
    Ok((size, lines.next().context("no root")?.to_owned()))
}

/// Opens the page, and gives what its log is once it has verified.
fn reopened(page: &mut Browser) -> Result<(u64, String)> {
    page.go("#/audit")?;
    page.wait_badge("verified")?;
    ensure!(page.count(&id("trouble"))? == 0, "{:?}", page.texts(&id("trouble"))?);
    let head = page.storage()?.remove(HEAD).context("there is no head")?;
    stated(&head)
}

/// Sends until something has come of it several times, more in one round than in another, then gives every size and root that was stored, in their order.
fn send_for_a_while(page: &Browser, round: u64) -> Result<BTreeMap<u64, String>> {
    page.click(&id("nav-run"))?;
    page.send()?;
    let note = "const name = arguments[0]; window.heads = [localStorage.getItem(name)];
        new MutationObserver(() => { const head = localStorage.getItem(name);
            if (head !== window.heads.at(-1)) window.heads.push(head); })
            .observe(document.querySelector('[data-testid=live]'), { childList: true, characterData: true, subtree: true });";
    page.run(note, vec![json!(HEAD)])?;
    page.run(SEND_AGAIN, vec![json!(100_000)])?;
    // Each time at another moment of what goes on.
    let enough = 1 + round * 7 % 20;
    page.wait_until("some are stored", &format!("return window.heads.length > {enough}"))?;
    heads(page)
}

/// Every size and root that was stored since one began to look.
fn heads(page: &Browser) -> Result<BTreeMap<u64, String>> {
    let heads = page.run("return window.heads", Vec::new())?;
    let heads: Vec<String> = serde_json::from_value(heads)?;
    heads.iter().map(|head| stated(head)).collect()
}

#[test]
fn a_tab_that_is_killed_in_the_middle_of_it_leaves_a_log_that_verifies_and_lacks_nothing() -> Result<()> {
    let mut page = Browser::start()?;
    for round in 0..20 {
        let before = if round == 0 {
            page.go("")?;
            page.send()?;
            0
        } else {
            reopened(&mut page)?.0
        };
        let seen = send_for_a_while(&page, round)?;
        page.kill_page()?;
        let (size, root) = reopened(&mut page)?;
        let (last, _) = seen.last_key_value().context("nothing was stored")?;
        ensure!(*last > before, "round {round}: nothing was sent");
        ensure!(size >= *last, "round {round}: {size} records are there, {last} were stored");
        if let Some(known) = seen.get(&size) {
            ensure!(*known == root, "round {round}: another root at {size}");
        }
    }
    page.finish()
}

/// How much of local storage a profile has on the disk, in bytes.
fn on_disk(profile: &Path) -> Result<u64> {
    let folder = profile.join("Default/Local Storage/leveldb");
    let sizes = fs::read_dir(folder)?.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len()));
    Ok(sizes.sum())
}

#[test]
fn a_browser_that_is_killed_twenty_times_leaves_each_time_a_log_that_verifies() -> Result<()> {
    let profile = std::env::temp_dir().join(format!("airlock-kill-{}", std::process::id()));
    let _ = fs::remove_dir_all(&profile);
    let mut page = Browser::start_in(&profile)?;
    page.go("")?;
    page.send()?;
    let mut known = BTreeMap::new();
    let (mut lost, mut whole) = (Vec::new(), 0);
    for round in 0..20 {
        let mut seen = send_for_a_while(&page, round)?;
        // Chromium writes what it holds of local storage to the disk some seconds late. Every other time it may.
        let settled = round % 2 == 1;
        if settled {
            let before = on_disk(&profile)?;
            page.run("window.halt = true", Vec::new())?;
            let written =
                page.wait_while("local storage is on the disk", || Ok(on_disk(&profile)? <= before));
            written.context("Chromium has written nothing")?;
            seen = heads(&page)?;
        }
        let (last, _) = seen.last_key_value().context("nothing was stored")?;
        let last = *last;
        known.extend(seen);
        page.kill_and_start_again()?;
        page.go("#/audit")?;
        page.wait_for(&id("verified-badge"))?;
        let head = page.storage()?.remove(HEAD);
        let size = match head {
            None => 0,
            Some(head) => {
                page.wait_badge("verified")?;
                let (size, root) = stated(&head)?;
                let was = known.get(&size);
                ensure!(was.is_none_or(|was| *was == root), "round {round}: another root at {size}");
                size
            }
        };
        ensure!(page.count(&id("trouble"))? == 0, "round {round}: {:?}", page.texts(&id("trouble"))?);
        whole += usize::from(settled && size >= last);
        lost.push((last, size));
        known.retain(|known, _| *known <= size);
    }
    println!("records stored by the page and found after the kill: {lost:?}");
    // When it writes is the browser's affair, and it may have done so in two parts.
    ensure!(whole > 0, "of 10 times that it had written, all had reached the disk never: {lost:?}");
    drop(page);
    let _ = fs::remove_dir_all(&profile);
    Ok(())
}
