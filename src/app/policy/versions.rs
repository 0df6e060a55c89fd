//! The versions of the policy: which there are, what differs between two, and how one comes back.

use super::differences;
use crate::api::{PolicyVersion, difference, restored};
use crate::app::desk::Desk;
use crate::app::parts::{Said, objection};
use leptos::prelude::*;

/// What the draft is called where versions are compared.
const DRAFT: &str = "draft";

/// The list of versions, and the comparison of two.
#[component]
pub fn VersionsPanel(desk: Desk) -> impl IntoView {
    let shelf = desk.sheet.shelf;
    let compared = RwSignal::new(None::<(String, String)>);
    let rows = move || {
        let in_force = shelf.in_force.get();
        shelf.versions.with(|versions| {
            let rows = versions.list.iter().enumerate().rev();
            rows.map(|(place, version)| row(desk, place, version, &in_force, compared)).collect::<Vec<_>>()
        })
    };
    let faults = move || {
        let faults = shelf.versions.with(|versions| versions.faults.clone());
        faults.iter().map(|fault| objection(fault, Said::Noted)).collect::<Vec<_>>()
    };
    view! {
        <section class="versions" tabindex="-1" aria-labelledby="versions-title" data-testid="versions">
            <header class="bar">
                <h2 id="versions-title">"Versions"</h2>
                <span class="note">"A version never changes; an older one comes back as a draft, or in force as it was"</span>
            </header>
            {faults}
            <div class="table-scroll" tabindex="0" role="region" aria-label="Versions">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Version"</th>
                            <th scope="col">"Date"</th>
                            <th scope="col">"What changed"</th>
                            <th scope="col">"Hash"</th>
                            <th scope="col">"Do"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {move || compared.get().map(|pair| comparison(desk, pair, compared))}
        </section>
    }
    .into_any()
}

fn row(
    desk: Desk,
    place: usize,
    version: &PolicyVersion,
    in_force: &str,
    compared: RwSignal<Option<(String, String)>>,
) -> AnyView {
    let PolicyVersion { version: number, date, note, hash, text } = version.clone();
    let is_in_force = text == in_force;
    let (older, forced) = (version.clone(), version.clone());
    let restore = move |_| {
        let sheet = desk.sheet;
        sheet.edit(sheet.shelf.in_force.with_untracked(|now| restored(&older.text, now)));
        desk.say("The older version is the draft now. Publish it to bring it back as a new version.");
    };
    let force = move |_| {
        desk.put_in_force(&forced);
        desk.say("Another version is in force.");
    };
    let from = hash.clone();
    let testid = ["version-", &number].concat();
    view! {
        <tr
            class:in-force=is_in_force
            data-testid=testid
            data-in-force=is_in_force.to_string()
        >
            <th scope="row">
                {number}
                " "
                {is_in_force.then(|| view! { <span class="mark good">"✓ in force"</span> })}
                " "
                {(place == 0).then(|| view! { <span class="note">"shipped"</span> })}
            </th>
            <td class="date">{date}</td>
            <td>{note}</td>
            <td>
                <code>{hash}</code>
            </td>
            <td>
                <div class="buttons">
                    <button type="button" class="chip" data-testid="restore" on:click=restore>
                        "Restore as draft"
                    </button>
                    <button
                        type="button"
                        class="chip"
                        data-testid="put-in-force"
                        disabled=is_in_force
                        on:click=force
                    >
                        "Put in force"
                    </button>
                    <button
                        type="button"
                        class="chip"
                        data-testid="compare"
                        on:click=move |_| compared.set(Some((from.clone(), DRAFT.to_owned())))
                    >
                        "Compare"
                    </button>
                </div>
            </td>
        </tr>
    }
    .into_any()
}

fn text_of(desk: Desk, which: &str) -> String {
    if which == DRAFT {
        return desk.sheet.text.get();
    }
    let found = desk.sheet.shelf.versions.with(|v| v.hashed(which).map(|version| version.text.clone()));
    found.unwrap_or_default()
}

fn comparison(
    desk: Desk,
    (from, to): (String, String),
    compared: RwSignal<Option<(String, String)>>,
) -> AnyView {
    let (old, new) = (text_of(desk, &from), text_of(desk, &to));
    let pick = move |is_from: bool| {
        move |event: web_sys::Event| {
            let chosen = event_target_value(&event);
            compared.update(|pair| {
                if let Some((from, to)) = pair {
                    *(if is_from { from } else { to }) = chosen;
                }
            });
        }
    };
    view! {
        <div class="comparison" data-testid="comparison">
            <p class="buttons">
                <label>
                    "From "
                    <select data-testid="compare-from" on:change=pick(true)>
                        {choices(desk, &from)}
                    </select>
                </label>
                <label>
                    "to "
                    <select data-testid="compare-to" on:change=pick(false)>
                        {choices(desk, &to)}
                    </select>
                </label>
                <button type="button" data-testid="compare-close" on:click=move |_| compared.set(None)>
                    "Close"
                </button>
            </p>
            {differences::by_rule(&difference(&old, &new))}
            <details>
                <summary>"As text"</summary>
                {differences::by_line(&old, &new)}
            </details>
        </div>
    }
    .into_any()
}

fn choices(desk: Desk, chosen: &str) -> AnyView {
    let mut all: Vec<(String, String)> = desk
        .sheet
        .shelf
        .versions
        .with(|v| v.list.iter().map(|version| (version.hash.clone(), version.version.clone())).collect());
    all.push((DRAFT.to_owned(), String::from("the draft")));
    all.into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}
