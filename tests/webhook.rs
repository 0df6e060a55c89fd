//! The front door: keys, assertions, credentials, ids with their content, limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    AssertionChange, Credential, Header, Rate, Request, RunView, Setup, Source, credentials, open_scenario,
    sign, sign_as,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use support::{NOW, Sandbox, end, kept, referral, referral_body, reopen, send, session, signed_now};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn key(form: &str, bytes: &[u8]) -> String {
    format!("{form}_{}", STANDARD.encode(bytes))
}

fn credential(id: &str, key: String) -> Credential {
    Credential { id: id.to_owned(), key: Some(key), ..Credential::default() }
}

fn asserting(id: &str, alg: &str, key: String) -> Credential {
    Credential { alg: Some(alg.to_owned()), ..credential(id, key) }
}

/// The referral scenario's setting with these credentials and no plain secret.
fn with(credentials: Vec<Credential>) -> Setup {
    let mut setup = referral().setup;
    setup.source = Source { id: setup.source.id, credentials, ..Source::default() };
    setup
}

const SHARED: [u8; 32] = *b"sample shared key, 32 bytes long";
const SEED: [u8; 32] = *b"sample private seed of 32 bytes.";

/// One credential of each algorithm.
fn assertions() -> Setup {
    with(vec![
        asserting("hs256", "HS256", key("whsec", &SHARED)),
        asserting("eddsa", "EdDSA", key("whsk", &SEED)),
    ])
}

/// A referral with an assertion of this credential's, changed.
fn asserted(sandbox: &mut Sandbox, credential: &str, change: &AssertionChange) -> Request {
    let (id, body) = (sandbox.fresh_id(), sandbox.fresh_body());
    let mut request = Request { headers: Vec::new(), body };
    request.set_header("webhook-id", id);
    request.set_header("webhook-timestamp", (NOW / 1000).to_string());
    assert!(sign_as(&sandbox.setup, credential, &mut request, change));
    request
}

fn claims(changes: Value) -> AssertionChange {
    AssertionChange { claims: changes.as_object().unwrap().clone(), ..AssertionChange::default() }
}

fn header(changes: Value) -> AssertionChange {
    AssertionChange { header: changes.as_object().unwrap().clone(), ..AssertionChange::default() }
}

/// A request is refused with this code and path, and the same request made rightly then passes.
#[track_caller]
fn refused(sandbox: &mut Sandbox, what: &str, request: &Request, code: &str, path: Option<&str>) -> RunView {
    let run = send(&mut sandbox.session, request);
    assert_eq!(end(&run), ("rejected", Some(code), path), "{what}");
    assert_eq!(run.records, [], "{what}");
    let last = sandbox.session.timeline().pop().unwrap();
    assert_eq!((last.outcome.as_str(), last.code.as_deref()), ("refused", Some(code)), "{what}");
    sandbox.goes_on(what);
    run
}

