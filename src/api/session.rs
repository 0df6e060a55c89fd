//! A connector with its state, as the page and the command line hold it.

use super::timeline::{self, Save, Stored, Verification};
use super::{CrmRecord, Diagnostic, Entry, LogHead, PartView, QueueView, Request, RunView, Setup};
use crate::engine::audit::{Hash, Log, hex};
use crate::engine::phi::Phi;
use crate::engine::queue::is_of;
use crate::engine::time::Instant;
use crate::engine::webhook::Delivery;
use crate::engine::{Connector, Probe, Remembered, Stage};
use crate::order;

/// A connector and what it has done: log, CRM demo zone, ids seen.
#[derive(Default)]
pub struct Session {
    /// None until the first setting is in force.
    connector: Option<Connector>,
    /// What was restored, until there is a connector to hold it.
    waiting: Remembered,
    entries: Vec<Entry>,
    crm: Vec<CrmRecord>,
    /// Records that storage holds.
    stored: usize,
    dirty: bool,
    detached: bool,
    /// Accounts of earlier deliveries that were worked on meanwhile and were not asked for yet.
    settled: Vec<RunView>,
}

impl Session {
    /// A new session without history. It refuses everything until [`Session::configure`] has succeeded once.
    pub fn new() -> Self {
        Self::default()
    }

    /// A session as it was stored, and what verifying the stored log found. Where something does not verify,
    /// the session keeps what can be read and [`Session::detached`] says that storage is not written to.
    pub fn restore(stored: &Stored) -> (Self, Verification) {
        let (remembered, verification) = timeline::restore(stored);
        let mut session = Self {
            stored: remembered.log.lines(0).len(),
            detached: !verification.verified,
            waiting: remembered,
            ..Self::default()
        };
        session.crm = session.waiting.crm.records().iter().map(CrmRecord::from).collect();
        session.read_log();
        (session, verification)
    }

    /// Whether what is stored could not be trusted, so that this session's records stay in memory until the
    /// stored timeline has been set aside.
    pub fn detached(&self) -> bool {
        self.detached
    }

    /// Puts policy, adapter, consents and secrets in force. On errors the earlier setting stays.
    ///
    /// # Errors
    /// The diagnostics, at least one of them an error.
    pub fn configure(&mut self, setup: &Setup) -> Result<(), Vec<Diagnostic>> {
        let setting = setup.read()?;
        match &mut self.connector {
            Some(connector) => connector.configure(setting),
            None => self.connector = Some(Connector::new(setting, std::mem::take(&mut self.waiting))),
        }
        Ok(())
    }

    /// Records that the user attests that the input is synthetic. It holds for the bodies sent from now on
    /// until [`Session::withdraw_attestation`]. `now` is in milliseconds since the Unix epoch.
    pub fn attest(&mut self, now: i64) {
        if let Some(connector) = &mut self.connector {
            connector.attest(Instant(now));
            self.read_log();
            self.dirty = true;
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
        self.read_log();
        self.dirty = true;
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
        self.read_log();
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
        self.read_log();
        self.dirty |= done;
        done
    }

    /// The same for every dead letter; says how many.
    pub fn redrive_all(&mut self, now: i64) -> usize {
        let done = self.connector.as_mut().map_or(0, |connector| connector.redrive_all(Instant(now)));
        self.read_log();
        self.dirty |= done > 0;
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
        self.read_log();
        self.dirty = true;
    }

    fn log(&self) -> &Log {
        self.connector.as_ref().map_or(&self.waiting.log, Connector::log)
    }

    /// Brings the plain copy of the log up to date.
    fn read_log(&mut self) {
        let known = self.entries.len();
        let new: Vec<Entry> =
            self.log().lines(known).iter().map(|(leaf, text)| Entry::read(leaf, text)).collect();
        self.entries.extend(new);
    }

    /// The CRM demo zone, oldest first.
    pub fn crm(&self) -> &[CrmRecord] {
        &self.crm
    }

    /// The audit timeline, oldest first.
    pub fn timeline(&self) -> &[Entry] {
        &self.entries
    }

    /// The leaf hashes of the timeline's records, in order.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Hash> {
        self.log().lines(0).iter().map(|(leaf, _)| leaf)
    }

    /// Size and root of the log.
    pub fn head(&self) -> LogHead {
        let log = self.log();
        LogHead { size: log.size(), root: hex(&log.root()) }
    }

    /// What has to be written for storage to hold this session; none when it already does, or must not.
    pub fn pending(&self) -> Option<Save> {
        let connector = self.connector.as_ref().filter(|_| self.dirty && !self.detached)?;
        Some(timeline::save(connector, &self.crm, self.stored))
    }

    /// Number of records not yet in storage.
    pub fn unsaved(&self) -> usize {
        self.entries.len().saturating_sub(self.stored)
    }

    /// Says that the last [`Session::pending`] was written whole.
    pub fn saved(&mut self) {
        self.stored = self.entries.len();
        self.dirty = false;
    }

    /// Says that storage holds nothing of this session any more, though the session does: the next
    /// [`Session::pending`] writes all of it, with its numbering.
    pub fn forget_stored(&mut self) {
        self.stored = 0;
        self.detached = false;
        self.dirty = self.connector.is_some();
    }

    /// Says that the stored timeline was set aside. The log starts anew with the records that were only in
    /// memory, numbered from 0; the CRM demo zone and the ids seen stay. The next [`Session::pending`] writes
    /// all of it.
    pub fn set_aside(&mut self) {
        match &mut self.connector {
            Some(connector) => connector.restart_log(self.stored),
            None => self.waiting.log = Default::default(),
        }
        self.entries.clear();
        self.stored = 0;
        self.detached = false;
        self.dirty = self.connector.is_some();
        self.read_log();
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
