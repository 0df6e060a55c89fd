//! The standing badge: what recomputing the stored timeline found.

use crate::api::{Fault, Verification};
use crate::app::desk::{Desk, Standing, Trouble};
use crate::app::route::Step;
use crate::app::text;
use leptos::prelude::*;

/// The badge, the root in full, and what is wrong where something is.
#[component]
pub fn Badge(desk: Desk) -> impl IntoView {
    let content = move || match desk.standing.get() {
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
        Standing::Done(verification) => done(desk, &verification, in_memory(desk)),
    };
    view! {
        <div class="badge-box">
            {content}
            <button type="button" data-testid="verify-now" on:click=move |_| desk.verify_now()>
                "Verify now"
            </button>
        </div>
    }
    .into_any()
}

/// Records that this tab has and storage has not: what was verified does not speak for them.
fn in_memory(desk: Desk) -> usize {
    desk.revision.track();
    let vanished = desk.trouble.with(|t| *t == Some(Trouble::Vanished));
    desk.keeper.with_value(|k| if vanished { k.session.records() as usize } else { k.session.unsaved() })
}

fn done(desk: Desk, verification: &Verification, in_memory: usize) -> AnyView {
    let records = text::count(usize::try_from(verification.size).unwrap_or(usize::MAX), "record");
    let short = text::clip(&verification.root, 12);
    let (class, state, words) = if verification.verified && in_memory > 0 {
        let rest = text::group(in_memory);
        ("badge warn", "verified", ["⚠ verified: ", &records, "; ", &rest, " more not stored"].concat())
    } else if verification.verified {
        ("badge good", "verified", ["✓ verified: ", &records, ", root ", &short].concat())
    } else {
        let faults = text::count(verification.faults.len(), "fault");
        ("badge bad", "failed", ["✕ not verified: ", &faults, " in ", &records].concat())
    };
    let root = verification.root.clone();
    let faults = (!verification.faults.is_empty()).then(|| {
        let items = verification.faults.iter().map(|f| fault(desk, f)).collect::<Vec<_>>();
        view! {
            <ul class="faults" data-testid="faults">
                {items}
            </ul>
        }
    });
    view! {
        <details class=class data-testid="verified-badge" data-state=state open=!verification.verified>
            <summary title=root.clone()>{words}</summary>
            <p class="note">
                "Recomputed from what is stored: each record's leaf hash, the RFC 6962 root over all of them, and the head they must match. One browser that holds both log and key could rewrite everything; export the root to compare it elsewhere."
            </p>
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

fn fault(desk: Desk, fault: &Fault) -> AnyView {
    let what = fault.what.clone();
    match fault.index {
        Some(index) => {
            let go = move |_| {
                let mut to = desk.route.get_untracked();
                to.query = None;
                to.record = Some(index);
                desk.go(to, Step::Push);
            };
            let place = ["record ", &index.to_string()].concat();
            view! {
                <li>
                    <button type="button" class="quiet" data-testid="fault" on:click=go>
                        {place}
                    </button>
                    " "
                    {what}
                </li>
            }
            .into_any()
        }
        None => view! { <li data-testid="fault">{what}</li> }.into_any(),
    }
}
