//! FHIR R4 structure: HL7's examples, Synthea's Bundles, literals by primitive type, and the reference validator's
//! verdicts.

use crate::support::corpus;
use airlock::api::{self, ResourceReport};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn report(path: &Path) -> ResourceReport {
    let mut reports = api::validate(std::fs::read(path).unwrap());
    assert_eq!(reports.len(), 1, "{}", path.display());
    reports.remove(0)
}

fn errors(report: &ResourceReport) -> Vec<String> {
    let failing = report.issues.iter().filter(|issue| ["fatal", "error"].contains(&issue.severity.as_str()));
    failing.map(|issue| format!("{} {}", issue.check, issue.path)).collect()
}

/// HL7's examples that are not valid, why, and what each of their errors begins with.
const AT_FAULT: [(&str, &str); 7] = [
    // Modifier extensions, none of which is known here, and nothing may be read past one that is not.
    ("Basic-referral.json", "validate.modifier-unknown Basic.modifierExtension["),
    // `reasonReference` may be a condition, observation, report, document or media; no procedure.
    (
        "DeviceUseStatement-example.json",
        "validate.reference-invalid DeviceUseStatement.reasonReference[0].reference",
    ),
    // A narrative is not blank (txt-2).
    ("EventDefinition-example.json", "validate.narrative-invalid EventDefinition.text.div"),
    // Each item has a `linkId`; here those that are displayed have none.
    ("Questionnaire-qs1.json", "validate.required-missing Questionnaire.item["),
    // A UUID in a URI is in lower case.
    ("TerminologyCapabilities-example.json", "validate.format-invalid TerminologyCapabilities.url"),
    // `performer` may be a practitioner, organization, care team, patient or related person; no encounter.
    ("Observation-clinical-gender.json", "validate.reference-invalid Observation.performer[0].reference"),
    // `dispenseRequest.performer` may be an organization; no practitioner.
    (
        "MedicationRequest-medrx0301.json",
        "validate.reference-invalid MedicationRequest.dispenseRequest.performer.reference",
    ),
];

