//! What a preview has to say. Of values it holds outlines only, but of those that may show (`veil.rs`).

use super::Effect;
use crate::engine::canonical::{DisclosureClass, FieldEntry};
use crate::engine::label::{Coded, Unlisted};
use crate::engine::policy::Rule;
use crate::engine::refusal::Code;
use std::sync::Arc;

/// What a change of policy does to a set of events.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether the consents on file were asked; if not, consent was taken for given.
    pub consents: bool,
    /// How many events fare how.
    pub totals: Totals,
    /// What changes of the integration path itself.
    pub headers: Vec<HeaderChange>,
    /// The fields that fare otherwise, by section, in the catalogue's order.
    pub fields: Vec<FieldChange>,
    /// Why events are newly refused, the most frequent reason first.
    pub newly_refused: Vec<CodeCount>,
    /// Why events that are newly accepted were refused before.
    pub newly_accepted: Vec<CodeCount>,
    /// Why events are refused by both: by the new policy's reason.
    pub refused: Vec<CodeCount>,
    /// The first events that fare otherwise, in order.
    pub rows: Vec<Row>,
    /// How many more there are.
    pub more_rows: usize,
    /// What is not in the tables of the new policy's rules, rule by rule.
    pub unlisted: Vec<UnlistedCodes>,
}

/// The codes that events have and the table of a rule does not.
#[derive(Clone, Debug)]
pub struct UnlistedCodes {
    /// The rule's id.
    pub rule: String,
    /// The canonical field.
    pub field: String,
    /// The table.
    pub table: String,
    /// What becomes of them.
    pub becomes: Unlisted,
    /// How many values.
    pub values: usize,
    /// The codes that may be named, each with how many values have it and the label that a shared table has for it.
    pub codes: Vec<(Coded, usize, Option<String>)>,
    /// Values whose code is not named: it has not the form of one, it identifies somebody, or there are too many.
    pub unnamed: usize,
}

/// How many events fare how. Each is counted once among the six after `events`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events taken.
    pub events: usize,
    /// Not to be read as an event.
    pub unread: usize,
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
    pub differ: usize,
}

/// A change of the integration path: of what the rules hold for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// The policy's key, e.g. `jurisdictions`, or `adapter.` and the adapter's.
    pub key: &'static str,
    /// Before, in the policy's own words.
    pub from: String,
    /// After.
    pub to: String,
    /// Whether it lets more through, or to others.
    pub widens: bool,
}

/// Where a change is listed, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Something newly crosses.
    Newly,
    /// Nothing crosses any more.
    NoLonger,
    /// It crosses otherwise.
    Changed,
}

impl Section {
    /// All sections.
    pub const ALL: [Self; 3] = [Self::Newly, Self::NoLonger, Self::Changed];
}

impl From<Effect> for Section {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::NewlyCrosses => Self::Newly,
            Effect::NoLongerCrosses => Self::NoLonger,
            Effect::Narrower | Effect::Changed => Self::Changed,
        }
    }
}

/// A canonical field that fares otherwise.
#[derive(Clone, Debug)]
pub struct FieldChange {
    /// How.
    pub effect: Effect,
    /// The field.
    pub field: Arc<FieldEntry>,
    /// What the old policy says of it; none where no rule names it.
    pub from: Option<Terms>,
    /// What the new one says.
    pub to: Option<Terms>,
    /// Events in which it fares so.
    pub events: usize,
    /// Of these, events that the guard would hold back all the same.
    pub held: usize,
    /// Events in which it crosses under either policy. Without any, no event here uses the change.
    pub used: usize,
    /// Types of event that only one of the policies covers, where that is a reason.
    pub event_types: Vec<String>,
    /// Types of event in which the new adapter reads it otherwise, where that is a reason.
    pub resourced: Vec<String>,
    /// A few of the events.
    pub examples: Vec<Example>,
}

/// What a rule says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The rule's id.
    pub rule: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The class in force.
    pub class: DisclosureClass,
    /// The label.
    pub label: &'static str,
    /// The method.
    pub method: String,
    /// The CRM field.
    pub target: Option<String>,
    /// How many values may cross.
    pub cardinality: &'static str,
    /// The form that values are brought into.
    pub normalise: Option<&'static str>,
    /// The values that may leave; empty for no restriction.
    pub values: Vec<String>,
}

impl From<&Rule> for Terms {
    fn from(rule: &Rule) -> Self {
        Self {
            rule: rule.id.clone(),
            owner: rule.owner.clone(),
            class: rule.class,
            label: rule.label.as_str(),
            method: rule.method.name().to_owned(),
            target: rule.target.as_ref().map(ToString::to_string),
            cardinality: rule.cardinality.as_str(),
            normalise: rule.normalise.map(|form| form.as_str()),
            values: rule.values.clone(),
        }
    }
}

/// A field in one event, its values veiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the event is called.
    pub event: String,
    /// Where the element stands; none where the CRM field is withheld.
    pub path: Option<String>,
    /// The outline of what crosses under the old policy; none where nothing does.
    pub from: Option<String>,
    /// Under the new one.
    pub to: Option<String>,
}

/// A reason for refusing events, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeCount {
    /// The code.
    pub code: Code,
    /// How many events.
    pub events: usize,
    /// The first few, each with the path that the refusal is about.
    pub examples: Vec<(String, Option<String>)>,
}

/// An event that fares otherwise.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub event: String,
    /// Its type, where it is known.
    pub event_type: Option<String>,
    /// Why the old policy refuses it, where it does.
    pub old: Option<Code>,
    /// Why the new one does.
    pub new: Option<Code>,
    /// The fields that fare otherwise.
    pub fields: Vec<FieldEffect>,
}

/// A field of one event that fares otherwise.
#[derive(Clone, Debug)]
pub struct FieldEffect {
    /// The field.
    pub field: Arc<FieldEntry>,
    /// How.
    pub effect: Effect,
    /// Where, and what shows.
    pub example: Example,
}
