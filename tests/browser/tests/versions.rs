//! Drafts and versions of a policy: what is kept, published, brought back, and handed on by link or file.

use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const CITY: &str = "\"field\": \"Person.city\", \"label\": \"prohibited\"";
const CITY_WITHHELD: &str =
    "\"field\": \"Person.city\", \"label\": \"redacted\", \"target\": \"PatientAttribute.city\"";
const DRAFT: &str = "airlock.draft.referral-intake";

/// Opens the Policy view; gives the policy as shipped.
fn open(page: &Browser) -> Result<String> {
    page.wait_for(&id("preview-same"))?;
    page.value(&id("policy-text"))
}

/// The number that a policy text has.
fn number(text: &str) -> Result<String> {
    let policy: Value = serde_json::from_str(text)?;
    Ok(policy.get("version").and_then(Value::as_str).context("no version")?.to_owned())
}

fn with_city(shipped: &str) -> Result<String> {
    ensure!(shipped.contains(CITY), "the shipped policy has no {CITY}");
    Ok(shipped.replacen(CITY, CITY_WITHHELD, 1))
}

/// Puts a text in place of the draft, and waits until it is kept.
fn write_and_keep(page: &Browser, text: &str) -> Result<()> {
    page.fill(&id("policy-text"), text)?;
    let kept =
        format!("return JSON.parse(localStorage.getItem('{DRAFT}') ?? '{{}}').text === {}", json!(text));
    page.wait_until("the draft is kept", &kept)
}

/// Publishes the draft with a line for the changelog, by keyboard from the dialog on.
fn publish(page: &Browser, note: &str) -> Result<String> {
    page.click(&id("publish"))?;
    page.wait_for(&id("publish-version"))?;
    let version = page.value(&id("publish-version"))?;
    page.fill(&id("publish-note"), note)?;
    page.hear(|page| page.press("\u{e007}"))?;
    page.wait_gone(&id("publish-version"))?;
    Ok(version)
}

fn in_force(page: &Browser) -> Result<String> {
    Ok(page.texts("[data-in-force=true] th")?.concat())
}

#[test]
fn a_version_is_published_with_its_changelog_line_and_the_older_one_comes_back() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let first = number(&shipped)?;
    ensure!(page.attribute(&id("publish"), "disabled")?.is_some(), "there is nothing new to publish");
    write_and_keep(&page, &with_city(&shipped)?)?;

    // Without a line for the changelog nothing is published.
    page.click(&id("publish"))?;
    page.wait_for(&id("differs-Person.city"))?;
    page.wait_text(&id("publish-moves"), "policy.version-not-moved")?;
    ensure!(page.count(&id("publish-against"))? == 0, "nothing else stands against it");
    page.fill(&id("publish-note"), "  ")?;
    page.click(&id("publish-confirm"))?;
    page.wait_for("[data-testid=objection][data-code=\"version.note-missing\"]")?;
    page.screenshot("publish")?;
    page.click(&id("publish-cancel"))?;
    page.wait_gone(&id("publish-version"))?;

    let version = publish(&page, "The city shows as withheld.")?;
    ensure!(in_force(&page)?.contains(&version), "in force is {:?}", in_force(&page)?);
    let text = page.value(&id("policy-text"))?;
    ensure!(text.contains(&format!("\"version\": \"{version}\"")), "the text has its number");
    ensure!(text.contains("The city shows as withheld."), "and its line");
    ensure!(text.contains(CITY_WITHHELD), "and what it was before");
    page.wait_until("no draft is left", &format!("return localStorage.getItem('{DRAFT}') === null"))?;
    page.wait_text(&id("active-policy"), &version)?;

    // It is in force in Run, and still so after a reload.
    page.go("#/run")?;
    page.wait_text(&id("active-policy"), &version)?;
    page.send()?;
    ensure!(page.outcome()? == "delivered");
    page.go("#/policy")?;
    page.wait_for(&id(&format!("version-{version}")))?;
    ensure!(page.value(&id("policy-text"))? == text, "the sheet shows what is in force");

    // What differs between the two, by rule and by line.
    page.click(&format!("[data-testid=\"version-{first}\"] [data-testid=compare]"))?;
    page.wait_text(&id("differs-Person.city"), "prohibited → redacted")?;
    page.click(&id("comparison"))?;
    page.run("document.querySelector('[data-testid=comparison] details').open = true", Vec::new())?;
    page.wait_text(&id("lines"), "+     { \"id\": \"R20\"")?;
    page.screenshot("versions")?;

    // The older one comes back as a new version; what was there stays.
    page.click(&format!("[data-testid=\"version-{first}\"] [data-testid=restore]"))?;
    page.wait_until(
        "the older text is the draft",
        &format!(
            "return document.querySelector('[data-testid=policy-text]').value.includes({})",
            json!(CITY)
        ),
    )?;
    let draft = page.value(&id("policy-text"))?;
    ensure!(
        number(&draft)? == first && draft.contains("The city shows as withheld."),
        "with the whole changelog"
    );
    let third = publish(&page, "As it was before.")?;
    ensure!(third != version && in_force(&page)?.contains(&third));
    ensure!(page.count("[data-testid^=version-]")? == 3, "nothing of the history is gone");

    // Or is put in force as it is.
    page.click(&format!("[data-testid=\"version-{version}\"] [data-testid=put-in-force]"))?;
    page.wait_text(&id("active-policy"), &version)?;
    ensure!(page.value(&id("policy-text"))? == text);
    page.finish()
}

