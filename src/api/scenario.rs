//! Scenarios: the same files are the page's picker, the documentation's examples and the test suite.

use super::{
    AssertionChange, Breakage, Credential, CrmRecord, Header, LogHead, Rate, Request, RunView, Session,
    break_signature, sign, sign_as,
};
use crate::engine::canonical::Catalogue;
use crate::engine::time::Instant;
use crate::engine::webhook::{self, CredentialTexts};
use crate::engine::{self, AccessTexts, Setting, SettingTexts, deliver};
use crate::order;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A scenario as the picker shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioCard {
    /// File name without extension, e.g. `referral-created`.
    pub id: String,
    /// Title.
    pub title: String,
    /// One line of story.
    pub story: String,
    /// What it teaches.
    pub teaches: String,
    /// What it is about: the family of the first refusal it expects, e.g. `webhook`; `through` where it expects
    /// none.
    pub topic: String,
}

/// The sending system, its credentials, and how often it may send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// System id, e.g. `HOSP-SANDBOX-A`.
    pub id: String,
    /// Plain webhook secrets, newest first (`whsec_…`), that hold at all times for all event types.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Further credentials, newest first.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// How often it may send; a generous rate where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// The setting that deliveries run in. All texts, so that each can be edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The mapping policy's text.
    pub policy: String,
    /// The adapter's text.
    pub adapter: String,
    /// The consents on file: a JSON array of FHIR R4 Consent resources, as text.
    pub consents: String,
    /// Start of the simulated clock, RFC 3339.
    pub clock: String,
    /// Entropy for tokens, as text.
    pub seed: String,
    /// The sending system.
    pub source: Source,
    /// Whose keys make tokens, newest first. Without any, the keys come from the seed.
    #[serde(default)]
    pub transform: Vec<Credential>,
    /// Who may write to the CRM, newest first. Without any, the CRM demo zone asks for none.
    #[serde(default)]
    pub sink: Vec<Credential>,
    /// Who operates the connector, for the audit log.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// How the sandboxes on both sides behave.
    #[serde(default)]
    pub sandbox: SandboxSetup,
}

/// How the sandboxes on both sides behave: nothing out of the way where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SandboxSetup {
    /// When the CRM demo zone takes nothing.
    pub outages: Vec<Outage>,
    /// Events that the queue holds, dead letters included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_capacity: Option<usize>,
    /// What the EHR sandbox holds: a FHIR Bundle, as text. In a scenario file, the name of a fixture in `ehr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ehr: Option<String>,
    /// Seconds for which a gap in a subscription's events is waited on, where it is not a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_wait_seconds: Option<u32>,
}

/// A time in which the CRM demo zone takes nothing, in seconds after the clock's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// Its first second.
    pub from_second: i64,
    /// The first second after it.
    pub to_second: i64,
    /// What the CRM answers: 503, unavailable, or 429, too many requests.
    pub status: u16,
    /// The seconds after which it asks to be tried again, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// What a scenario expects of one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Final state.
    pub outcome: String,
    /// Refusal code, if any.
    #[serde(default)]
    pub code: Option<String>,
}

/// A scenario, opened: ready to send, edit or break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenScenario {
    /// Its card.
    pub card: ScenarioCard,
    /// Its setting.
    pub setup: Setup,
    /// Its deliveries as signed requests, in order, each with its time in milliseconds since the Unix epoch.
    pub requests: Vec<(i64, Request)>,
    /// Up to when time passes after the last request, in milliseconds since the Unix epoch.
    pub until: i64,
    /// What is expected of each: its state in the end.
    pub expected: Vec<Expected>,
    /// What the CRM demo zone must hold afterwards.
    pub expected_crm: Vec<ExpectedRecord>,
    /// What the log must say, a line a record.
    pub expected_audit: Vec<String>,
    /// The same for the operational stream.
    pub expected_operations: Vec<String>,
}

