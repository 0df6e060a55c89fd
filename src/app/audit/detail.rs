//! One record in full: its fields, its canonical bytes, its leaf hash, and what is wrong with it.

use super::chain::ChainPanel;
use super::lineage::LineagePanel;
use super::proof::ProofPanel;
use super::{close, consent};
use crate::api::{Entry, FieldEvidence};
use crate::app::desk::{Desk, Standing};
use crate::app::route::{Route, View};
use crate::app::{dom, text, words};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The record that the address bar names.
#[component]
pub fn Detail(desk: Desk) -> impl IntoView {
    let record = Memo::new(move |_| desk.route.with(|r| r.record));
    // The panel stays as it is while the log goes on.
    let entry = Memo::new(move |_| {
        let seq = record.get()?;
        desk.revision.track();
        Some((seq, desk.keeper.with_value(|k| k.session.entry(seq))))
    });
    let faults = Memo::new(move |_| match (record.get(), desk.standing.get()) {
        (Some(seq), Standing::Done(v)) => {
            v.faults.into_iter().filter(|f| f.index == Some(seq)).map(|f| f.what).collect()
        }
        _ => Vec::new(),
    });
    let content = move || {
        let (seq, entry) = entry.get()?;
        Some(panel(desk, seq, entry, faults.get()))
    };
    view! { {content} }.into_any()
}

/// Puts a link to a record on the clipboard.
fn copy_link(desk: Desk, seq: u64) {
    let to = Route { view: View::Audit, record: Some(seq), ..Route::default() };
    let href = window().location().href().unwrap_or_default();
    let page = href.split('#').next().unwrap_or_default();
    let link = [page, &to.fragment()].concat();
    spawn_local(async move {
        match dom::copy(&link).await {
            Ok(()) => desk.say("The link is on the clipboard."),
            Err(_) => {
                desk.notice.set(Some(["The browser refused the clipboard. The link: ", &link].concat()));
            }
        }
    });
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
        None => absent(desk, seq),
    };
    view! {
        <aside class="detail" aria-labelledby="detail-title" data-testid="detail" on:keydown=keys>
            <header class="bar">
                <h2 id="detail-title">"Record " {seq.to_string()}</h2>
                <button type="button" data-testid="copy-link" on:click=move |_| copy_link(desk, seq)>
                    "Copy link"
                </button>
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

/// What is said of a record that is not here.
fn absent(desk: Desk, seq: u64) -> AnyView {
    let words = desk.keeper.with_value(|k| {
        let archive = k.session.store().archive();
        match (seq < archive.len(), archive.is_away(seq)) {
            (false, _) => "There is no such record in this timeline.",
            (true, true) => "The segment of this record has not been read from storage yet.",
            (true, false) => {
                "The segment of this record is gone: deleted under retention, or it can't be read. Its root still stands in the tree."
            }
        }
    });
    view! { <p class="empty">{words}</p> }.into_any()
}

/// The members of a record that are one value each, by the names that the page has for them.
fn facts(entry: &Entry) -> Vec<AnyView> {
    let number = |n: Option<u64>| n.map(|n| text::group(text::size(n)));
    let list = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    let tokens: Vec<String> =
        entry.tokens.iter().map(|t| [t.reference.as_str(), " (", &t.rule, ")"].concat()).collect();
    let own = |text: &str| Some(text.to_owned());
    let facts: [(&str, Option<String>); 31] = [
        ("time", own(&entry.time)),
        ("stage", own(&entry.stage)),
        ("action", own(&entry.action)),
        ("reason code", entry.code.clone()),
        ("path", entry.path.clone()),
        ("correlation id", own(&entry.correlation)),
        ("event", entry.event.clone()),
        ("event type", entry.event_type.clone()),
        ("source", own(&entry.source)),
        ("destination", entry.destination.clone()),
        ("actor", own(&entry.actor)),
        ("role", own(&entry.role)),
        ("credential", entry.credential.clone()),
        ("adapter", entry.adapter.clone()),
        ("adapter hash", entry.adapter_hash.clone()),
        ("verdicts", list(&entry.verdicts)),
        ("purpose", entry.purpose.clone()),
        ("legal basis", entry.legal_basis.clone()),
        ("consent", entry.consent.clone()),
        ("consent version", number(entry.consent_version)),
        ("policy", entry.policy.clone()),
        ("policy hash", entry.policy_hash.clone()),
        ("counted", entry.counted.clone()),
        ("changes about consents", entry.effect.clone()),
        ("events told of", number(entry.events)),
        ("events fetched", number(entry.fetched)),
        ("counts ended", number(entry.withdrawn)),
        ("highest class that crossed", entry.class.clone()),
        ("elements that no rule names", number(entry.unnamed)),
        ("tokens, by reference", list(&tokens)),
        ("fingerprint of what left", entry.fingerprint.clone()),
    ];
    let said = facts.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    said.map(|(name, value)| fact(name, &value)).collect()
}

fn body(desk: Desk, entry: &Entry) -> AnyView {
    let (seq, correlation) = (entry.seq, entry.correlation.clone());
    let of_delivery = (!correlation.is_empty()).then(|| {
        view! {
            <ChainPanel desk correlation=correlation.clone() seq />
            <LineagePanel desk correlation seq />
        }
    });
    view! {
        <p class="detail-outcome">{words::outcome_mark(&entry.outcome)}</p>
        <dl class="facts">{facts(entry)}</dl>
        {consent::heard(&entry.clauses)}
        {evidence(&entry.fields)}
        {of_delivery}
        <ProofPanel desk seq />
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
