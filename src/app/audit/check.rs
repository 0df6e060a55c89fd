//! Evidence from elsewhere: a checkpoint that this timeline is held against, a bundle that is verified.

use crate::api::{
    EvidenceReport, EvidenceTask, JobOutcome, Objection, Task, WitnessRelation, store_evidence,
};
use crate::app::desk::Desk;
use crate::app::parts::{ProgressBar, Said, objection};
use crate::app::worker::End;
use crate::app::{dom, text};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// Faults that are listed.
const MOST: usize = 50;

/// What was checked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at.
    what: String,
    report: Result<EvidenceReport, Objection>,
}

/// The menu of what can be held against what.
#[component]
pub fn CheckMenu(desk: Desk) -> impl IntoView {
    let checkpoint = RwSignal::new(String::new());
    let given = move || Some(checkpoint.get_untracked()).filter(|text| !text.trim().is_empty());
    let compare = move |_| {
        let (evidence, keys) = desk.keeper.with_value(|k| {
            let store = k.session.store();
            (store_evidence(store), store.keys().iter().map(ToString::to_string).collect())
        });
        check(desk, String::from("This timeline"), EvidenceTask { evidence, keys, checkpoint: given() });
    };
    let pick = move |event: web_sys::Event| {
        let Some(input) = dom::input_of(&event) else { return };
        let file = dom::files_of(input.files()).into_iter().next();
        dom::clear_file_input(&input);
        let (Some(file), checkpoint) = (file, given()) else { return };
        spawn_local(async move {
            match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
                Some(evidence) => {
                    check(desk, file.name(), EvidenceTask { evidence, keys: Vec::new(), checkpoint });
                }
                None => desk.notice.set(Some([file.name().as_str(), " could not be read."].concat())),
            }
        });
    };
    let stop = Callback::new(move |()| desk.checking.cancelled.set(true));
    view! {
        <details class="menu">
            <summary data-testid="check-menu">"Check"</summary>
            <div class="menu-body">
                <label>
                    <span class="note">
                        "A checkpoint from elsewhere: another browser, a colleague, a print"
                    </span>
                    <textarea
                        rows="5"
                        spellcheck="false"
                        data-testid="check-checkpoint"
                        prop:value=move || checkpoint.get()
                        on:input=move |event| checkpoint.set(event_target_value(&event))
                    ></textarea>
                </label>
                <button
                    type="button"
                    data-testid="check-compare"
                    disabled=move || checkpoint.with(|text| text.trim().is_empty())
                    on:click=compare
                >
                    "Compare this timeline with it"
                </button>
                <label>
                    <span class="note">
                        "Or verify an evidence bundle; nothing of it is taken over into this timeline"
                    </span>
                    <input
                        type="file"
                        accept=".json,application/json"
                        data-testid="check-bundle"
                        on:change=pick
                    />
                </label>
                <ProgressBar progress=desk.checking.progress on_cancel=stop />
                {move || desk.checked.get().map(|checked| shown(&checked))}
            </div>
        </details>
    }
    .into_any()
}

/// Verifies evidence in the worker; what came of it stands there until the next.
fn check(desk: Desk, what: String, task: EvidenceTask) {
    let turn = desk.checking.next();
    desk.checked.set(None);
    spawn_local(async move {
        let task = Task::Verify(task);
        let report = match desk.checking.run(turn, task, "Verifying", "unit").await {
            Some(End::Done(JobOutcome::Verified(report))) => Ok(*report),
            Some(End::Failed(why)) => Err(why),
            Some(End::Done(_) | End::Cancelled) | None => return,
        };
        desk.checked.set(Some(Checked { what, report }));
    });
}

fn shown(checked: &Checked) -> AnyView {
    let report = match &checked.report {
        Ok(report) => report,
        Err(why) => return objection(why, Said::Refused),
    };
    let relation = report.checkpoint.as_ref().map(|held| {
        let good = matches!(held.relation, WitnessRelation::Same | WitnessRelation::Extended);
        let signed = if held.signed { " A known key signs it." } else { " No known key signs it." };
        let class = if good { "badge good" } else { "badge bad" };
        view! {
            <p class=class data-testid="check-relation">
                {[&held.what, signed].concat()}
            </p>
        }
    });
    let (class, glyph, word) = match report.verified {
        true => ("badge good", "✓ ", " verifies: "),
        false => ("badge bad", "✕ ", " does not verify: "),
    };
    let size = text::count(text::size(report.size), "record");
    let words = [glyph, &checked.what, word, &size, ", root ", &text::clip(&report.root, 12)].concat();
    let faults = report.faults.iter().take(MOST).map(|fault| {
        view! {
            <li>
                <code>{fault.code.clone()}</code>
                " "
                {fault.what.clone()}
                " "
                <span class="note">{fault.help.clone()}</span>
            </li>
        }
    });
    let faults = faults.collect::<Vec<_>>();
    let more = report.faults.len().saturating_sub(MOST);
    let more =
        (more > 0).then(|| view! { <p class="note">{["… and ", &text::count(more, "fault")].concat()}</p> });
    view! {
        <div role="status">
            <p class=class data-testid="check-result" data-verified=report.verified.to_string()>
                {words}
            </p>
            {relation}
            <ul class="faults">{faults}</ul>
            {more}
        </div>
    }
    .into_any()
}
