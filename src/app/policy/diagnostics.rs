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
        listed(report.diagnostics.iter(), Some(grid), on_jump)
    };
    view! {
        <div tabindex="-1" role="group" aria-label="Diagnostics" data-testid="diagnostics">
            {list}
        </div>
    }
    .into_any()
}

/// A list of diagnostics. Those that have a fix have a button for it where there is a sheet to take it.
pub fn listed<'a>(
    said: impl Iterator<Item = &'a Diagnostic>,
    grid: Option<Grid>,
    on_jump: Callback<(u32, u32)>,
) -> AnyView {
    let items = said.map(|d| item(d, grid, on_jump)).collect::<Vec<_>>();
    view! { <ol class="diagnostics">{items}</ol> }.into_any()
}

fn item(diagnostic: &Diagnostic, grid: Option<Grid>, on_jump: Callback<(u32, u32)>) -> AnyView {
    let (class, glyph, word) = match diagnostic.severity {
        Severity::Error => ("mark bad", "✕", "error"),
        Severity::Warning => ("mark warn", "⚠", "warning"),
    };
    let start = diagnostic.start;
    let place = ["line ", &start.line.to_string()].concat();
    let range = (start.offset, diagnostic.end);
    view! {
        <li class="diagnostic-item">
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
                <span class="diagnostic-message">{words::prose(&diagnostic.message)}</span>
                <span class="diagnostic-help">{words::prose(&diagnostic.help)}</span>
                <span class="note">{place} " · " <code>{diagnostic.code.clone()}</code></span>
            </button>
            {grid.and_then(|grid| fix_button(diagnostic, grid))}
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
