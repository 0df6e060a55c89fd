//! How much is stored, against what there is room for, and what was set aside.

use super::asking;
use crate::app::desk::Desk;
use crate::app::{storage, text};
use leptos::prelude::*;

/// What takes room, by what begins its name.
const PARTS: [(&str, &str); 6] = [
    ("airlock.segment.", "sealed segments"),
    ("airlock.journal.", "records not sealed yet, as they came"),
    ("airlock.rows.", "CRM demo zone, ids seen, waiting events, holds and keys"),
    ("airlock.aside.", "set aside"),
    ("airlock.reserve", "kept free for what makes room"),
    ("", "all else of this site: policies, filters, what others keep here"),
];

/// What is stored, part by part.
#[component]
pub fn Room(desk: Desk) -> impl IntoView {
    let parts = Memo::new(move |_| {
        desk.units.track();
        desk.revision.track();
        let mut parts = [0_usize; PARTS.len()];
        for (name, units) in storage::sizes("") {
            let at = PARTS.iter().position(|(beginning, _)| name.starts_with(beginning));
            if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
                *part = part.saturating_add(units);
            }
        }
        parts
    });
    let words = move || {
        let (taken, capacity) = (parts.get().iter().sum::<usize>(), desk.custody.capacity.get());
        let how = if capacity.measured { "as measured in this browser" } else { "assumed, not measured yet" };
        let percent = capacity.percent(taken).to_string();
        [
            text::group(taken).as_str(),
            " of ",
            &text::group(capacity.units),
            " characters are taken (",
            &percent,
            " %; what there is: ",
            how,
            ").",
        ]
        .concat()
    };
    let waiting = move || {
        desk.revision.track();
        let waiting = desk.keeper.with_value(|k| k.session.unsaved());
        (waiting > 0).then(|| {
            let words = [&text::count(waiting, "record"), " only in memory"].concat();
            view! {
                <p class="badge warn" data-testid="keeping-waiting">
                    <span aria-hidden="true">"⚠ "</span>
                    {words}
                </p>
            }
        })
    };
    let rows = move || {
        let pairs = PARTS.iter().zip(parts.get()).filter(|(_, units)| *units > 0);
        let row = |((_, what), units): (&(&'static str, &'static str), usize)| {
            view! {
                <div>
                    <dt>{*what}</dt>
                    <dd>{text::group(units)}</dd>
                </div>
            }
        };
        pairs.map(row).collect::<Vec<_>>()
    };
    view! {
        <section>
            <h3>"Room"</h3>
            <p data-testid="keeping-room">{words}</p>
            {waiting}
            <dl class="sizes">{rows}</dl>
        </section>
    }
    .into_any()
}

/// What was set aside: it can be taken away, and go.
#[component]
pub fn Aside(desk: Desk) -> impl IntoView {
    let texts = Memo::new(move |_| {
        desk.units.track();
        desk.revision.track();
        let sizes = storage::sizes("airlock.aside.");
        (sizes.len(), sizes.iter().map(|(_, units)| units).sum::<usize>())
    });
    let words = move || {
        let (count, units) = texts.get();
        [&text::count(count, "text"), ", ", &text::group(units), " characters."].concat()
    };
    let label = Signal::stored(String::from("Delete what was set aside"));
    let sure = Signal::stored(String::from("Yes, delete it for good"));
    view! {
        <Show when=move || texts.get().0.gt(&0)>
            <section data-testid="keeping-aside">
                <h3>"Set aside"</h3>
                <p>{words}</p>
                <p class="note">
                    "As it was found, unread: parts of the timeline that were not as they were written."
                </p>
                <div class="buttons">
                    <button
                        type="button"
                        data-testid="aside-export"
                        on:click=move |_| desk.export_aside()
                    >
                        "Export it as a file"
                    </button>
                    {asking(
                        label,
                        sure,
                        "aside-delete",
                        Callback::new(move |()| desk.drop_aside()),
                    )}
                </div>
            </section>
        </Show>
    }
    .into_any()
}
