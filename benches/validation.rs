//! The benchmark of structure validation: microseconds a kilobyte beside serde_json's parse of the same bytes in the
//! same run.
//!
//! What is validated are the bodies of the shipped scenarios and, where `cargo xtask bench` found the corpus and packed
//! it (feature `bench-corpus`), HL7's examples of the supported types and a Synthea Bundle.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops where its own input is wrong"
)]

#[macro_use]
#[path = "support/mod.rs"]
mod support;

use airlock::api;
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::validate::structure;
use std::fmt::Write;
use std::hint::black_box;

const ROUNDS: usize = 7;
/// Bytes that are gone over in one round, so that a clock of coarse grain does.
const BYTES: usize = 12_000_000;

#[cfg(feature = "bench-corpus")]
const PACKED: &str = include_str!(env!("AIRLOCK_BENCH_CORPUS"));
#[cfg(not(feature = "bench-corpus"))]
const PACKED: &str = "{}";

/// What is validated: a name, and texts.
fn sets() -> Vec<(String, Vec<String>)> {
    let cards = api::scenarios();
    let bodies = cards.iter().filter_map(|card| api::open_scenario(&card.id)).filter_map(|scenario| {
        let body: serde_json::Value = serde_json::from_str(&scenario.requests.first()?.1.body).ok()?;
        Some(body.get("data")?.to_string())
    });
    let mut sets = vec![("the scenarios' data".to_owned(), bodies.collect())];
    let packed: std::collections::BTreeMap<String, Vec<String>> = serde_json::from_str(PACKED).unwrap();
    sets.extend(packed);
    sets
}

/// The median over all rounds, in microseconds a kilobyte (1000 bytes).
fn time(clock: &dyn Fn() -> f64, texts: &[String], mut work: impl FnMut(usize)) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    let repeats = BYTES.div_ceil(bytes);
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = clock();
            (0..repeats).for_each(|_| (0..texts.len()).for_each(&mut work));
            (clock() - start) * 1000.0 / (bytes * repeats) as f64 * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// The table.
fn measured(clock: &dyn Fn() -> f64) -> String {
    let mut table = String::new();
    writeln!(table, "structure validation ({}), µs a kB", std::env::consts::ARCH).unwrap();
    writeln!(table, "  {:<28}{:>6}{:>9}{:>9}{:>9}{:>9}", "", "kB", "parse", "read", "check", "check/parse")
        .unwrap();
    for (name, texts) in sets() {
        let documents: Vec<Json> = texts.iter().map(|text| Json::read(text.as_str()).unwrap()).collect();
        let parse = time(clock, &texts, |n| {
            black_box(serde_json::from_str::<serde_json::Value>(black_box(&texts[n])).unwrap());
        });
        let read = time(clock, &texts, |n| {
            black_box(Json::read(black_box(texts[n].as_str())).unwrap());
        });
        let check = time(clock, &texts, |n| {
            black_box(structure::check(black_box(&documents[n]), NodeId::ROOT));
        });
        let kilobytes = texts.iter().map(String::len).sum::<usize>() / 1000;
        let ratio = check / parse;
        writeln!(table, "  {name:<28}{kilobytes:>6}{parse:>9.2}{read:>9.2}{check:>9.2}{ratio:>9.2}").unwrap();
    }
    writeln!(table, "  parse: serde_json to a Value; read: the engine's own reader; check: structure alone")
        .unwrap();
    table
}

bench!(validation, measured);