/// One delivery's result in a scenario run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryResult {
    /// Final state.
    pub outcome: String,
    /// Refusal code, if any.
    pub code: Option<String>,
}

/// A scenario run held against its expectations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// Scenario id.
    pub scenario: String,
    /// Whether everything expected came true.
    pub passed: bool,
    /// The deliveries' results, in order.
    pub deliveries: Vec<DeliveryResult>,
    /// The CRM demo zone afterwards.
    pub crm: Vec<CrmRecord>,
    /// The log afterwards.
    pub log: LogHead,
    /// What differed from the expectations, one sentence each.
    pub failures: Vec<String>,
}

/// What a scenario expects of the CRM demo zone: fields by name, `null` for a field that was withheld.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRecord {
    /// CRM object.
    pub object: String,
    /// Every field it must have, and no other.
    pub fields: BTreeMap<String, Option<String>>,
}

/// The scenario file (`fixtures/sandbox/*.json`), schema version 1.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File<'a> {
    schema_version: u32,
    title: String,
    story: String,
    teaches: String,
    setting: FileSetting,
    #[serde(borrow)]
    deliveries: Vec<FileDelivery<'a>>,
    /// Seconds that pass after the last delivery.
    #[serde(default)]
    advance_seconds: i64,
    expect: FileExpect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSetting {
    policy: String,
    adapter: String,
    consents: Vec<String>,
    clock: String,
    seed: String,
    source: Source,
    #[serde(default)]
    transform: Vec<Credential>,
    #[serde(default)]
    sink: Vec<Credential>,
    actor: String,
    role: String,
    #[serde(default)]
    sandbox: SandboxSetup,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileDelivery<'a> {
    /// Event id.
    id: String,
    /// Seconds after the clock's start.
    #[serde(default)]
    after_seconds: i64,
    /// The body as JSON; absent for one that is a text, or repeats an earlier delivery's.
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    /// The body as text, where it is not to be JSON.
    text: Option<String>,
    /// The source's credential to sign with, instead of the first that can.
    credential: Option<String>,
    /// What its assertion says otherwise.
    #[serde(default)]
    assertion: AssertionChange,
    /// Headers to set, before signing and again after it; `null` takes one away.
    #[serde(default)]
    set_headers: BTreeMap<String, Option<String>>,
    /// Headers to add after signing.
    #[serde(default)]
    add_headers: Vec<Header>,
    /// The number of the delivery, from 0, whose request is sent again byte for byte.
    repeat: Option<usize>,
    /// Whether to spoil the signature.
    #[serde(default)]
    tamper: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileExpect {
    deliveries: Vec<Expected>,
    crm: Vec<ExpectedRecord>,
    /// The log, a line a record: stage, outcome and, where there is one, code.
    audit: Vec<String>,
    /// The operational stream, spelled alike.
    #[serde(default)]
    operations: Vec<String>,
}

static FIXTURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// In teaching order; what stands in the folder and not here comes after, by name.
const TEACHING_ORDER: &[&str] = &[
    "referral-created",
    "delivered-twice",
    "bad-signature",
    "missing-consent",
    "denied-consent",
    "phi-in-safe-field",
    "identifier-in-label",
    "invalid-code",
    "partial-address",
    "element-unknown",
    "element-of-wrong-type",
    "element-too-many",
    "element-empty",
    "element-missing",
    "date-that-does-not-exist",
    "period-backwards",
    "reference-to-wrong-type",
    "reference-to-nowhere",
    "script-in-narrative",
    "modifier-unknown",
    "drift-renamed",
    "drift-retyped",
    "drift-new",
    "consent-arrives",
    "consent-granted",
    "consent-renewed",
    "consent-revoked",
    "consent-revocation-withheld",
    "consent-out-of-order",
    "consent-of-a-stranger",
    "field-missing",
    "lab-result-finalised",
    "object-emptied",
    "lab-report-finalised",
    "care-team-changed",
    "encounter-closed",
    "encounter-discharged",
    "discharge-denied",
    "discharge-names-patient",
    "appointment-booked",
    "appointment-completed",
    "appointment-cancelled",
    "enrolment-requested",
    "recruitment-other-purpose",
    "protocol-milestone-reached",
    "adherence-enrolment",
    "adherence-other-recipient",
    "outcomes-counted",
    "outcome-moves",
    "patient-merged",
    "merged-away",
    "merged-with-itself",
    "event-state-mismatch",
    "event-type-ambiguous",
    "subject-ambiguous",
    "event-not-covered",
    "resource-not-let-in",
    "other-recipient",
    "other-purpose",
    "other-jurisdiction",
    "address-in-force",
    "source-mismatch",
    "source-missing",
    "resource-from-elsewhere",
    "timestamp-malformed",
    "timestamp-ahead",
    "timestamp-stale",
    "version-backwards",
    "date-ahead",
    "sink-outage",
    "order-kept",
    "sink-down",
    "sink-throttled",
    "dead-letter",
    "queue-full",
    "header-smuggling",
    "stale-timestamp",
    "signature-forms",
    "content-type",
    "signed-with-ed25519",
    "secret-rotation",
    "credential-too-early",
    "scope-not-granted",
    "id-conflict",
    "rate-limited",
    "transform-expired",
    "transform-scope",
    "sink-credential-expired",
    "sink-scope",
    "assertion-accepted",
    "assertion-forged",
    "assertion-claims",
    "assertion-stolen",
    "broken-json",
    "not-an-event",
    "notification-full-resource",
    "notification-id-only",
    "notification-empty",
    "notification-several",
    "notification-out-of-order",
    "notification-gap-filled",
    "notification-duplicate",
    "notification-heartbeat-gap",
    "notification-unavailable",
    "notification-waits",
    "notification-failing",
    "notification-status-missing",
    "notification-request-missing",
    "notification-parameter-missing",
    "notification-parameter-invalid",
    "notification-number-invalid",
    "notification-number-implausible",
    "notification-event-conflict",
];

/// The text of a shipped fixture, e.g. `policies/referral-intake.json`.
pub fn fixture(path: &str) -> Option<&'static str> {
    FIXTURES.get_file(path).and_then(|file| file.contents_utf8())
}