#[test]
fn hl7s_examples_of_every_type_are_valid() {
    let Some(folder) = corpus::folder("hl7-r4-examples") else { return };
    let mut valid: BTreeMap<String, usize> = BTreeMap::new();
    let mut at_fault = 0;
    let mut wrong = Vec::new();
    for file in corpus::json_files(&folder, 370) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let report = report(&file);
        let kind = report.resource_type.clone().unwrap();
        if let Some((_, fault)) = AT_FAULT.iter().find(|(own, _)| *own == name) {
            let errors = errors(&report);
            assert!(
                !errors.is_empty() && errors.iter().all(|own| own.starts_with(fault)),
                "{name}: {errors:?}"
            );
            at_fault += 1;
        } else {
            wrong.extend((!report.valid).then(|| format!("{name}: {:?}", errors(&report))));
            *valid.entry(kind).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sum: usize = valid.values().sum();
    println!("{sum} valid of {} types, {at_fault} at fault: {valid:?}", valid.len());
    assert!(sum > 250 && valid.len() > 80, "{sum} {}", valid.len());
    assert_eq!(at_fault, AT_FAULT.len());
}

#[test]
fn synthea_bundles_are_valid() {
    all_are_valid("synthea", 6);
}

#[test]
fn published_notifications_are_valid() {
    all_are_valid("fhir-notifications", 5);
}

#[test]
fn published_audit_events_are_valid() {
    all_are_valid("audit-event-balp", 2);
}

fn all_are_valid(name: &str, least: usize) {
    let Some(folder) = corpus::folder(name) else { return };
    for file in corpus::json_files(&folder, least) {
        let report = report(&file);
        assert!(report.valid, "{}: {:?}", file.display(), errors(&report));
    }
}

/// A place for a literal of a primitive type, as one of several values where it may be `null`.
fn around(kind: &str, literal: &str) -> String {
    let element = |name: &str| {
        let url = r#""url":"urn:example""#;
        format!(r#"{{"resourceType":"Patient","extension":[{{{url},"{name}":{literal}}}]}}"#)
    };
    // A null stands for a value that only has a sidecar, which is possible in an array alone.
    if literal == "null" {
        let sidecar = r#"[{"extension":[{"url":"urn:example","valueCode":"x"}]}]"#;
        return match kind {
            "xhtml" => r#"{"resourceType":"Patient","text":{"status":"generated","div":null}}"#.to_owned(),
            _ => format!(r#"{{"resourceType":"Patient","name":[{{"given":[null],"_given":{sidecar}}}]}}"#),
        };
    }
    match kind {
        "base64_binary" => element("valueBase64Binary"),
        "positive_int" => element("valuePositiveInt"),
        "unsigned_int" => element("valueUnsignedInt"),
        "reference" => {
            let contained = r#""contained":[{"resourceType":"Patient","id":"p1"}]"#;
            let extension = format!(r#"{{"url":"urn:example","valueReference":{literal}}}"#);
            let keep = r##"{"url":"urn:example","valueReference":{"reference":"#p1"}}"##;
            format!(r#"{{"resourceType":"Patient",{contained},"extension":[{extension},{keep}]}}"#)
        }
        kind => {
            let (initial, rest) = kind.split_at(1);
            element(&format!("value{}{rest}", initial.to_uppercase()))
        }
    }
}

#[test]
fn literals_have_the_form_of_their_primitive_type() {
    let Some(folder) = corpus::folder("fhir-primitives") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut parts = name.split('.');
        let (kind, expected) = (parts.next().unwrap(), parts.next() == Some("valid"));
        let text = std::fs::read_to_string(&path).unwrap();
        for literal in text.lines().filter(|line| !line.trim().is_empty()) {
            seen += 1;
            if kind == "xhtml" && literal.starts_with('"') {
                // As a primitive any string; what a narrative may hold is told apart, by txt-1 and txt-2.
                let primitive = airlock::engine::validate::structure::Primitive::Xhtml;
                assert_eq!(primitive.accepts(literal.trim_matches('"')), expected, "{name}: {literal}");
                continue;
            }
            let body = if kind == "xhtml" && literal != "null" {
                format!(r#"{{"resourceType":"Patient","text":{{"status":"generated","div":{literal}}}}}"#)
            } else {
                around(kind, literal)
            };
            let reports = api::validate(body.clone().into_bytes());
            assert_eq!(reports[0].valid, expected, "{name}: {literal}\n{body}\n{:?}", errors(&reports[0]));
        }
    }
    assert!(seen > 80, "only {seen}");
}

/// Where the verdict differs from the reference validator's, and why.
const DISAGREEMENTS: [(&str, &str); 2] = [
    // It refers to `urn:uuid:…-X`, which is no UUID: a warning there, and an error here.
    ("ref-policy-default-r4", "invalid"),
    // Run there with a switch that lets contained resources pass unchecked; by default it refuses the file too.
    ("contained-resource-bad-id-ignore", "invalid"),
];

#[test]
fn verdicts_agree_with_the_reference_validator() {
    let Some(folder) = corpus::folder("fhir-validator-r4") else { return };
    let manifest = corpus::json(&folder.join("manifest.json"));
    let cases = manifest["test_cases"].as_array().unwrap();
    let (mut agree, mut argued) = (0, 0);
    for case in cases {
        let (name, file) = (case["name"].as_str().unwrap(), case["file"].as_str().unwrap());
        let expected = case["expected_valid"].as_bool().unwrap();
        let report = report(&folder.join("resources").join(file));
        if let Some((_, verdict)) = DISAGREEMENTS.iter().find(|(own, _)| *own == name) {
            assert!(expected && report.verdict == *verdict, "{name}: {}", report.verdict);
            argued += 1;
        } else {
            assert_eq!(report.valid, expected, "{name}: {:?}", errors(&report));
            agree += 1;
        }
    }
    println!("{agree} agree, {argued} differ and are argued");
    assert_eq!((agree + argued, cases.len()), (cases.len(), 36));
}

#[test]
fn decimals_keep_their_digits_through_validation_and_in_no_report() {
    for digits in ["1.00", "1.00065022141624642", "8E+1", "-0.0", "123456789012345678901234567890.5"] {
        let body = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{digits},"zzqx":1}}}}"#
        );
        let json = airlock::engine::fhir::Json::read(body.as_str()).unwrap();
        assert!(json.text().contains(digits), "{digits}");
        let report = api::validate(body.into_bytes()).remove(0);
        assert_eq!(errors(&report), ["validate.unknown-element Observation.value.ofType(Quantity).zzqx"]);
        assert!(!serde_json::to_string(&report).unwrap().contains(digits), "{digits}");
    }
    // Compared as decimals: the low of this range is above its high in the 20th digit alone.
    let range = |low: &str, high: &str| {
        let range = format!(r#"{{"low":{{"value":{low}}},"high":{{"value":{high}}}}}"#);
        let body = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueRange":{range}}}"#
        );
        api::validate(body.into_bytes()).remove(0).valid
    };
    assert!(range("1.0000000000000000001", "1.0000000000000000002"));
    assert!(!range("1.0000000000000000002", "1.0000000000000000001"));
}

