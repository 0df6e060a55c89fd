//! JSON Schemas (draft 2020-12) of the documents that people write, for editors that complete and check them. They say
//! what the tables of keys say, which the readers go by; what hangs on more than one key is for `airlock check`.

use crate::engine::adapt::{ADAPTER, ADAPTER_OF_VERSION_1, CRM_ADAPTER};
use crate::engine::canonical::{CATALOGUE, Catalogue};
use crate::engine::keys::{Holds, Key, Shape};
use crate::engine::policy::{POLICY, TARGET_OF_VERSION_1};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The documents that have a schema, by kind and version of the format.
pub const SCHEMAS: [&str; 6] = ["adapter-1", "adapter-2", "canonical-1", "crm-2", "policy-1", "policy-2"];

/// The schema of a kind of document, one of [`SCHEMAS`]; none for another name.
pub fn schema(name: &str) -> Option<Value> {
    let mut schema = match name {
        "adapter-1" => object(&ADAPTER_OF_VERSION_1),
        "adapter-2" => object(&ADAPTER),
        "canonical-1" => object(&CATALOGUE),
        "crm-2" => object(&CRM_ADAPTER),
        "policy-1" => policy_of_version_1(),
        "policy-2" => object(&POLICY),
        _ => return None,
    };
    let whole = schema.as_object_mut()?;
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!(name));
    Some(schema)
}

/// Version 1 differs from the latest in where records go.
fn policy_of_version_1() -> Value {
    let mut schema = object(&POLICY);
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.insert("schemaVersion".to_owned(), json!({ "const": 1 }));
        properties.insert("target".to_owned(), object(&TARGET_OF_VERSION_1));
    }
    schema
}

fn object(shape: &Shape) -> Value {
    let mut properties: Map<String, Value> =
        shape.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    properties.insert("$schema".to_owned(), json!({ "type": "string" }));
    let required: Vec<&str> = shape.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "description": shape.about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    let mut value = match key.holds {
        Holds::Text => text(),
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::Number => json!({ "type": "integer" }),
        Holds::Version(version) => json!({ "const": version }),
        Holds::Choice(choices) => json!({ "enum": choices() }),
        Holds::Texts => json!({ "type": "array", "items": text() }),
        Holds::SomeTexts => json!({ "type": "array", "items": text(), "minItems": 1 }),
        Holds::Object(shape) => object(shape),
        Holds::Objects(shape) => json!({ "type": "array", "items": object(shape) }),
    };
    if let Some(value) = value.as_object_mut() {
        value.insert("description".to_owned(), json!(key.about));
        if key.name == "field" {
            value.insert("examples".to_owned(), json!(canonical_names()));
        }
    }
    value
}

/// Entities and fields of the canonical model, for editors to offer.
fn canonical_names() -> BTreeSet<&'static str> {
    let fields = Catalogue::shipped().fields();
    fields.iter().flat_map(|field| [field.entity(), field.name.as_str()]).collect()
}
