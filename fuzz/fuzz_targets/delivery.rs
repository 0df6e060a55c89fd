//! Headers and a body through the door and all stages: nothing panics, and every delivery ends in a state.
//!
//! The first byte says how the request is made (1: signed rightly, 2: with an assertion, 4: sent twice); then come
//! headers, a line each; after an empty line, the body.

#![no_main]

use airlock::api::{self, AssertionChange, Credential, Setup};
use airlock::engine::phi::Phi;
use airlock::engine::time::Instant;
use airlock::engine::webhook::{Delivery, Key};
use airlock::engine::audit::Tree;
use airlock::engine::{Connector, Outcome, Remembered, Setting};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const NOW: i64 = 1_768_467_600;
const ASSERTS: &str = "whsec_YWlybG9jayBkZW1vbnN0cmF0aW9uIGFzc2VydGlvbiBrZXksIHNoYXJlZA==";

static SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let mut setup = api::open_scenario("referral-created").expect("it is shipped").setup;
    setup.source.credentials = vec![Credential {
        id: "asserts".to_owned(),
        key: Some(ASSERTS.to_owned()),
        alg: Some("HS256".to_owned()),
        ..Credential::default()
    }];
    setup
});

static SETTING: LazyLock<Setting> = LazyLock::new(|| SETUP.read().expect("it can be put in force"));

fn headers(head: &[u8], body: &[u8], made: u8) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(head);
    let lines = text.lines().map(|line| line.split_once(": ").unwrap_or((line, "")));
    let mut headers: Vec<(String, String)> =
        lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (id, timestamp) = ("evt-fuzz", NOW.to_string());
    if made & 1 != 0 {
        let key = Key::parse(&SETUP.source.secrets[0]).expect("a key");
        let signature = key.sign(id, &timestamp, body).expect("it can sign");
        headers.push(("webhook-signature".to_owned(), signature));
    } else if made & 2 != 0 {
        let body = String::from_utf8_lossy(body).into_owned();
        let mut request = api::Request { headers: Vec::new(), body };
        request.set_header("webhook-id", id);
        request.set_header("webhook-timestamp", timestamp.as_str());
        api::sign_as(&SETUP, "asserts", &mut request, &AssertionChange::default());
        let token = request.header("authorization").expect("a token").to_owned();
        headers.push(("authorization".to_owned(), token));
    }
    if made & 3 != 0 {
        headers.push(("webhook-id".to_owned(), id.to_owned()));
        headers.push(("webhook-timestamp".to_owned(), timestamp));
    }
    headers
}

fuzz_target!(|data: &[u8]| {
    let Some((made, rest)) = data.split_first() else { return };
    let split = rest.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = split.map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 2..]));
    let mut connector = Connector::new(SETTING.clone(), Remembered::default(), Tree::default());
    for _ in 0..if made & 4 != 0 { 2 } else { 1 } {
        let delivery = Delivery { headers: headers(head, body, *made), body: Phi::new(body.to_vec()) };
        let receipt = connector.receive(delivery, Instant(NOW * 1000), &mut |_| {});
        assert_eq!(receipt.settled.is_none(), receipt.status == 202 && connector.next_due().is_some());
        while let Some(run) = connector.advance(Instant(NOW * 1000), &mut |_| {}) {
            assert_ne!(run.outcome, Outcome::Waiting, "nothing fails for a time here");
        }
    }
});
