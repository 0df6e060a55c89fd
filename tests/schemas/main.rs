//! The published JSON Schemas: as the tables of keys say, and of one mind with the readers.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where its own documents are missing"
)]

mod records;
mod validity;
mod variants;

use airlock::api::{SCHEMAS, lints, schema};
use airlock::engine::adapt::{Adapter, CrmAdapter};
use airlock::engine::canonical::Catalogue;
use airlock::engine::document::{Diagnostic, Severity};
use airlock::engine::policy::Policy;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use validity::faults;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

/// The shipped documents, each with the name of its schema.
fn shipped() -> Vec<(String, PathBuf, Value)> {
    let mut all = Vec::new();
    for (folder, kind) in [("policies", "policy"), ("adapters", "adapter"), ("canonical", "canonical")] {
        for entry in fs::read_dir(root().join("fixtures").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let document = read(&path);
            let kind = if document.get("objects").is_some() { "crm" } else { kind };
            all.push((format!("{kind}-{}", document["schemaVersion"]), path, document));
        }
    }
    assert!(all.len() > 8);
    all
}

#[test]
fn the_published_schemas_are_those_of_the_readers() {
    for name in SCHEMAS {
        let file = format!("docs/schemas/{name}.json");
        let same = read(file) == schema(name).unwrap();
        assert!(same, "{name}: write it anew with `cargo xtask schemas`");
    }
    let files = fs::read_dir(root().join("docs/schemas")).unwrap().count();
    assert_eq!((files, schema("poetry")), (SCHEMAS.len(), None));
}

#[test]
fn what_is_shipped_is_valid() {
    for (name, path, document) in shipped() {
        let found = faults(&schema(&name).unwrap(), &document);
        assert_eq!(found, Vec::<String>::new(), "{}", path.display());
    }
}

/// What a reader finds that no schema can say: what names something elsewhere, what a selector or a path of an element
/// means, and what a method or a cardinality makes of a canonical field.
const BEYOND: [&str; 9] = [
    "aggregate-object",
    "aggregate-record-level",
    "cardinality-widened",
    "duplicate-field",
    "duplicate-object",
    "duplicate-rule",
    "duplicate-shape",
    "method-unsuited",
    "unknown-shape",
];

/// The errors of form that a reader finds in a document: lints and what is beyond a schema left out.
fn errors(name: &str, document: &Value) -> BTreeSet<String> {
    let text = &document.to_string();
    let catalogue = Catalogue::shipped();
    let (kind, _) = name.split_once('-').unwrap();
    let findings: Vec<Diagnostic> = match kind {
        "policy" => Policy::read(text, catalogue).findings,
        "adapter" => Adapter::read(text, catalogue).1,
        "crm" => CrmAdapter::read(text, catalogue).1,
        _ => Catalogue::read(text).1,
    };
    let lints: BTreeSet<String> = lints().into_iter().map(|lint| lint.code).collect();
    let is_form = |finding: &Diagnostic| {
        let (_, code) = finding.code.split_once('.').unwrap();
        finding.severity == Severity::Error
            && !lints.contains(&finding.code)
            && !BEYOND.contains(&code)
            && !code.starts_with("selector-")
    };
    findings.into_iter().filter(is_form).map(|finding| finding.code).collect()
}

#[test]
fn schema_and_reader_agree_on_each_document_and_on_what_comes_close_to_it() {
    let (mut tried, mut refused) = (0, 0);
    let mut codes = BTreeSet::new();
    let mut apart = Vec::new();
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, path, document) in shipped() {
        let schema = schema(&name).unwrap();
        let told = told.entry(name.clone()).or_default();
        for (change, variant) in variants::of(&schema, &variants::thin(&document), told) {
            let invalid = faults(&schema, &variant);
            let found = errors(&name, &variant);
            if invalid.is_empty() != found.is_empty() {
                let path = path.file_name().unwrap().display();
                apart.push(format!("{path}: {change}: schema {invalid:?}, reader {found:?}"));
            }
            tried += 1;
            refused += usize::from(!invalid.is_empty());
            codes.extend(found);
        }
    }
    assert!(apart.is_empty(), "{} apart:\n{}", apart.len(), apart.join("\n"));
    println!("{tried} variants, {refused} refused by both, with {} codes: {codes:?}", codes.len());
    assert!(tried > 3000 && refused > tried / 2 && refused < tried && codes.len() > 20);
}
