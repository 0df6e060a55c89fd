//! What a preview says.

use crate::api::{Diagnostic, Objection};
use serde::{Deserialize, Serialize};

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
    /// What is not in the tables of the new policy's rules, rule by rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<UnlistedCodes>,
}

/// The codes that events have and the table of a rule does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlistedCodes {
    /// The rule's id.
    pub rule: String,
    /// The canonical field.
    pub field: String,
    /// The table.
    pub table: String,
    /// What becomes of them: `other`, or `withhold`.
    pub becomes: String,
    /// How many values.
    pub values: usize,
    /// The codes.
    pub codes: Vec<UnlistedCode>,
    /// Values whose code is not named: it has not the form of one, it identifies somebody, or there are too many.
    pub unnamed: usize,
}

/// A code that is in no table of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlistedCode {
    /// Its system; none where an element has none, and for a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The code, the value of an identifier, or `Type/id`.
    pub code: String,
    /// How many values have it.
    pub values: usize,
    /// The label that another table of the adapter has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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
    /// The policy's key, e.g. `jurisdictions`, or `adapter.` and the adapter's.
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
    /// Types of event in which the new adapter reads it otherwise, where that is a reason: from elsewhere, in another
    /// form, or of other events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resourced: Vec<String>,
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
/// text lists shows as it is, of fields that are operational or clinical-adjacent.
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

impl FieldChange {
    /// What becomes of the field before and after, in words: `generalize:zip3, to PatientAttribute.region`.
    pub fn words(&self) -> (String, String) {
        let Self { from, to, event_types, resourced, .. } = self;
        let words = |own: &Option<FieldTerms>, other: &Option<FieldTerms>| {
            own.as_ref().map_or_else(|| NOTHING.to_owned(), |own| own.words(other.as_ref()))
        };
        let (before, mut after) = (words(from, to), words(to, from));
        let crossed = || self.examples.iter().any(|example| example.from.is_some());
        if !resourced.is_empty() {
            after = [&after, ", read otherwise of ", &resourced.join(", ")].concat();
        } else if before == after && self.effect == "newly-crosses" && event_types.is_empty() && crossed() {
            // The rules say the same, and other values cross than did.
            after.push_str(", other values");
        }
        if before != after {
            return (before, after);
        }
        // The rules say the same: the events are others.
        let of_types = if event_types.is_empty() {
            "nothing, of some events".to_owned()
        } else {
            ["nothing, of ", &event_types.join(", ")].concat()
        };
        match self.effect.as_str() {
            "newly-crosses" => (of_types, after),
            "no-longer-crosses" => (before, of_types),
            _ => (before, after),
        }
    }

    /// Whether a name is that of the field or of its CRM field.
    pub fn is_called(&self, name: &str) -> bool {
        self.field == name || self.target.as_deref() == Some(name)
    }
}

const NOTHING: &str = "nothing";

impl FieldTerms {
    /// In words, with what sets them apart from others.
    fn words(&self, other: Option<&Self>) -> String {
        let mut words = match self.label.as_str() {
            "prohibited" => return NOTHING.to_owned(),
            "redacted" => "withheld".to_owned(),
            "allowed" => "as it is".to_owned(),
            _ => self.method.clone(),
        };
        let mut add = |what: &str, said: &str| words.push_str(&[", ", what, said].concat());
        if let Some(target) = &self.target {
            add("to ", target);
        }
        if let Some(other) = other.filter(|other| other.crosses() && self.crosses()) {
            if self.cardinality != other.cardinality {
                add("", &self.cardinality);
            }
            if self.normalise != other.normalise {
                add("normalised: ", self.normalise.as_deref().unwrap_or("no"));
            }
            if self.class != other.class {
                add("as ", &self.class);
            }
            if self.values != other.values {
                let own: Vec<&str> = self.values.iter().map(String::as_str).collect();
                let listed = if own.is_empty() { "any value".to_owned() } else { own.join(" | ") };
                add("", &listed);
            }
        }
        words
    }

    fn crosses(&self) -> bool {
        ["allowed", "transformed"].contains(&self.label.as_str())
    }
}

impl PreviewAgainst {
    /// The first thing that stands against it.
    pub fn objection(self) -> Objection {
        let first = self.new.into_iter().chain(self.old).chain(self.rest).next();
        match first {
            Some(d) => Objection::new(&d.code, d.message, d.help),
            None => Objection::new(
                "preview.seed",
                "The preview can't be begun.",
                "Give policies, adapters and entropy that can be read.",
            ),
        }
    }
}
