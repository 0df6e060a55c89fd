//! What the views share: one session, its storage, the clock, and where the page is.

mod custody;
mod export;
mod keeper;
mod opened;
mod room;
mod store;
mod turn;

pub use keeper::Keeper;
pub use opened::{Bundle, Card};
pub use turn::take_turn;

use super::audit::Checked;
use super::policy::Sheet;
use super::route::{self, Route, Step, View};
use super::run::Bench;
use super::worker::Latest;
use super::{dom, storage};
use crate::api::store::Capacity;
use crate::api::{Objection, OpenScenario, ScenarioCard, Setup, Verification, open_scenario, scenarios};
use leptos::prelude::*;
use std::sync::Arc;

/// What keeps the session from being stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The browser gives no storage, or it failed; with the browser's words where it had any.
    Unavailable(Option<String>),
    /// Storage is full.
    Full,
    /// What is stored does not verify, so it must not be written over.
    Corrupt,
    /// Another tab wrote while this one held records that are not stored.
    Forked,
    /// What was stored is gone.
    Vanished,
}

impl Trouble {
    /// Whether writing has to wait for the user's decision.
    fn suspends(&self) -> bool {
        matches!(self, Self::Corrupt | Self::Forked | Self::Vanished)
    }
}

/// What the standing badge says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The stored timeline is being recomputed.
    Checking,
    /// The result.
    Done(Verification),
    /// Nothing can be read from storage.
    Unreadable,
}

/// What came of something done to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether it was done.
    pub done: bool,
    /// What came of it, as a sentence.
    pub words: String,
}

impl Told {
    fn done(words: String) -> Self {
        Self { done: true, words }
    }

    fn refused(words: &str) -> Self {
        Self { done: false, words: words.to_owned() }
    }
}

/// What the panel of what is kept shares with the banners.
#[derive(Clone, Copy)]
pub struct Custody {
    /// Whether the panel is shown.
    pub shown: RwSignal<bool>,
    /// Whether wiping everything is being asked about.
    pub wiping: RwSignal<bool>,
    /// What came of what was done last.
    pub told: RwSignal<Option<Told>>,
    /// What local storage holds.
    pub capacity: RwSignal<Capacity>,
}

/// The handles that the views share. Each is a handle: copying it copies nothing else.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Where the page is.
    pub route: RwSignal<Route>,
    /// The session and its stored form.
    pub keeper: StoredValue<Keeper, LocalStorage>,
    /// Goes up whenever the session has changed.
    pub revision: RwSignal<u32>,
    /// What keeps the session from being stored, if anything.
    pub trouble: RwSignal<Option<Trouble>>,
    /// Something to know that needs no decision.
    pub notice: RwSignal<Option<String>>,
    /// What verifying the stored timeline found.
    pub standing: RwSignal<Standing>,
    /// The turns of reading what is stored.
    pub reading: Latest,
    /// How many records of an export are written, and how many there are; none while there is none under way.
    pub exporting: RwSignal<Option<(usize, usize)>>,
    /// The turns of verifying evidence from elsewhere.
    pub checking: Latest,
    /// What came of the last.
    pub checked: RwSignal<Option<Checked>>,
    /// The bundle that is looked at in the place of this browser's timeline.
    pub bundle: StoredValue<Option<Bundle>, LocalStorage>,
    /// What is said of it; none while the timeline itself is looked at.
    pub card: RwSignal<Option<Arc<Card>>>,
    /// A file that could not be opened, and why.
    pub unopened: RwSignal<Option<(String, Objection)>>,
    /// UTF-16 units taken in local storage.
    pub units: RwSignal<usize>,
    /// What the panel of what is kept shares with the banners.
    pub custody: Custody,
    /// The simulated clock, in milliseconds since the Unix epoch.
    pub clock: RwSignal<i64>,
    /// What the live region says.
    pub live: RwSignal<String>,
    /// The scenarios shipped.
    pub cards: StoredValue<Arc<Vec<ScenarioCard>>>,
    /// The Run view's state.
    pub bench: Bench,
    /// The Policy view's state.
    pub sheet: Sheet,
}

