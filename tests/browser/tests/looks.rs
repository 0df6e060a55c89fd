//! How it looks: pictures for the README, contrast, names for everything that takes input.

use airlock_browser_tests::{Browser, DESKTOP, PHONE, Scheme, id};
use anyhow::{Context, Result, ensure};

const REAL_LOOKING: &str = r#"{"resourceType":"ServiceRequest","id":"sr-1","status":"active","intent":"order",
    "subject":{"reference":"Patient/pat-1"},"requester":{"display":"Margarethe Obermüller"}}"#;

/// Thirty referrals as NDJSON, the last line of them cut short.
fn many() -> String {
    let line = |n| {
        format!(
            r#"{{"resourceType":"ServiceRequest","id":"REF-{n:03}","status":"active","intent":"order","subject":{{"reference":"Patient/PAT-001"}}}}"#
        )
    };
    let lines: Vec<String> = (1..30).map(line).collect();
    lines.join("\n") + "\n{\"resourceType\":"
}

/// Every view in a state worth seeing, at both sizes and in both schemes, into `target/screenshots/`.
#[test]
fn every_view_fits_and_can_be_read_in_both_schemes_and_sizes() -> Result<()> {
    let mut page = Browser::open()?;
    for (scheme, shade) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
        page.scheme(scheme)?;
        for (size, width) in [(DESKTOP, ""), (PHONE, "-phone")] {
            page.resize(size)?;
            page.run("localStorage.clear()", Vec::new())?;
            page.go("")?;
            let take = |page: &Browser, name: &str| -> Result<()> {
                page.run("document.activeElement?.blur(); scrollTo(0, 0)", Vec::new())?;
                let over = "return !document.getAnimations().some(a => a instanceof CSSTransition)";
                page.wait_until("every transition of a colour is over", over)?;
                page.screenshot(&format!("{name}{width}-{shade}"))?;
                let fits =
                    page.run("return document.documentElement.scrollWidth - innerWidth", Vec::new())?;
                ensure!(
                    fits == 0 || fits.as_i64().is_some_and(|over| over < 0),
                    "{name} is {fits} px too wide"
                );
                let faint = page.run(FAINT, Vec::new())?;
                ensure!(
                    faint.as_array().is_some_and(Vec::is_empty),
                    "{name} in {shade}: too faint: {faint:#}"
                );
                let nameless = page.run(NAMELESS, Vec::new())?;
                ensure!(
                    nameless.as_array().is_some_and(Vec::is_empty),
                    "{name}: without a name: {nameless:#}"
                );
                Ok(())
            };
            take(&page, "run-before")?;
            page.send()?;
            take(&page, "run")?;
            page.pick("bad-signature")?;
            page.send()?;
            take(&page, "refusal")?;
            page.paste(REAL_LOOKING)?;
            page.send()?;
            page.click(&id("fix"))?;
            page.wait_for("dialog[open]")?;
            take(&page, "attest")?;
            page.hear(|page| page.click(&id("attest-confirm")))?;
            page.paste(&many())?;
            page.send()?;
            take(&page, "own")?;
            page.click(&id("own-close"))?;
            page.run("localStorage.clear()", Vec::new())?;
            page.click(&id("nav-audit"))?;
            page.run("dispatchEvent(new StorageEvent('storage', { key: null }))", Vec::new())?;
            page.wait_for(&id("trouble"))?;
            take(&page, "banner")?;
            page.click(&id("write-again"))?;
            page.wait_gone(&id("trouble"))?;

            page.run("localStorage.clear()", Vec::new())?;
            page.go("")?;
            page.send()?;
            page.pick("bad-signature")?;
            page.send()?;
            page.pick("missing-consent")?;
            page.send()?;
            page.go("#/policy")?;
            page.wait_for(&id("preview-same"))?;
            let draft = page.value(&id("policy-text"))?.replacen(
                "\"CareEvent.codeDisplay\", \"label\": \"prohibited\"",
                "\"CareEvent.codeDisplay\", \"label\": \"allowed\", \"target\": \"Activity.procedure\"",
                1,
            );
            page.fill(&id("policy-text"), &draft)?;
            page.wait_for(&id("preview-newly"))?;
            take(&page, "policy")?;
            for (record, name) in [(4, "audit-fields"), (11, "audit")] {
                page.go(&format!("#/audit?record={record}"))?;
                page.wait_badge("verified")?;
                page.wait_for(&id("detail"))?;
                take(&page, name)?;
            }
            page.click(&id("keeping-open"))?;
            page.wait_for("dialog.keeping[open]")?;
            page.click(&id("hold-offer"))?;
            take(&page, "keeping")?;
            page.click(&id("wipe"))?;
            page.wait_for("[data-testid=wiping][open]")?;
            take(&page, "wiping")?;
        }
    }
    page.finish()
}

