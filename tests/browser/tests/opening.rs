//! What holds as soon as the page is open.

use airlock_browser_tests::{Browser, DESKTOP, PHONE, Scheme};
use anyhow::{Result, ensure};
use serde_json::Value;

#[test]
fn the_page_opens_under_a_sub_path_with_its_landmark_and_no_complaint() -> Result<()> {
    let mut browser = Browser::open()?;
    browser.wait_for("main")?;
    browser.wait_gone("#loading")?;
    ensure!(browser.count("main")? == 1, "there is one main landmark, and no more");
    browser.ensure_quiet()
}

/// Waits until the page has nothing more to do by itself.
fn page_is_idle(browser: &Browser) -> Result<()> {
    browser.wait_gone("#loading")?;
    let idle = "const [done] = [...arguments].slice(-1);
        requestIdleCallback(() => requestIdleCallback(() => done(true)))";
    browser.run_async(idle, Vec::new()).map(drop)
}

#[test]
fn nothing_is_asked_for_after_the_page_has_loaded() -> Result<()> {
    let browser = Browser::open()?;
    page_is_idle(&browser)?;
    browser.ensure_no_request_since_load()?;
    let twice = browser.site().requests();
    let fetched: std::collections::BTreeSet<_> = twice.iter().map(|served| &served.url).collect();
    ensure!(fetched.len() == twice.len(), "no file is fetched twice: {twice:#?}");
    ensure!(twice.iter().all(|served| served.status == 200), "every file is there: {twice:#?}");
    Ok(())
}

#[test]
fn the_security_policy_refuses_inline_script_inline_style_and_other_hosts() -> Result<()> {
    let browser = Browser::open()?;
    let script = "const [done] = [...arguments].slice(-1);
        const seen = [];
        document.addEventListener('securitypolicyviolation', e => seen.push(e.effectiveDirective));
        const add = (tag, text) => {
            const e = document.createElement(tag); e.textContent = text; document.head.append(e); e.remove();
        };
        add('script', 'window.inlineRan = true');
        add('style', 'main { color: red }');
        fetch('http://127.0.0.2:9/').catch(() => {});
        const look = setInterval(() => { if (new Set(seen).size > 2) { clearInterval(look); done(seen) } }, 10)";
    let seen = browser.run_async(script, Vec::new())?;
    for directive in ["script-src-elem", "style-src-elem", "connect-src"] {
        let refused = seen.as_array().is_some_and(|list| list.iter().any(|entry| entry == directive));
        ensure!(refused, "{directive} refuses; refused were: {seen}");
    }
    ensure!(browser.run("return window.inlineRan ?? null", Vec::new())? == Value::Null, "inline script ran");
    Ok(())
}

#[test]
fn no_size_and_no_scheme_makes_the_page_scroll_sideways() -> Result<()> {
    let browser = Browser::open()?;
    for (size, name) in [(DESKTOP, "desktop"), (PHONE, "phone")] {
        browser.resize(size)?;
        for (scheme, shade) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.scheme(scheme)?;
            let fits =
                "return innerWidth === arguments[0] && document.documentElement.scrollWidth <= innerWidth";
            let fits = browser.run(fits, vec![size.0.into()])?;
            browser.screenshot(&format!("opening-{name}-{shade}"))?;
            ensure!(fits == Value::Bool(true), "the page is wider than a {name} of {} pixels", size.0);
        }
    }
    Ok(())
}
