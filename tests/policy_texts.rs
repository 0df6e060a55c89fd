//! Policies that are large, broken or hostile: a reading in good time, whatever the text.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where its own documents are missing"
)]

use airlock::api::{
    NamedText, PolicyReport, apply_edits, check_against, check_documents, check_policy, fixture,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn shipped() -> &'static str {
    fixture("policies/referral-intake.json").unwrap()
}

/// The shipped policy with other rules.
fn with_rules(rules: Vec<Value>) -> String {
    let mut policy: Value = serde_json::from_str(shipped()).unwrap();
    policy["rules"] = rules.into();
    policy.to_string()
}

/// Reads a text, and holds that each finding is in it and each fix fits.
#[track_caller]
fn checked(text: &str) -> PolicyReport {
    let report = check_policy(text);
    for found in &report.diagnostics {
        let range = found.start.offset as usize..found.end as usize;
        assert!(text.get(range).is_some(), "{found:?}");
    }
    for fix in report.diagnostics.iter().take(40).filter_map(|found| found.fix.as_ref()) {
        assert!(apply_edits(text, &fix.edits).is_some(), "{fix:?}");
    }
    report
}

fn codes(report: &PolicyReport) -> Vec<&str> {
    report.diagnostics.iter().map(|found| found.code.as_str()).collect()
}

#[test]
fn ten_thousand_rules_are_read() {
    let fields =
        ["CareEvent.status", "CareEvent.note", "Person.postalCode", "CareEvent.staus", "Nobody.name"];
    let rule = |n: usize| json!({ "id": format!("R{n}"), "field": fields[n % 5], "label": "allowed", "target": format!("Activity.f{n}") });
    let report = checked(&with_rules((0..10_000).map(rule).collect()));
    assert_eq!(report.rows.len(), 10_000);
    assert!(
        codes(&report).contains(&"policy.field-twice") && codes(&report).contains(&"policy.unknown-field")
    );
    assert!(!report.usable() && report.diagnostics.len() <= 400);

    let same_id = |_| json!({ "id": "R1", "field": "CareEvent.status", "label": "prohibited" });
    let report = checked(&with_rules((0..10_000).map(same_id).collect()));
    assert!(codes(&report).contains(&"policy.duplicate-rule") && !report.usable());
}

#[test]
fn a_text_that_breaks_off_has_its_finding_inside_of_it() {
    let text = shipped().replacen("title\": \"", "title\": \"“Überweisung” ", 1);
    for (at, character) in text.char_indices().filter(|(at, _)| at % 7 == 0 || *at < 200) {
        let broken = format!("{}\u{1}", &text[..at]);
        for text in [&text[..at], broken.as_str(), &text[at + character.len_utf8()..]] {
            for found in check_policy(text).diagnostics {
                let range = found.start.offset as usize..found.end as usize;
                assert!(text.get(range).is_some(), "{at}: {found:?}");
            }
        }
    }
}

#[test]
fn five_megabytes_are_read() {
    let long = "x".repeat(5_000_000);
    let report = checked(&shipped().replace("First version.", &long));
    assert!(report.usable(), "{:?}", report.diagnostics.first());
    // Keys that are not known, values that are not, event types that are not: each as many as fit.
    let keys: Vec<String> = (0..300_000).map(|n| format!("\"labe{n}\":1")).collect();
    let report = checked(&shipped().replacen('{', &format!("{{{},", keys.join(",")), 1));
    assert!(codes(&report).contains(&"policy.unknown-key"));
    let words: Vec<String> = (0..300_000).map(|n| format!("referral.create{n}")).collect();
    let report = checked(&shipped().replace("[\"referral.created\"]", &json!(words).to_string()));
    assert!(codes(&report).contains(&"policy.event-type-unread"));
    let rule = json!({ "id": "R1", "field": "CareEvent.priority", "label": "allowed", "target": "Activity.priority", "values": words });
    let report = checked(&with_rules(vec![rule]));
    assert!(codes(&report).contains(&"policy.value-unknown"));
    let text = format!("{}{}", "[".repeat(2_500_000), "]".repeat(2_500_000));
    assert_eq!(codes(&checked(&text)), ["policy.json-too-deep"]);
}

#[test]
fn of_two_versions_with_the_same_number_the_second_is_told() {
    let named = |name: &str, text: &str| NamedText { name: name.to_owned(), text: text.to_owned() };
    let other = shipped().replace("\"P180D\"", "\"P90D\"");
    // The order of rules is nothing that a policy says.
    let mut turned: Value = serde_json::from_str(shipped()).unwrap();
    turned["rules"].as_array_mut().unwrap().reverse();
    let turned = turned.to_string();
    assert_eq!(check_against(&turned, shipped()), []);
    let documents = [
        named("a.json", shipped()),
        named("b.json", &other),
        named("c.json", shipped()),
        named("d.json", &turned),
    ];
    let told: Vec<Vec<String>> = check_documents(&documents, &[], None)
        .into_iter()
        .map(|checked| checked.diagnostics.into_iter().map(|found| found.code).collect())
        .collect();
    assert_eq!(
        told.iter().map(|codes| codes.iter().map(String::as_str).collect::<Vec<_>>()).collect::<Vec<_>>(),
        [vec![], vec!["policy.version-twice"], vec!["policy.document-twice"], vec!["policy.document-twice"]]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The shipped policy with parts moved, doubled and struck out, and with other words in places.
    #[test]
    fn no_text_makes_a_reader_or_a_lint_panic(
        cuts in prop::collection::vec((0usize..6000, 0usize..300, 0usize..6000), 1..4),
        word in prop::sample::select(vec!["\"allowed\"", "\"Person\"", "{}", "[]", "null", "7", "\"\"", "\"PHI\u{1F9EA}\""]),
    ) {
        let mut text: Vec<char> = shipped().chars().collect();
        for (at, length, to) in cuts {
            let at = at % text.len();
            let part: Vec<char> = text.drain(at..(at + length).min(text.len())).collect();
            let to = to % (text.len() + 1);
            text.splice(to..to, part.into_iter().take(length / 2).chain(word.chars().take(length % 2 * 20)));
        }
        checked(&text.into_iter().collect::<String>());
    }

    /// A value of the document exchanged: still JSON, and no longer a policy.
    #[test]
    fn a_value_of_another_kind_is_a_finding(
        place in 0usize..400,
        value in prop::sample::select(vec![json!(null), json!(1), json!([]), json!({}), json!("x"), json!([[{}]])]),
    ) {
        let mut policy: Value = serde_json::from_str(shipped()).unwrap();
        let mut left = place;
        exchange(&mut policy, &mut left, &value);
        checked(&policy.to_string());
    }
}

/// Puts a value in the place of the one of this number, in document order.
fn exchange(node: &mut Value, left: &mut usize, value: &Value) {
    if *left == 0 {
        *node = value.clone();
        *left = usize::MAX;
        return;
    }
    *left = left.saturating_sub(1);
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| exchange(item, left, value)),
        Value::Object(members) => members.values_mut().for_each(|member| exchange(member, left, value)),
        _ => {}
    }
}