impl Desk {
    /// Reads storage, opens the scenario that the address bar names or else the first, and keeps both in step
    /// from then on.
    pub fn open() -> Self {
        let mut session = crate::api::Session::new();
        session.keep_under(storage::storage_key());
        let desk = Self {
            route: RwSignal::new(route::current()),
            keeper: StoredValue::new_local(Keeper::new(session)),
            revision: RwSignal::new(0),
            trouble: RwSignal::new(None),
            notice: RwSignal::new(None),
            standing: RwSignal::new(Standing::Checking),
            reading: Latest::new(),
            exporting: RwSignal::new(None),
            checking: Latest::new(),
            checked: RwSignal::new(None),
            bundle: StoredValue::new_local(None),
            card: RwSignal::new(None),
            unopened: RwSignal::new(None),
            units: RwSignal::new(storage::used_units()),
            custody: Custody {
                shown: RwSignal::new(false),
                wiping: RwSignal::new(false),
                told: RwSignal::new(None),
                capacity: RwSignal::new(storage::capacity()),
            },
            clock: RwSignal::new(0),
            live: RwSignal::new(String::new()),
            cards: StoredValue::new(Arc::new(scenarios())),
            bench: Bench::new(),
            sheet: Sheet::new(),
        };
        desk.load();
        desk.listen();
        desk.measure();
        route::follow(desk.route);
        // The fragment says which scenario is open, whoever wrote it.
        Effect::new(move |_| {
            let wanted = desk.route.with(|r| r.scenario.clone());
            let first = desk.cards.with_value(|c| c.first().map(|card| card.id.clone()));
            let Some(id) = wanted.or(first) else { return };
            let open = desk.bench.scenario.with_untracked(|s| s.as_ref().map(|s| s.card.id.clone()));
            if open.as_deref() != Some(id.as_str()) {
                desk.show_scenario(&id);
            }
        });
        desk
    }

    /// Goes to a view, keeping the rest of where one is.
    pub fn go_view(self, view: View) {
        let to = self.route.with_untracked(|r| r.in_view(view));
        self.go(to, Step::Push);
    }

    /// Goes somewhere.
    pub fn go(self, to: Route, step: Step) {
        route::go(self.route, to, step);
    }

    /// Opens a scenario: its clock, its requests, its setting. An unknown id opens the first one.
    pub fn show_scenario(self, id: &str) {
        let first = || self.cards.with_value(|c| c.first().map(|card| card.id.clone()));
        let opened = open_scenario(id).or_else(|| open_scenario(&first()?));
        let Some(scenario) = opened else { return };
        let start = dom::parse_time(&scenario.setup.clock);
        if let Some(ms) = scenario.requests.first().map(|(ms, _)| *ms).or(start) {
            self.clock.set(ms);
        }
        self.keeper.update_value(Keeper::withdraw_attestation);
        self.sheet.take_up(self, &scenario.setup.policy);
        self.bench.take_up(Arc::new(scenario));
    }

    /// The setting in force: the open scenario's, with what the user changed of it.
    pub fn setup(self) -> Option<Setup> {
        self.bench.setup()
    }

    /// The open scenario with the edits made to it, as a preview runs it.
    pub fn edited_scenario(self) -> Option<OpenScenario> {
        self.bench.edited_scenario()
    }

    /// The arrival time of the next request: the clock, or the request's own time if that is later. The clock
    /// goes on by `step` milliseconds after it.
    pub fn next_arrival(self, wanted: Option<i64>, step: i64) -> i64 {
        let now = self.clock.get_untracked().max(wanted.unwrap_or(i64::MIN));
        self.clock.set(now.saturating_add(step));
        now
    }

    /// Says something to those who do not see the page. The same words twice are still two messages.
    pub fn say(self, message: &str) {
        let again = self.live.with_untracked(|l| l == message);
        self.live.set(if again { [message, "\u{a0}"].concat() } else { message.to_owned() });
    }

    /// Tells the views that the session has changed.
    pub fn touched(self) {
        self.revision.update(|r| *r = r.wrapping_add(1));
    }
}