#[test]
fn a_changelog_that_was_rewritten_is_said_before_it_is_published() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let draft = with_city(&shipped)?.replacen("First version.", "The very first version.", 1);
    page.fill(&id("policy-text"), &draft)?;
    page.wait_text(&id("policy-state"), "not in force")?;
    page.click(&id("publish"))?;
    page.wait_text(&id("publish-against"), "policy.changelog-rewritten")?;
    // It is a way to its place in the text.
    page.click(&format!("{} {}", id("publish-against"), id("diagnostic")))?;
    page.wait_gone(&id("publish-against"))?;
    page.wait_until(
        "the place is selected",
        "const area = document.querySelector('[data-testid=policy-text]');
        return area.value.slice(area.selectionStart, area.selectionEnd).includes('changelog')",
    )?;
    page.finish()
}

#[test]
fn nothing_is_published_while_errors_stand() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    page.fill(&id("policy-text"), &shipped.replacen("\"prohibited\"", "\"maybe\"", 1))?;
    page.wait_text(&id("policy-state"), "errors")?;
    page.click(&id("publish"))?;
    page.wait_text(&id("publish-dialog"), "`maybe`".trim_matches('`'))?;
    ensure!(page.attribute(&id("publish-blocked"), "data-errors")?.as_deref() == Some("1"));
    ensure!(page.count(&id("publish-confirm"))? == 0, "there is no button to do it all the same");
    page.press("\u{e00c}")?;
    page.wait_gone(&id("publish-blocked"))?;
    page.finish()
}

#[test]
fn a_draft_outlives_a_reload_and_the_last_good_one_stays_behind_a_broken_one() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    let good = with_city(&open(&page)?)?;
    write_and_keep(&page, &good)?;
    // Typed at the last moment: kept when the page goes.
    let (half, _) = good.split_at_checked(good.len() - 30).context("the policy is short")?;
    page.fill(&id("policy-text"), half)?;
    page.wait_text(&id("policy-state"), "errors")?;
    page.reload()?;
    page.wait_text(&id("policy-state"), "errors")?;
    ensure!(page.value(&id("policy-text"))? == half, "the last keystroke is there");
    page.click(&id("last-good"))?;
    page.wait_text(&id("policy-state"), "not in force")?;
    ensure!(page.value(&id("policy-text"))? == good);
    page.finish()
}

#[test]
fn two_tabs_never_write_over_each_others_draft_unasked() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let (mine, theirs) = (with_city(&shipped)?, shipped.replacen("P180D", "P90D", 1));
    page.open_tab()?;
    page.run("location.hash = '#/policy'", Vec::new())?;
    open(&page)?;
    write_and_keep(&page, &theirs)?;

    // The first tab had no edits of its own: it goes along.
    page.look_at_tab(0)?;
    page.wait_until(
        "the draft came over",
        "return document.querySelector('[data-testid=policy-text]').value.includes('P90D')",
    )?;
    // Behind its back, as a tab would that writes at the same moment.
    page.set_storage(DRAFT, &json!({ "text": shipped.replacen("P180D", "P30D", 1) }).to_string())?;
    page.fill(&id("policy-text"), &mine)?;
    page.wait_for(&id("elsewhere"))?;
    ensure!(page.storage()?.get(DRAFT).is_some_and(|kept| kept.contains("P30D")), "nothing is written over");
    page.click(&id("elsewhere-keep"))?;
    page.wait_gone(&id("elsewhere"))?;
    ensure!(page.storage()?.get(DRAFT).is_some_and(|kept| kept.contains("PatientAttribute.city")));
    page.finish()
}

