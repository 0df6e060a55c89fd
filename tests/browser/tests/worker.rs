//! Long work: in the worker where there is one, in slices where there is none, and nothing is asked for either way.

use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Keeps of each message of the worker what kind it is, to look at later.
const LISTEN: &str = "window.words = [];
    airlockWorker.addEventListener('message', event => window.words.push(Object.keys(JSON.parse(event.data))[0]))";

/// As many referrals as wanted, each of a patient of its own, in NDJSON.
fn referrals(count: usize) -> String {
    let patient = |n: usize| {
        json!({ "resourceType": "Bundle", "type": "collection", "entry": [
            { "resource": { "resourceType": "ServiceRequest", "id": format!("SR-{n:05}"), "status": "active",
                "intent": "order", "priority": "routine",
                "subject": { "reference": format!("Patient/PAT-{n:05}") } } },
            { "resource": { "resourceType": "Patient", "id": format!("PAT-{n:05}") } },
        ] })
    };
    (0..count).map(|n| format!("{}\n", patient(n))).collect()
}

/// Opens so many events of one's own, each with its patient.
fn open_many(page: &Browser, count: usize) -> Result<()> {
    let said = page.paste(&referrals(count))?;
    let read = 2 * count;
    ensure!(said.replace(',', "").starts_with(&format!("{read} resources")), "it says {said:?}");
    Ok(())
}

/// What the table of endings adds up to.
fn counted(page: &Browser) -> Result<u64> {
    page.wait_for(&id("rehearsal"))?;
    let sum = "return [...document.querySelectorAll('[data-testid=rehearsal] tr[data-count]:not([data-testid=not-an-event])')]
        .reduce((sum, row) => sum + Number(row.dataset.count), 0)";
    page.run(sum, Vec::new())?.as_u64().context("no sum")
}

#[test]
fn long_work_goes_to_the_worker_which_tells_how_far_it_is_and_asks_for_nothing() -> Result<()> {
    let page = Browser::open()?;
    open_many(&page, 1_500)?;
    page.run(LISTEN, Vec::new())?;
    page.click(&id("check-all"))?;
    page.wait_text(&id("progress"), "events/s")?;
    ensure!(counted(&page)? == 1_500);
    let words = page.run("return window.words", Vec::new())?;
    let words: Vec<String> = serde_json::from_value(words)?;
    ensure!(words.first().is_some_and(|w| w == "greeting"), "first it greets: {words:?}");
    ensure!(words.last().is_some_and(|w| w == "result"), "in the end there is a result: {words:?}");
    ensure!(words.iter().filter(|w| *w == "progress").count() > 1, "it told how far it was: {words:?}");
    ensure!(page.count(&id("progress"))? == 0, "the bar is gone");
    ensure!(page.storage()?.keys().all(|key| !key.starts_with("airlock.log")), "nothing was logged");
    page.finish()
}

#[test]
fn work_that_is_cancelled_ends_at_once_and_the_worker_takes_the_next() -> Result<()> {
    let page = Browser::open()?;
    open_many(&page, 4_000)?;
    let cancel =
        "const cancel = document.querySelector('[data-testid=cancel]'); cancel?.click(); return !!cancel";
    let said = page.hear(|page| {
        page.click(&id("check-all"))?;
        page.wait_until("the bar is shown", cancel)
    })?;
    ensure!(said.trim().starts_with("Checking was cancelled"), "it says {said:?}");
    ensure!(page.count(&id("rehearsal"))? == 0 && page.count(&id("progress"))? == 0);
    page.click(&id("own-close"))?;
    open_many(&page, 20)?;
    page.run(LISTEN, Vec::new())?;
    page.click(&id("check-all"))?;
    ensure!(counted(&page)? == 20);
    ensure!(page.run("return window.words.includes('result')", Vec::new())? == json!(true));
    page.finish()
}

#[test]
fn without_a_worker_the_same_work_is_done_in_slices() -> Result<()> {
    let mut page = Browser::start()?;
    page.before_each_load("delete window.Worker")?;
    page.go("")?;
    open_many(&page, 300)?;
    page.click(&id("check-all"))?;
    ensure!(counted(&page)? == 300);
    ensure!(page.run("return window.airlockWorker ?? null", Vec::new())? == Value::Null);
    page.finish()
}

#[test]
fn a_worker_of_another_build_is_given_no_work() -> Result<()> {
    let mut page = Browser::start()?;
    page.before_each_load(
        "window.orders = []; window.Worker = class Worker extends EventTarget {
            say(data) { setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data }))) }
            postMessage(data) {
                if (data.glue) this.say('ready');
                else if (typeof data === 'string') {
                    window.orders.push(JSON.parse(data));
                    this.say(JSON.stringify({ greeting: { build: 'another' } }));
                } }
            terminate() { window.orders.push('ended') } }",
    )?;
    page.go("")?;
    open_many(&page, 50)?;
    page.click(&id("check-all"))?;
    ensure!(counted(&page)? == 50, "it was done all the same");
    ensure!(page.run("return window.orders", Vec::new())? == json!(["greet", "ended"]));
    page.finish()
}
