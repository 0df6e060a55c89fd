//! The published JSON Schemas: as the tables of keys say, and what is shipped is valid under them.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where its own documents are missing")]

use airlock::api::{SCHEMAS, schema};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What of a value is not as a schema says, for the keywords that the schemas use.
fn faults(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, says) in schema.as_object().unwrap() {
        let fault = match keyword.as_str() {
            "$schema" | "title" | "description" | "examples" => false,
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
            "minLength" => value.as_str().is_some_and(str::is_empty),
            "minItems" => value.as_array().is_some_and(Vec::is_empty),
            "required" => {
                says.as_array().unwrap().iter().any(|key| value.get(key.as_str().unwrap()).is_none())
            }
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    faults(says, item, &format!("{at}[{place}]"), found);
                }
                false
            }
            "properties" => {
                for (key, member) in value.as_object().into_iter().flatten() {
                    if let Some(own) = says.get(key) {
                        faults(own, member, &format!("{at}.{key}"), found);
                    }
                }
                false
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value.as_object().into_iter().flatten().any(|(key, _)| !known.contains_key(key))
            }
            other => panic!("{other}: a keyword that this test does not know"),
        };
        if fault {
            found.push(format!("{at}: {keyword}"));
        }
    }
}

fn faults_of(name: &str, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    faults(&schema(name).unwrap(), document, "", &mut found);
    found
}

#[test]
fn the_published_schemas_are_those_of_the_readers() {
    for name in SCHEMAS {
        let file = root().join(format!("docs/schemas/{name}.json"));
        assert_eq!(read(&file), schema(name).unwrap(), "{name}: write it anew with `cargo xtask schemas`");
    }
    let files = fs::read_dir(root().join("docs/schemas")).unwrap().count();
    assert_eq!((files, schema("poetry")), (SCHEMAS.len(), None));
}

#[test]
fn what_is_shipped_is_valid() {
    let files = |folder: &str| -> Vec<PathBuf> {
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let mut count = 0;
    for (folder, kind) in [("policies", "policy"), ("adapters", "adapter"), ("canonical", "canonical")] {
        for file in files(&format!("fixtures/{folder}")) {
            let document = read(&file);
            let kind = if document.get("objects").is_some() { "crm" } else { kind };
            let name = format!("{kind}-{}", document["schemaVersion"]);
            assert_eq!(faults_of(&name, &document), Vec::<String>::new(), "{}", file.display());
            count += 1;
        }
    }
    assert!(count > 8);
    let old = read(&root().join("tests/lints/policy.schema-version-old/triggers.json"));
    assert_eq!(faults_of("policy-1", &old), Vec::<String>::new());
    assert!(!faults_of("policy-2", &old).is_empty());
}

#[test]
fn what_the_reader_refuses_for_its_form_is_not_valid_either() {
    let good = read(&root().join("tests/lints/policy.field-twice/clean.json"));
    for (path, value) in [
        ("/schemaVersion", Some(Value::from(3))),
        ("/id", Some("".into())),
        ("/eventTypes", Some(Value::Array(Vec::new()))),
        ("/consent", Some("asked".into())),
        ("/rules/0/label", Some("permitted".into())),
        ("/rules/0/values", Some("routine".into())),
        ("/rules/0/field", None),
        ("/recipient/role", None),
        ("/target", Some("CRM-DEMO".into())),
    ] {
        let mut bad = good.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        let parent = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(key.to_owned(), value),
            None => parent.remove(key),
        };
        assert!(!faults_of("policy-2", &bad).is_empty(), "{path}");
        assert!(!airlock::api::check_policy(&bad.to_string()).usable(), "{path}");
    }
}
