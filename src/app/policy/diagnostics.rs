//! What is to be said about the draft.

use super::grid::Grid;
use crate::api::{Diagnostic, PolicyReport, Severity};
use crate::app::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The diagnostics; picking one selects its place in the text.
#[component]
pub fn Diagnostics(
    /// The report.
    #[prop(into)]
    report: Signal<Arc<PolicyReport>>,
    /// The sheet, which takes the one-click fixes.
    grid: Grid,
    /// Called with the byte range to select.
    on_jump: Callback<(u32, u32)>,
) -> impl IntoView {
    let list = move || {
        let report = report.get();
        if report.diagnostics.is_empty() {
            return view! {
                <p class="empty" data-testid="no-diagnostics">
                    "✓ Nothing to say about this text."
                </p>
            }
            .into_any();
        }
        let items = report.diagnostics.iter().map(|d| item(d, grid, on_jump)).collect::<Vec<_>>();
        view! { <ol class="diagnostics">{items}</ol> }.into_any()
    };
    view! {
        <section tabindex="-1" aria-label="Diagnostics" data-testid="diagnostics">
            {list}
        </section>
    }
    .into_any()
}

fn item(diagnostic: &Diagnostic, grid: Grid, on_jump: Callback<(u32, u32)>) -> AnyView {
    let (class, glyph, word) = match diagnostic.severity {
        Severity::Error => ("mark bad", "✕", "error"),
        Severity::Warning => ("mark warn", "⚠", "warning"),
    };
    let start = diagnostic.start;
    let place = [start.line.to_string(), start.column.to_string()].join(":");
    let range = (start.offset, diagnostic.end);
    view! {
        <li>
            <button
                type="button"
                class="diagnostic"
                data-testid="diagnostic"
                data-code=diagnostic.code.clone()
                on:click=move |_| on_jump.run(range)
            >
                <span class=class>
                    <span aria-hidden="true">{glyph}</span>
                    {word}
                </span>
                <code>{place}</code>
                <span class="diagnostic-message">{words::prose(&diagnostic.message)}</span>
                <code class="note">{diagnostic.code.clone()}</code>
                <span class="diagnostic-help">{words::prose(&diagnostic.help)}</span>
            </button>
            {fix_button(diagnostic, grid)}
        </li>
    }
    .into_any()
}

/// A button that mends a diagnostic, where it has a fix.
pub fn fix_button(diagnostic: &Diagnostic, grid: Grid) -> Option<AnyView> {
    let fix = diagnostic.fix.clone()?;
    let mend = move |_| {
        let text = grid.draft.text.get_untracked();
        grid.take(&fix.edits, &text);
    };
    Some(
        view! {
            <button type="button" class="chip" data-testid="quick-fix" on:click=mend>
                {fix.title}
            </button>
        }
        .into_any(),
    )
}
