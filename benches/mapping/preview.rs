//! A change of policy over many events, beside runs over the same; and what one keystroke in the open scenario costs.

use super::time;
use airlock::api::{
    self, JobOutcome, OpenScenario, PreviewEvents, PreviewInput, PreviewRequest, RehearsalRequest, Task,
};
use airlock::engine::audit::Tree;
use airlock::engine::canonical::Catalogue;
use airlock::engine::phi::Phi;
use airlock::engine::preview::{Preview, PreviewTexts, SideTexts};
use airlock::engine::time::Instant;
use airlock::engine::webhook::Delivery;
use airlock::engine::{Connector, Outcome, Remembered};
use std::hint::black_box;

/// Events that are previewed.
const EVENTS: usize = 10_000;
/// Events that a job takes at once, as the worker has it.
const BUDGET: usize = 256;

/// The median of three, in microseconds an event. What `prepare` makes is not counted.
fn per_event<T>(clock: &dyn Fn() -> f64, prepare: impl Fn() -> T, mut work: impl FnMut(T)) -> f64 {
    let mut times: Vec<f64> = (0..3)
        .map(|_| {
            let input = prepare();
            let start = clock();
            work(input);
            (clock() - start) * 1000.0 / EVENTS as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[1]
}

fn finished(task: Task) -> JobOutcome {
    let mut job = task.begin().unwrap();
    while !job.step(BUDGET) {}
    job.finish()
}

/// What is previewed: a scenario, its policy with one rule changed, and many referrals.
struct Ground {
    scenario: OpenScenario,
    at: i64,
    draft: String,
    bodies: Vec<String>,
}

impl Ground {
    fn new() -> Self {
        let scenario = api::open_scenario("referral-created").unwrap();
        let (at, request) = &scenario.requests[0];
        let policy = &scenario.setup.policy;
        let draft = policy.replacen("generalize:age-band", "generalize:year", 1);
        assert_ne!(draft, *policy);
        let data = event(&request.body)["data"].to_string();
        let bodies = (0..EVENTS).map(|n| data.replace("REF-001", &format!("REF-{n:05}"))).collect();
        Self { at: *at, draft, bodies, scenario }
    }
}

fn event(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap()
}

fn line(what: &str, run: f64, preview: f64) -> String {
    let arch = std::env::consts::ARCH;
    let ratio = preview / run;
    format!(
        "{what} ({arch}), µs an event of {EVENTS}: {run:.1} run, {preview:.1} preview, {ratio:.2} ratio\n"
    )
}

/// Events through the connector, and the same compared by the engine.
pub fn engine(clock: &dyn Fn() -> f64) -> String {
    let Ground { scenario, at, draft, bodies } = Ground::new();
    let setup = &scenario.setup;
    let body = event(&scenario.requests[0].1.body);
    let enveloped: Vec<api::Request> = bodies
        .iter()
        .map(|data| {
            let mut body = body.clone();
            body["data"] = serde_json::from_str(data).unwrap();
            api::request_for(setup, &body.to_string(), at)
        })
        .collect();
    let deliveries = || -> Vec<Delivery> {
        let delivery = |request: &api::Request| Delivery {
            headers: request.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect(),
            body: Phi::new(request.body.clone().into_bytes()),
        };
        enveloped.iter().map(delivery).collect()
    };
    let run = per_event(clock, deliveries, |deliveries| {
        let mut connector = Connector::new(setup.read(None).unwrap(), Remembered::default(), Tree::default());
        for delivery in deliveries {
            connector.receive(delivery, Instant(at), &mut |_| {});
            let run = connector.advance(Instant(at), &mut |_| {}).unwrap();
            assert_eq!(run.outcome, Outcome::Delivered);
        }
        black_box(connector.log().root());
    });
    let bytes = || -> Vec<Phi<Vec<u8>>> {
        enveloped.iter().map(|request| Phi::new(request.body.clone().into_bytes())).collect()
    };
    let compared = per_event(clock, bytes, |bodies| {
        let mut preview = Preview::new(&PreviewTexts {
            old: SideTexts { policy: &setup.policy, adapter: &setup.adapter },
            new: SideTexts { policy: &draft, adapter: &setup.adapter },
            catalogue: Catalogue::shipped(),
            consents: Some(&setup.consents),
            ehr: None,
            seed: &setup.seed,
        })
        .unwrap();
        bodies.into_iter().for_each(|body| preview.take("referral", body, Instant(at)));
        assert_eq!(preview.events(), EVENTS);
        black_box(preview.finish());
    });
    line("preview, engine", run, compared)
}

/// A file of events as a job, rehearsed and previewed.
pub fn job(clock: &dyn Fn() -> f64) -> String {
    let Ground { scenario, at, draft, bodies } = Ground::new();
    let setup = &scenario.setup;
    let file = bodies.join("\n");
    let events = || {
        let text = file.clone();
        PreviewEvents::Inputs(vec![PreviewInput { name: "referrals.ndjson".to_owned(), text, at: None }])
    };
    let rehearsal =
        || Task::Rehearse(Box::new(RehearsalRequest { setup: setup.clone(), events: events(), now: at }));
    let rehearsed = per_event(clock, rehearsal, |task| {
        let JobOutcome::Rehearsed(result) = finished(task) else { return };
        assert!(result.endings.iter().any(|ending| ending.outcome == "delivered" && ending.count == EVENTS));
    });
    let request = || {
        let request = PreviewRequest::over_scenario(&scenario, &draft);
        Task::Preview(PreviewRequest { events: events(), now: at, ..request })
    };
    let previewed = per_event(clock, request, |task| {
        let JobOutcome::Previewed(report) = finished(task) else { return };
        assert_eq!(report.events - report.totals.not_covered, EVENTS);
    });
    line("preview, job with its file", rehearsed, previewed)
}

/// A key pressed in a policy's text: the draft is checked, and the open scenario previewed.
pub fn keystroke(clock: &dyn Fn() -> f64) -> String {
    let Ground { scenario, draft, .. } = Ground::new();
    let keystroke = time(clock, 50, || {
        black_box(api::check_policy(black_box(&draft)));
        black_box(api::preview(&PreviewRequest::over_scenario(&scenario, &draft)).unwrap());
    });
    format!(
        "a keystroke ({}): {keystroke:.0} µs to check the draft and preview the open scenario\n",
        std::env::consts::ARCH
    )
}
