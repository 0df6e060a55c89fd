//! The standing badge: what recomputing the stored timeline found.

use super::detail::number;
use crate::api::{Fault, Verification};
use crate::app::desk::{Card, Desk, Standing, Trouble};
use crate::app::route::Step;
use crate::app::text;
use leptos::prelude::*;

/// The badge, the root in full, and what is wrong where something is.
#[component]
pub fn Badge(desk: Desk) -> impl IntoView {
    let content = move || match desk.card.get() {
        Some(card) => of_bundle(desk, &card),
        None => own(desk),
    };
    view! {
        <div class="badge-box">
            {content}
            <Show when=move || desk.card.with(Option::is_none)>
                <button type="button" data-testid="verify-now" on:click=move |_| desk.verify_now()>
                    "Verify now"
                </button>
            </Show>
        </div>
    }
    .into_any()
}

fn own(desk: Desk) -> AnyView {
    match desk.standing.get() {
        Standing::Checking => view! {
            <p class="badge checking" data-testid="verified-badge" data-state="checking">
                "… verifying"
            </p>
        }
        .into_any(),
        Standing::Unreadable => view! {
            <p class="badge bad" data-testid="verified-badge" data-state="unreadable">
                <span aria-hidden="true">"✕ "</span>
                "nothing can be read from storage"
            </p>
        }
        .into_any(),
        Standing::Done(verification) => {
            let in_memory = in_memory(desk);
            let faults = verification.faults.iter().map(|f| fault(desk, &f.what, f.index)).collect();
            shown(&verification, in_memory, OWN, faults)
        }
    }
}

/// What verifying the bundle found that is looked at.
fn of_bundle(desk: Desk, card: &Card) -> AnyView {
    let faults = card.faults.iter().take(MOST).map(|(fault, at)| {
        let help = view! { " " <span class="note">{fault.help.clone()}</span> };
        view! { {self::fault(desk, &fault.what, *at)} {help} }.into_any()
    });
    let mut faults: Vec<AnyView> = faults.collect();
    let more = card.faults.len().saturating_sub(MOST);
    if more > 0 {
        faults.push(view! { {["… and ", &text::count(more, "fault")].concat()} }.into_any());
    }
    let size = card.records as u64;
    // How many there are is said; which, the list says.
    let counted = card.faults.iter().map(|(fault, index)| Fault { index: *index, what: fault.code.clone() });
    let verification =
        Verification { verified: card.verified, size, root: card.root.clone(), faults: counted.collect() };
    shown(&verification, 0, BUNDLE, faults)
}

/// Records that this tab has and storage has not: what was verified does not speak for them.
fn in_memory(desk: Desk) -> usize {
    desk.revision.track();
    let vanished = desk.trouble.with(|t| *t == Some(Trouble::Vanished));
    desk.keeper.with_value(|k| if vanished { k.session.records() as usize } else { k.session.unsaved() })
}

const OWN: &str = "Recomputed from what is stored: each record's leaf hash, the RFC 6962 root over all of them, and the head they must match. One browser that holds both log and key could rewrite everything; export the root to compare it elsewhere.";
const BUNDLE: &str = "Recomputed from the file: each record's leaf hash, the RFC 6962 root over all of them, and the checkpoint that signs it, by the keys that the bundle lists itself. Who wrote it, a checkpoint shows that you have from elsewhere: compare it under Check.";

/// Faults of a bundle that are listed.
const MOST: usize = 100;

fn shown(verification: &Verification, in_memory: usize, how: &'static str, faults: Vec<AnyView>) -> AnyView {
    let records = text::count(usize::try_from(verification.size).unwrap_or(usize::MAX), "record");
    let short = text::clip(&verification.root, 12);
    let (class, state, words) = if verification.verified && in_memory > 0 {
        let rest = text::group(in_memory);
        (
            "badge warn",
            "verified",
            ["⚠ verified: ", &records, "; ", &rest, " of this tab not stored"].concat(),
        )
    } else if verification.verified {
        ("badge good", "verified", ["✓ verified: ", &records, ", root ", &short].concat())
    } else {
        let faults = text::count(verification.faults.len(), "fault");
        ("badge bad", "failed", ["✕ not verified: ", &faults, " in ", &records].concat())
    };
    let root = verification.root.clone();
    let faults = (!faults.is_empty()).then(|| {
        let items = faults
            .into_iter()
            .map(|fault| view! { <li data-testid="fault-line">{fault}</li> })
            .collect::<Vec<_>>();
        view! {
            <ul class="faults" data-testid="faults">
                {items}
            </ul>
        }
    });
    view! {
        <details class=class data-testid="verified-badge" data-state=state open=!verification.verified>
            <summary title=root.clone()>{words}</summary>
            <p class="note">{how}</p>
            <p>
                <span class="note">"root "</span>
                <code class="hash" data-testid="root">
                    {root.clone()}
                </code>
            </p>
            {faults}
        </details>
    }
    .into_any()
}

/// What is wrong, with a way to where it is seen.
fn fault(desk: Desk, what: &str, index: Option<u64>) -> AnyView {
    let what = what.to_owned();
    let Some(index) = index else { return view! { <span data-testid="fault">{what}</span> }.into_any() };
    let go = move |_| {
        let mut to = desk.route.get_untracked();
        (to.query, to.compare) = (None, None);
        to.record = Some(index);
        desk.go(to, Step::Push);
    };
    let number = desk.on_view(|log| log.entry(index).map(|entry| number(&entry, index))).flatten();
    let place = ["record ", &number.unwrap_or(index).to_string()].concat();
    view! {
        <button type="button" class="quiet" data-testid="fault" on:click=go>
            {place}
        </button>
        " "
        {what}
    }
    .into_any()
}
