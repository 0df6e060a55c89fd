//! A policy as its author changes it, from the sheet to the version and back, with no mouse.

use airlock_browser_tests::{Browser, DESKTOP, Key, id};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

// The columns, by their places.
const LABEL: usize = 2;
const CLASS: usize = 3;
const METHOD: usize = 4;
const TARGET: usize = 5;
const NOTE: usize = 12;

fn keys(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect()
}

/// A key held down with another one.
fn held(modifier: Key, key: &str) -> String {
    format!("{modifier}{key}{}", Key::Null)
}

/// Presses Tab, or Shift and Tab, until the focus is where it should be, and is seen there.
fn go_by(page: &Browser, shift: bool, name: &str) -> Result<()> {
    for _ in 0..120 {
        if page.focused()? == name {
            let seen = "const e = document.activeElement; return e.matches(':focus-visible')
                && (getComputedStyle(e).outlineStyle !== 'none' || !!e.querySelector('.sheet-cell.at'))";
            return page.wait_until(&format!("the focus on {name} can be seen"), seen);
        }
        press_tab(page, shift)?;
    }
    bail!("the focus never came to {name}; it is at {}", page.focused()?)
}

/// Presses Tab by the browser itself: to a file input the driver sends no keys.
fn press_tab(page: &Browser, shift: bool) -> Result<()> {
    let modifiers = if shift { 8 } else { 0 };
    for kind in ["keyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9, "modifiers": modifiers });
        page.devtools("Input.dispatchKeyEvent", key)?;
    }
    Ok(())
}

fn tab_to(page: &Browser, name: &str) -> Result<()> {
    go_by(page, false, name)
}

fn back_to(page: &Browser, name: &str) -> Result<()> {
    go_by(page, true, name)
}

/// Goes, within the sheet, to a cell of the rule for a field, by its keys alone.
fn cell_of(page: &Browser, field: &str, column: usize) -> Result<String> {
    let script = "return [...document.querySelectorAll('[data-testid=sheet-row]')]
        .findIndex(row => row.querySelector('[data-key=field]').textContent.includes(arguments[0]))";
    page.press(&held(Key::Control, &Key::Home.to_string()))?;
    page.wait_for("#cell-0-0.at")?;
    let row = page.run(script, vec![json!(field)])?.as_u64().context("a rule for the field")?;
    for _ in 0..row {
        page.press(&keys(&[Key::Down]))?;
    }
    for _ in 0..column {
        page.press(&keys(&[Key::Right]))?;
    }
    let cell = format!("#cell-{row}-{column}");
    page.wait_for(&format!("{cell}.at"))?;
    Ok(cell)
}

/// Types over the cell under the cursor, and goes on to the next in its row.
fn set(page: &Browser, cell: &str, text: &str) -> Result<()> {
    page.press(text)?;
    page.press(&keys(&[Key::Tab]))?;
    page.wait_text(cell, text)
}

/// Opens the dialog to publish, by its button.
fn open_publish(page: &Browser) -> Result<()> {
    back_to(page, "publish")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_for("dialog[open][data-testid=publish-dialog]")
}

fn version_in_force(page: &Browser) -> Result<String> {
    Ok(page.texts("[data-in-force=true] th")?.concat())
}

