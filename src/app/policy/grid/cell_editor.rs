//! The field that lies over the cell being edited, with the words that complete it.

use super::choices::fitting;
use super::keys::tabbed;
use super::row::place;
use super::state::{Editing, Grid};
use super::{ROW, WIDTHS};
use leptos::html::{Textarea, Ul};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Where the cursor goes after a cell was edited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Stay,
    Down,
    Up,
    Right,
    Left,
}

/// The field, while a cell is edited.
pub fn cell_editor(grid: Grid) -> AnyView {
    view! { {move || grid.editing.get().map(|editing| field(grid, editing))} }.into_any()
}

fn field(grid: Grid, editing: Editing) -> AnyView {
    let area = NodeRef::<Textarea>::new();
    let cell = editing.cell;
    let column = grid.columns.with_value(|c| c.get(cell.1).cloned());
    let Some(column) = column else { return ().into_any() };
    let typed = RwSignal::new(editing.text.clone());
    // The words are offered in full until something is typed.
    let touched = RwSignal::new(editing.typed);
    let open = RwSignal::new(!column.choices.is_empty());
    let own = column.choices.iter().position(|word| !editing.typed && *word == editing.text);
    let picked = RwSignal::new(own);
    let choices = StoredValue::new(column.choices);
    let offered = Memo::new(move |_| {
        let typed = if touched.get() { typed.get() } else { String::new() };
        let words = |c: &Vec<String>| fitting(c, &typed).into_iter().map(str::to_owned).collect::<Vec<_>>();
        if open.get() { choices.with_value(words) } else { Vec::new() }
    });
    // What was typed stands for the first word that fits it, until another is picked or the list is closed. A CRM
    // field may be a new one.
    let known = column.key != "target";
    let current = Memo::new(move |_| {
        let first = known && touched.get() && !typed.with(|t| t.trim().is_empty());
        offered.with(|o| picked.get().or(first.then_some(0)).filter(|n| *n < o.len()))
    });
    let finish = move |then: Then, word: Option<String>| {
        let word = word.or_else(|| untrack(|| offered.with(|o| o.get(current.get()?).cloned())));
        let text = word.unwrap_or_else(|| typed.get_untracked());
        grid.finish(Some(text));
        let (row, column) = cell;
        match then {
            Then::Stay => {}
            Then::Down => grid.go((row.saturating_add(1), column), false),
            Then::Up => grid.go((row.saturating_sub(1), column), false),
            Then::Right => drop(tabbed(grid, false)),
            Then::Left => drop(tabbed(grid, true)),
        }
        grid.focus();
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        event.stop_propagation();
        if event.is_composing() {
            return;
        }
        let (ctrl, shift) = (event.ctrl_key() || event.meta_key() || event.alt_key(), event.shift_key());
        match (event.key().as_str(), shift) {
            // A line of its own within the cell.
            ("Enter", _) if ctrl => {
                let Some(area) = area.get_untracked() else { return };
                let _ = area.set_range_text("\n");
                let end = area.selection_end().ok().flatten().unwrap_or(0).saturating_add(1);
                let _ = area.set_selection_range(end, end);
                typed.set(area.value());
            }
            ("Enter", shift) => finish(if shift { Then::Up } else { Then::Down }, None),
            ("Tab", back) => finish(if back { Then::Left } else { Then::Right }, None),
            ("Escape", _) if open.get_untracked() && current.get_untracked().is_some() => open.set(false),
            ("Escape", _) => {
                grid.finish(None);
                grid.focus();
            }
            (key @ ("ArrowDown" | "ArrowUp"), _) if !choices.with_value(Vec::is_empty) => {
                open.set(true);
                let count = offered.with_untracked(Vec::len);
                let now = current.get_untracked();
                let to = if key == "ArrowDown" {
                    now.map_or(0, |n| n + 1)
                } else {
                    now.unwrap_or(count).saturating_sub(1)
                };
                picked.set(Some(to.min(count.saturating_sub(1))));
            }
            _ => return,
        }
        event.prevent_default();
    };
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            let _ = area.focus();
            let end = area.value().encode_utf16().count() as u32;
            let _ = area.set_selection_range(end, end);
        }
    });
    let list = NodeRef::<Ul>::new();
    Effect::new(move |_| {
        let (Some(word), Some(list)) = (current.get(), list.get()) else { return };
        request_animation_frame(move || bring_into_view(&list, word));
    });
    let width = WIDTHS.get(cell.1).copied().unwrap_or_default().max(220);
    let has_words = choices.with_value(|c| !c.is_empty());
    let active = move || current.get().map(|n| ["word-", &n.to_string()].concat());
    view! {
        <div class="cell-editor" class:up=is_low(grid, cell.0) style:transform=place(cell) style:width=[&width.to_string(), "px"].concat()>
            <textarea
                node_ref=area
                rows="1"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                role=has_words.then_some("combobox")
                aria-label=column.key
                aria-autocomplete=has_words.then_some("list")
                aria-expanded=move || has_words.then(|| if offered.with(Vec::is_empty) { "false" } else { "true" })
                aria-controls=has_words.then_some("cell-words")
                aria-activedescendant=active
                data-testid="cell-editor"
                prop:value=editing.text
                on:input=move |event| {
                    touched.set(true);
                    open.set(true);
                    picked.set(None);
                    typed.set(event_target_value(&event));
                }
                on:keydown=keys
                on:blur=move |_| grid.finish(Some(typed.get_untracked()))
            ></textarea>
            <ul node_ref=list class="cell-words" id="cell-words" role="listbox" aria-label="Words" data-testid="cell-words">
                {move || {
                    let current = current.get();
                    let word = |(n, word): (usize, String)| {
                        let chosen = word.clone();
                        view! {
                            <li
                                id=["word-", &n.to_string()].concat()
                                role="option"
                                class:at=current == Some(n)
                                aria-selected=if current == Some(n) { "true" } else { "false" }
                                on:mousedown=move |event| {
                                    event.prevent_default();
                                    finish(Then::Stay, Some(chosen.clone()));
                                }
                            >
                                {word}
                            </li>
                        }
                    };
                    offered.get().into_iter().enumerate().map(word).collect::<Vec<_>>()
                }}
            </ul>
        </div>
    }
    .into_any()
}

/// Whether a row is in the lower half of what is in sight, so that words are better offered above it.
fn is_low(grid: Grid, row: usize) -> bool {
    let Some(el) = grid.scroller.get_untracked() else { return false };
    let top = i32::try_from(row * ROW).unwrap_or(i32::MAX).saturating_sub(el.scroll_top());
    top > el.client_height() / 2
}

/// Scrolls the words so that one is in sight, and nothing but them.
fn bring_into_view(list: &web_sys::HtmlUListElement, word: usize) {
    let item = list.children().item(u32::try_from(word).unwrap_or(u32::MAX));
    let Some(item) = item.and_then(|item| item.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
    let (top, bottom) = (item.offset_top(), item.offset_top() + item.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}
