//! Every shipped scenario comes out as it expects, natively and in WebAssembly, down to the same log root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::{ScenarioResult, open_scenario, run_scenario, scenarios};
use std::collections::BTreeMap;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// The log root of each scenario: a line `scenario root`.
const ROOTS: &str = include_str!("roots.txt");

fn run_all() -> Vec<ScenarioResult> {
    scenarios().iter().map(|card| run_scenario(&open_scenario(&card.id).unwrap())).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn every_scenario_comes_out_as_it_expects() {
    let results = run_all();
    assert!(results.len() >= 8, "only {} scenarios are shipped", results.len());
    for result in results {
        assert!(result.passed, "{}: {:#?}", result.scenario, result.failures);
        assert!(result.failures.is_empty(), "{}", result.scenario);
        assert!(!result.deliveries.is_empty() && result.log.size > 0, "{} does nothing", result.scenario);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_scenario_that_does_not_come_true_fails_and_says_what_differed() {
    for card in scenarios() {
        let scenario = open_scenario(&card.id).unwrap();
        let mut wrong = scenario.clone();
        wrong.expected[0].outcome = "suppressed".to_owned();
        let mut no_audit = scenario.clone();
        no_audit.expected_audit.pop();
        let mut more_crm = scenario.clone();
        match more_crm.expected_crm.first_mut() {
            Some(record) => drop(record.fields.insert("fullName".to_owned(), None)),
            None => {
                more_crm.expected_crm.clone_from(&open_scenario("referral-created").unwrap().expected_crm)
            }
        }
        for (what, scenario) in [("outcome", wrong), ("log", no_audit), ("CRM", more_crm)] {
            let result = run_scenario(&scenario);
            assert!(!result.passed, "{}: a wrong {what} passes", card.id);
            assert_eq!(result.failures.len(), 1, "{}: {what}: {:?}", card.id, result.failures);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn log_roots_are_the_same_on_every_platform() {
    let expected: BTreeMap<String, String> = ROOTS
        .lines()
        .map(|line| line.split_once(' ').expect("a line is `scenario root`"))
        .map(|(scenario, root)| (scenario.to_owned(), root.to_owned()))
        .collect();
    let found: BTreeMap<String, String> =
        run_all().into_iter().map(|result| (result.scenario, result.log.root)).collect();
    let lines: String = found.iter().map(|(scenario, root)| format!("{scenario} {root}\n")).collect();
    assert_eq!(found, expected, "tests/roots.txt would have to read:\n{lines}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_scenario_run_again_gives_the_same_in_every_byte() {
    for (first, second) in run_all().into_iter().zip(run_all()) {
        assert_eq!(first, second);
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file_of_the_sandbox_folder_is_a_scenario_that_opens() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sandbox");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut shipped: Vec<String> = scenarios().into_iter().map(|card| card.id).collect();
    shipped.sort();
    assert_eq!(shipped, files);
}
