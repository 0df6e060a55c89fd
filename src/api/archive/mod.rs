//! The records of a log, kept small and found fast.

mod members;
mod segment;
mod tokens;
