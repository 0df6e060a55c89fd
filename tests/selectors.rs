//! Selectors: what they answer, and what is refused, by which code and where.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::{Selection, select};
use airlock::engine::adapt::Plan;
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::path::{Context, Expression, MAX_LENGTH, PathError, Type};
use proptest::prelude::*;

const PATIENT: &str = r##"{"resourceType":"Patient","id":"PAT-001","active":true,"gender":"other","birthDate":"1980-01-15",
    "_birthDate":{"extension":[{"url":"urn:example:time","valueDateTime":"1980-01-15T09:00:00Z"}]},
    "name":[{"use":"official","family":"Example","given":["Pat","Q"]},
        {"use":"nickname","given":["P",null],"_given":[null,{"extension":[{"url":"urn:example:none","valueBoolean":true}]}]}],
    "identifier":[{"system":"urn:a","value":"PAT-001"},{"system":"urn:b","value":"SANDBOX-7"}],
    "multipleBirthInteger":2,"managingOrganization":{"reference":"#ORG-001"},
    "contained":[{"resourceType":"Organization","id":"ORG-001","name":"Clinic Demo"}]}"##;
const OBSERVATION: &str = r#"{"resourceType":"Observation","status":"final","code":{"text":"Demo"},"issued":"2026-01-15T09:00:00+01:00",
    "valueQuantity":{"value":1.00065022141624642,"unit":"kg"},
    "component":[{"code":{"text":"a"},"valueString":"x"},{"code":{"text":"b"},"valueInteger":8}]}"#;

/// The values as JSON, or the code and offset of what is wrong.
fn answer(expression: &str, input: &str) -> Result<String, (String, usize)> {
    match select(expression, input.as_bytes().to_vec()).expect("it can be read") {
        Selection::Values(values) => Ok(values.iter().map(|value| value.get()).collect::<Vec<_>>().join(" ")),
        Selection::Error(error) => Err((error.code, error.offset)),
    }
}

