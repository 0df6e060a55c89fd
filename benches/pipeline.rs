//! The pipeline's benchmark: one event through every stage, beside a floor measured in the same run.
//!
//! The floor is what no connector gets around: HMAC-SHA256 of the body, serde_json's parse of it, and one
//! SHA-256. `cargo xtask bench` runs this natively and as WebAssembly in Chromium.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops where its own input is wrong"
)]

#[macro_use]
#[path = "support/mod.rs"]
mod support;

use airlock::api::{self, Request};
use airlock::engine::audit::Tree;
use airlock::engine::phi::Phi;
use airlock::engine::time::Instant;
use airlock::engine::webhook::Delivery;
use airlock::engine::{Connector, Outcome, Remembered, Stage};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::hint::black_box;

/// Events in a round; each has a record of its own, so that each is written.
const EVENTS: usize = 500;
const ROUNDS: usize = 9;

/// Microseconds per event: the medians over all rounds.
struct Measured {
    floor: f64,
    pipeline: f64,
    stages: Vec<(Stage, f64)>,
    records: u64,
    body: usize,
}

/// `clock` gives a running time in milliseconds.
fn measure(clock: &dyn Fn() -> f64) -> Measured {
    let scenario = api::open_scenario("referral-created").unwrap();
    let setup = &scenario.setup;
    let (at, first) = &scenario.requests[0];
    // As a sender would write it: without the fixture's indentation.
    let compact =
        serde_json::to_string(&serde_json::from_str::<serde_json::Value>(&first.body).unwrap()).unwrap();
    let requests: Vec<Request> = (0..EVENTS)
        .map(|n| api::request_for(setup, &compact.replace("REF-001", &format!("REF-{n:04}")), *at))
        .collect();

    let mut floors = Vec::new();
    let mut pipelines = Vec::new();
    let mut stages: Vec<(Stage, Vec<f64>)> =
        Stage::ALL.into_iter().map(|stage| (stage, Vec::new())).collect();
    let mut records = 0;
    for _ in 0..ROUNDS {
        let start = clock();
        requests.iter().for_each(floor);
        floors.push((clock() - start) * 1000.0 / EVENTS as f64);

        let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
        let deliveries: Vec<Delivery> = requests.iter().map(delivery).collect();
        let start = clock();
        for delivery in deliveries {
            connector.receive(delivery, Instant(*at), &mut |_| {});
            let run = connector.advance(Instant(*at), &mut |_| {}).unwrap();
            assert_eq!(run.outcome, Outcome::Delivered);
            black_box(connector.log().root());
        }
        pipelines.push((clock() - start) * 1000.0 / EVENTS as f64);
        records = connector.log().size() / EVENTS as u64;

        // Once more with the stages timed, apart, since reading the clock costs too.
        let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
        let mut spent = vec![0.0; Stage::ALL.len()];
        let deliveries: Vec<Delivery> = requests.iter().map(delivery).collect();
        for delivery in deliveries {
            let mut last = clock();
            let mut probe = |stage: Stage| {
                let now = clock();
                spent[stage as usize] += now - last;
                last = now;
            };
            connector.receive(delivery, Instant(*at), &mut probe);
            connector.advance(Instant(*at), &mut probe);
        }
        for ((_, all), spent) in stages.iter_mut().zip(spent) {
            all.push(spent * 1000.0 / EVENTS as f64);
        }
    }
    Measured {
        floor: median(floors),
        pipeline: median(pipelines),
        stages: stages.into_iter().map(|(stage, all)| (stage, median(all))).collect(),
        records,
        body: requests[0].body.len(),
    }
}

/// Given names of one patient, in events that a sender made to take long. The aim is ten times the parse.
const NAMES: [usize; 2] = [10_000, 300_000];

/// The milliseconds that serde_json takes to parse an event whose patient has this many names, and those that the
/// connector takes for it.
fn hostile(names: usize, clock: &dyn Fn() -> f64) -> (f64, f64) {
    let scenario = api::open_scenario("referral-created").unwrap();
    let (at, first) = &scenario.requests[0];
    let mut body: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    let patient = body.pointer_mut("/data/entry/1/resource/name/0").unwrap();
    patient["given"] = (0..names).map(|n| format!("Test{n:x}")).collect();
    let request = api::request_for(&scenario.setup, &body.to_string(), *at);
    let (mut parses, mut pipelines) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let start = clock();
        black_box(serde_json::from_str::<serde_json::Value>(black_box(&request.body)).unwrap());
        parses.push(clock() - start);
        let setting = scenario.setup.read(None).unwrap();
        let mut connector = Connector::new(setting, Remembered::default(), Tree::default());
        let start = clock();
        connector.receive(delivery(&request), Instant(*at), &mut |_| {});
        assert_eq!(connector.advance(Instant(*at), &mut |_| {}).unwrap().outcome, Outcome::Delivered);
        pipelines.push(clock() - start);
    }
    (median(parses), median(pipelines))
}

fn floor(request: &Request) {
    let body = request.body.as_bytes();
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(b"airlock demonstration secret, not a secret").unwrap();
    mac.update(black_box(body));
    black_box(mac.finalize());
    black_box(serde_json::from_slice::<serde_json::Value>(black_box(body)).unwrap());
    black_box(Sha256::digest(black_box(body)));
}

fn delivery(request: &Request) -> Delivery {
    Delivery {
        headers: request.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect(),
        body: Phi::new(request.body.clone().into_bytes()),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The table.
fn measured(clock: &dyn Fn() -> f64) -> String {
    let Measured { floor, pipeline, stages, records, body } = measure(clock);
    let mut table = String::new();
    writeln!(
        table,
        "one referral, delivered ({}; body {body} bytes, {records} audit records)",
        std::env::consts::ARCH
    )
    .unwrap();
    for (stage, micros) in stages {
        writeln!(table, "  {:<10}{micros:>8.1} µs", stage.as_str()).unwrap();
    }
    writeln!(table, "  {:<10}{pipeline:>8.1} µs", "pipeline").unwrap();
    writeln!(table, "  {:<10}{floor:>8.1} µs   (HMAC-SHA256, serde_json parse, SHA-256)", "floor").unwrap();
    writeln!(table, "  {:<10}{:>8.2} floors", "ratio", pipeline / floor).unwrap();
    for names in NAMES {
        let (parse, pipeline) = hostile(names, clock);
        let parses = pipeline / parse;
        writeln!(
            table,
            "a patient with {names} names: {pipeline:.1} ms, {parses:.1} times serde_json's parse"
        )
        .unwrap();
    }
    table
}

bench!(pipeline, measured);
