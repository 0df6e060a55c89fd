//! Policy: the mapping policy as text, what it says, and what a change of it would do.

mod bar;
mod diagnostics;
mod differences;
mod documents;
mod draft;
mod files;
mod glance;
mod grid;
mod incoming;
mod link;
mod long_text;
mod preview;
mod publish;
mod sheet;
mod shelf;
mod tabs;
mod versions;

pub use sheet::Sheet;
pub use tabs::PolicyTabs;

use super::desk::Desk;
use super::parts::{Editor, Mark};
use super::{dom, text};
use crate::api::{Diagnostic, PolicyReport, Severity};
use bar::PolicyBar;
use diagnostics::Diagnostics;
use glance::glance;
use grid::{Grid, GridPane, back_or_forth, way};
use leptos::html::Textarea;
use leptos::prelude::*;
use long_text::LongText;
use preview::PreviewPane;
use publish::PublishDialog;
use std::sync::Arc;
use versions::VersionsPanel;

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
    let long = Memo::new(move |_| sheet.text.with(|text| sheet::is_long(text.len())));
    let at = RwSignal::new(0);
    let select = move |(start, end): (u32, u32)| {
        at.set(start);
        // The view may have been left since.
        if let Some(area) = area.try_get_untracked().flatten() {
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
    // A text area that took in a long text would keep the browser busy for seconds: it goes past it.
    let pasted = move |event: web_sys::ClipboardEvent| {
        let given = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
        if let (Some(new), Some(area)) = (given.filter(|new| sheet::is_long(new.len())), area.get_untracked())
        {
            event.prevent_default();
            let place = |units: Option<u32>| {
                sheet.text.with_untracked(|t| text::byte_offset(t, units.unwrap_or_default()))
            };
            let from = place(area.selection_start().ok().flatten());
            let to = place(area.selection_end().ok().flatten());
            let mut whole = sheet.text.get_untracked();
            whole.replace_range(from..to.max(from), &new);
            sheet.edit(whole);
        }
    };
    let over = RwSignal::new(false);
    let dropped = move |event: web_sys::DragEvent| {
        over.set(false);
        if dom::carries_files(&event) {
            event.prevent_default();
            files::open_dropped(desk, dom::files_of(event.data_transfer().and_then(|held| held.files())));
        }
    };
    view! {
        <h1 class="sr-only">"Policy"</h1>
        <div
            class="dropzone"
            class:over=move || over.get()
            data-testid="policy-dropzone"
            on:dragover=move |event| {
                if dom::carries_files(&event) {
                    event.prevent_default();
                    over.set(true);
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <PolicyBar desk />
            <div class="policy-head">{switch(shown)} {glance(desk)}</div>
            <div class="policy" data-shown=move || shown.get().name()>
                <GridPane grid on_jump=jump />
                <section class="policy-text" aria-labelledby="policy-title">
                    <header class="bar">
                        <h2 id="policy-title">"Mapping policy"</h2>
                        {move || state(desk, &sheet.report.get())}
                    </header>
                    <div on:keydown=keys on:paste=pasted>
                        {move || match long.get() {
                            true => view! { <LongText value=sheet.text at /> }.into_any(),
                            false => {
                                view! {
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
                                }
                                    .into_any()
                            }
                        }}
                    </div>
                </section>
                <section class="policy-said">
                    <h2>"Diagnostics"</h2>
                    <Diagnostics report=sheet.report grid on_jump=jump />
                </section>
                <PreviewPane desk />
            </div>
            <VersionsPanel desk />
        </div>
        <PublishDialog desk on_jump=jump />
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
    if desk.sheet.checking.get() {
        return view! { <span class="note">"checking…"</span> }.into_any();
    }
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
