//! The queue: what waits and when it is due, what was given up on, and how to go on with either.

use super::waiting::{self, HOUR, Pass, Redrive};
use crate::api::{DeadLetterView, QueueView, WaitingView};
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::{dom, text, words};
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a row in CSS pixels; the style sheet says the same.
const ROW: usize = 64;

/// What waits, and the dead letters.
#[component]
pub fn QueuePanel(desk: Desk) -> impl IntoView {
    let queue = Memo::new(move |_| {
        desk.revision.track();
        Arc::new(desk.keeper.with_value(|k| k.session.queue()))
    });
    let due = Memo::new(move |_| queue.with(|q| q.next_due));
    let waiting = Memo::new(move |_| queue.with(|q| q.waiting.len()));
    let dead = Memo::new(move |_| queue.with(|q| q.dead.len()));
    let depth = move || queue.with(|q| describe(q));
    let none = Signal::derive(|| None::<usize>);
    let wait_row = Arc::new(move |place: usize| {
        let now = desk.clock.get();
        queue.with(|q| q.waiting.get(place).map(|item| waiting_row(item, now))).into_any()
    });
    let dead_row = Arc::new(move |place: usize| {
        queue.with(|q| q.dead.get(place).map(|letter| dead_row(desk, letter))).into_any()
    });
    view! {
        <section
            class="queue"
            aria-labelledby="queue-title"
            data-testid="queue"
            data-due=move || due.get().map(|due| due.to_string())
        >
            <h3 id="queue-title">
                "Queue "
                <span class="note" data-testid="queue-depth">
                    {depth}
                </span>
            </h3>
            {passing(desk, due)}
            <Show when=move || waiting.get().gt(&0)>
                <VirtualList
                    count=waiting
                    row_height=ROW
                    row=wait_row.clone()
                    focus=none
                    role="list"
                    label="Events that wait, in line"
                    testid="waiting"
                />
            </Show>
            <Show when=move || dead.get().gt(&0)>
                <div class="dead-head">
                    <h4>
                        "Dead letters " <span class="note" data-testid="dead-count">
                            {move || text::group(dead.get())}
                        </span>
                    </h4>
                    <button
                        type="button"
                        data-testid="redrive-all"
                        on:click=move |_| waiting::redrive(desk, Redrive::All)
                    >
                        "Re-drive all"
                    </button>
                </div>
                <VirtualList
                    count=dead
                    row_height=ROW
                    row=dead_row.clone()
                    focus=none
                    role="list"
                    label="Dead letters, oldest first"
                    testid="dead"
                />
            </Show>
        </section>
    }
    .into_any()
}

/// `2 wait (1 urgent, 1 routine), 1 dead letter`.
fn describe(queue: &QueueView) -> String {
    let waiting = queue.waiting.len();
    if waiting == 0 && queue.dead.is_empty() {
        return String::from("nothing waits");
    }
    let classes = queue.classes.iter().filter(|class| class.waiting > 0);
    let classes: Vec<String> =
        classes.map(|class| [&text::group(class.waiting), " ", class.class.as_str()].concat()).collect();
    let mut out = [&text::group(waiting), " of ", &text::group(queue.capacity), " waiting"].concat();
    if !classes.is_empty() {
        out = [&out, " (", &classes.join(", "), ")"].concat();
    }
    out
}

/// The buttons that let time pass.
fn passing(desk: Desk, due: Memo<Option<i64>>) -> AnyView {
    let next = move || match due.get() {
        Some(due) => ["To the next due time, ", &until(due, desk.clock.get())].concat(),
        None => String::from("To the next due time"),
    };
    view! {
        <div class="buttons">
            <button
                type="button"
                class="chip"
                data-testid="pass-next"
                disabled=move || due.get().is_none()
                on:click=move |_| waiting::pass(desk, Pass::NextDue)
            >
                {next}
            </button>
            <button
                type="button"
                class="chip"
                data-testid="pass-hour"
                on:click=move |_| waiting::pass(desk, Pass::For(HOUR))
            >
                "Let 1 h pass"
            </button>
            <button
                type="button"
                class="chip"
                data-testid="pass-all"
                disabled=move || due.get().is_none()
                on:click=move |_| waiting::pass(desk, Pass::UntilIdle)
            >
                "Until nothing waits"
            </button>
        </div>
    }
    .into_any()
}

/// How long it is until a time: `now`, `in 42 s`, `in 5 min`.
pub fn until(due: i64, now: i64) -> String {
    let seconds = due.saturating_sub(now).saturating_add(999) / 1_000;
    let (number, unit) = match seconds {
        ..=0 => return String::from("now"),
        1..=119 => (seconds, " s"),
        120..=7_199 => (seconds / 60, " min"),
        _ => (seconds / 3_600, " h"),
    };
    ["in ", &number.to_string(), unit].concat()
}

fn waiting_row(item: &WaitingView, now: i64) -> AnyView {
    let state = match item.state.as_str() {
        "retry" => ("warn", "↻", "to be tried again"),
        "behind" => ("calm", "≡", "behind another of its subject"),
        "ready" => ("calm", "→", "its turn comes"),
        other => ("calm", "·", other),
    };
    let about = about(&item.event, item.event_type.as_deref());
    let tries = text::count(item.attempts.len(), "attempt");
    let why = item.code.clone().map(|code| view! { <code>{code}</code> });
    view! {
        <div class="queue-row" role="listitem" data-testid="waiting-row" data-event=item.event.clone()>
            <p class="queue-what">{about}</p>
            <p class="queue-state">
                {words::mark((state.0, state.1), state.2)} <span class="note">{item.class.clone()}</span>
                <span class="note">{until(item.due, now)}</span>
            </p>
            <p class="queue-why">
                <span class="note">{tries}</span>
                {why}
            </p>
        </div>
    }
    .into_any()
}

fn dead_row(desk: Desk, letter: &DeadLetterView) -> AnyView {
    let correlation = letter.correlation.clone();
    let tries = text::count(letter.attempts.len(), "attempt");
    let when = ["given up ", &dom::tidy_time(&letter.at)].concat();
    let name = ["Re-drive ", &letter.event].concat();
    view! {
        <div
            class="queue-row"
            role="listitem"
            data-testid="dead-row"
            data-event=letter.event.clone()
            title=letter.why.help.clone()
        >
            <p class="queue-what">{about(&letter.event, letter.event_type.as_deref())}</p>
            <p class="queue-state">
                {words::outcome_mark("dead-lettered")} <code>{letter.why.code.clone()}</code>
            </p>
            <p class="queue-why">
                <span class="note">{tries}</span>
                <span class="note">{when}</span>
            </p>
            <button
                type="button"
                class="chip"
                aria-label=name
                data-testid="redrive"
                on:click=move |_| waiting::redrive(desk, Redrive::One(correlation.clone()))
            >
                "Re-drive"
            </button>
        </div>
    }
    .into_any()
}

/// The event's id and type.
fn about(event: &str, event_type: Option<&str>) -> AnyView {
    let event_type = event_type.map(str::to_owned);
    view! {
        <code>{event.to_owned()}</code>
        " "
        <span class="note">{event_type}</span>
    }
    .into_any()
}
