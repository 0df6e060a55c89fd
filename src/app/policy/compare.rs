//! What a draft changes: field by field, element by element. Plain data, no DOM.

use crate::api::{CrmField, CrmRecord, LedgerRow, RunView};
use std::collections::BTreeMap;

/// The open scenario under two policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The deliveries' runs under the policy in force.
    pub active: Vec<RunView>,
    /// The same under the draft.
    pub draft: Vec<RunView>,
}

/// How a field of the record fares under the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It has a value where it had none.
    NewlyCrosses,
    /// It has another value.
    Changed,
    /// It has none where it had one.
    NoLonger,
    /// As before.
    Same,
}

/// One field under both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Field name.
    pub name: String,
    /// How it fares.
    pub change: Change,
    /// Under the active policy; none where the field is not there.
    pub before: Option<Side>,
    /// Under the draft.
    pub after: Option<Side>,
}

/// A field as one policy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its value.
    Value(String),
    /// There, and withheld.
    Withheld,
}

impl Side {
    fn value(side: &Option<Self>) -> Option<&str> {
        match side {
            Some(Self::Value(value)) => Some(value),
            _ => None,
        }
    }
}

/// The fields of both records: what newly crosses first, else in the order of the contract.
pub fn fields(active: &[CrmRecord], draft: &[CrmRecord]) -> Vec<FieldChange> {
    let named = |records: &[CrmRecord]| {
        let fields = records
            .iter()
            .flat_map(|r| r.fields.iter().map(|f| ([&r.object, ".", &f.name].concat(), f.clone())));
        fields.collect::<Vec<_>>()
    };
    let (active, draft) = (named(active), named(draft));
    let side = |fields: &[(String, CrmField)], name: &str| {
        let (_, field) = fields.iter().find(|(own, _)| own == name)?;
        if field.withheld {
            return Some(Side::Withheld);
        }
        Some(field.value.clone().map_or(Side::Withheld, Side::Value))
    };
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in draft.iter().chain(&active) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut changes: Vec<FieldChange> = names
        .into_iter()
        .map(|name| {
            let (before, after) = (side(&active, name), side(&draft, name));
            let change = match (Side::value(&before), Side::value(&after)) {
                (None, Some(_)) => Change::NewlyCrosses,
                (Some(_), None) => Change::NoLonger,
                (Some(a), Some(b)) if a != b => Change::Changed,
                _ if before != after => Change::Changed,
                _ => Change::Same,
            };
            FieldChange { name: name.to_owned(), change, before, after }
        })
        .collect();
    changes.sort_by_key(|c| c.change);
    changes
}

/// One element of the source that fares differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementChange {
    /// Its path.
    pub path: String,
    /// How it fares.
    pub change: Change,
    /// Label under the active policy.
    pub before: String,
    /// Label under the draft.
    pub after: String,
}

/// The elements that cross under one policy and not under the other, or cross as something else.
pub fn elements(active: &[LedgerRow], draft: &[LedgerRow]) -> Vec<ElementChange> {
    let old: BTreeMap<&str, &LedgerRow> = active.iter().map(|row| (row.path.as_str(), row)).collect();
    let mut changes: Vec<ElementChange> = draft
        .iter()
        .filter_map(|row| {
            let before = old.get(row.path.as_str())?;
            let change = match (before.crossed, row.crossed) {
                (false, true) => Change::NewlyCrosses,
                (true, false) => Change::NoLonger,
                (true, true) if before.value != row.value => Change::Changed,
                _ if before.label != row.label => Change::Changed,
                _ => return None,
            };
            let (before, after) = (before.label.clone(), row.label.clone());
            Some(ElementChange { path: row.path.clone(), change, before, after })
        })
        .collect();
    changes.sort_by_key(|c| c.change);
    changes
}

/// How many elements of a ledger cross, are redacted, and are prohibited.
pub fn counts(ledger: &[LedgerRow]) -> [(&'static str, usize); 4] {
    ["allowed", "transformed", "redacted", "prohibited"]
        .map(|label| (label, ledger.iter().filter(|row| row.label == label).count()))
}
