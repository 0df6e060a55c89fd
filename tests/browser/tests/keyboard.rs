//! Everything that a mouse can do, keys can.

use airlock_browser_tests::{Browser, Key, id};
use anyhow::{Result, bail, ensure};

/// Presses Tab until the focus is where it should be, as many times as there are stops at most.
fn tab_to(page: &Browser, name: &str) -> Result<()> {
    for _ in 0..80 {
        if page.focused()? == name {
            let seen = "const e = document.activeElement; const s = getComputedStyle(e);
                return e.matches(':focus-visible') && (s.outlineStyle !== 'none'
                    || getComputedStyle(e.closest('.editor') ?? e).outlineStyle !== 'none'
                    || e.matches('input[type=file]'))";
            return page.wait_until(&format!("the focus on {name} can be seen"), seen);
        }
        page.press(&Key::Tab.to_string())?;
    }
    bail!("Tab never came to {name}; it is at {}", page.focused()?)
}

#[test]
fn sending_looking_and_switching_views_take_no_mouse() -> Result<()> {
    let page = Browser::open()?;
    let enter = Key::Enter.to_string();
    page.press(&Key::Tab.to_string())?;
    ensure!(
        page.run("return document.activeElement.className", Vec::new())? == "skip",
        "the skip link comes first"
    );
    page.press(&enter)?;
    ensure!(page.focused()? == "main");
    tab_to(&page, "send")?;
    page.hear(|page| page.press(&enter))?;
    ensure!(page.outcome()? == "delivered" && page.focused()? == "send");

    // Another scenario, by the arrows of its radio group.
    let on_radio = "return document.activeElement.type === 'radio' && document.activeElement.checked";
    for _ in 0..10 {
        if page.run(on_radio, Vec::new())? == true {
            break;
        }
        page.press(&Key::Tab.to_string())?;
    }
    page.press(&Key::Down.to_string())?;
    page.wait_for(".choice.open:nth-of-type(2)")?;
    let title = page.text(&id("open-title"))?;
    ensure!(title != "Referral created", "{title}");
    page.hear(send_from_body)?;

    // A stage opens and closes.
    page.run("document.querySelector('[data-testid=stage-consent] summary').focus()", Vec::new())?;
    page.press(&enter)?;
    page.wait_for("[data-testid=stage-consent] details[open] .reasons")?;

    // The views, by their links.
    page.run("document.querySelector('.skip').focus()", Vec::new())?;
    tab_to(&page, "nav-audit")?;
    page.press(&enter)?;
    page.wait_badge("verified")?;
    tab_to(&page, "timeline")?;
    page.press(&format!("{}{}", Key::Down, Key::Enter))?;
    page.wait_for(&id("detail"))?;
    page.run("document.querySelector('[data-testid=detail-close]').focus()", Vec::new())?;
    page.press(&Key::Escape.to_string())?;
    page.wait_gone(&id("detail"))?;
    page.finish()
}

/// Ctrl with Enter sends from anywhere in the request.
fn send_from_body(page: &Browser) -> Result<()> {
    page.run("document.querySelector('[data-testid=webhook-id]').focus()", Vec::new())?;
    page.press(&format!("{}{}{}", Key::Control, Key::Enter, Key::Null))
}

#[test]
fn escape_closes_the_dialog_and_leaves_the_event_unsent() -> Result<()> {
    let page = Browser::open()?;
    page.paste(r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Marlowe","given":["Ada"]}],"birthDate":"1950-05-05"}"#)?;
    page.send()?;
    ensure!(page.refusal_code()?.as_deref() == Some("synthetic.attestation-required"));
    page.run("document.querySelector('[data-testid=fix]').focus()", Vec::new())?;
    page.press(&Key::Enter.to_string())?;
    page.wait_for("dialog[open]")?;
    let inside = "return document.querySelector('dialog').contains(document.activeElement)";
    page.wait_until("the focus is in the dialog", inside)?;
    page.press(&Key::Escape.to_string())?;
    page.wait_gone("dialog[open]")?;
    ensure!(page.focused()? == "fix", "the focus is back where it was, not on {}", page.focused()?);
    ensure!(page.refusal_code()?.as_deref() == Some("synthetic.attestation-required"));
    page.finish()
}