/// The texts of the fixtures of a folder.
pub(super) fn fixtures(folder: &str) -> impl Iterator<Item = &'static str> {
    let files = FIXTURES.get_dir(folder).map(|dir| dir.files()).into_iter().flatten();
    files.filter_map(|file| file.contents_utf8())
}

/// The scenarios shipped, in teaching order.
pub fn scenarios() -> Vec<ScenarioCard> {
    let files = FIXTURES.get_dir("sandbox").map(|dir| dir.files()).into_iter().flatten();
    let mut cards: Vec<ScenarioCard> = files
        .filter_map(|file| file.path().file_stem()?.to_str())
        .filter_map(|id| open_scenario(id).map(|scenario| scenario.card))
        .collect();
    order::by(&mut cards, |card| {
        let taught = TEACHING_ORDER.iter().position(|id| *id == card.id);
        (taught.unwrap_or(TEACHING_ORDER.len()), card.id.clone())
    });
    cards
}

/// Opens a shipped scenario.
pub fn open_scenario(id: &str) -> Option<OpenScenario> {
    let text = fixture(&format!("sandbox/{id}.json"))?;
    read_scenario(id, text, &Pin::default(), &|path| fixture(path).map(str::to_owned)).ok()
}

/// A clock and entropy to use instead of a scenario's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// Start of the clock, RFC 3339.
    pub clock: Option<String>,
    /// Entropy for tokens.
    pub seed: Option<String>,
}

