//! The documents that follow from the draft: seen as tables, handed on as files. None of them is stored.

use super::preview::{Chooser, EventSet};
use crate::api::{
    DerivedDocument, Diagnostic, JobOutcome, PreviewEvents, RehearsalRequest, Setup, Table, TableFormat,
    Task, Usage, derive,
};
use crate::app::desk::Desk;
use crate::app::parts::ProgressBar;
use crate::app::route::{self, Route, Step};
use crate::app::worker::{End, Latest};
use crate::app::{dom, text, words};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Rows shown at most.
const LISTED: usize = 1000;

/// A document, or what stands against deriving it.
type Derived = Result<Table, Vec<Diagnostic>>;

/// The Documents part of the Policy view.
#[component]
pub fn Documents(desk: Desk) -> impl IntoView {
    let document = Memo::new(move |_| {
        let named = desk.route.with(|r| r.document.as_deref().and_then(DerivedDocument::parse));
        named.unwrap_or(DerivedDocument::MappingSheet)
    });
    let is_review = Memo::new(move |_| document.get() == DerivedDocument::DriftReview);
    let review = Review::new();
    Effect::new(move |_| {
        if is_review.get() {
            review.follow(desk);
        }
    });
    let derived: Memo<Arc<Derived>> = Memo::new(move |_| {
        let usage = if is_review.get() { review.usage.get() } else { None };
        Arc::new(derived_of(desk, document.get(), usage.as_deref()))
    });
    view! {
        <h1 class="sr-only">"Policy"</h1>
        <section class="documents" aria-labelledby="documents-title" data-testid="documents">
            <header class="bar">
                <h2 id="documents-title">"Documents"</h2>
                <span class="note">"derived from the draft as it stands, never stored"</span>
            </header>
            {choice(desk, document)}
            <p class="note">{move || document.get().about()}</p>
            <Show when=move || is_review.get()>
                <Chooser desk />
                <ProgressBar
                    progress=review.work.progress
                    on_cancel=Callback::new(move |()| review.work.cancelled.set(true))
                />
            </Show>
            {move || match &*derived.get() {
                Ok(table) => shown(desk, document.get(), table),
                Err(against) => refused(against),
            }}
        </section>
    }
    .into_any()
}

fn derived_of(desk: Desk, document: DerivedDocument, usage: Option<&Usage>) -> Derived {
    let Some(setup) = desk.setup() else { return Err(Vec::new()) };
    desk.sheet.text.with(|draft| derive(document, draft, &setup.adapter, usage))
}

/// What the drift review looks at: the same events as the preview.
#[derive(Clone, Copy)]
struct Review {
    /// What they use of the draft; none until that is known.
    usage: RwSignal<Option<Arc<Usage>>>,
    work: Latest,
}

impl Review {
    fn new() -> Self {
        Self { usage: RwSignal::new(None), work: Latest::new() }
    }

    /// Counts what the events use of the draft: those of the open scenario at once, all others in the worker.
    fn follow(self, desk: Desk) {
        let trial = desk.sheet.trial;
        let (set, draft) = (trial.set.get(), desk.sheet.text.get());
        let Some(scenario) = desk.edited_scenario() else { return };
        let turn = self.work.next();
        let now = scenario.requests.first().map_or(0, |(at, _)| *at);
        let events = match set {
            EventSet::Open => return self.usage.set(Usage::of_scenario(&scenario, &draft).map(Arc::new)),
            EventSet::Shipped => PreviewEvents::Shipped,
            EventSet::Files => PreviewEvents::Inputs(trial.files.get().to_vec()),
        };
        self.usage.set(None);
        let request = RehearsalRequest { setup: Setup { policy: draft, ..scenario.setup }, events, now };
        spawn_local(async move {
            let task = Task::Rehearse(Box::new(request));
            let end = self.work.run(turn, task, "Counting", "event").await;
            if let Some(End::Done(JobOutcome::Rehearsed(rehearsed))) = end {
                self.usage.set(Some(Arc::new(rehearsed.usage)));
            }
        });
    }
}

