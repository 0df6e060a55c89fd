//! The mapping sheet: edited by keys like a spreadsheet, beside the same policy as text, and either edits the other.

use airlock_browser_tests::{Browser, Key, id};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

// The columns, by their places.
const FIELD: usize = 1;
const LABEL: usize = 2;
const TARGET: usize = 5;
const OWNER: usize = 12;

fn cell(row: usize, column: usize) -> String {
    format!("#cell-{row}-{column}")
}

fn keys(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect()
}

/// A key held down with another one.
fn held(modifier: Key, key: &str) -> String {
    format!("{modifier}{key}{}", Key::Null)
}

/// The row, from 0, of the rule for a field.
fn row_of(page: &Browser, field: &str) -> Result<usize> {
    let script = "return [...document.querySelectorAll('[data-testid=sheet-row]')]
        .findIndex(row => row.querySelector('[data-key=field]').textContent.includes(arguments[0]))";
    let row = page.run(script, vec![json!(field)])?.as_u64().context("a rule for the field")?;
    Ok(usize::try_from(row)?)
}

/// Picks a cell by a click, which gives the sheet the focus.
fn pick(page: &Browser, row: usize, column: usize) -> Result<()> {
    page.click(&cell(row, column))?;
    page.wait_for(&format!("{}.at", cell(row, column)))
}

fn opened() -> Result<(Browser, String)> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;
    Ok((page, shipped))
}

#[test]
fn a_cell_is_edited_by_keys_and_the_text_follows_with_nothing_else_changed() -> Result<()> {
    let (page, shipped) = opened()?;
    let row = row_of(&page, "Person.city")?;
    pick(&page, row, FIELD)?;
    page.press(&keys(&[Key::Right]))?;
    ensure!(
        page.attribute(&id("sheet-grid"), "aria-activedescendant")? == Some(format!("cell-{row}-{LABEL}"))
    );

    // Typing replaces, and the first word that fits completes it.
    page.press("all")?;
    page.wait_text(&id("cell-words"), "allowed")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_text(&cell(row, LABEL), "allowed")?;
    page.wait_for(&format!("{}.at", cell(row + 1, LABEL)))?;

    // What is said stands at the cell. The target goes to its place in the rule's own line.
    pick(&page, row, TARGET)?;
    page.press(&keys(&[Key::F2]))?;
    page.press("Activity.city")?;
    page.press(&keys(&[Key::Tab]))?;
    page.wait_text(&cell(row, TARGET), "Activity.city")?;
    page.wait_for(&format!("{}.at", cell(row, TARGET + 1)))?;
    let text = page.value(&id("policy-text"))?;
    let rule = "\"field\": \"Person.city\", \"label\": \"prohibited\"";
    let edited = "\"field\": \"Person.city\", \"label\": \"allowed\", \"target\": \"Activity.city\"";
    ensure!(text == shipped.replacen(rule, edited, 1), "{text}");
    page.wait_text(&id("preview-newly"), "Person.city")?;

    // Esc leaves a cell as it was.
    page.press(&keys(&[Key::Enter]))?;
    page.press("x")?;
    page.press(&keys(&[Key::Escape, Key::Escape]))?;
    page.wait_gone(&id("cell-editor"))?;
    ensure!(page.value(&id("policy-text"))? == text);
    ensure!(page.focused()? == "sheet-grid");

    // Delete clears, and the key is gone from the text.
    pick(&page, row, TARGET)?;
    page.press(&keys(&[Key::Delete]))?;
    page.wait_until(
        "the target is gone",
        "return !document.querySelector('[data-testid=policy-text]').value.includes('Activity.city')",
    )?;
    page.finish()
}

