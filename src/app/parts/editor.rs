//! A plain text editor: a text area with line numbers, and marks at places that something is said about.

use super::marks::{self, LINE, Mark};
use crate::app::text;
use leptos::html::{Div, Pre, Textarea};
use leptos::prelude::*;
use std::sync::Arc;

/// A monospace editor for JSON. The text is the caller's; each edit is an event.
#[component]
pub fn Editor(
    /// The text.
    #[prop(into)]
    value: Signal<String>,
    /// Called with the whole text after each edit.
    on_input: Callback<String>,
    /// What the editor is called.
    label: &'static str,
    /// `data-testid` of the text area.
    testid: &'static str,
    /// The text area, for selecting in it.
    #[prop(optional)]
    area: NodeRef<Textarea>,
    /// Places that something is to be said about.
    #[prop(into, optional)]
    marks: Signal<Arc<Vec<Mark>>>,
    /// The id of the mark that stands out.
    #[prop(into, optional)]
    active: Signal<Option<usize>>,
    /// Called with the cursor's place, in UTF-16 units, whenever it may have moved.
    #[prop(optional)]
    on_caret: Option<Callback<u32>>,
    /// Visible lines.
    #[prop(default = 14)]
    rows: u32,
) -> impl IntoView {
    let gutter = NodeRef::<Pre>::new();
    let under = NodeRef::<Div>::new();
    let seen = RwSignal::new((0usize, 60usize));
    let lines = Memo::new(move |_| value.with(|v| text::line_count(v)));
    let placed = Memo::new(move |_| {
        let marks = marks.get();
        Arc::new(if marks.is_empty() { Vec::new() } else { value.with(|v| marks::place(v, &marks)) })
    });
    let marked = Memo::new(move |_| {
        let mut lines: Vec<usize> = placed.with(|p| p.iter().map(|p| p.line).collect());
        lines.dedup();
        lines
    });
    let numbers = move || marked.with(|marked| line_numbers(lines.get(), marked));
    let follow = move || {
        let Some(area) = area.get_untracked() else { return };
        let (top, left) = (area.scroll_top(), area.scroll_left());
        if let Some(gutter) = gutter.get_untracked() {
            gutter.set_scroll_top(top);
        }
        if let Some(under) = under.get_untracked() {
            let to = ["translate(-", &left.to_string(), "px, -", &top.to_string(), "px)"].concat();
            let _ = web_sys::HtmlElement::style(&under).set_property("transform", &to);
        }
        let line = |px: i32| usize::try_from(px).unwrap_or(0) / LINE;
        let now = (line(top), line(top.saturating_add(area.client_height())));
        if seen.get_untracked() != now {
            seen.set(now);
        }
    };
    // What the browser does by itself, such as selecting, scrolls without an event of ours. The editor may be gone by the
    // next frame.
    Effect::new(move |_| {
        placed.track();
        if let Ok(frame) = request_animation_frame_with_handle(follow) {
            on_cleanup(move || frame.cancel());
        }
    });
    // A key that moves nothing says nothing: another place may just have been asked for by it.
    let last = StoredValue::new(0u32);
    let caret = move |clicked: bool| {
        if let (Some(on_caret), Some(area)) = (on_caret, area.get_untracked()) {
            let now = area.selection_start().ok().flatten().unwrap_or(0);
            if clicked || last.get_value() != now {
                last.set_value(now);
                on_caret.run(now);
            }
        }
    };
    let seen = Memo::new(move |_| seen.get());
    view! {
        <div class="editor">
            <pre class="gutter" node_ref=gutter aria-hidden="true">
                {numbers}
            </pre>
            <div class="sheet">
                <div class="under" aria-hidden="true">
                    <div node_ref=under>{marks::drawn(value, placed, active, seen)}</div>
                </div>
                <textarea
                    node_ref=area
                    rows=rows
                    wrap="off"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    aria-label=label
                    data-testid=testid
                    prop:value=move || value.get()
                    on:input=move |event| on_input.run(event_target_value(&event))
                    on:scroll=move |_| follow()
                    on:keyup=move |_| caret(false)
                    on:click=move |_| caret(true)
                ></textarea>
            </div>
        </div>
    }
    .into_any()
}

/// The numbers of all lines, a line each; a point stands before those that are marked, which come in order.
fn line_numbers(count: usize, marked: &[usize]) -> String {
    let mut out = String::with_capacity(count.saturating_mul(6));
    let mut marked = marked.iter().copied().peekable();
    for line in 0..count {
        if marked.next_if_eq(&line).is_some() {
            out.push('●');
        }
        out.push_str(&(line + 1).to_string());
        out.push('\n');
    }
    out
}
