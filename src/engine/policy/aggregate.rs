//! Counting policies: what leaves is how many, and nothing of any one.

use super::keys::AGGREGATE;
use super::{Label, Rule, Target};
use crate::engine::canonical::FieldType;
use crate::engine::document::Document;
use crate::engine::fhir::{Kind, NodeId};
use crate::engine::redact::Method;
use std::ops::RangeInclusive;

/// What a counting policy puts out: its rules are the dimensions, and a record is a group of source records that
/// share their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The CRM field that holds the count.
    pub count: Target,
    /// Of fewer patients than this, the count does not show. Counts are multiples of it.
    pub least: u32,
}

/// What `least` may be. With one, a group could be a person.
pub(super) const LEAST: RangeInclusive<u32> = 2..=1000;

impl Aggregate {
    /// What stands in the count's field for a group of so many source records of so many patients: the records, rounded
    /// down to a multiple of the smallest group, so that who knows all but one of them can't tell that one.
    pub fn shown(&self, records: u64, patients: u64) -> String {
        let least = u64::from(self.least);
        match patients >= least {
            true => (records - records.checked_rem(least).unwrap_or(0)).to_string(),
            false => self.too_few(),
        }
    }

    /// What stands there for a group that has become too small.
    pub fn too_few(&self) -> String {
        format!("fewer than {} patients", self.least)
    }
}

/// Reads `aggregate`, and says what in the rules would make a count tell of one record.
pub(super) fn read(doc: &mut Document<'_>, root: NodeId, rules: &[Rule]) -> Option<Aggregate> {
    let at = doc.json.get(root, "aggregate")?;
    if !doc.object(at, &AGGREGATE) {
        return None;
    }
    let count = count(doc, at);
    let least = least(doc, at);
    let items: Vec<NodeId> =
        doc.json.get(root, "rules").map(|list| doc.json.children(list).collect()).unwrap_or_default();
    for rule in rules.iter().filter(|rule| rule.label != Label::Prohibited) {
        let Some(item) = items.get(rule.row).copied() else { continue };
        let member = |key| doc.json.get(item, key).unwrap_or(item);
        let (label, target) = (member("label"), member("target"));
        if !is_dimension(rule) {
            let message = format!("`{}` would tell one record from another.", rule.field.name);
            let help = "A counting policy lets through codes, labels and what a generalize method puts out. Prohibit the rest: no token, no identifier, no name, no day.";
            doc.error(label, "aggregate-record-level", message, help);
        }
        match (&rule.target, &count) {
            (Some(own), Some(count)) if own == count => {
                let help = "Give the count a field of its own.";
                doc.error(target, "target-twice", "The count stands in this CRM field.", help);
            }
            (Some(own), Some(count)) if own.object != count.object => {
                let help = format!("Put it in `{}`, where the count is.", count.object);
                doc.error(target, "aggregate-object", "A group is one record of one CRM object.", help);
            }
            _ => {}
        }
    }
    Some(Aggregate { count: count?, least: least? })
}

/// Whether what a rule lets out is the same for many.
fn is_dimension(rule: &Rule) -> bool {
    match rule.method {
        Method::Keep => matches!(rule.field.kind, FieldType::Code | FieldType::Label),
        Method::Label => true,
        Method::Tokenize | Method::Withhold => false,
        Method::AgeBand | Method::Year | Method::YearMonth | Method::Zip3 | Method::UsState => true,
        Method::Drop => true,
    }
}

fn count(doc: &mut Document<'_>, at: NodeId) -> Option<Target> {
    let text = doc.optional(at, "count")?;
    let target = Target::parse(&text);
    if target.is_none() {
        let count_at = doc.json.get(at, "count").unwrap_or(at);
        let help = "Write `Object.field`, e.g. `Account.referrals`.";
        doc.error(count_at, "target-malformed", "This is no field of a CRM object.", help);
    }
    target
}

fn least(doc: &mut Document<'_>, at: NodeId) -> Option<u32> {
    let least_at = doc.json.get(at, "least")?;
    let number = doc.json.scalar(least_at).filter(|_| doc.json.kind(least_at) == Kind::Number);
    let least = number.and_then(|text| text.parse().ok()).filter(|least| LEAST.contains(least));
    if least.is_none() {
        let message = format!("This is no whole number from {} to {}.", LEAST.start(), LEAST.end());
        let help = "Write how many patients a group has at least before its count shows, e.g. `5`.";
        doc.error(least_at, "aggregate-least", message, help);
    }
    least
}
