//! Scenarios: the same files are the page's picker, the documentation's examples and the test suite.

use super::{CrmRecord, LogHead, Request};
use serde::{Deserialize, Serialize};

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
}

/// The sending system and its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// System id, e.g. `HOSP-SANDBOX-A`.
    pub id: String,
    /// Webhook secrets, newest first (`whsec_…`).
    pub secrets: Vec<String>,
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
    /// Who operates the connector, for the audit log.
    pub actor: String,
    /// In which role.
    pub role: String,
}

/// What a scenario expects of one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What is expected of each.
    pub expected: Vec<Expected>,
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

/// The scenarios shipped, in teaching order.
pub fn scenarios() -> Vec<ScenarioCard> {
    Vec::new()
}

/// Opens a shipped scenario.
pub fn open_scenario(_id: &str) -> Option<OpenScenario> {
    None
}

/// Runs a scenario in a connector of its own and holds it against what it expects.
pub fn run_scenario(_scenario: &OpenScenario) -> ScenarioResult {
    unreachable!()
}