/// Reads a scenario file. `pin` replaces its clock and entropy; `fixture` gives the text of `policies/ID.json`, `adapters/ID.json` and
/// `consents/ID.json`.
///
/// # Errors
/// What is wrong with the file, in a sentence.
pub fn read_scenario(
    id: &str,
    text: &str,
    pin: &Pin,
    fixture: &dyn Fn(&str) -> Option<String>,
) -> Result<OpenScenario, String> {
    let file: File<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file.schema_version != 1 {
        return Err("The scenario's schemaVersion is not known; this reads version 1.".to_owned());
    }
    let mut setting = file.setting;
    setting.clock = pin.clock.clone().unwrap_or(setting.clock);
    setting.seed = pin.seed.clone().unwrap_or(setting.seed);
    let load = |folder: &str, name: &str| {
        let path = format!("{folder}/{name}.json");
        fixture(&path).ok_or_else(|| format!("There is no fixture {path}."))
    };
    let consents: Result<Vec<String>, String> =
        setting.consents.iter().map(|name| load("consents", name)).collect();
    let consents = consents?;
    let clock = Instant::parse(&setting.clock)
        .ok_or_else(|| "The setting's clock is not an RFC 3339 time.".to_owned())?;
    if let Some(name) = setting.sandbox.ehr.take() {
        setting.sandbox.ehr = Some(load("ehr", &name)?);
    }
    let setup = Setup {
        policy: load("policies", &setting.policy)?,
        adapter: load("adapters", &setting.adapter)?,
        consents: join_consents(&consents),
        clock: setting.clock,
        seed: setting.seed,
        source: setting.source,
        transform: setting.transform,
        sink: setting.sink,
        actor: setting.actor,
        role: setting.role,
        sandbox: setting.sandbox,
    };
    let mut requests: Vec<(i64, Request)> = Vec::new();
    for delivery in file.deliveries {
        let after = delivery.after_seconds.checked_mul(1000);
        let at = after.and_then(|after| clock.0.checked_add(after));
        let at = at.ok_or_else(|| "A delivery's afterSeconds is out of range.".to_owned())?;
        let body = delivery.text.clone().or(delivery.body.map(|body| dedent(body.get())));
        let both = delivery.text.is_some() && delivery.body.is_some();
        let mut request = match (delivery.repeat, body) {
            (Some(earlier), None) => match requests.get(earlier) {
                Some((_, request)) => request.clone(),
                None => return Err("A delivery repeats one that is not before it.".to_owned()),
            },
            (None, Some(body)) if !both => request(&setup, &delivery, at, body)?,
            _ => return Err("A delivery has a body, a text or a repeat, and one of them only.".to_owned()),
        };
        if delivery.tamper
            && let Some(secret) = setup.source.secrets.first()
        {
            break_signature(Breakage::OtherCharacter, secret, &mut request);
        }
        requests.push((at, request));
    }
    if requests.len() != file.expect.deliveries.len() {
        return Err("expect.deliveries has another length than deliveries.".to_owned());
    }
    let last = requests.last().map_or(clock.0, |(at, _)| *at);
    let after = file.advance_seconds.checked_mul(1000).and_then(|after| last.checked_add(after));
    let until = after
        .filter(|until| *until >= last)
        .ok_or_else(|| "The scenario's advanceSeconds is out of range.".to_owned())?;
    let card = ScenarioCard {
        id: id.to_owned(),
        title: file.title,
        story: file.story,
        teaches: file.teaches,
        topic: topic(&file.expect.deliveries).to_owned(),
    };
    let FileExpect { deliveries: expected, crm: expected_crm, audit: expected_audit, operations } =
        file.expect;
    let expected_operations = operations;
    Ok(OpenScenario {
        card,
        setup,
        requests,
        until,
        expected,
        expected_crm,
        expected_audit,
        expected_operations,
    })
}

fn topic(expected: &[Expected]) -> &str {
    let code = expected.iter().find_map(|delivery| delivery.code.as_deref());
    code.map_or("through", |code| code.split_once('.').map_or(code, |(family, _)| family))
}

