//! What the documents show is what happens: their examples are run.
//!
//! A fenced block says what it is after its language. `policy`, `rules`, `draft`, `event`, `patient` and `referral` set what
//! is tried next; `crosses`, `refused` and `diagnostics` say what must come of it. Commands find the policy as
//! `released.json`, its draft as `draft.json` and the event as `events.json`; they succeed, or `fails` says that they don't.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{RunView, Session, Setup, check_policy, schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use support::{referral, send, signed_now};

const MAPPING: &str = include_str!("../docs/mapping-policy.md");
const SEPARATION: &str = include_str!("../docs/phi-separation.md");

/// A fenced block: what stands after the fence, and its text.
type Block<'a> = (&'a str, &'a str);

fn blocks(document: &str) -> Vec<Block<'_>> {
    let fences: Vec<&str> = document.split("```").collect();
    assert!(fences.len() % 2 == 1, "a fence is left open");
    fences.chunks(2).filter_map(|pair| pair.get(1)?.split_once('\n')).collect()
}

/// What is tried.
#[derive(Clone, Default)]
struct Example {
    policy: Value,
    draft: Value,
    event: Value,
    /// Changes of the event's resources, by type.
    changes: Vec<(&'static str, Value)>,
}

impl Example {
    fn event(&self) -> Value {
        let mut event = self.event.clone();
        for entry in event["entry"].as_array_mut().unwrap() {
            for (kind, change) in &self.changes {
                if entry["resource"]["resourceType"] == *kind {
                    merge(entry["resource"].as_object_mut().unwrap(), change.as_object().unwrap());
                }
            }
        }
        event
    }

    fn run(&self) -> RunView {
        let setup = Setup { policy: self.policy.to_string(), ..referral().setup };
        let mut session = Session::new();
        session.configure(&setup).unwrap();
        let body = json!({
            "type": "referral.created", "timestamp": "2026-01-15T09:00:00Z", "source": "HOSP-SANDBOX-A",
            "data": self.event(),
        });
        send(&mut session, &signed_now(&setup, "evt-docs-0001", &body.to_string()))
    }

    /// Runs a command of the command line at the repository's root, with the example's own files.
    fn command(&self, line: &str, status: i32) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("docs");
        std::fs::create_dir_all(&folder).unwrap();
        let own =
            [("released.json", &self.policy), ("draft.json", &self.draft), ("events.json", &self.event)];
        let word = |word: &str| match own.iter().find(|(name, _)| *name == word) {
            Some((name, value)) => {
                let path = folder.join(name);
                std::fs::write(&path, value.to_string()).unwrap();
                path.display().to_string()
            }
            None => word.to_owned(),
        };
        let arguments = line.strip_prefix("airlock ").unwrap_or_else(|| panic!("{line}"));
        let command = Command::new(env!("CARGO_BIN_EXE_airlock"))
            .args(arguments.split_whitespace().map(word))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&command.stderr);
        assert_eq!(command.status.code(), Some(status), "{line}: {told}");
    }
}

/// Members of the change take the place of those that were there; `null` takes them away.
fn merge(into: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (key, value) in change {
        match value {
            Value::Null => into.remove(key),
            value => into.insert(key.clone(), value.clone()),
        };
    }
}

/// Runs a document's examples; gives how many claims were held against what happens.
fn try_out(document: &str) -> usize {
    let mut example = Example::default();
    let mut claims = 0;
    for (what, text) in blocks(document) {
        let value =
            || serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error} in {text}"));
        match what {
            "json policy" => example.policy = value(),
            "json event" => (example.event, example.changes) = (value(), Vec::new()),
            "json rules" => (example.policy["rules"], example.changes) = (value(), Vec::new()),
            "json patient" => example.changes = vec![("Patient", value())],
            "json referral" => example.changes = vec![("ServiceRequest", value())],
            "json crosses" => crosses(&example, &value()),
            "text refused" => {
                let code = example.run().refusal.map(|refusal| refusal.code);
                assert_eq!(code.as_deref(), Some(text.trim()), "{:#}", example.policy);
            }
            "text diagnostics" => {
                let report = check_policy(&example.policy.to_string());
                let mut found: Vec<&str> = report.diagnostics.iter().map(|d| d.code.as_str()).collect();
                found.sort_unstable();
                assert_eq!(found, text.lines().collect::<Vec<_>>(), "{}", example.policy["id"]);
            }
            "json draft" => {
                example.draft = example.policy.clone();
                merge(example.draft.as_object_mut().unwrap(), value().as_object().unwrap());
            }
            "sh" => text.lines().for_each(|line| example.command(line, 0)),
            "sh fails" => text.lines().for_each(|line| example.command(line, 1)),
            other => panic!("nothing is known of a block `{other}`"),
        }
        claims += usize::from(matches!(
            what,
            "json crosses" | "text refused" | "text diagnostics" | "sh" | "sh fails"
        ));
    }
    claims
}

/// Exactly these fields cross. `null` is withheld, and `…` stands for anything at the end of a value.
fn crosses(example: &Example, expected: &Value) {
    let report = check_policy(&example.policy.to_string());
    assert_eq!(report.diagnostics, [], "an example is a policy that one could use as it stands");
    let run = example.run();
    let outcome = if expected.as_object().is_some_and(Map::is_empty) { "unchanged" } else { "delivered" };
    assert_eq!(run.outcome, outcome, "{:?}", run.refusal);
    let mut crossed = Map::new();
    for record in &run.records {
        let fields = record.fields.iter().map(|field| {
            let wanted =
                expected[&record.object][&field.name].as_str().and_then(|text| text.strip_suffix('…'));
            let value = field.value.as_deref().map(|value| match wanted {
                Some(start) if value.starts_with(start) => format!("{start}…"),
                _ => value.to_owned(),
            });
            (field.name.clone(), json!(value))
        });
        crossed.insert(record.object.clone(), Value::Object(fields.collect()));
    }
    assert_eq!(&Value::Object(crossed), expected);
}

#[test]
fn the_examples_of_the_mapping_document_are_what_happens() {
    assert_eq!(try_out(MAPPING), 12);
}

#[test]
fn the_examples_of_the_separation_document_are_what_happens() {
    assert_eq!(try_out(SEPARATION), 4);
}

/// The keys of an object and the words that stand for a choice, at any depth of a schema.
fn spelled<'a>(schema: &'a Value, words: &mut BTreeSet<&'a str>) {
    let parts: Box<dyn Iterator<Item = &Value>> = match schema {
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            words.extend(properties.into_iter().flat_map(|own| own.keys().map(String::as_str)));
            // FHIR explains its resource types, and the catalogue its fields.
            let choices = members.get("enum").and_then(Value::as_array).filter(|all| all.len() < 40);
            words.extend(choices.into_iter().flatten().filter_map(Value::as_str));
            Box::new(members.values())
        }
        Value::Array(items) => Box::new(items.iter()),
        _ => return,
    };
    parts.for_each(|part| spelled(part, words));
}

#[test]
fn every_key_choice_and_class_of_a_policy_is_explained() {
    let schema = schema("policy-2").unwrap();
    let mut words = BTreeSet::new();
    spelled(&schema, &mut words);
    for word in
        ["auditLocation", "least", "rollback", "generalize:zip3", "highly-restricted", "1..*", "phone"]
    {
        assert!(words.contains(word), "{word} is not in the schema");
    }
    for word in words {
        let written = format!("`{word}`");
        assert!(MAPPING.contains(&written) || SEPARATION.contains(&written), "{written} is not explained");
    }
}
