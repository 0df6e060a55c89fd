//! Run: the first event, the scenarios, and mending what was refused.

use airlock::api::{Session, StageState, open_scenario, run_through, scenarios};
use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};

/// Texts of the first scenario's patient that are nobody's business outside of the EHR sandbox.
const OF_THE_PATIENT: [&str; 10] = [
    "Testina",
    "Testperson",
    "Samplette",
    "1971-02-03",
    "555-0100",
    "demo@example.invalid",
    "1 Example Street",
    "Sampletown",
    "MRN-TEST-0001",
    "Palpitations",
];

#[test]
fn a_newcomer_delivers_the_first_event_with_one_click_and_sees_what_became_of_it() -> Result<()> {
    let page = Browser::open()?;
    ensure!(page.text(&id("send"))? == "Send");
    let said = page.send()?;
    ensure!(said.starts_with("delivered"), "the live region says {said:?}");
    ensure!(page.outcome()? == "delivered");
    let stages = page.stages()?;
    ensure!(stages.len() == 8 && stages.values().all(|s| s == "passed" || s == "changed"), "{stages:?}");
    ensure!(page.text(&id("field-patientName"))?.contains("withheld"));
    ensure!(page.text(&id("field-ageBand"))?.contains("50-59"));
    ensure!(page.text(&id("crm-count"))? == "2 records");
    let elements = page.text(&id("ledger-count"))?;
    ensure!(elements.ends_with("elements") && page.count(&id("ledger-row"))? > 5, "{elements}");
    let in_sight = "return ['outcome', 'strip', 'record', 'ledger-count'].every(name => {
        const box = document.querySelector(`[data-testid=${name}]`).getBoundingClientRect();
        return box.top >= 0 && box.top < innerHeight; })";
    page.wait_until("outcome, stages, record and ledger are in sight", in_sight)?;
    page.finish()
}

#[test]
fn each_scenario_of_the_picker_ends_as_its_file_expects() -> Result<()> {
    let mut page = Browser::open()?;
    let cards = scenarios();
    ensure!(cards.len() >= 8, "only {} scenarios", cards.len());
    for card in cards {
        let name = card.id.as_str();
        let scenario = open_scenario(name).context("a card without a scenario")?;
        // Each in a session of its own: the same referral twice would be unchanged the second time.
        page.run("localStorage.clear()", Vec::new())?;
        page.go("")?;
        page.pick(name)?;
        page.wait_text(&id("open-title"), &card.title)?;
        page.send().with_context(|| name.to_owned())?;
        page.pass_until(scenario.until)?;
        let mut session = Session::new();
        ensure!(session.configure(&scenario.setup).is_ok(), "{name}: its setting is not usable");
        let runs = run_through(&scenario, &mut session);
        for (n, (run, expected)) in runs.iter().zip(&scenario.expected).enumerate() {
            if runs.len() > 1 {
                page.click(&id(&format!("delivery-{}", n + 1)))?;
            }
            let got = (page.outcome()?, page.refusal_code()?);
            ensure!(
                got == (expected.outcome.clone(), expected.code.clone()),
                "{name}, delivery {n}: {got:?}"
            );
            let stages = page.stages()?;
            for stage in &run.stages {
                let expected = match stage.state {
                    StageState::Passed => "passed",
                    StageState::Changed => "changed",
                    StageState::Refused => "refused",
                    StageState::Waiting => "not reached",
                };
                let state = stages.get(&stage.stage).map(String::as_str);
                ensure!(state == Some(expected), "{name}, delivery {n}: {} is {state:?}", stage.stage);
            }
            let records = page.count(&id("record"))?;
            ensure!(records == run.records.len(), "{name}, delivery {n}: {records} records are shown");
        }
        let records = session.crm().len();
        let noun = if records == 1 { "record" } else { "records" };
        ensure!(page.text(&id("crm-count"))? == format!("{records} {noun}"), "{name}: records");
    }
    page.finish()
}

#[test]
fn an_event_sent_again_is_a_duplicate_also_after_a_reload_and_nothing_of_its_source_is_kept() -> Result<()> {
    let mut page = Browser::open()?;
    page.send()?;
    page.hear(|page| page.click(&id("send-again")))?;
    ensure!(page.outcome()? == "duplicate");
    page.wait_for(&id("duplicate-hint"))?;
    let root = |page: &Browser| -> Result<String> {
        page.click(&id("nav-audit"))?;
        page.wait_badge("verified")?;
        page.text("[data-testid=verified-badge] summary")
    };
    let before = root(&page)?;
    page.reload()?;
    ensure!(root(&page)? == before, "the log is another one after the reload");
    let records = page.text(&id("audit-count"))?;
    page.click(&id("nav-run"))?;
    ensure!(page.text(&id("crm-count"))? == "2 records");
    page.send()?;
    ensure!(page.outcome()? == "duplicate", "sent after the reload it was {}", page.outcome()?);
    page.click(&id("nav-audit"))?;
    page.wait_text(&id("audit-count"), "9 of 9 records").with_context(|| format!("before it: {records}"))?;
    let kept: String = page.storage()?.into_iter().map(|(key, value)| key + &value).collect();
    let address = page.run("return location.href", Vec::new())?.to_string();
    for text in OF_THE_PATIENT {
        ensure!(!kept.contains(text), "{text:?} is in local storage");
        ensure!(!address.contains(text), "{text:?} is in the address");
    }
    page.click(&id("nav-run"))?;
    page.hear(|page| page.click(&id("send-as-new")))?;
    ensure!(page.outcome()? == "unchanged", "the same content under a new id is {}", page.outcome()?);
    page.finish()
}

