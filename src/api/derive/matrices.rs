//! Minimum-necessary matrix, control matrix and responsibility chart.

use super::{Basis, DerivedDocument, NONE, NOT_SAID, Table, said};
use crate::engine::policy::{Aggregate, Label, Policy, Rule, Target};
use crate::engine::redact::Method;
use std::collections::BTreeMap;

/// A row for each CRM object that the policy writes.
pub(super) fn minimum_necessary(from: &Basis<'_>) -> Table {
    let policy = from.policy;
    let columns = [
        "Source",
        "Destination",
        "Purpose",
        "Fields",
        "Consent required",
        "Transformation",
        "Retention",
        "Audit location",
    ];
    let mut table = from.table(DerivedDocument::MinimumNecessary, &columns);
    for object in from.objects() {
        let rules: Vec<(&Rule, &str)> = policy
            .rules
            .iter()
            .filter_map(|rule| Some((rule, rule.target.as_ref()?)))
            .filter(|(_, target)| target.object == object)
            .map(|(rule, target)| (rule, target.field.as_str()))
            .collect();
        let count = from.count(object);
        table.rows.push(vec![
            format!("{}: {}", policy.source, policy.event_types.join(", "))
                + &listed("of persons in", &policy.jurisdictions),
            format!("{} {object}, for {}", policy.target, from.recipient()) + &listed("by", &policy.channels),
            policy.purpose.clone(),
            rules
                .iter()
                .map(|(_, field)| *field)
                .chain(count.map(|own| own.count.field.as_str()))
                .collect::<Vec<_>>()
                .join(", "),
            consent(policy).to_owned(),
            transformation(&rules, count),
            said(policy.retention.as_deref()),
            said(policy.audit_location.as_deref()),
        ]);
    }
    table
}

/// `, WORD a, b`; nothing where there is nothing to list.
fn listed(word: &str, items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!(", {word} {}", items.join(", ")) }
}

fn consent(policy: &Policy) -> &'static str {
    if policy.consent_required { "yes" } else { "asked for all the same; the policy does not say" }
}

/// What becomes of the fields, the methods by name.
fn transformation(rules: &[(&Rule, &str)], count: Option<&Aggregate>) -> String {
    let mut by_method: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (rule, field) in rules {
        let word = match rule.method {
            Method::Keep => "as it is",
            Method::Withhold => "withheld",
            method => method.name(),
        };
        by_method.entry(word).or_default().push(field);
    }
    let lines = by_method.iter().map(|(method, fields)| format!("{method}: {}", fields.join(", ")));
    let counted = count
        .map(|own| format!("count of source records, from {} patients on: {}", own.least, own.count.field));
    lines.chain(counted).collect::<Vec<_>>().join("; ")
}

/// A row for each field that a rule names, and a last one for everything else.
pub(super) fn control(from: &Basis<'_>) -> Table {
    let policy = from.policy;
    let columns = [
        "Element",
        "Source elements",
        "Class",
        "Purpose",
        "Legal basis",
        "Destination",
        "Retention",
        "Access group",
        "Logging",
    ];
    let mut table = from.table(DerivedDocument::ControlMatrix, &columns);
    let evidence = policy.audit_location.as_deref().map(|at| format!(", kept in {at}")).unwrap_or_default();
    let none = || NONE.to_owned();
    for rule in &policy.rules {
        let goes = rule.label.crosses();
        let destination = match (&rule.target, rule.label) {
            (Some(target), Label::Redacted) => {
                format!("{} {target}: says that it was withheld", policy.target)
            }
            (Some(target), _) => format!("{} {target}", policy.target),
            (None, _) => none(),
        };
        table.rows.push(vec![
            rule.field.name.clone(),
            from.elements(rule),
            rule.class.as_str().to_owned(),
            if goes { policy.purpose.clone() } else { none() },
            if goes { policy.legal_basis.clone() } else { none() },
            destination,
            if goes { said(policy.retention.as_deref()) } else { none() },
            if goes { from.recipient() } else { none() },
            format!("rule, method and result, never a value{evidence}"),
        ]);
    }
    let rest = ["every other element", "", "highly-restricted", NONE, NONE, NONE, NONE, NONE];
    let rest = rest.into_iter().map(str::to_owned);
    table.rows.push(rest.chain([format!("how many there were{evidence}")]).collect());
    table
}

/// A row for each group of rules with the same owner and the same fate, in the order of the policy.
pub(super) fn responsibility(from: &Basis<'_>) -> Table {
    let policy = from.policy;
    let columns = [
        "Rules",
        "Decides about",
        "Responsible (gives it)",
        "Accountable (owns the rule)",
        "Consulted",
        "Informed (gets it)",
        "Checked by",
        "Taken back by",
    ];
    let mut table = from.table(DerivedDocument::ResponsibilityChart, &columns);
    let mut groups: Vec<(Group<'_>, Vec<&Rule>)> = Vec::new();
    for rule in &policy.rules {
        let key = Group::of(rule);
        match groups.iter_mut().find(|(group, _)| *group == key) {
            Some((_, rules)) => rules.push(rule),
            None => groups.push((key, vec![rule])),
        }
    }
    for (group, rules) in groups {
        let mut ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        ids.dedup();
        let about: Vec<String> = rules.iter().map(|rule| group.fate.about(rule)).collect();
        let stays = group.fate == Fate::Stays;
        table.rows.push(vec![
            ids.join(", "),
            format!("{}: {}", group.fate.word(), about.join(", ")),
            policy.source.clone(),
            said(group.owner),
            match (stays, policy.consent_required) {
                (true, _) => NONE.to_owned(),
                (false, true) => "the patient, by consent".to_owned(),
                (false, false) => NOT_SAID.to_owned(),
            },
            match group.fate {
                Fate::Crosses => from.recipient(),
                Fate::Withheld => format!("{}, that it was withheld", from.recipient()),
                Fate::Stays => NONE.to_owned(),
            },
            said(group.check),
            said(group.rollback),
        ]);
    }
    table
}

/// What rules have in common whose responsibilities are the same.
#[derive(PartialEq, Eq)]
struct Group<'a> {
    fate: Fate,
    owner: Option<&'a str>,
    check: Option<&'a str>,
    rollback: Option<&'a str>,
}

impl<'a> Group<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self {
            fate: Fate::of(rule.label),
            owner: rule.owner.as_deref(),
            check: rule.check.as_deref(),
            rollback: rule.rollback.as_deref(),
        }
    }
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Crosses,
    Withheld,
    Stays,
}

impl Fate {
    fn of(label: Label) -> Self {
        match label {
            Label::Allowed | Label::Transformed => Self::Crosses,
            Label::Redacted => Self::Withheld,
            Label::Prohibited => Self::Stays,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Crosses => "crosses",
            Self::Withheld => "says that it was withheld",
            Self::Stays => "stays",
        }
    }

    /// The CRM field where there is one, or else the canonical field.
    fn about(self, rule: &Rule) -> String {
        rule.target.as_ref().map_or_else(|| rule.field.name.clone(), Target::to_string)
    }
}
