//! Much at once: ten thousand records, and whole patient histories.

use airlock::api::store::{MemoryShelf, Shelf as _, ShelfError, SigningNoteKey, Unsaved};
use airlock::api::{Session, open_scenario, sign};
use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// What is measured is measured alone.
static ALONE: Mutex<()> = Mutex::new(());

/// The longest that anything may keep the page from answering, in milliseconds.
const PATIENCE_MS: f64 = 250.0;

/// UTF-16 units that local storage holds, less what the browser counts beside them.
const CAPACITY: usize = 5_200_000;

/// Local storage as a session has written it by the time that it has so many records, or that there is no room for more;
/// and how many records are stored then.
fn stored_session(records: u64) -> Result<(Vec<(String, String)>, u64)> {
    let delivered = open_scenario("referral-created").context("no such scenario")?;
    let key = SigningNoteKey::new("airlock.example.invalid/log/scale", &[7; 32]).context("no key")?;
    let shelf = MemoryShelf::with_capacity(CAPACITY);
    let (mut session, mut shelf) = Session::open(&shelf, key.clone())
        .map(|(session, _)| (session, shelf))
        .map_err(|e| anyhow!("{e}"))?;
    session.configure(&delivered.setup).map_err(|d| anyhow!("{d:?}"))?;
    let (_, request) = delivered.requests.first().context("no request")?;
    let (mut now, mut stored) = (1_768_467_600_000_i64, 0);
    for number in 0.. {
        now += 20;
        let mut own = request.clone();
        own.set_header("webhook-id", format!("msg-{number}"));
        own.set_header("webhook-timestamp", (now / 1000).to_string());
        own.body = own.body.replace("REF-001", &format!("REF-{:03}", number % 500));
        sign(&delivered.setup, &mut own);
        if number % 10 == 9 {
            own.set_header("webhook-signature", String::from("v1,AAAA"));
        }
        session.send(&own, now, &mut || 0.0);
        match session.save(&mut shelf) {
            Ok(()) => stored = session.records(),
            Err(Unsaved::Shelf(ShelfError::Full)) => break,
            Err(why) => bail!("{why}"),
        }
        if stored >= records {
            break;
        }
    }
    let (mut again, verification) = Session::open(&shelf, key.clone()).map_err(|error| anyhow!("{error}"))?;
    let mut faults = verification.faults;
    while let Some(found) = again.fetch(&shelf).map_err(|error| anyhow!("{error}"))? {
        faults.extend(found);
    }
    ensure!(faults.is_empty(), "{} faults: {:?}", faults.len(), faults.first());
    let mut items = vec![(String::from("airlock.key"), key.to_secret_text())];
    for name in shelf.names("").map_err(|error| anyhow!("{error}"))? {
        let text = shelf.get(&name).map_err(|error| anyhow!("{error}"))?;
        items.extend(text.map(|text| (name, text)));
    }
    Ok((items, stored))
}

