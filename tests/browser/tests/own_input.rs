//! One's own FHIR: pasted and opened, attested where it looks real, each thing accounted for.

use airlock_browser_tests::{Browser, id};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;

/// A folder of the test's own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let folder = xtask::root().join("target/tmp").join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn patient(number: u32) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"PAT-{number:03}","name":[{{"family":"Testperson{number}","given":["Sample"]}}],"birthDate":"1980-01-01"}}"#
    )
}

fn referral(number: u32) -> String {
    format!(
        r#"{{"resourceType":"ServiceRequest","id":"REF-{number:03}","status":"active","intent":"order","subject":{{"reference":"Patient/PAT-{number:03}"}}}}"#
    )
}

const REAL_LOOKING: &str = r#"{"resourceType":"ServiceRequest","id":"sr-1","status":"active","intent":"order",
    "subject":{"reference":"Patient/pat-1"},"requester":{"display":"Margarethe Obermüller"}}"#;

#[test]
fn what_looks_real_is_sent_only_after_an_attestation_that_is_audited() -> Result<()> {
    let page = Browser::open()?;
    page.paste(REAL_LOOKING)?;
    page.wait_text(&id("own-input"), "signed and ready")?;
    page.send()?;
    ensure!(page.refusal_code()?.as_deref() == Some("synthetic.attestation-required"));

    page.click(&id("fix"))?;
    page.wait_for("dialog[open]")?;
    page.click(&id("attest-cancel"))?;
    page.wait_gone("dialog[open]")?;
    ensure!(page.refusal_code()?.as_deref() == Some("synthetic.attestation-required"));

    page.click(&id("fix"))?;
    page.wait_for("dialog[open]")?;
    page.hear(|page| page.click(&id("attest-confirm")))?;
    let code = page.refusal_code()?;
    ensure!(code.as_deref() != Some("synthetic.attestation-required"), "the attestation did not count");
    ensure!(page.outcome()? != "duplicate", "what was only refused is no duplicate");
    page.click(&id("nav-audit"))?;
    page.choose(&id("filter-outcome"), "attested")?;
    page.wait_text(&id("audit-row"), "attest")?;
    let kept: String = page.storage()?.into_values().collect();
    ensure!(!kept.contains("Obermüller") && !kept.contains("Margarethe"), "the name is in local storage");
    page.finish()
}

#[test]
fn a_bundle_and_ndjson_become_a_delivery_for_each_thing_that_can_be_an_event() -> Result<()> {
    let folder = Folder::new("own")?;
    let entries = [referral(1), patient(1), referral(2)].map(|r| format!(r#"{{"resource":{r}}}"#)).join(",");
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries},{{"fullUrl":"urn:uuid:0"}}]}}"#
    );
    let bundle = folder.file("bundle.json", &bundle)?;
    let lines: Vec<String> = (1..=40).map(patient).chain((1..=40).map(referral)).collect();
    let ndjson = folder.file("referrals.ndjson", &(lines.join("\n") + "\n{\"resourceType\":\n"))?;

    let page = Browser::open()?;
    let said = page.hear(|page| page.upload(&id("file-input"), &[&bundle]))?;
    let read: usize = said.split(' ').next().and_then(|n| n.parse().ok()).with_context(|| said.clone())?;
    ensure!(read >= 3, "{said}");
    let said = page.send()?;
    ensure!(said == "2 events sent.", "{said}");
    ensure!(tallied(&page)? == 2 && page.count(&id("item"))? == 2);
    ensure!(page.count(&id("not-an-event"))? == 2, "the Patient, and the entry without a resource");

    page.click(&id("own-close"))?;
    let said = page.hear(|page| page.upload(&id("file-input"), &[&ndjson]))?;
    ensure!(said.starts_with("81 resources"), "{said}");
    ensure!(page.send()? == "41 events sent.");
    ensure!(tallied(&page)? == 41);
    page.click(&id("tally-rejected"))?;
    page.wait_text(&id("item"), "referrals.ndjson:81")?;
    page.click(&id("nav-audit"))?;
    page.wait_badge("verified")?;
    page.finish()
}

