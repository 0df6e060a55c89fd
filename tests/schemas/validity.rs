//! What a JSON Schema says of a document, for the keywords that the published schemas use.

use regex_lite::Regex;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;

/// What of a document is not as a schema says: where, and by which keyword.
pub fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, document, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        if schema == &Value::Bool(false) {
            found.push(format!("{at}: not here"));
        }
        return;
    };
    for (keyword, says) in keywords {
        let fault = match keyword.as_str() {
            "$schema" | "title" | "description" | "then" | "else" => false,
            "type" => match says.as_str().unwrap() {
                "object" => !value.is_object(),
                "array" => !value.is_array(),
                "string" => !value.is_string(),
                "boolean" => !value.is_boolean(),
                "integer" => !value.is_u64(),
                other => panic!("{other}"),
            },
            "const" => value != says,
            "enum" => !says.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_some_and(|text| !matches(says.as_str().unwrap(), text)),
            "minimum" => value.as_u64().is_some_and(|number| number < says.as_u64().unwrap()),
            "maximum" => value.as_u64().is_some_and(|number| number > says.as_u64().unwrap()),
            "maxLength" => {
                value.as_str().is_some_and(|text| text.chars().count() as u64 > says.as_u64().unwrap())
            }
            "minItems" => value.as_array().is_some_and(Vec::is_empty),
            "required" => {
                let is_there = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                value.is_object() && !says.as_array().unwrap().iter().all(is_there)
            }
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(says, item, &format!("{at}/{place}"), found);
                }
                false
            }
            "properties" => {
                for (key, member) in value.as_object().into_iter().flatten() {
                    if let Some(own) = says.get(key) {
                        check(own, member, &format!("{at}/{key}"), found);
                    }
                }
                false
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value.as_object().into_iter().flatten().any(|(key, _)| !known.contains_key(key))
            }
            "allOf" => {
                says.as_array().unwrap().iter().for_each(|part| check(part, value, at, found));
                false
            }
            "if" => {
                let branch = if faults(says, value).is_empty() { "then" } else { "else" };
                check(&schema[branch], value, at, found);
                false
            }
            other => panic!("{other}: a keyword that is not known here"),
        };
        if fault {
            found.push(format!("{at}: {keyword}"));
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    thread_local!(static READ: RefCell<HashMap<String, Regex>> = RefCell::default());
    READ.with_borrow_mut(|read| {
        let regex = read.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap());
        regex.is_match(text)
    })
}
