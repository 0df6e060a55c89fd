//! The sealed segments, and which of them go when what is older than a moment is deleted.

use super::{asking, moment};
use crate::api::store::{Gone, Keeping, SegmentRow};
use crate::app::desk::Desk;
use crate::app::{dom, storage, text};
use leptos::prelude::*;

/// The table of sealed segments, and retention.
#[component]
pub fn Segments(desk: Desk) -> impl IntoView {
    let rows = Memo::new(move |_| {
        desk.revision.track();
        desk.keeper.with_value(|k| k.session.store().segment_rows())
    });
    let open = move || {
        desk.revision.track();
        let open = desk.keeper.with_value(|k| {
            let archive = k.session.store().archive();
            text::size(archive.len().saturating_sub(archive.sealed_len()))
        });
        [
            &text::count(open, "record"),
            " after the last sealed segment. Every 256 records are sealed together, and only whole segments can go.",
        ]
        .concat()
    };
    let table = move || {
        let sizes = storage::sizes("airlock.segment.");
        rows.with(|rows| rows.iter().map(|row| segment(row, &sizes)).collect::<Vec<_>>())
    };
    view! {
        <section>
            <h3>"Sealed segments"</h3>
            <Show
                when=move || rows.with(|rows| !rows.is_empty())
                fallback=|| view! { <p class="note">"None yet."</p> }
            >
                <div class="table-scroll segments" tabindex="0" role="region" aria-label="Sealed segments">
                    <table data-testid="segments">
                        <thead>
                            <tr>
                                <th scope="col">"Records"</th>
                                <th scope="col">"From"</th>
                                <th scope="col">"To"</th>
                                <th scope="col">"Characters"</th>
                                <th scope="col">"State"</th>
                            </tr>
                        </thead>
                        <tbody>{table}</tbody>
                    </table>
                </div>
            </Show>
            <p class="note">{open}</p>
            {retention(desk, rows)}
        </section>
    }
    .into_any()
}

fn segment(row: &SegmentRow, sizes: &[(String, usize)]) -> AnyView {
    let records = [row.first.to_string(), row.last.to_string()].join("–");
    let own = |(name, _): &&(String, usize)| {
        name.rsplit('.').next().and_then(|number| number.parse::<u64>().ok()) == Some(row.number)
    };
    let size = sizes.iter().find(own).map_or_else(|| String::from("–"), |(_, units)| text::group(*units));
    let (class, state) = match &row.keeping {
        Keeping::Free => ("", String::from("here")),
        Keeping::Held(holds) => ("held", ["on hold by ", &holds.join(", ")].concat()),
        Keeping::Unread => ("", String::from("here, not read yet")),
        Keeping::Gone(Gone::Deleted) => ("note", String::from("deleted; its root stays")),
        Keeping::Gone(Gone::Aside) => ("held", String::from("set aside; its root stays")),
    };
    view! {
        <tr data-testid="segment">
            <td>{records}</td>
            <td>{dom::tidy_time(&row.from)}</td>
            <td>{dom::tidy_time(&row.to)}</td>
            <td>{size}</td>
            <td class=class>{state}</td>
        </tr>
    }
    .into_any()
}

/// What would go, and what stays though it is old enough, and why.
fn preview(rows: &[SegmentRow], before: i64) -> (Vec<u64>, Vec<String>) {
    let (mut go, mut stay) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.is_before(before)) {
        match &row.keeping {
            Keeping::Free | Keeping::Unread => go.push(row.number),
            Keeping::Held(holds) => {
                let records = [row.first.to_string(), row.last.to_string()].join("–");
                stay.push(["Records ", &records, " stay: on hold by ", &holds.join(", "), "."].concat());
            }
            Keeping::Gone(_) => {}
        }
    }
    (go, stay)
}

fn retention(desk: Desk, rows: Memo<Vec<SegmentRow>>) -> AnyView {
    let before = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let moment = before.with(|text| moment(text))?;
        Some(rows.with(|rows| preview(rows, moment)))
    });
    let count = move || found.with(|found| found.as_ref().map_or(0, |(go, _)| go.len()));
    let words = move || match (before.with(|text| text.trim().is_empty()), found.get()) {
        (true, _) => String::from("A date, or a date and a time in UTC, such as 2026-01-15 09:30."),
        (false, None) => String::from("That is no time: write it as 2026-01-15 or 2026-01-15 09:30."),
        (false, Some((go, _))) if go.is_empty() => {
            String::from("No segment would go: none has all its records before that, or none may.")
        }
        (false, Some((go, _))) => [
            &text::count(go.len(), "segment"),
            " would go, with ",
            &text::count(go.len() * 256, "record"),
            ". The roots stay, and a record of each.",
        ]
        .concat(),
    };
    let stay = move || {
        let stay = found.get().map(|(_, stay)| stay).unwrap_or_default();
        stay.into_iter()
            .map(|words| view! { <li data-testid="retention-held">{words}</li> })
            .collect::<Vec<_>>()
    };
    let label = Signal::derive(move || match count() {
        0 => String::new(),
        n => ["Delete ", &text::count(n, "segment")].concat(),
    });
    let sure =
        Signal::derive(move || ["Yes, delete ", &text::count(count() * 256, "record"), " for good"].concat());
    let go = Callback::new(move |()| {
        if let Some((go, _)) = found.get_untracked() {
            desk.delete_segments(go);
        }
    });
    view! {
        <div class="form">
            <label>
                <span>"Delete records before"</span>
                <input
                    type="text"
                    data-testid="retention-before"
                    aria-describedby="retention-words"
                    prop:value=move || before.get()
                    on:input=move |event| before.set(event_target_value(&event))
                />
            </label>
            <p class="note" id="retention-words" data-testid="retention-words">
                {words}
            </p>
            <ul class="faults">{stay}</ul>
            <Show when=move || { count() > 0 }>
                {asking(label, sure, "retention-delete", go)}
            </Show>
        </div>
    }
    .into_any()
}
