//! The session, and what is known of its stored form.

use crate::api::{Diagnostic, Session, Setup};

/// The connector that this tab runs, and how it stands to storage.
pub struct Keeper {
    /// The session itself.
    pub session: Session,
    /// Goes up whenever another log has taken the place of the one that was there.
    pub logs: u32,
    /// Sealed segments whose records are gone, as was noticed last.
    gone: usize,
    /// The setting in force, so that an unchanged one is not compiled anew for each event.
    configured: Option<Setup>,
    /// Whether the user attested that the input now open is synthetic.
    attested: bool,
}

impl Keeper {
    /// A session as storage had it.
    pub fn new(session: Session) -> Self {
        Self { session, logs: 0, gone: 0, configured: None, attested: false }
    }

    /// Takes over another session, e.g. one read again from storage; the attestation goes with the input.
    pub fn replace(&mut self, session: Session) {
        self.session = session;
        self.logs = self.logs.wrapping_add(1);
        self.configured = None;
    }

    /// Notices whether records have gone since: what was found among them has to be looked for anew.
    pub fn notice_gone(&mut self) {
        let gone = self.session.store().archive().gone();
        if gone != self.gone {
            self.gone = gone;
            self.logs = self.logs.wrapping_add(1);
        }
    }

    /// Starts a log of its own with what is only in memory: what is stored was set aside.
    pub fn set_aside(&mut self, now: i64) {
        self.session.set_aside(now);
        self.logs = self.logs.wrapping_add(1);
    }

    /// Puts a setting in force, unless it already is.
    pub fn configure(&mut self, setup: &Setup, now: i64) -> Result<(), Vec<Diagnostic>> {
        if self.configured.as_ref() == Some(setup) {
            return Ok(());
        }
        let anew = self.configured.is_none();
        self.session.configure(setup)?;
        self.configured = Some(setup.clone());
        if anew && self.attested {
            self.session.attest(now);
        }
        Ok(())
    }

    /// Records the user's attestation.
    pub fn attest(&mut self, now: i64) {
        self.attested = true;
        self.session.attest(now);
    }

    /// Ends the attestation: another input was opened.
    pub fn withdraw_attestation(&mut self) {
        self.attested = false;
        self.session.withdraw_attestation();
    }

    /// Whether an event of this id is in the timeline.
    pub fn has_event(&self, id: &str) -> bool {
        self.session.store().archive().has_event(id)
    }
}
