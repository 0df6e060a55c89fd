//! Acknowledged events, waiting to be worked on in the order in which they came.

use super::phi::Phi;
use super::webhook::Authentic;
use std::collections::VecDeque;

/// Events that may wait at once.
const CAPACITY: usize = 1024;

/// An acknowledged event.
pub struct Queued {
    /// The delivery's correlation id.
    pub correlation: String,
    /// Its message.
    pub message: Authentic,
    /// Its raw body.
    pub body: Phi<Vec<u8>>,
}

/// The queue. It never drops an event: when full, it pushes back.
#[derive(Default)]
pub struct Queue(VecDeque<Queued>);

impl Queue {
    /// Adds an event at the end. Ask [`Queue::has_room`] first.
    pub fn push(&mut self, event: Queued) {
        self.0.push_back(event);
    }

    /// Whether another event may be taken; where not, the sender is told to come back (`queue.full`).
    pub fn has_room(&self) -> bool {
        self.0.len() < CAPACITY
    }

    /// The next event due.
    pub fn pop(&mut self) -> Option<Queued> {
        self.0.pop_front()
    }
}
