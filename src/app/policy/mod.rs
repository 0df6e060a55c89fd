//! Policy: the mapping policy as text, what it says, and what a change of it would do.

mod compare;
mod diagnostics;
mod fields;
mod grid;
mod preview;
mod sheet;

pub use sheet::Sheet;

use super::desk::Desk;
use super::parts::{Editor, Mark};
use super::route::View;
use super::run::Adopted;
use super::{dom, text};
use crate::api::{Diagnostic, PolicyReport, Severity};
use diagnostics::Diagnostics;
use grid::{Grid, GridPane, back_or_forth, way};
use leptos::html::Textarea;
use leptos::prelude::*;
use preview::PreviewPane;
use std::sync::Arc;

/// The Policy view.
#[component]
pub fn PolicyView(desk: Desk) -> impl IntoView {
    let sheet = desk.sheet;
    let area = NodeRef::<Textarea>::new();
    let shown = RwSignal::new(if dom::is_narrow() { Shown::Sheet } else { Shown::Both });
    sheet.follow(desk);
    let grid = Grid::new(desk);
    let type_in = Callback::new(move |text| sheet.type_in(text));
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
    let select = move |(start, end): (u32, u32)| {
        if let Some(area) = area.get_untracked() {
            sheet.text.with_untracked(|t| dom::select_range(&area, t, start as usize, end as usize));
        }
    };
    let jump = Callback::new(move |span: (u32, u32)| {
        grid.go_to_offset(span.0);
        if shown.get_untracked() == Shown::Sheet {
            shown.set(Shown::Both);
            request_animation_frame(move || select(span));
        } else {
            select(span);
        }
    });
    // The sheet goes along with the place in the text.
    let follow = Callback::new(move |units: u32| {
        let at = sheet.text.with_untracked(|t| text::byte_offset(t, units));
        grid.go_to_offset(u32::try_from(at).unwrap_or(u32::MAX));
    });
    // A text area can't undo what was not typed into it: the sheet's history does it for both.
    let keys = move |event: web_sys::KeyboardEvent| {
        let ctrl = event.ctrl_key() || event.meta_key();
        if let Some(way) = way(&event.key(), ctrl, event.shift_key()) {
            event.prevent_default();
            if let Some(step) = back_or_forth(grid, way) {
                let end = step.start.saturating_add(step.inserted.len());
                select((clamped(step.start), clamped(end)));
            }
        }
    };
    view! {
        <h1 class="sr-only">"Policy"</h1>
        {switch(shown)}
        <div class="policy" data-shown=move || shown.get().name()>
            <GridPane grid on_jump=jump />
            <section class="policy-text" aria-labelledby="policy-title">
                <header class="bar">
                    <h2 id="policy-title">"Mapping policy"</h2>
                    {move || state(desk, &sheet.report.get())}
                </header>
                <div on:keydown=keys>
                    <Editor
                        value=sheet.text
                        on_input=type_in
                        label="Mapping policy, JSON"
                        testid="policy-text"
                        area=area
                        marks=marks
                        on_caret=follow
                        rows=28
                    />
                </div>
            </section>
            <section class="policy-said">
                {actions(desk)}
                <Diagnostics report=sheet.report grid on_jump=jump />
            </section>
            <PreviewPane desk />
        </div>
    }
    .into_any()
}

/// Which forms of the policy are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Sheet,
    Text,
    Both,
}

impl Shown {
    fn name(self) -> &'static str {
        match self {
            Self::Sheet => "sheet",
            Self::Text => "text",
            Self::Both => "both",
        }
    }
}

fn switch(shown: RwSignal<Shown>) -> AnyView {
    let one = move |which: Shown, words: &'static str| {
        view! {
            <button
                type="button"
                class="chip"
                data-testid=["show-", which.name()].concat()
                aria-pressed=move || if shown.get() == which { "true" } else { "false" }
                on:click=move |_| shown.set(which)
            >
                {words}
            </button>
        }
    };
    view! {
        <div class="tabs policy-switch" role="group" aria-label="The policy as">
            {one(Shown::Sheet, "Sheet")}
            {one(Shown::Text, "Text")}
            {one(Shown::Both, "Both")}
        </div>
    }
    .into_any()
}

fn clamped(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
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
