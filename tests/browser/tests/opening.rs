//! What holds as soon as the page is open.

use airlock_browser_tests::Browser;
use anyhow::Result;
use std::time::Duration;

#[test]
fn the_page_opens_under_its_security_policy_and_asks_for_nothing_more() -> Result<()> {
    let mut browser = Browser::open()?;
    browser.wait_for("main")?;
    browser.wait_gone("#loading")?;
    std::thread::sleep(Duration::from_secs(4));
    browser.ensure_no_request_since_load()?;
    browser.ensure_quiet()
}
