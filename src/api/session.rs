//! A connector with its state, as the page and the command line hold it.

use super::timeline::{self, Save, Stored, Verification};
use super::{CrmRecord, Diagnostic, Entry, LogHead, Request, RunView, Setup};
use crate::engine::audit::{Hash, Log, hex};
use crate::engine::phi::Phi;
use crate::engine::time::Instant;
use crate::engine::webhook::Delivery;
use crate::engine::{Connector, Remembered, Stage};

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

    /// Sends one request and runs everything that is due.
    ///
    /// `now` is the arrival time in milliseconds since the Unix epoch; `tick` gives a running time in
    /// milliseconds for the stage timings and influences nothing else.
    pub fn send(&mut self, request: &Request, now: i64, tick: &mut dyn FnMut() -> f64) -> RunView {
        let Some(connector) = &mut self.connector else { return RunView::not_configured() };
        let now = Instant(now);
        let delivery = Delivery {
            headers: request.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect(),
            body: Phi::new(request.body.clone().into_bytes()),
        };
        let mut timings: Vec<(Stage, f64)> = Vec::with_capacity(Stage::ALL.len());
        let mut last = tick();
        let mut probe = |stage: Stage| {
            let at = tick();
            timings.push((stage, (at - last) * 1000.0));
            last = at;
        };
        let receipt = connector.receive(delivery, now, &mut probe);
        let run = match receipt.settled {
            Some(run) => Some(run),
            None => connector.advance(now, &mut probe),
        };
        let view = match &run {
            Some(run) => RunView::new(connector.setting(), receipt.status, run, &timings),
            None => RunView::not_configured(),
        };
        // One record at most has changed: the copy is mended in place.
        if let Some(record) = &view.record {
            let place = connector.crm().place(&record.key);
            match place.and_then(|place| self.crm.get_mut(place)) {
                Some(own) => own.clone_from(record),
                None => self.crm.push(record.clone()),
            }
        }
        self.read_log();
        self.dirty = true;
        view
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