#[test]
fn with_a_full_local_storage_the_timeline_opens_filters_and_scrolls_at_once() -> Result<()> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut page = Browser::open()?;
    let (items, records) = stored_session(u64::MAX)?;
    ensure!(records > 15_000, "{records} records fit");
    page.run(
        "localStorage.clear(); for (const [k, v] of arguments[0]) localStorage.setItem(k, v)",
        vec![json!(items)],
    )?;
    // When the first rows are there, by the clock of the page itself.
    page.before_each_load(
        "new MutationObserver((_, observer) => {
            if (!document.querySelector('[data-testid=audit-row]')) return;
            observer.disconnect();
            requestAnimationFrame(() => { window.shown = performance.now() });
        }).observe(document, { childList: true, subtree: true });",
    )?;
    page.go("#/audit")?;
    page.wait_until("rows are shown", "return window.shown > 0")?;
    let shown = page.run("return window.shown", Vec::new())?;
    let grouped = format!("{},{:03}", records / 1000, records % 1000);
    page.wait_badge("verified")?;
    page.wait_text(&id("verified-badge"), &format!("{grouped} records"))?;
    page.wait_text(&id("audit-count"), &format!("{grouped} of {grouped} records"))?;
    let verified = page.run("return performance.now()", Vec::new())?;
    let rows = page.count(&id("audit-row"))?;
    ensure!((10..300).contains(&rows), "{rows} rows are in the document");
    let nodes = page.run("return document.querySelectorAll('.timeline *').length", Vec::new())?;
    let measured = "const [done] = [...arguments].slice(-1);
        const settled = step => new Promise(resolve => {
            const begun = performance.now(); step();
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun), 0)); });
        const outcome = document.querySelector('[data-testid=filter-outcome]');
        const list = () => document.querySelector('[data-testid=timeline]');
        const rows = () => document.querySelectorAll('[data-testid=audit-row]').length;
        const choose = value => { outcome.value = value; outcome.dispatchEvent(new Event('change', { bubbles: true })) };
        (async () => {
            const filter = await settled(() => choose('refused'));
            const clear = await settled(() => choose(''));
            const jump = await settled(() => { list().scrollTop = list().scrollHeight / 2 });
            const end = await settled(() => { list().scrollTop = list().scrollHeight });
            await new Promise(resolve => setTimeout(resolve, 100));
            const last = [...document.querySelectorAll('[data-testid=audit-row]')].at(-1).dataset.seq;
            // Frames while it is scrolled for two seconds, each a screen further.
            list().scrollTop = 0;
            let longest = 0, most = 0, before = performance.now();
            const until = before + 2000;
            await new Promise(resolve => { const frame = now => {
                longest = Math.max(longest, now - before); before = now;
                most = Math.max(most, document.querySelectorAll('.timeline *').length);
                list().scrollTop += list().clientHeight;
                if (now < until) requestAnimationFrame(frame); else resolve(); };
                requestAnimationFrame(now => { before = now; requestAnimationFrame(frame); }); });
            done({ filter, clear, jump, end, rows: rows(), last, longestFrame: longest, mostNodes: most });
        })();";
    let times = page.run_async(measured, Vec::new())?;
    println!(
        "{records} records: shown after {shown} ms, verified after {verified} ms at most, {nodes} nodes; in milliseconds: {times}"
    );
    for step in ["filter", "clear", "jump", "end"] {
        let took = times.get(step).and_then(Value::as_f64).with_context(|| format!("{step}: {times}"))?;
        ensure!(took < PATIENCE_MS, "{step} took {took} ms");
    }
    ensure!(times.get("last") == Some(&json!("0")), "the end of the list is its oldest record: {times}");
    ensure!(times.get("rows").and_then(Value::as_u64).is_some_and(|rows| rows < 300), "{times}");
    ensure!(times.get("mostNodes").and_then(Value::as_u64).is_some_and(|nodes| nodes < 500), "{times}");
    page.finish()
}