#[test]
fn reports_never_repeat_a_value() {
    let body = json!({
        "resourceType": "Patient", "id": "Jane_Q", "gender": "Jane-Q", "birthDate": "Jane-Q", "name": "Jane-Q",
        "Jane-Q": 1, "telecom": [{ "value": "Jane-Q" }], "generalPractitioner": [{ "reference": "Jane-Q" }],
        "text": { "status": "generated", "div": "<Jane-Q/>" }, "contact": [{ "Jane Q": "Jane-Q" }],
    });
    let report = api::validate(body.to_string().into_bytes()).remove(0);
    assert!(report.issues.len() >= 9, "{:?}", errors(&report));
    let issues = serde_json::to_string(&report.issues).unwrap();
    assert!(!issues.contains("Jane"), "{issues}");
}

#[test]
fn lines_and_arrays_are_told_apart_and_counted_from_nought() {
    let text = "{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":\"Patient\",\"gender\":\"m\"}\n{bad}\n{\"resourceType\":\"Claims\"}\n";
    let reports = api::validate(text.as_bytes().to_vec());
    let seen: Vec<(usize, &str)> = reports.iter().map(|r| (r.index, r.verdict.as_str())).collect();
    assert_eq!(seen, [(0, "valid"), (1, "invalid"), (2, "invalid"), (3, "invalid")]);
    let position = reports[1].issues[0].position.unwrap();
    let (from, to) = reports[1].issues[0].span;
    assert_eq!((position.line, position.column), (3, 36));
    assert_eq!(&text[from as usize..to as usize], "\"m\"");
    assert_eq!(reports[2].issues[0].position.unwrap().line, 4);
    let array = api::validate(b"[{\"resourceType\":\"Patient\"},1,{}]".to_vec());
    assert_eq!(array.iter().map(|r| r.valid).collect::<Vec<_>>(), [true, false, false]);
    for nothing in [&b""[..], b" \n", b"\xff", b"\"x\"", b"null"] {
        let reports = api::validate(nothing.to_vec());
        assert_eq!((reports.len(), reports[0].valid), (1, false), "{nothing:?}");
        assert!(!reports[0].issues.is_empty());
    }
    let value: Value = serde_json::to_value(&reports[1]).unwrap();
    assert_eq!(value["resourceType"], "Patient");
}

#[test]
fn a_thousand_issues_are_told_and_the_rest_counted() {
    let names: Vec<Value> = (0..3000).map(|_| json!({ "use": "zzqx" })).collect();
    let body = json!({ "resourceType": "Patient", "name": names });
    let report = api::validate(body.to_string().into_bytes()).remove(0);
    assert_eq!(report.issues.len(), 1001);
    assert!(report.issues[1000].message.contains("2000"), "{}", report.issues[1000].message);
}

#[test]
fn an_error_after_a_thousand_other_issues_is_still_an_error() {
    let bad = json!({ "resource": { "resourceType": "Patient", "gender": "zzqx" } });
    // A fullUrl that ends otherwise is a warning.
    let warning = json!({
        "fullUrl": "https://ehr.example.invalid/fhir/Patient/PAT-001",
        "resource": { "resourceType": "Patient", "id": "PAT-002" }
    });
    let mut entries = vec![warning; 1500];
    for (n, entry) in entries.iter_mut().enumerate() {
        entry["fullUrl"] = json!(format!("https://ehr.example.invalid/fhir/Patient/X-{n}"));
    }
    let bundle =
        |entries: &[Value]| json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    assert!(api::validate(bundle(&entries).to_string().into_bytes())[0].valid);
    entries.push(bad);
    let report = api::validate(bundle(&entries).to_string().into_bytes()).remove(0);
    assert_eq!(errors(&report), ["validate.code-invalid Bundle.entry[1500].resource.gender"]);
    // And where the errors themselves are too many, what is left over still fails.
    let names: Vec<Value> = (0..1001).map(|_| json!({ "use": "zzqx" })).collect();
    let body = json!({ "resourceType": "Patient", "name": names });
    let report = api::validate(body.to_string().into_bytes()).remove(0);
    assert_eq!(report.issues.last().unwrap().severity, "error");
}

