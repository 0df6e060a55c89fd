//! The operational stream as data.

use super::Session;
use crate::engine::audit;
use crate::engine::refusal::Code;
use crate::engine::time::Instant;
use serde::{Deserialize, Serialize};

/// What happened in the connector's working: no decision about data, no part of the log, and no place for a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number, from 0, since the session was opened.
    pub number: u64,
    /// When, RFC 3339.
    pub time: String,
    /// The delivery or event that it is about.
    pub correlation: String,
    /// Stage, e.g. `queue`.
    pub stage: String,
    /// What was done, e.g. `retry`.
    pub action: String,
    /// What came of it, e.g. `deferred`.
    pub outcome: String,
    /// Reason code.
    pub code: Option<String>,
    /// Tries that have failed.
    pub failed: Option<usize>,
    /// Until when it waits, RFC 3339.
    pub until: Option<String>,
}

impl From<&audit::Operation> for Operation {
    fn from(own: &audit::Operation) -> Self {
        let row = own.movement.row();
        Self {
            number: own.number,
            time: own.at.to_rfc3339(),
            correlation: own.correlation.clone(),
            stage: row.stage.to_owned(),
            action: row.action.to_owned(),
            outcome: row.outcome.to_owned(),
            code: own.code.map(Code::as_str).map(str::to_owned),
            failed: own.failed,
            until: own.until.map(Instant::to_rfc3339),
        }
    }
}

impl Session {
    /// The operational stream: the last thousand operations since the session was opened, oldest first.
    pub fn operations(&self) -> Vec<Operation> {
        self.connector().into_iter().flat_map(|own| own.operations().iter()).map(Operation::from).collect()
    }
}