fn choice(desk: Desk, document: Memo<DerivedDocument>) -> AnyView {
    let one = move |which: DerivedDocument| {
        let go = move |_| {
            let to = Route { document: Some(which.as_str().to_owned()), ..desk.route.get_untracked() };
            route::go(desk.route, to, Step::Push);
        };
        view! {
            <button
                type="button"
                class="chip"
                data-testid=["document-", which.as_str()].concat()
                aria-pressed=move || if document.get() == which { "true" } else { "false" }
                on:click=go
            >
                {which.title()}
            </button>
        }
    };
    view! {
        <div class="buttons" role="group" aria-label="Document">
            {DerivedDocument::ALL.map(one).into_iter().collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

/// Nothing is derived from a draft with errors: it would not do what the document says.
fn refused(against: &[Diagnostic]) -> AnyView {
    let items = against.iter().map(|finding| {
        view! {
            <li>
                <code>{finding.code.clone()}</code>
                " "
                {finding.message.clone()}
                " "
                <span class="note">{finding.help.clone()}</span>
            </li>
        }
    });
    let count = text::count(against.len(), "error");
    view! {
        <div class="behind" role="status" data-testid="document-refused">
            <p>
                <span aria-hidden="true">"⚠ "</span>
                "The draft has "
                {count}
                ". As soon as they are mended, the document stands here."
            </p>
            <ul>{items.collect::<Vec<_>>()}</ul>
        </div>
    }
    .into_any()
}

fn shown(desk: Desk, document: DerivedDocument, table: &Table) -> AnyView {
    let head = table.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> });
    let rows = table.rows.iter().take(LISTED).map(|cells| {
        let cells = cells.iter().map(|cell| view! { <td>{words::breakable(cell)}</td> });
        view! { <tr data-testid="document-row">{cells.collect::<Vec<_>>()}</tr> }
    });
    let after = match table.rows.len() {
        0 => Some("The policy lets nothing cross, so there is nothing to list."),
        n if n > LISTED => Some("The first 1,000; the rest is in the files."),
        _ => None,
    };
    view! {
        <p class="document-title" data-testid="document-title">
            <strong>{table.title.clone()}</strong>
            " · "
            {text::count(table.rows.len(), "row")}
        </p>
        {actions(desk, document, table)}
        <div
            class="table-scroll"
            tabindex="0"
            role="region"
            aria-label=table.title.clone()
        >
            <table data-testid="document-table">
                <thead>
                    <tr>{head.collect::<Vec<_>>()}</tr>
                </thead>
                <tbody>{rows.collect::<Vec<_>>()}</tbody>
            </table>
        </div>
        {after.map(|words| view! { <p class="empty">{words}</p> })}
    }
    .into_any()
}

/// The table as a file, and on the clipboard, in each form.
fn actions(desk: Desk, document: DerivedDocument, table: &Table) -> AnyView {
    let table = StoredValue::new(table.clone());
    let name = |format: TableFormat| match format {
        TableFormat::Md => "Markdown",
        TableFormat::Csv => "CSV",
        TableFormat::Json => "JSON",
    };
    let save = move |format: TableFormat| {
        let file = [document.as_str(), ".", format.as_str()].concat();
        let text = table.with_value(|table| table.write(format));
        desk.say(match dom::download(&file, format.media_type(), &text) {
            Ok(()) => "The file was saved.",
            Err(_) => "The browser would not save the file.",
        });
    };
    let copy = move |format: TableFormat| {
        let text = table.with_value(|table| table.write(format));
        spawn_local(async move {
            desk.say(match dom::copy(&text).await {
                Ok(()) => "The document is on the clipboard.",
                Err(_) => "The browser would not copy. Save the file instead.",
            });
        });
    };
    let group = |title: &'static str, slug: &'static str, act: Callback<TableFormat>| {
        let one = |format: TableFormat| {
            view! {
                <button
                    type="button"
                    class="chip"
                    data-testid=[slug, "-", format.as_str()].concat()
                    on:click=move |_| act.run(format)
                >
                    {name(format)}
                </button>
            }
        };
        view! {
            <span class="buttons" role="group" aria-label=title>
                <span class="note">{title}</span>
                {TableFormat::ALL.map(one).into_iter().collect::<Vec<_>>()}
            </span>
        }
        .into_any()
    };
    let (save, copy) = (Callback::new(save), Callback::new(copy));
    view! { <div class="buttons">{group("Save as", "save", save)} {group("Copy as", "copy", copy)}</div> }
        .into_any()
}
