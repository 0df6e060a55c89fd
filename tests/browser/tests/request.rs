//! The request as a form: what stands in it is what is sent, right or wrong.

use airlock::api::Breakage;
use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};

/// A secret that is well-formed, and nobody's: 32 bytes of `o`.
const STRANGER: &str = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

/// Sends, and gives the outcome with the code of the refusal.
fn sent(page: &Browser) -> Result<(String, String)> {
    page.send()?;
    Ok((page.outcome()?, page.refusal_code()?.unwrap_or_default()))
}

#[test]
fn headers_are_sent_as_they_stand_in_the_list_repeated_renamed_added_or_left_out() -> Result<()> {
    let page = Browser::open()?;
    let headers = page.count(".header")?;
    page.hear(|page| page.click(&id("header-repeat-0")))?;
    ensure!(page.count(".header")? == headers + 1);
    ensure!(page.value(&id("header-value-1"))? == page.value(&id("webhook-id"))?);
    let got = sent(&page)?;
    ensure!(got == ("rejected".into(), "webhook.header-repeated".into()), "twice: {got:?}");
    page.hear(|page| page.click(&id("header-remove-1")))?;

    page.fill(&id("header-name-0"), "x-webhook-id")?;
    page.wait_for(&id("header-value-0"))?;
    let got = sent(&page)?;
    ensure!(got.1 == "webhook.header-missing", "under another name: {got:?}");
    page.fill(&id("header-name-0"), "Webhook-ID")?;
    page.wait_for(&id("webhook-id"))?;

    page.click(&id("header-add"))?;
    let (name, value) = (id(&format!("header-name-{headers}")), id(&format!("header-value-{headers}")));
    page.wait_for(&name)?;
    page.wait_until(
        "the new row has the focus",
        "return document.activeElement.dataset.testid?.startsWith('header-name-')",
    )?;
    page.fill(&name, "x-request-id")?;
    page.fill(&value, "anything at all")?;
    let got = sent(&page)?;
    ensure!(
        got.0 == "delivered",
        "a header's name is read without regard to case, others do not matter: {got:?}"
    );
    ensure!(page.text(&id("receipt"))?.contains("202"), "{}", page.text(&id("receipt"))?);
    page.hear(|page| page.click(&id(&format!("header-remove-{headers}"))))?;
    page.wait_until(
        "the focus is not lost",
        "return document.activeElement.dataset.testid === 'header-add'",
    )?;
    page.finish()
}

#[test]
fn each_breakage_of_the_signature_is_refused_at_the_door_and_signing_again_mends_it() -> Result<()> {
    let page = Browser::open()?;
    for &breakage in Breakage::OF_SIGNATURES {
        page.choose(&id("break-way"), breakage.id())?;
        let said = page.hear(|page| page.click(&id("break")))?;
        ensure!(said.contains(breakage.title()), "{said}");
        let (outcome, code) = sent(&page).with_context(|| breakage.id())?;
        ensure!(outcome == "rejected" && code.starts_with("webhook."), "{}: {code}", breakage.id());
        ensure!(page.stages()?.get("queue").is_some_and(|s| s == "not reached"), "{}", breakage.id());
    }
    page.hear(|page| page.click(&id("sign-now")))?;
    let got = sent(&page)?;
    ensure!(got.0 == "delivered", "{got:?}");
    page.finish()
}

#[test]
fn a_request_can_be_signed_with_any_secret_and_only_the_settings_own_count() -> Result<()> {
    let page = Browser::open()?;
    page.choose(&id("signer"), "other:")?;
    page.wait_for(&id("other-secret"))?;
    let said = page.hear(|page| page.click(&id("sign-now")))?;
    ensure!(said.contains("can't sign"), "{said}");
    page.fill(&id("other-secret"), STRANGER)?;
    let before = page.value(&id("webhook-signature"))?;
    page.hear(|page| page.click(&id("sign-now")))?;
    ensure!(page.value(&id("webhook-signature"))? != before, "nothing was signed");
    let got = sent(&page)?;
    ensure!(got.1 == "webhook.signature-mismatch", "{got:?}");
    page.choose(&id("signer"), "known:secret-1")?;
    page.wait_text(&id("stale"), "signed again")?;
    let got = sent(&page)?;
    ensure!(got.0 == "delivered" && page.value(&id("webhook-signature"))? == before, "{got:?}");
    let shown = page.run("return document.body.innerText", Vec::new())?.to_string();
    ensure!(!shown.contains("whsec_YWly"), "the setting's secret is shown");
    page.unfold(&id("credentials"))?;
    let row = page.text(&id("credential"))?;
    ensure!(row.contains("secret-1") && row.contains("active") && !row.contains("whsec_"), "{row}");
    page.click(&id("credential-show"))?;
    page.wait_text(&id("credential"), "whsec_YWly")?;
    page.finish()
}

#[test]
fn a_timestamp_is_sent_as_it_was_chosen_even_when_it_is_signed_again() -> Result<()> {
    let page = Browser::open()?;
    for (way, words, code) in [
        ("old", "301 s ago", "webhook.timestamp-too-old"),
        ("ahead", "301 s ahead", "webhook.timestamp-too-new"),
        ("fraction", "not a whole number", "webhook.timestamp-malformed"),
        ("now", "as it arrives", ""),
        ("negative", "not a whole number", "webhook.timestamp-malformed"),
    ] {
        page.click(&id(&format!("stamp-{way}")))?;
        page.wait_text(&id("stamp-words"), words)?;
        let stamp = page.value(&id("webhook-timestamp"))?;
        let (_, got) = sent(&page).with_context(|| way)?;
        ensure!(got == code, "{way}: {got}");
        ensure!(page.value(&id("webhook-timestamp"))? == stamp, "{way}: another timestamp was sent");
    }
    page.finish()
}
