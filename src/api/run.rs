//! One delivery and what became of it.

use crate::engine::ledger::{Element, ledger};
use crate::engine::policy::{Policy, Target};
use crate::engine::refusal::{Code, Place, Refusal, Remedy};
use crate::engine::validate::Issue;
use crate::engine::{Mark, Outcome, Run, Setting, Stage, Step, deliver};
use serde::{Deserialize, Serialize};

/// One HTTP header of a request, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Header name; compared without regard to case (RFC 9110, section 5.1).
    pub name: String,
    /// Header value.
    pub value: String,
}

/// A webhook request as the EHR sandbox sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The headers, in order. Standard Webhooks needs `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub headers: Vec<Header>,
    /// The raw body. It may hold PHI and is never stored.
    pub body: String,
}

impl Request {
    /// The value of the first header of this name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// Sets the first header of this name, or adds it.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.headers.iter_mut().find(|h| h.name.eq_ignore_ascii_case(name)) {
            Some(header) => header.value = value,
            None => self.headers.push(Header { name: name.to_owned(), value }),
        }
    }
}

/// What the connector answered at once, before doing the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// HTTP status: 202 for what was queued or already seen, 4xx for a refusal at the door.
    pub status: u16,
    /// The status in words, e.g. `Accepted`.
    pub reason: String,
    /// With 429: the seconds after which the sender may come again (`Retry-After`, RFC 9110, section 10.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// How a stage of the strip looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// Let the event through unchanged.
    Passed,
    /// Let it through and changed it.
    Changed,
    /// Refused it.
    Refused,
    /// Was not reached.
    Waiting,
}

/// One stage of the strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageView {
    /// Stage name: `webhook`, `queue`, `validate`, `adapt`, `consent`, `redact`, `guard`, `deliver`.
    pub stage: String,
    /// What it did.
    pub state: StageState,
    /// Its reasons, one sentence each; never a value from the event.
    pub reasons: Vec<String>,
    /// Time spent in the stage, in microseconds, where the caller measured it.
    pub micros: Option<f64>,
}

/// Line, column and byte offset of a place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset in bytes of the UTF-8 text, from 0.
    pub offset: u32,
}

/// A change to the request that would mend a refusal, for a button to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fix {
    /// Compute the signature again over id, timestamp and body.
    SignAgain,
    /// Set the timestamp to now and sign again.
    StampNow,
    /// Give the event an id of its own and sign again.
    NewId,
    /// Attest that the data is synthetic and send again.
    Attest,
    /// Put the scenario's own body back.
    RestoreBody,
}

/// Why a delivery did not go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalView {
    /// Stable code, e.g. `webhook.signature-mismatch`.
    pub code: String,
    /// The stage that refused.
    pub stage: String,
    /// One plain sentence.
    pub message: String,
    /// How to mend the fixture.
    pub help: String,
    /// The element it is about, FHIRPath style, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The place in the request body, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// A change that mends it, where one button can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// One of the three verdicts of the validate stage, which are reported apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictView {
    /// `structure` (FHIR R4), `policy` (may this recipient get this at all) or `provenance` (source ids,
    /// timestamps and lineage match).
    pub name: String,
    /// `passed` or `failed`.
    pub state: String,
    /// All there is to say, in the order of the text.
    pub issues: Vec<IssueView>,
}

/// One finding of a verdict, after FHIR's OperationOutcome.issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueView {
    /// FHIR issue severity: `fatal`, `error`, `warning` or `information`.
    pub severity: String,
    /// FHIR issue type, e.g. `structure`, `required`, `value`, `invariant`, `code-invalid`.
    pub code: String,
    /// Airlock's own stable code, e.g. `structure.unknown-element`.
    pub check: String,
    /// The element, FHIRPath style.
    pub path: String,
    /// One plain sentence; never a value.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// The place in the request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Byte range of the element in [`Request::body`].
    #[serde(skip)]
    pub span: (u32, u32),
}

/// One field of a CRM record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmField {
    /// Field name in the CRM object, e.g. `priority`.
    pub name: String,
    /// The value; absent when `withheld`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the policy redacted it: the field is there and says that it was withheld.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A record as the CRM team sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmRecord {
    /// CRM object, e.g. `Activity`.
    pub object: String,
    /// The idempotency key it was written under: a keyed token, not derived from anything readable.
    pub key: String,
    /// Version of the record in the CRM demo zone, from 1; goes up when a delivery changes it.
    pub version: u32,
    /// The fields, in the order of the contract.
    pub fields: Vec<CrmField>,
    /// When it was last written, RFC 3339.
    pub written: String,
    /// Correlation id of the run that wrote it.
    pub correlation: String,
}

