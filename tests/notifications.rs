//! FHIR subscription notifications: events in the order of their numbers, gaps waited on and filled, payloads of every
//! kind, and what is malformed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{RunView, Session, Setup, fixture};
use serde_json::{Value, json};
use support::{NOW, delivered, end, kept, referral, referral_value, reopen, session, signed};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const MINUTE: i64 = 60_000;

/// A notification: type, count since the start, and its events with the referral each is about.
fn notification(kind: &str, since: Option<u64>, events: &[(u64, Option<&str>)], full: bool) -> Value {
    let mut parameters = vec![
        json!({"name": "subscription", "valueReference": {"reference": "Subscription/referrals"}}),
        json!({"name": "status", "valueCode": "active"}),
        json!({"name": "type", "valueCode": kind}),
    ];
    parameters.extend(
        since.map(
            |since| json!({"name": "events-since-subscription-start", "valueString": since.to_string()}),
        ),
    );
    let mut entries = Vec::new();
    for (number, focus) in events {
        let mut part = vec![json!({"name": "event-number", "valueString": number.to_string()})];
        if let Some(id) = focus {
            part.push(
                json!({"name": "focus", "valueReference": {"reference": format!("ServiceRequest/{id}")}}),
            );
            if full {
                entries.push(entry(id));
            }
        }
        parameters.push(json!({"name": "notification-event", "part": part}));
    }
    let status = json!({
        "resource": {"resourceType": "Parameters", "parameter": parameters},
        "request": {"method": "GET", "url": "Subscription/referrals/$status"},
        "response": {"status": "200"}
    });
    let people = referral_value()["data"]["entry"].as_array().unwrap()[1..].to_vec();
    let people = people.into_iter().map(with_request);
    let mut all = vec![status];
    if full {
        all.extend(entries.into_iter().map(with_request).chain(people));
    }
    json!({"resourceType": "Bundle", "type": "history", "entry": all})
}

fn entry(id: &str) -> Value {
    let text = referral_value()["data"]["entry"][0].to_string().replace("REF-001", id);
    serde_json::from_str(&text).unwrap()
}

fn with_request(mut entry: Value) -> Value {
    entry["request"] = json!({"method": "POST", "url": "x"});
    entry["response"] = json!({"status": "201"});
    entry
}

fn full(number: u64) -> Value {
    notification("event-notification", None, &[(number, Some(&format!("REF-{number:03}")))], true)
}

/// A session, its setting, and how many messages were sent.
struct Server {
    session: Session,
    setup: Setup,
    sent: u32,
}

impl Server {
    fn new() -> Self {
        Self::with(referral().setup)
    }

    /// With the EHR sandbox of the scenarios.
    fn with_ehr() -> Self {
        let mut setup = referral().setup;
        let ehr = fixture("ehr/hosp-sandbox-a.json").unwrap();
        setup.sandbox.ehr = Some(
            ehr.replace("https://ehr.example.invalid/fhir/Subscription/referrals", "Subscription/referrals"),
        );
        Self::with(setup)
    }

    fn with(setup: Setup) -> Self {
        Self { session: session(&setup), setup, sent: 0 }
    }

    fn send(&mut self, body: &Value, after: i64) -> RunView {
        self.sent += 1;
        let (at, id) = (NOW + after, format!("evt-{}", self.sent));
        let request = signed(&self.setup, &id, &(at / 1000).to_string(), &body.to_string());
        self.session.send(&request, at, &mut || 0.0)
    }

    /// Correlation and outcome of what was worked on beside the last one sent.
    fn beside(&mut self) -> Vec<(String, String)> {
        self.session.take_settled().into_iter().map(|run| (run.correlation, run.outcome)).collect()
    }

