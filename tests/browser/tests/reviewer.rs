//! Audit as a reviewer uses it: a bundle is opened, searched, proved, taken away; what was done to it is told.

use airlock::api::{Evidence, Known, Session, open_scenario, run_in, scenario_evidence, verify_evidence};
use airlock_browser_tests::{Browser, PHONE, id};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Takes what is saved from here on, in place of the browser's own downloads.
const TAKE_FILES: &str = "window.saved = []; URL.createObjectURL = blob => { blob.text().then(text =>
    saved.push(text)); return '#' }; HTMLAnchorElement.prototype.click = () => {};";

/// A file of this test's own.
struct Given(PathBuf);

impl Given {
    fn new(name: &str, text: impl AsRef<[u8]>) -> Result<Self> {
        let folder = xtask::root().join("target/tmp").join(format!("reviewer-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        fs::write(&path, text)?;
        Ok(Self(path))
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The bundle of a log in which these scenarios were run one after the other.
fn bundle_of(scenarios: &[&str]) -> Result<String> {
    let mut session = Session::new();
    for scenario in scenarios {
        run_in(&open_scenario(scenario).context("there is no such scenario")?, &mut session);
    }
    Ok(scenario_evidence(&session, "reviewer", "reviewer-test-seed"))
}

/// Delivered, refused for its signature, withheld for want of a consent: 12 records.
fn three_runs() -> Result<String> {
    bundle_of(&["referral-created", "bad-signature", "missing-consent"])
}

/// Opens a file, which has to be there until it was read.
#[must_use = "a file that is gone can't be read"]
fn open(page: &Browser, file: Given) -> Result<Given> {
    page.upload(&id("open-bundle"), &[&file.0])?;
    Ok(file)
}

/// What is saved next.
fn saved(page: &Browser) -> Result<String> {
    page.wait_until("a file is saved", "return window.saved.length > 0")?;
    let text = page.run("return window.saved.pop()", Vec::new())?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// The page with this browser's own timeline of one delivery, on the Audit view.
fn audit() -> Result<Browser> {
    let page = Browser::open()?;
    page.send()?;
    page.click(&id("nav-audit"))?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.wait_badge("verified")?;
    page.run(TAKE_FILES, Vec::new())?;
    Ok(page)
}

#[test]
fn a_reviewer_reads_follows_proves_and_takes_away_a_bundle_and_is_told_what_was_altered() -> Result<()> {
    let text = three_runs()?;
    let page = audit()?;
    let before = page.storage()?;
    let _file1 = open(&page, Given::new("sound.json", &text)?)?;
    page.wait_for("[data-testid=opened][data-verified=true]")?;
    page.wait_text(&id("opened"), "sound.json")?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.wait_text(&id("verified-badge"), "verified: 12 records")?;
    // Why was one withheld?
    page.fill(&id("query"), "decision:denied")?;
    page.wait_text(&id("audit-count"), "1 of 12 records")?;
    page.click(&id("audit-row"))?;
    page.wait_text("#detail-title", "Record 11")?;
    page.wait_text(&id("detail"), "consent.")?;
    ensure!(page.count(&id("chain-record"))? == 4 && page.count(&id("chain-gap"))? == 0);
    page.unfold(&id("lineage"))?;
    page.wait_for("[data-testid=lineage-figure] svg")?;
    page.unfold(&id("proof"))?;
    page.click(&id("proof-all"))?;
    page.wait_for("[data-testid=proof-verdict][data-valid=true]")?;
    page.click(&id("follow"))?;
    page.wait_text(&id("audit-count"), "4 of 12 records")?;
    page.click(&id("export-menu"))?;
    page.click(&id("export-evidence"))?;
    let exported = saved(&page)?;
    ensure!(exported == text, "the bundle is handed on as it is");
    page.click(&id("export-timeline"))?;
    ensure!(saved(&page)?.lines().count() == 12);
    // One byte of what was exported.
    let altered = exported.replacen("\"outcome\":\"denied\"", "\"outcome\":\"deniee\"", 1);
    ensure!(altered != exported && altered.len() == exported.len());
    let _file2 = open(&page, Given::new("altered.json", &altered)?)?;
    page.wait_for("[data-testid=opened][data-verified=false]")?;
    page.wait_text(&id("faults"), "Record 11 was altered")?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.wait_for("[data-testid=audit-row].fault[data-seq=\"11\"]")?;
    page.click(&id("fault"))?;
    page.wait_text("#detail-title", "Record 11")?;
    page.wait_text(&id("detail-fault"), "Record 11 was altered")?;
    page.wait_text(&id("raw"), "deniee")?;
    page.unfold(&id("proof"))?;
    page.click(&id("proof-all"))?;
    page.wait_for("[data-testid=proof-verdict][data-valid=false]")?;
    // The others are still proved.
    page.click("[data-testid=audit-row][data-seq=\"10\"]")?;
    page.wait_text("#detail-title", "Record 10")?;
    page.click(&id("proof-all"))?;
    page.wait_for("[data-testid=proof-verdict][data-valid=true]")?;
    page.click(&id("opened-close"))?;
    page.wait_text(&id("audit-count"), "7 of 7 records")?;
    page.wait_badge("verified")?;
    ensure!(page.count(&id("opened"))? == 0);
    // What else the page keeps, such as how much storage holds, may come and go.
    let after = page.storage()?;
    for log in ["airlock.timeline", "airlock.journal.", "airlock.segment."] {
        let of = |storage: &BTreeMap<String, String>| {
            storage
                .iter()
                .filter(|(name, _)| name.starts_with(log))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect::<Vec<_>>()
        };
        ensure!(of(&after) == of(&before), "{log}: the own timeline is as it was");
    }
    ensure!(after.values().all(|value| !value.contains("invalid/reviewer")), "nothing of a bundle is stored");
    page.finish()
}

#[test]
fn what_is_no_bundle_is_told_and_changes_nothing() -> Result<()> {
    let text = three_runs()?;
    let page = audit()?;
    let half = text.split_at(text.len() / 2).0.to_owned();
    for (name, content, code) in [
        ("truncated.json", half.into_bytes(), "evidence.cut-off"),
        ("notes.json", b"nothing of the kind".to_vec(), "evidence.unreadable"),
        ("empty.json", Vec::new(), "evidence.unreadable"),
        ("other.json", b"{\"resourceType\":\"Bundle\"}".to_vec(), "evidence."),
        ("binary.json", vec![0xff, 0xfe, 0x00, 0x80], "file.no-text"),
        ("deep.json", "[".repeat(200_000).into_bytes(), "evidence."),
        (
            "later.json",
            text.replacen("\"schemaVersion\":2", "\"schemaVersion\":9", 1).into_bytes(),
            "evidence.version",
        ),
    ] {
        let _file3 = open(&page, Given::new(name, content)?)?;
        page.wait_text(&id("unopened"), name)?;
        let said = page.attribute("[data-testid=unopened] [data-testid=objection]", "data-code")?;
        ensure!(said.as_deref().is_some_and(|said| said.starts_with(code)), "{name}: {said:?}");
        page.wait_text(&id("audit-count"), "7 of 7 records")?;
        ensure!(page.count(&id("opened"))? == 0);
    }
    page.click(&id("unopened-close"))?;
    page.wait_gone(&id("unopened"))?;
    page.finish()
}

#[test]
fn what_strangers_have_written_is_shown_as_text() -> Result<()> {
    let hostile = "<img src=x onerror=window.struck=1>\u{202e}gnp.exe";
    let text = three_runs()?;
    // One record with markup, one with a megabyte, one that is no record.
    let mut bundle: Value = serde_json::from_str(&text)?;
    let records = bundle.get_mut("records").and_then(Value::as_array_mut).context("no records")?;
    for (at, member, value) in [(2, "actor", hostile.to_owned()), (4, "action", "x".repeat(1 << 20))] {
        let record = records.get_mut(at).and_then(Value::as_object_mut).context("no record")?;
        record.insert(member.to_owned(), json!(value));
    }
    *records.get_mut(6).context("no record")? = json!({ "note": [hostile] });
    let page = audit()?;
    let _file4 = open(&page, Given::new("<b>hostile.json", bundle.to_string())?)?;
    page.wait_for("[data-testid=opened][data-verified=false]")?;
    page.wait_text(&id("opened"), "<b>hostile.json")?;
    for seq in [2, 4, 6] {
        page.wait_for(&format!("[data-testid=audit-row].fault[data-seq=\"{seq}\"]"))?;
        page.click(&format!("[data-testid=audit-row][data-seq=\"{seq}\"]"))?;
        page.wait_text(&id("detail-fault"), &format!("Record {seq} was altered"))?;
        if seq == 2 {
            page.wait_text(&id("raw"), "‹U+202E›gnp.exe")?;
        }
        if seq == 6 {
            page.wait_text(&id("unreadable"), "no audit record")?;
        }
    }
    let struck =
        page.run("return [!!window.struck, document.querySelectorAll('.audit img').length]", Vec::new())?;
    ensure!(struck == json!([false, 0]), "{struck}");
    page.finish()
}

#[test]
fn a_dropped_file_is_opened_and_dropped_records_are_told_where_they_were() -> Result<()> {
    let text = three_runs()?;
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("\"records\"")).context("no records")?;
    lines.drain(at + 4..at + 6);
    let cut = lines.join("\n");
    let page = audit()?;
    let drop = "const held = new DataTransfer(); held.items.add(new File([arguments[0]], 'dropped.json'));
        const target = document.querySelector('.audit');
        for (const type of ['dragover', 'drop'])
            target.dispatchEvent(new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true }))";
    page.run(drop, vec![json!(cut)])?;
    page.wait_for("[data-testid=opened][data-verified=false]")?;
    page.wait_text(&id("audit-count"), "10 of 10 records")?;
    page.wait_text(&id("faults"), "2 records were dropped after record 2")?;
    page.click(&id("fault"))?;
    page.wait_text("#detail-title", "Record 5")?;
    page.wait_text(&id("detail-beside"), "2 records were dropped after record 2")?;
    ensure!(page.count(&id("detail-fault"))? == 0, "the record itself is as it was");
    page.finish()
}

#[test]
fn two_runs_stand_side_by_side_by_keyboard_and_by_address() -> Result<()> {
    let mut page = audit()?;
    let _file5 = open(&page, Given::new("two.json", three_runs()?)?)?;
    page.wait_text(&id("audit-count"), "12 of 12 records")?;
    page.click("[data-testid=audit-row][data-seq=\"11\"]")?;
    page.unfold(&id("compare-with"))?;
    page.choose(&id("compare-run"), "run-000001")?;
    page.click(&id("compare-go"))?;
    page.wait_text(&id("compare-sum"), "different")?;
    let of = |state: &str| page.count(&format!("[data-testid=compare-line][data-state={state}]"));
    ensure!(
        (of("same")?, of("different")?, of("left")?, of("right")?) == (3, 1, 0, 3),
        "{}",
        page.text(&id("compare"))?
    );
    page.wait_text("[data-testid=compare-line][data-state=different]", "denied → permitted")?;
    ensure!(page.fragment()?.contains("compare=run-000003&with=run-000001"), "{}", page.fragment()?);
    page.click(&id("compare-close"))?;
    page.wait_for(&id("timeline"))?;
    page.back()?;
    page.wait_for(&id("compare"))?;
    // The same delivery in this browser's own timeline.
    page.go("#/audit?record=0&compare=run-000001&with-own=run-000001")?;
    page.wait_text(&id("compare-sum"), "7 steps the same, 0 different, 0 in one run only")?;
    page.resize(PHONE)?;
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    page.wait_until("the page is no wider than the window", fits)?;
    page.finish()
}

#[test]
fn the_open_scenario_run_anew_makes_the_same_log_or_the_first_record_that_differs_is_named() -> Result<()> {
    let page = audit()?;
    page.click(&id("check-menu"))?;
    page.click(&id("check-replay"))?;
    page.wait_for("[data-testid=replay-result][data-same=true]")?;
    let _file6 = open(&page, Given::new("other.json", bundle_of(&["missing-consent"])?)?)?;
    page.wait_text(&id("audit-count"), "4 of 4 records")?;
    page.click(&id("check-replay"))?;
    page.wait_for("[data-testid=replay-result][data-same=false]")?;
    page.wait_text(&id("replay-result"), "Record 0 is the first that differs")?;
    page.wait_text(&id("replay-members"), "event")?;
    page.click(&id("replay-jump"))?;
    page.wait_text("#detail-title", "Record 0")?;
    page.finish()
}

#[test]
fn a_bundle_of_the_timeline_verifies_elsewhere_and_a_checkpoint_of_it_is_recognised() -> Result<()> {
    let page = audit()?;
    page.click(&id("export-menu"))?;
    page.click(&id("export-evidence"))?;
    let bundle = saved(&page)?;
    let report = verify_evidence(
        Evidence::read(bundle.clone()).map_err(|why| anyhow::anyhow!(why.message))?,
        Known::default(),
    );
    ensure!(report.verified && report.size == 7, "{report:?}");
    page.click(&id("export-checkpoint"))?;
    let checkpoint = saved(&page)?;
    let _file7 = open(&page, Given::new("own.json", bundle)?)?;
    page.wait_for("[data-testid=opened][data-verified=true]")?;
    page.click(&id("check-menu"))?;
    page.fill(&id("check-checkpoint"), &checkpoint)?;
    page.click(&id("check-compare"))?;
    page.wait_text(&id("check-relation"), "7 records, the same root")?;
    page.finish()
}
