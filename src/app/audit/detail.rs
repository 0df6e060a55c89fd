//! One record in full: its fields, its canonical bytes, its leaf hash, and what is wrong with it.

use super::chain::ChainPanel;
use super::lineage::LineagePanel;
use super::proof::ProofPanel;
use super::{close, consent};
use crate::api::{Entry, FieldEvidence};
use crate::app::desk::Desk;
use crate::app::route::{Route, View};
use crate::app::{dom, text, words};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Characters that are shown of a value, and of a whole record.
const CLIP: usize = 2_000;
const RAW: usize = 20_000;
/// Fields that are listed.
const FIELDS: usize = 500;

/// Whether a record could be read.
fn is_read(entry: &Entry) -> bool {
    !(entry.time.is_empty() && entry.stage.is_empty() && entry.action.is_empty())
}

/// The number that a record goes by: its own, or where it has none its place.
pub fn number(entry: &Entry, seq: u64) -> u64 {
    if is_read(entry) { entry.seq } else { seq }
}

/// Which panels are unfolded: they stay so from one record to the next.
#[derive(Clone, Copy)]
pub struct Unfolded {
    /// The inclusion proof.
    pub proof: RwSignal<bool>,
    /// The lineage.
    pub lineage: RwSignal<bool>,
    /// The choice of another run.
    pub compare: RwSignal<bool>,
}

/// The record that the address bar names.
#[component]
pub fn Detail(desk: Desk) -> impl IntoView {
    let folded = || RwSignal::new(false);
    let unfolded = Unfolded { proof: folded(), lineage: folded(), compare: folded() };
    let record = Memo::new(move |_| desk.route.with(|r| r.record));
    // The panel stays as it is while the log goes on.
    let entry = Memo::new(move |_| {
        let seq = record.get()?;
        desk.revision.track();
        Some((seq, desk.on_view(|log| log.entry(seq)).flatten()))
    });
    let faults = Memo::new(move |_| record.get().map(|seq| desk.wrong_with(seq)).unwrap_or_default());
    let content = move || {
        let (seq, entry) = entry.get()?;
        Some(panel(desk, seq, entry, faults.get(), unfolded))
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

/// What is wrong with a record, or beside it.
fn wrong(faults: &[(String, bool)], own: bool) -> Option<AnyView> {
    let faults = faults.iter().filter(|(_, of_record)| *of_record == own);
    let faults = faults.map(|(what, _)| view! { <li>{what.clone()}</li> }).collect::<Vec<_>>();
    let (class, title) = match own {
        true => ("fault", "✕ Not as it was written"),
        false => ("fault beside", "⚠ Something is wrong beside this record"),
    };
    (!faults.is_empty()).then(|| {
        view! {
            <div class=class data-testid=if own { "detail-fault" } else { "detail-beside" }>
                <strong>{title}</strong>
                <ul>{faults}</ul>
            </div>
        }
        .into_any()
    })
}

fn panel(
    desk: Desk,
    seq: u64,
    entry: Option<Entry>,
    faults: Vec<(String, bool)>,
    unfolded: Unfolded,
) -> AnyView {
    let keys = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close(desk);
        }
    };
    let number = entry.as_ref().map_or(seq, |entry| number(entry, seq));
    let elsewhere = (number != seq).then(|| {
        let words = [
            "It says that it is record ",
            &number.to_string(),
            "; it stands where record ",
            &seq.to_string(),
            " would.",
        ];
        view! { <p class="note">{words.concat()}</p> }
    });
    let content = match entry {
        Some(entry) => body(desk, seq, &entry, unfolded),
        None => absent(desk, seq),
    };
    view! {
        <aside class="detail" aria-labelledby="detail-title" data-testid="detail" on:keydown=keys>
            <header class="bar">
                <h2 id="detail-title">"Record " {number.to_string()}</h2>
                // Nobody else has the bundle open that a link would lead into.
                <Show when=move || desk.card.with(Option::is_none)>
                    <button type="button" data-testid="copy-link" on:click=move |_| copy_link(desk, seq)>
                        "Copy link"
                    </button>
                </Show>
                <button type="button" data-testid="detail-close" on:click=move |_| close(desk)>
                    "Close"
                </button>
            </header>
            {elsewhere}
            {wrong(&faults, true)}
            {wrong(&faults, false)}
            {content}
        </aside>
    }
    .into_any()
}

