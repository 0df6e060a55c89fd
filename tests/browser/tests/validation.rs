//! Validation: three verdicts, each issue with its place in the body, and the way between them.

use airlock_browser_tests::{Browser, Key, id};
use anyhow::{Context, Result, ensure};

/// The values of the elements that FHIR does not know, one after the other.
const NAMES: [&str; 3] = ["none", "first", "second"];

/// A body with this many elements that FHIR does not know, each on a line of its own, and some that it does.
fn with_unknown_elements(body: &str, count: usize) -> String {
    let lines: Vec<String> = (0..count)
        .zip(NAMES.iter().cycle())
        .map(|(n, name)| format!("\"unheardOf{n}\": \"{name}\",\n"))
        .collect();
    body.replacen("\"status\": \"active\",", &format!("\"status\": \"active\",\n{}", lines.concat()), 1)
}

/// The state of a verdict.
fn verdict(page: &Browser, name: &str) -> Result<String> {
    page.attribute(&id(&format!("verdict-{name}")), "data-state")?.context("a verdict without a state")
}

/// Puts the cursor of the body before the first place of a text, as a click there would.
fn put_cursor(page: &Browser, before: &str) -> Result<()> {
    let script = "const e = document.querySelector('[data-testid=body]');
        const at = e.value.indexOf(arguments[0]) + 1;
        e.focus(); e.setSelectionRange(at, at); e.scrollTop = 0;
        e.dispatchEvent(new MouseEvent('click', { bubbles: true }));";
    page.run(script, vec![before.into()]).map(drop)
}

#[test]
fn three_verdicts_are_told_apart_and_an_issue_says_what_where_and_how_to_mend_it() -> Result<()> {
    let page = Browser::open()?;
    page.send()?;
    for name in ["structure", "policy", "provenance"] {
        ensure!(verdict(&page, name)? == "passed", "{name} is {}", verdict(&page, name)?);
    }
    page.pick("invalid-code")?;
    page.send()?;
    ensure!(verdict(&page, "structure")? == "failed" && verdict(&page, "policy")? == "passed");
    let row = page.text(&id("issue"))?;
    ensure!(row.contains("error") && row.contains("code-invalid") && row.contains("line "), "{row}");
    page.click(&id("issue"))?;
    ensure!(page.selected(&id("body"))?.contains("actve"), "selected: {:?}", page.selected(&id("body"))?);
    let detail = page.text(&id("issue-detail"))?;
    ensure!(detail.contains("status") && detail.contains("structure · code-invalid"), "{detail}");
    page.wait_text(&id("at-caret-issue"), "error")?;
    page.finish()
}

#[test]
fn the_cursor_on_a_marked_place_finds_its_issue_and_keys_go_both_ways() -> Result<()> {
    let page = Browser::open()?;
    let body = page.value(&id("body"))?;
    page.fill(&id("body"), &with_unknown_elements(&body, 3))?;
    page.send()?;
    ensure!(page.outcome()? == "dead-lettered" && page.count(&id("issue"))? == 3);
    page.run("document.querySelector('[data-testid=body]').scrollTop = 0", Vec::new())?;
    page.wait_until("3 places are marked", "return document.querySelectorAll('.marked.error').length === 3")?;
    ensure!(page.texts(".request .gutter")?.concat().matches('●').count() == 3, "lines are marked");
    put_cursor(&page, "\"first\"")?;
    page.wait_for("#issue-1.open")?;
    page.wait_for(".marked.active")?;
    // From the body to the next place, to the list, down it, and back into the body.
    page.press(&Key::F8.to_string())?;
    page.wait_for("#issue-2.open")?;
    ensure!(page.selected(&id("body"))?.contains("second"), "{:?}", page.selected(&id("body"))?);
    page.click(&id("issue-list"))?;
    page.wait_until("the list has the focus", "return document.activeElement.dataset.testid === 'issues'")?;
    page.press(&format!("{}{}", Key::Home, Key::Enter))?;
    page.wait_until("the body has the focus", "return document.activeElement.dataset.testid === 'body'")?;
    ensure!(page.selected(&id("body"))?.contains("none"), "{:?}", page.selected(&id("body"))?);
    // What is typed before a place moves it; what is typed into one takes its mark away.
    let now = page.value(&id("body"))?;
    page.fill(&id("body"), &now.replacen("\"unheardOf0\": \"none\",", "", 1))?;
    page.wait_until("a mark is gone", "return document.querySelectorAll('.marked').length === 2")?;
    page.click("#issue-2")?;
    ensure!(page.selected(&id("body"))?.contains("second"), "{:?}", page.selected(&id("body"))?);
    page.finish()
}

#[test]
fn the_body_is_checked_while_it_is_typed_and_nothing_is_sent() -> Result<()> {
    let page = Browser::open()?;
    page.click(&id("live-check"))?;
    page.wait_for(&id("unsent"))?;
    ensure!(verdict(&page, "structure")? == "passed");
    let body = page.value(&id("body"))?;
    page.fill(&id("body"), &body.replacen("\"urgent\"", "\"as fast as you can\"", 1))?;
    page.wait_for("[data-testid=verdict-structure][data-state=failed]")?;
    page.click(&id("issue"))?;
    ensure!(page.selected(&id("body"))?.contains("as fast"), "{:?}", page.selected(&id("body"))?);
    page.fill(&id("body"), &body.replacen("\"urgent\"", "urgent", 1))?;
    page.wait_text(&id("issue"), "JSON")?;
    page.fill(&id("body"), &body)?;
    page.wait_for("[data-testid=verdict-structure][data-state=passed]")?;
    ensure!(page.count(&id("outcome"))? == 0, "something was sent");
    page.click(&id("nav-audit"))?;
    page.wait_for(&id("audit-empty"))?;
    page.finish()
}

#[test]
fn a_thousand_issues_are_listed_and_the_rest_is_counted_with_few_rows_in_the_document() -> Result<()> {
    let page = Browser::open()?;
    let body = page.value(&id("body"))?;
    page.fill(&id("body"), &with_unknown_elements(&body, 1_200))?;
    page.send()?;
    page.wait_for(&id("issue"))?;
    let told: u32 = page
        .text(&id("verdict-issues-structure"))?
        .replace(',', "")
        .split(' ')
        .next()
        .unwrap_or("")
        .parse()?;
    ensure!((100..=1_000).contains(&told), "{told} issues are told");
    ensure!(page.count(&id("issue"))? < 60 && page.count(".marked")? <= 80, "the document is full of rows");
    page.run("document.querySelector('[data-testid=issues]').focus()", Vec::new())?;
    page.press(&format!("{}{}", Key::End, Key::Enter))?;
    page.wait_for(&format!("#issue-{}.open", told - 1))?;
    let selected = page.selected(&id("body"))?;
    ensure!(NAMES.iter().any(|name| selected.contains(name)), "{selected:?}");
    page.finish()
}