#[wasm_bindgen_test(unsupported = test)]
fn an_assertion_of_either_algorithm_opens_the_door() {
    let mut sandbox = Sandbox::with(assertions());
    for credential in ["hs256", "eddsa"] {
        let request = asserted(&mut sandbox, credential, &AssertionChange::default());
        assert_eq!(request.header("webhook-signature"), None);
        let run = send(&mut sandbox.session, &request);
        assert_eq!(end(&run), ("delivered", None, None), "{credential}");
        let admitted =
            sandbox.session.timeline().into_iter().rfind(|entry| entry.stage == "webhook").unwrap();
        assert_eq!(admitted.credential.as_deref(), Some(credential));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_claim_that_is_absent_or_out_of_form_is_named() {
    let mut sandbox = Sandbox::with(assertions());
    for name in ["exp", "iss", "aud", "jti", "content_sha256"] {
        let path = format!("authorization.{name}");
        let request = asserted(&mut sandbox, "hs256", &claims(json!({ name: null })));
        refused(&mut sandbox, name, &request, "webhook.assertion-claim-missing", Some(&path));
    }
    for (name, value) in [
        ("exp", json!("1768467900")),
        ("exp", json!(-1)),
        ("exp", json!([])),
        ("exp", json!(1e300)),
        ("exp", json!(u64::MAX)),
        ("nbf", json!("now")),
        ("iat", json!({})),
        ("iss", json!(1)),
        ("aud", json!({ "airlock": true })),
        ("aud", json!(["airlock", 1])),
        ("jti", json!("")),
        ("jti", json!("a b")),
        ("jti", json!("x".repeat(129))),
        ("jti", json!(7)),
        ("content_sha256", json!("AAAA=")),
        ("content_sha256", json!("++++")),
    ] {
        let path = format!("authorization.{name}");
        let request = asserted(&mut sandbox, "eddsa", &claims(json!({ name: value })));
        let what = format!("{name} {value}");
        refused(&mut sandbox, &what, &request, "webhook.assertion-claim-malformed", Some(&path));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_for_another_time_issuer_or_recipient_is_refused() {
    let mut sandbox = Sandbox::with(assertions());
    let now = NOW / 1000;
    for (changes, code, name) in [
        (json!({ "exp": now }), "expired", "exp"),
        (json!({ "exp": now - 1 }), "expired", "exp"),
        (json!({ "exp": 0 }), "expired", "exp"),
        (json!({ "nbf": now + 1 }), "not-yet-valid", "nbf"),
        (json!({ "nbf": now as f64 + 0.5 }), "not-yet-valid", "nbf"),
        (json!({ "iss": "HOSP-SANDBOX-B" }), "issuer-mismatch", "iss"),
        (json!({ "iss": "" }), "issuer-mismatch", "iss"),
        (json!({ "aud": "Airlock" }), "audience-mismatch", "aud"),
        (json!({ "aud": [] }), "audience-mismatch", "aud"),
        (json!({ "content_sha256": "A".repeat(43) }), "content-mismatch", "content_sha256"),
        (json!({ "content_sha256": "" }), "content-mismatch", "content_sha256"),
    ] {
        let (code, path) = (format!("webhook.assertion-{code}"), format!("authorization.{name}"));
        let request = asserted(&mut sandbox, "hs256", &claims(changes.clone()));
        refused(&mut sandbox, &changes.to_string(), &request, &code, Some(&path));
    }
    for fine in [
        json!({ "exp": now + 1 }),
        json!({ "exp": now as f64 + 0.5 }),
        json!({ "nbf": now }),
        json!({ "aud": ["another", "airlock"] }),
        json!({ "iat": null, "sub": "anything", "custom": [1] }),
    ] {
        let request = asserted(&mut sandbox, "hs256", &claims(fine.clone()));
        assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None), "{fine}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_token_never_chooses_how_it_is_verified() {
    let mut sandbox = Sandbox::with(assertions());
    for (changes, code, path) in [
        (json!({ "alg": "none" }), "alg-none", "authorization.alg"),
        (json!({ "alg": "NoNe" }), "alg-none", "authorization.alg"),
        (json!({ "alg": "EdDSA" }), "alg-mismatch", "authorization.alg"),
        (json!({ "alg": "EdDSA", "kid": null }), "signature-mismatch", "authorization"),
        (json!({ "alg": "HS384" }), "alg-mismatch", "authorization.alg"),
        (json!({ "alg": "hs256" }), "alg-mismatch", "authorization.alg"),
        (json!({ "alg": null }), "malformed", "authorization.alg"),
        (json!({ "alg": ["HS256"] }), "malformed", "authorization.alg"),
        (json!({ "typ": "JWE" }), "malformed", "authorization.typ"),
        (json!({ "kid": "eddsa" }), "alg-mismatch", "authorization.alg"),
        (json!({ "kid": "nobody" }), "key-unknown", "authorization.kid"),
        (json!({ "kid": 1 }), "malformed", "authorization.kid"),
        (json!({ "crit": ["b64"], "b64": false }), "crit-unknown", "authorization.crit"),
        (json!({ "crit": [] }), "crit-unknown", "authorization.crit"),
    ] {
        let request = asserted(&mut sandbox, "hs256", &header(changes.clone()));
        let code = format!("webhook.assertion-{code}");
        refused(&mut sandbox, &changes.to_string(), &request, &code, Some(path));
    }

    // The classic: the public key, which anybody may know, taken for a shared secret.
    let private = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let good = asserted(&mut sandbox, "eddsa", &AssertionChange::default());
    let token = good.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let payload = token.split('.').nth(1).unwrap();
    for kid in [json!({ "alg": "HS256", "kid": "eddsa" }), json!({ "alg": "HS256" })] {
        let signed = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(kid.to_string()));
        let mut mac = Hmac::<Sha256>::new_from_slice(private.verifying_key().as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        let mut request = good.clone();
        request.set_header("authorization", format!("Bearer {forged}"));
        let run = send(&mut sandbox.session, &request);
        let code = run.refusal.unwrap().code;
        let expected = ["webhook.assertion-alg-mismatch", "webhook.assertion-signature-mismatch"];
        assert!(expected.contains(&code.as_str()), "{kid}: {code}");
    }
    assert_eq!(end(&send(&mut sandbox.session, &good)), ("delivered", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_token_is_refused() {
    let mut sandbox = Sandbox::with(assertions());
    let good = asserted(&mut sandbox, "hs256", &AssertionChange::default());
    let token = good.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let malformed = "webhook.assertion-malformed";
    let mismatch = "webhook.assertion-signature-mismatch";
    let unsupported = "webhook.assertion-unsupported";
    for (what, value, code) in [
        ("no token", "Bearer".to_owned(), unsupported),
        ("another scheme", format!("Basic {token}"), unsupported),
        ("empty", String::new(), unsupported),
        ("an empty token", "Bearer ".to_owned(), malformed),
        ("two parts", format!("Bearer {head}.{payload}"), malformed),
        ("four parts", format!("Bearer {token}."), malformed),
        ("five parts", format!("Bearer {head}.{head}.{head}.{payload}.{signature}"), malformed),
        ("padding", format!("Bearer {head}=.{payload}.{signature}"), malformed),
        ("another alphabet", format!("Bearer {head}.{payload}.{}+/", &signature[2..]), malformed),
        ("a header that is no object", format!("Bearer {}.{payload}.{signature}", part("[]")), malformed),
        ("a header nested deep", format!("Bearer {}.{payload}.{signature}", part(&deep)), malformed),
        (
            "a key twice",
            format!("Bearer {}.{payload}.{signature}", part(r#"{"alg":"HS256","alg":"none"}"#)),
            malformed,
        ),
        ("no signature", format!("Bearer {head}.{payload}."), mismatch),
        ("a cut signature", format!("Bearer {head}.{payload}.{}", &signature[..40]), mismatch),
        ("another payload", format!("Bearer {head}.{}.{signature}", part("{}")), mismatch),
    ] {
        let mut request = good.clone();
        request.set_header("authorization", value);
        refused(&mut sandbox, what, &request, code, Some("authorization"));
    }
    let mut twice = good.clone();
    twice.headers.push(Header { name: "Authorization".to_owned(), value: format!("Bearer {token}") });
    refused(&mut sandbox, "twice", &twice, "webhook.header-repeated", Some("authorization"));
    // The scheme's name is read in any case (RFC 9110, section 11.1).
    let mut lower = good;
    lower.set_header("authorization", format!("bearer {token}"));
    assert_eq!(end(&send(&mut sandbox.session, &lower)), ("delivered", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stolen_token_opens_nothing() {
    let mut sandbox = Sandbox::with(assertions());
    let good = asserted(&mut sandbox, "eddsa", &AssertionChange::default());
    let mismatch = ("webhook.assertion-content-mismatch", Some("authorization.content_sha256"));
    for (what, change) in [
        ("another body", Box::new(|r: &mut Request| r.body.push(' ')) as Box<dyn Fn(&mut Request)>),
        ("another id", Box::new(|r: &mut Request| r.set_header("webhook-id", "evt-other"))),
        (
            "another time",
            Box::new(|r: &mut Request| r.set_header("webhook-timestamp", (NOW / 1000 + 1).to_string())),
        ),
    ] {
        let mut request = good.clone();
        change(&mut request);
        refused(&mut sandbox, what, &request, mismatch.0, mismatch.1);
    }
    assert_eq!(end(&send(&mut sandbox.session, &good)), ("delivered", None, None));
    let (code, path) = ("webhook.assertion-replayed", Some("authorization.jti"));
    refused(&mut sandbox, "a replay", &good, code, path);
    let alert = |s: &Sandbox| {
        s.session.timeline().into_iter().any(|e| e.action == "alert" && e.code.as_deref() == Some(code))
    };
    assert!(alert(&sandbox));
    // An own token for the same event: a duplicate, as ever.
    let mut again = good.clone();
    assert!(sign_as(&sandbox.setup, "eddsa", &mut again, &claims(json!({ "jti": "another" }))));
    assert_eq!(end(&send(&mut sandbox.session, &again)), ("duplicate", None, None));

    // What is remembered outlives the session.
    let shelf = kept(&mut sandbox.session);
    let (mut restored, verification) = reopen(&shelf);
    assert!(verification.verified, "{:?}", verification.faults);
    restored.configure(&sandbox.setup).unwrap();
    assert_eq!(end(&send(&mut restored, &good)), ("rejected", Some(code), path));
}

#[wasm_bindgen_test(unsupported = test)]
fn without_credentials_for_assertions_a_token_is_unsupported_and_a_signature_goes_first() {
    let mut sandbox = Sandbox::new();
    let mut request = signed_now(&sandbox.setup, "evt-both", &sandbox_body());
    request.set_header("authorization", "Bearer a.b.c");
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None));
    request.headers.retain(|header| header.name != "webhook-signature");
    let (code, path) = ("webhook.assertion-unsupported", Some("authorization"));
    refused(&mut sandbox, "a token", &request, code, path);
}

fn sandbox_body() -> String {
    referral_body().replace("REF-001", "REF-BOTH")
}

#[wasm_bindgen_test(unsupported = test)]
fn ed25519_signs_with_the_private_key_and_the_public_key_is_enough_to_verify() {
    let sender = with(vec![credential("pair", key("whsk", &SEED))]);
    let public = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key();
    let receiver = with(vec![credential("pair", key("whpk", public.as_bytes()))]);
    let mut connector = session(&receiver);
    let request = signed_now(&sender, "evt-ed25519", &referral_body());
    assert!(request.header("webhook-signature").unwrap().starts_with("v1a,"));
    for (what, change) in [
        ("another body", Box::new(|r: &mut Request| r.body.push(' ')) as Box<dyn Fn(&mut Request)>),
        ("another id", Box::new(|r: &mut Request| r.set_header("webhook-id", "evt-other"))),
    ] {
        let mut other = request.clone();
        change(&mut other);
        let run = send(&mut connector, &other);
        assert_eq!(run.refusal.unwrap().code, "webhook.signature-mismatch", "{what}");
    }
    let mut mixed = request.clone();
    let signature = request.header("webhook-signature").unwrap();
    mixed.set_header("webhook-signature", format!("v1,{}= v2,x {signature}", "A".repeat(43)));
    assert_eq!(end(&send(&mut connector, &mixed)), ("delivered", None, None));
    let mut unsigned = Request { headers: request.headers[..2].to_vec(), body: request.body };
    sign(&receiver, &mut unsigned);
    assert_eq!(unsigned.header("webhook-signature"), None, "a public key does not sign");
}

#[wasm_bindgen_test(unsupported = test)]
fn credentials_show_how_they_stand_and_never_their_key() {
    let scenario = open_scenario("secret-rotation").unwrap();
    let list = |setup: &Setup, at: i64| {
        let views = credentials(setup, at);
        let text = serde_json::to_string(&views).unwrap();
        assert!(!text.contains("wh"), "{text}");
        views.into_iter().map(|view| (view.id, view.kind, view.state)).collect::<Vec<_>>()
    };
    let row = |id: &str, kind: &str, state: &str| (id.to_owned(), kind.to_owned(), state.to_owned());
    let first = list(&scenario.setup, NOW);
    assert_eq!(first, [row("hosp-2026", "v1", "active"), row("hosp-2025", "v1", "expiring-soon")]);
    let later = list(&scenario.setup, NOW + 600_000);
    assert_eq!(later[1], row("hosp-2025", "v1", "expired"));
    let earlier = list(&scenario.setup, NOW - 30 * 86_400_000);
    assert_eq!(earlier, [row("hosp-2026", "v1", "not-yet-valid"), row("hosp-2025", "v1", "active")]);
    let mut plain = referral().setup;
    plain.source.secrets.push(key("whsec", &SHARED));
    plain.sink = open_scenario("sink-scope").unwrap().setup.sink;
    assert_eq!(
        list(&plain, NOW),
        [
            row("secret-1", "v1", "active"),
            row("secret-2", "v1", "rotating"),
            row("crm-writer", "write", "active")
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_credential_out_of_form_or_twice_is_not_put_in_force() {
    let mut sandbox = Sandbox::new();
    let good = credential("a", key("whsec", &SHARED));
    let malformed = "setting.credential-malformed";
    for (list, code) in [
        (vec![good.clone(), good.clone()], "setting.credential-repeated"),
        (vec![credential("secret-1", key("whsec", &SHARED))], "setting.credential-repeated"),
        (vec![credential("a", key("whsec", &SHARED[..23]))], malformed),
        (vec![asserting("a", "none", key("whsec", &SHARED))], malformed),
        (vec![asserting("a", "HS256", key("whsec", &SHARED[..31]))], malformed),
        (vec![asserting("a", "EdDSA", key("whsec", &SHARED))], malformed),
        (vec![asserting("a", "HS256", key("whsk", &SEED))], malformed),
        (vec![Credential { key: None, ..good.clone() }], "setting.secret-malformed"),
        (vec![Credential { expires: Some("soon".to_owned()), ..good.clone() }], malformed),
    ] {
        let mut setup = sandbox.setup.clone();
        setup.source.credentials = list;
        let found = sandbox.session.configure(&setup).expect_err(code);
        assert!(found.iter().any(|d| d.code == code), "{code}: {found:?}");
        sandbox.goes_on(code);
    }
    let mut setup = sandbox.setup.clone();
    setup.transform = vec![credential("t", key("whsk", &SEED))];
    assert!(sandbox.session.configure(&setup).is_err());
    setup.transform.clear();
    setup.source.rate = Some(Rate { burst: 0, per_minute: 1 });
    assert!(sandbox.session.configure(&setup).is_err());
    sandbox.goes_on("a rate of nothing");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_whose_credential_was_taken_away_is_not_worked_on() {
    // The connector's own state holds the event; its credential is gone by the time it is worked on again.
    let scenario = open_scenario("sink-credential-expired").unwrap();
    let mut connector = session(&scenario.setup);
    let (at, request) = &scenario.requests[0];
    assert_eq!(connector.send(request, *at, &mut || 0.0).outcome, "waiting");
    let mut other = scenario.setup.clone();
    other.sink.clear();
    other.source = Source {
        id: other.source.id,
        credentials: vec![credential("successor", key("whsec", &SHARED))],
        ..Source::default()
    };
    connector.configure(&other).unwrap();
    let due = connector.next_due().unwrap();
    let runs = connector.advance(due);
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(end(run), ("rejected", Some("validate.scope-not-granted"), Some("referral.created")));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_waits_for_a_credential_goes_on_once_there_is_one() {
    for (scenario, code) in [
        ("sink-credential-expired", "deliver.credential-not-in-force"),
        ("transform-expired", "redact.credential-not-in-force"),
    ] {
        let scenario = open_scenario(scenario).unwrap();
        let mut connector = session(&scenario.setup);
        let (at, request) = &scenario.requests[0];
        let run = connector.send(request, *at, &mut || 0.0);
        assert_eq!(end(&run), ("waiting", Some(code), None));
        assert!(connector.crm().is_empty());
        let mut mended = scenario.setup.clone();
        mended.sink.iter_mut().chain(&mut mended.transform).for_each(|own| own.expires = None);
        connector.configure(&mended).unwrap();
        let due = connector.next_due().unwrap();
        assert_eq!(connector.advance(due)[0].outcome, "delivered", "{code}");
        assert_eq!(connector.crm().len(), 2);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_are_made_with_the_transform_credential_in_force_and_scoped() {
    let token = |transform: Vec<Credential>| {
        let mut setup = referral().setup;
        setup.transform = transform;
        let run = send(&mut session(&setup), &signed_now(&setup, "evt-token", &referral_body()));
        run.records[0].fields.iter().find(|f| f.name == "patientToken").unwrap().value.clone().unwrap()
    };
    let a = credential("a", key("whsec", &SHARED));
    let b = credential("b", key("whsec", &SEED));
    let expired = Credential { expires: Some("2026-01-01T00:00:00Z".to_owned()), ..b.clone() };
    let scoped = Credential { scopes: Some(vec!["lab-result.*".to_owned()]), ..b.clone() };
    let from_seed = token(Vec::new());
    let from_a = token(vec![a.clone()]);
    assert_ne!(from_a, from_seed);
    assert_ne!(from_a, token(vec![b.clone(), a.clone()]), "the first in the list makes them");
    assert_eq!(from_a, token(vec![expired, a.clone()]));
    assert_eq!(from_a, token(vec![scoped, a]));
}

#[wasm_bindgen_test(unsupported = test)]
fn one_id_stands_for_one_content() {
    let mut sandbox = Sandbox::new();
    let body = sandbox.fresh_body();
    let request = signed_now(&sandbox.setup, "evt-content", &body);
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None));
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("duplicate", None, None));
    let other = signed_now(&sandbox.setup, "evt-content", &format!("{body} "));
    let (code, path) = ("webhook.id-conflict", Some("webhook-id"));
    let run = refused(&mut sandbox, "another content", &other, code, path);
    assert_eq!((run.receipt.status, run.receipt.reason.as_str()), (409, "Conflict"));
    let alert = sandbox.session.timeline().into_iter().find(|e| e.code.as_deref() == Some(code)).unwrap();
    assert_eq!((alert.action.as_str(), alert.event.is_some()), ("alert", true));
    assert_eq!(end(&send(&mut sandbox.session, &request)), ("duplicate", None, None), "the first one stands");

    let shelf = kept(&mut sandbox.session);
    let (mut restored, _) = reopen(&shelf);
    restored.configure(&sandbox.setup).unwrap();
    assert_eq!(end(&send(&mut restored, &other)), ("rejected", Some(code), path));
    assert_eq!(end(&send(&mut restored, &request)), ("duplicate", None, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_source_over_its_rate_is_told_when_to_come_again_and_loses_nothing() {
    let mut setup = referral().setup;
    setup.source.rate = Some(Rate { burst: 2, per_minute: 4 });
    let mut connector = session(&setup);
    let at = |n: u32, now: i64| {
        let mut request =
            Request { headers: Vec::new(), body: referral_body().replace("REF-001", &format!("REF-{n}")) };
        request.set_header("webhook-id", format!("evt-{n}"));
        request.set_header("webhook-timestamp", (now / 1000).to_string());
        sign(&setup, &mut request);
        request
    };
    for n in 0..2 {
        assert_eq!(send(&mut connector, &at(n, NOW)).outcome, "delivered");
    }
    let third = at(2, NOW);
    let run = send(&mut connector, &third);
    assert_eq!(end(&run), ("rejected", Some("webhook.rate-limited"), None));
    assert_eq!((run.receipt.status, run.receipt.retry_after), (429, Some(15)));
    // A stranger's requests take nothing out of the source's bucket.
    let mut forged = third.clone();
    forged.set_header("webhook-signature", format!("v1,{}=", "A".repeat(43)));
    for _ in 0..10 {
        assert_eq!(send(&mut connector, &forged).receipt.status, 401);
    }
    assert_eq!(connector.send(&third, NOW + 14_999, &mut || 0.0).receipt.status, 429);
    assert_eq!(connector.send(&third, NOW + 15_000, &mut || 0.0).outcome, "delivered", "the same request");
}

#[wasm_bindgen_test(unsupported = test)]
fn each_body_is_read_as_what_its_headers_say() {
    let mut sandbox = Sandbox::new();
    for (name, value) in [
        ("content-type", "text/plain"),
        ("Content-Type", "application/xml"),
        ("content-type", "application/json; charset=latin1"),
        ("content-type", ""),
        ("content-encoding", "br"),
    ] {
        let body = sandbox.fresh_body();
        let mut request = signed_now(&sandbox.setup, "evt-type", &body);
        request.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
        let path = Some(if name.ends_with("coding") { "content-encoding" } else { "content-type" });
        let run = refused(&mut sandbox, value, &request, "webhook.content-type-unsupported", path);
        assert_eq!(run.receipt.status, 415);
    }
    for value in ["application/json", "application/fhir+json; charset=UTF-8; fhirVersion=4.0"] {
        let (id, body) = (sandbox.fresh_id(), sandbox.fresh_body());
        let mut request = signed_now(&sandbox.setup, &id, &body);
        request.headers.push(Header { name: "content-type".to_owned(), value: value.to_owned() });
        assert_eq!(end(&send(&mut sandbox.session, &request)), ("delivered", None, None), "{value}");
    }
}
