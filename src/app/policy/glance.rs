//! What is said of the draft and what it does, in a line above the sheet: heard as it changes, and the way to the whole.

use crate::api::{PreviewReport, Severity};
use crate::app::desk::Desk;
use crate::app::{dom, text, words};
use leptos::prelude::*;

/// The line, with a way to the preview, the diagnostics and the versions.
pub fn glance(desk: Desk) -> AnyView {
    let sheet = desk.sheet;
    let effect = Memo::new(move |_| {
        let busy =
            sheet.checking.get() || sheet.trial.due.get() || sheet.trial.work.progress.with(Option::is_some);
        let behind = sheet.trial.behind.get();
        sheet.trial.report.with(|report| match report {
            _ if busy => (("dim", "…"), "Comparing".to_owned()),
            None => (("dim", "…"), "No preview".to_owned()),
            Some(_) if behind => (("warn", "⚠"), "Preview of the last draft that could be read".to_owned()),
            Some(report) => in_short(report),
        })
    });
    let said = Memo::new(move |_| {
        sheet.report.with(|report| {
            let of = |severity| report.diagnostics.iter().filter(|d| d.severity == severity).count();
            (of(Severity::Error), of(Severity::Warning))
        })
    });
    let counts = move || {
        let (errors, warnings) = said.get();
        let one = |look, n: usize, what| (n > 0).then(|| words::mark(look, &text::count(n, what)));
        let none = (errors + warnings == 0).then(|| words::mark(("good", "✓"), "nothing to mend"));
        if sheet.checking.get() {
            return words::mark(("dim", "…"), "Checking");
        }
        view! { {one(("bad", "✕"), errors, "error")} {one(("warn", "⚠"), warnings, "warning")} {none} }
            .into_any()
    };
    let go = |words: &'static str, testid: &'static str, to: &'static str| {
        view! {
            <button type="button" class="quiet" data-testid=testid on:click=move |_| dom::focus_on(to)>
                {words}
            </button>
        }
    };
    view! {
        <div class="glance">
            <p role="status" data-testid="glance">
                {move || {
                    let (look, words) = effect.get();
                    words::mark(look, &words)
                }}
                <span class="glance-said">{counts}</span>
            </p>
            {go("Preview", "go-preview", "preview")}
            {go("Diagnostics", "go-diagnostics", "diagnostics")}
            {go("Versions", "go-versions", "versions")}
        </div>
    }
    .into_any()
}

/// A report in a few words: what newly crosses before all else.
fn in_short(report: &PreviewReport) -> ((&'static str, &'static str), String) {
    let (newly, refused) = (report.newly_crossing.len(), report.totals.newly_refused);
    let others = report.no_longer_crossing.len() + report.changed.len() + report.path.len();
    let parts = [
        (newly, "field", if newly == 1 { " newly crosses" } else { " newly cross" }),
        (refused, "event", " newly refused"),
        (others, "other change", ""),
    ];
    let parts = parts.iter().filter(|(n, ..)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what, how)| text::count(*n, what) + how).collect();
    match (parts.is_empty(), newly) {
        (true, _) => (("calm", "="), "The same crosses under both".to_owned()),
        (false, 0) => (("accent", "✎"), parts.join(", ")),
        (false, _) => (("bad", "✚"), parts.join(", ")),
    }
}
