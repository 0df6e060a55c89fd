//! Evidence bundles: a log in one file, to be verified offline. No payloads.
//!
//! [`EvidenceSource`] writes one, [`Evidence`] reads one, [`EvidenceCheck`] verifies it in slices, and [`replay`] holds it
//! against a scenario run anew. The format is described in `docs/evidence.md`.
//!
//! Two passes are kept apart. The first hashes the records as they stand and holds the root against what is signed: who
//! knows the key needs nothing else. The second looks at what the records say: whether each is a record in its canonical
//! form, numbered by its place, and cites what the bundle lists.

mod align;
mod check;
mod examine;
mod faults;
mod index;
mod locate;
mod opened;
mod place;
mod prove;
mod read;
mod replay;
mod stand;
mod text;
mod witness;
mod write;

pub use check::{EvidenceCheck, EvidenceReport, Known, verify_evidence};
pub use faults::EvidenceFault;
pub use index::EvidenceIndex;
pub use opened::{EvidenceOpening, OpenedEvidence};
pub use prove::{check_record_proof, prove_record};
pub use read::{Evidence, not_text};
pub use replay::{ReplayReport, RunAnew, replay};
pub use witness::{Witness, WitnessRelation, WitnessReport};
pub use write::{EvidenceSource, EvidenceWriter, scenario_evidence, store_evidence};

use serde::{Deserialize, Serialize};

/// The `format` that evidence states.
const FORMAT: &str = "airlock-evidence";
/// The version that is written and read.
const VERSION: u32 = 2;

/// Size and root of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLog {
    /// Number of records.
    pub size: u64,
    /// RFC 6962 root, lower-case hex.
    pub root: String,
}

/// A policy that was in force.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Id and version, e.g. `referral-intake@1.0.0`.
    pub policy: String,
    /// First 16 hex digits of the SHA-256 of its text.
    pub hash: String,
}

/// A consent that decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentReference {
    /// Its place on file, e.g. `consent 1`.
    pub consent: String,
    /// Its version, where it states a small number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// Records that are not in a bundle: a whole node of the tree, whose root stands for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletedSegment {
    /// Place of the first of them in the log.
    pub first: u64,
    /// How many there are: a power of two that `first` is a multiple of.
    pub count: u64,
    /// The root over them, in base64.
    pub root: String,
    /// Time of the first, RFC 3339; empty where it is not known.
    pub from: String,
    /// Time of the last.
    pub to: String,
    /// `deleted` under retention, or set `aside` because they could not be read.
    pub why: String,
}
