//! A connector with its state, as the page and the command line hold it.

use super::{CrmRecord, Diagnostic, Entry, LogHead, Request, RunView, Save, Setup, Stored, Verification};

/// A connector and what it has done: log, CRM demo zone, ids seen.
#[derive(Default)]
pub struct Session {
    entries: Vec<Entry>,
    crm: Vec<CrmRecord>,
}

impl Session {
    /// A new session without history. It refuses everything until [`Session::configure`] has succeeded once.
    pub fn new() -> Self {
        Self::default()
    }

    /// A session as it was stored, and what verifying the stored log found. Where the log does not verify,
    /// the session keeps what can be read and [`Session::detached`] says that it must not be written over.
    pub fn restore(_stored: &Stored) -> (Self, Verification) {
        (Self::default(), super::verify(_stored))
    }

    /// Whether what is stored could not be trusted, so that this session's records stay in memory until the
    /// stored timeline has been set aside.
    pub fn detached(&self) -> bool {
        false
    }

    /// Puts policy, adapter, consents and secrets in force. On errors the earlier setting stays.
    ///
    /// # Errors
    /// The diagnostics, at least one of them an error.
    pub fn configure(&mut self, _setup: &Setup) -> Result<(), Vec<Diagnostic>> {
        Ok(())
    }

    /// Records that the user attests that the input is synthetic. It holds for the bodies sent from now on
    /// until [`Session::withdraw_attestation`]. `now` is in milliseconds since the Unix epoch.
    pub fn attest(&mut self, _now: i64) {}

    /// Ends the attestation.
    pub fn withdraw_attestation(&mut self) {}

    /// Sends one request and runs everything that is due.
    ///
    /// `now` is the arrival time in milliseconds since the Unix epoch; `tick` gives a running time in
    /// milliseconds for the stage timings and influences nothing else.
    pub fn send(&mut self, _request: &Request, _now: i64, _tick: &mut dyn FnMut() -> f64) -> RunView {
        unreachable!()
    }

    /// The CRM demo zone, oldest first.
    pub fn crm(&self) -> &[CrmRecord] {
        &self.crm
    }

    /// The audit timeline, oldest first.
    pub fn timeline(&self) -> &[Entry] {
        &self.entries
    }

    /// Size and root of the log.
    pub fn head(&self) -> LogHead {
        LogHead { size: 0, root: String::new() }
    }

    /// What has to be written for storage to hold this session; none when it already does.
    pub fn pending(&self) -> Option<Save> {
        None
    }

    /// Number of records not yet in storage.
    pub fn unsaved(&self) -> usize {
        0
    }

    /// Says that the last [`Session::pending`] was written whole.
    pub fn saved(&mut self) {}

    /// Forgets that anything is stored, so that the next [`Session::pending`] writes all of it.
    pub fn set_aside(&mut self) {}
}

/// Signs a request with the newest secret of a setup, over its id, timestamp and body as they stand
/// (Standard Webhooks 1.0.0), and sets `webhook-signature`.
pub fn sign(_setup: &Setup, _request: &mut Request) {}
