//! The stages as a vertical strip.

use super::bench::Bench;
use crate::api::{StageState, StageView};
use crate::app::{dom, words};
use leptos::prelude::*;

/// The stages of the delivery shown; before anything was sent, what each is for.
#[component]
pub fn Strip(bench: Bench) -> impl IntoView {
    let stages = move || {
        bench.shown.with(|sent| match sent.as_ref().map(|s| s.stages()).filter(|s| !s.is_empty()) {
            Some(stages) => stages.iter().map(stage).collect::<Vec<_>>(),
            None => words::STAGES.iter().map(|name| stage(&waiting(name))).collect(),
        })
    };
    view! {
        <ol class="strip" aria-label="Stages" data-testid="strip">
            {stages}
        </ol>
    }
    .into_any()
}

fn waiting(name: &str) -> StageView {
    StageView { stage: name.to_owned(), state: StageState::Waiting, reasons: Vec::new(), micros: None }
}

/// A time as far as the browser's clock tells it: some go in steps of a tenth of a millisecond.
fn duration(micros: f64) -> String {
    if micros < 100.0 {
        return String::from("< 0.1 ms");
    }
    dom::one_digit(micros / 1_000.0) + " ms"
}

fn stage(view: &StageView) -> AnyView {
    let (tone, glyph, word) = words::stage_state(view.state);
    let micros = view.micros.map(duration);
    let reasons = view.reasons.iter().map(|r| view! { <li>{words::prose(r)}</li> }).collect::<Vec<_>>();
    let refused = view.state == StageState::Refused;
    view! {
        <li
            class="stage"
            data-testid=["stage-", &view.stage].concat()
            data-state=word
        >
            <details open=refused>
                <summary>
                    <span class="stage-name">{view.stage.clone()}</span>
                    {words::mark((tone, glyph), word)}
                    <span class="stage-time">{micros}</span>
                </summary>
                <p class="note">{words::stage_story(&view.stage)}</p>
                <ul class="reasons">{reasons}</ul>
            </details>
        </li>
    }
    .into_any()
}
