//! The user's own input as opened: what it is, and how far reading or sending has come.

use super::batch::Tally;
use super::many::Many;
use super::own::{self, Job, OwnInput};
use crate::app::desk::Desk;
use crate::app::text;
use leptos::prelude::*;

/// What is open of the user's own, its progress, and what became of it.
#[component]
pub fn OwnPanel(desk: Desk) -> impl IntoView {
    let own = desk.bench.own;
    view! {
        {move || what_is_open(desk, own.input.get())}
        {progress(desk)}
    }
    .into_any()
}

fn what_is_open(desk: Desk, input: OwnInput) -> Option<AnyView> {
    if input == OwnInput::None {
        return None;
    }
    let many = matches!(input, OwnInput::Many { .. });
    let tally = desk.bench.own.tally;
    let words = move || tally.with(|t| describe_input(&input, t));
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

fn describe_input(input: &OwnInput, tally: &Tally) -> String {
    match input {
        OwnInput::None => String::new(),
        OwnInput::One { .. } => {
            String::from("Your own event is in the editor below, signed and ready to send.")
        }
        OwnInput::Many { count, .. } if tally.sent == 0 => {
            [&text::count(*count, "event"), " read, none sent yet."].concat()
        }
        OwnInput::Many { count, .. } => {
            let rest = count.saturating_sub(tally.sent);
            let sent = text::count(tally.sent, "event") + " sent";
            if rest > 0 { [&sent, ", ", &text::group(rest), " not sent."].concat() } else { sent + "." }
        }
        OwnInput::Nothing { .. } => String::from(
            "Nothing in it can be an event. A FHIR resource, a Bundle, or NDJSON with a resource a line can.",
        ),
    }
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

fn describe(job: &Job) -> String {
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
