//! What differs between two policies, rule by rule: by what the rules are about, not by where or how they are written.

use crate::api::{check_policy, columns};
use crate::order;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};

/// Keys of a rule that change what crosses; the others say who answers for it, and why.
const EFFECTIVE: [&str; 8] =
    ["field", "label", "class", "method", "target", "cardinality", "normalise", "values"];

/// How a rule fares from one policy to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowFate {
    /// It is there only now.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
}

/// A column of a rule that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// The key of the rule, e.g. `label`.
    pub key: String,
    /// What stood there; empty for nothing.
    pub before: String,
    /// What stands there now.
    pub after: String,
}

impl CellChange {
    /// Whether it may change what crosses.
    pub fn is_effective(&self) -> bool {
        EFFECTIVE.contains(&self.key.as_str())
    }
}

/// A rule that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// How it fares.
    pub fate: RowFate,
    /// The canonical field or entity that it names; its id where it names none.
    pub field: String,
    /// What differs, in the order of the columns; of a rule that came or went, all that it says.
    pub cells: Vec<CellChange>,
}

impl RowChange {
    /// Whether it may change what crosses.
    pub fn is_effective(&self) -> bool {
        self.cells.iter().any(CellChange::is_effective)
    }

    /// The change of a column, if it differs.
    pub fn cell(&self, key: &str) -> Option<&CellChange> {
        self.cells.iter().find(|cell| cell.key == key)
    }
}

/// A member of the policy outside of its rules that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// The key, e.g. `purpose`.
    pub key: String,
    /// What stood there, as JSON; empty for nothing.
    pub before: String,
    /// What stands there now.
    pub after: String,
}

/// What differs between two policies. Neither the order of the rules nor how the text is written counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDifference {
    /// Outside of the rules, version and changelog aside.
    pub header: Vec<HeaderChange>,
    /// Rules, what came first, then what went, then what changed.
    pub rows: Vec<RowChange>,
}

impl PolicyDifference {
    /// Whether they say the same.
    pub fn is_empty(&self) -> bool {
        self.header.is_empty() && self.rows.is_empty()
    }
}

/// What differs between two policy texts, as far as both can be read.
pub fn difference(old: &str, new: &str) -> PolicyDifference {
    let keys: Vec<String> = columns().into_iter().map(|column| column.key).collect();
    let (old_rows, new_rows) = (rows(old), rows(new));
    let mut known: HashMap<String, VecDeque<&Vec<String>>> = HashMap::new();
    for row in &old_rows {
        known.entry(subject(&keys, row)).or_default().push_back(row);
    }
    let mut changes = Vec::new();
    for row in &new_rows {
        let field = subject(&keys, row);
        let (fate, before) = match known.get_mut(&field).and_then(VecDeque::pop_front) {
            Some(before) => (RowFate::Changed, Some(before)),
            None => (RowFate::Added, None),
        };
        let cells = cells(&keys, before, Some(row));
        // A rule by another name that says the same is the same rule.
        if cells.iter().any(|cell| fate == RowFate::Added || cell.key != "id") {
            changes.push(RowChange { fate, field, cells });
        }
    }
    for row in &old_rows {
        let field = subject(&keys, row);
        if known.get_mut(&field).and_then(VecDeque::pop_front).is_some() {
            let cells = cells(&keys, Some(row), None);
            changes.push(RowChange { fate: RowFate::Removed, field, cells });
        }
    }
    order::by(&mut changes, |change| change.fate);
    PolicyDifference { header: header(old, new), rows: changes }
}

fn rows(text: &str) -> Vec<Vec<String>> {
    check_policy(text).rows.into_iter().map(|row| row.cells).collect()
}

fn cell<'a>(keys: &[String], row: &'a [String], key: &str) -> &'a str {
    let place = keys.iter().position(|own| own == key);
    place.and_then(|place| row.get(place)).map_or("", String::as_str)
}

