//! Any text as a selector: it is read or refused, and its evaluation on a small resource ends.

#![no_main]

use airlock::engine::adapt::Plan;
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::path::{Context, Expression, Type};
use libfuzzer_sys::fuzz_target;

const PATIENT: &str = r##"{"resourceType":"Patient","id":"PAT-001","active":true,"birthDate":"1980-01-15",
    "_birthDate":{"extension":[{"url":"urn:x","valueDateTime":"1980-01-15T09:00:00Z"}]},
    "name":[{"use":"official","family":"Example","given":["Pat","Q"],"period":{"start":"2020"}},{"given":["P"]}],
    "managingOrganization":{"reference":"#ORG-001"},
    "contained":[{"resourceType":"Organization","id":"ORG-001","name":"Clinic Demo"}]}"##;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let json = Json::read(PATIENT).expect("JSON");
    match Expression::parse(text) {
        Ok(expression) => {
            if let Err(error) = expression.evaluate(&json, NodeId::ROOT, NodeId::ROOT) {
                assert!(error.offset <= text.len());
            }
        }
        Err(error) => assert!(error.offset <= text.len()),
    }
    let own = Type::stated(&json, NodeId::ROOT).expect("a type");
    if let Ok(selector) = (Context { own, deviates: &|_, _| false }).selector(text) {
        Plan::new(std::iter::once(&selector)).walk(&json, NodeId::ROOT, NodeId::ROOT);
    }
});
