//! The stored form of a session.

mod rows;
mod shelf;

pub use rows::{Change, Rows};
pub use shelf::{MemoryShelf, Shelf, ShelfError};