#[test]
fn the_text_edits_the_sheet_and_both_share_one_way_back() -> Result<()> {
    let (page, shipped) = opened()?;
    let row = row_of(&page, "Person.city")?;
    let typed =
        shipped.replacen("Person.city\", \"label\": \"prohibited", "Person.city\", \"label\": \"redacted", 1);
    page.fill(&id("policy-text"), &typed)?;
    page.wait_text(&cell(row, LABEL), "redacted")?;
    pick(&page, row, OWNER)?;
    page.press("privacy office")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_text(&cell(row, OWNER), "privacy office")?;

    page.press(&held(Key::Control, "z"))?;
    page.wait_until(
        "the owner is undone",
        &format!("return !document.querySelector('{}').textContent", cell(row, OWNER)),
    )?;
    ensure!(page.value(&id("policy-text"))? == typed);
    page.press(&held(Key::Control, "z"))?;
    page.wait_text(&cell(row, LABEL), "prohibited")?;
    ensure!(page.value(&id("policy-text"))? == shipped);
    page.press(&held(Key::Control, "y"))?;
    page.wait_text(&cell(row, LABEL), "redacted")?;

    // From within the text too.
    page.run("document.querySelector('[data-testid=policy-text]').focus()", Vec::new())?;
    page.press(&held(Key::Control, "z"))?;
    page.wait_text(&cell(row, LABEL), "prohibited")?;
    ensure!(page.value(&id("policy-text"))? == shipped);

    // A cell shows its place in the text, and the text its cell.
    pick(&page, row, FIELD)?;
    page.click(&id("sheet-to-text"))?;
    ensure!(page.selected(&id("policy-text"))? == "\"Person.city\"");
    let put_caret = "const e = document.querySelector('[data-testid=policy-text]');
        const at = e.value.indexOf('\"R12\"') + 3; e.focus(); e.setSelectionRange(at, at)";
    page.run(put_caret, Vec::new())?;
    page.press(&keys(&[Key::Left]))?;
    page.wait_for(&format!("{}.at", cell(11, 0)))?;
    page.finish()
}

#[test]
fn cells_go_to_and_come_from_the_clipboard() -> Result<()> {
    let (page, shipped) = opened()?;
    let row = row_of(&page, "Person.city")?;
    pick(&page, row, FIELD)?;
    page.press(&held(Key::Shift, &Key::Right.to_string()))?;
    ensure!(page.count(".sheet-cell.selected")? == 2);
    let copied = copy(&page)?;
    ensure!(copied == "Person.city\tprohibited\n", "{copied}");

    // The browser's own keys reach the sheet.
    page.press(&held(Key::Control, "c"))?;
    pick(&page, row + 1, FIELD)?;
    page.press(&held(Key::Control, "v"))?;
    page.wait_text(&cell(row + 1, FIELD), "Person.city")?;
    page.wait_text(&id("diagnostic"), "names this field already")?;
    page.wait_for(&format!("{}.error", cell(row + 1, FIELD)))?;
    page.wait_text(&id("sheet-diagnostic"), "names this field already")?;
    page.click(&id("sheet-undo"))?;
    page.wait_gone(&format!("{}.error", cell(row + 1, FIELD)))?;
    ensure!(page.value(&id("policy-text"))? == shipped);

    // A table with rows of unequal length: pasted, and said.
    pick(&page, row, OWNER)?;
    page.run("document.querySelector('[data-testid=sheet-grid]').focus()", Vec::new())?;
    paste(&page, "privacy\t\"on file\tand\nsigned\"\nquality\n")?;
    page.wait_text(&cell(row, OWNER + 1), "on file\tand\nsigned")?;
    page.wait_text(&cell(row + 1, OWNER), "quality")?;
    page.wait_for("[data-testid=sheet-note][data-code=\"sheet.ragged-rows\"]")?;
    page.finish()
}

#[test]
fn each_rule_is_one_line_with_all_its_cells_beside_one_another() -> Result<()> {
    let (page, _) = opened()?;
    let tops = "const rows = [...document.querySelectorAll('.sheet-row')];
        return rows.map(row => new Set([...row.children].map(cell => cell.getBoundingClientRect().top)).size)";
    let tops: Vec<u64> = serde_json::from_value(page.run(tops, Vec::new())?)?;
    ensure!(tops.len() > 10 && tops.iter().all(|tops| *tops == 1), "lines of each row: {tops:?}");
    page.finish()
}

