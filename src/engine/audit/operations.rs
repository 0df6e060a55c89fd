//! The operational stream: how the connector runs. Bounded, in memory, no part of the log and of its root.

use super::catalogue::Movement;
use crate::engine::refusal::Code;
use crate::engine::time::Instant;
use std::collections::VecDeque;

/// What happened in the connector's working. It has no place for a value, nor for an id of the sender's: beside what is
/// listed it holds a correlation id, which the connector numbers itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number, from 0, since the connector was started.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// What.
    pub movement: Movement,
    /// The delivery or event that it is about.
    pub correlation: String,
    /// Reason code.
    pub code: Option<Code>,
    /// Tries that have failed.
    pub failed: Option<usize>,
    /// Until when it waits.
    pub until: Option<Instant>,
}

/// The last operations, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    last: VecDeque<Operation>,
    given: u64,
}

impl Operations {
    /// Operations that are kept.
    pub const CAPACITY: usize = 1000;

    /// Notes an operation under the next number. The oldest makes way where there is no room.
    pub fn note(&mut self, operation: Operation) {
        if self.last.len() >= Self::CAPACITY {
            self.last.pop_front();
        }
        self.last.push_back(Operation { number: self.given, ..operation });
        self.given = self.given.saturating_add(1);
    }

    /// Those that are kept, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.last.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_way_and_the_numbers_show_it() {
        let mut operations = Operations::default();
        for n in 0..Operations::CAPACITY + 5 {
            operations.note(Operation {
                number: 0,
                at: Instant(0),
                movement: Movement::Deferred,
                correlation: format!("run-{n:06}"),
                code: Some(Code::SinkUnavailable),
                failed: Some(1),
                until: None,
            });
        }
        let numbers: Vec<u64> = operations.iter().map(|operation| operation.number).collect();
        assert_eq!(numbers.len(), Operations::CAPACITY);
        assert_eq!((numbers[0], numbers[Operations::CAPACITY - 1]), (5, Operations::CAPACITY as u64 + 4));
        assert_eq!(operations.iter().next().unwrap().correlation, "run-000005");
    }
}
