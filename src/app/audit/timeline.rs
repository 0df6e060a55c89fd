//! The timeline: newest first, of which only the rows in sight are in the document.

use super::detail::number;
use super::search::Search;
use crate::api::Entry;
use crate::api::archive::{OutcomeClass, lanes};
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::route::Step;
use crate::app::{dom, text, words};
use leptos::prelude::*;
use std::sync::Arc;

const ROW: usize = 32;
/// Characters that are shown of a value.
const CLIP: usize = 80;

/// The records that the filters leave.
#[component]
pub fn Timeline(
    /// The desk.
    desk: Desk,
    /// What is shown.
    search: Search,
    /// The row under the cursor.
    cursor: RwSignal<Option<usize>>,
) -> impl IntoView {
    let summary = search.summary;
    let record = Memo::new(move |_| desk.route.with(|r| r.record));
    // The record that the address bar names is in sight and under the cursor.
    Effect::new(move |_| {
        let Some(seq) = record.get() else { return };
        summary.track();
        let place = search.place(seq);
        if place.is_some() {
            cursor.set(place);
        }
    });
    let count = Signal::derive(move || summary.with(|s| s.count));
    let open = move |place: usize| {
        let Some(seq) = search.record(place) else { return };
        cursor.set(Some(place));
        let mut to = desk.route.get_untracked();
        let step = if to.record.is_some() { Step::Replace } else { Step::Push };
        to.record = Some(seq);
        desk.go(to, step);
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let key = event.key();
        if key == "Enter" {
            if let Some(place) = cursor.get_untracked() {
                open(place);
            }
            return;
        }
        let Some(to) = next(&key, cursor.get_untracked(), count.get_untracked()) else { return };
        event.prevent_default();
        cursor.set(Some(to));
    };
    let row = Arc::new(move |place: usize| {
        summary.track();
        let seq = search.record(place);
        let at = cursor.get() == Some(place);
        let opened = record.get();
        let entry = seq.and_then(|seq| Some((seq, desk.on_view(|log| log.entry(seq))??)));
        entry
            .map(|(seq, entry)| {
                let fault = desk.wrong_with(seq).iter().any(|(_, own)| *own);
                row_view(&entry, RowState { at, open: opened == Some(seq), fault, place, seq }, open)
            })
            .into_any()
    });
    let head = || {
        let lanes = lanes().map(|lane| {
            let short = lane.get(..3).unwrap_or(lane);
            view! { <span title=lane>{short}</span> }
        });
        let lanes = lanes.into_iter().collect::<Vec<_>>();
        let names = ["What", "Outcome", "Reason", "Run"];
        let names = names.map(|name| view! { <span>{name}</span> }).into_iter().collect::<Vec<_>>();
        view! {
            <div class="audit-row audit-head" aria-hidden="true">
                <span class="seq">"No."</span>
                <span>"Time"</span>
                <span class="lanes">{lanes}</span>
                {names}
            </div>
        }
        .into_any()
    };
    let focus = Signal::derive(move || cursor.get());
    let active = Signal::derive(move || cursor.get().map(row_id));
    view! {
        <section class="timeline" aria-label="Timeline" on:keydown=keys>
            <Show
                when=move || count.get().gt(&0)
                fallback=move || {
                    let words = if summary.with(|s| s.total == 0) && desk.card.with(Option::is_some) {
                        "This log has no record."
                    } else if summary.with(|s| s.total == 0) {
                        "No record yet. Every decision that the connector makes is written here before it takes effect. Send an event in Run."
                    } else {
                        "No record fits this query."
                    };
                    view! {
                        <p class="empty" data-testid="audit-empty">
                            {words}
                        </p>
                    }
                }
            >
                <VirtualList
                    count
                    row_height=ROW
                    row=row.clone()
                    focus=focus
                    active=active
                    head=head()
                    role="listbox"
                    label="Audit records, newest first"
                    testid="timeline"
                />
            </Show>
        </section>
    }
    .into_any()
}

/// Where a key leads in a list of so many rows; none where it leads nowhere.
pub fn next(key: &str, now: Option<usize>, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match key {
        "ArrowDown" | "j" => now.map_or(0, |n| n.saturating_add(1).min(last)),
        "ArrowUp" | "k" => now.map_or(0, |n| n.saturating_sub(1)),
        "PageDown" => now.map_or(0, |n| n.saturating_add(10).min(last)),
        "PageUp" => now.map_or(0, |n| n.saturating_sub(10)),
        "Home" => 0,
        "End" => last,
        _ => return None,
    })
}

fn row_id(place: usize) -> String {
    ["audit-", &place.to_string()].concat()
}

struct RowState {
    at: bool,
    open: bool,
    fault: bool,
    place: usize,
    seq: u64,
}

fn row_view(entry: &Entry, state: RowState, open: impl Fn(usize) + 'static) -> AnyView {
    let place = state.place;
    let said = |value: &str| text::plain(value, CLIP);
    let fault = state.fault.then(|| words::mark(("bad", "✕"), "not as written"));
    view! {
        <div
            class="audit-row"
            class:at=state.at
            class:open=state.open
            class:fault=state.fault
            role="option"
            id=row_id(place)
            aria-selected=if state.open { "true" } else { "false" }
            data-testid="audit-row"
            data-seq=state.seq.to_string()
            on:click=move |_| open(place)
        >
            <span class="seq">{number(entry, state.seq).to_string()}</span>
            <span class="time">{said(&dom::tidy_time(&entry.time))}</span>
            {lane_view(entry)}
            <span class="action">{said(&[entry.stage.as_str(), " ", &entry.action].concat())}</span>
            <span class="verdict">{words::outcome_mark(&said(&entry.outcome))}</span>
            <span>{fault} <code class="code">{entry.code.as_deref().map(said)}</code></span>
            <code class="correlation">{said(&entry.correlation)}</code>
        </div>
    }
    .into_any()
}

/// The lanes of a row: a glyph in that of its stage.
fn lane_view(entry: &Entry) -> AnyView {
    let (_, glyph) = words::outcome(&entry.outcome);
    let class = ["of-", OutcomeClass::of(&entry.outcome).as_str()].concat();
    let lane = lanes().iter().position(|lane| *lane == entry.stage);
    let glyph = lane.map(|lane| {
        view! {
            <span class=class style:grid-column=(lane + 1).to_string()>
                {glyph}
            </span>
        }
    });
    view! {
        <span class="lanes" aria-hidden="true">
            {glyph}
        </span>
    }
    .into_any()
}
