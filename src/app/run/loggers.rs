//! The workshop's two loggers, side by side: off until asked for, in memory only.

use super::bench::{Fate, Sent};
use crate::api::{LogPiece, Written, loggers};
use crate::app::desk::Desk;
use crate::app::text;
use leptos::prelude::*;

/// The code of a body that looks real and that nobody attests to be synthetic.
const UNATTESTED: &str = "synthetic.attestation-required";

/// The panel below the ledger.
#[component]
pub fn TwoLoggers(desk: Desk) -> impl IntoView {
    let on = RwSignal::new(false);
    let content = move || {
        if !on.get() {
            return None;
        }
        Some(desk.bench.shown.with(|sent| match sent {
            None => empty("Nothing was sent yet. Send an event, and see what each of the two writes of it."),
            Some(sent) => both(desk, sent),
        }))
    };
    view! {
        <section class="loggers" aria-labelledby="loggers-title" data-testid="loggers">
            <header class="ledger-bar">
                <h2 id="loggers-title">"A naive logger beside the safe one"</h2>
                <span class="note">"Workshop, synthetic data: in memory only, never stored, never exported"</span>
                <button
                    type="button"
                    data-testid="loggers-toggle"
                    aria-pressed=move || if on.get() { "true" } else { "false" }
                    on:click=move |_| on.update(|on| *on = !*on)
                >
                    {move || if on.get() { "Stop the naive logger" } else { "Let the naive logger write too" }}
                </button>
            </header>
            {content}
        </section>
    }
    .into_any()
}

fn empty(words: &'static str) -> AnyView {
    view! { <p class="empty">{words}</p> }.into_any()
}

fn both(desk: Desk, sent: &Sent) -> AnyView {
    let Fate::Run(run) = &sent.fate else {
        return empty("Of many events only the outcomes are kept. Send one by itself.");
    };
    if run.refusal.as_ref().is_some_and(|refusal| refusal.code == UNATTESTED) {
        return empty(
            "This looks like data of a real person. The naive logger runs only on what is shipped with the page, or attested to be synthetic.",
        );
    }
    let safe = desk.keeper.with_value(|k| {
        let archive = k.session.store().archive();
        let chain = archive.chain(&run.correlation);
        chain.records.iter().filter_map(|seq| archive.canonical(*seq)).collect::<Vec<_>>()
    });
    let found = loggers(&sent.request, run, &safe);
    let told = |written: &Written| {
        let all = text::count(found.identifying, "identifying text");
        [&text::group(written.identifying), " of ", &all].concat()
    };
    let (naive, kept) = (told(&found.naive), told(&found.safe));
    let good = found.safe.identifying == 0;
    view! {
        <div class="logger-pair">
            <div class="logger naive">
                <h3>"Naive: whatever is at hand"</h3>
                <p class="badge bad" data-testid="naive-count">
                    {["✕ tells ", &naive].concat()}
                </p>
                {lines(&found.naive, "naive-lines")}
            </div>
            <div class="logger safe">
                <h3>"Safe: the audit log"</h3>
                <p class=if good { "badge good" } else { "badge bad" } data-testid="safe-count">
                    {[if good { "✓ tells " } else { "✕ tells " }, &kept].concat()}
                </p>
                {lines(&found.safe, "safe-lines")}
            </div>
        </div>
        <p class="note">
            "Marked is what identifies a person in the source: names, addresses, contact points, identifiers, dates of birth, references. Inside the engine such a value is a type that no log takes, so the naive lines had to be written outside of it, from the request's own text."
        </p>
    }
    .into_any()
}

fn lines(written: &Written, testid: &'static str) -> AnyView {
    let line = |pieces: &Vec<LogPiece>| {
        let pieces = pieces.iter().map(|piece| match piece.identifies {
            true => view! { <mark>{piece.text.clone()}</mark> }.into_any(),
            false => piece.text.clone().into_any(),
        });
        view! { <li>{pieces.collect::<Vec<_>>()}</li> }
    };
    view! {
        <ol class="log-lines" data-testid=testid tabindex="0">
            {written.lines.iter().map(line).collect::<Vec<_>>()}
        </ol>
    }
    .into_any()
}
