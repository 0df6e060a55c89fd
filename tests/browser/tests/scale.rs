//! Much at once: ten thousand records, and whole patient histories.

use airlock::api::store::{MemoryShelf, Shelf as _, ShelfError, SigningNoteKey, Unsaved};
use airlock::api::{Session, open_scenario, sign};
use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
fn with_a_full_local_storage_the_timeline_opens_filters_and_scrolls_with_few_rows_in_the_document()
-> Result<()> {
    let mut page = Browser::open()?;
    let (items, records) = stored_session(u64::MAX)?;
    ensure!(records > 15_000, "{records} records fit");
    page.run(
        "localStorage.clear(); for (const [k, v] of arguments[0]) localStorage.setItem(k, v)",
        vec![json!(items)],
    )?;
    page.go("#/audit")?;
    page.wait_for(&id("audit-row"))?;
    let grouped = format!("{},{:03}", records / 1000, records % 1000);
    page.wait_badge("verified")?;
    page.wait_text(&id("verified-badge"), &format!("{grouped} records"))?;
    page.wait_text(&id("audit-count"), &format!("{grouped} of {grouped} records"))?;
    let rows = page.count(&id("audit-row"))?;
    ensure!((10..300).contains(&rows), "{rows} rows are in the document");
    // A screen further with each frame: what is in the document does not grow with what was passed.
    let scrolled = "const [done] = [...arguments].slice(-1);
        const outcome = document.querySelector('[data-testid=filter-outcome]');
        const list = () => document.querySelector('[data-testid=timeline]');
        const choose = value => { outcome.value = value; outcome.dispatchEvent(new Event('change', { bubbles: true })) };
        const frame = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 0)));
        (async () => {
            let most = 0;
            const look = async () => { await frame(); most = Math.max(most, document.querySelectorAll('.timeline *').length) };
            choose('refused'); await look();
            choose(''); await look();
            list().scrollTop = list().scrollHeight / 2; await look();
            list().scrollTop = 0; await look();
            for (let n = 0; n < 60; n++) { list().scrollTop += list().clientHeight; await look() }
            list().scrollTop = list().scrollHeight;
            done(most);
        })();";
    let most = page.run_async(scrolled, Vec::new())?;
    ensure!(most.as_u64().is_some_and(|nodes| nodes < 500), "{most} nodes");
    page.wait_until(
        "the end of the list is its oldest record",
        "return [...document.querySelectorAll('[data-testid=audit-row]')].at(-1)?.dataset.seq === '0'",
    )?;
    let rows = page.count(&id("audit-row"))?;
    ensure!(rows < 300, "{rows} rows are in the document");
    page.finish()
}

/// The bundles of a folder.
fn bundles(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "json") {
            files.push(path);
        }
    }
    files.sort();
    ensure!(files.len() >= 6, "only {} files in {}", files.len(), folder.display());
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

#[test]
fn whole_patient_histories_go_through_in_pieces_and_leave_nothing_of_the_patient() -> Result<()> {
    let Some(folder) = xtask::skip::folder(&xtask::corpus(), "synthea") else { return Ok(()) };
    let files = bundles(&folder)?;
    let (mut secrets, mut patients) = (BTreeSet::new(), BTreeSet::new());
    for file in &files {
        let bundle: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        identifying(&bundle, &mut secrets);
        let entries = bundle["entry"].as_array().into_iter().flatten();
        let of_patients = entries.filter(|entry| entry["resource"]["resourceType"] == "Patient");
        patients.extend(of_patients.filter_map(|entry| entry["fullUrl"].as_str()).map(str::to_owned));
    }
    ensure!(secrets.len() > 30, "only {} identifying values were found", secrets.len());

    let page = Browser::open()?;
    page.pick("lab-result-finalised")?;
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let said = page.hear(|page| page.upload(&id("file-input"), &paths))?;
    let read = first_number(&said)?;

    // A consent of each patient, as the one on file.
    page.unfold(&id("consents-panel"))?;
    let on_file: Value = serde_json::from_str(&page.value(&id("consents"))?)?;
    let consent = on_file.get(0).unwrap_or(&on_file);
    let of_each = |patient: &String| {
        let mut own = consent.clone();
        own["patient"] = json!({ "reference": patient });
        own
    };
    let consents: Vec<Value> = patients.iter().map(of_each).collect();
    ensure!(consents.len() == files.len(), "{} patients", consents.len());
    page.fill(&id("consents"), &json!(consents).to_string())?;

    // A first run, which is cancelled: the page takes its turn in the middle of it.
    page.click(&id("send"))?;
    page.wait_for("dialog[open]")?;
    page.click(&id("attest-confirm"))?;
    let under_way = "const shown = document.querySelector('[data-testid=progress]');
        if (!shown?.textContent.includes('events/s')) return false;
        document.querySelector('[data-testid=cancel]').click(); return true";
    let said = page.hear(|page| page.wait_until("progress is shown, with a rate", under_way))?;
    ensure!(said.ends_with("not sent."), "cancelled, it says {said:?}");
    let sent = first_number(&said)?;
    let delivered = tallied_as(&page, "delivered")?;
    ensure!(sent > 0 && sent < read && tallied(&page)? == sent, "{said}; the tally has {}", tallied(&page)?);

    // And one to the end: what was sent before is a duplicate now.
    let before = page.texts(&id("live"))?;
    page.click(&id("send"))?;
    let done = "const live = document.querySelector('[data-testid=live]').textContent.trim();
        return live.endsWith('events sent.') || (document.querySelector('dialog').open
            && (document.querySelector('[data-testid=attest-confirm]').click(), false))";
    page.wait_until("all events are sent", done)?;
    ensure!(page.texts(&id("live"))? != before);
    let events = first_number(&page.text(&id("live"))?)?;
    ensure!(events > 200 && tallied(&page)? == events, "of {events} {} are counted", tallied(&page)?);
    let outcomes = page.texts("[data-testid=tally] button")?.join(", ");
    let delivered = delivered + tallied_as(&page, "delivered")?;
    ensure!(delivered * 100 >= events * 97, "{delivered} of {events} are delivered: {outcomes}");
    println!("{events} events of {read} resources in {} bundles: {outcomes}", files.len());
    println!("storage: {}", page.text(&id("storage-meter"))?);
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

/// How many events the tally counts that came to an outcome.
fn tallied_as(page: &Browser, outcome: &str) -> Result<usize> {
    let counts = page.texts("[data-testid=tally] button")?;
    let count = counts.iter().find_map(|text| text.strip_suffix(outcome));
    count.map_or(Ok(0), |text| first_number(text.trim_end_matches(|c: char| !c.is_ascii_digit())))
}

/// The sum of what the tally counts.
fn tallied(page: &Browser) -> Result<usize> {
    page.texts("[data-testid=tally] strong")?.iter().map(|n| first_number(n)).sum()
}
