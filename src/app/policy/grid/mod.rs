//! The mapping sheet as a grid: a rule a row, a key a column, the keys of a spreadsheet.

mod cell_editor;
mod choices;
mod keys;
mod marks;
mod row;
mod said;
mod state;

pub use keys::{back_or_forth, way};
pub use state::Grid;

use crate::api::{COLUMNS, PolicySummary};
use crate::app::parts::VirtualList;
use crate::app::text;
use cell_editor::cell_editor;
use leptos::ev;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a row in CSS pixels; the style sheet says the same.
const ROW: usize = 28;
/// Widths of the columns in CSS pixels; the style sheet says the same.
const WIDTHS: [u16; COLUMNS] = [56, 196, 108, 132, 168, 188, 100, 92, 220, 220, 132, 84, 140, 184, 184, 184];

/// Where a column starts; after the last one, where that ends.
fn offset(column: usize) -> u16 {
    WIDTHS.iter().take(column).sum()
}

/// The grid, its buttons, and what is said about its cells.
#[component]
pub fn GridPane(
    /// The grid.
    grid: Grid,
    /// Called with the byte range to select in the text.
    on_jump: Callback<(u32, u32)>,
) -> impl IntoView {
    let count = Signal::derive(move || grid.reading.with(|r| r.sheet.rows()));
    let focus = Signal::derive(move || Some(grid.cursor.get().0));
    let active = Signal::derive(move || Some(row::cell_id(grid.cursor.get())));
    let fresh = Memo::new(move |_| grid.reading.with(|r| r.fresh));
    // Rules that went away from under the cursor.
    Effect::new(move |_| {
        let last = count.get().saturating_sub(1);
        if grid.cursor.get_untracked().0 > last || grid.anchor.get_untracked().0 > last {
            grid.go(grid.cursor.get_untracked(), false);
        }
    });
    Effect::new(move |_| row::bring_column_into_view(grid, grid.cursor.get().1));
    clipboard(grid);
    let head = grid.columns.with_value(|columns| {
        let cell = |(n, name): (usize, &String)| {
            view! {
                <div class="sheet-cell" role="columnheader" aria-colindex=(n + 1).to_string()>
                    {name.clone()}
                </div>
            }
        };
        let cells = columns.iter().map(|c| &c.key).enumerate().map(cell).collect::<Vec<_>>();
        view! { <div class="sheet-row sheet-head" role="row" aria-rowindex="1">{cells}</div> }.into_any()
    });
    view! {
        <section class="rules" aria-labelledby="rules-title" data-testid="rules">
            <header class="bar">
                <h2 id="rules-title">"Mapping sheet"</h2>
                {move || grid.draft.report.with(|r| r.policy.as_ref().map(summary))}
            </header>
            {buttons(grid, fresh)}
            <Show when=move || !fresh.get()>
                <p class="behind" role="status" data-testid="sheet-behind">
                    <span aria-hidden="true">"⚠ "</span>
                    "The text is not JSON at the moment, so the sheet can't be edited; it shows the last state that was. See the diagnostics for the place."
                </p>
            </Show>
            <div class="sheet-grid" on:keydown=move |event| keys::on_key(grid, &event)>
                <VirtualList
                    count
                    row_height=ROW
                    row=Arc::new(move |row| row::row_view(grid, row))
                    focus
                    active
                    head
                    scroller=grid.scroller
                    columns=grid.width()
                    overlay=cell_editor(grid)
                    role="grid"
                    label="Rules of the draft"
                    testid="sheet-grid"
                />
            </div>
            {said::said(grid, on_jump)}
        </section>
    }
    .into_any()
}

fn summary(policy: &PolicySummary) -> AnyView {
    let name = [policy.id.as_str(), "@", &policy.version].concat();
    let way = ["for ", &policy.purpose, ", to ", &policy.recipient, " (", &policy.role, ")"].concat();
    view! {
        <p class="note">
            <strong>{policy.title.clone()}</strong>
            " · "
            {name}
            " · "
            {way}
            " · "
            {text::count(policy.rules, "rule")}
        </p>
    }
    .into_any()
}

fn buttons(grid: Grid, fresh: Memo<bool>) -> AnyView {
    let can = move |which: fn((bool, bool)) -> bool| !which(grid.draft.can.get());
    let button = |words: &'static str,
                  keys: &'static str,
                  testid: &'static str,
                  off: Signal<bool>,
                  act: fn(Grid)| {
        view! {
            <button type="button" class="chip" title=keys data-testid=testid disabled=move || off.get() on:click=move |_| act(grid)>
                {words}
            </button>
        }
        .into_any()
    };
    let stale = Signal::derive(move || !fresh.get());
    let no_undo = Signal::derive(move || can(|c| c.0));
    let no_redo = Signal::derive(move || can(|c| c.1));
    view! {
        <div class="buttons" role="group" aria-label="Rules">
            {button("Undo", "Ctrl Z", "sheet-undo", no_undo, |g| drop(back_or_forth(g, true)))}
            {button("Redo", "Ctrl Y", "sheet-redo", no_redo, |g| drop(back_or_forth(g, false)))}
            {button("Insert rule", "Ctrl Enter", "sheet-insert", stale, Grid::insert)}
            {button("Delete rule", "Ctrl Delete", "sheet-delete", stale, Grid::remove)}
            {button("Move up", "Alt ↑", "sheet-up", stale, |g| g.move_row(false))}
            {button("Move down", "Alt ↓", "sheet-down", stale, |g| g.move_row(true))}
            <details class="sheet-keys">
                <summary class="note">"Keys"</summary>
                <p class="note">
                    "Arrows, Home, End, Page Up and Page Down go from cell to cell, with Ctrl to the edge, with Shift to select. Type to replace, Enter or F2 to edit; then Enter commits and goes down, Tab commits and goes right, Esc leaves the cell as it was. Tab goes along a row and, at its end, out of the sheet. Delete clears. Ctrl C, X and V copy, cut and paste to and from a spreadsheet; Ctrl D fills down; Ctrl Z and Ctrl Y undo and redo; Ctrl Enter inserts a rule, Ctrl Delete deletes one, Alt ↑ and Alt ↓ move it. On a Mac, Ctrl is ⌘."
                </p>
            </details>
        </div>
    }
    .into_any()
}

/// Cells go to and come from the clipboard while the grid has the focus. The events need no permission.
fn clipboard(grid: Grid) {
    let here = move || {
        let focused = document().active_element();
        let own = grid.scroller.get_untracked();
        own.is_some_and(|own| focused.is_some_and(|e| own.is_same_node(Some(&e))))
    };
    let copy = move |event: &web_sys::ClipboardEvent| {
        let data = event.clipboard_data().filter(|_| here());
        let done = data.is_some_and(|data| data.set_data("text/plain", &grid.copy()).is_ok());
        if done {
            event.prevent_default();
        }
        done
    };
    let handles = [
        window_event_listener(ev::copy, move |event| {
            copy(&event);
        }),
        window_event_listener(ev::cut, move |event| {
            if copy(&event) {
                grid.clear();
            }
        }),
        window_event_listener(ev::paste, move |event| {
            let data = event.clipboard_data().filter(|_| here());
            if let Some(table) = data.and_then(|data| data.get_data("text/plain").ok()) {
                event.prevent_default();
                grid.paste(&table);
            }
        }),
    ];
    on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
}
