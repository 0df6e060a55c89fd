//! What a change of policy does to a set of events, as plain data.

use super::{Diagnostic, OpenScenario, scenarios};
use crate::engine::preview::{self as engine, Effect, FieldChange as Change, Section};
use crate::engine::refusal::Code;
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

    /// The deliveries of every scenario that is shipped.
    pub fn shipped() -> Vec<Self> {
        let ids = scenarios().into_iter().map(|card| card.id);
        ids.filter_map(|id| super::open_scenario(&id)).flat_map(|open| Self::of_scenario(&open)).collect()
    }
}

/// What a change of policy does to a set of events. It holds no value of an event, only outlines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewReport {
    /// Events taken.
    pub events: usize,
    /// How they fare.
    pub totals: PreviewTotals,
    /// Whether the consents on file were asked; if not, consent was taken for given.
    pub consents_asked: bool,
    /// What changes of the integration path itself.
    pub path: Vec<PathChange>,
    /// The fields of which something newly crosses.
    pub newly_crossing: Vec<FieldChange>,
    /// The fields of which nothing crosses any more.
    pub no_longer_crossing: Vec<FieldChange>,
    /// The fields that cross otherwise.
    pub changed: Vec<FieldChange>,
    /// Why events are newly refused, the most frequent reason first.
    pub newly_refused: Vec<RefusalCount>,
    /// Why events that are newly accepted were refused before.
    pub newly_accepted: Vec<RefusalCount>,
    /// Why events are refused under both.
    pub refused_by_both: Vec<RefusalCount>,
    /// The first thousand events that fare otherwise, in order.
    pub by_event: Vec<EventChange>,
    /// How many more there are.
    pub further_events: usize,
}

/// How many events fare how. Each is counted once among the first six.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewTotals {
    /// Not to be read as an event.
    pub unreadable: usize,
    /// Of a type that neither policy covers.
    pub not_covered: usize,
    /// Accepted by both.
    pub accepted: usize,
    /// Refused by both.
    pub refused: usize,
    /// Accepted by the new policy alone.
    pub newly_accepted: usize,
    /// Accepted by the old policy alone.
    pub newly_refused: usize,
    /// Events of which a field or the verdict differs.
    pub differing: usize,
}

/// A change of the integration path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathChange {
    /// The policy's key, e.g. `jurisdictions`.
    pub key: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// Whether it lets more through, or to others.
    pub widens: bool,
}

/// A canonical field that fares otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The canonical field.
    pub field: String,
    /// `newly-crosses`, `no-longer-crosses`, `narrower` or `changed`.
    pub effect: String,
    /// Its disclosure class in force.
    pub class: String,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// The rule that decides now; or, where there is none any more, the one that did.
    pub rule: String,
    /// The CRM field.
    pub target: Option<String>,
    /// What the old policy says of it; none where no rule names it.
    pub from: Option<FieldTerms>,
    /// What the new one says.
    pub to: Option<FieldTerms>,
    /// Events in which it fares so.
    pub events: usize,
    /// Of these, events that are refused under the new policy all the same, by the guard.
    pub held_back: usize,
    /// Events in which it crosses under either policy. With none, no event here uses it.
    pub used: usize,
    /// Types of event that only one of the policies covers, where that is a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_types: Vec<String>,
    /// A few of the events.
    pub examples: Vec<FieldExample>,
}

/// What a rule says of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTerms {
    /// The rule's id.
    pub rule: String,
    /// The label.
    pub label: String,
    /// The method.
    pub method: String,
    /// The CRM field.
    pub target: Option<String>,
    /// The disclosure class in force.
    pub class: String,
    /// How many values may cross.
    pub cardinality: String,
    /// The form that values are brought into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalise: Option<String>,
    /// The values that may leave; empty for no restriction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A field in one event. Values show as outlines: `9` for a digit, `A` and `a` for letters. Only what the policy's own
/// text lists shows as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldExample {
    /// What the event is called.
    pub event: String,
    /// Where the element stands; none where the CRM field is withheld.
    pub path: Option<String>,
    /// What crosses under the old policy.
    pub from: Option<String>,
    /// What crosses under the new one.
    pub to: Option<String>,
}

/// A reason for refusing events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalCount {
    /// The stable code.
    pub code: String,
    /// What it means, in one sentence.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// How many events.
    pub events: usize,
    /// The first few.
    pub examples: Vec<RefusedEvent>,
}

/// An event that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEvent {
    /// What it is called.
    pub event: String,
    /// What the refusal is about.
    pub path: Option<String>,
}

/// An event that fares otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventChange {
    /// What it is called.
    pub event: String,
    /// Its type, where it is known.
    pub event_type: Option<String>,
    /// The code it is refused with under the old policy; none where it is accepted.
    pub old_code: Option<String>,
    /// The same under the new one.
    pub new_code: Option<String>,
    /// The fields that fare otherwise.
    pub fields: Vec<EventField>,
}

/// A field of an event that fares otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventField {
    /// The canonical field.
    pub field: String,
    /// `newly-crosses`, `no-longer-crosses`, `narrower` or `changed`.
    pub effect: String,
    /// Where the element stands.
    pub path: Option<String>,
    /// What crosses under the old policy.
    pub from: Option<String>,
    /// What crosses under the new one.
    pub to: Option<String>,
}

