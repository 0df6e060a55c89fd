//! The grid's keys, which are those of a spreadsheet.

use super::state::Grid;
use crate::api::Step;
use leptos::prelude::*;

/// Rows that Page Up and Page Down go by.
const PAGE: usize = 10;

/// Takes a key pressed while no cell is edited.
pub fn on_key(grid: Grid, event: &web_sys::KeyboardEvent) {
    if grid.editing.with_untracked(Option::is_some) || event.is_composing() {
        return;
    }
    let key = event.key();
    let (ctrl, shift) = (event.ctrl_key() || event.meta_key(), event.shift_key());
    let done = match key.as_str() {
        _ if event.alt_key() && !ctrl => moved(grid, &key),
        "Tab" if !ctrl => tabbed(grid, shift),
        _ => travelled(grid, &key, ctrl, shift) || edited(grid, &key, ctrl, shift),
    };
    if done {
        event.prevent_default();
    }
}

fn moved(grid: Grid, key: &str) -> bool {
    match key {
        "ArrowUp" => grid.move_row(false),
        "ArrowDown" => grid.move_row(true),
        _ => return false,
    }
    true
}

/// Tab goes along the row, and out of the grid at its end: nobody is held in it.
pub fn tabbed(grid: Grid, back: bool) -> bool {
    let (row, column) = grid.cursor.get_untracked();
    let to = if back { column.checked_sub(1) } else { Some(column + 1).filter(|c| *c < grid.width()) };
    if let Some(to) = to {
        grid.go((row, to), false);
    }
    to.is_some()
}

fn travelled(grid: Grid, key: &str, ctrl: bool, shift: bool) -> bool {
    let (row, column) = grid.cursor.get_untracked();
    let (last, far) = (usize::MAX, usize::MAX);
    let to = match (key, ctrl) {
        ("ArrowUp", false) => (row.saturating_sub(1), column),
        ("ArrowDown", false) => (row.saturating_add(1), column),
        ("ArrowLeft", false) => (row, column.saturating_sub(1)),
        ("ArrowRight", false) => (row, column.saturating_add(1)),
        ("ArrowUp", true) => (0, column),
        ("ArrowDown", true) => (last, column),
        ("ArrowLeft", true) | ("Home", false) => (row, 0),
        ("ArrowRight", true) | ("End", false) => (row, far),
        ("Home", true) => (0, 0),
        ("End", true) => (last, far),
        ("PageUp", _) => (row.saturating_sub(PAGE), column),
        ("PageDown", _) => (row.saturating_add(PAGE), column),
        _ => return false,
    };
    grid.go(to, shift);
    true
}

fn edited(grid: Grid, key: &str, ctrl: bool, shift: bool) -> bool {
    if let Some(back) = way(key, ctrl, shift) {
        back_or_forth(grid, back);
        return true;
    }
    match (key, ctrl) {
        ("Enter", true) => grid.insert(),
        ("Enter" | "F2", false) => grid.start(None),
        ("Delete" | "Backspace", true) => grid.remove(),
        ("Delete" | "Backspace", false) => grid.clear(),
        ("a" | "A", true) => {
            grid.go((0, 0), false);
            grid.go((usize::MAX, usize::MAX), true);
        }
        ("d" | "D", true) => grid.fill_down(),
        // A character, and not the name of a key.
        (_, false) if key.chars().count() == 1 => grid.start(Some(key.to_owned())),
        _ => return false,
    }
    true
}

/// Which way along the history keys go: back (true) or forth.
pub fn way(key: &str, ctrl: bool, shift: bool) -> Option<bool> {
    match (key, ctrl, shift) {
        ("z" | "Z", true, back_shift) => Some(!back_shift),
        ("y" | "Y", true, false) => Some(false),
        _ => None,
    }
}

/// Undoes (true) or redoes, goes to where that was, and gives what changed.
pub fn back_or_forth(grid: Grid, back: bool) -> Option<Step> {
    let step = if back { grid.draft.undo() } else { grid.draft.redo() }?;
    grid.go_to_offset(u32::try_from(step.start).unwrap_or(u32::MAX));
    Some(step)
}
