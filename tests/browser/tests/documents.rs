//! Documents: derived from the draft, shown as tables, handed on in three forms.

use airlock_browser_tests::{Browser, Key, PHONE, id};
use anyhow::{Result, ensure};

/// Takes what is saved from here on, in place of the browser's own downloads.
const TAKE_FILES: &str = "window.saved = []; URL.createObjectURL = blob => { blob.text().then(text =>
    saved.push([blob.type, text])); return '#' }; HTMLAnchorElement.prototype.click = () => {};";

#[test]
fn each_document_is_a_table_that_the_address_names() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    page.click(&id("tab-documents"))?;
    page.wait_text(&id("document-title"), "Mapping sheet: referral-intake@")?;
    for (document, title, cell) in [
        ("contract", "Payload contract", "Activity.priority"),
        ("minimum-necessary", "Minimum-necessary matrix", "P180D"),
        ("control", "Control matrix", "every other element"),
        ("responsibility", "Responsibility chart", "HOSP-SANDBOX-A"),
        ("drift", "Drift review", "no rule names the element"),
        ("mapping", "Mapping sheet", "ServiceRequest.priority"),
    ] {
        page.click(&id(&format!("document-{document}")))?;
        page.wait_text(&id("document-title"), title)?;
        ensure!(page.text(&id("document-table"))?.contains(cell), "{document} has no {cell}");
        ensure!(page.fragment()?.contains(&format!("document={document}")), "{}", page.fragment()?);
        ensure!(
            page.attribute(&id(&format!("document-{document}")), "aria-pressed")?.as_deref() == Some("true")
        );
    }
    page.back()?;
    page.wait_text(&id("document-title"), "Drift review")?;
    page.reload()?;
    page.wait_text(&id("document-title"), "Drift review")?;

    page.click(&id("tab-mapping"))?;
    page.wait_for(&id("policy-text"))?;
    ensure!(!page.fragment()?.contains("document="), "{}", page.fragment()?);
    page.finish()
}

#[test]
fn tabs_go_by_the_arrow_keys() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("policy-text"))?;
    page.run("document.querySelector('[data-testid=tab-mapping]').focus()", Vec::new())?;
    for (key, tab) in [(Key::Right, "documents"), (Key::Left, "mapping"), (Key::End, "documents")] {
        page.press(&key.to_string())?;
        let selected = format!("{}[aria-selected=true]", id(&format!("tab-{tab}")));
        page.wait_for(&selected)?;
        page.wait_until(
            "the tab has the focus",
            &format!("return document.activeElement.dataset.testid === 'tab-{tab}'"),
        )?;
    }
    page.finish()
}

#[test]
fn the_document_follows_the_draft_and_is_refused_while_it_has_errors() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    page.wait_for(&id("no-diagnostics"))?;
    let shipped = page.value(&id("policy-text"))?;
    let city = "\"field\": \"Person.city\", \"label\": \"prohibited\"";
    let withheld =
        "\"field\": \"Person.city\", \"label\": \"redacted\", \"target\": \"PatientAttribute.city\"";
    let draft = shipped.replacen(city, withheld, 1);
    ensure!(draft != shipped, "the shipped policy has no {city}");
    page.fill(&id("policy-text"), &draft)?;
    page.go("#/policy?document=contract")?;
    page.wait_text(&id("document-table"), "PatientAttribute.city")?;

    // What the CRM does not hold is an error as it is in the sheet.
    page.click(&id("tab-mapping"))?;
    page.wait_for(&id("policy-text"))?;
    page.fill(&id("policy-text"), &draft.replacen("PatientAttribute.city", "PatientAttribute.town", 1))?;
    page.wait_text(&id("policy-state"), "errors")?;
    page.click(&id("tab-documents"))?;
    page.wait_for(&id("document-refused"))?;

    page.click(&id("tab-mapping"))?;
    page.wait_for(&id("policy-text"))?;
    page.fill(&id("policy-text"), &shipped.replacen("\"allowed\"", "\"allowd\"", 1))?;
    page.click(&id("tab-documents"))?;
    page.wait_text(&id("document-refused"), "policy.unknown-label")?;
    ensure!(page.count(&id("document-table"))? == 0, "nothing is derived from a broken draft");
    page.finish()
}

#[test]
fn the_drift_review_looks_at_the_events_that_the_preview_looks_at() -> Result<()> {
    let page = Browser::open_at("#/policy?document=drift")?;
    page.wait_text(&id("document-title"), "over 1 event")?;
    page.wait_text(&id("document-table"), "CareEvent.narrative")?;
    page.click(&id("preview-set-shipped"))?;
    page.wait_text(&id("document-title"), "that it is not about")?;
    ensure!(!page.text(&id("document-title"))?.contains("over 1 event"), "over all that is shipped");
    page.click(&id("preview-set-open"))?;
    page.wait_text(&id("document-title"), "over 1 event")?;
    page.finish()
}

#[test]
fn a_document_is_saved_and_copied_in_each_form() -> Result<()> {
    let page = Browser::open_at("#/policy?document=contract")?;
    page.wait_for(&id("document-table"))?;
    page.run(TAKE_FILES, Vec::new())?;
    page.run("navigator.clipboard.writeText = async text => { window.copied = text };", Vec::new())?;
    for (form, start) in [("md", "# Payload contract: "), ("csv", "CRM field,Type,"), ("json", "{")] {
        page.hear(|page| page.click(&id(&format!("save-{form}"))))?;
        page.wait_until(
            "the file is there",
            &format!("return saved.length > 0 && saved.at(-1)[1].startsWith('{start}')"),
        )?;
        page.hear(|page| page.click(&id(&format!("copy-{form}"))))?;
        page.wait_until("the same is on the clipboard", "return copied === saved.at(-1)[1]")?;
    }
    page.finish()
}

#[test]
fn on_a_telephone_the_table_scrolls_and_the_page_does_not() -> Result<()> {
    let page = Browser::open_at("#/policy?document=mapping")?;
    page.resize(PHONE)?;
    page.wait_for(&id("document-table"))?;
    let over = page.run("return document.documentElement.scrollWidth - innerWidth", Vec::new())?;
    ensure!(over.as_i64().is_some_and(|over| over <= 0), "the page is {over} px too wide");
    let sticks = "const region = document.querySelector('.documents .table-scroll');
        region.scrollTop = 200;
        const head = region.querySelector('th').getBoundingClientRect();
        return Math.abs(head.top - region.getBoundingClientRect().top) < 2";
    ensure!(page.run(sticks, Vec::new())?.as_bool() == Some(true), "the header goes away");
    page.finish()
}
