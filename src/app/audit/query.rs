//! Which records of the timeline are shown, and how many there are of each kind. Plain data, no DOM.

use crate::api::Entry;
use crate::app::route::Route;

/// What a search of the timeline found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Places in the timeline, newest first.
    pub rows: Vec<usize>,
    /// Number of records in all.
    pub total: usize,
    /// Outcomes with their numbers, under the other filters.
    pub outcomes: Vec<(String, usize)>,
    /// Stages with their numbers, under the other filters.
    pub stages: Vec<(String, usize)>,
}

/// Searches the timeline once for everything the view shows of it.
pub fn find(timeline: &[Entry], route: &Route) -> Found {
    let mut found = Found { total: timeline.len(), ..Found::default() };
    let outcome = route.outcome.as_deref();
    let stage = route.stage.as_deref();
    let correlation = route.correlation.as_deref().map(str::trim);
    for (index, entry) in timeline.iter().enumerate().rev() {
        if correlation.is_some_and(|c| !entry.correlation.contains(c)) {
            continue;
        }
        let outcome_fits = outcome.is_none_or(|o| entry.outcome == o);
        let stage_fits = stage.is_none_or(|s| entry.stage == s);
        if stage_fits {
            add(&mut found.outcomes, &entry.outcome);
        }
        if outcome_fits {
            add(&mut found.stages, &entry.stage);
        }
        if outcome_fits && stage_fits {
            found.rows.push(index);
        }
    }
    found
}

/// Counts a word; the list stays in the order of its words.
fn add(counts: &mut Vec<(String, usize)>, word: &str) {
    match counts.binary_search_by(|(known, _)| known.as_str().cmp(word)) {
        Ok(at) => {
            if let Some((_, n)) = counts.get_mut(at) {
                *n = n.saturating_add(1);
            }
        }
        Err(at) => counts.insert(at, (word.to_owned(), 1)),
    }
}
