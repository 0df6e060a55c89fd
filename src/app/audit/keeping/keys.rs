//! Which key signs, which signed before, and what all of it can't prove.

use crate::api::archive::Query;
use crate::app::desk::{Desk, Keeper};
use crate::app::dom;
use leptos::prelude::*;

/// What the timeline can't prove, plainly.
const LIMITS: [&str; 6] = [
    "One browser that holds both log and key could rewrite everything. A checkpoint that somebody else keeps shows it: export one under Export, and compare it elsewhere under Check.",
    "A key shows that the same key signed, not who sat at the screen. Whoever can read this browser's storage has the key.",
    "What a deleted segment held can't be known again. Its root stays: no other records can take its place.",
    "Times are this page's clock, which the scenario sets. They order nothing; the place in the log does.",
    "A hold keeps this page from deleting. It keeps nobody from removing the site's data in the browser.",
    "That the connector decided rightly is not in the log, only how it decided: replay shows that it leads there.",
];

/// A key with when it came, where the log says so.
struct Row {
    key: String,
    since: String,
}

fn rows(keeper: &Keeper) -> Vec<Row> {
    let store = keeper.session.store();
    let found = store.archive().find(&Query::parse("stage:log action:rotate-key").0, &[]);
    let rotations: Vec<_> = found.records().iter().filter_map(|seq| keeper.session.entry(*seq)).collect();
    let row = |key: String| {
        let rotation = rotations.iter().rev().find(|entry| entry.key.as_ref() == Some(&key));
        let since = match rotation {
            Some(entry) => {
                ["since record ", &entry.seq.to_string(), ", ", &dom::tidy_time(&entry.time)].concat()
            }
            None => String::from("since the log began, or a record that is gone"),
        };
        Row { key, since }
    };
    store.keys().iter().map(|key| row(key.to_string())).collect()
}

/// The keys, a way to rotate, and the limits of it.
#[component]
pub fn Keys(desk: Desk) -> impl IntoView {
    let list = move || {
        desk.revision.track();
        let (rows, now) = desk.keeper.with_value(|k| (rows(k), k.session.store().key().to_string()));
        let item = |row: Row| {
            let word = if row.key == now { "signs now" } else { "signed before" };
            view! {
                <li data-testid="key">
                    <strong>{word}</strong>
                    " "
                    <span class="note">{row.since}</span>
                    <code class="hash">{row.key}</code>
                </li>
            }
        };
        rows.into_iter().rev().map(item).collect::<Vec<_>>()
    };
    view! {
        <section>
            <h3>"Keys"</h3>
            <p class="note">
                "Each head of the log is signed (C2SP signed note, Ed25519). Give the line of a key to whoever is to verify your bundles."
            </p>
            <ul class="keys">{list}</ul>
            <button type="button" data-testid="rotate-key" on:click=move |_| desk.rotate_key()>
                "Rotate: make a new key, and sign with it from here on"
            </button>
            <h3>"What this can't prove"</h3>
            <ul class="limits">{LIMITS.map(|limit| view! { <li>{limit}</li> }).into_iter().collect::<Vec<_>>()}</ul>
        </section>
    }
    .into_any()
}
