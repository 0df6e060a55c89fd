//! The preview: the draft against the policy in force, over a set of events.

mod change;
mod events;
mod set;
mod trial;
mod unlisted;

pub use trial::{EventSet, Trial};

use crate::api::{PreviewReport, RefusalCount};
use crate::app::desk::Desk;
use crate::app::parts::ProgressBar;
use crate::app::text;
use change::{Kind, fields};
use events::EventList;
use leptos::prelude::*;
pub use set::Chooser;

/// What the draft does, and to which events.
#[component]
pub fn PreviewPane(desk: Desk) -> impl IntoView {
    let trial = desk.sheet.trial;
    trial.follow(desk);
    let content = move || {
        match trial.report.get() {
        Some(report) => report_view(desk, trial, &report),
        None if trial.refused.with(Option::is_some) || trial.work.progress.with(Option::is_some) => ().into_any(),
        None => view! { <p class="empty">"As soon as the draft can be read as a policy, its effect stands here."</p> }
            .into_any(),
    }
    };
    // Until something has been changed, the page says what is to be seen here.
    let unchanged = move || {
        let sheet = desk.sheet;
        sheet.text.with(|text| sheet.shelf.in_force.with(|old| old == text)).then(|| {
            view! {
                <p class="empty" data-testid="preview-unchanged">
                    "The draft is the policy in force. Change a cell of the sheet, such as a label, and what newly crosses, no longer crosses or is refused stands here before anyone is exposed to it."
                </p>
            }
        })
    };
    let refused = move || {
        trial.refused.get().map(|objection| {
            view! {
                <p class="behind" role="status" data-testid="preview-refused">
                    <span aria-hidden="true">"⚠ "</span>
                    {objection.message}
                    " "
                    {objection.help}
                    " "
                    <code>{objection.code}</code>
                </p>
            }
        })
    };
    view! {
        <section
            class="preview"
            tabindex="-1"
            aria-labelledby="preview-title"
            aria-busy=move || if trial.due.get() { "true" } else { "false" }
            data-testid="preview"
        >
            <header class="bar">
                <h2 id="preview-title">"Preview against active"</h2>
                <span class="note">"Nothing is delivered or logged."</span>
            </header>
            <Chooser desk />
            <ProgressBar
                progress=trial.work.progress
                on_cancel=Callback::new(move |()| trial.work.cancelled.set(true))
            />
            <Show when=move || trial.behind.get()>
                <p class="behind" role="status" data-testid="preview-behind">
                    <span aria-hidden="true">"⚠ "</span>
                    "This is the result of the last draft that could be read."
                </p>
            </Show>
            {refused}
            {unchanged}
            {content}
        </section>
    }
    .into_any()
}

fn report_view(desk: Desk, trial: Trial, report: &PreviewReport) -> AnyView {
    view! {
        {in_sum(report)}
        {unlisted::unlisted(desk, report)}
        {(report.totals.differing > 0).then(|| view! { <EventList trial /> })}
    }
    .into_any()
}

/// What the draft does over all events.
pub fn in_sum(report: &PreviewReport) -> AnyView {
    view! {
        {totals(report)}
        {effect(report)}
        {codes("newly-refused", "newly refused", ("refused", "✕"), &report.newly_refused)}
        {codes("newly-accepted", "newly accepted, and refused before", ("changed", "✓"), &report.newly_accepted)}
    }
    .into_any()
}

/// The fields that fare otherwise, and what changes of the integration path; what newly crosses first.
fn effect(report: &PreviewReport) -> AnyView {
    let nothing = report.is_empty().then(|| {
        view! {
            <p class="headline same" data-testid="preview-same">
                "= The same crosses under both."
            </p>
        }
    });
    view! {
        {nothing}
        {fields(Kind::Newly, &report.newly_crossing)}
        {path(report)}
        {fields(Kind::NoLonger, &report.no_longer_crossing)}
        {fields(Kind::Changed, &report.changed)}
    }
    .into_any()
}

fn totals(report: &PreviewReport) -> AnyView {
    let totals = &report.totals;
    let counts = [
        (totals.accepted, "accepted by both"),
        (totals.refused, "refused by both"),
        (totals.newly_accepted, "newly accepted"),
        (totals.newly_refused, "newly refused"),
        (totals.not_covered, "of types that neither covers"),
        (totals.unreadable, "not to be read"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let counts: Vec<String> = counts.map(|(n, what)| [&text::group(n), " ", what].concat()).collect();
    let why = report.refused_by_both.iter().map(|count| {
        view! {
            <li>
                {text::group(count.events)}
                " "
                <code>{count.code.clone()}</code>
            </li>
        }
    });
    let why = (!report.refused_by_both.is_empty()).then(|| {
        view! {
            <details class="refused-by-both">
                <summary>"Why both refuse"</summary>
                <ul>{why.collect::<Vec<_>>()}</ul>
            </details>
        }
    });
    let assumed = (!report.consents_asked).then(|| {
        view! { <p class="note">"Consent is taken for given: this is what would cross if it permitted."</p> }
    });
    view! {
        <p class="preview-totals" data-testid="preview-totals" data-events=report.events.to_string()>
            <strong>{text::count(report.events, "event")}</strong>
            {[": ", &counts.join(", "), "."].concat()}
        </p>
        {assumed}
        {why}
    }
    .into_any()
}

/// What changes of the integration path.
fn path(report: &PreviewReport) -> Option<AnyView> {
    if report.path.is_empty() {
        return None;
    }
    let side = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    let items = report.path.iter().map(|change| {
        let (class, word) = if change.widens { ("newly", "widens") } else { ("changed", "changes") };
        view! {
            <li class=class data-testid=["preview-path-", &change.key].concat()>
                <code>{change.key.clone()}</code>
                <span class="change">{word}</span>
                <span class="from-to">{[&side(&change.from), " → ", &side(&change.to)].concat()}</span>
            </li>
        }
    });
    Some(
        view! {
            <section class="preview-path" aria-label="The integration path">
                <h3>"The integration path"</h3>
                <ul>{items.collect::<Vec<_>>()}</ul>
            </section>
        }
        .into_any(),
    )
}

fn codes(
    testid: &str,
    what: &'static str,
    (class, glyph): (&str, &'static str),
    counts: &[RefusalCount],
) -> Option<AnyView> {
    if counts.is_empty() {
        return None;
    }
    let all: usize = counts.iter().map(|count| count.events).sum();
    let items = counts.iter().map(|count| {
        let examples = count.examples.iter().map(|example| {
            let path = example.path.as_deref().unwrap_or("");
            view! { <li class="note">{[&example.event, " ", path].concat()}</li> }
        });
        view! {
            <li data-testid=["preview-code-", &count.code].concat()>
                <p>
                    <strong>{text::count(count.events, "event")}</strong>
                    " "
                    <code>{count.code.clone()}</code>
                    " "
                    {count.message.clone()}
                </p>
                <ul>{examples.collect::<Vec<_>>()}</ul>
            </li>
        }
    });
    Some(
        view! {
            <section class="preview-codes" data-testid=["preview-", testid].concat()>
                <p class=["headline ", class].concat()>
                    <strong>
                        <span aria-hidden="true">{glyph} " "</span>
                        {text::count(all, "event")}
                        " "
                        {what}
                    </strong>
                </p>
                <ul>{items.collect::<Vec<_>>()}</ul>
            </section>
        }
        .into_any(),
    )
}
