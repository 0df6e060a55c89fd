//! Tamper-evident evidence: one record a decision, denials included, never a value.

pub mod catalogue;
pub mod checkpoint;
pub mod complete;
mod log;
mod member;
pub mod note;
mod operations;
pub mod proof;
mod record;
mod tree;
mod upkeep;

pub use catalogue::{Fact, Movement, Row, Stream};
pub use log::Log;
pub use member::{Form, Kind, Member, Members};
pub use operations::{Operation, Operations};
pub use record::AuditRecord;
pub use tree::{Hash, Nodes, Range, Tree, empty_root, hash_of_base64, leaf_hash, node_hash};
pub use upkeep::Upkeep;

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        out
    })
}
