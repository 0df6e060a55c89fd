//! A text too long to be edited as text: its lines, of which only those in sight are in the document.

use crate::app::parts::VirtualList;
use crate::app::text;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a line in CSS pixels; `policy.css` says the same.
const LINE: usize = 18;
/// Characters shown of a line.
const SHOWN: usize = 400;

/// The lines of a text, with the one at a byte offset in sight.
#[component]
pub fn LongText(
    /// The text.
    value: RwSignal<String>,
    /// The offset.
    at: RwSignal<u32>,
) -> impl IntoView {
    // Where each line starts.
    let starts = Memo::new(move |_| {
        value.with(|text| {
            let after = text.match_indices('\n').map(|(place, _)| place + 1);
            std::iter::once(0).chain(after).collect::<Vec<usize>>()
        })
    });
    let focus = Signal::derive(move || {
        let at = at.get() as usize;
        Some(starts.with(|starts| starts.partition_point(|start| *start <= at)).saturating_sub(1))
    });
    let row = move |line: usize| {
        let words = value.with(|text| {
            let (from, to) = starts.with(|s| (s.get(line).copied(), s.get(line + 1).copied()));
            let line = text.get(from?..to.unwrap_or(text.len()))?;
            Some(text::clip(line.trim_end(), SHOWN))
        });
        let here = focus.get() == Some(line);
        view! {
            <div class="long-line" class:at=here role="listitem">
                <span class="number">{(line + 1).to_string()}</span>
                {words}
            </div>
        }
        .into_any()
    };
    let size = move || {
        let lines = text::count(starts.with(Vec::len), "line");
        [&value.with(|text| text::short_size(text.len())), "B in ", &lines].concat()
    };
    view! {
        <p class="behind" data-testid="long-text-note">
            {size}
            ": too long to be edited here without the browser coming to a halt. Edit it in the sheet, or as a file."
        </p>
        <VirtualList
            count=Signal::derive(move || starts.with(Vec::len))
            row_height=LINE
            row=Arc::new(row)
            focus
            role="list"
            label="Mapping policy, JSON"
            testid="long-text"
        />
    }
    .into_any()
}
