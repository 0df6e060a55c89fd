//! The CRM record as the CRM team sees it, and the CRM demo zone's records.

use crate::api::{CrmField, CrmRecord};
use crate::app::desk::Desk;
use crate::app::parts::VirtualList;
use crate::app::{dom, text};
use leptos::prelude::*;
use std::sync::Arc;

const ROW: usize = 44;

/// The record of the delivery shown, or the one picked from the zone, above the list of all.
#[component]
pub fn Record(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    let revision = desk.revision;
    let shown = move || {
        revision.track();
        match bench.picked.get() {
            Some(key) => {
                desk.keeper.with_value(|k| cards(k.session.crm().iter().filter(|record| record.key == key)))
            }
            None => bench.shown.with(|sent| match sent {
                Some(sent) => cards(sent.records().iter()),
                None => empty(false),
            }),
        }
    };
    let count = Signal::derive(move || {
        revision.track();
        desk.keeper.with_value(|k| k.session.crm().len())
    });
    let row = Arc::new(move |place: usize| {
        revision.track();
        let record = desk.keeper.with_value(|k| k.session.crm().iter().rev().nth(place).cloned());
        record.map(|record| row_view(&record, bench.picked)).into_any()
    });
    let focus = Signal::derive(|| None::<usize>);
    view! {
        {shown}
        <div class="crm-list">
            <h3>
                "In the zone "
                <span class="note" data-testid="crm-count">
                    {move || text::count(count.get(), "record")}
                </span>
            </h3>
            <Show when=move || count.get().gt(&0)>
                <VirtualList
                    count
                    row_height=ROW
                    row=row.clone()
                    focus=focus
                    role="list"
                    label="CRM records, newest first"
                    testid="crm"
                />
            </Show>
        </div>
    }
    .into_any()
}

fn empty(sent: bool) -> AnyView {
    let words = if sent {
        "Nothing crossed. The CRM team does not learn that there was an event."
    } else {
        "Nothing has crossed yet. The record that the CRM team gets will stand here."
    };
    view! {
        <p class="empty" data-testid="no-record">
            {words}
        </p>
    }
    .into_any()
}

/// The records of one event, one below the other.
fn cards<'a>(records: impl Iterator<Item = &'a CrmRecord>) -> AnyView {
    let cards = records.map(card).collect::<Vec<_>>();
    if cards.is_empty() { empty(true) } else { cards.into_any() }
}

fn card(record: &CrmRecord) -> AnyView {
    let fields = record.fields.iter().map(field).collect::<Vec<_>>();
    let version = ["version ", &record.version.to_string()].concat();
    view! {
        <article class="record" data-testid="record" aria-label="CRM record">
            <h3>
                {record.object.clone()}
                <span class="note">{version}</span>
            </h3>
            <dl class="fields">{fields}</dl>
            <p class="record-foot">
                <span class="note">"key "</span>
                <code data-testid="record-key">{record.key.clone()}</code>
                <br />
                <span class="note">"written " {dom::tidy_time(&record.written)}</span>
            </p>
        </article>
    }
    .into_any()
}

fn field(field: &CrmField) -> AnyView {
    let value = match (&field.value, field.withheld) {
        (_, true) => view! {
            <span class="withheld">
                <span aria-hidden="true">"▬ "</span>
                "withheld by policy"
            </span>
        }
        .into_any(),
        (Some(value), false) => value.clone().into_any(),
        (None, false) => view! { <span class="note">"—"</span> }.into_any(),
    };
    view! {
        <div class="crm-field" data-testid=["field-", &field.name].concat()>
            <dt>{field.name.clone()}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

fn row_view(record: &CrmRecord, picked: RwSignal<Option<String>>) -> AnyView {
    let key = record.key.clone();
    let pick = {
        let key = key.clone();
        move |_| picked.set(Some(key.clone()))
    };
    let open = {
        let key = key.clone();
        move || if picked.with(|p| p.as_ref() == Some(&key)) { "true" } else { "false" }
    };
    let line = ["v", &record.version.to_string(), " · ", &dom::tidy_time(&record.written)].concat();
    view! {
        <div class="crm-row" role="listitem" data-testid="crm-row">
            <button type="button" aria-pressed=open on:click=pick>
                <span>{record.object.clone()}</span>
                <code>{text::clip(&key, 28)}</code>
                <span class="note">{line}</span>
            </button>
        </div>
    }
    .into_any()
}
