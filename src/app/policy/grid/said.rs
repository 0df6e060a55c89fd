//! Below the grid: the cell under the cursor in full, what is said about it, and what the last edit left to say.

use super::state::Grid;
use crate::api::{Diagnostic, Severity, SheetNote};
use crate::app::policy::diagnostics::fix_button;
use crate::app::words;
use leptos::prelude::*;

/// The line below the grid.
pub fn said(grid: Grid, on_jump: Callback<(u32, u32)>) -> AnyView {
    let about = move || {
        let place = grid.cursor.get();
        let said = grid.marks.with(|marks| marks.get(&place).map(|m| m.said.clone())).unwrap_or_default();
        grid.draft.report.with(|report| {
            let found = said.iter().filter_map(|n| report.diagnostics.get(*n));
            found.map(|d| line(grid, d)).collect::<Vec<_>>()
        })
    };
    let name = move || {
        let (row, column) = grid.cursor.get();
        let id = grid.reading.with(|r| r.sheet.cell(row, 0).map(|cell| cell.text)).unwrap_or_default();
        let key = grid.columns.with_value(|c| c.get(column).map(|c| c.key.clone())).unwrap_or_default();
        [&id, " · ", &key].concat()
    };
    let value = move || {
        let (row, column) = grid.cursor.get();
        grid.reading.with(|r| r.sheet.cell(row, column).map(|cell| cell.text)).unwrap_or_default()
    };
    let jump = move |_| {
        if let Some(span) = grid.span() {
            on_jump.run(span);
        }
    };
    view! {
        <div class="sheet-said" id="sheet-said" data-testid="sheet-said">
            <p class="sheet-where">
                <code>{name}</code>
                <span class="sheet-value">{value}</span>
                <button type="button" class="quiet" data-testid="sheet-edit" on:click=move |_| grid.start(None)>
                    "Edit"
                </button>
                <button type="button" class="quiet" data-testid="sheet-to-text" on:click=jump>
                    "Show in the text"
                </button>
            </p>
            {about}
            {move || grid.notes.get().iter().map(note).collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

fn line(grid: Grid, diagnostic: &Diagnostic) -> AnyView {
    let (class, glyph) = match diagnostic.severity {
        Severity::Error => ("bad", "✕ "),
        Severity::Warning => ("warn", "⚠ "),
    };
    view! {
        <p data-testid="sheet-diagnostic" data-code=diagnostic.code.clone()>
            <strong class=class>
                <span aria-hidden="true">{glyph}</span>
                {words::prose(&diagnostic.message)}
            </strong>
            " "
            {words::prose(&diagnostic.help)}
            " "
            {fix_button(diagnostic, grid)}
        </p>
    }
    .into_any()
}

fn note(note: &SheetNote) -> AnyView {
    view! {
        <p data-testid="sheet-note" data-code=note.code>
            <strong class="warn">
                <span aria-hidden="true">"⚠ "</span>
                {words::prose(&note.message)}
            </strong>
            " "
            {words::prose(note.help)}
        </p>
    }
    .into_any()
}
