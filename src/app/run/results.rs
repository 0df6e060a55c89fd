//! The result line: every delivery since Send, and the outcome of the one shown.

use super::bench::{Fate, Sent};
use super::queue::until;
use crate::api::Receipt;
use crate::app::desk::Desk;
use crate::app::route::{Route, Step};
use crate::app::{dom, words};
use leptos::prelude::*;
use std::sync::Arc;

/// The deliveries as tabs, and the outcome of the one shown.
#[component]
pub fn Results(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    let tabs = move || {
        bench.sent.with(|sent| {
            (sent.len() > 1).then(|| {
                let mut number = 0usize;
                let tabs = sent.iter().map(|s| {
                    number = number.saturating_add(usize::from(s.draft.is_some()));
                    tab(desk, number, s)
                });
                let tabs = tabs.collect::<Vec<_>>();
                view! {
                    <p class="summary" data-testid="summary">
                        {summary(sent)}
                    </p>
                    <div class="tabs" role="group" aria-label="Deliveries">
                        {tabs}
                    </div>
                }
            })
        })
    };
    view! {
        <div class="results" data-testid="results">
            {tabs}
            {move || match bench.shown.get() {
                Some(sent) => outcome(desk, &sent),
                None => {
                    view! {
                        <p class="empty">
                            "Nothing was sent yet. Press " <strong>"Send"</strong>
                            " to see the event pass through each stage."
                        </p>
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

/// `1 delivered · 2 duplicate`, in the order of their first coming.
fn summary(sent: &[Arc<Sent>]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for one in sent {
        match counts.iter_mut().find(|(word, _)| *word == one.outcome()) {
            Some((_, n)) => *n = n.saturating_add(1),
            None => counts.push((one.outcome(), 1)),
        }
    }
    let parts: Vec<String> = counts.iter().map(|(word, n)| [&n.to_string(), " ", word].concat()).collect();
    parts.join(" · ")
}

/// A result to choose. Those that came of the editor's requests are numbered; others came of them.
fn tab(desk: Desk, number: usize, sent: &Arc<Sent>) -> AnyView {
    let (this, that) = (Arc::clone(sent), Arc::clone(sent));
    let pressed = move || {
        let shown = desk.bench.shown.with(|s| s.as_ref().is_some_and(|s| Arc::ptr_eq(s, &this)));
        if shown { "true" } else { "false" }
    };
    let pick = move |_| {
        desk.bench.picked.set(None);
        desk.bench.shown.set(Some(Arc::clone(&that)));
    };
    let testid = match sent.draft {
        Some(_) => ["delivery-", &number.to_string()].concat(),
        None => String::from("further-delivery"),
    };
    view! {
        <button
            type="button"
            class="chip"
            aria-pressed=pressed
            data-testid=testid
            on:click=pick
        >
            <span>{sent.label.clone()}</span>
            {words::outcome_mark(sent.outcome())}
        </button>
    }
    .into_any()
}

/// The answer that the sender got at once: `429 Too Many Requests, Retry-After 30 s`.
fn receipt(receipt: &Receipt) -> String {
    let mut out = [&receipt.status.to_string(), " ", receipt.reason.as_str()].concat();
    if let Some(seconds) = receipt.retry_after {
        out = [&out, ", Retry-After: ", &seconds.to_string()].concat();
    }
    out
}

fn outcome(desk: Desk, sent: &Sent) -> AnyView {
    let receipt = match &sent.fate {
        Fate::Run(view) => Some(receipt(&view.receipt)),
        _ => None,
    };
    let due = match &sent.fate {
        Fate::Run(view) => view.due,
        _ => None,
    };
    let due = due.map(|due| {
        let words = move || [&until(due, desk.clock.get()), ", at ", &dom::show_time(due)].concat();
        view! {
            <span class="note" data-testid="due">
                {words}
            </span>
        }
    });
    let brief = matches!(sent.fate, Fate::Brief { .. });
    let correlation = sent.correlation().filter(|c| !c.is_empty()).map(str::to_owned);
    let follow = correlation.map(|id| {
        let to = id.clone();
        let go = move |_| {
            let scenario = desk.route.with_untracked(|r| r.scenario.clone());
            desk.close_bundle();
            desk.go(Route::of_run(&to, scenario), Step::Push);
        };
        view! {
            <button
                type="button"
                class="quiet"
                title="Its audit records"
                data-testid="follow-run"
                on:click=go
            >
                {id}
            </button>
        }
    });
    view! {
        <div class="outcome" data-testid="outcome" data-outcome=sent.outcome().to_owned()>
            <span class="outcome-word">{words::outcome_mark(sent.outcome())}</span>
            <span class="note" data-testid="receipt">
                {receipt}
            </span>
            {due}
            {follow}
            {brief
                .then(|| {
                    view! {
                        <p class="note">
                            "Of this item only the outcome was kept. Its audit records are complete."
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}
