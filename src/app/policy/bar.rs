//! What can be done with the whole policy: publish it, try it, hand it on.

use super::incoming::Choice;
use super::{files, link};
use crate::api::Objection;
use crate::api::store::ShelfError;
use crate::app::desk::Desk;
use crate::app::dom;
use crate::app::parts::{Said, objection};
use crate::app::route::View;
use leptos::prelude::*;

/// The commands for the open policy, and what there is to decide about its draft.
#[component]
pub fn PolicyBar(desk: Desk) -> impl IntoView {
    let sheet = desk.sheet;
    let made = RwSignal::new(None::<Result<link::Made, Objection>>);
    link::follow(desk);
    // A link is of the draft as it stood: with the next edit it is out of date.
    Effect::new(move |_| {
        sheet.text.track();
        made.set(None);
    });
    view! {
        <div class="policy-bar" data-testid="policy-bar">
            {commands(desk, made)}
            {move || made.get().map(shown)}
            {move || sheet.refused.get().map(|why| refused(desk, &why))}
            <Choice desk />
            {move || other_id(desk)}
            {move || good(desk)}
            {move || sheet.draft.trouble.get().map(|error| trouble(&error))}
        </div>
    }
    .into_any()
}

fn commands(desk: Desk, made: RwSignal<Option<Result<link::Made, Objection>>>) -> AnyView {
    let sheet = desk.sheet;
    let nothing_new = move || sheet.text.with(|t| sheet.shelf.in_force.with(|f| f == t));
    let as_shipped = move || {
        let shipped = sheet.shipped.get();
        sheet.text.with(|t| *t == shipped) && desk.bench.adopted_for(&shipped).is_none()
    };
    let try_it = move |_| {
        let (shipped, text) = (sheet.shipped.get_untracked(), sheet.text.get_untracked());
        let version = sheet.shelf.in_force.with_untracked(|f| *f == text);
        desk.bench.adopt(&shipped, (shipped != text).then_some((text, version)));
        desk.say("The draft is in force. Send an event to see it at work.");
        desk.go_view(View::Run);
    };
    let back = move |_| {
        let first = sheet.shelf.versions.with_untracked(|v| v.list.first().cloned());
        if let Some(first) = first {
            desk.put_in_force(&first);
            sheet.edit(first.text);
        }
        desk.say("The shipped policy is back in force.");
    };
    let chosen = move |event: web_sys::Event| {
        let Some(input) = dom::input_of(&event) else { return };
        if let Some(file) = dom::files_of(input.files()).into_iter().next() {
            files::open(desk, file);
        }
        dom::clear_file_input(&input);
    };
    view! {
        <div class="buttons">
            <button
                type="button"
                class="primary"
                data-testid="publish"
                disabled=move || nothing_new() || sheet.checking.get()
                on:click=move |_| sheet.shelf.publishing.set(true)
            >
                "Publish…"
            </button>
            <button
                type="button"
                data-testid="use-draft"
                disabled=move || !sheet.usable()
                on:click=try_it
            >
                "Use this draft in Run"
            </button>
            <button type="button" data-testid="shipped-policy" disabled=as_shipped on:click=back>
                "Back to the shipped policy"
            </button>
            <button type="button" data-testid="copy-link" on:click=move |_| link::copy(desk, made)>
                "Copy link"
            </button>
            <label class="button file">
                "Open file…"
                <input
                    type="file"
                    accept=".json,application/json"
                    data-testid="policy-file"
                    on:change=chosen
                />
            </label>
            <button type="button" data-testid="save-file" on:click=move |_| files::save(desk)>
                "Save as file"
            </button>
        </div>
    }
    .into_any()
}

fn shown(made: Result<link::Made, Objection>) -> AnyView {
    match made {
        Err(why) => objection(&why, Said::Refused),
        Ok(made) => view! {
            <p class="link-made">
                <input
                    type="text"
                    readonly
                    aria-label="Link to this draft"
                    data-testid="link"
                    prop:value=made.address
                />
                <span class="note">{made.words}</span>
            </p>
        }
        .into_any(),
    }
}

fn refused(desk: Desk, why: &Objection) -> AnyView {
    view! {
        <div class="choice-of-draft" data-testid="policy-refused">
            {objection(why, Said::Refused)}
            <button type="button" class="quiet" on:click=move |_| desk.sheet.refused.set(None)>
                "Dismiss"
            </button>
        </div>
    }
    .into_any()
}

/// What to know of a draft that has another id than the policy whose next version it would be.
fn other_id(desk: Desk) -> Option<AnyView> {
    let sheet = desk.sheet;
    let own = sheet.report.with(|r| r.policy.as_ref().map(|policy| policy.id.clone()))?;
    let expected = sheet.shelf.versions.with(|versions| versions.id.clone());
    (own != expected).then(|| {
        view! {
            <p class="note" data-testid="other-id">
                "This draft has the id "
                <code>{own}</code>
                ". As a version of the open scenario's policy it needs the id "
                <code>{expected}</code>
                "."
            </p>
        }
        .into_any()
    })
}

/// A way back, where the draft can't be used and there was one before that could.
fn good(desk: Desk) -> Option<AnyView> {
    let sheet = desk.sheet;
    let good = sheet.draft.good.get()?;
    Some(
        view! {
            <p class="note">
                "This draft can't be used. "
                <button
                    type="button"
                    class="quiet"
                    data-testid="last-good"
                    on:click=move |_| sheet.edit(good.clone())
                >
                    "Back to the last that could"
                </button>
            </p>
        }
        .into_any(),
    )
}

fn trouble(error: &ShelfError) -> AnyView {
    let words = match error {
        ShelfError::Full => {
            "Local storage is full: this draft is not kept. What was kept before it still is."
        }
        ShelfError::Resource => {
            "This text holds a FHIR resource, which is somebody's record and no policy: it is not kept. Take it out."
        }
        ShelfError::Missing => {
            "This browser gives the page no local storage: the draft is gone after a reload."
        }
        ShelfError::Failed(_) => "The browser did not keep this draft: it is gone after a reload.",
    };
    view! {
        <p class="behind" role="status" data-testid="draft-not-kept">
            <span aria-hidden="true">"⚠ "</span>
            {words}
            " Save it as a file."
        </p>
    }
    .into_any()
}