/// Texts in sight whose contrast is below WCAG 2.2 AA: 4.5 to 1, or 3 to 1 for large ones.
const FAINT: &str = "const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255] };
    const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
    const behind = e => { const layers = [];
        for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor);
            if (c[3] > 0) layers.push(c); if (c[3] === 1) break }
        return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]) };
    const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b };
    const faint = new Map();
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches('input, textarea, select');
        if (!own || !e.checkVisibility() || e.matches(':disabled, .sr-only, .skip, option, script')) continue;
        const style = getComputedStyle(e); const under = behind(e);
        const text = over(rgba(style.color), under);
        const [high, low] = [light(text), light(under)].sort((a, b) => b - a);
        const ratio = (high + 0.05) / (low + 0.05);
        const size = parseFloat(style.fontSize); const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
        if (ratio < (large ? 3 : 4.5)) faint.set(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
    }
    return [...faint.keys()]";

/// Controls that assistive technology could not name.
const NAMELESS: &str = "return [...document.querySelectorAll('input, select, textarea, button, a, summary, progress, meter, [tabindex=\"0\"]')]
    .filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
        || [...e.labels ?? []].some(l => l.textContent.trim()) || e.textContent.trim() && !e.matches('textarea, select')
        || e.matches('.raw, .detail pre')))
    .map(e => e.outerHTML.slice(0, 120))";

#[test]
fn there_are_landmarks_one_heading_and_a_live_region_in_every_view() -> Result<()> {
    let page = Browser::open()?;
    for (view, title) in [("run", "Run"), ("policy", "Policy"), ("audit", "Audit")] {
        page.click(&id(&format!("nav-{view}")))?;
        page.wait_text("h1", title)?;
        let found =
            "return ['header', 'nav', 'main', 'footer', 'h1', '[aria-live=polite]', '[aria-current=page]']
            .map(s => document.querySelectorAll(s === 'header' ? '.frame > header' : s).length)";
        let counts = page.run(found, Vec::new())?;
        let all_one = counts.as_array().context("no counts")?.iter().all(|n| n.as_u64() == Some(1));
        ensure!(all_one, "{view}: header, nav, main, footer, h1, live region, current page: {counts}");
    }
    page.finish()
}

#[test]
fn a_width_of_320_pixels_is_enough_and_what_is_pressed_is_big_enough() -> Result<()> {
    let page = Browser::open()?;
    page.resize((320, 640))?;
    page.send()?;
    for view in ["run", "policy", "audit"] {
        page.click(&id(&format!("nav-{view}")))?;
        let over = page.run("return document.documentElement.scrollWidth - innerWidth", Vec::new())?;
        ensure!(over.as_i64().is_some_and(|over| over <= 0), "{view} is {over} pixels too wide");
        // WCAG 2.2, 2.5.8: 24 by 24 pixels; a box that is ticked counts with its label.
        let small = "return [...document.querySelectorAll('button, a[href], select, input, summary')]
            .map(e => e.closest('label') ?? e).filter(e => e.checkVisibility() && !e.matches('.skip'))
            .filter(e => { const box = e.getBoundingClientRect(); return box.width < 24 || box.height < 24 })
            .map(e => e.outerHTML.slice(0, 100))";
        let small = page.run(small, Vec::new())?;
        ensure!(small.as_array().is_some_and(Vec::is_empty), "{view}: too small to press: {small:#}");
    }
    page.finish()
}