/// Consents out of several texts as one JSON array. Each text is a Consent, a Bundle or an array.
pub fn join_consents(texts: &[String]) -> String {
    let bare = texts.iter().map(|text| {
        let text = text.trim_start_matches('\u{FEFF}').trim();
        text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim()
    });
    format!("[{}]\n", bare.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",\n"))
}

/// A time in milliseconds since the Unix epoch, from RFC 3339.
pub fn parse_time(text: &str) -> Option<i64> {
    Instant::parse(text).map(|at| at.0)
}

/// A time in milliseconds since the Unix epoch as RFC 3339, in UTC.
pub fn format_time(millis: i64) -> String {
    Instant(millis).to_rfc3339()
}

fn request(setup: &Setup, delivery: &FileDelivery<'_>, at: i64, body: String) -> Result<Request, String> {
    let mut request = Request { headers: Vec::new(), body };
    request.set_header("webhook-id", delivery.id.as_str());
    request.set_header("webhook-timestamp", Instant(at).seconds().to_string());
    let set = |request: &mut Request| {
        for (name, value) in &delivery.set_headers {
            match value {
                Some(value) => request.set_header(name, value.as_str()),
                None => request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name)),
            }
        }
    };
    set(&mut request);
    match &delivery.credential {
        None => sign(setup, &mut request),
        Some(id) => {
            if !sign_as(setup, id, &mut request, &delivery.assertion) {
                return Err(format!("The source has no credential `{id}` that can sign."));
            }
        }
    }
    set(&mut request);
    request.headers.extend(delivery.add_headers.iter().cloned());
    Ok(request)
}

