//! Policy: each keystroke shows what the draft would do, and what newly crosses is said.

use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};

const NAME_WITHHELD: &str =
    "\"field\": \"Person.familyName\", \"label\": \"redacted\", \"target\": \"PatientAttribute.patientName\"";
const AGE_BAND: &str = "\"method\": \"generalize:age-band\"";
const BIRTH_YEAR: &str = "\"method\": \"generalize:year\"";
const BAND_TARGET: &str = "PatientAttribute.ageBand";
const YEAR_TARGET: &str = "PatientAttribute.birthYear";
const CODE_PROHIBITED: &str =
    "{ \"id\": \"R22\", \"field\": \"CareEvent.codeDisplay\", \"label\": \"prohibited\" }";
const CODE_ALLOWED: &str = "{ \"id\": \"R22\", \"field\": \"CareEvent.codeDisplay\", \"label\": \"allowed\", \"target\": \"Activity.procedure\" }";

fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    ensure!(text.contains(from), "the shipped policy has no {from}");
    Ok(text.replacen(from, to, 1))
}

#[test]
fn the_preview_follows_the_draft_and_what_newly_crosses_is_shown_before_it_is_used() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;

    page.fill(
        &id("policy-text"),
        &replaced(&shipped, NAME_WITHHELD, "\"field\": \"Person.familyName\", \"label\": \"prohibited\"")?,
    )?;
    page.wait_for(&id("preview-changed"))?;

    page.fill(&id("policy-text"), &replaced(&shipped, CODE_PROHIBITED, CODE_ALLOWED)?)?;
    page.wait_text(&id("preview-newly"), "CareEvent.codeDisplay")?;
    let change = page.attribute(&id("preview-field-CareEvent.codeDisplay"), "data-change")?;
    ensure!(change.as_deref() == Some("newly-crosses"), "{change:?}");
    // It is compared, and can't be used: the lint has something against it.
    page.wait_text(&id("policy-state"), "draft with errors")?;
    ensure!(page.attribute(&id("use-draft"), "disabled")?.is_some());

    // Who lives elsewhere than the draft says is refused.
    page.fill(&id("policy-text"), &replaced(&shipped, "[\"US-MA\"]", "[\"US-TX\"]")?)?;
    page.wait_text(&id("preview-newly-refused"), "validate.jurisdiction-not-covered")?;

    // A year says more than an age band, and a draft by which it crosses can be used.
    page.fill(
        &id("policy-text"),
        &replaced(&shipped, AGE_BAND, BIRTH_YEAR)?.replacen(BAND_TARGET, YEAR_TARGET, 1),
    )?;
    page.wait_text(&id("preview-newly"), "Person.birthDate")?;
    ensure!(page.text(&id("policy-state"))? == "draft, not in force");
    page.hear(|page| page.click(&id("use-draft")))?;
    page.wait_text(&id("active-policy"), "(draft)")?;
    page.send()?;
    ensure!(page.text(&id("field-birthYear"))?.contains("19"));

    // The draft outlives a reload; what is in force is the shipped policy again.
    page.go("#/policy")?;
    page.wait_text(&id("preview-newly"), "Person.birthDate")?;
    page.click(&id("shipped-policy"))?;
    page.wait_for(&id("preview-same"))?;
    ensure!(page.value(&id("policy-text"))? == shipped);
    page.finish()
}

#[test]
fn a_single_keystroke_is_enough_for_the_preview_to_follow() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let put_caret = "const e = document.querySelector('[data-testid=policy-text]'); e.focus();
        const at = e.value.indexOf('PatientAttribute.state\"') + 'PatientAttribute.state'.length; e.setSelectionRange(at, at)";
    page.run(put_caret, Vec::new())?;
    page.press("X")?;
    page.wait_text(&id("preview-changed"), "Person.state")?;
    page.wait_text(&id("preview-field-Person.state"), "stateX")?;
    page.finish()
}

#[test]
fn a_draft_that_does_not_parse_keeps_the_last_good_result_and_says_so() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;
    let better = replaced(&shipped, CODE_PROHIBITED, CODE_ALLOWED)?;
    page.fill(&id("policy-text"), &better)?;
    page.wait_text(&id("preview-newly"), "CareEvent.codeDisplay")?;
    let (half, _) = better.split_at_checked(better.len() - 40).context("the policy is short")?;
    page.fill(&id("policy-text"), half)?;
    page.wait_text(&id("preview-behind"), "last draft that could be read")?;
    page.wait_text(&id("preview-newly"), "CareEvent.codeDisplay")?;
    page.wait_text(&id("diagnostic"), "error")?;
    ensure!(page.attribute(&id("use-draft"), "disabled")?.is_some(), "a broken draft can't be used");
    page.fill(&id("policy-text"), &shipped)?;
    page.wait_gone(&id("preview-behind"))?;
    page.wait_for(&id("preview-same"))?;
    page.finish()
}

#[test]
fn a_field_that_does_not_exist_has_a_diagnostic_that_jumps_to_its_place() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("no-diagnostics"))?;
    let shipped = page.value(&id("policy-text"))?;
    page.fill(&id("policy-text"), &replaced(&shipped, "Person.telecom", "Person.shoeSize")?)?;
    page.wait_text(&id("diagnostic"), "error")?;
    page.click(&id("diagnostic"))?;
    let selected = page.selected(&id("policy-text"))?;
    ensure!(selected.contains("Person.shoeSize"), "it selects {selected:?}");
    page.finish()
}

#[test]
fn a_click_puts_the_codes_that_were_seen_into_the_table() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;
    let own = replaced(&shipped, "\"table\": \"service-category\"", "\"table\": \"own-kinds\"")?;
    let own = replaced(
        &own,
        "\"rules\": [",
        "\"tables\": [{ \"name\": \"own-kinds\", \"entries\": [] }],\n  \"rules\": [",
    )?;
    page.fill(&id("policy-text"), &own)?;
    page.wait_text(&id("preview-unlisted-R06"), "own-kinds")?;
    let named = page.texts("[data-testid=preview-unlisted-R06] code")?;
    ensure!(named.len() >= 3, "no code is named: {named:?}");
    page.click(&id("add-labels"))?;
    page.wait_gone(&id("preview-unlisted"))?;
    let text = page.value(&id("policy-text"))?;
    let added = named.iter().skip(2).filter(|code| text.contains(code.as_str())).count();
    ensure!(added == named.len() - 2, "{added} of {named:?} are in the table now");
    page.finish()
}

#[test]
fn a_draft_that_holds_a_resource_is_not_kept() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;
    let kept = |page: &Browser, word: &str| -> Result<bool> {
        Ok(page.storage()?.values().any(|value| value.contains(word)))
    };
    let draft = replaced(&shipped, "\"rules\": [", "\"about\": \"Marked-A\",\n  \"rules\": [")?;
    page.fill(&id("policy-text"), &draft)?;
    page.wait_while("the draft is kept", || Ok(!kept(&page, "Marked-A")?))?;
    let with_resource =
        format!("{draft}\n{{ \"resourceType\": \"Patient\", \"name\": [{{ \"family\": \"Marked-B\" }}] }}");
    page.fill(&id("policy-text"), &with_resource)?;
    page.wait_text("main", "FHIR resource")?;
    ensure!(!kept(&page, "Marked-B")?, "the resource is stored");
    page.reload()?;
    page.wait_for(&id("policy-text"))?;
    let text = page.value(&id("policy-text"))?;
    ensure!(text.contains("Marked-A") && !text.contains("Marked-B"), "the draft before it is there again");
    page.finish()
}