/// The bundles of the corpus, where it is there.
fn bundles() -> Result<Vec<PathBuf>> {
    let corpus =
        env::var_os("AIRLOCK_CORPUS").map_or_else(|| xtask::root().join("../shared/corpus"), PathBuf::from);
    let Ok(folder) = fs::read_dir(corpus.join("synthea")) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in folder {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Names, birth dates, addresses, telephone numbers and record numbers of every patient of a bundle.
fn identifying(bundle: &Value, found: &mut BTreeSet<String>) {
    let resources = bundle.get("entry").and_then(Value::as_array).into_iter().flatten();
    for patient in resources.filter_map(|e| e.get("resource")).filter(|r| r["resourceType"] == "Patient") {
        for (list, members) in [
            ("name", &["family", "given"][..]),
            ("address", &["line", "city"]),
            ("telecom", &["value"]),
            ("identifier", &["value"]),
        ] {
            for item in patient[list].as_array().into_iter().flatten() {
                for member in members {
                    match &item[*member] {
                        Value::String(text) => drop(found.insert(text.clone())),
                        Value::Array(texts) => {
                            found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                        }
                        _ => {}
                    }
                }
            }
        }
        found.extend(patient["birthDate"].as_str().map(str::to_owned));
        found.extend(patient["id"].as_str().map(str::to_owned));
    }
}

/// Notes the longest time between two turns of the event loop, and what went on then, until asked.
const PROBE: &str = "window.pauses = []; let last = performance.now();
    const words = name => document.querySelector(`[data-testid=${name}]`)?.textContent.trim() ?? '';
    window.probe = setInterval(() => { const now = performance.now(); const gap = Math.max(0, now - last - 10);
        last = now; const worst = window.pauses.at(-1)?.gap ?? 0;
        if (gap > 100 || gap > worst) window.pauses.push({ gap, during: words('progress') || words('live') });
        window.pauses.sort((a, b) => a.gap - b.gap); }, 10);";

#[test]
fn whole_patient_histories_go_through_without_a_pause_and_leave_nothing_of_the_patient() -> Result<()> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let files = bundles()?;
    if files.is_empty() {
        println!("skipped: no corpus");
        return Ok(());
    }
    let mut secrets = BTreeSet::new();
    for file in &files {
        let bundle: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        identifying(&bundle, &mut secrets);
    }
    ensure!(secrets.len() > 30, "only {} identifying values were found", secrets.len());

    let page = Browser::open()?;
    page.run(PROBE, Vec::new())?;
    let paths: Vec<&std::path::Path> = files.iter().map(PathBuf::as_path).collect();
    let said = page.hear(|page| page.upload(&id("file-input"), &paths))?;
    let read = first_number(&said)?;

    // A first run, which is cancelled.
    page.click(&id("send"))?;
    page.wait_for("dialog[open]")?;
    page.click(&id("attest-confirm"))?;
    let under_way = "const shown = document.querySelector('[data-testid=progress]');
        if (!shown?.textContent.includes('events/s')) return false;
        document.querySelector('[data-testid=cancel]').click(); return true";
    let said = page.hear(|page| page.wait_until("progress is shown, with a rate", under_way))?;
    ensure!(said.ends_with("not sent."), "cancelled, it says {said:?}");
    let sent = first_number(&said)?;
    ensure!(sent > 0 && sent < read && tallied(&page)? == sent, "{said}; the tally has {}", tallied(&page)?);

    // And one to the end: what was sent before is a duplicate now.
    let before = page.texts(&id("live"))?;
    page.click(&id("send"))?;
    let done = "const live = document.querySelector('[data-testid=live]').textContent.trim();
        return live.endsWith('events sent.') || (document.querySelector('dialog').open
            && (document.querySelector('[data-testid=attest-confirm]').click(), false))";
    for _ in 0..4 {
        if page.wait_until("all events are sent", done).is_ok() {
            break;
        }
    }
    ensure!(page.texts(&id("live"))? != before);
    ensure!(tallied(&page)? == read, "{read} were read and {} counted", tallied(&page)?);
    let pauses =
        page.run("clearInterval(window.probe); return window.pauses.slice(-3).reverse()", Vec::new())?;
    let pauses = pauses.as_array().context("the probe has no result")?;
    let lengths: Vec<f64> = pauses.iter().filter_map(|p| p.get("gap")?.as_f64()).collect();
    let outcomes = page.texts("[data-testid=tally] button")?.join(", ");
    println!(
        "{read} events of {} bundles: {outcomes}; longest pauses in milliseconds: {pauses:?}",
        files.len()
    );
    println!("storage: {}", page.text(&id("storage-meter"))?);
    // A single longer one can be the doing of whatever else runs on this machine.
    let (single, others) = lengths.split_first().context("no pause was noted")?;
    ensure!(
        *single < 2.0 * PATIENCE_MS && others.iter().all(|p| *p < PATIENCE_MS),
        "the page paused: {pauses:?}"
    );

    // A leaf hash stands before each record; in its base64 a short name comes up by chance.
    let without_hashes = |text: &str| {
        text.lines()
            .map(|line| line.split_once('\t').map_or(line, |(_, record)| record))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let stored = page.storage()?;
    let mut kept: String =
        stored.iter().map(|(key, value)| format!("{key} {}\n", without_hashes(value))).collect();
    let scrolled =
        "const [name, done] = arguments; const list = document.querySelector(`[data-testid=${name}]`);
        let text = ''; const step = Math.max(list.clientHeight - 40, 40); let at = 0;
        const next = () => { text += list.innerText + '\\n'; at += step;
            if (at > list.scrollHeight || text.length > 4e6) return done(text);
            list.scrollTop = at; requestAnimationFrame(next); };
        list.scrollTop = 0; requestAnimationFrame(next);";
    if page.count(&id("crm"))? > 0 {
        kept += page.run_async(scrolled, vec![json!("crm")])?.as_str().unwrap_or_default();
    }
    page.click(&id("nav-audit"))?;
    page.wait_for(&id("timeline"))?;
    kept += page.run_async(scrolled, vec![json!("timeline")])?.as_str().unwrap_or_default();
    ensure!(kept.len() > 10_000, "there was something to search");
    let leaked: Vec<_> = secrets.iter().filter(|secret| is_in(&kept, secret)).collect();
    ensure!(leaked.is_empty(), "{} of {} values are to be found: {leaked:?}", leaked.len(), secrets.len());
    page.finish()
}

/// Whether a value is in a text; a short one as a word of its own.
fn is_in(text: &str, value: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    if value.len() > 4 { text.contains(value) } else { words.any(|word| word == value) }
}

fn first_number(said: &str) -> Result<usize> {
    let word = said.split(' ').next().unwrap_or_default();
    word.replace(',', "").parse().with_context(|| said.to_owned())
}

/// The sum of what the tally counts.
fn tallied(page: &Browser) -> Result<usize> {
    page.texts("[data-testid=tally] strong")?.iter().map(|n| first_number(n)).sum()
}