#[test]
fn a_link_carries_a_draft_and_asks_before_it_takes_the_place_of_another() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let draft = with_city(&shipped)?;
    write_and_keep(&page, &draft)?;
    page.click(&id("copy-link"))?;
    page.wait_for(&id("link"))?;
    let link = page.value(&id("link"))?;
    let (_, fragment) = link.split_once('#').context("the link has no fragment")?;
    let fragment = format!("#{fragment}");
    println!("a draft of {} bytes makes a link of {} characters", draft.len(), link.len());
    ensure!(fragment.contains("draft=1.") && fragment.len() < draft.len());

    // Where there is no draft it opens; the address is rid of it.
    page.drop_storage(DRAFT)?;
    page.run("addEventListener('pagehide', () => localStorage.clear())", Vec::new())?;
    page.go(&fragment)?;
    let holds = |text: &str| {
        format!("return document.querySelector('[data-testid=policy-text]').value === {}", json!(text))
    };
    page.wait_until("the draft is there", &holds(&draft))?;
    ensure!(!page.fragment()?.contains("draft="), "{}", page.fragment()?);

    // Where there is one, it asks.
    let own = shipped.replacen("P180D", "P90D", 1);
    write_and_keep(&page, &own)?;
    page.go(&fragment)?;
    page.wait_for(&id("incoming"))?;
    ensure!(page.value(&id("policy-text"))? == own, "the own draft stands until then");
    page.screenshot("incoming")?;
    page.click(&id("incoming-keep"))?;
    page.wait_gone(&id("incoming"))?;
    page.go(&fragment)?;
    page.click(&id("incoming-take"))?;
    page.wait_until("the link's draft is there", &holds(&draft))?;
    page.finish()
}

