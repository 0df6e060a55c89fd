//! A row of the grid.

use super::state::Grid;
use super::{ROW, offset};
use crate::app::words;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// What a row shows. A row is drawn again when this changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    cells: Vec<Option<String>>,
    /// The class in force.
    class: Option<String>,
    /// First and last column selected.
    selected: Option<(usize, usize)>,
    /// The column of the cursor.
    cursor: Option<usize>,
    /// Columns that something is said about, and whether it is an error.
    marks: Vec<(usize, bool)>,
}

/// The id of a cell's element.
pub fn cell_id((row, column): (usize, usize)) -> String {
    ["cell-", &row.to_string(), "-", &column.to_string()].concat()
}

/// Draws a row.
pub fn row_view(grid: Grid, row: usize) -> AnyView {
    let shown = Memo::new(move |_| shown(grid, row));
    let pick = move |event: &web_sys::MouseEvent, extend: bool| {
        if let Some(column) = column_of(event) {
            grid.go((row, column), extend);
        }
    };
    view! {
        <div
            class="sheet-row"
            role="row"
            aria-rowindex=(row + 2).to_string()
            data-testid="sheet-row"
            on:mousedown=move |event| {
                if event.button() == 0 {
                    pick(&event, event.shift_key());
                }
            }
            on:mouseover=move |event| {
                if event.buttons() == 1 {
                    pick(&event, true);
                }
            }
            on:dblclick=move |_| grid.start(None)
        >
            {move || shown.with(|shown| cells(grid, row, shown))}
        </div>
    }
    .into_any()
}

fn shown(grid: Grid, row: usize) -> Shown {
    let cells = grid.reading.with(|r| {
        let cell = |column| r.sheet.cell(row, column).map(|cell| cell.text);
        (0..grid.width()).map(cell).collect()
    });
    let block = grid.block();
    let (at, column) = grid.cursor.get();
    let class = grid.draft.report.with(|r| r.rows.get(row).and_then(|rule| rule.class_in_force.clone()));
    let marks = grid.marks.with(|marks| {
        let of_row = marks.range((row, 0)..(row + 1, 0));
        of_row.map(|((_, column), mark)| (*column, mark.error)).collect()
    });
    Shown {
        cells,
        class,
        selected: (block.rows.0..=block.rows.1).contains(&row).then_some(block.columns),
        cursor: (at == row).then_some(column),
        marks,
    }
}

fn cells(grid: Grid, row: usize, shown: &Shown) -> Vec<AnyView> {
    let cell = |(column, text): (usize, &Option<String>)| {
        let key = grid.columns.with_value(|c| c.get(column).map(|c| c.key.clone())).unwrap_or_default();
        let mark = shown.marks.iter().find(|(of, _)| *of == column).map(|(_, error)| *error);
        let selected = shown.selected.is_some_and(|(from, to)| (from..=to).contains(&column));
        let glyph = mark.map(|error| {
            let glyph = if error { "✕" } else { "⚠" };
            view! { <span class=if error { "bad" } else { "warn" } aria-hidden="true">{glyph}" "</span> }
        });
        let content = content(&key, text.as_deref(), shown.class.as_deref());
        view! {
            <div
                class="sheet-cell"
                class:at=shown.cursor == Some(column)
                class:selected=selected
                class:error=mark == Some(true)
                class:warning=mark == Some(false)
                role=if column == 0 { "rowheader" } else { "gridcell" }
                id=cell_id((row, column))
                aria-colindex=(column + 1).to_string()
                aria-selected=if selected { "true" } else { "false" }
                aria-invalid=mark.filter(|error| *error).map(|_| "true")
                aria-describedby=mark.map(|_| "sheet-said")
                data-column=column.to_string()
                data-key=key
                title=text.clone()
            >
                {glyph}
                {content}
            </div>
        }
        .into_any()
    };
    shown.cells.iter().enumerate().map(cell).collect()
}

fn content(key: &str, text: Option<&str>, class: Option<&str>) -> AnyView {
    match (key, text, class) {
        ("label", Some(label), _) => words::mark(words::label(label), label),
        ("class", Some(class), _) => words::mark(words::class(class), class),
        ("class", None, Some(class)) => {
            view! { <span class="note" title="From the catalogue">{words::mark(words::class(class), class)}</span> }
                .into_any()
        }
        (_, text, _) => text.map(str::to_owned).into_any(),
    }
}

/// The column that a mouse event happened in.
fn column_of(event: &web_sys::MouseEvent) -> Option<usize> {
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    element.closest(".sheet-cell").ok()??.get_attribute("data-column")?.parse().ok()
}

/// Brings a column into sight sideways. The first one always is: it stays where it is.
pub fn bring_column_into_view(grid: Grid, column: usize) {
    let Some(el) = grid.scroller.get_untracked() else { return };
    let at = |place: usize| i32::from(offset(place));
    let (from, to, fixed) = (at(column), at(column + 1), at(1));
    let left = el.scroll_left();
    if column == 0 {
        return;
    }
    if from - fixed < left {
        el.set_scroll_left(from - fixed);
    } else if to > left + el.client_width() {
        el.set_scroll_left((to - el.client_width()).min(from - fixed));
    }
}

/// Where a cell is among the rows, as a CSS transform.
pub fn place((row, column): (usize, usize)) -> String {
    ["translate(", &offset(column).to_string(), "px,", &(row * ROW).to_string(), "px)"].concat()
}
