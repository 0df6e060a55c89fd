//! Policies as text: diagnostics and the preview of a draft.

use super::{OpenScenario, Position, RunView};
use crate::engine::consent::Directory;
use crate::engine::{Finding, policy};
use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy can't be used.
    Error,
    /// It can be used; look at this.
    Warning,
}

/// Something to say about a policy or adapter text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, e.g. `policy.unknown-key`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it starts.
    #[serde(flatten)]
    pub start: Position,
    /// Where it ends (exclusive), as a byte offset.
    pub end: u32,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// One rule, as the rules table shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// Rule id.
    pub id: String,
    /// Canonical field.
    pub field: String,
    /// Label.
    pub label: String,
    /// Disclosure class in force.
    pub class: String,
    /// Method, e.g. `generalize:age-band`; none for `prohibited`.
    pub method: Option<String>,
    /// CRM field, e.g. `Activity.ageBand`.
    pub target: Option<String>,
    /// Byte offset of the rule in the text.
    pub offset: u32,
}

/// What a policy says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Title.
    pub title: String,
    /// The source system it is about.
    pub source: String,
    /// Id of the adapter that it wants.
    pub adapter: String,
    /// Purpose of use code.
    pub purpose: String,
    /// Receiving organisation.
    pub recipient: String,
    /// Its role.
    pub role: String,
    /// The rules, in order.
    pub rules: Vec<RuleView>,
}

/// A policy text, read as far as it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// The policy as far as it could be read; none when the text is not JSON.
    pub policy: Option<PolicySummary>,
    /// All there is to say, in text order.
    pub diagnostics: Vec<Diagnostic>,
}

impl PolicyReport {
    /// Whether the policy can be used: no diagnostic is an error.
    pub fn usable(&self) -> bool {
        self.policy.is_some() && self.diagnostics.iter().all(|d| d.severity != Severity::Error)
    }
}

/// A draft tried on a scenario, away from the session: nothing is delivered, seen or logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The draft as read.
    pub report: PolicyReport,
    /// The deliveries' runs under the draft; none while the draft can't be used.
    pub runs: Option<Vec<RunView>>,
}

/// Reads a policy text. Total: any text gives a report.
pub fn check_policy(text: &str) -> PolicyReport {
    let reading = policy::Policy::read(text);
    PolicyReport {
        policy: reading.policy.as_ref().map(PolicySummary::from),
        diagnostics: reading.findings.iter().map(Diagnostic::from).collect(),
    }
}

/// Reads a consents text (a Consent, a Bundle or an array of them) and says what stands against using it.
pub fn check_consents(text: &str) -> Vec<Diagnostic> {
    let findings = Directory::read(text).err().unwrap_or_default();
    findings.iter().map(Diagnostic::from).collect()
}

/// Runs a scenario under a draft policy in a connector of its own.
pub fn preview(scenario: &OpenScenario, draft: &str) -> Preview {
    let mut report = check_policy(draft);
    if !report.usable() {
        return Preview { report, runs: None };
    }
    let setup = super::Setup { policy: draft.to_owned(), ..scenario.setup.clone() };
    let mut session = super::Session::new();
    if let Err(diagnostics) = session.configure(&setup) {
        report.diagnostics.extend(diagnostics);
        return Preview { report, runs: None };
    }
    Preview { runs: Some(super::run_through(scenario, &mut session)), report }
}

impl From<&policy::Policy> for PolicySummary {
    fn from(policy: &policy::Policy) -> Self {
        let rules = policy.rules.iter().map(|rule| RuleView {
            id: rule.id.clone(),
            field: rule.field.name.to_owned(),
            label: rule.label.as_str().to_owned(),
            class: rule.class.as_str().to_owned(),
            method: rule.label.crosses().then(|| rule.method.name().to_owned()),
            target: rule.target.as_ref().map(|target| format!("{}.{target}", policy.object)),
            offset: rule.offset,
        });
        Self {
            id: policy.id.clone(),
            version: policy.version.clone(),
            title: policy.title.clone(),
            source: policy.source.clone(),
            adapter: policy.adapter.clone(),
            purpose: policy.purpose.clone(),
            recipient: policy.recipient.clone(),
            role: policy.role.clone(),
            rules: rules.collect(),
        }
    }
}

impl From<&policy::Diagnostic> for Diagnostic {
    fn from(finding: &policy::Diagnostic) -> Self {
        Self {
            code: finding.code.clone(),
            severity: match finding.severity {
                policy::Severity::Error => Severity::Error,
                policy::Severity::Warning => Severity::Warning,
            },
            start: finding.place.into(),
            end: finding.end,
            message: finding.message.clone(),
            help: finding.help.clone(),
        }
    }
}

impl From<Finding> for Diagnostic {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::In(diagnostic) => Self::from(&diagnostic),
            Finding::About(code, message) => Self {
                code: code.to_owned(),
                severity: Severity::Error,
                start: Position { line: 1, column: 1, offset: 0 },
                end: 0,
                message: message.to_owned(),
                help: "Make policy, adapter, source and secrets fit together.".to_owned(),
            },
        }
    }
}