#[test]
fn a_link_that_is_cut_short_hostile_or_foreign_is_refused_by_name() -> Result<()> {
    let mut page = Browser::open_at("#/policy")?;
    let own = with_city(&open(&page)?)?;
    write_and_keep(&page, &own)?;
    page.click(&id("copy-link"))?;
    page.wait_for(&id("link"))?;
    let link = page.value(&id("link"))?;
    let (_, packed) = link.split_once("draft=").context("no draft")?;
    let (hash, data) = packed.trim_start_matches("1.").split_once('.').context("no hash")?;
    // 40 MB of spaces in some 40 kB.
    let bomb = "const [done] = [...arguments].slice(-1);
        const stream = new Blob([' '.repeat(4e7)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
        new Response(stream).arrayBuffer().then(buffer => {
            let text = ''; for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
            done(btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')) })";
    let bomb = page.run_async(bomb, Vec::new())?;
    let bomb = bomb.as_str().context("no bomb")?;
    let half = data.get(..data.len() / 2).context("it is not ASCII")?;
    for (carried, code) in [
        (format!("1.{hash}.{half}"), "link.truncated"),
        (format!("1.0000000000000000.{data}"), "link.truncated"),
        (format!("1.{hash}.AAAA"), "link.truncated"),
        (format!("2.{hash}.{data}"), "link.version"),
        ("<script>alert(1)</script>".to_owned(), "link.malformed"),
        (format!("1.{hash}.{bomb}"), "link.too-long"),
    ] {
        page.go(&format!("#/policy?draft={carried}"))?;
        page.wait_for(&format!("[data-testid=policy-refused] [data-code=\"{code}\"]"))?;
        ensure!(page.value(&id("policy-text"))? == own, "{code}: the own draft stands");
    }
    // What is no policy goes into no link.
    page.fill(&id("policy-text"), r#"{ "resourceType": "Patient", "id": "PAT-001" }"#)?;
    page.click(&id("copy-link"))?;
    page.wait_for("[data-testid=policy-bar] [data-code=\"link.not-a-policy\"]")?;
    page.finish()
}

#[test]
fn a_file_goes_in_and_out_and_one_that_is_too_large_is_refused() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let folder = std::env::temp_dir().join(format!("airlock-policy-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (small, large) = (folder.join("small.json"), folder.join("large.json"));
    std::fs::write(&small, with_city(&shipped)?)?;
    std::fs::write(&large, vec![b' '; 5 * 1024 * 1024 + 1])?;
    page.upload(&id("policy-file"), &[&large])?;
    page.wait_for("[data-testid=policy-refused] [data-code=\"file.too-large\"]")?;
    page.upload(&id("policy-file"), &[&small])?;
    page.wait_text(&id("policy-state"), "not in force")?;
    ensure!(page.value(&id("policy-text"))? == with_city(&shipped)?);
    page.wait_gone(&id("policy-refused"))?;
    let saved = "const [done] = [...arguments].slice(-1);
        const create = URL.createObjectURL; URL.createObjectURL = blob => { blob.text().then(done); return create(blob) };
        HTMLAnchorElement.prototype.click = function () { window.savedAs = this.download };
        document.querySelector('[data-testid=save-file]').click()";
    let saved = page.run_async(saved, Vec::new())?;
    ensure!(saved == Value::String(with_city(&shipped)?), "what is saved is what stands there");
    ensure!(
        page.run("return window.savedAs", Vec::new())?
            == json!(format!("referral-intake-{}.json", number(&shipped)?))
    );
    std::fs::remove_dir_all(&folder)?;
    page.finish()
}

#[test]
fn storage_that_is_full_is_said_and_the_last_draft_that_was_kept_stays() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    let kept = with_city(&shipped)?;
    write_and_keep(&page, &kept)?;
    let fill = "let size = 1 << 20; while (size > 0) {
        try { localStorage.setItem('fill' + Math.random(), 'x'.repeat(size)) } catch { size >>= 1 } }";
    page.run(fill, Vec::new())?;
    let longer = kept.replacen("\"title\": \"", &format!("\"title\": \"{} ", "long ".repeat(400)), 1);
    page.fill(&id("policy-text"), &longer)?;
    page.wait_for(&id("draft-not-kept"))?;
    ensure!(page.storage()?.get(DRAFT).is_some_and(|text| text.contains("PatientAttribute.city")));
    page.click(&id("publish"))?;
    page.fill(&id("publish-note"), "The city.")?;
    page.click(&id("publish-confirm"))?;
    page.wait_for("[data-testid=objection][data-code=\"version.not-kept\"]")?;
    ensure!(page.value(&id("policy-text"))? == longer, "nothing is lost");
    ensure!(in_force(&page)?.contains(&number(&shipped)?));
    page.finish()
}

/// Some 5 MB of rules, most of them with an error.
fn five_megabytes() -> String {
    let rule = |n: usize| {
        format!(
            "    {{ \"id\": \"R{n:05}\", \"field\": \"Person.city\", \"label\": \"prohibited\", \"note\": \"Rule {n}.\" }}"
        )
    };
    let rules: Vec<String> = (0..50_000).map(rule).collect();
    format!(
        "{{\n  \"schemaVersion\": 2,\n  \"id\": \"large\",\n  \"rules\": [\n{}\n  ]\n}}\n",
        rules.join(",\n")
    )
}

#[test]
fn a_policy_of_five_megabytes_opens_and_the_page_goes_on() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    open(&page)?;
    let file = std::env::temp_dir().join(format!("airlock-large-{}.json", std::process::id()));
    std::fs::write(&file, five_megabytes())?;
    page.upload(&id("policy-file"), &[&file])?;
    page.wait_text(&id("other-id"), "large")?;
    page.click(&id("nav-audit"))?;
    page.click(&id("nav-policy"))?;
    page.click(&id("shipped-policy"))?;
    page.wait_for(&id("preview-same"))?;
    std::fs::remove_file(&file)?;
    page.finish()
}

#[test]
fn the_dialog_to_publish_waits_until_the_draft_as_it_stands_is_compared() -> Result<()> {
    let page = Browser::open_at("#/policy")?;
    let shipped = open(&page)?;
    page.click(&id("preview-set-shipped"))?;
    page.wait_for(&id("preview-same"))?;
    page.fill(&id("policy-text"), &with_city(&shipped)?)?;
    page.click(&id("publish"))?;
    let enabled = "return document.querySelector('[data-testid=publish-confirm]')?.disabled === false";
    page.wait_until("it can be published", enabled)?;
    let shown = [&id("publish-dialog"), " ", &id("preview-field-Person.city")].concat();
    ensure!(page.count(&shown)? == 1, "the dialog shows what this draft does");
    page.finish()
}
