//! The user's own input as opened: what it is, and how far reading or sending has come.

use super::batch::Tally;
use super::check::CheckAll;
use super::many::Many;
use super::own::{self, OwnInput};
use super::waiting::{self, HOUR, Pass};
use crate::app::desk::Desk;
use crate::app::parts::ProgressBar;
use crate::app::{dom, text};
use leptos::prelude::*;

/// What is open of the user's own, its progress, and what became of it.
#[component]
pub fn OwnPanel(desk: Desk) -> impl IntoView {
    let own = desk.bench.own;
    view! {
        {move || what_is_open(desk, own.input.get())}
        <ProgressBar progress=own.job on_cancel=Callback::new(move |()| own.cancelled.set(true)) />
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
                {move || clock_note(desk)}
                {many.then(|| view! { <CheckAll desk /> <Many desk /> })}
            </div>
        }
        .into_any(),
    )
}

/// Where the simulated time is days behind the browser's: what is dated after it is refused, so it can be moved on.
fn clock_note(desk: Desk) -> Option<AnyView> {
    let clock = desk.clock.get();
    let ahead = dom::now().saturating_sub(clock);
    (ahead > 24 * HOUR).then(|| {
        view! {
            <p class="note">
                {["The simulated time is ", &dom::show_time(clock), ". What is dated later is refused."].concat()}
            </p>
            <button
                type="button"
                class="chip"
                data-testid="pass-to-now"
                on:click=move |_| waiting::pass(desk, Pass::For(ahead))
            >
                "Let time pass until now"
            </button>
        }
        .into_any()
    })
}

fn describe_input(input: &OwnInput, tally: &Tally) -> String {
    match input {
        OwnInput::None => String::new(),
        OwnInput::One { .. } => {
            String::from("Your own event is in the editor below, signed and ready to send.")
        }
        OwnInput::Many { count, .. } if tally.looked_at == 0 => {
            [&text::count(*count, "resource"), " read, none sent yet."].concat()
        }
        OwnInput::Many { count, .. } => {
            let rest = count.saturating_sub(tally.looked_at);
            let sent = text::count(tally.sent, "event") + " sent";
            if rest > 0 { [&sent, ", ", &text::group(rest), " not sent."].concat() } else { sent + "." }
        }
        OwnInput::Nothing { .. } => String::from(
            "Nothing in it can be an event. A FHIR resource, a Bundle, or NDJSON with a resource a line can.",
        ),
    }
}