#[test]
fn no_cell_goes_to_a_spreadsheet_as_a_formula_and_it_comes_back_as_it_was() -> Result<()> {
    let (page, shipped) = opened()?;
    let row = row_of(&page, "Person.city")?;
    let formula = "=HYPERLINK(1)";
    page.fill(
        &id("policy-text"),
        &shipped.replacen("{ \"id\": \"R20\",", &format!("{{ \"owner\": \"{formula}\", \"id\": \"R20\","), 1),
    )?;
    page.wait_text(&cell(row, OWNER), formula)?;
    pick(&page, row, OWNER)?;
    let copied = copy(&page)?;
    ensure!(copied == format!("'{formula}\n"), "{copied}");
    pick(&page, row + 1, OWNER)?;
    paste(&page, &copied)?;
    page.wait_text(&cell(row + 1, OWNER), formula)?;
    ensure!(page.texts(&cell(row + 1, OWNER))? == [formula], "without the apostrophe");
    page.finish()
}

#[test]
fn a_policy_of_megabytes_is_checked_in_the_background_and_edited_in_the_sheet() -> Result<()> {
    let (page, shipped) = opened()?;
    let rule = r#"{ "id": "R20", "field": "Person.city", "label": "prohibited" }"#;
    ensure!(shipped.contains(rule), "the shipped policy has no {rule}");
    // The same note again and again, in lines of their own: large, and nothing to say about it but its length.
    let lines = format!("\n{}", " ".repeat(78)).repeat(5 * 1024 * 1024 / 79 - shipped.len() / 79 - 2);
    let long = shipped.replacen(rule, &format!("{lines}{rule}"), 1);
    let pasted = "const [text, done] = arguments;
        const area = document.querySelector('[data-testid=policy-text]');
        area.focus(); area.select();
        const data = new DataTransfer(); data.setData('text/plain', text);
        area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        const wait = setInterval(() => {
            const state = document.querySelector('[data-testid=policy-state]')?.textContent;
            if (!document.querySelector('[data-testid=long-text]') || state !== 'draft, not in force') return;
            clearInterval(wait); done() }, 20)";
    page.run_async(pasted, vec![json!(long)])?;
    page.wait_text(&id("long-text-note"), "5.2 MB")?;
    let lines = page.count(".long-line")?;
    ensure!((10..300).contains(&lines), "{lines} lines are in the document");

    // The sheet is as ever, and says what its edits do.
    let row = row_of(&page, "Person.city")?;
    pick(&page, row, LABEL)?;
    paste(&page, "redacted\t\t\tPatientAttribute.city")?;
    page.wait_for(&id("preview-field-Person.city"))?;
    page.click(&id("sheet-undo"))?;
    page.wait_for(&id("preview-same"))?;
    page.click(&id("sheet-undo"))?;
    page.wait_for(&id("policy-text"))?;
    ensure!(page.value(&id("policy-text"))? == shipped, "nothing is left of it");
    page.finish()
}

fn copy(page: &Browser) -> Result<String> {
    let copied = page.run(
        "const data = new DataTransfer();
        document.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
        return data.getData('text/plain')",
        Vec::new(),
    )?;
    Ok(copied.as_str().context("nothing was copied")?.to_owned())
}

fn paste(page: &Browser, table: &str) -> Result<()> {
    page.run(
        "const data = new DataTransfer();
        data.setData('text/plain', arguments[0]);
        document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))",
        vec![json!(table)],
    )
    .map(drop)
}

