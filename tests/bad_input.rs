//! Whatever arrives is refused with its code and path, or handled; nothing panics, and the connector goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{Header, Request, RunView, Setup, Severity, check_policy, fixture, request_for, sign};
use airlock::engine::audit::Tree;
use airlock::engine::phi::Phi;
use airlock::engine::time::Instant;
use airlock::engine::webhook::{Delivery, Key};
use airlock::engine::{Connector, Outcome, Remembered};
use serde_json::{Value, json};
use support::{
    NOW, Sandbox, end, place_of, referral, referral_body, referral_value, send, signed, signed_now,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A request is refused at the door or after, as said; it leaves no record; and the connector goes on.
#[track_caller]
fn refused(
    sandbox: &mut Sandbox,
    what: &str,
    request: &Request,
    status: u16,
    code: &str,
    path: Option<&str>,
) -> RunView {
    let crm = sandbox.session.crm().to_vec();
    let run = send(&mut sandbox.session, request);
    // Drift says that the adapter is behind: the event is kept until it has caught up.
    let drift = code == "validate.schema-drift";
    let (outcome, logged) = if drift { ("dead-lettered", "dead-lettered") } else { ("rejected", "refused") };
    assert_eq!(end(&run), (outcome, Some(code), path), "{what}");
    assert_eq!(run.receipt.status, status, "{what}");
    assert_eq!(run.records, [], "{what}");
    assert!(run.ledger.iter().all(|row| !row.crossed && row.value.is_none()), "{what}: something crossed");
    assert_eq!(sandbox.session.crm(), crm, "{what}: the CRM changed");
    let last = sandbox.session.timeline().pop().unwrap();
    assert_eq!((last.outcome.as_str(), last.code.as_deref()), (logged, Some(code)), "{what}: the log");
    assert_eq!(last.path.as_deref(), path, "{what}: the log's path");
    sandbox.goes_on(what);
    run
}

/// A body is acknowledged and then refused by validation.
#[track_caller]
fn body_refused(sandbox: &mut Sandbox, what: &str, body: &str, code: &str, path: Option<&str>) -> RunView {
    let id = sandbox.fresh_id();
    let request = signed_now(&sandbox.setup, &id, body);
    refused(sandbox, what, &request, 202, code, path)
}

/// The referral with something changed.
fn referral_with(change: impl FnOnce(&mut Value)) -> String {
    let mut value = referral_value();
    change(&mut value);
    value.to_string()
}

/// The referral's ServiceRequest with something changed.
fn request_with(change: impl FnOnce(&mut Value)) -> String {
    referral_with(|value| change(value.pointer_mut("/data/entry/0/resource").unwrap()))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_missing_header_is_named() {
    let mut sandbox = Sandbox::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut request = signed_now(&sandbox.setup, "evt-header", &referral_body());
        request.headers.retain(|header| header.name != name);
        refused(&mut sandbox, name, &request, 400, "webhook.header-missing", Some(name));
    }
    let none = Request { headers: Vec::new(), body: referral_body() };
    refused(&mut sandbox, "no header", &none, 400, "webhook.header-missing", Some("webhook-id"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_that_comes_twice_is_named_whatever_its_case() {
    let mut sandbox = Sandbox::new();
    for (name, spelling) in [
        ("webhook-id", "Webhook-Id"),
        ("webhook-timestamp", "webhook-timestamp"),
        ("webhook-signature", "WEBHOOK-SIGNATURE"),
    ] {
        let mut request = signed_now(&sandbox.setup, "evt-header", &referral_body());
        let value = request.header(name).unwrap().to_owned();
        request.headers.push(Header { name: spelling.to_owned(), value });
        refused(&mut sandbox, spelling, &request, 400, "webhook.header-repeated", Some(name));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn header_names_are_read_without_regard_to_case_and_others_do_not_matter() {
    let mut sandbox = Sandbox::new();
    let body = sandbox.fresh_body();
    let mut request = signed_now(&sandbox.setup, "evt-case", &body);
    request.headers.iter_mut().for_each(|header| header.name = header.name.to_uppercase());
    request.headers.push(Header { name: "x-request-id".to_owned(), value: "1".to_owned() });
    request.headers.push(Header { name: "x-request-id".to_owned(), value: "2".to_owned() });
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_id_out_of_form_is_refused() {
    let mut sandbox = Sandbox::new();
    let long = "x".repeat(200);
    let just_too_long = "x".repeat(129);
    for id in ["", "evt.1", &long, &just_too_long, "evt 1", " ", "évt"] {
        let request = signed_now(&sandbox.setup, id, &referral_body());
        refused(
            &mut sandbox,
            &format!("id {id:?}"),
            &request,
            400,
            "webhook.id-malformed",
            Some("webhook-id"),
        );
    }
    for id in ["evt\n1", "evt\u{0}", "evt\r\nwebhook-id: evt-2"] {
        let request = signed_now(&sandbox.setup, id, &referral_body());
        let (code, path) = ("webhook.header-malformed", Some("webhook-id"));
        refused(&mut sandbox, &format!("id {id:?}"), &request, 400, code, path);
    }
    let longest = "x".repeat(128);
    for id in [longest.as_str(), "A-z_09"] {
        let body = sandbox.fresh_body();
        let request = signed_now(&sandbox.setup, id, &body);
        assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None), "id {id:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_timestamp_that_is_no_whole_number_of_seconds_is_refused() {
    let mut sandbox = Sandbox::new();
    let now = (NOW / 1000).to_string();
    let padded =
        [format!(" {now}"), format!("+{now}"), format!("{now}.5"), format!("-{now}"), format!("{now} ")];
    let others =
        ["", "yesterday", "99999999999999999999", "0x10", "1e9", "١٧٦٨٤٦٧٦٠٠", "2026-01-15T09:00:00Z"];
    for timestamp in padded.iter().map(String::as_str).chain(others) {
        let request = signed(&sandbox.setup, "evt-time", timestamp, &referral_body());
        let (code, path) = ("webhook.timestamp-malformed", Some("webhook-timestamp"));
        refused(&mut sandbox, &format!("timestamp {timestamp:?}"), &request, 400, code, path);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_timestamp_may_be_300_seconds_off_and_no_more() {
    let mut sandbox = Sandbox::new();
    let now = NOW / 1000;
    for (off, code) in [
        (-299, None),
        (-300, None),
        (-301, Some("webhook.timestamp-too-old")),
        (299, None),
        (300, None),
        (301, Some("webhook.timestamp-too-new")),
    ] {
        let (id, body) = (sandbox.fresh_id(), sandbox.fresh_body());
        let request = signed(&sandbox.setup, &id, &(now + off).to_string(), &body);
        match code {
            None => {
                assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None), "{off}")
            }
            Some(code) => {
                refused(&mut sandbox, &off.to_string(), &request, 400, code, Some("webhook-timestamp"));
            }
        }
    }
    for (timestamp, code) in
        [("0", "webhook.timestamp-too-old"), ("9223372036854775807", "webhook.timestamp-too-new")]
    {
        let request = signed(&sandbox.setup, "evt-far", timestamp, &referral_body());
        refused(&mut sandbox, timestamp, &request, 400, code, Some("webhook-timestamp"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_signature_of_another_version_or_message_is_refused() {
    let mut sandbox = Sandbox::new();
    let good = signed_now(&sandbox.setup, "evt-signature", &referral_body());
    let signature = good.header("webhook-signature").unwrap().to_owned();
    let digits = signature.strip_prefix("v1,").unwrap();
    let truncated = signature[..signature.len() - 8].to_owned();
    let (unsupported, mismatch) = ("webhook.signature-unsupported", "webhook.signature-mismatch");
    let malformed = "webhook.signature-malformed";
    for (what, value, code) in [
        ("another version", format!("v2,{digits}"), unsupported),
        ("no version", digits.to_owned(), unsupported),
        ("empty", String::new(), unsupported),
        ("capital version", format!("V1,{digits}"), unsupported),
        ("of another version's length", format!("v1a,{digits}"), malformed),
        ("truncated", truncated, malformed),
        ("nothing after the version", "v1,".to_owned(), malformed),
        ("no base64", "v1,!!not*base64!!".to_owned(), malformed),
        ("with junk after it", format!("{signature}AAAA"), malformed),
        ("with a comma after it", format!("{signature},v1"), malformed),
        ("without padding", signature.trim_end_matches('=').to_owned(), malformed),
        ("in the URL's alphabet", format!("v1,{}-_=", "A".repeat(41)), malformed),
        ("too many", [signature.as_str(); 17].join(" "), malformed),
        ("all zero", format!("v1,{}=", "A".repeat(43)), mismatch),
        ("Ed25519 where there is no such key", format!("v1a,{}==", "A".repeat(86)), mismatch),
    ] {
        let mut request = good.clone();
        request.set_header("webhook-signature", value);
        refused(&mut sandbox, what, &request, 401, code, Some("webhook-signature"));
    }
    for (what, change) in [
        ("another body", Box::new(|r: &mut Request| r.body.push(' ')) as Box<dyn Fn(&mut Request)>),
        ("another id", Box::new(|r: &mut Request| r.set_header("webhook-id", "evt-signaturE"))),
        (
            "another time",
            Box::new(|r: &mut Request| r.set_header("webhook-timestamp", (NOW / 1000 - 1).to_string())),
        ),
    ] {
        let mut request = good.clone();
        change(&mut request);
        refused(&mut sandbox, what, &request, 401, mismatch, Some("webhook-signature"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn one_good_signature_among_several_is_enough() {
    let mut sandbox = Sandbox::new();
    let body = sandbox.fresh_body();
    let mut request = signed_now(&sandbox.setup, "evt-several", &body);
    let good = request.header("webhook-signature").unwrap().to_owned();
    let zero = format!("v1,{}=", "A".repeat(43));
    request.set_header("webhook-signature", format!("v2,AAAA {zero} v1,! {good} v3,x"));
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None));
}

/// Another secret: 32 bytes of `o`.
const OLDER: &str = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

#[wasm_bindgen_test(unsupported = test)]
fn while_secrets_rotate_the_older_one_still_signs_and_afterwards_not() {
    let setup = referral().setup;
    let mut older = setup.clone();
    older.source.secrets = vec![OLDER.to_owned()];
    let mut rotating = setup.clone();
    rotating.source.secrets.push(OLDER.to_owned());

    let mut sandbox = Sandbox::with(rotating);
    let body = sandbox.fresh_body();
    let by_older = signed_now(&older, "evt-rotation-1", &body);
    assert_eq!(end(&send(&mut sandbox.session, &by_older)), ("delivered", None, None));
    sandbox.goes_on("a message signed with the older secret");

    sandbox.session.configure(&setup).unwrap();
    sandbox.setup = setup;
    let by_older = signed_now(&older, "evt-rotation-2", &referral_body());
    let path = Some("webhook-signature");
    refused(&mut sandbox, "the retired secret", &by_older, 401, "webhook.signature-mismatch", path);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_secret_out_of_form_is_not_put_in_force_and_the_earlier_ones_stay() {
    let mut sandbox = Sandbox::new();
    for secret in
        ["", "whsec_", "whsec_c2hvcnQ=", "secret", "whsec_!!!!", &format!("whsec_{}", "A".repeat(88))]
    {
        let mut setup = sandbox.setup.clone();
        setup.source.secrets.insert(0, secret.to_owned());
        let diagnostics = sandbox.session.configure(&setup).expect_err(secret);
        assert!(
            diagnostics.iter().any(|d| d.code == "setting.secret-malformed"),
            "{secret}: {diagnostics:?}"
        );
        sandbox.goes_on(secret);
    }
    let mut setup = sandbox.setup.clone();
    setup.source.secrets.clear();
    assert!(sandbox.session.configure(&setup).is_err());
    sandbox.goes_on("no secret at all");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_and_a_huge_body_are_refused_at_the_door() {
    let mut sandbox = Sandbox::new();
    let empty = signed_now(&sandbox.setup, "evt-empty", "");
    refused(&mut sandbox, "an empty body", &empty, 400, "webhook.body-empty", None);
    let huge = format!("\"{}\"", "x".repeat(10_000_000));
    let huge = signed_now(&sandbox.setup, "evt-huge", &huge);
    refused(&mut sandbox, "a body of 10 MB", &huge, 413, "webhook.body-too-large", None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_large_body_within_the_limit_is_delivered() {
    let mut sandbox = Sandbox::new();
    let body = request_with(|request| {
        let notes = request["note"].as_array_mut().unwrap();
        notes.extend((0..8).map(|_| json!({ "text": "sample ".repeat(140_000) })));
    });
    assert!(body.len() > 7_000_000);
    assert_eq!(end(&sandbox.send_body(&body)), ("delivered", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_json_is_refused_with_its_place() {
    let mut sandbox = Sandbox::new();
    let cut = referral_body();
    let cut = &cut[..cut.len() - 3];
    let end_of_cut = (
        u32::try_from(cut.matches('\n').count()).unwrap() + 1,
        u32::try_from(cut.rsplit('\n').next().unwrap().chars().count()).unwrap() + 1,
    );
    for (body, code, place) in [
        ("hello", "json.syntax", (1, 1)),
        (" ", "json.syntax", (1, 2)),
        ("{\n  \"a\": 1,\n}", "json.syntax", (3, 1)),
        ("{\"ä\": NaN}", "json.syntax", (1, 7)),
        ("[Infinity]", "json.syntax", (1, 2)),
        ("{'a': 1}", "json.syntax", (1, 2)),
        ("{\"a\": 01}", "json.syntax", (1, 9)),
        ("{\"a\": 1} {\"b\": 2}", "json.syntax", (1, 10)),
        ("{\"a\":\n\"\\ud800\"}", "json.lone-surrogate", (2, 2)),
        ("{\"a\": \"\\udc00\\ud800\"}", "json.lone-surrogate", (1, 8)),
        ("{\"a\": 1,\n \"b\": 2, \"a\": 3}", "json.duplicate-key", (2, 10)),
        ("{\"a\": 1, \"\\u0061\": 2}", "json.duplicate-key", (1, 10)),
        ("{\"x\": {\"a\": 1, \"a\": 2}}", "json.duplicate-key", (1, 16)),
        (cut, "json.syntax", end_of_cut),
    ] {
        let run = body_refused(&mut sandbox, body, body, code, None);
        let position = run.refusal.unwrap().position.expect("a place");
        assert_eq!((position.line, position.column), place, "{body}");
        assert!(run.ledger.is_empty(), "{body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn json_nested_ten_thousand_deep_is_refused_and_overflows_nothing() {
    let mut sandbox = Sandbox::new();
    let arrays = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let inside = request_with(|request| request["x"] = json!("HERE")).replace("\"HERE\"", &arrays);
    for (what, body) in [("arrays", arrays), ("objects", objects), ("inside a referral", inside)] {
        let run = body_refused(&mut sandbox, what, &body, "json.too-deep", None);
        assert!(run.refusal.unwrap().position.is_some(), "{what}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn duplicate_keys_inside_a_good_referral_are_refused_even_when_escaped() {
    let mut sandbox = Sandbox::new();
    let body = referral_body();
    for again in ["\"status\": \"active\",", "\"statu\\u0073\": \"revoked\","] {
        let twice = body.replacen("\"status\": \"active\",", &format!("\"status\": \"active\", {again}"), 1);
        assert_ne!(twice, body);
        let run = body_refused(&mut sandbox, again, &twice, "json.duplicate-key", None);
        let position = run.refusal.unwrap().position.unwrap();
        let offset = usize::try_from(position.offset).unwrap();
        assert!(
            twice[offset..].starts_with(again.split(':').next().unwrap()),
            "the place is the second key's"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn bytes_that_are_not_utf_8_are_refused() {
    let setup = referral().setup;
    let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
    let (id, timestamp) = ("evt-latin1", (NOW / 1000).to_string());
    let secret = Key::parse(&setup.source.secrets[0]).unwrap();
    for body in [b"{\"a\": \"\xe9\"}".to_vec(), vec![0xff, 0xfe, b'{', 0], vec![0xc0, 0x80]] {
        let headers = [
            ("webhook-id", format!("{id}-{}", body.len())),
            ("webhook-timestamp", timestamp.clone()),
            ("webhook-signature", secret.sign(&format!("{id}-{}", body.len()), &timestamp, &body).unwrap()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let receipt =
            connector.receive(Delivery { headers, body: Phi::new(body) }, Instant(NOW), &mut |_| {});
        assert_eq!(receipt.status, 202);
        let run = connector.advance(Instant(NOW), &mut |_| {}).expect("it was queued");
        assert_eq!(run.outcome, Outcome::Rejected);
        assert_eq!(run.refusal.unwrap().code.as_str(), "json.not-utf8");
    }
    assert!(connector.advance(Instant(NOW), &mut |_| {}).is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_of_400_digits_is_carried_digit_for_digit() {
    let mut sandbox = Sandbox::new();
    let digits = format!("{}.{}", "9".repeat(200), "1234567890".repeat(20));
    let body = request_with(|request| {
        request["extension"] =
            json!([{ "url": "https://ehr.example.invalid/score", "valueDecimal": "HERE" }]);
    })
    .replace("\"HERE\"", &digits);
    let run = sandbox.send_body(&body);
    assert_eq!(end(&run), ("delivered", None, None));
    let row = run.ledger.iter().find(|row| row.path.ends_with("valueDecimal")).expect("a row");
    let (start, end) = row.span;
    assert_eq!(&body[start as usize..end as usize], digits);
    assert!(!row.crossed);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_byte_order_mark_before_the_body_is_skipped() {
    let mut sandbox = Sandbox::new();
    let body = format!("\u{FEFF}{}", sandbox.fresh_body());
    assert_eq!(end(&sandbox.send_body(&body)), ("delivered", None, None));
    let twice = format!("\u{FEFF}{body}");
    body_refused(&mut sandbox, "two marks", &twice, "json.syntax", None);
}

#[wasm_bindgen_test(unsupported = test)]
fn json_that_is_no_event_is_refused() {
    let mut sandbox = Sandbox::new();
    for body in ["null", "true", "1", "\"text\"", "[]", "[{}]"] {
        body_refused(&mut sandbox, body, body, "event.envelope-invalid", None);
    }
    let missing = Some("resourceType");
    body_refused(&mut sandbox, "an empty object", "{}", "validate.resource-type-missing", missing);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_envelope_has_its_members_and_no_other() {
    let mut sandbox = Sandbox::new();
    type Change = fn(&mut Value);
    let cases: [(&str, Change, &str, Option<&str>); 9] = [
        ("an unknown member", |v| v["priority"] = json!("high"), "event.envelope-invalid", None),
        ("no type", |v| drop(v.as_object_mut().unwrap().remove("type")), "event.envelope-invalid", None),
        (
            "no timestamp",
            |v| drop(v.as_object_mut().unwrap().remove("timestamp")),
            "event.envelope-invalid",
            None,
        ),
        ("a type that is a number", |v| v["type"] = json!(1), "event.envelope-invalid", None),
        ("a timestamp that is null", |v| v["timestamp"] = Value::Null, "event.envelope-invalid", None),
        ("a source that is an object", |v| v["source"] = json!({}), "event.envelope-invalid", None),
        (
            "another source",
            |v| v["source"] = json!("HOSP-SANDBOX-B"),
            "provenance.source-mismatch",
            Some("source"),
        ),
        ("data that is a string", |v| v["data"] = json!("ServiceRequest"), "event.envelope-invalid", None),
        ("data that is null", |v| v["data"] = Value::Null, "event.envelope-invalid", None),
    ];
    for (what, change, code, path) in cases {
        let run = body_refused(&mut sandbox, what, &referral_with(change), code, path);
        assert!(run.refusal.unwrap().position.is_some(), "{what}: no place");
    }
    let without = referral_with(|v| drop(v.as_object_mut().unwrap().remove("source")));
    let without = without.replace("REF-001", "REF-NO-SOURCE");
    assert_eq!(end(&sandbox.send_body(&without)), ("delivered", None, None), "the source is optional");
}

#[wasm_bindgen_test(unsupported = test)]
fn resource_types_must_be_there_and_exist() {
    let mut sandbox = Sandbox::new();
    let (missing, unknown) = ("validate.resource-type-missing", "validate.resource-type-unknown");
    let focus = "Bundle.entry[0].resource.resourceType";
    for (value, code) in [
        (json!("ServiceReqest"), unknown),
        (json!("servicerequest"), unknown),
        (json!(""), unknown),
        (json!(7), unknown),
        (Value::Null, unknown),
    ] {
        let body = request_with(|request| request["resourceType"] = value.clone());
        body_refused(&mut sandbox, &format!("type {value}"), &body, code, Some(focus));
    }
    let body = request_with(|request| drop(request.as_object_mut().unwrap().remove("resourceType")));
    body_refused(&mut sandbox, "no type", &body, missing, Some(focus));
    let body = referral_with(|value| drop(value["data"].as_object_mut().unwrap().remove("resourceType")));
    body_refused(&mut sandbox, "no type of the Bundle", &body, missing, Some("resourceType"));
    let body = referral_with(|value| value["data"]["resourceType"] = json!("Bundel"));
    body_refused(&mut sandbox, "a misspelt Bundle", &body, unknown, Some("resourceType"));
    body_refused(
        &mut sandbox,
        "a bare one",
        "{\"resourceType\":\"Nonesuch\"}",
        unknown,
        Some("resourceType"),
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_bundle_entry_without_a_resource_is_named() {
    let mut sandbox = Sandbox::new();
    for (at, entry) in [
        (0, json!({})),
        (2, json!({ "fullUrl": "https://ehr.example.invalid/fhir/Task/T-1" })),
        (4, Value::Null),
    ] {
        let body = referral_with(|v| v["data"]["entry"].as_array_mut().unwrap().insert(at, entry));
        let path = format!("Bundle.entry[{at}]");
        let code = "validate.entry-without-resource";
        let run = body_refused(&mut sandbox, &path, &body, code, Some(&path));
        assert!(run.refusal.unwrap().position.is_some());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_bundle_without_its_focus_or_with_two_is_refused() {
    let mut sandbox = Sandbox::new();
    let focus_missing = "validate.focus-missing";
    let empty = referral_with(|v| v["data"]["entry"] = json!([]));
    body_refused(&mut sandbox, "an empty Bundle", &empty, focus_missing, Some("ServiceRequest"));
    let none = referral_with(|v| drop(v["data"].as_object_mut().unwrap().remove("entry")));
    body_refused(&mut sandbox, "a Bundle without entries", &none, focus_missing, Some("Bundle.entry"));
    let others = referral_with(|v| drop(v["data"]["entry"].as_array_mut().unwrap().remove(0)));
    body_refused(&mut sandbox, "only a Patient", &others, focus_missing, Some("ServiceRequest"));
    let wrong = referral_with(|v| v["data"]["entry"] = json!({}));
    body_refused(
        &mut sandbox,
        "entries that are an object",
        &wrong,
        "validate.wrong-type",
        Some("Bundle.entry"),
    );
    let two = referral_with(|v| {
        let mut second = v["data"]["entry"][0].clone();
        second["resource"]["id"] = json!("REF-002");
        v["data"]["entry"].as_array_mut().unwrap().push(second);
    });
    body_refused(&mut sandbox, "two referrals", &two, "validate.focus-ambiguous", Some("ServiceRequest"));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_type_that_the_policy_does_not_cover_is_refused() {
    let mut sandbox = Sandbox::new();
    for event_type in ["referral.deleted", "", "REFERRAL.CREATED", "observation.created"] {
        let body = referral_with(|v| v["type"] = json!(event_type));
        let run = send_refused(&mut sandbox, &body);
        assert_eq!(run.refusal.as_ref().unwrap().code, "validate.event-type-not-covered", "{event_type:?}");
    }
    let patient = "{\"resourceType\":\"Patient\",\"id\":\"PAT-001\"}";
    body_refused(&mut sandbox, "a bare Patient", patient, "validate.event-type-not-covered", Some("Patient"));
}

/// Rejected, and the connector goes on.
#[track_caller]
fn send_refused(sandbox: &mut Sandbox, body: &str) -> RunView {
    let run = sandbox.send_body(body);
    assert_eq!((run.outcome.as_str(), run.records.len()), ("rejected", 0));
    sandbox.goes_on("a refusal");
    run
}

#[wasm_bindgen_test(unsupported = test)]
fn elements_of_the_wrong_kind_missing_or_with_unknown_codes_are_named() {
    let mut sandbox = Sandbox::new();
    let (wrong, invalid, missing) =
        ("validate.schema-drift", "validate.code-invalid", "validate.required-missing");
    let (many, empty, form) = ("validate.schema-drift", "validate.empty", "validate.format-invalid");
    for (element, value, code) in [
        ("status", json!(1), wrong),
        ("status", json!(["active"]), many),
        ("status", Value::Null, empty),
        ("status", json!({ "value": "active" }), wrong),
        ("status", json!("actve"), invalid),
        ("status", json!("Active"), invalid),
        ("status", json!("active "), form),
        ("status", json!(""), empty),
        ("intent", json!("wish"), invalid),
        ("intent", json!(true), wrong),
        ("priority", json!("soon"), invalid),
        ("priority", json!(1), wrong),
        ("subject", json!("Patient/PAT-001"), wrong),
        ("subject", json!([{ "reference": "Patient/PAT-001" }]), many),
        ("subject", Value::Null, empty),
        ("authoredOn", json!(20260114), wrong),
        ("id", json!(1), wrong),
        ("id", json!(""), empty),
    ] {
        let body = request_with(|request| request[element] = value.clone());
        let path = format!("Bundle.entry[0].resource.{element}");
        let run = body_refused(&mut sandbox, &format!("{element} {value}"), &body, code, Some(&path));
        let position = run.refusal.unwrap().position.expect("a place");
        let at = usize::try_from(position.offset).unwrap();
        assert!(body[at..].starts_with(&value.to_string()), "{element} {value}: the place is the value's");
    }
    for element in ["status", "intent", "subject"] {
        let body = request_with(|request| drop(request.as_object_mut().unwrap().remove(element)));
        body_refused(
            &mut sandbox,
            element,
            &body,
            missing,
            Some(&format!("Bundle.entry[0].resource.{element}")),
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn elements_that_no_rule_needs_are_held_to_fhir_all_the_same() {
    let mut sandbox = Sandbox::new();
    for (element, value, code, path) in [
        ("category", json!("cardiology"), "validate.schema-drift", "category"),
        ("category", json!([null]), "validate.empty", "category[0]"),
        (
            "category",
            json!([{ "coding": [{ "display": {} }] }]),
            "validate.schema-drift",
            "category[0].coding[0].display",
        ),
        ("code", json!([]), "validate.schema-drift", "code"),
        ("note", json!({ "text": ["a", "b"] }), "validate.schema-drift", "note"),
        (
            "note",
            json!([{ "text": "a", "authorString": "b", "authorReference": { "reference": "Practitioner/PRAC-001" } }]),
            "validate.too-many",
            "note[0].author",
        ),
        ("performer", json!([{ "reference": 7 }]), "validate.schema-drift", "performer[0].reference"),
        (
            "requester",
            json!({ "reference": "#nowhere" }),
            "validate.reference-unresolved",
            "requester.reference",
        ),
        (
            "requester",
            json!({ "reference": "Location/LOC-001" }),
            "validate.reference-invalid",
            "requester.reference",
        ),
        ("_status", json!({ "extension": [] }), "validate.empty", "status.extension"),
        ("restriction", json!({}), "validate.schema-drift", "restriction"),
        ("contained", json!([null, {}]), "validate.wrong-type", "contained[0]"),
        ("orderDetails", json!([]), "validate.schema-drift", "?"),
        ("authoredOn", json!("2026-02-30"), "validate.format-invalid", "authoredOn"),
        (
            "occurrencePeriod",
            json!({ "start": "2026-02-01", "end": "2026-01-01" }),
            "validate.invariant-broken",
            "occurrence.ofType(Period)",
        ),
    ] {
        let mut body: Value = serde_json::from_str(&sandbox.fresh_body()).unwrap();
        body["data"]["entry"][0]["resource"][element] = value.clone();
        let path = format!("Bundle.entry[0].resource.{path}");
        body_refused(&mut sandbox, &format!("{element} {value}"), &body.to_string(), code, Some(&path));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn data_that_looks_real_needs_an_attestation_and_the_attestation_is_audited() {
    let mut sandbox = Sandbox::new();
    let real = |id: &str| {
        referral_with(|v| {
            v["data"]["entry"][1]["resource"]["name"][0]["family"] = json!("Quimby");
            v["data"]["entry"][0]["resource"]["id"] = json!(id);
        })
    };
    let path = "Bundle.entry[1].resource.name[0].family";
    let code = "synthetic.attestation-required";
    let run = sandbox.send_body(&real("REF-REAL-1"));
    assert_eq!(end(&run), ("rejected", Some(code), Some(path)));
    assert!(sandbox.session.timeline().into_iter().all(|entry| entry.outcome != "attested"));
    sandbox.goes_on("data that looks real");

    sandbox.session.attest(NOW);
    let attested = sandbox.session.timeline().pop().unwrap().clone();
    assert_eq!((attested.outcome.as_str(), attested.action.as_str()), ("attested", "attest-synthetic"));
    assert_eq!(attested.actor, sandbox.setup.actor);
    let run = sandbox.send_body(&real("REF-REAL-2"));
    assert_eq!(end(&run), ("delivered", None, None));
    assert!(
        run.records.iter().flat_map(|record| &record.fields).all(|f| f.value.as_deref() != Some("Quimby"))
    );

    sandbox.session.withdraw_attestation();
    assert_eq!(sandbox.send_body(&real("REF-REAL-3")).refusal.unwrap().code, code);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_session_without_a_setting_refuses_everything_and_says_so() {
    let mut session = airlock::api::Session::new();
    let run = send(&mut session, &referral().requests[0].1);
    assert_eq!(end(&run), ("rejected", Some("connector.not-configured"), None));
    assert_eq!(run.receipt.status, 503);
}

/// A setup with one of its texts replaced.
fn setup_with(change: impl FnOnce(&mut Setup)) -> Setup {
    let mut setup = referral().setup;
    change(&mut setup);
    setup
}

#[wasm_bindgen_test(unsupported = test)]
fn a_broken_setting_gives_diagnostics_and_the_earlier_one_stays_in_force() {
    let mut sandbox = Sandbox::new();
    for (what, setup, code) in [
        ("policy", setup_with(|s| s.policy = "nonsense".to_owned()), "policy.json-syntax"),
        ("adapter", setup_with(|s| s.adapter.truncate(200)), "adapter.json-syntax"),
        ("consents", setup_with(|s| s.consents = "[{]".to_owned()), "consents.json-syntax"),
        ("not a consent", setup_with(|s| s.consents = "[{}]".to_owned()), "consents.not-a-consent"),
        (
            "selector",
            setup_with(|s| {
                s.adapter = s.adapter.replacen("Request.status\"", "Request.status.children()\"", 1)
            }),
            "adapter.selector-outside-subset",
        ),
        ("source", setup_with(|s| s.source.id = "HOSP-SANDBOX-B".to_owned()), "setting.source-mismatch"),
        (
            "event type",
            setup_with(|s| s.policy = s.policy.replace("referral.created", "referral.made")),
            "setting.event-type-unread",
        ),
    ] {
        let diagnostics = sandbox.session.configure(&setup).expect_err(what);
        let codes: Vec<&str> = diagnostics.iter().map(|d| d.code.as_str()).collect();
        assert!(codes.contains(&code), "{what}: {codes:?}");
        assert!(diagnostics.iter().any(|d| d.severity == Severity::Error));
        sandbox.goes_on(what);
    }
}

fn policy() -> &'static str {
    fixture("policies/referral-intake.json").unwrap()
}

/// The shipped policy with one text replaced gives a diagnostic of this code where the new text stands, whose help
/// says this.
#[track_caller]
fn diagnosed(from: &str, to: &str, code: &str, at: &str, help: &str) {
    let draft = policy().replacen(from, to, 1);
    assert_ne!(draft, policy(), "{from} is not in the policy");
    let report = check_policy(&draft);
    assert!(!report.usable(), "{to} is used");
    let found = report.diagnostics.iter().find(|d| d.code == code);
    let found = found.unwrap_or_else(|| panic!("{code} is not among {:#?}", report.diagnostics));
    assert_eq!((found.start.line, found.start.column), place_of(&draft, at), "{code}");
    assert!(draft[found.start.offset as usize..].starts_with(at), "{code}: offset");
    assert!(found.end > found.start.offset && found.end as usize <= draft.len(), "{code}: end");
    assert!(found.help.contains(help), "{code}: {}", found.help);
    assert!(!found.message.is_empty(), "{code}");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_shipped_policy_has_nothing_against_it() {
    let report = check_policy(policy());
    assert!(report.usable());
    assert!(report.diagnostics.is_empty(), "{:#?}", report.diagnostics);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_policy_fault_is_shown_at_its_line_and_column() {
    let near = "Did you mean";
    diagnosed("\"title\":", "\"titel\":", "policy.unknown-key", "\"titel\"", "Did you mean `title`?");
    diagnosed(
        "\"title\":",
        "\"überschrift\": \"ü\", \"titel\":",
        "policy.unknown-key",
        "\"überschrift\"",
        "",
    );
    diagnosed("\"legalBasis\":", "\"é\":\"ß\",\"legalBassis\":", "policy.unknown-key", "\"é\"", "");
    diagnosed(
        "CareEvent.status",
        "CareEvent.staus",
        "policy.unknown-field",
        "\"CareEvent.staus\"",
        "Did you mean `CareEvent.status`?",
    );
    diagnosed(
        "Person.postalCode",
        "Person.shoeSize",
        "policy.unknown-field",
        "\"Person.shoeSize\"",
        "canonical",
    );
    diagnosed(
        "\"label\": \"redacted\"",
        "\"label\": \"hidden\"",
        "policy.unknown-label",
        "\"hidden\"",
        "redacted",
    );
    diagnosed(
        "\"field\": \"Person.birthDate\",",
        "\"field\": \"Person.birthDate\", \"class\": \"operational\",",
        "policy.class-lowered",
        "\"operational\"",
        "leave `class` out",
    );
    diagnosed(
        "\"field\": \"Person.birthDate\",",
        "\"field\": \"Person.birthDate\", \"class\": \"secret\",",
        "policy.unknown-class",
        "\"secret\"",
        "operational",
    );
    diagnosed(
        "\"id\": \"R05\"",
        "\"id\":  \"R04\"",
        "policy.duplicate-rule",
        "\"R04\", \"field\": \"CareEvent.priority\"",
        "",
    );
    diagnosed("generalize:zip3", "generalize:zip4", "policy.unknown-method", "\"generalize:zip4\"", near);
    diagnosed("generalize:zip3", "generalize:year", "policy.method-unsuited", "\"generalize:year\"", "zip3");
    diagnosed("\"schemaVersion\": 2", "\"schemaVersion\": 3", "policy.schema-version", "3,", "2");
    diagnosed(
        "\"eventTypes\": [\"referral.created\"]",
        "\"eventTypes\": \"x\"",
        "policy.wrong-type",
        "\"x\"",
        "[",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_duplicate_rule_is_shown_at_the_later_one() {
    let draft = policy().replacen("\"id\": \"R05\"", "\"id\": \"R04\"", 1);
    let report = check_policy(&draft);
    let found = report.diagnostics.iter().find(|d| d.code == "policy.duplicate-rule").unwrap();
    assert_eq!(found.start.offset as usize, draft.rfind("\"R04\"").unwrap());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_policy_that_is_no_json_gives_the_place_and_nothing_else() {
    for (text, code, place) in [
        ("", "policy.json-syntax", (1, 1)),
        ("policy", "policy.json-syntax", (1, 1)),
        ("{\n  \"id\": \"ä\" \"b\"\n}", "policy.json-syntax", (2, 13)),
        ("{\"id\": 1, \"id\": 2}", "policy.json-duplicate-key", (1, 11)),
        ("{\"id\": \"\\ud800\"}", "policy.json-lone-surrogate", (1, 9)),
    ] {
        let report = check_policy(text);
        assert!(report.policy.is_none() && !report.usable(), "{text}");
        let [only] = report.diagnostics.as_slice() else { panic!("{text}: {:?}", report.diagnostics) };
        assert_eq!(only.code, code, "{text}");
        assert_eq!((only.start.line, only.start.column), place, "{text}");
    }
    for text in ["[]", "1", "null", "\"x\""] {
        let report = check_policy(text);
        assert!(!report.usable(), "{text}");
        assert_eq!(report.diagnostics[0].code, "policy.wrong-type", "{text}");
    }
    let deep = check_policy(&"[".repeat(10_000));
    assert_eq!(deep.diagnostics[0].code, "policy.json-too-deep");
}

/// Any text gives a report, each diagnostic with a code, a place inside the text, a message and help.
fn report_is_whole(text: &str) {
    let report = check_policy(text);
    for d in &report.diagnostics {
        assert!(d.code.starts_with("policy."), "{}", d.code);
        assert!(d.start.line >= 1 && d.start.column >= 1, "{}", d.code);
        assert!(d.start.offset as usize <= text.len(), "{}", d.code);
        assert!(d.end >= d.start.offset && d.end as usize <= text.len() + 1, "{}", d.code);
        assert!(!d.message.is_empty() && !d.help.is_empty(), "{}", d.code);
    }
    assert!(report.usable() || !report.diagnostics.is_empty(), "refused without a word");
}

#[wasm_bindgen_test(unsupported = test)]
fn no_policy_text_makes_the_reader_panic() {
    // 100 KB of garbage, the same each time.
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let any: String = (0..50_000).map(|_| char::from_u32(next() % 0x800).unwrap_or('x')).collect();
    let brackets: String = (0..100_000).map(|_| char::from(b"{}[]\",:0 "[next() as usize % 9])).collect();
    assert!(any.len() > 90_000);
    report_is_whole(&any);
    report_is_whole(&brackets);
    assert!(!check_policy(&any).usable());

    // The shipped policy, cut off, with a character struck out, and with one exchanged.
    let policy = policy();
    for at in (0..policy.len()).filter(|at| policy.is_char_boundary(*at)).step_by(37) {
        report_is_whole(&policy[..at]);
        assert!(!check_policy(&policy[..at]).usable(), "cut off at {at}");
        if policy.is_char_boundary(at + 1) {
            report_is_whole(&format!("{}{}", &policy[..at], &policy[at + 1..]));
            report_is_whole(&format!("{}\u{1F9EA}{}", &policy[..at], &policy[at + 1..]));
        }
    }
    // Each value of it in turn replaced by one of another kind.
    let value: Value = serde_json::from_str(policy).unwrap();
    for pointer in support::leaves(&value) {
        for other in [json!(null), json!(0), json!(""), json!([]), json!({}), json!([[{ "a": null }]])] {
            let mut draft = value.clone();
            *draft.pointer_mut(&pointer).unwrap() = other;
            report_is_whole(&draft.to_string());
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_signed_by_request_for_is_a_duplicate_when_its_content_comes_again() {
    let mut sandbox = Sandbox::new();
    let body = sandbox.fresh_body();
    let first = request_for(&sandbox.setup, &body, NOW);
    let again = request_for(&sandbox.setup, &body, NOW + 5000);
    assert_eq!(first.header("webhook-id"), again.header("webhook-id"));
    assert_eq!(end(&send(&mut sandbox.session, &first)).0, "delivered");
    assert_eq!(end(&send(&mut sandbox.session, &again)).0, "duplicate");
    // A signature made by hand over the same three parts is the same.
    let mut by_hand = first.clone();
    by_hand.set_header("webhook-signature", "v1,");
    sign(&sandbox.setup, &mut by_hand);
    assert_eq!(by_hand, first);
}
