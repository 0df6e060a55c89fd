//! The dialog that publishes a version.

use super::diagnostics::listed;
use super::preview::EventSet;
use super::{differences, preview};
use crate::api::{Diagnostic, Objection, Proposal, Publication, Severity, propose};
use crate::app::desk::Desk;
use crate::app::dom;
use crate::app::parts::{Said, objection};
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The dialog: what stands against it, what differs, the number and the line for the changelog.
#[component]
pub fn PublishDialog(
    /// The desk.
    desk: Desk,
    /// Called with the byte range to select in the text, once the dialog is out of the way.
    on_jump: Callback<(u32, u32)>,
) -> impl IntoView {
    let publishing = desk.sheet.shelf.publishing;
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        let wanted = publishing.get();
        let Some(dialog) = dialog.get() else { return };
        if wanted && !dialog.open() {
            // Where a modal can't be shown, the dialog still opens, beside the page.
            if dialog.show_modal().is_err() {
                dialog.show();
            }
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            class="publish"
            node_ref=dialog
            aria-labelledby="publish-title"
            data-testid="publish-dialog"
            on:close=move |_| publishing.set(false)
        >
            <h2 id="publish-title">"Publish a version"</h2>
            {move || publishing.get().then(|| untrack(|| content(desk, on_jump)))}
        </dialog>
    }
    .into_any()
}

fn content(desk: Desk, on_jump: Callback<(u32, u32)>) -> AnyView {
    let (sheet, shelf) = (desk.sheet, desk.sheet.shelf);
    let report = sheet.report.get();
    // What is published is what was compared.
    let held = move || sheet.checking.get() || sheet.trial.outdated();
    if sheet.trial.stale.get() {
        sheet.trial.start(desk);
    }
    let (errors, warnings): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        report.diagnostics.iter().partition(|d| d.severity == Severity::Error);
    let close = move |_| shelf.publishing.set(false);
    let jump = Callback::new(move |span: (u32, u32)| {
        shelf.publishing.set(false);
        // By the next frame the dialog is closed, and the view may have been left.
        request_animation_frame(move || {
            let _ = on_jump.try_run(span);
        });
    });
    if !report.usable() {
        return blocked(&errors, close, jump);
    }
    let proposal = shelf
        .versions
        .with(|versions| shelf.in_force.with(|old| sheet.text.with(|draft| propose(versions, old, draft))));
    let Proposal { version, note, bump, difference, against } = proposal;
    // The number is mended by publishing itself.
    let (moves, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        against.iter().partition(|said| said.code == "policy.version-not-moved");
    let moves = moves.first().copied();
    let (version, note) = (RwSignal::new(version), RwSignal::new(note));
    let why = RwSignal::new(None::<Objection>);
    let go = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let publication =
            Publication { version: version.get_untracked(), date: dom::today(), note: note.get_untracked() };
        spawn_local(async move {
            match desk.publish(&publication).await {
                Ok(made) => {
                    shelf.publishing.set(false);
                    let words =
                        "Version |v| is published and in force. Send an event in Run to see it at work.";
                    desk.say(&words.replace("|v|", &made.version));
                }
                Err(objection) => why.set(Some(objection)),
            }
        });
    };
    view! {
        <form class="publish-form" on:submit=go>
            <p class="note">{bump.reason()}</p>
            <label>
                "Version"
                <input
                    type="text"
                    data-testid="publish-version"
                    autocomplete="off"
                    prop:value=move || version.get()
                    on:input=move |event| version.set(event_target_value(&event))
                />
            </label>
            <label>
                "What changes, in a line for the changelog"
                <input
                    type="text"
                    data-testid="publish-note"
                    autocomplete="off"
                    autofocus
                    prop:value=move || note.get()
                    on:input=move |event| note.set(event_target_value(&event))
                />
            </label>
            {move || why.get().map(|why| objection(&why, Said::Refused))}
            <div class="buttons">
                <button type="submit" class="primary" data-testid="publish-confirm" disabled=held>
                    "Publish and put in force"
                </button>
                <button type="button" data-testid="publish-cancel" on:click=close>
                    "Not now"
                </button>
            </div>
            <h3>"What differs from the version in force"</h3>
            {differences::by_rule(&difference)}
            {moves.map(|said| {
                view! {
                    <p class="note" data-testid="publish-moves">
                        {said.message.clone()}
                        " Publishing writes the number above into the text. "
                        <code>{said.code.clone()}</code>
                    </p>
                }
            })}
            {warned("What stands against it as the next version", "publish-against", &others, jump)}
            {warned("What stands as a warning", "publish-warned", &warnings, jump)}
            <h3>{over(desk)}</h3>
            {move || effect(desk, held())}
        </form>
    }
    .into_any()
}

/// Which events the effect is shown over.
fn over(desk: Desk) -> &'static str {
    match desk.sheet.trial.set.get_untracked() {
        EventSet::Open => "On the open scenario",
        EventSet::Shipped => "On all shipped events",
        EventSet::Files => "On the events of your files",
    }
}

fn blocked(
    errors: &[&Diagnostic],
    close: impl Fn(web_sys::MouseEvent) + 'static,
    jump: Callback<(u32, u32)>,
) -> AnyView {
    view! {
        <p role="alert" data-testid="publish-blocked" data-errors=errors.len().to_string()>
            "Nothing can be published while errors stand. Mend them first; warnings keep nothing back."
        </p>
        {listed(errors.iter().copied(), None, jump)}
        <div class="buttons">
            <button type="button" data-testid="publish-cancel" autofocus on:click=close>
                "Back to the draft"
            </button>
        </div>
    }
    .into_any()
}

/// What keeps nothing back, and is not to be overlooked.
fn warned(
    title: &'static str,
    testid: &'static str,
    said: &[&Diagnostic],
    jump: Callback<(u32, u32)>,
) -> Option<AnyView> {
    (!said.is_empty()).then(|| {
        view! {
            <section data-testid=testid>
                <h3>{title}</h3>
                {listed(said.iter().copied(), None, jump)}
            </section>
        }
        .into_any()
    })
}

/// What the draft does, once more, over the events that were chosen for the preview.
fn effect(desk: Desk, outdated: bool) -> AnyView {
    let trial = desk.sheet.trial;
    if outdated {
        let waits = trial.stale.get() && trial.work.progress.with(Option::is_none);
        return view! {
            <p class="behind" role="status" data-testid="publish-outdated">
                <span aria-hidden="true">"⚠ "</span>
                {if waits { "The draft has changed since it was compared. " } else { "Comparing the draft as it now stands." }}
                {waits
                    .then(|| {
                        view! {
                            <button type="button" on:click=move |_| trial.start(desk)>
                                "Compare anew"
                            </button>
                        }
                    })}
            </p>
        }
        .into_any();
    }
    if let Some(why) = trial.refused.get() {
        return objection(&why, Said::Refused).into_any();
    }
    match trial.report.get() {
        None => view! { <p class="empty">"No events are compared over."</p> }.into_any(),
        Some(report) => preview::in_sum(&report),
    }
}
