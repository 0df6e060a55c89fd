//! Policies as text: diagnostics and the preview of a draft.

use super::{OpenScenario, Position, RunView};
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
pub fn check_policy(_text: &str) -> PolicyReport {
    PolicyReport { policy: None, diagnostics: Vec::new() }
}

/// Runs a scenario under a draft policy in a connector of its own.
pub fn preview(_scenario: &OpenScenario, _draft: &str) -> Preview {
    Preview { report: check_policy(_draft), runs: None }
}
