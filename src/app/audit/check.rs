//! The log on view held against something else: a checkpoint from elsewhere, a scenario that is run anew.

use crate::api::{
    EvidenceReport, EvidenceTask, JobOutcome, Objection, ReplayReport, ReplayTask, Task, WitnessRelation,
};
use crate::app::desk::Desk;
use crate::app::parts::{Said, objection};
use crate::app::route::Step;
use crate::app::text;
use crate::app::worker::End;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::borrow::Cow;

/// Faults that are listed.
const MOST: usize = 50;
/// Characters that are shown of a value.
const CLIP: usize = 200;

/// What came of the last check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Of verifying, and holding against a checkpoint.
    Report(EvidenceReport),
    /// Of running a scenario anew, by its title.
    Replay(String, ReplayReport),
    /// It could not be done.
    Refused(Objection),
}

/// The menu of what can be held against what.
#[component]
pub fn CheckMenu(desk: Desk) -> impl IntoView {
    let checkpoint = RwSignal::new(String::new());
    let scenario =
        move || desk.bench.scenario.with(|s| s.as_ref().map(|s| s.card.title.clone())).unwrap_or_default();
    view! {
        <details class="menu" name="audit-menu">
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
                    on:click=move |_| compare(desk, checkpoint.get_untracked())
                >
                    "Compare this log with it"
                </button>
                <button type="button" data-testid="check-replay" on:click=move |_| replay(desk)>
                    "Replay the open scenario and compare"
                </button>
                <p class="note">{move || ["The scenario open in Run: ", &scenario()].concat()}</p>
                {move || desk.checked.get().map(|checked| match &checked {
                    Checked::Report(report) => shown(report),
                    Checked::Replay(title, report) => replayed(desk, title, report),
                    Checked::Refused(why) => objection(why, Said::Refused),
                })}
            </div>
        </details>
    }
    .into_any()
}

/// Verifies the log on view in the worker, against a checkpoint; what came of it stands there until the next.
fn compare(desk: Desk, checkpoint: String) {
    let turn = desk.checking.next();
    desk.checked.set(None);
    let keys = match desk.card.with_untracked(Option::is_some) {
        // A bundle is known by the keys that it lists.
        true => Vec::new(),
        false => {
            desk.keeper.with_value(|k| k.session.store().keys().iter().map(ToString::to_string).collect())
        }
    };
    spawn_local(async move {
        let file = desk.bundle_file().await;
        let _ = desk.exporting.try_set(None);
        let file = match file {
            Ok(file) => file,
            Err(why) => return drop(desk.notice.try_set(Some(why))),
        };
        let task =
            Task::Verify(EvidenceTask { keys, checkpoint: Some(checkpoint), ..EvidenceTask::default() });
        let checked = match desk.checking.run_on(turn, task, Some(file), "Verifying", "record").await {
            Some(End::Done(JobOutcome::Verified(report))) => Checked::Report(*report),
            Some(End::Failed(why)) => Checked::Refused(why),
            Some(End::Done(_) | End::Cancelled) | None => return,
        };
        let _ = desk.checked.try_set(Some(checked));
    });
}

/// Runs the open scenario in the worker and holds the log on view against it.
fn replay(desk: Desk) {
    let Some(scenario) = desk.edited_scenario() else { return };
    let turn = desk.checking.next();
    desk.checked.set(None);
    let title = scenario.card.title.clone();
    spawn_local(async move {
        let task = Task::Replay(Box::new(ReplayTask::from(scenario)));
        let checked = match desk.checking.run(turn, task, "Replaying", "scenario").await {
            Some(End::Done(JobOutcome::Replayed(run))) => {
                let report = desk.on_view(|log| {
                    let archive = log.archive();
                    let here = |seq: u64| Some((seq, Cow::Owned(archive.canonical(seq)?)));
                    run.against(archive.len(), (0..archive.len()).filter_map(here))
                });
                let Some(report) = report else { return };
                Checked::Replay(title, report)
            }
            Some(End::Failed(why)) => Checked::Refused(why),
            Some(End::Done(_) | End::Cancelled) | None => return,
        };
        let _ = desk.checked.try_set(Some(checked));
    });
}

/// Whether the scenario makes the same log; if not, the first record that differs, and in what.
fn replayed(desk: Desk, title: &str, report: &ReplayReport) -> AnyView {
    let (class, glyph) =
        if report.same { ("badge good", "✓ same root: ") } else { ("badge bad", "✕ not the same: ") };
    let jump = report.first.map(|seq| {
        let go = move |_| {
            let mut to = desk.route.get_untracked();
            (to.query, to.compare) = (None, None);
            to.record = Some(seq);
            desk.go(to, Step::Push);
        };
        view! {
            <button type="button" data-testid="replay-jump" on:click=go>
                {["Show record ", &seq.to_string()].concat()}
            </button>
        }
    });
    let said = |value: &Option<String>| match value {
        Some(value) => view! { <code>{text::plain(value, CLIP)}</code> }.into_any(),
        None => view! { <span class="note">"nothing"</span> }.into_any(),
    };
    let members = report.members.iter().map(|differing| {
        view! {
            <tr>
                <th scope="row">{differing.member.clone().unwrap_or_else(|| "the whole text".to_owned())}</th>
                <td>{said(&differing.left)}</td>
                <td>{said(&differing.right)}</td>
            </tr>
        }
    });
    let members = members.collect::<Vec<_>>();
    let members = (!members.is_empty()).then(|| {
        view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label="What differs">
                <table data-testid="replay-members">
                    <thead>
                        <tr>
                            <th scope="col">"Member"</th>
                            <th scope="col">"In the log"</th>
                            <th scope="col">"Run anew"</th>
                        </tr>
                    </thead>
                    <tbody>{members}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <div role="status">
            <p class=class data-testid="replay-result" data-same=report.same.to_string()>
                {[glyph, title, " (root ", &text::clip(&report.root, 12), "). ", &report.what].concat()}
            </p>
            {jump}
            {members}
        </div>
    }
    .into_any()
}

fn shown(report: &EvidenceReport) -> AnyView {
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
    let (class, glyph, word) = match report.sound {
        true => ("badge good", "✓ ", "This log verifies by itself: "),
        false => ("badge bad", "✕ ", "This log does not verify: "),
    };
    let size = text::count(text::size(report.size), "record");
    let words = [glyph, word, &size, ", root ", &text::clip(&report.root, 12)].concat();
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
