//! The timeline: newest first, of which only the rows in sight are in the document.

use super::query::Found;
use crate::api::Entry;
use crate::app::desk::{Desk, Standing};
use crate::app::parts::VirtualList;
use crate::app::route::Step;
use crate::app::{dom, words};
use leptos::prelude::*;
use std::sync::Arc;

const ROW: usize = 32;

/// The records that the filters leave.
#[component]
pub fn Timeline(desk: Desk, found: Memo<Found>) -> impl IntoView {
    let cursor = RwSignal::new(None::<usize>);
    let record = Memo::new(move |_| desk.route.with(|r| r.record));
    // The record that the address bar names is in sight and under the cursor.
    Effect::new(move |_| {
        let Some(seq) = record.get() else { return };
        let place = found.with(|f| f.rows.iter().position(|own| *own == seq));
        if place.is_some() {
            cursor.set(place);
        }
    });
    let count = Signal::derive(move || found.with(|f| f.rows.len()));
    let open = move |place: usize| {
        let Some(seq) = found.with_untracked(|f| f.rows.get(place).copied()) else { return };
        cursor.set(Some(place));
        let mut to = desk.route.get_untracked();
        let step = if to.record.is_some() { Step::Replace } else { Step::Push };
        to.record = Some(seq);
        desk.go(to, step);
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let last = count.get_untracked().saturating_sub(1);
        let now = cursor.get_untracked();
        let to = match event.key().as_str() {
            "ArrowDown" | "j" => now.map_or(0, |n| n.saturating_add(1).min(last)),
            "ArrowUp" | "k" => now.map_or(0, |n| n.saturating_sub(1)),
            "PageDown" => now.map_or(0, |n| n.saturating_add(10).min(last)),
            "PageUp" => now.map_or(0, |n| n.saturating_sub(10)),
            "Home" => 0,
            "End" => last,
            "Enter" => {
                if let Some(place) = now {
                    open(place);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        cursor.set(Some(to));
    };
    let faulty = Memo::new(move |_| match desk.standing.get() {
        Standing::Done(v) => v.faults.iter().filter_map(|f| f.index).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let row = Arc::new(move |place: usize| {
        let seq = found.with(|f| f.rows.get(place).copied());
        let at = cursor.get() == Some(place);
        let opened = record.get();
        let faulty = faulty.get();
        desk.keeper
            .with_value(|k| {
                let entry = k.session.entry(seq?)?;
                let state = RowState {
                    at,
                    open: opened == Some(entry.seq),
                    fault: faulty.contains(&entry.seq),
                    place,
                };
                Some(row_view(&entry, state, open))
            })
            .into_any()
    });
    let head = || {
        let names = ["No.", "Time", "Stage", "Action", "Outcome", "Reason", "Run"];
        let cells = names.map(|name| view! { <span class:seq=name == "No.">{name}</span> });
        let cells = cells.into_iter().collect::<Vec<_>>();
        view! {
            <div class="audit-row audit-head" aria-hidden="true">
                {cells}
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
                    let words = if found.with(|f| f.total == 0) {
                        "No record yet. Every decision that the connector makes is written here before it takes effect. Send an event in Run."
                    } else {
                        "No record fits these filters."
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

fn row_id(place: usize) -> String {
    ["audit-", &place.to_string()].concat()
}

struct RowState {
    at: bool,
    open: bool,
    fault: bool,
    place: usize,
}

fn row_view(entry: &Entry, state: RowState, open: impl Fn(usize) + 'static) -> AnyView {
    let place = state.place;
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
            data-seq=entry.seq.to_string()
            on:click=move |_| open(place)
        >
            <span class="seq">{entry.seq.to_string()}</span>
            <span class="time">{dom::tidy_time(&entry.time)}</span>
            <span class="stage-name">{entry.stage.clone()}</span>
            <span class="action">{entry.action.clone()}</span>
            <span class="verdict">{words::outcome_mark(&entry.outcome)}</span>
            <span>{fault} <code class="code">{entry.code.clone()}</code></span>
            <code class="correlation">{entry.correlation.clone()}</code>
        </div>
    }
    .into_any()
}
