//! Opening, dropping and pasting one's own FHIR.

use super::many::Many;
use super::own::{self, OwnInput};
use crate::app::desk::Desk;
use crate::app::{dom, text};
use leptos::prelude::*;

/// The ways in for the user's own input, what is open of it, and how far reading or sending has come.
#[component]
pub fn Open(desk: Desk) -> impl IntoView {
    let pasted = RwSignal::new(String::new());
    let bench = desk.bench;
    let chosen = move |event: web_sys::Event| {
        if let Some(input) = own::input_of(&event) {
            own::open_files(desk, own::files_of(input.files()));
            dom::clear_file_input(&input);
        }
    };
    let own_use = move |_| {
        let text = pasted.get_untracked();
        if !text.trim().is_empty() {
            pasted.set(String::new());
            own::open_text(desk, text);
        }
    };
    view! {
        <div class="ways-in">
            <div class="buttons">
                <label class="button file">
                    "Open file…"
                    <input
                        type="file"
                        multiple
                        accept=".json,.ndjson,.jsonl,application/json,application/fhir+json,application/x-ndjson"
                        data-testid="file-input"
                        on:change=chosen
                    />
                </label>
                <span class="note">"or drop FHIR JSON, a Bundle or NDJSON on this column"</span>
            </div>
            <details class="paste" data-testid="paste">
                <summary>"Paste FHIR JSON…"</summary>
                <textarea
                    rows="5"
                    spellcheck="false"
                    aria-label="FHIR JSON to use"
                    data-testid="paste-input"
                    prop:value=move || pasted.get()
                    on:input=move |event| pasted.set(event_target_value(&event))
                ></textarea>
                <button
                    type="button"
                    data-testid="paste-use"
                    disabled=move || pasted.with(|p| p.trim().is_empty())
                    on:click=own_use
                >
                    "Use it"
                </button>
            </details>
            {move || what_is_open(desk, bench.own.input.get())}
            {progress(desk)}
        </div>
    }
    .into_any()
}

fn what_is_open(desk: Desk, input: OwnInput) -> Option<AnyView> {
    let words = match &input {
        OwnInput::None => return None,
        OwnInput::One { .. } => String::from("Your own event is in the editor below. It has not been sent."),
        OwnInput::Many { count, .. } => {
            [&text::count(*count, "event"), " read. Send them with the button above."].concat()
        }
        OwnInput::Nothing { .. } => String::from(
            "Nothing in it can be an event. A FHIR resource, a Bundle, or NDJSON with a resource a line can.",
        ),
    };
    let many = matches!(input, OwnInput::Many { .. });
    Some(
        view! {
            <div class="own" data-testid="own-input">
                <p>{words}</p>
                <button type="button" data-testid="own-close" on:click=move |_| own::close(desk)>
                    "Back to the scenario"
                </button>
                {many.then(|| view! { <Many desk /> })}
            </div>
        }
        .into_any(),
    )
}

/// The progress bar. Work that takes less than 150 ms never shows one.
fn progress(desk: Desk) -> AnyView {
    let own = desk.bench.own;
    let slow = Memo::new(move |_| own.job.with(|j| j.as_ref().is_some_and(|j| j.at - j.began > 150.0)));
    let done = move || own.job.with(|j| j.as_ref().map_or(0, |j| j.done)).to_string();
    let total = move || own.job.with(|j| j.as_ref().map_or(1, |j| j.total)).to_string();
    let words = move || own.job.with(|j| j.as_ref().map(describe)).unwrap_or_default();
    view! {
        <Show when=move || slow.get()>
            <div class="progress" data-testid="progress">
                <progress max=total prop:value=done aria-label="Progress"></progress>
                <span>{words}</span>
                <button
                    type="button"
                    data-testid="cancel"
                    on:click=move |_| own.cancelled.set(true)
                >
                    "Cancel"
                </button>
            </div>
        </Show>
    }
    .into_any()
}

fn describe(job: &own::Job) -> String {
    let seconds = ((job.at - job.began) / 1_000.0).max(0.001);
    let rate = job.done as f64 / seconds;
    let left = (job.total.saturating_sub(job.done) as f64 / rate.max(0.001)).ceil() as usize;
    let (done, total, rate) = if job.what == "Reading" {
        (text::short_size(job.done), text::short_size(job.total), text::short_size(rate as usize) + "B/s")
    } else {
        (text::group(job.done), text::group(job.total), text::group(rate as usize) + " events/s")
    };
    let left = text::group(left);
    [job.what, " ", &done, " of ", &total, " · ", &rate, " · ", &left, " s left"].concat()
}
