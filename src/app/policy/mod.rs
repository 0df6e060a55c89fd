//! Policy: the mapping policy as text, what it says, and what a change of it would do.

mod compare;
mod diagnostics;
mod fields;
mod preview;
mod rules;
mod sheet;

pub use sheet::Sheet;

use super::desk::Desk;
use super::dom;
use super::parts::{Editor, Mark};
use super::route::View;
use super::run::Adopted;
use crate::api::{Diagnostic, PolicyReport, Severity};
use diagnostics::Diagnostics;
use leptos::html::Textarea;
use leptos::prelude::*;
use preview::PreviewPane;
use rules::Rules;
use std::sync::Arc;

/// The Policy view.
#[component]
pub fn PolicyView(desk: Desk) -> impl IntoView {
    let sheet = desk.sheet;
    let area = NodeRef::<Textarea>::new();
    sheet.follow(desk);
    let edit = Callback::new(move |text| sheet.edit(text));
    let marks = Signal::derive(move || {
        let report = sheet.report.get();
        let mark = |(id, d): (usize, &Diagnostic)| Mark {
            start: d.start.offset as usize,
            end: d.end as usize,
            error: d.severity == Severity::Error,
            id,
        };
        Arc::new(report.diagnostics.iter().enumerate().map(mark).collect::<Vec<_>>())
    });
    let jump = Callback::new(move |(start, end): (u32, u32)| {
        if let Some(area) = area.get_untracked() {
            sheet.text.with_untracked(|t| dom::select_range(&area, t, start as usize, end as usize));
        }
    });
    view! {
        <h1 class="sr-only">"Policy"</h1>
        <div class="policy">
            <section class="policy-text" aria-labelledby="policy-title">
                <header class="bar">
                    <h2 id="policy-title">"Mapping policy"</h2>
                    {move || state(desk, &sheet.report.get())}
                </header>
                <Editor
                    value=sheet.text
                    on_input=edit
                    label="Mapping policy, JSON"
                    testid="policy-text"
                    area=area
                    marks=marks
                    rows=28
                />
                {actions(desk)}
                <Diagnostics report=sheet.report on_jump=jump />
            </section>
            <Rules report=sheet.report on_jump=jump />
            <PreviewPane desk />
        </div>
    }
    .into_any()
}

/// Whether the editor holds what is in force, and whether it could be.
fn state(desk: Desk, report: &PolicyReport) -> AnyView {
    let active = desk.setup().map(|s| s.policy);
    let words = match (report.usable(), desk.sheet.text.with(|t| active.as_ref() == Some(t))) {
        (true, true) => "in force",
        (true, false) => "draft, not in force",
        (false, _) => "draft with errors",
    };
    view! {
        <span class="note" data-testid="policy-state">
            {words}
        </span>
    }
    .into_any()
}

fn actions(desk: Desk) -> AnyView {
    let sheet = desk.sheet;
    let adopt = move |_| {
        let (shipped, text) = (sheet.shipped.get_untracked(), sheet.text.get_untracked());
        desk.bench.adopted.set((shipped != text).then_some(Adopted { shipped, text }));
        desk.say("The draft is in force. Send an event to see it at work.");
        desk.go_view(View::Run);
    };
    let back = move |_| {
        desk.bench.adopted.set(None);
        sheet.edit(sheet.shipped.get_untracked());
        desk.say("The shipped policy is back in force.");
    };
    let shipped = move || {
        let edited = sheet.text.with(|t| sheet.shipped.with(|s| s != t));
        !edited && desk.bench.adopted.with(Option::is_none)
    };
    view! {
        <div class="buttons">
            <button
                type="button"
                class="primary"
                data-testid="use-draft"
                disabled=move || !sheet.report.with(|r| r.usable())
                on:click=adopt
            >
                "Use this draft in Run"
            </button>
            <button type="button" data-testid="shipped-policy" disabled=shipped on:click=back>
                "Back to the shipped policy"
            </button>
            {move || {
                sheet
                    .unsaved
                    .get()
                    .then(|| {
                        view! {
                            <span class="note">"The draft could not be stored: it is gone after a reload."</span>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
