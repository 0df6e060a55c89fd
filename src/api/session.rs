//! A connector with its state, as the page and the command line hold it.

mod custody;

use super::store::{Caught, Opened, Shelf, ShelfError, Store, Unsaved};
use super::{CrmRecord, Diagnostic, Entry, LogHead, PartView, QueueView, Request, RunView, Setup};
use super::{Fault, Verification};
use crate::engine::audit::note::SigningNoteKey;
use crate::engine::audit::{Nodes as _, Range, Upkeep, hex};
use crate::engine::kept::Table;
use crate::engine::phi::Phi;
use crate::engine::queue::is_of;
use crate::engine::time::Instant;
use crate::engine::webhook::Delivery;
use crate::engine::{Connector, Probe, Remembered, Stage};
use crate::order;
use std::collections::BTreeSet;

/// A connector and what it has done: log, CRM demo zone, ids seen.
pub struct Session {
    /// None until the first setting is in force.
    connector: Option<Connector>,
    /// What was read, until there is a connector to hold it.
    waiting: Remembered,
    store: Store,
    crm: Vec<CrmRecord>,
    /// Whether journal, rows or head can't be trusted.
    at_fault: bool,
    /// The sealed segments that can't be trusted.
    spoilt: BTreeSet<u64>,
    /// Whether a key signs that has not signed for this log before, which is to be recorded.
    key_is_new: bool,
    /// Accounts of earlier deliveries that were worked on meanwhile and were not asked for yet.
    settled: Vec<RunView>,
    /// What the keys for state and event ids come from, where it is not the setup's seed.
    storage_key: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A new session without history, that nobody keeps. It refuses everything until [`Session::configure`] has
    /// succeeded once.
    pub fn new() -> Self {
        Self::signed_by(SigningNoteKey::of_nobody())
    }

    /// A new session without history, whose log goes by the key's name.
    pub fn signed_by(key: SigningNoteKey) -> Self {
        Self::of(Store::new(key))
    }

