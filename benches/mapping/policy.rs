//! A policy read, linted and joined with its adapter, and a referral walked and redacted by it, with more and more rules
//! that do not apply.

use super::{COUNTS, RULES, selectors, time};
use airlock::api;
use airlock::engine::adapt::{Adapter, CrmAdapter};
use airlock::engine::canonical::Catalogue;
use airlock::engine::decisions::Decisions;
use airlock::engine::document::Severity;
use airlock::engine::fhir::Json;
use airlock::engine::phi::Phi;
use airlock::engine::policy::{Beside, Policy};
use airlock::engine::redact::{self, Keys};
use airlock::engine::time::Instant;
use airlock::engine::validate;
use serde_json::{Value, json};
use std::fmt::Write;
use std::hint::black_box;

/// Rules of the shipped policy that each of the policies starts with.
const APPLY: usize = 8;
/// Kinds of generated fields, with what their rules say.
const KINDS: [&str; 3] = ["code", "identifier", "free-text"];

/// A policy of so many rules, and what it works with, as texts.
struct Texts {
    policy: String,
    adapter: String,
    crm: String,
    catalogue: String,
}

impl Texts {
    /// The first rules of the policy for referrals, and others about fields that no referral has.
    fn new(setup: &api::Setup, count: usize) -> Self {
        let idle = 0..count.saturating_sub(APPLY);
        let mut catalogue: Value =
            serde_json::from_str(api::fixture("canonical/model.json").unwrap()).unwrap();
        let fields: Vec<Value> = idle
            .clone()
            .map(|n| {
                let class = if n % 3 == 0 { "operational" } else { "phi-restricted" };
                json!({"name": format!("f{n}"), "type": KINDS[n % 3], "cardinality": "0..1", "class": class})
            })
            .collect();
        catalogue["entities"].as_array_mut().unwrap().push(json!({"name": "Extra", "fields": fields}));

        let mut adapter: Value = serde_json::from_str(&setup.adapter).unwrap();
        let events = adapter["events"].as_array_mut().unwrap();
        events.retain(|event| event["type"] == "referral.created");
        let fields =
            idle.clone().map(|n| json!({"field": format!("Extra.f{n}"), "select": selectors::idle(n)}));
        events[0]["fields"].as_array_mut().unwrap().extend(fields);

        let mut crm: Value = serde_json::from_str(api::fixture("adapters/crm-demo.json").unwrap()).unwrap();
        let objects = crm["objects"].as_array_mut().unwrap();
        let activity = objects.iter_mut().find(|object| object["name"] == "Activity").unwrap();
        let fields = idle.clone().filter(|n| n % 3 < 2).map(|n| {
            let kind = ["code", "token"][n % 3];
            let fields = [format!("Extra.f{n}")];
            json!({"name": format!("f{n}"), "type": kind, "cardinality": "0..1", "fields": fields})
        });
        activity["fields"].as_array_mut().unwrap().extend(fields);

        let mut policy: Value = serde_json::from_str(&setup.policy).unwrap();
        let rules = policy["rules"].as_array_mut().unwrap();
        rules.truncate(APPLY);
        rules.extend(idle.map(rule));
        Self {
            policy: policy.to_string(),
            adapter: adapter.to_string(),
            crm: crm.to_string(),
            catalogue: catalogue.to_string(),
        }
    }
}

/// A rule of a generated field, as one would write it.
fn rule(n: usize) -> Value {
    let (id, field, target) = (format!("X{n}"), format!("Extra.f{n}"), format!("Activity.f{n}"));
    match n % 3 {
        0 => json!({"id": id, "field": field, "label": "allowed", "target": target, "values": ["a", "b"],
            "systems": ["urn:example:codes"]}),
        1 => json!({
            "id": id, "field": field, "label": "transformed", "method": "tokenize", "target": target,
            "owner": "privacy office", "check": "A token.", "rollback": "Publish the version before."
        }),
        _ => json!({"id": id, "field": field, "label": "prohibited"}),
    }
}

/// The table.
pub fn measured(clock: &dyn Fn() -> f64) -> String {
    let scenario = api::open_scenario("referral-created").unwrap();
    let (at, request) = &scenario.requests[0];
    let parse_event = time(clock, 1_000, || {
        black_box(serde_json::from_str::<Value>(black_box(&request.body)).unwrap());
    });
    let event = Phi::new(Json::read(request.body.as_str()).unwrap());
    let mut table = String::new();
    writeln!(table, "policies ({}), µs; an event of {} bytes", std::env::consts::ARCH, request.body.len())
        .unwrap();
    let heads =
        ["rules", "bytes", "parse", "read", "compile", "ratio", "redact", "redact/parse of the event"];
    writeln!(
        table,
        "{:>8}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}{:>27}",
        heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6], heads[7]
    )
    .unwrap();
    for count in COUNTS {
        let texts = Texts::new(&scenario.setup, count);
        let catalogue = Catalogue::read(&texts.catalogue).0.unwrap();
        let (adapter, findings) = Adapter::read(&texts.adapter, &catalogue);
        assert!(findings.iter().all(|finding| finding.severity != Severity::Error), "{:?}", findings.first());
        let adapters = [adapter.unwrap()];
        let crms = [CrmAdapter::read(&texts.crm, &catalogue).0.unwrap()];
        let beside = Beside { adapters: &adapters, crms: &crms };
        let repeats = RULES / count;
        let parse = time(clock, repeats, || {
            black_box(serde_json::from_str::<Value>(black_box(&texts.policy)).unwrap());
        });
        let read = time(clock, repeats, || {
            black_box(Policy::read(black_box(&texts.policy), &catalogue));
        });
        let compiled = time(clock, repeats, || {
            let reading = Policy::read_beside(black_box(&texts.policy), &catalogue, beside);
            black_box(Decisions::new(&reading.policy.unwrap(), &adapters[0]));
        });

        let reading = Policy::read_beside(&texts.policy, &catalogue, beside);
        let errors = reading.findings.iter().filter(|finding| finding.severity == Severity::Error);
        assert_eq!(errors.map(|finding| finding.code.as_str()).next(), None);
        let policy = reading.policy.unwrap();
        assert_eq!(policy.rules.len(), count);
        let decisions = Decisions::new(&policy, &adapters[0]);
        let shape = validate::locate(&event, &policy, &adapters[0]).unwrap();
        let map = &adapters[0].events[shape.event.unwrap()];
        let keys = Keys::new(&scenario.setup.seed, &policy.target).unwrap();
        let redacted = time(clock, 1_000, || {
            let claims = map.adapt(black_box(&event), shape.data, shape.focus, shape.patient());
            let _ =
                black_box(redact::redact(&event, &shape, &claims, &policy, &decisions, &keys, Instant(*at)));
        });
        let (ratio, of_parse, bytes) = (compiled / parse, redacted / parse_event, texts.policy.len());
        writeln!(
            table,
            "{count:>8}{bytes:>10}{parse:>10.1}{read:>10.1}{compiled:>10.1}{ratio:>8.1}{redacted:>8.2}{of_parse:>27.2}"
        )
        .unwrap();
    }
    writeln!(
        table,
        "  parse: serde_json to a Value; read: alone; compile: read and linted beside both adapters, and joined"
    )
    .unwrap();
    writeln!(
        table,
        "  redact: one referral walked and redacted; all but {APPLY} rules are about what it does not have"
    )
    .unwrap();
    table
}
