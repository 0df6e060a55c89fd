//! Versions of a policy: publishing, what differs between two of them, and links that carry a draft.
//!
//! Pure: where versions are kept, and how a link's text is compressed, is the page's affair.

mod difference;
mod lines;
mod link;
mod publish;
#[cfg(test)]
mod sample;
mod store;

pub use difference::{CellChange, HeaderChange, PolicyDifference, RowChange, RowFate, difference};
pub use lines::{Line, LineDifference, LineKind, lines_between};
pub use link::{LINK_COMFORT, Link, POLICY_LIMIT, bounded, carries, fits, holds_resource, pack};
pub use publish::{Bump, Proposal, Publication, propose, restored};
pub use store::{PolicyVersion, Versions};
