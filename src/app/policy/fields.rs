//! The record's fields under both policies, side by side.

use super::compare::{Change, FieldChange, Side};
use leptos::prelude::*;

/// Class, glyph and words of a change.
pub fn words(change: Change) -> (&'static str, &'static str, &'static str) {
    match change {
        Change::NewlyCrosses => ("newly", "✚", "newly crosses"),
        Change::Changed => ("changed", "✎", "changed"),
        Change::NoLonger => ("no-longer", "−", "no longer crosses"),
        Change::Same => ("same", "=", "same"),
    }
}

/// A table of fields.
pub fn table(changes: &[FieldChange]) -> AnyView {
    let rows = changes.iter().map(row).collect::<Vec<_>>();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Fields under both policies">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"CRM field"</th>
                        <th scope="col">"In force"</th>
                        <th scope="col">"Draft"</th>
                        <th scope="col">"Change"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(change: &FieldChange) -> AnyView {
    let (class, glyph, word) = words(change.change);
    view! {
        <tr
            class=class
            data-testid=["preview-field-", &change.name].concat()
            data-change=word
        >
            <th scope="row">{change.name.clone()}</th>
            <td>{side(&change.before)}</td>
            <td>{side(&change.after)}</td>
            <td class="change">
                <span aria-hidden="true">{glyph} " "</span>
                {word}
            </td>
        </tr>
    }
    .into_any()
}

fn side(side: &Option<Side>) -> AnyView {
    match side {
        Some(Side::Value(value)) => value.clone().into_any(),
        Some(Side::Withheld) => view! { <span class="withheld">"▬ withheld by policy"</span> }.into_any(),
        None => view! { <span class="note">"not there"</span> }.into_any(),
    }
}
