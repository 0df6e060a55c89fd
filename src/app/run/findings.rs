//! What the validate stage has found in a body, and where each of it stands in the body as it is now.

use super::bench::{Bench, Draft, Sent};
use crate::api::{IssueView, VerdictView};
use crate::app::parts::Mark;
use leptos::prelude::*;
use std::sync::Arc;

/// Issues shown and marked; of those beyond only the number is told.
pub const MOST: usize = 1_000;

/// The verdicts on one body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// The request in the editor that the body is of; none where it is of another.
    pub draft: Option<usize>,
    /// The body they are about.
    body: String,
    /// The verdicts.
    pub verdicts: Vec<VerdictView>,
    /// Issues beyond those that are shown.
    pub beyond: usize,
    /// Whether the body was sent, and not only checked.
    pub sent: bool,
}

impl Findings {
    /// The verdicts on a body that was checked and not sent; none where there are none.
    pub fn unsent(draft: Option<usize>, body: &str, verdicts: Vec<VerdictView>) -> Option<Arc<Self>> {
        Self::new(draft, body, verdicts, false)
    }

    fn new(
        draft: Option<usize>,
        body: &str,
        mut verdicts: Vec<VerdictView>,
        sent: bool,
    ) -> Option<Arc<Self>> {
        let mut room = MOST;
        let mut beyond = 0usize;
        for verdict in &mut verdicts {
            let fits = verdict.issues.len().min(room);
            room = room.saturating_sub(fits);
            beyond = beyond.saturating_add(verdict.issues.len().saturating_sub(fits));
            verdict.issues.truncate(fits);
        }
        let body = body.to_owned();
        (!verdicts.is_empty()).then(|| Arc::new(Self { draft, body, verdicts, beyond, sent }))
    }

    /// The verdicts on something sent.
    pub fn of(sent: &Sent) -> Option<Arc<Self>> {
        Self::new(sent.draft, &sent.request.body, sent.verdicts().to_vec(), true)
    }

    /// Whether they are of this body of this request.
    pub fn are_of(&self, draft: Option<usize>, body: &str) -> bool {
        self.draft == draft && self.body == body
    }

    /// The issues of all verdicts, one after the other.
    pub fn issues(&self) -> impl Iterator<Item = &IssueView> {
        self.verdicts.iter().flat_map(|verdict| &verdict.issues)
    }

    /// One of them, with its verdict.
    pub fn issue(&self, index: usize) -> Option<(&VerdictView, &IssueView)> {
        self.verdicts.iter().flat_map(|v| v.issues.iter().map(move |issue| (v, issue))).nth(index)
    }

    /// The number of the first issue of a verdict.
    pub fn first_of(&self, verdict: usize) -> usize {
        self.verdicts.iter().take(verdict).map(|v| v.issues.len()).sum()
    }

    /// Number of issues shown.
    pub fn len(&self) -> usize {
        self.verdicts.iter().map(|v| v.issues.len()).sum()
    }

    /// The places of the issues in the body as it is now. What an edit went through has none.
    pub fn marks(&self, now: &str) -> Vec<Mark> {
        let moved = Moved::between(&self.body, now);
        let mark = |(id, issue): (usize, &IssueView)| {
            issue.position?;
            let (start, end) = moved.span(issue.span)?;
            Some(Mark { start, end, error: is_error(&issue.severity), id })
        };
        self.issues().enumerate().filter_map(mark).collect()
    }
}

/// Whether a severity keeps the event from going on.
pub fn is_error(severity: &str) -> bool {
    severity == "error" || severity == "fatal"
}

/// One edit between two texts: what both have at the start, and at the end.
struct Moved {
    same_from: usize,
    same_until: usize,
    before: usize,
    now: usize,
}

impl Moved {
    fn between(before: &str, now: &str) -> Self {
        let (a, b) = (before.as_bytes(), now.as_bytes());
        let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let rest = a.len().min(b.len()).saturating_sub(start);
        let end = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(x, y)| x == y).count();
        Self { same_from: start, same_until: a.len().saturating_sub(end), before: a.len(), now: b.len() }
    }

    /// Where a span stands after the edit; nowhere if the edit was within it.
    fn span(&self, (start, end): (u32, u32)) -> Option<(usize, usize)> {
        let (start, end) = (start as usize, end as usize);
        if end <= self.same_from {
            return Some((start, end));
        }
        let shift = |at: usize| at.checked_add(self.now)?.checked_sub(self.before);
        if start >= self.same_until { Some((shift(start)?, shift(end)?)) } else { None }
    }
}

/// The findings on screen: those of the delivery shown.
pub fn follow_shown(bench: Bench) {
    Effect::new(move |_| {
        let found = bench.shown.with(|sent| sent.as_ref().and_then(|sent| Findings::of(sent)));
        bench.issue.set(None);
        bench.findings.set(found);
    });
}

/// The places of the issues in the body that the editor shows.
pub fn marks(
    findings: RwSignal<Option<Arc<Findings>>>,
    drafts: RwSignal<Vec<Draft>>,
    at: RwSignal<usize>,
) -> Memo<Arc<Vec<Mark>>> {
    Memo::new(move |_| {
        let at = at.get();
        let found = findings.get().filter(|found| found.draft == Some(at));
        let marks =
            found.map(|f| drafts.with(|d| d.get(at).map(|d| f.marks(&d.request.body)).unwrap_or_default()));
        Arc::new(marks.unwrap_or_default())
    })
}
