//! The documents that follow from the draft: seen as tables, handed on as files. None of them is stored.

use crate::api::{DerivedDocument, Diagnostic, Table, TableFormat, Usage, derive};
use crate::app::desk::Desk;
use crate::app::route::{self, Route, Step};
use crate::app::{dom, text, words};
use leptos::prelude::*;
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
    let derived: Memo<Arc<Derived>> = Memo::new(move |_| Arc::new(derived_of(desk, document.get())));
    view! {
        <h1 class="sr-only">"Policy"</h1>
        <section class="documents" aria-labelledby="documents-title" data-testid="documents">
            <header class="bar">
                <h2 id="documents-title">"Documents"</h2>
                <span class="note">"derived from the draft as it stands, never stored"</span>
            </header>
            {choice(desk, document)}
            <p class="note">{move || document.get().about()}</p>
            {move || match &*derived.get() {
                Ok(table) => shown(desk, document.get(), table),
                Err(against) => refused(against),
            }}
        </section>
    }
    .into_any()
}

/// The drift review looks at the events of the open scenario.
fn derived_of(desk: Desk, document: DerivedDocument) -> Derived {
    let draft = desk.sheet.text.get();
    let Some(setup) = desk.setup() else { return Err(Vec::new()) };
    let usage = match document {
        DerivedDocument::DriftReview => {
            desk.edited_scenario().and_then(|scenario| Usage::of_scenario(&scenario, &draft))
        }
        _ => None,
    };
    derive(document, &draft, &setup.adapter, usage.as_ref())
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
        n if n > LISTED => Some("The rest is in the files."),
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
        leptos::task::spawn_local(async move {
            desk.say(match dom::copy(&text).await {
                Ok(()) => "The document is on the clipboard.",
                Err(_) => "The browser would not copy. Save the file instead.",
            });
        });
    };
    let group = |title: &'static str, slug: &'static str, act: &dyn Fn(TableFormat) -> AnyView| {
        view! {
            <span class="buttons" role="group" aria-label=title data-testid=slug>
                <span class="note">{title}</span>
                {TableFormat::ALL.map(act).into_iter().collect::<Vec<_>>()}
            </span>
        }
        .into_any()
    };
    let saving = |format: TableFormat| {
        view! {
            <button type="button" data-testid=["save-", format.as_str()].concat() on:click=move |_| save(format)>
                {name(format)}
            </button>
        }
        .into_any()
    };
    let copying = |format: TableFormat| {
        view! {
            <button type="button" data-testid=["copy-", format.as_str()].concat() on:click=move |_| copy(format)>
                {name(format)}
            </button>
        }
        .into_any()
    };
    view! { <div class="buttons">{group("Save as", "save-as", &saving)} {group("Copy as", "copy-as", &copying)}</div> }
        .into_any()
}