/// A value's text out of an indented file, as if it stood alone: the last line's indent is taken off each.
fn dedent(text: &str) -> String {
    let indent = text.lines().last().map_or(0, |line| line.len() - line.trim_start().len());
    let lines = text.lines().enumerate().map(|(n, line)| {
        if n == 0 || !line.bytes().take(indent).all(|b| b == b' ') {
            line
        } else {
            line.get(indent..).unwrap_or("")
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs a scenario in a connector of its own and holds it against what it expects.
pub fn run_scenario(scenario: &OpenScenario) -> ScenarioResult {
    run_in(scenario, &mut Session::new())
}

/// The same in a session of the caller's, which holds the log afterwards.
pub fn run_in(scenario: &OpenScenario, session: &mut Session) -> ScenarioResult {
    let mut failures = Vec::new();
    if let Err(diagnostics) = session.configure(&scenario.setup) {
        failures.extend(diagnostics.into_iter().map(|d| format!("{}: {}", d.code, d.message)));
    }
    let deliveries: Vec<DeliveryResult> = run_through(scenario, session)
        .into_iter()
        .map(|run| DeliveryResult { outcome: run.outcome, code: run.refusal.map(|refusal| refusal.code) })
        .collect();
    for (n, (got, expected)) in deliveries.iter().zip(&scenario.expected).enumerate() {
        if (&got.outcome, &got.code) != (&expected.outcome, &expected.code) {
            failures.push(format!(
                "Delivery {n} ended {} {}, and {} {} was expected.",
                got.outcome,
                got.code.as_deref().unwrap_or("without a code"),
                expected.outcome,
                expected.code.as_deref().unwrap_or("without a code"),
            ));
        }
    }
    let crm = session.crm().to_vec();
    let as_expected = |record: &CrmRecord| ExpectedRecord {
        object: record.object.clone(),
        fields: record.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect(),
    };
    let got: Vec<ExpectedRecord> = crm.iter().map(as_expected).collect();
    if got != scenario.expected_crm {
        failures
            .push(format!("The CRM demo zone holds {got:?}, and {:?} was expected.", scenario.expected_crm));
    }
    let line = |stage: &str, outcome: &str, code: Option<&str>| {
        [Some(stage), Some(outcome), code].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let entries = session.timeline();
    let entries = entries.iter();
    let audit: Vec<String> =
        entries.map(|entry| line(&entry.stage, &entry.outcome, entry.code.as_deref())).collect();
    let operations = session.operations();
    let operations: Vec<String> =
        operations.iter().map(|own| line(&own.stage, &own.outcome, own.code.as_deref())).collect();
    for (what, got, expected) in [
        ("log reads", audit, &scenario.expected_audit),
        ("operations read", operations, &scenario.expected_operations),
    ] {
        if got != *expected {
            failures.push(format!("The {what} {got:?}, and {expected:?} was expected."));
        }
    }
    ScenarioResult {
        scenario: scenario.card.id.clone(),
        passed: failures.is_empty(),
        deliveries,
        crm,
        log: session.head(),
        failures,
    }
}

/// Sends a scenario's requests at their times and lets time pass to its end, stopping wherever something is due.
/// Gives the last account of each delivery.
pub fn run_through(scenario: &OpenScenario, session: &mut Session) -> Vec<RunView> {
    let mut runs: Vec<RunView> = Vec::with_capacity(scenario.requests.len());
    for (at, request) in &scenario.requests {
        pass_time(session, *at, &mut runs);
        let run = session.send(request, *at, &mut || 0.0);
        runs.push(run);
        settle(session.take_settled(), &mut runs);
    }
    pass_time(session, scenario.until, &mut runs);
    runs
}

/// Lets time pass, stopping wherever something is due.
fn pass_time(session: &mut Session, until: i64, runs: &mut [RunView]) {
    while let Some(due) = session.next_due().filter(|due| *due <= until) {
        let settled = session.advance(due);
        if settled.is_empty() {
            break;
        }
        settle(settled, runs);
    }
}

fn settle(settled: Vec<RunView>, runs: &mut [RunView]) {
    for view in settled {
        if let Some(own) = runs.iter_mut().find(|run| run.correlation == view.correlation) {
            *own = RunView { receipt: own.receipt.clone(), ..view };
        }
    }
}

impl Setup {
    /// Reads the setting's texts into what a connector works with. `storage_key` is the entropy of the keys for what is
    /// kept; the seed, where there is none.
    ///
    /// # Errors
    /// What stands against putting it in force, each with the place in its text.
    pub fn read(&self, storage_key: Option<&str>) -> Result<Setting, Vec<super::Diagnostic>> {
        let start = Instant::parse(&self.clock).unwrap_or(Instant(0));
        let at = |second: i64| Instant(start.0.saturating_add(second.saturating_mul(1000)));
        let outages: Vec<deliver::Outage> = self
            .sandbox
            .outages
            .iter()
            .map(|outage| deliver::Outage {
                from: at(outage.from_second),
                until: at(outage.to_second),
                throttled: outage.status == 429,
                retry_after: outage.retry_after,
            })
            .collect();
        fn texts(list: &[Credential]) -> Vec<CredentialTexts<'_>> {
            list.iter().map(Credential::texts).collect()
        }
        let (source, transform, sink) =
            (texts(&self.source.credentials), texts(&self.transform), texts(&self.sink));
        let rate =
            self.source.rate.map(|rate| webhook::Rate { burst: rate.burst, per_minute: rate.per_minute });
        Setting::read(&SettingTexts {
            policy: &self.policy,
            adapter: &self.adapter,
            crms: super::policy::shipped_crms(),
            catalogue: Catalogue::shipped(),
            consents: &self.consents,
            source: &self.source.id,
            secrets: &self.source.secrets,
            access: AccessTexts { source: &source, transform: &transform, sink: &sink, rate },
            seed: &self.seed,
            storage_key: storage_key.unwrap_or(&self.seed),
            actor: &self.actor,
            role: &self.role,
            sandbox: engine::SandboxTexts {
                outages: &outages,
                capacity: self.sandbox.queue_capacity,
                ehr: self.sandbox.ehr.as_deref(),
                gap_wait_seconds: self.sandbox.gap_wait_seconds,
            },
        })
        .map_err(|findings| findings.into_iter().map(super::Diagnostic::from).collect())
    }
}
