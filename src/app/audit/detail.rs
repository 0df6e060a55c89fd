//! One record in full: its fields, its canonical bytes, its leaf hash, and what is wrong with it.

use crate::api::{Entry, FieldEvidence};
use crate::app::desk::{Desk, Standing};
use crate::app::route::{Route, Step, View};
use crate::app::{text, words};
use leptos::prelude::*;

/// The record that the address bar names.
#[component]
pub fn Detail(desk: Desk) -> impl IntoView {
    let record = Memo::new(move |_| desk.route.with(|r| r.record));
    let content = move || {
        let seq = record.get()?;
        desk.revision.track();
        let entry = desk.keeper.with_value(|k| k.session.entry(seq));
        let faults = match desk.standing.get() {
            Standing::Done(v) => {
                v.faults.into_iter().filter(|f| f.index == Some(seq)).map(|f| f.what).collect()
            }
            _ => Vec::new(),
        };
        Some(panel(desk, seq, entry, faults))
    };
    view! { {content} }.into_any()
}

fn close(desk: Desk) {
    let mut to = desk.route.get_untracked();
    to.record = None;
    desk.go(to, Step::Push);
}

fn panel(desk: Desk, seq: u64, entry: Option<Entry>, faults: Vec<String>) -> AnyView {
    let keys = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close(desk);
        }
    };
    let wrong = (!faults.is_empty()).then(|| {
        let faults = faults.into_iter().map(|f| view! { <li>{f}</li> }).collect::<Vec<_>>();
        view! {
            <div class="fault" data-testid="detail-fault">
                <strong>"✕ Not as it was written"</strong>
                <ul>{faults}</ul>
            </div>
        }
    });
    let content = match entry {
        Some(entry) => body(desk, &entry),
        None => view! {
            <p class="empty">"There is no such record in this timeline, or it can no longer be read."</p>
        }
        .into_any(),
    };
    view! {
        <aside class="detail" aria-labelledby="detail-title" data-testid="detail" on:keydown=keys>
            <header class="bar">
                <h2 id="detail-title">"Record " {seq.to_string()}</h2>
                <button type="button" data-testid="detail-close" on:click=move |_| close(desk)>
                    "Close"
                </button>
            </header>
            {wrong}
            {content}
        </aside>
    }
    .into_any()
}

fn body(desk: Desk, entry: &Entry) -> AnyView {
    let number = entry.unnamed.map(|n| text::group(usize::try_from(n).unwrap_or(usize::MAX)));
    let facts: [(&str, Option<&str>); 19] = [
        ("time", Some(&entry.time)),
        ("stage", Some(&entry.stage)),
        ("action", Some(&entry.action)),
        ("reason code", entry.code.as_deref()),
        ("path", entry.path.as_deref()),
        ("correlation id", Some(&entry.correlation)),
        ("event", entry.event.as_deref()),
        ("event type", entry.event_type.as_deref()),
        ("source", Some(&entry.source)),
        ("destination", entry.destination.as_deref()),
        ("actor", Some(&entry.actor)),
        ("role", Some(&entry.role)),
        ("purpose", entry.purpose.as_deref()),
        ("legal basis", entry.legal_basis.as_deref()),
        ("consent", entry.consent.as_deref()),
        ("policy", entry.policy.as_deref()),
        ("policy hash", entry.policy_hash.as_deref()),
        ("highest class that crossed", entry.class.as_deref()),
        ("fingerprint of what left", entry.fingerprint.as_deref()),
    ];
    let unnamed = number.as_deref().map(|n| fact("elements that no rule names", n));
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some(fact(name, value.filter(|v| !v.is_empty())?)))
        .chain(unnamed)
        .collect::<Vec<_>>();
    let correlation = entry.correlation.clone();
    let follow = move |_| {
        let now = desk.route.get_untracked();
        let to = Route {
            view: View::Audit,
            scenario: now.scenario,
            correlation: Some(correlation.clone()),
            record: now.record,
            ..Route::default()
        };
        desk.go(to, Step::Push);
    };
    view! {
        <p class="detail-outcome">{words::outcome_mark(&entry.outcome)}</p>
        <button type="button" data-testid="follow" on:click=follow>
            "Follow this correlation id"
        </button>
        <dl class="facts">{facts}</dl>
        {evidence(&entry.fields)}
        <h3>"Leaf hash"</h3>
        <code class="hash" data-testid="leaf">
            {entry.leaf.clone()}
        </code>
        <h3>"Canonical record"</h3>
        <pre class="raw" data-testid="raw" tabindex="0">
            {entry.raw.clone()}
        </pre>
    }
    .into_any()
}

fn fact(name: &str, value: &str) -> AnyView {
    view! {
        <div>
            <dt>{name.to_owned()}</dt>
            <dd>{value.to_owned()}</dd>
        </div>
    }
    .into_any()
}

fn evidence(fields: &[FieldEvidence]) -> Option<AnyView> {
    if fields.is_empty() {
        return None;
    }
    let rows = fields.iter().map(|f| {
        view! {
            <tr>
                <th scope="row">
                    <code>{words::breakable(&f.field)}</code>
                </th>
                <td>{words::mark(words::label(&f.label), &f.label)}</td>
                <td>{words::breakable(&f.method)}</td>
                <td>{f.result.clone()}</td>
                <td>{f.rule.clone()}</td>
            </tr>
        }
    });
    let title = [&text::count(fields.len(), "field"), ", never a value"].concat();
    Some(
        view! {
            <h3>{title}</h3>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Fields of the record">
                <table data-testid="evidence">
                    <thead>
                        <tr>
                            <th scope="col">"Field"</th>
                            <th scope="col">"Label"</th>
                            <th scope="col">"Method"</th>
                            <th scope="col">"Result"</th>
                            <th scope="col">"Rule"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect::<Vec<_>>()}</tbody>
                </table>
            </div>
        }
        .into_any(),
    )
}
