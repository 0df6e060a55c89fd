//! Adapter and policy as one structure: for each field that an event may fill, the rule that decides about it.

use super::adapt::Adapter;
use super::label::Labels;
use super::normalise::Normalise;
use super::policy::{Label, Policy, Rule};
use super::validate::Shape;

/// The rule of each claim, found without looking at the others. An event is walked once by its adapter's plan; what
/// comes out of the walk is all that is decided about, however many rules there are.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// By event of the adapter, by field of the event: the rule, as its place in the policy.
    rules: Vec<Vec<Option<usize>>>,
    /// The same, by the form that the adapter brings a field's values into.
    forms: Vec<Vec<Option<Normalise>>>,
    /// The rules whose CRM field says that it was withheld, whether or not the source has it.
    pub withheld: Vec<usize>,
    /// The rules of which something must cross, or the record does not leave.
    pub required: Vec<usize>,
    /// By rule, the labels that it may let out; none where it takes no labels.
    labels: Vec<Option<Labels>>,
}

impl Decisions {
    /// Joins a policy and the adapter that it wants.
    pub fn new(policy: &Policy, adapter: &Adapter) -> Self {
        let last = policy.rules.iter().map(|rule| rule.field.id).max();
        let mut by_field: Vec<Option<usize>> = vec![None; last.map_or(0, |last| last + 1)];
        for (place, rule) in policy.rules.iter().enumerate() {
            if let Some(slot) = by_field.get_mut(rule.field.id) {
                *slot = Some(place);
            }
        }
        let of_event = |event: &super::adapt::EventMap| {
            event.fields.iter().map(|field| by_field.get(field.id).copied().flatten()).collect()
        };
        let places = |wanted: fn(&Rule) -> bool| {
            policy.rules.iter().enumerate().filter(move |(_, rule)| wanted(rule)).map(|(place, _)| place)
        };
        Self {
            rules: adapter.events.iter().map(of_event).collect(),
            forms: adapter.events.iter().map(|event| event.forms.clone()).collect(),
            withheld: places(|rule| rule.label == Label::Redacted).collect(),
            required: places(|rule| rule.label.crosses() && rule.cardinality.required).collect(),
            labels: policy.rules.iter().map(|rule| Labels::of_rule(rule, policy, Some(adapter))).collect(),
        }
    }

    /// The rule of each field that an event may fill; empty where the adapter does not read the event.
    pub fn of(&self, shape: &Shape) -> &[Option<usize>] {
        shape.event.and_then(|event| self.rules.get(event)).map_or(&[], Vec::as_slice)
    }

    /// The labels that a rule may let out; none where it takes no labels.
    pub fn labels(&self, rule: usize) -> Option<&Labels> {
        self.labels.get(rule).and_then(Option::as_ref)
    }

    /// The form that the adapter brings the values of each field of an event into.
    pub fn forms(&self, shape: &Shape) -> &[Option<Normalise>] {
        shape.event.and_then(|event| self.forms.get(event)).map_or(&[], Vec::as_slice)
    }
}
