//! What is asked of the timeline, and what was found: kept, and extended when records come.

use crate::api::Diagnostic;
use crate::api::archive::{Archive, Axis, Density, FacetValue, Found, Key, Query};
use crate::app::desk::Desk;
use crate::app::route::Step;
use crate::app::text;
use leptos::prelude::*;

/// The members that have a field of their own, with its name.
pub const FACETS: [(Key, &str); 6] = [
    (Key::Member("outcome"), "Outcome"),
    (Key::Member("stage"), "Stage"),
    (Key::Member("purpose"), "Purpose"),
    (Key::Member("policy"), "Policy"),
    (Key::Member("actor"), "Actor"),
    (Key::Decision, "Consent decision"),
];

/// Buckets of the density bar.
const BUCKETS: usize = 120;

/// What was found last, and where.
struct Held {
    /// The log, by its number in this tab.
    logs: (u32, u32),
    query: String,
    notes: Vec<Diagnostic>,
    found: Found,
}

/// What a search found, without the records themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The query as it was understood.
    pub query: Query,
    /// What of its text was not understood.
    pub notes: Vec<Diagnostic>,
    /// Records found.
    pub count: usize,
    /// Records of the log.
    pub total: usize,
    /// Records that are stored and have not been read yet.
    pub unread: usize,
    /// Records that are gone.
    pub gone: usize,
    /// For each of [`FACETS`] its values with their numbers.
    pub facets: Vec<Vec<FacetValue>>,
    /// Where the records lie in time.
    pub density: Density,
}

/// A search of the timeline, which follows the address bar and the log.
#[derive(Clone, Copy)]
pub struct Search {
    held: StoredValue<Option<Held>, LocalStorage>,
    desk: Desk,
    /// What it found.
    pub summary: Memo<Summary>,
}

impl Search {
    /// Searches for what the address bar says, now and whenever that or the log changes.
    pub fn new(desk: Desk) -> Self {
        let held = StoredValue::new_local(None::<Held>);
        let query = Memo::new(move |_| desk.route.with(|r| r.query.clone()).unwrap_or_default());
        let summary = Memo::new(move |_| {
            desk.revision.track();
            let (text, logs) = (query.get(), desk.log_number());
            let found =
                desk.on_view(|log| held.try_update_value(|held| look(held, log.archive(), logs, text)));
            found.flatten().unwrap_or_default()
        });
        Self { held, desk, summary }
    }

    /// The record at a place of the list, newest first.
    pub fn record(self, place: usize) -> Option<u64> {
        self.records(|records| records.iter().rev().nth(place).copied())
    }

    /// Where a record stands in the list; none where it was not found.
    pub fn place(self, seq: u64) -> Option<usize> {
        self.records(|records| Some(records.len() - 1 - records.binary_search(&seq).ok()?))
    }

    /// The records found, ascending.
    pub fn all(self) -> Vec<u64> {
        self.records(|records| Some(records.to_vec())).unwrap_or_default()
    }

    fn records<T>(self, read: impl FnOnce(&[u64]) -> Option<T>) -> Option<T> {
        self.held.try_with_value(|held| read(held.as_ref()?.found.records())).flatten()
    }

    /// Asks for other values of a key; none asks for all.
    pub fn set(self, key: Key, values: &[String], step: Step) {
        self.change(step, |query| query.set(key, false, values));
    }

    /// Changes the query.
    pub fn change(self, step: Step, change: impl FnOnce(&mut Query) -> bool) {
        let mut query = self.summary.with_untracked(|s| s.query.clone());
        if change(&mut query) {
            self.ask(&query.to_text(), step);
        }
    }

    /// Puts a query in the address bar.
    pub fn ask(self, text: &str, step: Step) {
        let mut to = self.desk.route.get_untracked();
        to.query = (!text.is_empty()).then(|| text.to_owned());
        self.desk.go(to, step);
    }
}

fn look(held: &mut Option<Held>, archive: &Archive, logs: (u32, u32), text: String) -> Summary {
    let same = |held: &&mut Held| held.logs == logs && held.query == text;
    match held.as_mut().filter(same) {
        Some(held) => held.found.extend(archive),
        None => {
            let (query, notes) = Query::parse(&text);
            let found = archive.find(&query, &FACETS.map(|(key, _)| key));
            *held = Some(Held { logs, query: text, notes, found });
        }
    }
    let Some(Held { found, notes, .. }) = held else { return Summary::default() };
    Summary {
        query: found.query().clone(),
        notes: notes.clone(),
        count: found.records().len(),
        total: text::size(archive.len()),
        unread: text::size(found.unread()),
        gone: text::size(found.gone()),
        facets: FACETS.iter().map(|(key, _)| found.facet(*key, archive)).collect(),
        density: found.density(archive, Axis::Time, None, BUCKETS),
    }
}
