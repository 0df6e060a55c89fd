//! Which records of the timeline are shown, and how many there are of each kind. Plain data, no DOM.

use crate::api::archive::{Archive, FacetValue, Key, Query};
use crate::app::route::Route;

const OUTCOME: Key = Key::Member("outcome");
const STAGE: Key = Key::Member("stage");
const CORRELATION: Key = Key::Member("correlation");

/// What a search of the timeline found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Places of the records, newest first.
    pub rows: Vec<u64>,
    /// Number of records in all.
    pub total: usize,
    /// Outcomes with their numbers, under the other filters.
    pub outcomes: Vec<(String, usize)>,
    /// Stages with their numbers, under the other filters.
    pub stages: Vec<(String, usize)>,
}

/// Searches the timeline once for everything the view shows of it.
pub fn find(archive: &Archive, route: &Route) -> Found {
    let mut query = Query::default();
    let wanted = [
        (OUTCOME, route.outcome.as_deref()),
        (STAGE, route.stage.as_deref()),
        (CORRELATION, route.correlation.as_deref().map(str::trim)),
    ];
    for (key, value) in wanted {
        let values: &[String] = &value.map(str::to_owned).into_iter().collect::<Vec<_>>();
        query.set(key, false, values);
    }
    let found = archive.find(&query, &[OUTCOME, STAGE]);
    let counted = |key: Key| {
        let values = found.facet(key, archive).into_iter();
        let pair = |FacetValue { value, count }| (value, usize::try_from(count).unwrap_or(usize::MAX));
        values.map(pair).collect()
    };
    Found {
        rows: found.records().iter().rev().copied().collect(),
        total: usize::try_from(archive.len()).unwrap_or(usize::MAX),
        outcomes: counted(OUTCOME),
        stages: counted(STAGE),
    }
}