/// What a rule is about.
fn subject(keys: &[String], row: &[String]) -> String {
    match cell(keys, row, "field") {
        "" => cell(keys, row, "id").to_owned(),
        field => field.to_owned(),
    }
}

fn cells(keys: &[String], before: Option<&Vec<String>>, after: Option<&Vec<String>>) -> Vec<CellChange> {
    let at = |row: Option<&Vec<String>>, place: usize| {
        row.and_then(|row| row.get(place)).cloned().unwrap_or_default()
    };
    let change = |(place, key): (usize, &String)| {
        let (before, after) = (at(before, place), at(after, place));
        (before != after).then(|| CellChange { key: key.clone(), before, after })
    };
    keys.iter().enumerate().filter_map(change).collect()
}

fn header(old: &str, new: &str) -> Vec<HeaderChange> {
    let read = |text: &str| -> Map<String, Value> { serde_json::from_str(text).unwrap_or_default() };
    let (old, new) = (read(old), read(new));
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let about_itself = ["rules", "changelog", "version", "$schema"];
    let show = |value: Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    old.keys()
        .chain(added)
        .filter(|key| !about_itself.contains(&key.as_str()) && old.get(*key) != new.get(*key))
        .map(|key| HeaderChange { key: key.clone(), before: show(old.get(key)), after: show(new.get(key)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::version::sample;

    fn policy() -> String {
        sample::policy()
    }

    #[test]
    fn a_policy_does_not_differ_from_itself_however_it_is_written() {
        let text = policy();
        assert!(difference(&text, &text).is_empty());
        let mut json: Value = serde_json::from_str(&text).unwrap();
        json["rules"].as_array_mut().unwrap().reverse();
        json["rules"][0]["id"] = "R99".into();
        json["version"] = "9.0.0".into();
        assert_eq!(difference(&text, &json.to_string()), PolicyDifference::default());
    }

    #[test]
    fn what_came_went_and_changed_is_named_column_by_column() {
        let text = policy();
        let mut json: Value = serde_json::from_str(&text).unwrap();
        json["purpose"] = "TREAT".into();
        json.as_object_mut().unwrap().remove("retention");
        let rules = json["rules"].as_array_mut().unwrap();
        let at = |rules: &[Value], field: &str| rules.iter().position(|r| r["field"] == field).unwrap();
        let city = at(rules, "Person.city");
        rules[city]["label"] = "redacted".into();
        rules[city]["target"] = "PatientAttribute.city".into();
        rules.remove(at(rules, "CareEvent.note"));
        let zip = at(rules, "Person.postalCode");
        rules[zip]["owner"] = "quality office".into();
        let found = difference(&text, &json.to_string());
        let header: Vec<_> = found.header.iter().map(|h| (h.key.as_str(), h.after.as_str())).collect();
        assert_eq!(header, [("purpose", "TREAT"), ("retention", "")]);
        let rows: Vec<_> = found.rows.iter().map(|r| (r.fate, r.field.as_str(), r.is_effective())).collect();
        assert_eq!(
            rows,
            [
                (RowFate::Removed, "CareEvent.note", true),
                (RowFate::Changed, "Person.postalCode", false),
                (RowFate::Changed, "Person.city", true),
            ]
        );
        let label = found.rows[2].cell("label").unwrap();
        assert_eq!((label.before.as_str(), label.after.as_str()), ("prohibited", "redacted"));
        assert_eq!(difference("", &text).rows.len(), difference(&text, "{").rows.len());
    }

    #[test]
    fn ten_thousand_rules_are_compared_in_no_time() {
        let rule = |n: usize| format!("{{\"id\":\"R{n}\",\"field\":\"X.f{n}\",\"label\":\"prohibited\"}}");
        let text = |from: usize| {
            let rules: Vec<String> = (from..from + 10_000).map(rule).collect();
            format!("{{\"rules\":[{}]}}", rules.join(","))
        };
        let found = difference(&text(0), &text(1));
        assert_eq!(found.rows.iter().map(|r| r.fate).collect::<Vec<_>>(), [RowFate::Added, RowFate::Removed]);
    }
}