/// What stands against a preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewAgainst {
    /// In the old policy or its adapter.
    pub old: Vec<Diagnostic>,
    /// In the new policy or its adapter, or how the two fit.
    pub new: Vec<Diagnostic>,
    /// In the consents, the EHR sandbox or the seed.
    pub rest: Vec<Diagnostic>,
}

impl PreviewReport {
    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        let Self { path, newly_crossing, no_longer_crossing, changed, totals, .. } = self;
        path.is_empty()
            && [newly_crossing, no_longer_crossing, changed].into_iter().all(Vec::is_empty)
            && totals.differing == 0
    }
}

fn effect(effect: Effect) -> String {
    let word = match effect {
        Effect::NewlyCrosses => "newly-crosses",
        Effect::NoLongerCrosses => "no-longer-crosses",
        Effect::Narrower => "narrower",
        Effect::Changed => "changed",
    };
    word.to_owned()
}

impl From<engine::Against> for PreviewAgainst {
    fn from(against: engine::Against) -> Self {
        let engine::Against { old, new, rest } = against;
        let [old, new, rest] =
            [old, new, rest].map(|findings| findings.into_iter().map(Diagnostic::from).collect());
        Self { old, new, rest }
    }
}

impl From<engine::Report> for PreviewReport {
    fn from(report: engine::Report) -> Self {
        let mut sections = [Vec::new(), Vec::new(), Vec::new()];
        let [newly_crossing, no_longer_crossing, changed] = &mut sections;
        for field in report.fields {
            let section = match Section::from(field.effect) {
                Section::Newly => &mut *newly_crossing,
                Section::NoLonger => &mut *no_longer_crossing,
                Section::Changed => &mut *changed,
            };
            section.push(FieldChange::from(field));
        }
        let [newly_crossing, no_longer_crossing, changed] = sections;
        let codes = |counts: Vec<engine::CodeCount>| counts.into_iter().map(RefusalCount::from).collect();
        let engine::Totals { events, unread, not_covered, accepted, refused, .. } = report.totals;
        let engine::Totals { newly_accepted, newly_refused, differ, .. } = report.totals;
        Self {
            events,
            totals: PreviewTotals {
                unreadable: unread,
                not_covered,
                accepted,
                refused,
                newly_accepted,
                newly_refused,
                differing: differ,
            },
            consents_asked: report.consents,
            path: report.headers.into_iter().map(PathChange::from).collect(),
            newly_crossing,
            no_longer_crossing,
            changed,
            newly_refused: codes(report.newly_refused),
            newly_accepted: codes(report.newly_accepted),
            refused_by_both: codes(report.refused),
            by_event: report.rows.into_iter().map(EventChange::from).collect(),
            further_events: report.more_rows,
        }
    }
}

impl From<engine::HeaderChange> for PathChange {
    fn from(change: engine::HeaderChange) -> Self {
        let engine::HeaderChange { key, from, to, widens } = change;
        Self { key: key.to_owned(), from, to, widens }
    }
}

impl From<Change> for FieldChange {
    fn from(change: Change) -> Self {
        let decides = change.to.as_ref().or(change.from.as_ref());
        let target = |terms: &Option<engine::Terms>| terms.as_ref().and_then(|terms| terms.target.clone());
        Self {
            field: change.field.name.clone(),
            effect: effect(change.effect),
            class: decides.map_or(change.field.class, |terms| terms.class).as_str().to_owned(),
            owner: decides.and_then(|terms| terms.owner.clone()),
            rule: decides.map(|terms| terms.rule.clone()).unwrap_or_default(),
            target: target(&change.to).or_else(|| target(&change.from)),
            from: change.from.map(FieldTerms::from),
            to: change.to.map(FieldTerms::from),
            events: change.events,
            held_back: change.held,
            used: change.used,
            event_types: change.event_types,
            examples: change.examples.into_iter().map(FieldExample::from).collect(),
        }
    }
}

impl From<engine::Terms> for FieldTerms {
    fn from(terms: engine::Terms) -> Self {
        Self {
            rule: terms.rule,
            label: terms.label.to_owned(),
            method: terms.method,
            target: terms.target,
            class: terms.class.as_str().to_owned(),
            cardinality: terms.cardinality.to_owned(),
            normalise: terms.normalise.map(str::to_owned),
            values: terms.values,
        }
    }
}

impl From<engine::Example> for FieldExample {
    fn from(example: engine::Example) -> Self {
        let engine::Example { event, path, from, to } = example;
        Self { event, path, from, to }
    }
}

impl From<engine::CodeCount> for RefusalCount {
    fn from(count: engine::CodeCount) -> Self {
        let engine::CodeCount { code, events, examples } = count;
        let examples = examples.into_iter().map(|(event, path)| RefusedEvent { event, path });
        Self {
            code: code.as_str().to_owned(),
            message: code.message().to_owned(),
            help: code.help().to_owned(),
            events,
            examples: examples.collect(),
        }
    }
}

impl From<engine::Row> for EventChange {
    fn from(row: engine::Row) -> Self {
        let code = |code: Option<Code>| code.map(|code| code.as_str().to_owned());
        let fields = row.fields.into_iter().map(|field| EventField {
            field: field.field.name.clone(),
            effect: effect(field.effect),
            path: field.example.path,
            from: field.example.from,
            to: field.example.to,
        });
        Self {
            event: row.event,
            event_type: row.event_type,
            old_code: code(row.old),
            new_code: code(row.new),
            fields: fields.collect(),
        }
    }
}
