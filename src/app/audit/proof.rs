//! A record's inclusion proof, drawn as the way from its leaf to the root, and checked step by step.

use crate::api::{Inclusion, InclusionStep, NoProof, ProofReport};
use crate::app::desk::Desk;
use crate::app::{dom, text, words};
use leptos::prelude::*;

/// A proof, and how far it was checked.
#[derive(Clone)]
struct Shown {
    made: Result<(Inclusion, Vec<InclusionStep>), NoProof>,
    /// Steps that were computed.
    checked: usize,
    report: Option<ProofReport>,
}

/// The proof of a record, made when it is asked for.
#[component]
pub fn ProofPanel(desk: Desk, seq: u64, unfolded: RwSignal<bool>) -> impl IntoView {
    let shown = RwSignal::new_local(None::<Shown>);
    let make = move || {
        let Some(made) = desk.on_view(|log| log.inclusion(seq)) else { return };
        let made = made.map(|proof| {
            let steps = proof.steps();
            (proof, steps)
        });
        shown.set(Some(Shown { made, checked: 0, report: None }));
    };
    if unfolded.get_untracked() {
        make();
    }
    let toggle = move |event| {
        unfolded.set(dom::is_unfolded(&event));
        if unfolded.get_untracked() && shown.with_untracked(Option::is_none) {
            make();
        }
    };
    view! {
        <details class="proof" data-testid="proof" open=unfolded.get_untracked() on:toggle=toggle>
            <summary>"Inclusion proof"</summary>
            {move || shown.get().map(|own| content(desk, seq, own, shown, make))}
        </details>
    }
    .into_any()
}

fn content(
    desk: Desk,
    seq: u64,
    own: Shown,
    shown: RwSignal<Option<Shown>, LocalStorage>,
    anew: impl Fn() + Copy + 'static,
) -> AnyView {
    let (proof, steps) = match own.made {
        Ok(made) => made,
        Err(why) => {
            let words = match why {
                NoProof::NoRecord => "The checkpoint is of fewer records: it does not speak for this one.",
                NoProof::Unsigned => {
                    "No checkpoint of this log is signed by a key that is known: a proof would show nothing."
                }
                NoProof::Misplaced => {
                    "Records were deleted before this one in a way that this page can't count. The command line proves it: airlock proof."
                }
                NoProof::Unread => {
                    "The segment of this record has not been read from storage yet. Try again in a moment."
                }
                NoProof::Gone => {
                    "The segment of this record is gone: deleted under retention, or unreadable. Its root still stands in the tree, so other records can be proved; this one can't."
                }
            };
            return view! {
                <p data-testid="proof-none">{words}</p>
                <button type="button" on:click=move |_| anew()>
                    "Try again"
                </button>
            }
            .into_any();
        }
    };
    let (all, checked) = (steps.len(), own.checked);
    let go_to = move |n: usize| {
        let judged = (n >= all).then(|| {
            let made = shown.with_untracked(|s| s.as_ref().and_then(|s| s.made.clone().ok()));
            let (proof, _) = made?;
            desk.on_view(|log| log.check(&proof))
        });
        shown.update(|s| {
            if let Some(s) = s {
                s.checked = n.min(all);
                s.report = judged.flatten();
            }
        });
    };
    let save = move |_| {
        let made = shown.with_untracked(|s| s.as_ref().and_then(|s| s.made.clone().ok()));
        let name = ["airlock-record-", &seq.to_string(), ".tlog-proof"].concat();
        if made.is_some_and(|(proof, _)| dom::download(&name, "text/plain", &proof.to_text()).is_err()) {
            desk.notice.set(Some(String::from("The browser refused the download.")));
        }
    };
    let rows = steps.iter().enumerate().map(|(at, step)| step_view(step, at < checked)).collect::<Vec<_>>();
    let verdict = own.report.map(|report| match report.valid {
        true => view! {
            <p class="badge good" role="status" data-testid="proof-verdict" data-valid="true">
                "✓ The hashes lead to the root, and the checkpoint that says the same root is signed by this log's key."
            </p>
        }
        .into_any(),
        false => view! {
            <p class="badge bad" role="status" data-testid="proof-verdict" data-valid="false">
                "✕ " {report.what.unwrap_or_default()}
            </p>
        }
        .into_any(),
    });
    let size = text::count(text::size(proof.size()), "record");
    let done = checked >= all && verdict.is_some();
    view! {
        <p class="note">
            "A leaf is SHA-256 of a zero byte and the record's canonical bytes; a node is SHA-256 of a one byte and the two hashes below it (RFC 6962). With the hashes on the way, the record leads to the root and to no other."
        </p>
        <ol class="climb">
            <li>
                {words::mark(("good", "●"), "leaf")}
                <span>{["record ", &seq.to_string()].concat()}</span>
                <code class="hash">{proof.leaf()}</code>
            </li>
            {rows}
            <li>
                {words::mark(("accent", "◆"), "root")}
                <span>{["all ", &size].concat()}</span>
                <code class="hash" data-testid="proof-root">{proof.root()}</code>
            </li>
        </ol>
        <div class="buttons">
            <button
                type="button"
                data-testid="proof-next"
                disabled=done
                on:click=move |_| go_to(checked + 1)
            >
                "Next step"
            </button>
            <button type="button" data-testid="proof-all" on:click=move |_| go_to(all)>
                "Check all"
            </button>
            <button type="button" data-testid="proof-save" on:click=save>
                "Save proof"
            </button>
            <span class="note">
                {[&checked.to_string(), " of ", &text::count(all, "step")].concat()}
            </span>
        </div>
        {verdict}
        <p class="note">"The root is that of the log as it was when this was opened; this checkpoint signs it:"</p>
        <pre class="raw" tabindex="0" aria-label="Checkpoint">
            {proof.checkpoint().to_owned()}
        </pre>
    }
    .into_any()
}

fn range((first, last): (u64, u64)) -> String {
    match first == last {
        true => ["record ", &first.to_string()].concat(),
        false => ["records ", &first.to_string(), "–", &last.to_string()].concat(),
    }
}

fn step_view(step: &InclusionStep, checked: bool) -> AnyView {
    let side = if step.is_left { ("calm", "◀") } else { ("calm", "▶") };
    let word = if step.is_left { "left" } else { "right" };
    let becomes = match checked {
        true => view! {
            <span>"✓ makes " {range(step.over)}</span>
            <code class="hash">{step.node.clone()}</code>
        }
        .into_any(),
        false => view! { <span class="note">"not computed yet"</span> }.into_any(),
    };
    view! {
        <li data-testid="proof-step" data-checked=checked.to_string()>
            {words::mark(side, word)}
            <span>{range(step.beside)}</span>
            <code class="hash">{step.sibling.clone()}</code>
            {becomes}
        </li>
    }
    .into_any()
}
