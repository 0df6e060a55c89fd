//! Opening a bundle, and what is said while one is open.

use crate::app::desk::Desk;
use crate::app::parts::{ProgressBar, Said, objection};
use crate::app::{dom, text};
use leptos::prelude::*;

/// Where a bundle is chosen.
#[component]
pub fn OpenBundle(desk: Desk) -> impl IntoView {
    let pick = move |event: web_sys::Event| {
        let Some(input) = dom::input_of(&event) else { return };
        let file = dom::files_of(input.files()).into_iter().next();
        dom::clear_file_input(&input);
        if let Some(file) = file {
            desk.open_bundle(file);
        }
    };
    view! {
        <label class="file button">
            "Open bundle…"
            <input
                type="file"
                accept=".json,application/json"
                data-testid="open-bundle"
                on:change=pick
            />
        </label>
    }
    .into_any()
}

/// What is open, what could not be opened, and what is being opened.
#[component]
pub fn Opened(desk: Desk) -> impl IntoView {
    let stop = Callback::new(move |()| desk.checking.cancelled.set(true));
    let refused = move || {
        let (name, why) = desk.unopened.get()?;
        Some(view! {
            <div class="opened" data-testid="unopened">
                <p>
                    <strong>{["Not opened: ", &text::plain(&name, 80)].concat()}</strong>
                </p>
                {objection(&why, Said::Refused)}
                <button type="button" data-testid="unopened-close" on:click=move |_| desk.unopened.set(None)>
                    "Dismiss"
                </button>
            </div>
        })
    };
    let open = move || {
        let card = desk.card.get()?;
        let verified = if card.verified { "✓ verified" } else { "✕ not verified" };
        let words = [
            &text::short_size(card.bytes),
            "B, ",
            &text::count(card.records, "record"),
            ", root ",
            &text::clip(&card.root, 12),
            ", ",
            verified,
        ];
        Some(view! {
            <section class="opened" aria-label="Bundle" data-testid="opened" data-verified=card.verified.to_string()>
                <p>
                    <strong>{["You are looking at the bundle ", &text::plain(&card.name, 80)].concat()}</strong>
                    <span class="note">{[": ", &words.concat()].concat()}</span>
                </p>
                <p class="note">
                    "Read-only: nothing of it is stored, and your own timeline is untouched."
                </p>
                <button type="button" class="primary" data-testid="opened-close" on:click=move |_| desk.close_bundle()>
                    "Close and return"
                </button>
            </section>
        })
    };
    view! {
        <ProgressBar progress=desk.checking.progress on_cancel=stop />
        {refused}
        {open}
    }
    .into_any()
}