#[test]
fn a_field_is_completed_from_the_catalogue() -> Result<()> {
    let (page, _) = opened()?;
    pick(&page, 0, FIELD)?;
    page.press("admin")?;
    page.wait_text(&id("cell-words"), "Person.administrativeGender")?;
    ensure!(page.attribute(&id("cell-editor"), "role")?.as_deref() == Some("combobox"));
    ensure!(page.attribute(&id("cell-editor"), "aria-expanded")?.as_deref() == Some("true"));
    page.press(&keys(&[Key::Tab]))?;
    page.wait_text(&cell(0, FIELD), "Person.administrativeGender")?;
    // All words, by the arrows, from the one that is there.
    pick(&page, 0, LABEL)?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_text(&id("cell-words"), "prohibited")?;
    page.press(&keys(&[Key::Down, Key::Enter]))?;
    page.wait_text(&cell(0, LABEL), "redacted")?;
    page.finish()
}

#[test]
fn rules_are_inserted_moved_and_deleted() -> Result<()> {
    let (page, shipped) = opened()?;
    let count = page.attribute(&id("sheet-grid"), "aria-rowcount")?;
    pick(&page, 1, FIELD)?;
    page.hear(|page| page.press(&held(Key::Control, &Key::Enter.to_string())))?;
    page.wait_text(&cell(2, LABEL), "prohibited")?;
    page.wait_for(&format!("{}.at", cell(2, FIELD)))?;
    page.press("Person.telecom")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_text(&cell(2, FIELD), "Person.telecom")?;
    pick(&page, 2, FIELD)?;
    page.press(&held(Key::Alt, &Key::Up.to_string()))?;
    page.wait_text(&cell(1, FIELD), "Person.telecom")?;
    page.hear(|page| page.press(&held(Key::Control, &Key::Delete.to_string())))?;
    page.wait_until(
        "the rule is gone",
        "return !document.querySelector('#cell-1-1').textContent.includes('telecom')",
    )?;
    ensure!(page.value(&id("policy-text"))? == shipped);
    ensure!(page.attribute(&id("sheet-grid"), "aria-rowcount")? == count);
    page.finish()
}

#[test]
fn while_the_text_is_no_json_the_sheet_keeps_its_last_state_and_takes_no_edit() -> Result<()> {
    let (page, shipped) = opened()?;
    let broken = shipped.replacen("\"rules\": [", "\"rules\": [[", 1);
    page.fill(&id("policy-text"), &broken)?;
    page.wait_text(&id("sheet-behind"), "not JSON")?;
    pick(&page, 0, FIELD)?;
    page.press("x")?;
    page.press(&keys(&[Key::Delete]))?;
    ensure!(page.count(&id("cell-editor"))? == 0);
    ensure!(page.value(&id("policy-text"))? == broken);
    page.press(&held(Key::Control, "z"))?;
    page.wait_gone(&id("sheet-behind"))?;
    ensure!(page.value(&id("policy-text"))? == shipped);
    page.finish()
}

#[test]
fn ten_thousand_rules_are_edited_with_few_rows_in_the_document() -> Result<()> {
    let (page, shipped) = opened()?;
    let mut policy: Value = serde_json::from_str(&shipped)?;
    let rules = (0..10_000)
        .map(|n| json!({ "id": format!("R{n:05}"), "field": "Person.city", "label": "prohibited" }));
    policy["rules"] = rules.collect();
    page.fill(&id("policy-text"), &serde_json::to_string_pretty(&policy)?)?;
    page.wait_until(
        "the sheet has all rules",
        "return document.querySelector('[data-testid=sheet-grid]').getAttribute('aria-rowcount') === '10001'",
    )?;
    ensure!(page.count(&id("sheet-row"))? < 60, "only the rows in sight are in the document");
    pick(&page, 0, OWNER)?;
    page.press(&held(Key::Control, &Key::Down.to_string()))?;
    page.wait_for(&format!("{}.at", cell(9_999, OWNER)))?;
    page.press("privacy")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_text(&cell(9_999, OWNER), "privacy")?;
    page.finish()
}
