//! A view that is left before what it waits for has come.

use airlock_browser_tests::{Browser, id};
use anyhow::Result;

/// Frames come as late as on a machine that has too much to do.
const LATE_FRAMES: &str = "window.late = new Set();
    window.requestAnimationFrame = f => {
        const frame = setTimeout(() => { window.late.delete(frame); f(performance.now()) }, 400);
        window.late.add(frame);
        return frame };
    window.cancelAnimationFrame = frame => { clearTimeout(frame); window.late.delete(frame) };";

#[test]
fn a_frame_that_comes_after_its_view_was_left_finds_nothing_to_do() -> Result<()> {
    let mut page = Browser::start()?;
    page.before_each_load(LATE_FRAMES)?;
    page.go("")?;
    page.fill(&id("body"), "{ \"type\": nonsense }")?;
    page.send()?;
    page.click(&id("jump"))?;
    page.click(&id("nav-policy"))?;
    page.fill(&id("policy-text"), "{ \"id\": nonsense }")?;
    page.wait_text(&id("diagnostic"), "error")?;
    page.click(&id("diagnostic"))?;
    page.click(&id("publish"))?;
    page.click("dialog [data-testid=diagnostic]")?;
    page.click(&id("nav-run"))?;
    page.fill(&id("body"), "{}")?;
    page.click(&id("nav-audit"))?;
    page.wait_until("no frame is to come", "return window.late.size === 0")?;
    page.finish()
}
