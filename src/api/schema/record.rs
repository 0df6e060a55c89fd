//! The schema of an audit record: what the catalogue says of facts and members.

use crate::engine::audit::{Fact, Form, Member, Members, Row};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The schema. A record states a stage, an action of it, an outcome of that, and has the members that such a fact must
/// have or may have.
pub(super) fn audit_record() -> Value {
    let rows: Vec<&Row> = Fact::ALL.iter().map(|fact| fact.row()).collect();
    let stages: BTreeSet<&str> = rows.iter().map(|row| row.stage).collect();
    let kinds: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.stage, row.action)).collect();
    let choice = |name: &str, values: BTreeSet<&str>| json!({ "properties": { name: { "enum": values } } });
    let mut conditions = Vec::new();
    for stage in &stages {
        let actions = kinds.iter().filter(|(own, _)| own == stage).map(|(_, action)| *action).collect();
        conditions.push(json!({ "if": is(&[("stage", stage)]), "then": choice("action", actions) }));
    }
    for (stage, action) in &kinds {
        let own = rows.iter().filter(|row| (row.stage, row.action) == (stage, action));
        let outcomes = own.map(|row| row.outcome).collect();
        let kind = is(&[("stage", stage), ("action", action)]);
        conditions.push(json!({ "if": kind, "then": choice("outcome", outcomes) }));
    }
    conditions.extend(rows.iter().map(|row| members(row)));
    let properties: Map<String, Value> =
        Member::ALL.iter().map(|member| (member.name().to_owned(), property(*member))).collect();
    json!({
        "description": "A record of the audit log: one decision of one stage, and never a value from a resource.",
        "type": "object",
        "properties": properties,
        "required": names(Members::ALWAYS),
        "additionalProperties": false,
        "allOf": conditions,
    })
}

/// What a record of one fact has.
fn members(row: &Row) -> Value {
    let known = Members::ALWAYS.or(row.must).or(row.may);
    let others = Member::ALL.iter().filter(|member| !known.has(**member));
    let never: Map<String, Value> =
        others.map(|member| (member.name().to_owned(), Value::Bool(false))).collect();
    let fact = is(&[("stage", row.stage), ("action", row.action), ("outcome", row.outcome)]);
    let then = json!({ "description": row.about, "required": names(row.must), "properties": never });
    json!({ "if": fact, "then": then })
}

fn names(members: Members) -> Vec<&'static str> {
    members.iter().map(Member::name).collect()
}

/// Holds where each of these members has this value.
fn is(members: &[(&str, &str)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, value)| ((*name).to_owned(), json!({ "const": value }))).collect();
    json!({ "properties": properties, "required": members.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
}

fn property(member: Member) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let mut property = match member.form() {
        Form::Listed(list) => json!({ "enum": list() }),
        Form::Text(pattern) => text(pattern),
        Form::Texts(pattern) => json!({ "type": "array", "items": text(pattern), "minItems": 1 }),
        Form::Count => json!({ "type": "integer", "minimum": 0 }),
    };
    if let Some(property) = property.as_object_mut() {
        property.insert("description".to_owned(), json!(member.about()));
    }
    property
}