#[test]
fn what_is_dated_after_the_simulated_time_goes_through_once_time_has_passed() -> Result<()> {
    let page = Browser::open()?;
    let dated = referral(1).replace("\"subject\"", "\"authoredOn\":\"2026-02-01T09:00:00Z\",\"subject\"");
    page.paste(&format!("{dated}\n{}\n", patient(1)))?;
    page.send()?;
    ensure!(page.text(&id("item"))?.contains("provenance.date-ahead"), "{}", page.text(&id("item"))?);
    page.hear(|page| page.click(&id("pass-to-now")))?;
    ensure!(page.count(&id("pass-to-now"))? == 0, "time passes once");
    page.send()?;
    let item = page.text(&id("item"))?;
    ensure!(!item.contains("provenance.") && !item.contains("rejected"), "{item}");
    page.finish()
}

#[test]
fn a_folder_of_a_bulk_export_is_opened_whole_and_each_event_finds_its_patient_in_another_file() -> Result<()>
{
    let folder = Folder::new("bulk")?;
    let lines = |of: fn(u32) -> String| (1..=40).map(of).collect::<Vec<_>>().join("\n");
    folder.file("Patient.ndjson", &lines(patient))?;
    folder.file("ServiceRequest.ndjson", &lines(referral))?;

    let page = Browser::open()?;
    let said = page.hear(|page| page.upload(&id("folder-input"), &[&folder.0]))?;
    ensure!(said.starts_with("80 resources"), "{said}");
    ensure!(page.send()? == "40 events sent.");
    ensure!(tallied(&page)? == 40);
    ensure!(page.count(&id("tally-delivered"))? == 1, "PAT-001 has a consent on file");
    ensure!(page.count(&id("tally-rejected"))? == 0, "no event lacks its patient");
    page.finish()
}

#[test]
fn a_file_dropped_on_the_sandbox_is_opened_like_any_other() -> Result<()> {
    let page = Browser::open()?;
    let said = page.hear(|page| {
        let drop = "const held = new DataTransfer();
            held.items.add(new File([arguments[1]], 'dropped.json', { type: 'application/json' }));
            const zone = document.querySelector(arguments[0]);
            for (const type of ['dragenter', 'dragover', 'drop'])
                zone.dispatchEvent(new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true }));";
        page.run(drop, vec![id("dropzone").into(), referral(7).into()]).map(|_| ())
    })?;
    ensure!(said.starts_with("One event was read"), "{said}");
    page.send()?;
    ensure!(
        page.refusal_code()?.as_deref() == Some("validate.context-missing"),
        "{:?}",
        page.refusal_code()?
    );
    page.finish()
}

#[test]
fn what_can_t_be_read_is_refused_with_its_reason_and_the_page_goes_on() -> Result<()> {
    let folder = Folder::new("broken")?;
    let page = Browser::open()?;
    let broken: [(&str, String); 6] = [
        ("cut.json", patient(1).chars().take(60).collect()),
        ("deep.json", "[".repeat(10_000)),
        ("empty.json", String::new()),
        ("nan.json", r#"{"resourceType":"Observation","valueQuantity":{"value":NaN}}"#.to_owned()),
        ("surrogate.json", r#"{"resourceType":"Patient","id":"\ud800"}"#.to_owned()),
        ("text.json", "this is no JSON".to_owned()),
    ];
    for (name, text) in &broken {
        let file = folder.file(name, text)?;
        page.upload(&id("file-input"), &[&file])?;
        page.wait_text(&id("open-title"), name)?;
        if page.attribute(&id("send"), "disabled")?.is_none() {
            page.send().with_context(|| (*name).to_owned())?;
            ensure!(page.outcome()? == "rejected", "{name} was {}", page.outcome()?);
        }
        let told =
            page.count(&id("refusal"))? == 1 || page.text(&id("own-input"))?.contains("can be an event");
        ensure!(told, "{name}: nothing is said");
        page.click(&id("own-close"))?;
        page.wait_gone(&id("own-input"))?;
    }
    page.send()?;
    ensure!(page.outcome()? == "delivered", "after all of it an event is {}", page.outcome()?);
    page.finish()
}

/// The sum of what the tally counts.
fn tallied(page: &Browser) -> Result<usize> {
    let counts = page.texts("[data-testid=tally] strong")?;
    counts.iter().map(|n| n.replace(',', "").parse::<usize>().with_context(|| n.clone())).sum()
}