/// What is said of a record that is not here.
fn absent(desk: Desk, seq: u64) -> AnyView {
    let words = desk.on_view(|log| {
        let archive = log.archive();
        match (seq < archive.len(), archive.is_away(seq)) {
            (false, _) => "There is no such record in this log.",
            (true, true) => "The segment of this record has not been read from storage yet.",
            (true, false) => {
                "The segment of this record is gone: deleted under retention, or it can't be read. Its root still stands in the tree."
            }
        }
    });
    view! { <p class="empty">{words.unwrap_or_default()}</p> }.into_any()
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

fn body(desk: Desk, seq: u64, entry: &Entry, unfolded: Unfolded) -> AnyView {
    let correlation = entry.correlation.clone();
    let facts = match is_read(entry) {
        true => view! {
            <p class="detail-outcome">{words::outcome_mark(&text::plain(&entry.outcome, CLIP))}</p>
            <dl class="facts">{facts(entry)}</dl>
        }
        .into_any(),
        false => view! {
            <p class="empty" data-testid="unreadable">"This is no audit record; below is what stands in its place."</p>
        }
        .into_any(),
    };
    let whole = entry.raw.clone();
    let save = move |_| {
        let name = ["airlock-record-", &seq.to_string(), ".json"].concat();
        if dom::download(&name, "application/json", &whole).is_err() {
            desk.notice.set(Some(String::from("The browser refused the download.")));
        }
    };
    let clipped = (entry.raw.len() > RAW).then(|| {
        let words = ["It has ", &text::short_size(entry.raw.len()), "B; the beginning is shown."].concat();
        view! { <p class="note">{words}</p> }
    });
    let of_delivery = (!correlation.is_empty()).then(|| {
        view! {
            <ChainPanel desk correlation=correlation.clone() seq unfolded=unfolded.compare />
            <LineagePanel desk correlation seq=entry.seq unfolded=unfolded.lineage />
        }
    });
    view! {
        {facts}
        {consent::heard(&entry.clauses)}
        {evidence(&entry.fields)}
        {of_delivery}
        <ProofPanel desk seq unfolded=unfolded.proof />
        <h3>"Leaf hash"</h3>
        <code class="hash" data-testid="leaf">
            {entry.leaf.clone()}
        </code>
        <h3>"Canonical record"</h3>
        {clipped}
        <pre class="raw" data-testid="raw" tabindex="0">
            {text::plain(&entry.raw, RAW)}
        </pre>
        <button type="button" data-testid="record-save" on:click=save>
            "Save record"
        </button>
    }
    .into_any()
}

fn fact(name: &str, value: &str) -> AnyView {
    view! {
        <div>
            <dt>{name.to_owned()}</dt>
            <dd>{text::plain(value, CLIP)}</dd>
        </div>
    }
    .into_any()
}

fn evidence(fields: &[FieldEvidence]) -> Option<AnyView> {
    if fields.is_empty() {
        return None;
    }
    let rows = fields.iter().take(FIELDS).map(|f| {
        let said = |value: &str| text::plain(value, CLIP);
        view! {
            <tr>
                <th scope="row">
                    <code>{words::breakable(&said(&f.field))}</code>
                </th>
                <td>{words::mark(words::label(&f.label), &said(&f.label))}</td>
                <td>{words::breakable(&said(&f.method))}</td>
                <td>{said(&f.result)}</td>
                <td>{said(&f.rule)}</td>
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
