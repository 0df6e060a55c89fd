//! The mapping sheet and the payload contract: a row for each field.

use super::{Basis, DerivedDocument, NONE, Table, said};
use crate::engine::guard::form_of;
use crate::engine::normalise::Normalise;
use crate::engine::policy::{Aggregate, Label, Rule, Target};
use crate::engine::redact::Method;

pub(super) fn mapping(from: &Basis<'_>) -> Table {
    let columns = [
        "Rule",
        "Source elements",
        "Canonical field",
        "Class",
        "Label",
        "Method",
        "CRM field",
        "Cardinality",
        "Normalisation",
        "Values",
        "Systems",
        "Table",
        "Unlisted",
        "Owner",
        "Check",
        "Rollback",
        "Note",
    ];
    let mut table = from.table(DerivedDocument::MappingSheet, &columns);
    table.rows = from.policy.rules.iter().map(|rule| sheet_row(from, rule)).collect();
    table
}

fn sheet_row(from: &Basis<'_>, rule: &Rule) -> Vec<String> {
    let lookup = rule.lookup.as_ref();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        rule.id.clone(),
        from.elements(rule),
        rule.field.name.clone(),
        rule.class.as_str().to_owned(),
        rule.label.as_str().to_owned(),
        rule.method.name().to_owned(),
        rule.target.as_ref().map(Target::to_string).unwrap_or_default(),
        rule.cardinality.as_str().to_owned(),
        rule.normalise.map_or("", Normalise::as_str).to_owned(),
        rule.values.join("; "),
        rule.systems.join("; "),
        lookup.map(|lookup| lookup.table.clone()).unwrap_or_default(),
        lookup.map_or("", |lookup| lookup.unlisted.as_str()).to_owned(),
        said(rule.owner.as_deref()),
        text(&rule.check),
        text(&rule.rollback),
        text(&rule.note),
    ]
}

/// Object by object, each in the order of the rules. What is not in it can't leave: the guard holds every record
/// against the same rules.
pub(super) fn contract(from: &Basis<'_>) -> Table {
    let columns = ["CRM field", "Type", "Method", "Cardinality", "Form", "Values", "Class", "Rule"];
    let mut table = from.table(DerivedDocument::PayloadContract, &columns);
    for object in from.objects() {
        let of_object = from.policy.rules.iter().filter_map(|rule| {
            let target = rule.target.as_ref().filter(|target| target.object == object)?;
            Some(contract_row(from, rule, target))
        });
        table.rows.extend(of_object);
        table.rows.extend(from.count(object).map(count_row));
    }
    table
}

/// Every record of a counting policy says how many source records share its values.
fn count_row(aggregate: &Aggregate) -> Vec<String> {
    let form = format!("a multiple of {}, or: {}", aggregate.least, aggregate.too_few());
    let cells = [
        &aggregate.count.to_string(),
        "count",
        "count",
        "1..1",
        &form,
        "any of the form",
        "operational",
        "aggregate",
    ];
    cells.map(str::to_owned).to_vec()
}

fn contract_row(from: &Basis<'_>, rule: &Rule, target: &Target) -> Vec<String> {
    let withheld = rule.label == Label::Redacted;
    let (kind, form) = match rule.method {
        _ if withheld => ("withheld", "no value: says that it was withheld"),
        Method::Keep => (rule.field.kind.as_str(), form_of(rule.field.kind)),
        method => ("text", method.form()),
    };
    let form = if rule.cardinality.many && !withheld {
        format!("{form}; several joined by a semicolon and a space")
    } else {
        form.to_owned()
    };
    vec![
        target.to_string(),
        kind.to_owned(),
        rule.method.name().to_owned(),
        // What is withheld says so in every record, whether or not the source has it.
        if withheld { "1..1" } else { rule.cardinality.as_str() }.to_owned(),
        form,
        match from.values(rule) {
            _ if withheld => NONE.to_owned(),
            values if values.is_empty() => "any of the form".to_owned(),
            values => values,
        },
        rule.class.as_str().to_owned(),
        rule.id.clone(),
    ]
}
