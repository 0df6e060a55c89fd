//! Choosing the set of events.

use super::{EventSet, Trial};
use crate::app::desk::Desk;
use crate::app::{dom, text};
use leptos::prelude::*;

/// Which events the two policies are held against.
#[component]
pub fn Chooser(desk: Desk) -> impl IntoView {
    let trial = desk.sheet.trial;
    let title = move || {
        desk.bench.scenario.with(|scenario| scenario.as_ref().map(|scenario| scenario.card.title.clone()))
    };
    let files = move || {
        trial.files.with(|files| match files.as_slice() {
            [] => "My files…".to_owned(),
            [one] => one.name.clone(),
            many => text::count(many.len(), "file"),
        })
    };
    let chosen = move |event: web_sys::Event| {
        if let Some(input) = dom::input_of(&event) {
            trial.open(desk, dom::files_of(input.files()));
            dom::clear_file_input(&input);
        }
    };
    let dropped = move |event: web_sys::DragEvent| {
        event.prevent_default();
        // Events, not a policy.
        event.stop_propagation();
        trial.open(desk, dom::files_of(event.data_transfer().and_then(|transfer| transfer.files())));
    };
    let again = move || {
        (trial.stale.get() && trial.work.progress.with(Option::is_none)).then(|| {
            view! {
                <button
                    type="button"
                    class="primary"
                    data-testid="preview-again"
                    on:click=move |_| trial.start(desk)
                >
                    "Compare again"
                </button>
                <span class="note">"The draft has changed since."</span>
            }
        })
    };
    view! {
        <div class="preview-set" on:dragover=|event| {
            event.prevent_default();
            event.stop_propagation();
        } on:drop=dropped>
            <div class="buttons" role="group" aria-label="Events to look at">
                {one(desk, trial, EventSet::Open, "Open scenario")}
                {one(desk, trial, EventSet::Shipped, "All shipped events")}
                <label class="button file chip" class:pressed=move || trial.set.get() == EventSet::Files>
                    {files}
                    <input
                        type="file"
                        multiple
                        accept=".json,.ndjson,.jsonl,application/json,application/fhir+json,application/x-ndjson"
                        data-testid="preview-files"
                        on:change=chosen
                    />
                </label>
                {again}
            </div>
            <p class="note" data-testid="preview-set">
                {move || match trial.set.get() {
                    EventSet::Open => title().unwrap_or_default() + ", live",
                    EventSet::Shipped => "Every delivery of every scenario".to_owned(),
                    EventSet::Files => "Your own files; drop others here".to_owned(),
                }}
            </p>
        </div>
    }
    .into_any()
}

fn one(desk: Desk, trial: Trial, set: EventSet, words: &'static str) -> AnyView {
    view! {
        <button
            type="button"
            class="chip"
            data-testid=["preview-set-", set.name()].concat()
            aria-pressed=move || if trial.set.get() == set { "true" } else { "false" }
            on:click=move |_| trial.choose(desk, set)
        >
            {words}
        </button>
    }
    .into_any()
}
