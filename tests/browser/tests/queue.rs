//! The queue: what waits is seen, time can be let pass, and what was given up on can be driven again.

use airlock_browser_tests::{Browser, id};
use anyhow::{Result, ensure};

#[test]
fn an_event_that_the_crm_cant_take_waits_in_sight_and_arrives_once_time_has_passed() -> Result<()> {
    let page = Browser::open()?;
    ensure!(page.text(&id("queue-depth"))? == "nothing waits");
    page.pick("sink-outage")?;
    let said = page.send()?;
    ensure!(said.starts_with("waiting"), "{said}");
    ensure!(page.outcome()? == "waiting" && page.text(&id("due"))?.starts_with("in "));
    page.wait_text(&id("queue-depth"), "1 of ")?;
    let row = page.text(&id("waiting-row"))?;
    ensure!(
        row.contains("evt-outage-0001") && row.contains("1 attempt") && row.contains("deliver."),
        "{row}"
    );
    ensure!(page.text(&id("crm-count"))? == "0 records");
    let clock = page.text(&id("clock"))?;
    page.hear(|page| page.click(&id("pass-next")))?;
    ensure!(page.text(&id("clock"))? != clock, "the clock stands still");
    page.hear(|page| page.click(&id("pass-all")))?;
    ensure!(page.outcome()? == "delivered", "it ended {}", page.outcome()?);
    ensure!(page.count(&id("record"))? == 2 && page.text(&id("crm-count"))? == "2 records");
    ensure!(page.text(&id("queue-depth"))? == "nothing waits" && page.count(&id("waiting-row"))? == 0);
    page.finish()
}

#[test]
fn a_dead_letter_says_why_and_driven_again_it_is_delivered_once_and_under_the_same_run() -> Result<()> {
    let page = Browser::open()?;
    page.pick("dead-letter")?;
    page.send()?;
    let run = page.text(&id("follow-run"))?;
    page.hear(|page| page.click(&id("pass-all")))?;
    ensure!(page.outcome()? == "dead-lettered" && page.text(&id("dead-count"))? == "1");
    let row = page.text(&id("dead-row"))?;
    ensure!(row.contains("queue.") && row.contains("attempts"), "{row}");
    // The CRM is still out: it waits again, and is given up on again.
    page.hear(|page| page.click(&id("redrive")))?;
    page.wait_gone(&id("dead-row"))?;
    ensure!(page.outcome()? == "waiting", "driven again it is {}", page.outcome()?);
    page.hear(|page| page.click(&id("pass-all")))?;
    page.wait_for(&id("dead-row"))?;
    for _ in 0..25 {
        page.hear(|page| page.click(&id("pass-hour")))?;
    }
    page.hear(|page| page.click(&id("redrive-all")))?;
    ensure!(page.outcome()? == "delivered", "after the outage it is {}", page.outcome()?);
    ensure!(page.text(&id("follow-run"))? == run && page.text(&id("crm-count"))? == "2 records");
    page.wait_gone(&id("dead-row"))?;
    page.finish()
}