    /// A session as it is stored, and what is wrong with that. Sealed segments are read with [`Session::fetch`]. Where
    /// something is wrong, the session has what can be read, and [`Session::detached`] says that nothing is written.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn open(shelf: &impl Shelf, key: SigningNoteKey) -> Result<(Self, Verification), ShelfError> {
        let Opened { store, faults, key_is_new } = Store::open(shelf, key)?;
        let mut session = Self::of(store);
        session.key_is_new = key_is_new;
        let unreadable = session.recall();
        let faults: Vec<Fault> = faults.iter().map(Fault::from).chain(unreadable).collect();
        session.at_fault = !faults.is_empty();
        let head = session.head();
        let verification =
            Verification { verified: faults.is_empty(), size: head.size, root: head.root, faults };
        Ok((session, verification))
    }

    fn of(store: Store) -> Self {
        Self {
            connector: None,
            waiting: Remembered::default(),
            store,
            crm: Vec::new(),
            at_fault: false,
            spoilt: BTreeSet::new(),
            key_is_new: false,
            settled: Vec::new(),
            storage_key: None,
        }
    }

    /// Takes up what is stored beside the log, in the place of what was known. Gives what of it can't be read.
    fn recall(&mut self) -> Vec<Fault> {
        let rows = Table::ALL.into_iter().flat_map(|table| {
            self.store.named(table.as_str()).map(move |(name, value)| (table, name, value))
        });
        let (mut remembered, unreadable) = Remembered::of(rows);
        remembered.received = self.store.received();
        self.crm.clear();
        self.crm.extend(remembered.crm.records().iter().map(CrmRecord::from));
        match &mut self.connector {
            Some(connector) => connector.recall(remembered, self.store.archive().tree().clone()),
            None => self.waiting = remembered,
        }
        let mut faults = Vec::with_capacity(unreadable.len());
        for (table, _) in unreadable {
            let what = ["A row of what is kept beside the log can't be read: ", table.as_str(), "."].concat();
            faults.push(Fault { index: None, what });
        }
        faults
    }

    /// Whether what is stored could not be trusted, so that this session's records stay in memory until the
    /// stored timeline has been set aside.
    pub fn detached(&self) -> bool {
        self.at_fault || !self.spoilt.is_empty()
    }

    /// Takes over from a session that was read anew which sealed segments can't be trusted, so that they can be set
    /// aside.
    pub fn distrust(&mut self, anew: &Self) {
        self.spoilt.extend(anew.spoilt().into_iter().flatten());
    }

    /// The sealed segments that can't be trusted, where all else can: then [`Session::set_segments_aside`] is enough.
    /// None where there are none, or more is at fault.
    pub fn spoilt(&self) -> Option<&BTreeSet<u64>> {
        (!self.at_fault && !self.spoilt.is_empty()).then_some(&self.spoilt)
    }

    /// Puts policy, adapter, consents and secrets in force. On errors the earlier setting stays.
    ///
    /// # Errors
    /// The diagnostics, at least one of them an error.
    pub fn configure(&mut self, setup: &Setup) -> Result<(), Vec<Diagnostic>> {
        let setting = setup.read(self.storage_key.as_deref())?;
        self.store.know_event_ids(&setting.source, &setting.state_keys);
        match &mut self.connector {
            Some(connector) => connector.configure(setting),
            None => {
                let (waiting, tree) =
                    (std::mem::take(&mut self.waiting), self.store.archive().tree().clone());
                self.connector = Some(Connector::new(setting, waiting, tree));
            }
        }
        Ok(())
    }

    /// Derives the keys for what is kept from this from the next [`Session::configure`] on. Without, they come from the
    /// setup's seed, which is as public as the setup.
    pub fn keep_under(&mut self, storage_key: String) {
        self.storage_key = Some(storage_key);
    }

    /// What the keys for what is kept are derived from, if it was given.
    pub fn storage_key(&self) -> Option<&str> {
        self.storage_key.as_deref()
    }

    /// Records that the user attests that the input is synthetic. It holds for the bodies sent from now on
    /// until [`Session::withdraw_attestation`]. `now` is in milliseconds since the Unix epoch.
    pub fn attest(&mut self, now: i64) {
        if let Some(connector) = &mut self.connector {
            connector.attest(Instant(now));
            self.absorb();
        }
    }

    /// Ends the attestation.
    pub fn withdraw_attestation(&mut self) {
        if let Some(connector) = &mut self.connector {
            connector.withdraw_attestation();
        }
    }

    /// Sends one request and runs everything that is due: what waits and is due goes first.
    /// [`Session::take_settled`] gives the accounts of the others that were worked on.
    ///
    /// `now` is the arrival time in milliseconds since the Unix epoch; `tick` gives a running time in
    /// milliseconds for the stage timings and influences nothing else.
    pub fn send(&mut self, request: &Request, now: i64, tick: &mut dyn FnMut() -> f64) -> RunView {
        if std::mem::take(&mut self.key_is_new) {
            let key = self.store.key().to_string();
            self.key_is_new = !self.record_upkeep(Upkeep::KeyRotated { key }, now);
        }
        let others = self.advance(now);
        self.settled.extend(others);
        let Some(connector) = &mut self.connector else { return RunView::not_configured() };
        let now = Instant(now);
        let delivery = Delivery {
            headers: request.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect(),
            body: Phi::new(request.body.clone().into_bytes()),
        };
        let mut watch = Stopwatch { last: tick(), tick, timings: Vec::with_capacity(Stage::ALL.len()) };
        let receipt = connector.receive(delivery, now, &mut watch);
        let answer = super::Receipt::new(receipt.status, receipt.retry_after);
        let mut own = Vec::new();
        let mut others = Vec::new();
        match receipt.settled {
            Some(run) => own.push(RunView::new(connector.setting(), answer, &run, &watch.timings)),
            None => {
                while let Some(run) = connector.advance(now, &mut watch) {
                    let view = RunView::new(connector.setting(), answer.clone(), &run, &watch.timings);
                    let list =
                        if is_of(&run.correlation, &receipt.correlation) { &mut own } else { &mut others };
                    list.push(view);
                    watch.timings.clear();
                }
                let waiting = connector.waiting(&receipt.correlation).into_iter();
                let waiting =
                    waiting.filter(|run| own.iter().all(|view| view.correlation != run.correlation));
                let waiting: Vec<RunView> =
                    waiting.map(|run| RunView::new(connector.setting(), answer.clone(), &run, &[])).collect();
                own.extend(waiting);
            }
        }
        for view in own.iter().chain(&others) {
            self.take_in(view);
        }
        self.absorb();
        self.settled.extend(others);
        self.principal(own)
    }

    /// The account of a delivery out of those of its events: that of the first that did not go through, or else of the
    /// first, with all of them as its parts. The others are given with [`Session::take_settled`].
    fn principal(&mut self, mut own: Vec<RunView>) -> RunView {
        order::by(&mut own, |view| view.part_number());
        let parts: Vec<PartView> = own.iter().map(PartView::from).collect();
        let went = |view: &RunView| ["delivered", "unchanged"].contains(&view.outcome.as_str());
        let at = own.iter().position(|view| !went(view)).unwrap_or(0);
        if own.is_empty() {
            return RunView::not_configured();
        }
        let mut principal = own.remove(at);
        self.settled.extend(own);
        if parts.len() > 1 {
            principal.parts = parts;
        }
        principal
    }

    /// Works on everything that is due at `now` (milliseconds since the Unix epoch), as time passes without a
    /// request. Gives the accounts, in order: each is settled, or waits again.
    pub fn advance(&mut self, now: i64) -> Vec<RunView> {
        let mut views = Vec::new();
        while let Some(connector) = &mut self.connector {
            let Some(run) = connector.advance(Instant(now), &mut |_| {}) else { break };
            let view = RunView::new(connector.setting(), super::Receipt::new(202, None), &run, &[]);
            self.take_in(&view);
            views.push(view);
        }
        self.absorb();
        views
    }

    /// The accounts of deliveries other than the one sent that were worked on since this was asked last.
    pub fn take_settled(&mut self) -> Vec<RunView> {
        std::mem::take(&mut self.settled)
    }

    /// When there is something to do next, in milliseconds since the Unix epoch; none where nothing waits.
    pub fn next_due(&self) -> Option<i64> {
        self.connector.as_ref()?.next_due().map(|due| due.0)
    }

    /// What waits, and what was given up on.
    pub fn queue(&self) -> QueueView {
        self.connector.as_ref().map(QueueView::new).unwrap_or_default()
    }

    /// Puts a dead letter back in line; [`Session::advance`] then works on it. It keeps its correlation id and its
    /// idempotency key, so nothing is written twice. False where there is no such dead letter.
    pub fn redrive(&mut self, correlation: &str, now: i64) -> bool {
        let done = self.connector.as_mut().is_some_and(|c| c.redrive(correlation, Instant(now)));
        self.absorb();
        done
    }

    /// The same for every dead letter; says how many.
    pub fn redrive_all(&mut self, now: i64) -> usize {
        let done = self.connector.as_mut().map_or(0, |connector| connector.redrive_all(Instant(now)));
        self.absorb();
        done
    }

    /// Brings the plain copies up to date after a run. It changed its own records at most, which are mended in place.
    fn take_in(&mut self, view: &RunView) {
        if let Some(crm) = self.connector.as_ref().map(Connector::crm) {
            for record in &view.records {
                match crm.place(&record.object, &record.key).and_then(|place| self.crm.get_mut(place)) {
                    Some(own) => own.clone_from(record),
                    None => self.crm.push(record.clone()),
                }
            }
        }
    }

    /// Hands what the connector has recorded and changed to the store.
    fn absorb(&mut self) {
        let Some(connector) = &mut self.connector else { return };
        for (leaf, canonical) in connector.take_records() {
            self.store.append(leaf, canonical);
        }
        self.store.set_received(connector.received());
        let changes = connector.take_changes();
        for row in &changes.rows {
            self.store.put(row.table.as_str(), &row.name, row.value.as_deref());
        }
        for table in changes.whole {
            let mut names = BTreeSet::new();
            names.extend(changes.rows.iter().filter(|row| row.table == table).map(|row| row.name.as_str()));
            self.store.keep_only(table.as_str(), &names);
        }
    }

    /// The connector; none until the first setting is in force.
    pub(super) fn connector(&self) -> Option<&Connector> {
        self.connector.as_ref()
    }

    /// The CRM demo zone, oldest first.
    pub fn crm(&self) -> &[CrmRecord] {
        &self.crm
    }

    /// The log, and how it is stored.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A record of the audit timeline by its place. None where there is none, or its segment has not been read yet or is
    /// gone.
    pub fn entry(&self, seq: u64) -> Option<Entry> {
        self.store.archive().canonical(seq).map(|text| Entry::read(&text))
    }

    /// The audit timeline as far as it is here, oldest first. It is made anew each time: for one record ask
    /// [`Session::entry`].
    pub fn timeline(&self) -> Vec<Entry> {
        (0..self.store.archive().len()).filter_map(|seq| self.entry(seq)).collect()
    }

    /// Number of records of the log.
    pub fn records(&self) -> u64 {
        self.store.archive().len()
    }

    /// Size and root of the log.
    pub fn head(&self) -> LogHead {
        let tree = self.store.archive().tree();
        LogHead { size: tree.size(), root: hex(&tree.root()) }
    }

    /// Number of records not yet in storage.
    pub fn unsaved(&self) -> usize {
        self.store.unsaved()
    }

    /// Writes what is not stored yet: as much as was added, however much there is.
    ///
    /// # Errors
    /// Why it was not written. It waits in memory.
    pub fn save(&mut self, shelf: &mut impl Shelf) -> Result<(), Unsaved> {
        if self.detached() {
            return Err(Unsaved::Detached);
        }
        self.store.save(shelf)
    }

    /// The same, and where there is no room, into what is kept free for what makes room; then [`Session::sweep`].
    ///
    /// # Errors
    /// Why it was not written. It waits in memory.
    pub fn save_dearly(&mut self, shelf: &mut impl Shelf) -> Result<(), Unsaved> {
        if self.detached() {
            return Err(Unsaved::Detached);
        }
        self.store.save_dearly(shelf)
    }

    /// Makes room by keeping nothing twice that is sealed. False where there is nothing to gain.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn compact(&mut self, shelf: &mut impl Shelf) -> Result<bool, Unsaved> {
        if self.detached() { Ok(false) } else { self.store.compact(shelf) }
    }

    /// Reads on what others have added to what is stored. Where that can't be told by reading on, all has to be read
    /// anew, with [`Session::open`].
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn catch_up(&mut self, shelf: &impl Shelf) -> Result<Caught, ShelfError> {
        let caught = self.store.catch_up(shelf)?;
        if matches!(caught, Caught::Added(_)) && !self.recall().is_empty() {
            return Ok(Caught::Reload);
        }
        Ok(caught)
    }

    /// What is wrong with what `read` found in storage, beside what this session has stored there: it may verify by itself
    /// and yet be shorter, or another log.
    pub fn missing_from(&self, read: &Self) -> Option<Fault> {
        let stored = self.records().saturating_sub(self.unsaved() as u64);
        let there = read.records();
        let fault = |what: String| Some(Fault { index: None, what });
        if there < stored {
            let missing = stored - there;
            return fault(format!(
                "The last {missing} of {stored} records that this tab has stored are missing."
            ));
        }
        let range = Range { from: 0, to: stored };
        let roots = [self, read].map(|session| session.store.archive().root_of(range));
        match roots {
            [Some(own), Some(found)] if own != found => {
                fault(String::from("Another log is stored than the one that this tab has written."))
            }
            _ => None,
        }
    }

    /// Looks whether what this session has stored still stands there; records that were written over wait again
    /// ([`Store::miss_overwritten`]). Gives how many wait.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn miss_overwritten(&mut self, shelf: &impl Shelf) -> Result<usize, ShelfError> {
        self.store.miss_overwritten(shelf)
    }

    /// Reads the latest sealed segment that has not been read yet, and recomputes it. Gives what is wrong with it; none
    /// where all are read.
    ///
    /// # Errors
    /// Where the shelf can't be read.
    pub fn fetch(&mut self, shelf: &impl Shelf) -> Result<Option<Vec<Fault>>, ShelfError> {
        let Some((segment, fault)) = self.store.fetch(shelf)? else { return Ok(None) };
        if fault.is_some() {
            self.spoilt.insert(segment);
        }
        Ok(Some(fault.iter().map(Fault::from).collect()))
    }

    /// Says that storage holds nothing of this session any more, though the session does: the next [`Session::save`]
    /// writes all of it, with its numbering.
    pub fn forget_stored(&mut self) {
        self.store.forget_stored();
        self.at_fault = false;
        self.spoilt.clear();
    }

    /// Says that the stored timeline was set aside. The log starts anew with the records that were only in memory,
    /// numbered from 0, and one that says so; the CRM demo zone and the ids seen stay. `now` is in milliseconds since the
    /// Unix epoch.
    pub fn set_aside(&mut self, now: i64) {
        let records = self.records().saturating_sub(self.store.unsaved() as u64);
        let archive = self.store.archive();
        let root = archive.root_of(Range { from: 0, to: records }).unwrap_or_else(|| archive.tree().root());
        self.store.start_anew();
        self.at_fault = false;
        self.spoilt.clear();
        if let Some(connector) = &mut self.connector {
            connector.resume_log(self.store.archive().tree().clone());
        }
        self.record_upkeep(Upkeep::LogRestarted { records, root: hex(&root) }, now);
    }
}

/// Notes the time spent in each stage.
struct Stopwatch<'a> {
    tick: &'a mut dyn FnMut() -> f64,
    last: f64,
    /// Stage and microseconds.
    timings: Vec<(Stage, f64)>,
}

impl Probe for Stopwatch<'_> {
    fn finished(&mut self, stage: Stage) {
        let at = (self.tick)();
        self.timings.push((stage, (at - self.last) * 1000.0));
        self.last = at;
    }
}
