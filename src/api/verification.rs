//! What verifying a log found.

use super::store;
use serde::{Deserialize, Serialize};

/// One thing wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Sequence number of the record at fault, where one can be named.
    pub index: Option<u64>,
    /// What is wrong with it.
    pub what: String,
}

/// The result of recomputing a log from what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether every record and the root are as they were written.
    pub verified: bool,
    /// Number of records.
    pub size: u64,
    /// Root over them, lower-case hex.
    pub root: String,
    /// What is wrong, in log order.
    pub faults: Vec<Fault>,
}

impl From<&store::Fault> for Fault {
    fn from(fault: &store::Fault) -> Self {
        Self { index: fault.index(), what: fault.to_string() }
    }
}
