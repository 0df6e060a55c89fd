//! Event by event, field by field.

use super::Trial;
use super::change::looks;
use crate::api::{EventChange, EventField};
use crate::app::parts::VirtualList;
use crate::app::{text, words};
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a row in CSS pixels; `policy.css` says the same.
const ROW: usize = 28;

/// The events that fare otherwise, each followed by its fields.
#[component]
pub fn EventList(trial: Trial) -> impl IntoView {
    // Where each event's own row stands among all rows.
    let rows = Memo::new(move |_| {
        trial.report.with(|report| {
            let events = report.iter().flat_map(|report| &report.by_event).enumerate();
            let rows = events.flat_map(|(at, event)| {
                std::iter::once((at, None)).chain((0..event.fields.len()).map(move |field| (at, Some(field))))
            });
            rows.collect::<Vec<(usize, Option<usize>)>>()
        })
    });
    let count = Signal::derive(move || rows.with(Vec::len));
    let row = Arc::new(move |place: usize| {
        let (at, field) = rows.with(|rows| rows.get(place).copied()).unwrap_or((usize::MAX, None));
        trial
            .report
            .with(|report| {
                let event = report.as_ref().and_then(|report| report.by_event.get(at))?;
                match field {
                    None => Some(event_row(event)),
                    Some(field) => event.fields.get(field).map(field_row),
                }
            })
            .into_any()
    });
    let further = move || {
        trial.report.with(|report| {
            let further = report.as_ref().map_or(0, |report| report.further_events);
            (further > 0).then(|| {
                let words =
                    [&text::count(further, "further event"), " counted above and not listed."].concat();
                view! { <p class="note">{words}</p> }
            })
        })
    };
    view! {
        <section class="preview-events" aria-label="Event by event">
            <h3>"Event by event"</h3>
            <p class="note">"Values show as outlines: 9 stands for any digit, A and a for any letter."</p>
            <VirtualList
                count
                row_height=ROW
                row=row.clone()
                role="list"
                label="Events that fare otherwise"
                testid="preview-events"
            />
            {further}
        </section>
    }
    .into_any()
}

fn event_row(event: &EventChange) -> AnyView {
    let fate = |code: &Option<String>| match code {
        None => words::mark(("good", "✓"), "accepted"),
        Some(code) => words::mark(("bad", "✕"), code),
    };
    let verdict = if event.old_code == event.new_code {
        fate(&event.new_code)
    } else {
        view! { {fate(&event.old_code)} " → " {fate(&event.new_code)} }.into_any()
    };
    view! {
        <div class="event-row" role="listitem" data-testid="preview-event">
            <strong class="item-name" title=event.event.clone()>{event.event.clone()}</strong>
            <span class="note">{event.event_type.clone()}</span>
            <span>{verdict}</span>
        </div>
    }
    .into_any()
}

fn field_row(field: &EventField) -> AnyView {
    let (class, glyph) = looks(&field.effect);
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    view! {
        <div class=["event-field ", class].concat() role="listitem" title=field.path.clone()>
            <span>
                <span aria-hidden="true">{glyph} " "</span>
                <span class="sr-only">{field.effect.clone()} " "</span>
                <code>{field.field.clone()}</code>
            </span>
            <span>
                <code>{side(&field.from)}</code>
                " → "
                <code>{side(&field.to)}</code>
            </span>
        </div>
    }
    .into_any()
}