    fn pass(&mut self, until: i64) -> Vec<(String, String)> {
        let mut all = Vec::new();
        while let Some(due) = self.session.next_due().filter(|due| *due <= NOW + until) {
            let runs = self.session.advance(due);
            assert!(!runs.is_empty());
            all.extend(runs.into_iter().map(|run| (run.correlation, run.outcome)));
        }
        let queue = self.session.queue();
        assert_eq!(queue.received, queue.settled + queue.waiting.len() as u64);
        assert_eq!(self.session.completeness().gaps, []);
        all
    }
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(run, outcome)| ((*run).to_owned(), (*outcome).to_owned())).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn events_run_in_the_order_of_their_numbers() {
    let mut server = Server::new();
    assert_eq!(
        end(&server.send(&notification("handshake", Some(0), &[], false), 0)),
        ("unchanged", None, None)
    );
    let third = server.send(&full(3), 0);
    assert_eq!((end(&third).0, third.due), ("waiting", Some(NOW + MINUTE)));
    assert_eq!(end(&server.send(&full(2), 0)).0, "waiting");
    assert_eq!(
        server.session.queue().waiting.iter().map(|w| w.state.as_str()).collect::<Vec<_>>(),
        ["gap", "gap"]
    );
    assert_eq!(end(&server.send(&full(1), 0)), ("delivered", None, None));
    assert_eq!(server.beside(), pairs(&[("run-000003", "delivered"), ("run-000002", "delivered")]));
    let log = server.session.timeline();
    let at_the_crm = log.iter().filter(|entry| entry.stage == "deliver");
    let mut order: Vec<&str> = at_the_crm.map(|entry| entry.correlation.as_str()).collect();
    order.dedup();
    assert_eq!(order, ["run-000004", "run-000003", "run-000002"]);
    assert_eq!(server.session.next_due(), None, "the gap is closed");
    for number in 1..=3 {
        assert_eq!(end(&server.send(&full(number), 0)), ("duplicate", None, None), "event {number} again");
    }
    assert_eq!(delivered(&server.session), 3);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_gap_is_waited_on_filled_and_what_nobody_has_is_kept() {
    let mut server = Server::with_ehr();
    server.send(&full(1), 0);
    assert_eq!(end(&server.send(&full(5), 0)).0, "waiting");
    assert!(server.pass(MINUTE - 1).is_empty(), "the wait is not over");
    // The EHR sandbox knows event 2, and neither 3 nor 4. The referrals are urgent, and so go first.
    let filled = pairs(&[
        ("run-000002.gap-2", "delivered"),
        ("run-000002", "delivered"),
        ("run-000002.gap-3", "dead-lettered"),
        ("run-000002.gap-4", "dead-lettered"),
    ]);
    assert_eq!(server.pass(MINUTE), filled);
    let dead = server.session.queue().dead;
    assert!(dead.iter().all(|letter| letter.why.code == "notification.event-unavailable"));
    assert_eq!(dead.len(), 2);
    // One comes late after all, and takes the place of its dead letter; the other is found when it is re-driven.
    assert_eq!(end(&server.send(&full(4), 2 * MINUTE)), ("delivered", None, None));
    assert_eq!(end(&server.send(&full(4), 2 * MINUTE)), ("duplicate", None, None));
    assert_eq!(server.session.queue().dead.len(), 1);
    let mut ehr: Value = serde_json::from_str(server.setup.sandbox.ehr.as_deref().unwrap()).unwrap();
    let answer = notification("query-event", None, &[(3, Some("REF-002"))], false);
    ehr["entry"].as_array_mut().unwrap().push(json!({"resource": answer}));
    server.setup.sandbox.ehr = Some(ehr.to_string());
    server.session.configure(&server.setup).unwrap();
    assert!(server.session.redrive("run-000002.gap-3", NOW + 3 * MINUTE));
    assert_eq!(
        server.pass(3 * MINUTE),
        pairs(&[("run-000002.gap-3", "unchanged")]),
        "the CRM has that referral"
    );
    assert!(server.session.queue().dead.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_idle_kinds_do_not_count_and_yet_reveal_a_gap() {
    let mut server = Server::with_ehr();
    server.send(&notification("handshake", Some(0), &[], false), 0);
    for kind in ["heartbeat", "query-status", "handshake", "heartbeat"] {
        assert_eq!(end(&server.send(&notification(kind, Some(0), &[], false), 0)), ("unchanged", None, None));
    }
    assert_eq!(end(&server.send(&full(1), 0)), ("delivered", None, None));
    server.send(&notification("query-status", Some(2), &[], false), 0);
    assert_eq!(server.session.next_due(), Some(NOW + MINUTE));
    assert_eq!(server.pass(MINUTE), pairs(&[("run-000007.gap-2", "delivered")]));
    let operations = server.session.operations();
    let gaps = operations.iter().filter(|own| own.code.as_deref() == Some("notification.gap")).count();
    assert_eq!(gaps, 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_payload_ends_in_the_same_record() {
    let body = |kind| match kind {
        "full" => notification("event-notification", None, &[(2, Some("REF-002"))], true),
        "id-only" => notification("event-notification", None, &[(2, Some("REF-002"))], false),
        _ => notification("event-notification", None, &[(2, None)], false),
    };
    let mut records = Vec::new();
    for kind in ["full", "id-only", "empty"] {
        let mut server = Server::with_ehr();
        let run = server.send(&body(kind), 0);
        assert_eq!(end(&run), ("delivered", None, None), "{kind}");
        assert!(run.ledger.iter().any(|row| row.crossed) && run.ledger.iter().all(|row| row.span == (0, 0)));
        records.push(server.session.crm().to_vec());
        assert_eq!(
            end(&Server::new().send(&body(kind), 0)).0,
            if kind == "full" { "delivered" } else { "dead-lettered" }
        );
    }
    assert!(records.windows(2).all(|pair| pair[0] == pair[1]));
}

#[wasm_bindgen_test(unsupported = test)]
fn several_events_of_one_notification_end_each_for_itself() {
    let mut server = Server::new();
    let mut body = notification(
        "event-notification",
        None,
        &[(2, Some("REF-002")), (1, Some("REF-001")), (3, Some("REF-404")), (2, Some("REF-002"))],
        true,
    );
    let text = body.to_string().replace("\"id\":\"REF-404\"", "\"id\":\"REF-405\"");
    body = serde_json::from_str(&text).unwrap();
    let run = server.send(&body, 0);
    let parts: Vec<(&str, &str)> =
        run.parts.iter().map(|p| (p.correlation.as_str(), p.outcome.as_str())).collect();
    assert_eq!(
        parts,
        [
            ("run-000001.1", "delivered"),
            ("run-000001.2", "delivered"),
            ("run-000001.3", "duplicate"),
            ("run-000001.4", "dead-lettered")
        ]
    );
    assert!(server.pass(0).is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn malformed_notifications_are_refused_with_path_and_place() {
    let at = "Bundle.entry[0].resource.parameter";
    let event = format!("{at}[3].part[0]");
    type Change = fn(&mut Value);
    let cases: &[(Change, &str, &str)] = &[
        (
            |b| b["entry"].as_array_mut().unwrap().rotate_left(1),
            "notification.status-missing",
            "Bundle.entry[0]",
        ),
        (
            |b| drop(b["entry"][1].as_object_mut().unwrap().remove("request")),
            "notification.request-missing",
            "Bundle.entry[1].request",
        ),
        (
            |b| drop(parameters(b).remove(0)),
            "notification.parameter-missing",
            "Bundle.entry[0].resource.parameter.where(name='subscription')",
        ),
        (
            |b| drop(parameters(b).remove(1)),
            "notification.parameter-missing",
            "Bundle.entry[0].resource.parameter.where(name='status')",
        ),
        (
            |b| drop(parameters(b).pop()),
            "notification.parameter-missing",
            "Bundle.entry[0].resource.parameter.where(name='notification-event')",
        ),
        (
            |b| drop(parameters(b)[3]["part"].as_array_mut().unwrap().remove(0)),
            "notification.parameter-missing",
            "Bundle.entry[0].resource.parameter[3].part.where(name='event-number')",
        ),
        (
            |b| parameters(b)[1]["valueCode"] = json!("on"),
            "notification.parameter-invalid",
            &format!("{at}[1].valueCode"),
        ),
        (
            |b| parameters(b)[2]["valueCode"] = json!(7),
            "notification.parameter-invalid",
            &format!("{at}[2].valueCode"),
        ),
        (
            |b| parameters(b)[0] = json!({"name": "subscription", "valueString": "x"}),
            "notification.parameter-invalid",
            &format!("{at}[0].valueReference"),
        ),
        (
            |b| {
                let again = parameters(b)[2].clone();
                parameters(b).push(again)
            },
            "notification.parameter-invalid",
            &format!("{at}[4]"),
        ),
        (
            |b| parameters(b)[3]["part"][1]["valueReference"] = json!({"display": "x"}),
            "notification.parameter-invalid",
            &format!("{at}[3].part[1].valueReference.reference"),
        ),
        (
            |b| {
                parameters(b)[3]["part"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"name": "timestamp", "valueInstant": "noon"}))
            },
            "notification.parameter-invalid",
            &format!("{at}[3].part[2].valueInstant"),
        ),
        (|b| parameters(b)[3]["part"][0]["valueString"] = json!("0"), "notification.number-invalid", &event),
        (
            |b| parameters(b)[3]["part"][0]["valueString"] = json!("-1"),
            "notification.number-invalid",
            &format!("{event}.valueString"),
        ),
        (
            |b| parameters(b)[3]["part"][0]["valueString"] = json!("1.0"),
            "notification.number-invalid",
            &format!("{event}.valueString"),
        ),
        (
            |b| parameters(b)[3]["part"][0]["valueString"] = json!(1),
            "notification.number-invalid",
            &format!("{event}.valueString"),
        ),
        (
            |b| parameters(b)[3]["part"][0]["valueString"] = json!("18446744073709551616"),
            "notification.number-invalid",
            &format!("{event}.valueString"),
        ),
        (
            |b| parameters(b)[3]["part"][0] = json!({"name": "event-number", "valueInteger": 1}),
            "notification.number-invalid",
            &format!("{event}.valueString"),
        ),
    ];
    for (change, code, path) in cases {
        let mut body = full(1);
        change(&mut body);
        let mut server = Server::new();
        let run = server.send(&body, 0);
        assert_eq!(end(&run), ("rejected", Some(*code), Some(*path)));
        assert!(run.refusal.unwrap().position.is_some(), "{code}: a place");
        assert_eq!(end(&server.send(&full(1), 0)).0, "delivered", "after {code}");
    }
}

fn parameters(body: &mut Value) -> &mut Vec<Value> {
    body["entry"][0]["resource"]["parameter"].as_array_mut().unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn numbers_of_64_bits_are_followed_and_leaps_refused() {
    let mut server = Server::new();
    let named = |number: u64| notification("event-notification", None, &[(number, Some("REF-001"))], true);
    assert_eq!(end(&server.send(&named(u64::MAX - 2), 0)).0, "delivered");
    assert_eq!(end(&server.send(&named(u64::MAX - 1), 0)).0, "unchanged");
    assert_eq!(end(&server.send(&named(u64::MAX), 0)).1, Some("notification.number-implausible"));
    assert_eq!(
        end(&server.send(&notification("heartbeat", Some(u64::MAX), &[], false), 0)).1,
        Some("notification.number-implausible")
    );
    let mut server = Server::new();
    server.send(&named(1), 0);
    assert_eq!(end(&server.send(&named(1003), 0)).1, Some("notification.number-implausible"));
    assert_eq!(end(&server.send(&named(1002), 0)).0, "waiting");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_that_wants_an_attestation_may_come_again_with_it() {
    let mut server = Server::new();
    let real = full(1)
        .to_string()
        .replace("Testperson", "Robinson")
        .replace("Testina", "Alice")
        .replace("MRN-TEST-0001", "4711-0815");
    let real: Value = serde_json::from_str(&real).unwrap();
    let run = server.send(&real, 0);
    assert_eq!(end(&run).1, Some("synthetic.attestation-required"));
    server.session.attest(NOW);
    assert_eq!(end(&server.send(&real, 0)).0, "delivered");
}

#[wasm_bindgen_test(unsupported = test)]
fn subscriptions_and_their_gaps_come_back_from_storage() {
    let plan = [full(1), full(3), full(6), notification("heartbeat", Some(7), &[], false), full(5), full(1)];
    let play = |interrupted: bool| {
        let mut server = Server::with_ehr();
        let reopen = |server: &mut Server| {
            if interrupted {
                let shelf = kept(&mut server.session);
                let (session, verification) = reopen(&shelf);
                assert!(verification.verified, "{verification:?}");
                server.session = session;
                server.session.configure(&server.setup).unwrap();
            }
        };
        let mut ends = Vec::new();
        for (n, body) in plan.iter().enumerate() {
            let run = server.send(body, n as i64 * 7_000);
            ends.push((run.correlation, run.outcome));
            ends.extend(server.beside());
            reopen(&mut server);
        }
        while let Some(due) = server.session.next_due() {
            ends.extend(server.session.advance(due).into_iter().map(|run| (run.correlation, run.outcome)));
            reopen(&mut server);
        }
        for letter in server.session.queue().dead {
            server.session.redrive(&letter.correlation, NOW + 5 * MINUTE);
            reopen(&mut server);
        }
        ends.extend(server.pass(5 * MINUTE));
        (ends, server.session.crm().to_vec(), server.session.head(), server.session.queue().dead)
    };
    assert_eq!(play(false), play(true));
    assert!(play(true).0.iter().filter(|(_, outcome)| outcome == "delivered").count() >= 5);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_never_came_is_taken_though_later_numbers_were_heard_first() {
    let mut server = Server::new();
    assert_eq!(end(&server.send(&full(2), 0)).0, "delivered");
    assert_eq!(end(&server.send(&full(1), 0)).0, "delivered", "below the first that was heard");
    for number in 1..=2 {
        assert_eq!(end(&server.send(&full(number), 0)).0, "duplicate", "event {number} again");
    }
    let mut server = Server::new();
    server.send(&notification("heartbeat", Some(5), &[], false), 0);
    for number in [5, 3, 6] {
        assert_eq!(end(&server.send(&full(number), 0)).0, "delivered", "event {number} was under way");
        assert_eq!(end(&server.send(&full(number), 0)).0, "duplicate", "event {number} again");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_that_comes_with_another_content_is_refused_with_an_alert() {
    let conflict = ("rejected", Some("notification.event-conflict"));
    let alerts = |server: &Server| {
        let all = server.session.timeline().into_iter();
        all.filter(|e| e.action == "alert" && e.code.as_deref() == conflict.1).count()
    };
    let refused = |server: &mut Server, body: &Value| {
        let run = server.send(body, 0);
        assert_eq!((end(&run).0, end(&run).1), conflict);
    };
    let mut server = Server::with_ehr();
    server.send(&full(1), 0);
    // Another resource, and another reference.
    let mut other = full(1);
    other["entry"][1]["resource"]["status"] = json!("completed");
    refused(&mut server, &other);
    let by_id = |id| notification("event-notification", None, &[(1, Some(id))], false);
    refused(&mut server, &by_id("REF-002"));
    assert_eq!((alerts(&server), delivered(&server.session)), (2, 1));
    // The same with less to it is the same.
    assert_eq!(end(&server.send(&by_id("REF-001"), 0)).0, "duplicate");
    assert_eq!(end(&server.send(&full(1), 0)).0, "duplicate");
    // It holds for one that waits, and over a restart.
    assert_eq!(end(&server.send(&full(3), 0)).0, "waiting");
    let shelf = kept(&mut server.session);
    (server.session, _) = reopen(&shelf);
    server.session.configure(&server.setup).unwrap();
    let mut other = full(3);
    other["entry"][1]["resource"]["status"] = json!("completed");
    refused(&mut server, &other);
    refused(&mut server, &by_id("REF-002"));
    assert_eq!(end(&server.send(&full(3), 0)).0, "duplicate");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_handshake_that_comes_late_or_twice_leaves_what_came_known() {
    let mut server = Server::new();
    let handshake = notification("handshake", Some(0), &[], false);
    server.send(&handshake, 0);
    for number in 1..=2 {
        assert_eq!(end(&server.send(&full(number), 0)).0, "delivered");
    }
    assert_eq!(end(&server.send(&full(4), 0)).0, "waiting");
    assert_eq!(end(&server.send(&handshake, 0)).0, "unchanged");
    for number in [1, 2, 4] {
        assert_eq!(end(&server.send(&full(number), 0)).0, "duplicate", "event {number} again");
    }
    assert_eq!(server.session.next_due(), Some(NOW + MINUTE), "the gap is still waited on");
    assert_eq!(end(&server.send(&full(3), 0)).0, "delivered");
    assert_eq!((delivered(&server.session), server.session.next_due()), (4, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_closes_a_gap_finds_room_though_as_many_wait_as_may() {
    let mut setup = referral().setup;
    setup.sandbox.queue_capacity = Some(2);
    let mut server = Server::with(setup);
    server.send(&notification("handshake", Some(0), &[], false), 0);
    for number in [4, 3, 2] {
        assert_eq!(end(&server.send(&full(number), 0)).0, "waiting", "event {number}");
    }
    assert_eq!(end(&server.send(&full(1), 0)), ("delivered", None, None));
    assert_eq!(delivered(&server.session), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_history_without_a_status_stays_a_bare_bundle() {
    let mut body = full(1);
    body["entry"].as_array_mut().unwrap().remove(0);
    assert_eq!(end(&Server::new().send(&body, 0)), ("delivered", None, None));
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_guides_examples_are_read_and_end_as_they_should() {
    let Some(folder) = support::corpus::folder("fhir-notifications") else { return };
    for path in support::corpus::json_files(&folder, 5) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let body = support::corpus::json(&path);
        let mut server = Server::new();
        server.session.attest(NOW);
        let run = server.send(&body, 0);
        let expected = match name.as_str() {
            name if name.contains("heartbeat") => ("unchanged", None),
            // No EHR sandbox is there to ask.
            name if name.contains("empty") || name.contains("id-only") => {
                ("dead-lettered", Some("notification.event-unavailable"))
            }
            // They are about an Encounter, which this policy does not let its recipient have.
            _ => ("rejected", Some("validate.event-type-not-covered")),
        };
        assert_eq!((end(&run).0, end(&run).1), expected, "{name}");
    }
}