#[test]
fn elements_are_selected_as_the_source_has_them() {
    for (expression, input, expected) in [
        (
            "Patient.name.given",
            PATIENT,
            r#""Pat" "Q" "P" {"extension":[{"url":"urn:example:none","valueBoolean":true}]}"#,
        ),
        ("name.where(use = 'official').given.last()", PATIENT, r#""Q""#),
        (
            "name.where(use = 'official' and given.count() = 2 or family.exists()).family",
            PATIENT,
            r#""Example""#,
        ),
        ("name[1].given[0] | name.given[0]", PATIENT, r#""P" "Pat""#),
        ("birthDate.extension('urn:example:time').value", PATIENT, r#""1980-01-15T09:00:00Z""#),
        ("birthDate.extension('urn:example:other').value", PATIENT, ""),
        ("multipleBirth.ofType(integer)", PATIENT, "2"),
        ("multipleBirth.ofType(boolean)", PATIENT, ""),
        ("managingOrganization.resolve().ofType(Organization).name", PATIENT, r#""Clinic Demo""#),
        ("name.given.skip(1).take(1)", PATIENT, r#""Q""#),
        ("Observation.value.value", OBSERVATION, "1.00065022141624642"),
        ("Observation.component.value", OBSERVATION, r#""x" 8"#),
        ("component.where(value is integer).code.text", OBSERVATION, r#""b""#),
        ("Observation.`code`.text // the name", OBSERVATION, r#""Demo""#),
    ] {
        assert_eq!(answer(expression, input).as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn values_are_exact_and_what_is_unknown_is_empty() {
    for (expression, expected) in [
        ("Observation.value.value > 1.00065022141624641", "true"),
        ("Observation.value.value = 1.000650221416246420", "true"),
        ("9007199254740993.0 > 9007199254740992.0", "true"),
        ("issued < @2026-01-16T00:00:00Z", "true"),
        ("issued = @2026-01-15T08:00:00Z", "true"),
        ("issued > @2026-01", ""),
        ("@2026-01-15 = @2026-01", ""),
        ("@T09:00 < @T09:30", "true"),
        ("{} = 1", ""),
        ("{} and false", "false"),
        ("(1 | 2 | 2.0).count()", "2"),
        ("'A\tb' ~ 'a B'", "true"),
        ("1 'x'.empty()", "!selector-outside-subset"),
        ("-1 < 1 and (1 | 2) contains 2", "true"),
        ("iif(status = 'final', 'done', 'not')", r#""done""#),
        ("%sct", r#""http://snomed.info/sct""#),
        ("'\\u0041\\uD83D\\uDE00\\''", r#""A😀'""#),
        ("@2026-01-15T09:00:00Z", r#""2026-01-15T09:00:00Z""#),
        ("@T09:00", r#""09:00""#),
    ] {
        let given = answer(expression, OBSERVATION).unwrap_or_else(|(code, _)| format!("!{code}"));
        assert_eq!(given, expected, "{expression}");
    }
}

#[test]
fn what_is_wrong_has_a_code_and_a_place() {
    for (expression, code, offset) in [
        ("", "selector-syntax", 0),
        ("a..b", "selector-syntax", 2),
        ("name.where(use = 'x", "selector-syntax", 17),
        ("name /* no end", "selector-syntax", 5),
        ("'\\q'", "selector-syntax", 1),
        ("'\\uD83D'", "selector-syntax", 1),
        ("@2026-02-30", "selector-syntax", 0),
        ("name)", "selector-syntax", 4),
        ("name.count(1)", "selector-syntax", 5),
        ("name.\u{e9}", "selector-syntax", 5),
        ("birthDate + 1", "selector-outside-subset", 10),
        ("name.descendants()", "selector-outside-subset", 5),
        ("today()", "selector-outside-subset", 0),
        ("4 days", "selector-outside-subset", 0),
        ("2147483648", "selector-outside-subset", 0),
        ("%resource.id", "selector-outside-subset", 0),
        ("1 | 1 is Integer", "selector-outside-subset", 6),
        ("name.given1", "selector-unknown-element", 5),
        ("Patient.multipleBirthInteger", "selector-unknown-element", 8),
        ("name.where(nothing = 'x')", "selector-unknown-element", 11),
        ("deceased.nothing.more", "selector-unknown-element", 9),
        ("1.name", "selector-unknown-element", 2),
        ("gender.is(string1)", "selector-unknown-type", 10),
        ("Encounter.status", "selector-wrong-context", 0),
        ("name.use = 'x' or name.single().exists()", "selector-not-single", 23),
        ("name < 'x'", "selector-not-single", 5),
        ("gender < 1", "selector-wrong-type", 7),
        ("name.where(given.count())", "selector-wrong-type", 5),
        ("-gender", "selector-outside-subset", 0),
        ("-'x'", "selector-wrong-type", 0),
        ("$index", "selector-wrong-type", 0),
    ] {
        let given = answer(expression, PATIENT);
        assert_eq!(given, Err((code.to_owned(), offset)), "{expression}");
    }
    let error = Expression::parse("a.b.children()").unwrap_err();
    assert!(error.message.contains("`children()`"), "{}", error.message);
}

#[test]
fn what_is_nested_or_long_beyond_reason_is_refused_and_overflows_nothing() {
    let deep =
        |start: &str, end: &str, times: usize| format!("{}a{}", start.repeat(times), end.repeat(times));
    for (start, end) in [
        ("(", ")"),
        ("a.where(", ")"),
        ("-", ""),
        ("a[", "]"),
        ("a | (", ")"),
        ("a = b | (", ")"),
        ("iif(a,", ")"),
    ] {
        let text = deep(start, end, 1_000);
        assert_eq!(Expression::parse(&text).unwrap_err().code, "selector-too-deep", "{start}");
        Expression::parse(&deep(start, end, 15)).unwrap_or_else(|error| panic!("{start}: {error:?}"));
    }
    assert_eq!(Expression::parse(&"a".repeat(MAX_LENGTH + 1)).unwrap_err().code, "selector-too-long");
    let json = Json::read(PATIENT).unwrap();
    for text in ["name".to_owned() + &".first()".repeat(2_000), "id".to_owned() + &" | id".repeat(3_000)] {
        let answer = Expression::parse(&text).unwrap().evaluate(&json, NodeId::ROOT, NodeId::ROOT);
        assert_eq!(answer.unwrap().len(), 1);
        let own = Type::stated(&json, NodeId::ROOT).unwrap();
        let context = Context { own, deviates: &|_, _| false };
        assert_eq!(context.selector(&text).unwrap_err().code, "selector-too-long");
    }
}

#[test]
fn work_beyond_measure_is_refused() {
    let values = (0..20_000).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    let body = format!(r#"{{"resourceType":"Patient","name":[{{"given":[{values}]}}]}}"#);
    assert_eq!(answer("name.given.distinct().count()", &body), Err(("selector-too-costly".to_owned(), 11)));
    assert_eq!(answer("name.given.count()", &body).as_deref(), Ok("20000"));
}

#[test]
fn what_fhir_does_not_have_is_not_guessed() {
    let claim =
        r#"{"resourceType":"Claim","status":"active","item":[{"servicedDate":"2026-01-15","sequence":1}]}"#;
    assert_eq!(answer("Claim.item.sequence", claim).as_deref(), Ok("1"));
    assert_eq!(answer("Claim.item.serviced", claim).as_deref(), Ok(r#""2026-01-15""#));
    assert_eq!(answer("Claim.status is code", claim).as_deref(), Ok("true"));
    for expression in ["Claim.nothing", "Claim.item.servicedDate"] {
        assert_eq!(answer(expression, claim).unwrap_err().0, "selector-unknown-element", "{expression}");
    }
}

#[test]
fn of_several_resources_those_are_asked_that_are_meant() {
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{PATIENT}}},{{"resource":{OBSERVATION}}}]}}"#
    );
    assert_eq!(answer("Patient.id", &bundle).as_deref(), Ok(r#""PAT-001""#));
    assert_eq!(
        answer("Bundle.entry.resource.ofType(Observation).status", &bundle).as_deref(),
        Ok(r#""final""#)
    );
    assert_eq!(answer("status", &bundle).unwrap_err().0, "selector-unknown-element");
    assert_eq!(answer("Encounter.id", &bundle).unwrap_err().0, "selector-wrong-context");
    let lines = format!("{}\n{}\n", PATIENT.replace('\n', ""), OBSERVATION.replace('\n', ""));
    assert_eq!(answer("Observation.status", &lines).as_deref(), Ok(r#""final""#));
    assert!(select("id", b"{".to_vec()).unwrap_err().contains("error[json."));
}

/// A selector of an adapter for Patients.
fn selector(text: &str) -> Result<Vec<Vec<airlock::engine::path::Step>>, PathError> {
    let own = Type::stated(&Json::read(PATIENT).unwrap(), NodeId::ROOT).unwrap();
    Context { own, deviates: &|_, names| names == ["nickname"] }.selector(text)
}

fn claimed(text: &str) -> Vec<String> {
    let json = Json::read(PATIENT).unwrap();
    let plan =
        Plan::new(std::iter::once(&selector(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))));
    let claims = plan.walk(&json, NodeId::ROOT, NodeId::ROOT);
    claims.iter().map(|claim| json.source(claim.node).trim_matches('"').to_owned()).collect()
}

#[test]
fn an_adapter_selects_what_an_evaluation_selects() {
    for (text, expected) in [
        ("name.given", "Pat Q P"),
        ("name.where(use = 'nickname').given", "P"),
        ("name.where(use = 'nickname' or given.count() > 5).given", "P"),
        ("name.where(given = 'P').use", ""),
        ("name.where(given contains 'Q').use", "official"),
        ("name.given[1] | name.given.last() | name.given.tail()", "Q P Q P"),
        ("Patient.identifier.where(system = 'urn:b').value", "SANDBOX-7"),
        ("multipleBirth.ofType(integer)", "2"),
        ("(multipleBirth as integer)", "2"),
        ("multipleBirth", "2"),
        ("birthDate.extension('urn:example:time').value.ofType(dateTime)", "1980-01-15T09:00:00Z"),
        ("birthDate.extension('urn:example:time').value", "1980-01-15T09:00:00Z"),
        ("managingOrganization.resolve().ofType(Organization).name", "Clinic Demo"),
        ("resourceType", "Patient"),
        ("name.where(family.length() = 7).use", "official"),
    ] {
        assert_eq!(claimed(text).join(" "), expected, "{text}");
    }
}

#[test]
fn an_adapter_is_told_what_computes_and_what_is_no_element() {
    for (text, code, offset) in [
        ("name.exists()", "selector-computes", 5),
        ("name.given.count()", "selector-computes", 11),
        ("gender = 'other'", "selector-computes", 7),
        ("'x'", "selector-computes", 0),
        ("name.given.is(string)", "selector-computes", 11),
        ("nickname.value", "", 0),
        ("surname", "selector-unknown-element", 0),
        ("Observation.status", "selector-wrong-context", 0),
        ("name.where(surname = 'x').given", "selector-unknown-element", 11),
        ("name.ofType(Address)", "selector-wrong-type", 5),
        ("(name | contact.name).first()", "selector-outside-subset", 22),
        ("name.select(given)", "selector-outside-subset", 5),
        ("name.given.first().extension('urn:x')", "selector-outside-subset", 19),
    ] {
        match selector(text) {
            Err(error) => assert_eq!((error.code, error.offset), (code, offset), "{text}: {}", error.message),
            // Where the adapter lists it, the source has an element of its own.
            Ok(_) => assert_eq!(code, "", "{text}"),
        }
    }
}

const WORDS: [&str; 44] = [
    "name",
    "given",
    "Patient",
    "where(",
    "(",
    ")",
    ".",
    "[",
    "]",
    "0",
    "1",
    "2.50",
    "'a'",
    "'\\u0041'",
    "and",
    "or",
    "xor",
    "implies",
    "=",
    "!=",
    "~",
    "<",
    ">=",
    "|",
    "in",
    "contains",
    "is",
    "as",
    "Quantity",
    "$this",
    "$index",
    "{}",
    "-",
    ",",
    "first()",
    "count()",
    "exists(",
    "birthDate",
    "@2026-01",
    "@T09",
    "distinct()",
    "extension('urn:x')",
    "resolve()",
    "`use`",
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_its_evaluation_ends(text in "\\PC{0,60}") {
        total(&text);
    }

    #[test]
    fn any_words_are_read_or_refused_and_their_evaluation_ends(
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..24),
        gap in prop::sample::select(&["", " "][..]),
    ) {
        total(&words.join(gap));
    }
}

fn total(text: &str) {
    let json = Json::read(PATIENT).unwrap();
    match Expression::parse(text) {
        Ok(expression) => {
            let first = expression.evaluate(&json, NodeId::ROOT, NodeId::ROOT);
            assert_eq!(first, expression.evaluate(&json, NodeId::ROOT, NodeId::ROOT), "{text}");
            if let Err(error) = first {
                assert!(error.offset <= text.len(), "{text}");
            }
        }
        Err(error) => assert!(error.offset <= text.len(), "{text}"),
    }
    if let Ok(selector) = selector(text) {
        Plan::new(std::iter::once(&selector)).walk(&json, NodeId::ROOT, NodeId::ROOT);
    }
}
