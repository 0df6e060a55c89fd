//! The drift review: where a policy and what comes in have moved apart.

use super::{Basis, DerivedDocument, Table};
use crate::api::{OpenScenario, RunView, Session, Setup, run_through};
use crate::engine::canonical::Catalogue;
use crate::engine::fhir::{ResourceType, is_element_name};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What events have used of a policy: counts by rule and by element, no values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Events counted.
    pub events: u64,
    /// Events of which no rule says anything: those of types that the policy does not cover.
    pub others: u64,
    /// By rule id: elements that the rule was about, and events that had one.
    rules: BTreeMap<String, Count>,
    /// By path: elements that no rule names, and events that had one.
    unnamed: BTreeMap<String, Count>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    elements: u64,
    events: u64,
}

impl Usage {
    /// What the events of a scenario use of a policy, in a connector of its own. None where the policy can't be put in
    /// force there.
    pub fn of_scenario(scenario: &OpenScenario, policy: &str) -> Option<Self> {
        let mut session = Session::new();
        session.configure(&Setup { policy: policy.to_owned(), ..scenario.setup.clone() }).ok()?;
        let mut usage = Self::default();
        run_through(scenario, &mut session).iter().for_each(|run| usage.count(run));
        Some(usage)
    }

    /// Counts an event by its account. What became of the event does not matter: the ledger says what the policy would
    /// have decided. One that came before counts no more.
    pub fn count(&mut self, run: &RunView) {
        if run.outcome == "duplicate" {
            return;
        }
        if run.ledger.iter().all(|row| row.rule.is_none()) {
            self.others += 1;
            return;
        }
        self.events += 1;
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        let mut unnamed: BTreeMap<String, u64> = BTreeMap::new();
        for row in &run.ledger {
            match &row.rule {
                Some(rule) => {
                    for id in [rule].into_iter().chain(&row.others) {
                        *rules.entry(id).or_default() += 1;
                    }
                }
                None => *unnamed.entry(spelled(&row.path)).or_default() += 1,
            }
        }
        rules.into_iter().for_each(|(rule, n)| self.rules.entry(rule.to_owned()).or_default().add(n));
        unnamed.into_iter().for_each(|(path, n)| self.unnamed.entry(path).or_default().add(n));
    }
}

impl Count {
    fn add(&mut self, elements: u64) {
        self.elements += elements;
        self.events += 1;
    }
}

/// A path without its indexes, in FHIR's words alone: a sender's own key is `?`.
fn spelled(path: &str) -> String {
    let names = path.split('.').map(|part| {
        let name = part.split('[').next().unwrap_or_default();
        if is_element_name(name) || ResourceType::parse(name).is_some() { name } else { "?" }
    });
    names.collect::<Vec<_>>().join(".")
}

/// What asks for a decision comes first: rules that can't apply or were not used, fields and elements that no rule
/// names. Then the rules in use.
pub(super) fn review(from: &Basis<'_>, usage: Option<&Usage>) -> Table {
    let columns = ["Finding", "Rule", "About", "Elements", "Events"];
    let mut table = from.table(DerivedDocument::DriftReview, &columns);
    if let Some(usage) = usage {
        let noun = if usage.events == 1 { "event" } else { "events" };
        table.title.push_str(&format!(", over {} {noun}", usage.events));
        if usage.others > 0 {
            table.title.push_str(&format!(", and {} that it is not about", usage.others));
        }
    }
    let mut rest = Vec::new();
    let mut ids = BTreeSet::new();
    for rule in &from.policy.rules {
        if !ids.insert(rule.id.as_str()) {
            continue;
        }
        let about = if rule.whole_entity { rule.field.entity() } else { &rule.field.name };
        let reads = |name: &str| from.sources.contains_key(name);
        let of_rule = from.policy.rules.iter().filter(|other| other.row == rule.row);
        let read =
            reads(&rule.field.name) || rule.whole_entity && of_rule.clone().any(|own| reads(&own.field.name));
        let count = usage.map(|usage| usage.rules.get(&rule.id).copied().unwrap_or_default());
        let row = |finding: &str| row(finding, &rule.id, about, count);
        match count {
            _ if !read => table.rows.push(row("the adapter does not read it")),
            Some(Count { elements: 0, .. }) => table.rows.push(row("no event has used the rule")),
            Some(_) => rest.push(row("in use")),
            None => {}
        }
    }
    let named: BTreeSet<&str> = from.policy.rules.iter().map(|rule| rule.field.name.as_str()).collect();
    let fields = Catalogue::shipped().fields().iter().map(|field| field.name.as_str());
    for name in fields.filter(|name| from.sources.contains_key(*name) && !named.contains(name)) {
        table.rows.push(row("no rule names the field", "", name, None));
    }
    for (path, count) in usage.iter().flat_map(|usage| &usage.unnamed) {
        table.rows.push(row("no rule names the element", "", path, Some(*count)));
    }
    table.rows.extend(rest);
    table
}

fn row(finding: &str, rule: &str, about: &str, count: Option<Count>) -> Vec<String> {
    let number = |n: fn(&Count) -> u64| count.as_ref().map(|count| n(count).to_string()).unwrap_or_default();
    vec![
        finding.to_owned(),
        rule.to_owned(),
        about.to_owned(),
        number(|count| count.elements),
        number(|count| count.events),
    ]
}