/// One row of the field ledger: an element of the source and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Path in the source, FHIRPath style, e.g. `ServiceRequest.code.coding[0].code`.
    pub path: String,
    /// Disclosure class. An element that no rule names counts as `highly-restricted` until someone classifies it.
    pub class: String,
    /// `allowed`, `transformed`, `redacted` or `prohibited`.
    pub label: String,
    /// Id of the rule that decided; none when no rule names the element.
    pub rule: Option<String>,
    /// Ids of further rules that read the same element.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Redaction method, e.g. `keep`, `generalize`, `tokenize`.
    pub method: Option<String>,
    /// Whether anything of the element crossed.
    pub crossed: bool,
    /// The CRM field it feeds, e.g. `Activity.priority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What crossed, after the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether its code is not in the table of the rule: then `other` crossed, or nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// Byte range of the element's value in [`Request::body`].
    #[serde(skip)]
    pub span: (u32, u32),
}

/// All there is to see of one delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Correlation id, e.g. `run-000001`, shared by every audit record of this delivery.
    pub correlation: String,
    /// The immediate answer.
    pub receipt: Receipt,
    /// Final state: `delivered`, `unchanged`, `duplicate`, `rejected`, `withheld`, `quarantined`, `dead-lettered`;
    /// or `waiting` in the queue, until `due`.
    pub outcome: String,
    /// Where it waits: when it is worked on next at the earliest, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<i64>,
    /// Why not, when it did not go through, or not yet.
    pub refusal: Option<RefusalView>,
    /// Every stage in order.
    pub stages: Vec<StageView>,
    /// The three verdicts of the validate stage; empty where it was not reached.
    pub verdicts: Vec<VerdictView>,
    /// The records written or found unchanged, one for each CRM object that the policy writes.
    pub records: Vec<CrmRecord>,
    /// Every element of the source. Empty when the body could not be read as JSON.
    pub ledger: Vec<LedgerRow>,
    /// Policy in force, `id@version`.
    pub policy: String,
    /// Where the delivery brought several events: what became of each. This account is then that of the first that did
    /// not go through, or else of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartView>,
}

/// One of several events of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartView {
    /// Its correlation id: the delivery's, a dot, and a number from 1.
    pub correlation: String,
    /// Its state.
    pub outcome: String,
    /// Refusal code, if any.
    pub code: Option<String>,
}

impl From<&RunView> for PartView {
    fn from(view: &RunView) -> Self {
        Self {
            correlation: view.correlation.clone(),
            outcome: view.outcome.clone(),
            code: view.refusal.as_ref().map(|refusal| refusal.code.clone()),
        }
    }
}

impl RunView {
    /// The account of a run. `timings` gives the time spent per stage, in microseconds.
    pub(super) fn new(setting: &Setting, receipt: Receipt, run: &Run, timings: &[(Stage, f64)]) -> Self {
        let mut view = Self {
            correlation: run.correlation.clone(),
            receipt,
            outcome: run.outcome.as_str().to_owned(),
            due: run.due.map(|due| due.0),
            refusal: run.refusal.as_ref().map(RefusalView::from),
            stages: Stage::ALL.into_iter().map(|stage| stage_view(stage, &run.trail, timings)).collect(),
            verdicts: run
                .verdicts
                .iter()
                .flat_map(|verdicts| verdicts.each())
                .map(VerdictView::from)
                .collect(),
            records: run.records.iter().map(CrmRecord::from).collect(),
            ledger: ledger(setting, run).into_iter().map(|row| ledger_row(&setting.policy, row)).collect(),
            policy: setting.policy_reference.clone(),
            parts: Vec::new(),
        };
        if run.apart {
            view.ledger.iter_mut().for_each(|row| row.span = (0, 0));
            let issues = view.verdicts.iter_mut().flat_map(|verdict| &mut verdict.issues);
            issues.for_each(|issue| (issue.span, issue.position) = ((0, 0), None));
        }
        view
    }

    /// Which of its delivery's events it is; 0 where it is the only one.
    pub(super) fn part_number(&self) -> u32 {
        self.correlation.split_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }

    /// The account of a delivery that nothing was there to work on.
    pub(super) fn not_configured() -> Self {
        let refusal = Refusal::new(Code::NotConfigured);
        let status = refusal.code.status();
        let trail = [Step {
            stage: refusal.code.stage(),
            mark: Mark::Refused,
            reasons: vec![refusal.code.message().to_owned()],
        }];
        Self {
            correlation: String::new(),
            receipt: Receipt::new(status, None),
            outcome: Outcome::Rejected.as_str().to_owned(),
            due: None,
            stages: Stage::ALL.into_iter().map(|stage| stage_view(stage, &trail, &[])).collect(),
            refusal: Some(RefusalView::from(&refusal)),
            verdicts: Vec::new(),
            records: Vec::new(),
            ledger: Vec::new(),
            policy: String::new(),
            parts: Vec::new(),
        }
    }
}

impl Receipt {
    pub(super) fn new(status: u16, retry_after: Option<u64>) -> Self {
        Self { status, reason: status_reason(status).to_owned(), retry_after }
    }
}

fn status_reason(status: u16) -> &'static str {
    match status {
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}

fn stage_view(stage: Stage, trail: &[Step], timings: &[(Stage, f64)]) -> StageView {
    let step = trail.iter().find(|step| step.stage == stage);
    StageView {
        stage: stage.as_str().to_owned(),
        state: match step.map(|step| step.mark) {
            Some(Mark::Passed) => StageState::Passed,
            Some(Mark::Changed) => StageState::Changed,
            Some(Mark::Refused) => StageState::Refused,
            None => StageState::Waiting,
        },
        reasons: step.map(|step| step.reasons.clone()).unwrap_or_default(),
        micros: timings.iter().find(|(timed, _)| *timed == stage).map(|(_, micros)| *micros),
    }
}

impl From<(&'static str, &[Issue])> for VerdictView {
    fn from((name, issues): (&'static str, &[Issue])) -> Self {
        let failed = issues.iter().any(|issue| issue.severity.fails());
        Self {
            name: name.to_owned(),
            state: if failed { "failed" } else { "passed" }.to_owned(),
            issues: issues.iter().map(IssueView::from).collect(),
        }
    }
}

impl From<&Issue> for IssueView {
    fn from(issue: &Issue) -> Self {
        Self {
            severity: issue.severity.as_str().to_owned(),
            code: issue.code.issue_type().to_owned(),
            check: issue.code.as_str().to_owned(),
            path: issue.path.to_string(),
            message: issue.message().to_owned(),
            help: issue.code.help().to_owned(),
            position: issue.place.map(Position::from),
            span: issue.span,
        }
    }
}

fn ledger_row(policy: &Policy, row: Element) -> LedgerRow {
    let rule = row.rule.and_then(|rule| policy.rules.get(rule));
    let id = |rule: usize| policy.rules.get(rule).map(|rule| rule.id.clone());
    LedgerRow {
        path: row.locus.path.into(),
        class: row.class.as_str().to_owned(),
        label: row.label.as_str().to_owned(),
        rule: rule.map(|rule| rule.id.clone()),
        others: row.others.into_iter().filter_map(id).collect(),
        method: rule.map(|rule| rule.method.name().to_owned()),
        crossed: row.crossed.is_some(),
        target: rule.and_then(|rule| rule.target.as_ref()).map(Target::to_string),
        value: row.crossed,
        unlisted: row.unlisted,
        span: row.locus.span,
    }
}

impl From<&Refusal> for RefusalView {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.as_str().to_owned(),
            stage: refusal.code.stage().as_str().to_owned(),
            message: refusal.code.message().to_owned(),
            help: refusal.code.help().to_owned(),
            path: refusal.path.as_deref().map(str::to_owned),
            position: refusal.place.map(Position::from),
            fix: refusal.code.remedy().map(|remedy| match remedy {
                Remedy::SignAgain => Fix::SignAgain,
                Remedy::StampNow => Fix::StampNow,
                Remedy::NewId => Fix::NewId,
                Remedy::Attest => Fix::Attest,
                Remedy::RestoreBody => Fix::RestoreBody,
            }),
        }
    }
}

impl From<Place> for Position {
    fn from(place: Place) -> Self {
        Self { line: place.line, column: place.column, offset: place.offset }
    }
}

impl From<&deliver::CrmRecord> for CrmRecord {
    fn from(record: &deliver::CrmRecord) -> Self {
        let fields = record.fields.iter().map(|field| CrmField {
            name: field.name.clone(),
            value: field.value.clone(),
            withheld: field.value.is_none(),
        });
        Self {
            object: record.object.clone(),
            key: record.key.clone(),
            version: record.version,
            fields: fields.collect(),
            written: record.written.to_rfc3339(),
            correlation: record.correlation.clone(),
        }
    }
}
