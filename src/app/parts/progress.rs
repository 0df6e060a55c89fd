//! How far long work has come: a bar, the rate, the time left, and a way to cancel it.

use crate::app::text;
use leptos::prelude::*;

/// Work that takes less than this many milliseconds never shows a bar.
const SLOW_MS: f64 = 150.0;

/// Long work under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done, e.g. `Reading`.
    pub what: &'static str,
    /// Of what, e.g. `event`; `B` for bytes.
    pub unit: &'static str,
    /// Done so far.
    pub done: usize,
    /// In all; 0 where that is not known yet.
    pub total: usize,
    /// When it began, in milliseconds of the page's running time.
    pub began: f64,
    /// When this was said.
    pub at: f64,
}

impl Progress {
    /// Work that begins now.
    pub fn begun(what: &'static str, unit: &'static str, now: f64) -> Self {
        Self { what, unit, done: 0, total: 0, began: now, at: now }
    }
}

/// The bar, with its words and a button to cancel.
#[component]
pub fn ProgressBar(
    /// What is under way, if anything.
    #[prop(into)]
    progress: Signal<Option<Progress>>,
    /// Called to have it left off.
    on_cancel: Callback<()>,
) -> impl IntoView {
    let slow = Memo::new(move |_| progress.with(|p| p.as_ref().is_some_and(|p| p.at - p.began > SLOW_MS)));
    // A bar without a value says that nobody knows how long.
    let done = move || progress.with(|p| p.as_ref().filter(|p| p.total > 0).map(|p| p.done.to_string()));
    let total = move || progress.with(|p| p.as_ref().map_or(1, |p| p.total.max(1))).to_string();
    let words = move || progress.with(|p| p.as_ref().map(describe)).unwrap_or_default();
    view! {
        <Show when=move || slow.get()>
            <div class="progress" data-testid="progress">
                <progress max=total value=done aria-label="Progress"></progress>
                <span>{words}</span>
                <button type="button" data-testid="cancel" on:click=move |_| on_cancel.run(())>
                    "Cancel"
                </button>
            </div>
        </Show>
    }
    .into_any()
}

fn describe(progress: &Progress) -> String {
    if progress.total == 0 {
        return [progress.what, "…"].concat();
    }
    let seconds = ((progress.at - progress.began) / 1_000.0).max(0.001);
    let rate = progress.done as f64 / seconds;
    let left = (progress.total.saturating_sub(progress.done) as f64 / rate.max(0.001)).ceil() as usize;
    let (done, total, rate) = if progress.unit == "B" {
        (
            text::short_size(progress.done),
            text::short_size(progress.total),
            text::short_size(rate as usize) + "B/s",
        )
    } else {
        let rate = [&text::group(rate as usize), " ", progress.unit, "s/s"].concat();
        (text::group(progress.done), text::group(progress.total), rate)
    };
    let left = text::group(left);
    [progress.what, " ", &done, " of ", &total, " · ", &rate, " · ", &left, " s left"].concat()
}
