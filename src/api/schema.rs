//! JSON Schemas (draft 2020-12): of audit records, as the catalogue has them; and of the documents that people write, for
//! editors that complete and check them. These say what the tables of keys say, which the readers go by. For `airlock check` are left: what names something elsewhere in
//! the document or in another, what selectors mean, and what a method or a CRM field makes of a canonical field.

mod record;

use crate::engine::adapt::{ADAPTER, CRM_ADAPTER};
use crate::engine::canonical::CATALOGUE;
use crate::engine::keys::{Holds, Key, Needed, Shape};
use crate::engine::policy::POLICY;
use serde_json::{Map, Value, json};

/// The documents that have a schema, by kind and version of the format.
pub const SCHEMAS: [&str; 5] = ["adapter-2", "audit-record-1", "canonical-1", "crm-2", "policy-2"];

/// The schema of a kind of document, one of [`SCHEMAS`]; none for another name.
pub fn schema(name: &str) -> Option<Value> {
    let mut schema = match name {
        "adapter-2" => object(&ADAPTER),
        "audit-record-1" => record::audit_record(),
        "canonical-1" => object(&CATALOGUE),
        "crm-2" => object(&CRM_ADAPTER),
        "policy-2" => object(&POLICY),
        _ => return None,
    };
    let whole = schema.as_object_mut()?;
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!(name));
    Some(schema)
}

fn object(shape: &Shape) -> Value {
    let mut properties: Map<String, Value> =
        shape.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    properties.insert("$schema".to_owned(), held(&Holds::Text));
    let mut own = json!({
        "description": shape.about,
        "type": "object",
        "properties": properties,
        "required": shape.always().collect::<Vec<_>>(),
        "additionalProperties": false,
    });
    let conditions: Vec<Value> =
        shape.keys.iter().flat_map(|key| [condition(key), form(key)]).flatten().collect();
    if let Some(own) = own.as_object_mut().filter(|_| !conditions.is_empty()) {
        own.insert("allOf".to_owned(), Value::Array(conditions));
    }
    own
}

/// Where a key must be there, for one that must be there in some objects alone: `if` that, it is, `else` it is not.
fn condition(key: &Key) -> Option<Value> {
    let name = key.name;
    let (there, not) = (json!({ "required": [name] }), json!({ "properties": { name: false } }));
    match key.needed {
        Needed::Always | Needed::Never => None,
        Needed::Where(other, values) => {
            let is = json!({ "properties": { other: { "enum": values } }, "required": [other] });
            Some(json!({ "if": is, "then": there, "else": not }))
        }
        Needed::Without(other) => Some(json!({ "if": { "required": [other] }, "then": not, "else": there })),
    }
}

/// The form of a key that hangs on another key's.
fn form(key: &Key) -> Option<Value> {
    let Holds::FormBy(other, with, without) = key.holds else { return None };
    let own = |pattern: &str| json!({ "properties": { key.name: { "pattern": pattern } } });
    let dotted = json!({ "properties": { other: { "pattern": "\\." } }, "required": [other] });
    Some(json!({ "if": dotted, "then": own(with), "else": own(without) }))
}

fn property(key: &Key) -> Value {
    let mut value = held(&key.holds);
    if let Some(value) = value.as_object_mut() {
        value.insert("description".to_owned(), json!(key.about));
    }
    value
}

fn held(holds: &Holds) -> Value {
    match holds {
        Holds::Text => json!({ "type": "string", "pattern": SHOWS }),
        Holds::Line(most) => json!({ "type": "string", "pattern": line(), "maxLength": most }),
        Holds::FormBy(..) => json!({ "type": "string" }),
        Holds::Form(pattern) => json!({ "type": "string", "pattern": pattern }),
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Holds::Version(version) => json!({ "const": version }),
        Holds::Choice(choices) => json!({ "enum": choices() }),
        Holds::ListOf(item) => json!({ "type": "array", "items": held(item) }),
        Holds::SomeOf(item) => json!({ "type": "array", "items": held(item), "minItems": 1 }),
        Holds::Object(shape) => object(shape),
        Holds::Objects(shape) => json!({ "type": "array", "items": object(shape) }),
    }
}

/// One line with a character that shows.
fn line() -> String {
    const WITHIN: &str = r"[^\u0000-\u001f\u007f-\u009f]*";
    format!("^{WITHIN}{SHOWS}{WITHIN}$")
}

/// A character that shows: neither white space nor one of those without width.
const SHOWS: &str =
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f-\u2064\u3000\ufeff]";
