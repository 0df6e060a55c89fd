//! Rows that go by names: each has a number in its table, in the order in which they came.

use super::Store;
use super::rows::{Change, Rows, number, numbered};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Which number each name has, by table.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, Numbers>);

#[derive(Clone, Debug, Default)]
struct Numbers {
    by_name: BTreeMap<String, u64>,
    next: u64,
}

impl Names {
    /// Of all rows there are.
    pub fn of(rows: &Rows) -> Self {
        let mut names = Self::default();
        for (table, key, value) in rows.all() {
            names.learn(table, key, Some(value));
        }
        names
    }

    /// Takes note of what a row says now.
    fn learn(&mut self, table: &str, key: &str, value: Option<&str>) {
        let (Some(number), Some((name, _))) = (number(key), value.and_then(pair)) else { return };
        let numbers = match self.0.get_mut(table) {
            Some(numbers) => numbers,
            None => self.0.entry(table.to_owned()).or_default(),
        };
        numbers.next = numbers.next.max(number.saturating_add(1));
        numbers.by_name.insert(name, number);
    }

    fn forget(&mut self, table: &str, value: Option<&str>) {
        if let (Some((name, _)), Some(numbers)) = (value.and_then(pair), self.0.get_mut(table)) {
            numbers.by_name.remove(&name);
        }
    }

    fn number(&self, table: &str, name: &str) -> Option<u64> {
        self.0.get(table)?.by_name.get(name).copied()
    }

    fn next(&self, table: &str) -> u64 {
        self.0.get(table).map_or(0, |numbers| numbers.next)
    }
}

/// A row's name and what it says of it, in JSON.
fn pair(text: &str) -> Option<(String, &RawValue)> {
    serde_json::from_str(text).ok()
}

impl Store {
    /// Makes a change to the rows, and takes note of names.
    pub(super) fn apply(&mut self, change: &Change) {
        let Change(table, key, value) = change;
        if value.is_none() {
            self.names.forget(table, self.rows.get(table, key));
        }
        self.rows.apply(change);
        self.names.learn(table, key, value.as_ref().map(|value| value.get()));
    }

    /// Puts what is known by a name, in JSON, in the place of what was known by it; with none it goes. Nothing changes
    /// where it says the same, or is no JSON.
    pub fn put(&mut self, table: &str, name: &str, value: Option<&str>) {
        let known = self.names.number(table, name);
        let Some(value) = value else {
            if let Some(number) = known {
                self.change(Change::new(table, numbered(number), None::<&str>));
            }
            return;
        };
        let quoted = serde_json::to_string(name).unwrap_or_default();
        let text = ["[", &quoted, ",", value, "]"].concat();
        let key = numbered(known.unwrap_or_else(|| self.names.next(table)));
        if self.rows.get(table, &key) == Some(&text) {
            return;
        }
        if let Ok(value) = RawValue::from_string(text) {
            self.change(Change(table.to_owned(), key, Some(value)));
        }
    }

    /// What is known by names in a table: name and value in JSON, in the order in which the names came.
    pub fn named(&self, table: &str) -> impl Iterator<Item = (String, &str)> {
        let pairs = self.rows.of(table).filter_map(|(_, value)| pair(value));
        pairs.map(|(name, value)| (name, value.get()))
    }

    /// Lets the names of a table go that are not among these.
    pub fn keep_only(&mut self, table: &str, names: &std::collections::BTreeSet<&str>) {
        let Some(numbers) = self.names.0.get(table) else { return };
        let gone = numbers.by_name.iter().filter(|(name, _)| !names.contains(name.as_str()));
        let gone: Vec<u64> = gone.map(|(_, number)| *number).collect();
        for number in gone {
            self.change(Change::new(table, numbered(number), None::<&str>));
        }
    }
}
