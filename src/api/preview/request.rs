//! What is asked of a preview.

use crate::api::{Intake, OpenScenario, Setup, open_scenario, parse_time, scenarios};
use serde::{Deserialize, Serialize};

/// Two policies, what they work with, and the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRequest {
    /// The policy in force.
    pub old: PolicyText,
    /// The one that would take its place.
    pub new: PolicyText,
    /// The consents on file; without them it is asked what would cross if consent permitted.
    pub consents: Option<String>,
    /// What the EHR sandbox holds, for notifications that bring no resource: a FHIR Bundle.
    pub ehr: Option<String>,
    /// Entropy for tokens.
    pub seed: String,
    /// When events arrive that do not say so, in milliseconds since the Unix epoch.
    pub now: i64,
    /// The events.
    pub events: PreviewEvents,
}

impl PreviewRequest {
    /// The policy of a scenario's setting against a draft, over the scenario's deliveries.
    pub fn over_scenario(scenario: &OpenScenario, draft: &str) -> Self {
        let Setup { policy, adapter, consents, seed, clock, sandbox, .. } = &scenario.setup;
        let side = |policy: &str| PolicyText { policy: policy.to_owned(), adapter: adapter.clone() };
        Self {
            old: side(policy),
            new: side(draft),
            consents: Some(consents.clone()),
            ehr: sandbox.ehr.clone(),
            seed: seed.clone(),
            now: parse_time(clock).unwrap_or(0),
            events: PreviewEvents::Inputs(PreviewInput::of_scenario(scenario)),
        }
    }
}

/// A policy and the adapter that it wants, as texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText {
    /// The mapping policy.
    pub policy: String,
    /// The adapter.
    pub adapter: String,
}

/// A set of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreviewEvents {
    /// Resources, Bundles, NDJSON or event envelopes, in order.
    Inputs(Vec<PreviewInput>),
    /// The deliveries of every scenario that is shipped.
    Shipped,
}

impl PreviewEvents {
    /// The inputs that hold them.
    pub(in crate::api) fn into_inputs(self) -> Vec<PreviewInput> {
        match self {
            Self::Inputs(inputs) => inputs,
            Self::Shipped => PreviewInput::shipped(),
        }
    }
}

/// An input with events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewInput {
    /// What it is called.
    pub name: String,
    /// Its text.
    pub text: String,
    /// When its events arrive, in milliseconds since the Unix epoch, where it is not [`PreviewRequest::now`].
    pub at: Option<i64>,
}

impl PreviewInput {
    /// The deliveries of a scenario, each under its number; one that was sent twice counts once.
    pub fn of_scenario(scenario: &OpenScenario) -> Vec<Self> {
        let mut inputs: Vec<Self> = Vec::new();
        for (at, request) in &scenario.requests {
            if inputs.iter().all(|input| input.text != request.body) {
                let name = [&scenario.card.id, "#", &(inputs.len() + 1).to_string()].concat();
                inputs.push(Self { name, text: request.body.clone(), at: Some(*at) });
            }
        }
        inputs
    }

    /// Inputs that are read together: what has a time of its own came by itself; all the rest is one.
    pub(in crate::api) fn together(inputs: Vec<Self>) -> Vec<(Intake, Option<i64>)> {
        let (alone, rest): (Vec<_>, Vec<_>) = inputs.into_iter().partition(|input| input.at.is_some());
        let bytes = |input: Self| (input.name, input.text.into_bytes());
        let alone = alone.into_iter().map(|input| (input.at, vec![input]));
        let rest = (!rest.is_empty()).then_some((None, rest));
        let groups = rest.into_iter().chain(alone);
        groups.map(|(at, group)| (Intake::new(group.into_iter().map(bytes), None), at)).collect()
    }

    /// The deliveries of every scenario that is shipped.
    pub fn shipped() -> Vec<Self> {
        let ids = scenarios().into_iter().map(|card| card.id);
        ids.filter_map(|id| open_scenario(&id)).flat_map(|open| Self::of_scenario(&open)).collect()
    }
}
