//! The published FHIRPath suite for FHIR R4: each case is passed, or refused by name as outside the subset. None gives
//! a wrong answer.

use crate::support::corpus;
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::path::{Expression, Item, PathError, Value};
use std::collections::BTreeMap;

/// The least that has to pass.
const LEAST: usize = 250;

fn evaluate(json: &Json, text: &str) -> Result<Vec<Item>, PathError> {
    Expression::parse(text)?.evaluate(json, NodeId::ROOT, NodeId::ROOT)
}

/// An item's type and value as the suite writes them.
fn written(json: &Json, item: &Item) -> (String, String) {
    let own = item.own_type().name().to_owned();
    let value = match item {
        Item::Node(node) => json.scalar(node.value.expect("a value")).expect("a primitive").into_owned(),
        Item::Value(Value::Boolean(own)) => own.to_string(),
        Item::Value(Value::String(own)) => own.clone(),
        Item::Value(Value::Number { text, .. } | Value::Moment(_, text)) => text.to_string(),
    };
    let moment = ["date", "dateTime", "instant", "time"].contains(&own.to_lowercase().as_str());
    (own, if moment { format!("@{value}") } else { value })
}

#[test]
fn no_case_gives_a_wrong_answer() {
    let Some(folder) = corpus::folder("fhirpath-r4") else { return };
    let suite = corpus::json(&folder.join("tests.json"));
    let mut documents: BTreeMap<String, Json> = BTreeMap::new();
    let (mut passed, mut outside, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    for case in suite["tests"].as_array().expect("cases") {
        let expression = case["expression"].as_str().expect("an expression");
        let input = case["inputfile"].as_str().unwrap_or("patient-example.json");
        let json = documents.entry(input.to_owned()).or_insert_with(|| {
            Json::read(std::fs::read_to_string(folder.join("input").join(input)).expect("an input"))
                .expect("JSON")
        });
        let invalid = case["invalid"].is_string();
        let expected: Vec<(Option<&str>, &str)> = case["outputs"]
            .as_array()
            .expect("outputs")
            .iter()
            .map(|output| (output["type"].as_str(), output["value"].as_str().expect("a value")))
            .collect();
        let says = match evaluate(json, expression) {
            Err(_) if invalid => {
                passed += 1;
                continue;
            }
            Err(error) if error.code == "selector-outside-subset" => {
                assert!(error.offset <= expression.len() && !error.message.is_empty());
                *outside.entry(error.message).or_default() += 1;
                continue;
            }
            Err(error) => format!("{error:?}"),
            Ok(items) => {
                let given: Vec<(String, String)> = items.iter().map(|item| written(json, item)).collect();
                let same = given.len() == expected.len()
                    && given.iter().zip(&expected).all(|((own, value), (kind, wanted))| {
                        value == wanted && kind.is_none_or(|kind| kind.eq_ignore_ascii_case(own))
                    });
                if same && !invalid {
                    passed += 1;
                    continue;
                }
                format!("{given:?}")
            }
        };
        wrong.push(format!("{}: {expression} gives {says}, and not {expected:?}", case["name"]));
    }
    let count: usize = outside.values().sum();
    println!("FHIRPath R4: {passed} passed, {count} outside the subset, {} wrong", wrong.len());
    outside.iter().for_each(|(what, count)| println!("  {count:4} {what}"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(passed >= LEAST, "{passed} pass");
}
