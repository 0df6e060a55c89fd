//! Checking the body as it stands in the editor, without sending it.

use super::bench::Bench;
use super::findings::Findings;
use crate::api::{IssueView, RefusalView, RunView, VerdictView, rehearse};
use crate::app::desk::Desk;
use leptos::prelude::*;
use std::time::Duration;

/// How long typing has to pause before the body is checked.
const PAUSE: Duration = Duration::from_millis(300);
/// A body longer than this, in bytes, is checked when it is sent, and not while it is typed.
pub const LIMIT: usize = 256 * 1024;

/// Checks the body after each pause in typing, as long as the user wants it.
pub fn follow(desk: Desk) {
    let bench = desk.bench;
    let mut soon = debounce(PAUSE, move |()| check(desk));
    Effect::new(move |_| {
        bench.at.track();
        bench.drafts.track();
        bench.consents.track();
        bench.adopted.track();
        if bench.live.get() {
            soon(());
        }
    });
}

/// Whether the body in the editor is short enough to be checked while it is typed.
pub fn fits(bench: Bench) -> bool {
    let at = bench.at.get();
    bench.drafts.with(|d| d.get(at).is_some_and(|d| d.request.body.len() <= LIMIT))
}

fn check(desk: Desk) {
    let bench = desk.bench;
    if !bench.live.get_untracked() || !untrack(|| fits(bench)) {
        return;
    }
    let (Some(draft), Some(setup)) = (bench.draft_now(), bench.setup_now()) else { return };
    let at = Some(bench.at.get_untracked());
    let body = &draft.request.body;
    if bench.findings.with_untracked(|f| f.as_ref().is_some_and(|f| f.are_of(at, body))) {
        return;
    }
    let Some(view) = rehearse(&setup, body, desk.clock.get_untracked()) else { return };
    bench.issue.set(None);
    bench.findings.set(Findings::unsent(at, body, verdicts(view)));
}

/// The verdicts; where a body has none, because it can't be read, what is wrong with it as an issue.
fn verdicts(view: RunView) -> Vec<VerdictView> {
    match view.refusal {
        Some(refusal) if view.verdicts.is_empty() => vec![VerdictView {
            name: String::from("structure"),
            state: String::from("failed"),
            issues: vec![issue(refusal)],
        }],
        _ => view.verdicts,
    }
}

fn issue(refusal: RefusalView) -> IssueView {
    let start = refusal.position.map_or(0, |p| p.offset);
    IssueView {
        severity: String::from("fatal"),
        code: String::from("invalid"),
        check: refusal.code,
        path: refusal.path.unwrap_or_default(),
        message: refusal.message,
        help: refusal.help,
        position: refusal.position,
        span: (start, start.saturating_add(1)),
    }
}