#[test]
fn an_element_has_a_value_or_children_and_an_extension_one_of_two() {
    let patient = |member: &str| format!(r#"{{"resourceType":"Patient",{member}}}"#);
    let valid = |body: &str| api::validate(body.as_bytes().to_vec()).remove(0).valid;
    for member in [
        r#""extension":[{"url":"urn:x"}]"#,
        r#""extension":[{"url":"urn:x","valueString":"a","extension":[{"url":"y","valueString":"b"}]}]"#,
        r#""extension":[{"url":"urn:x","extension":[{"url":"q"}]}]"#,
        r#""extension":[{"url":"x","valueString":"a"}]"#,
        r#""_birthDate":{"id":"x"}"#,
        r#""name":[{"id":"only"}]"#,
        r#""name":[{"given":["a"],"_given":[null,{"id":"x"}]}]"#,
        r#""name":[{"_id":{"id":"x"},"family":"x"}]"#,
        r#""maritalStatus":{"id":"x"}"#,
        r#""photo":[{"url":"http://x","extension":[{"url":"relative","valueString":"a"}]}]"#,
        r#""managingOrganization":{"type":"Practitioner","display":"x"}"#,
        r#""managingOrganization":{"reference":"not a reference: at all"}"#,
        r#""managingOrganization":{"reference":"urn:uuid:xyz"}"#,
        r##""contained":[{"resourceType":"Organization","id":"o","name":"x"}],"link":[{"other":{"reference":"#"},"type":"seealso"}]"##,
    ] {
        assert!(!valid(&patient(member)), "{member} passed");
    }
    for member in [
        r#""extension":[{"url":"urn:x","extension":[{"url":"y","valueString":"b"}]}]"#,
        r#""birthDate":"1971","_birthDate":{"id":"x"}"#,
        r#""_birthDate":{"extension":[{"url":"urn:x","valueCode":"unknown"}]}"#,
        r#""name":[{"given":[null,"b"],"_given":[{"extension":[{"url":"urn:x","valueCode":"a"}]},{"id":"x"}]}]"#,
        r##""contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}"##,
        r#""managingOrganization":{"reference":"Organization?name=a b"}"#,
    ] {
        assert!(valid(&patient(member)), "{member}: {:?}", api::validate(patient(member).into_bytes()));
    }
    let observation = |a: &str, b: &str| {
        valid(&format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{a}]}},"valueString":"x","component":[{{"code":{{"coding":[{b}]}}}}]}}"#
        ))
    };
    assert!(observation(r#"{"display":"BP"}"#, r#"{"display":"Sys"}"#));
    assert!(!observation(r#"{"code":"a","system":"urn:x"}"#, r#"{"system":"urn:x","code":"a"}"#));
}

#[test]
fn the_work_grows_with_the_size_and_not_with_its_square() {
    // Counted in entries that would take minutes if each were held against each.
    let many = 20_000;
    let codings: Vec<Value> =
        (0..many).map(|n| json!({ "system": "urn:x", "code": format!("c{n}") })).collect();
    let components: Vec<Value> =
        (0..many).map(|n| json!({ "code": { "coding": [{ "code": format!("d{n}") }] } })).collect();
    let contained: Vec<Value> = (0..many)
        .map(|n| json!({ "resourceType": "Organization", "id": format!("o{n}"), "name": "x" }))
        .collect();
    let references: Vec<Value> = (0..many).map(|n| json!({ "reference": format!("#o{n}") })).collect();
    let nulls = vec![Value::Null; many];
    let sidecars: Vec<Value> =
        (0..many).map(|_| json!({ "extension": [{ "url": "urn:x", "valueCode": "a" }] })).collect();
    for body in [
        json!({ "resourceType": "Observation", "status": "final", "code": { "coding": codings }, "valueString": "x", "component": components }),
        json!({ "resourceType": "Patient", "contained": contained, "generalPractitioner": references }),
        json!({ "resourceType": "Patient", "name": [{ "given": nulls, "_given": sidecars }] }),
    ] {
        let report = api::validate(body.to_string().into_bytes()).remove(0);
        assert!(report.valid, "{:?}", errors(&report));
    }
}
