//! Selectors compiled, and an event walked, with more and more of them that do not apply to it.

use super::{COUNTS, RULES, time};
use airlock::api;
use airlock::engine::adapt::Plan;
use airlock::engine::fhir::{Json, NodeId};
use airlock::engine::path::{Context, Selector, Type};
use std::fmt::Write;
use std::hint::black_box;

/// What a referral is read for.
const APPLY: [&str; 8] = [
    "ServiceRequest.id",
    "ServiceRequest.status",
    "ServiceRequest.code.coding.code",
    "ServiceRequest.code.coding.display",
    "ServiceRequest.occurrence.ofType(dateTime)",
    "ServiceRequest.subject.reference",
    "ServiceRequest.reasonCode.coding.where(system = 'http://snomed.info/sct').code",
    "ServiceRequest.note.first().text",
];

/// A selector that finds nothing in a referral.
pub fn idle(n: usize) -> String {
    match n % 4 {
        0 => format!("ServiceRequest.extension('urn:example:{n}').value.ofType(code)"),
        1 => format!("ServiceRequest.performerType.coding.where(system = 'urn:example:{n}').code"),
        2 => format!("ServiceRequest.code.coding.where(system = 'urn:example:{n}').code.first()"),
        _ => format!("ServiceRequest.reasonCode[{n}].coding.code"),
    }
}

/// So many selectors: those above, and others that find nothing.
fn selectors(count: usize) -> Vec<String> {
    let others = (0..count.saturating_sub(APPLY.len())).map(idle);
    APPLY.iter().map(|text| (*text).to_owned()).chain(others).collect()
}

fn compile(texts: &[String], own: Type) -> Plan {
    let context = Context { own, deviates: &|_, _| false };
    let selectors: Vec<Selector> = texts.iter().map(|text| context.selector(text).unwrap()).collect();
    Plan::new(selectors.iter())
}

/// The table.
pub fn measured(clock: &dyn Fn() -> f64) -> String {
    let body = &api::open_scenario("referral-created").unwrap().requests[0].1.body;
    let event: serde_json::Value = serde_json::from_str(body).unwrap();
    let event = event["data"].to_string();
    let json = Json::read(event.as_str()).unwrap();
    let is_focus =
        |node: &NodeId| json.resource_type(*node).is_some_and(|kind| kind.name() == "ServiceRequest");
    let focus = json.descendants(NodeId::ROOT).find(is_focus).unwrap();
    let own = Type::stated(&json, focus).unwrap();
    let floor = time(clock, 1_000, || {
        black_box(serde_json::from_str::<serde_json::Value>(black_box(&event)).unwrap());
    });
    let mut table = String::new();
    writeln!(table, "mapping ({}), µs; an event of {} bytes", std::env::consts::ARCH, event.len()).unwrap();
    let heads = ["rules", "parse", "compile", "ratio", "walk", "walk/parse of the event"];
    writeln!(
        table,
        "{:>8}{:>10}{:>10}{:>8}{:>8}{:>26}",
        heads[0], heads[1], heads[2], heads[3], heads[4], heads[5]
    )
    .unwrap();
    for count in COUNTS {
        let texts = selectors(count);
        let array = serde_json::to_string(&texts).unwrap();
        let repeats = RULES / count;
        let parse = time(clock, repeats, || {
            black_box(serde_json::from_str::<serde_json::Value>(black_box(&array)).unwrap());
        });
        let compiled = time(clock, repeats, || {
            black_box(compile(black_box(&texts), own));
        });
        let plan = compile(&texts, own);
        let walk = time(clock, 1_000, || {
            black_box(plan.walk(black_box(&json), NodeId::ROOT, focus));
        });
        let (ratio, of_parse) = (compiled / parse, walk / floor);
        writeln!(table, "{count:>8}{parse:>10.1}{compiled:>10.1}{ratio:>8.1}{walk:>8.2}{of_parse:>26.2}")
            .unwrap();
    }
    writeln!(
        table,
        "  parse: serde_json to a Value, of the selectors as an array; compile: read, checked, joined"
    )
    .unwrap();
    table
}