#[test]
fn an_author_allows_a_postal_code_is_stopped_thinks_better_of_it_publishes_and_goes_back() -> Result<()> {
    let page = Browser::open()?;
    tab_to(&page, "nav-policy")?;
    page.press(&keys(&[Key::Enter]))?;
    page.wait_for(&id("preview-same"))?;
    page.wait_text(&id("glance"), "The same crosses under both")?;
    let shipped = page.value(&id("policy-text"))?;

    // Allowed, and the method left in place: that says two things at once, and the preview waits.
    tab_to(&page, "sheet-grid")?;
    let label = cell_of(&page, "Person.postalCode", LABEL)?;
    set(&page, &label, "allowed")?;
    page.wait_text(&id("diagnostic"), "A field that is allowed has no method")?;
    page.wait_text(&id("glance"), "1 error")?;
    page.wait_for(&id("preview-behind"))?;
    ensure!(page.focused()? == "sheet-grid");
    let method = cell_of(&page, "Person.postalCode", METHOD)?;
    page.press(&keys(&[Key::Delete]))?;
    page.wait_until(&format!("{method} is empty"), &empty(&method))?;

    // It is named before all else: the field, its class, its owner, the rule. The guard's word on it comes after.
    page.wait_text(&id("preview-newly"), "1 field newly crosses: Person.postalCode")?;
    page.wait_text(&id("glance"), "1 field newly crosses")?;
    page.wait_gone(&id("preview-behind"))?;
    let card = page.text(&id("preview-field-Person.postalCode"))?;
    for part in ["Person.postalCode", "phi-restricted", "rule R11", "owner privacy office", "generalize:zip3"]
    {
        ensure!(card.contains(part), "no {part} in {card}");
    }
    ensure!(
        page.run(LOUDEST, Vec::new())? == Value::Bool(true),
        "nothing in the preview is larger or before"
    );
    ensure!(page.run(IN_SIGHT, Vec::new())? == Value::Bool(true), "it is in sight beside the sheet");
    page.wait_text(&id("diagnostic"), "would cross as it is")?;

    // The lint stops it, and with it the publication; to call it harmless does not help.
    let class = cell_of(&page, "Person.postalCode", CLASS)?;
    set(&page, &class, "operational")?;
    page.wait_text(&id("diagnostic"), "The catalogue has this field as phi-restricted")?;
    page.wait_text(&id("preview-newly"), "Person.postalCode")?;
    open_publish(&page)?;
    page.wait_text(&id("publish-blocked"), "while errors stand")?;
    page.wait_text(&id("publish-dialog"), "policy.phi-allowed")?;
    page.wait_text(&id("publish-dialog"), "policy.class-lowered")?;
    page.wait_text(&id("publish-dialog"), "policy.target-unfit")?;
    ensure!(page.count(&id("publish-confirm"))? == 0, "there is no way to do it all the same");
    ensure!(page.focused()? == "publish-cancel", "the focus is in the dialog, at {}", page.focused()?);
    page.press(&keys(&[Key::Escape]))?;
    page.wait_gone(&id("publish-blocked"))?;
    ensure!(page.focused()? == "publish", "the focus comes back, and is at {}", page.focused()?);

    // Three digits are enough. The preview shrinks to nothing, and there is nothing to mend.
    tab_to(&page, "sheet-grid")?;
    let class = cell_of(&page, "Person.postalCode", CLASS)?;
    page.press(&keys(&[Key::Delete]))?;
    page.wait_text(&class, "phi-restricted")?;
    let method = cell_of(&page, "Person.postalCode", LABEL)?;
    set(&page, &method, "transformed")?;
    let method = cell_of(&page, "Person.postalCode", METHOD)?;
    set(&page, &method, "generalize:zip3")?;
    page.wait_gone(&id("preview-newly"))?;
    page.wait_for(&id("preview-same"))?;
    page.wait_for(&id("no-diagnostics"))?;

    // What was learnt goes into the note, and the name is no longer shown to be there.
    let note = cell_of(&page, "Person.postalCode", NOTE)?;
    set(&page, &note, "Never whole.")?;
    let label = cell_of(&page, "Person.familyName", LABEL)?;
    set(&page, &label, "prohibited")?;
    cell_of(&page, "Person.familyName", TARGET)?;
    page.press(&keys(&[Key::Delete]))?;
    page.wait_text(&id("preview-changed"), "Person.familyName")?;
    page.wait_text(&id("glance"), "1 other change")?;

    // Published with a line for the changelog; the dialog says once more what it does.
    open_publish(&page)?;
    page.wait_for(&id("publish-version"))?;
    page.wait_text(&id("publish-dialog"), "Person.familyName")?;
    ensure!(
        page.focused()? == "publish-note",
        "the line is asked for, and the focus is at {}",
        page.focused()?
    );
    let version = page.value(&id("publish-version"))?;
    page.press("Names no longer show that they are there.")?;
    page.hear(|page| page.press(&keys(&[Key::Enter])))?;
    page.wait_gone(&id("publish-version"))?;
    ensure!(version_in_force(&page)?.contains(&version));
    page.wait_text(&id("versions"), "Names no longer show that they are there.")?;
    page.wait_text(&id("active-policy"), &version)?;
    page.wait_for(&id("preview-same"))?;

    // The older one comes back from the history, as a new version.
    let restore = "const rows = document.querySelectorAll('[data-testid=versions] tbody tr');
        return document.activeElement === rows[rows.length - 1].querySelector('[data-testid=restore]')";
    for _ in 0..160 {
        if page.run(restore, Vec::new())? == Value::Bool(true) {
            break;
        }
        press_tab(&page, false)?;
    }
    ensure!(page.run(restore, Vec::new())? == Value::Bool(true), "Tab comes to the oldest version");
    page.hear(|page| page.press(&keys(&[Key::Enter])))?;
    let rules_are_back = [
        "const rules = text => JSON.stringify(JSON.parse(text).rules);
        const now = document.querySelector('[data-testid=policy-text]').value;
        return rules(now) === rules(",
        &json!(shipped).to_string(),
        ") && now.includes('Names no longer show that they are there.')",
    ]
    .concat();
    page.wait_until("the rules are the older ones, and the changelog tells of the newer", &rules_are_back)?;
    page.wait_for(&id("preview-field-Person.familyName"))?;
    open_publish(&page)?;
    page.wait_for(&id("publish-version"))?;
    let again = page.value(&id("publish-version"))?;
    ensure!(again != version);
    page.press(&held(Key::Control, "a"))?;
    page.press("As it was before.")?;
    page.hear(|page| page.press(&keys(&[Key::Enter])))?;
    page.wait_gone(&id("publish-version"))?;
    ensure!(version_in_force(&page)?.contains(&again));
    let rules = |text: &str| -> Result<Value> {
        let policy: Value = serde_json::from_str(text)?;
        Ok(policy.get("rules").context("no rules")?.clone())
    };
    ensure!(rules(&page.value(&id("policy-text"))?)? == rules(&shipped)?, "the rules are as they were");
    page.finish()
}

/// The first headline of the preview is what newly crosses, and no text in it is larger.
const LOUDEST: &str = "const pane = document.querySelector('[data-testid=preview]');
    const newly = pane.querySelector('[data-testid=preview-newly]');
    const size = e => parseFloat(getComputedStyle(e).fontSize);
    return pane.querySelector('.headline') === newly && [...pane.querySelectorAll('p, li')].every(e => size(e) <= size(newly))";

/// What newly crosses is within the window while the sheet is.
const IN_SIGHT: &str = "const within = e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight };
    return within(document.querySelector('[data-testid=preview-newly]')) && within(document.querySelector('.sheet-cell.at'))";

fn empty(cell: &str) -> String {
    format!("return !document.querySelector('{cell}').textContent.trim()")
}

fn holds(text: &str) -> String {
    format!("return document.querySelector('[data-testid=policy-text]').value === {}", json!(text))
}

#[test]
fn nobody_is_held_in_the_sheet_and_its_ways_lead_to_what_they_name() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.wait_for(&id("preview-same"))?;
    for (way, to) in
        [("go-preview", "preview"), ("go-diagnostics", "diagnostics"), ("go-versions", "versions")]
    {
        page.run("document.querySelector('.skip').focus()", Vec::new())?;
        tab_to(&page, way)?;
        page.press(&keys(&[Key::Enter]))?;
        page.wait_until(
            &format!("{to} has the focus, in sight"),
            &format!(
                "const e = document.activeElement; const r = e.getBoundingClientRect();
                return e.dataset.testid === '{to}' && r.top < innerHeight && r.bottom > 0"
            ),
        )?;
    }
    page.run("document.querySelector('.skip').focus()", Vec::new())?;
    tab_to(&page, "sheet-grid")?;
    tab_to(&page, "sheet-to-text")?;
    back_to(&page, "sheet-grid")?;
    back_to(&page, "tab-mapping")?;
    page.finish()
}