#[test]
fn a_signature_that_was_tampered_with_is_refused_and_one_button_mends_it() -> Result<()> {
    let page = Browser::open()?;
    page.hear(|page| page.click(&id("tamper")))?;
    page.send()?;
    ensure!(page.outcome()? == "rejected");
    ensure!(page.refusal_code()?.as_deref() == Some("webhook.signature-mismatch"));
    ensure!(
        page.count(&id("record"))? == 0 && page.stages()?.get("queue").is_some_and(|s| s == "not reached")
    );
    page.hear(|page| page.click(&id("fix")))?;
    ensure!(page.outcome()? == "delivered" && page.count(&id("refusal"))? == 0);
    page.finish()
}

#[test]
fn a_body_that_is_not_json_is_refused_with_its_place_and_the_jump_selects_it() -> Result<()> {
    let page = Browser::open()?;
    let body = page.value(&id("body"))?;
    page.fill(&id("body"), &body.replacen("\"type\": \"referral.created\"", "\"type\": nonsense", 1))?;
    page.wait_text(&id("stale"), "signed again")?;
    page.send()?;
    ensure!(page.outcome()? == "rejected", "it was {}", page.outcome()?);
    let place = page.text(&id("jump"))?;
    ensure!(place.starts_with("line 2, column "), "the place is {place:?}");
    page.click(&id("jump"))?;
    let selected = page.selected(&id("body"))?;
    ensure!(
        "nonsense".starts_with(&selected) && !selected.is_empty() || selected == "nonsense",
        "{selected:?}"
    );
    page.hear(|page| page.click(&id("fix")))?;
    ensure!(
        page.outcome()? == "delivered",
        "put back it was {}: {:?}",
        page.outcome()?,
        page.refusal_code()?
    );
    page.finish()
}

#[test]
fn an_edited_request_is_signed_when_it_is_sent_unless_one_says_otherwise() -> Result<()> {
    let page = Browser::open()?;
    let body = page.value(&id("body"))?;
    page.fill(&id("body"), &body.replacen("urgent", "routine", 1))?;
    page.click(&id("sign-on-send"))?;
    page.wait_text(&id("stale"), "will refuse it")?;
    page.send()?;
    ensure!(page.refusal_code()?.as_deref() == Some("webhook.signature-mismatch"));
    page.click(&id("sign-on-send"))?;
    page.send()?;
    ensure!(page.outcome()? == "delivered" && page.text(&id("field-priority"))?.contains("routine"));
    page.click(&id("restore"))?;
    ensure!(page.value(&id("body"))? == body);
    page.finish()
}

#[test]
fn a_scenario_is_found_by_any_word_of_it_and_the_list_scrolls_within_itself() -> Result<()> {
    let page = Browser::open()?;
    let all = page.count(".choice")?;
    ensure!(all == scenarios().len(), "{all} of {} scenarios", scenarios().len());
    let shown = |page: &Browser| -> Result<u64> {
        let script =
            "return [...document.querySelectorAll('.choice')].filter(e => e.checkVisibility()).length";
        page.run(script, Vec::new())?.as_u64().context("no number")
    };
    page.fill(&id("scenario-find"), "SIGNATURE altered")?;
    page.wait_until(
        "the others are away",
        "return !document.querySelector('[data-testid=scenario-referral-created]').checkVisibility()",
    )?;
    ensure!(shown(&page)? >= 1 && page.count(".topic:not([hidden]) .topic-name")? >= 1);
    page.click(&id("scenario-bad-signature"))?;
    page.wait_text(&id("open-title"), "Bad signature")?;
    page.fill(&id("scenario-find"), "nothing speaks of this")?;
    page.wait_text(".choices .empty", "No scenario")?;
    ensure!(shown(&page)? == 0);
    page.fill(&id("scenario-find"), "")?;
    page.wait_until("all are back", &format!("return [...document.querySelectorAll('.choice')].filter(e => e.checkVisibility()).length === {all}"))?;
    let own = "const e = document.querySelector('.choices'); return e.scrollHeight > e.clientHeight && e.clientHeight <= 300";
    page.wait_until("the list scrolls within itself", own)?;
    page.finish()
}
