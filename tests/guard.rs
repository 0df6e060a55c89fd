//! What gets past the guard and past an adapter: nothing that identifies, however it is written, wherever it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{RunView, Setup};
use serde_json::{Value, json};
use support::{referral, referral_value, send, session, signed_now};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn run(setup: &Setup, body: &Value) -> RunView {
    send(&mut session(setup), &signed_now(setup, "evt-guard", &body.to_string()))
}

/// The code that a referral is refused with, whose patient and category are these; none where it is delivered.
fn refused(patient: Value, display: &str) -> Option<String> {
    let mut body = referral_value();
    let entry = &mut body["data"]["entry"];
    for (key, value) in patient.as_object().unwrap() {
        entry[1]["resource"][key] = value.clone();
    }
    entry[0]["resource"]["category"][0]["coding"][0]["display"] = json!(display);
    let mut session = session(&referral().setup);
    session.attest(support::NOW);
    let run = send(&mut session, &signed_now(&referral().setup, "evt-guard", &body.to_string()));
    assert_eq!(
        run.outcome,
        if run.refusal.is_some() { "quarantined" } else { "delivered" },
        "{:?}",
        run.refusal
    );
    run.refusal.map(|refusal| refusal.code)
}

#[wasm_bindgen_test(unsupported = test)]
fn who_it_is_does_not_leave_however_it_is_written() {
    let patient = json!({ "name": [{ "family": "Lee", "given": ["Mary"] }], "birthDate": "1971-03-12" });
    for display in [
        "for Lee",
        "L e e",
        "L-e-e",
        "L.e.e.",
        "𝐋𝐞𝐞",
        "Ⓛⓔⓔ",
        "Ｌｅｅ",
        "L\u{34f}ee",
        "Le\u{fe0f}e",
        "ꓡꓰꓰ",
        "Lее",
        "L\u{ad}ee",
        "marylee",
        "LeeMary",
        "mlee",
        "born 12.3.71",
        "12/3/1971",
        "March 12th, 1971",
        "12 Mar '71",
        "19710312",
        "1971-071",
    ] {
        assert_eq!(refused(patient.clone(), display).as_deref(), Some("guard.phi-in-output"), "{display}");
    }
    for display in ["Sleep medicine", "Fleet of foot", "Cardiology", "Mar 71", "Summary"] {
        assert_eq!(refused(patient.clone(), display), None, "{display}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_looks_like_an_identifier_does_not_leave_whoever_it_belongs_to() {
    for display in [
        "ask other@example.invalid",
        "call 617-555-0199",
        "SSN 000-12-3456",
        "see https://ehr.example.invalid",
        "at 192.0.2.7",
        "record 0012345",
        "seen 2026-01-14",
    ] {
        assert_eq!(refused(json!({}), display).as_deref(), Some("guard.identifier-in-output"), "{display}");
    }
    for display in ["Hemoglobin A1c in Blood", "Aspirin 81 mg", "COVID-19 2025/26", "Ward 3: bed 12"] {
        assert_eq!(refused(json!({}), display), None, "{display}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_hidden_leaves_and_no_more_text_than_a_record_holds() {
    for hidden in ["\u{e0054}", "\u{202e}", "\u{e000}", "\u{2028}", "\u{3164}", "\u{e0101}", "\u{10fffd}"] {
        let code = refused(json!({}), &format!("Cardio{hidden}logy"));
        assert_eq!(code.as_deref(), Some("guard.value-outside-contract"), "{hidden:?}");
    }
    let mut body = referral_value();
    let mut coding = |count: usize| {
        let display = "x".repeat(190);
        body["data"]["entry"][0]["resource"]["category"][0]["coding"] =
            vec![json!({ "code": "DEMO", "display": display }); count].into();
        run(&referral().setup, &body).refusal.map(|refusal| refusal.code)
    };
    assert_eq!(coding(20), None);
    assert_eq!(coding(30).as_deref(), Some("guard.value-outside-contract"));
}

/// The happy path whose adapter reads the category from elsewhere.
fn reading(selector: &str) -> Setup {
    let mut setup = referral().setup;
    let own = "\"select\": \"ServiceRequest.category.coding.display\"";
    assert!(setup.adapter.contains(own));
    setup.adapter = setup.adapter.replace(own, &format!("\"select\": \"{selector}\""));
    setup
}

#[wasm_bindgen_test(unsupported = test)]
fn free_text_stays_behind_whatever_an_adapter_takes_it_for() {
    let mut body = referral_value();
    let request = &mut body["data"]["entry"][0]["resource"];
    request["patientInstruction"] = json!("Stress");
    request["note"] = json!([{ "text": "Stress" }]);
    request["reasonCode"] =
        json!([{ "text": "Stress", "coding": [{ "code": "DEMO", "display": "Stress" }] }]);
    request["extension"] = json!([{ "url": "urn:example.invalid:x", "valueString": "Stress" }]);
    let category = |setup: &Setup| {
        let run = run(setup, &body);
        let codes = run.refusal.map(|refusal| refusal.code);
        let mut fields = run.records.iter().flat_map(|record| record.fields.clone());
        (codes, fields.find(|field| field.name == "category").and_then(|field| field.value))
    };
    for selector in [
        "ServiceRequest.patientInstruction",
        "ServiceRequest.note.text",
        "ServiceRequest.reasonCode.text",
        "ServiceRequest.extension('urn:example.invalid:x').value.ofType(string)",
    ] {
        assert_eq!(category(&reading(selector)), (None, None), "{selector}");
        let mut listed = reading(selector);
        let (rule, own) = ("\"target\": \"Activity.category\",", "\"values\": [\"Stress\"],");
        assert!(listed.policy.contains(rule));
        listed.policy = listed.policy.replace(rule, &format!("{rule} {own}"));
        let (code, value) = category(&listed);
        assert_eq!((code, value.as_deref()), (None, Some("Stress")));
        listed.policy = listed.policy.replace(own, "\"values\": [\"Rest\"],");
        assert_eq!(category(&listed).0.as_deref(), Some("guard.value-outside-contract"), "{selector}");
    }
    let (code, value) = category(&reading("ServiceRequest.reasonCode.coding.display"));
    assert_eq!((code, value.as_deref()), (None, Some("Stress")));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_full_of_names_is_gone_through_in_time() {
    let names: Vec<String> = (0..60_000).map(|n| format!("Test{n:x}")).collect();
    assert_eq!(
        refused(json!({ "name": [{ "family": "Testperson", "given": names }] }), &"a".repeat(200)),
        None
    );
}
