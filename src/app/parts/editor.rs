//! A plain text editor: a text area with line numbers.

use crate::app::text;
use leptos::html::{Pre, Textarea};
use leptos::prelude::*;

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
    /// Lines, from 0, that something is to be said about.
    #[prop(into, optional)]
    marked: Signal<Vec<usize>>,
    /// Visible lines.
    #[prop(default = 14)]
    rows: u32,
) -> impl IntoView {
    let gutter = NodeRef::<Pre>::new();
    let lines = Memo::new(move |_| value.with(|v| text::line_count(v)));
    let numbers = move || {
        let marked = marked.get();
        let count = lines.get();
        let mut out = String::with_capacity(count * 5);
        for line in 0..count {
            if marked.contains(&line) {
                out.push('●');
            }
            out.push_str(&(line + 1).to_string());
            out.push('\n');
        }
        out
    };
    let follow = move |_| {
        if let (Some(area), Some(gutter)) = (area.get_untracked(), gutter.get_untracked()) {
            gutter.set_scroll_top(area.scroll_top());
        }
    };
    view! {
        <div class="editor">
            <pre class="gutter" node_ref=gutter aria-hidden="true">
                {numbers}
            </pre>
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
                on:scroll=follow
            ></textarea>
        </div>
    }
    .into_any()
}