#[test]
fn a_policy_dropped_on_the_view_is_opened_and_dropped_text_is_not() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    page.resize(DESKTOP)?;
    page.wait_for(&id("preview-same"))?;
    let shipped = page.value(&id("policy-text"))?;
    let own = shipped.replacen("P180D", "P90D", 1);
    let drop = "const held = new DataTransfer(); const [zone, ...texts] = arguments;
        texts.forEach((text, n) => held.items.add(new File([text], `policy-${n}.json`, { type: 'application/json' })));
        if (!texts.length) held.setData('text/plain', '{}');
        for (const type of ['dragenter', 'dragover', 'drop'])
            document.querySelector(zone).dispatchEvent(new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true }));";
    let zone = json!(id("policy-dropzone"));
    page.run(drop, vec![zone.clone()])?;
    ensure!(page.value(&id("policy-text"))? == shipped, "text of the page is no file");
    page.hear(|page| page.run(drop, vec![zone.clone(), json!(own)]).map(|_| ()))?;
    page.wait_until("the text is the file's", &holds(&own))?;

    // Where there is a draft already, it is asked for; a file that is none is refused by name.
    page.run(drop, vec![zone.clone(), json!(shipped.replacen("P180D", "P30D", 1)), json!("{}")])?;
    page.wait_for(&id("incoming"))?;
    page.click(&id("incoming-keep"))?;
    page.wait_until("the own draft stands", &holds(&own))?;
    page.run(drop, vec![zone, json!(" ".repeat(5 * 1024 * 1024 + 1))])?;
    page.wait_for("[data-testid=policy-refused] [data-code=\"file.too-large\"]")?;

    // What is dropped on the preview are events.
    page.run(drop, vec![json!(".preview-set"), json!("{}")])?;
    page.wait_text(&id("preview-set"), "Your own files")?;
    ensure!(page.value(&id("policy-text"))? == own);
    page.finish()
}
