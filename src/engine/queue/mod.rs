//! Acknowledged events, waiting to be worked on.
//!
//! Order: the events of one subject go one after the other, in the order in which they came; one that waits to be
//! tried again holds back the later ones of its subject and nobody else's. Of what may go, the class decides
//! ([`Class`]), then what came first. Changes of consent stand in a line of their own per subject: they overtake the
//! subject's other events and keep the order among themselves.
//!
//! An event whose tries are used up becomes a dead letter. Nothing is ever dropped: when too much waits, dead letters
//! included, the queue pushes back.

mod advance;
mod item;
mod keep;
mod retry;
mod seal;

pub use item::{Attempt, Class, Content, DeadLetter, Item, Order, Subject, is_of};
pub use retry::{ATTEMPTS, next_try};
pub use seal::{Opened, Sealed, StateKeys};

use super::notification::{Origin, Subscription, Tracker};
use super::time::Instant;
use std::collections::{BTreeMap, HashMap};

/// Events that may wait at once where the setting says nothing, dead letters included.
pub const CAPACITY: usize = 1024;
/// Bytes of bodies that may wait at once: eight of the largest size.
const CAPACITY_BYTES: usize = 64 * 1024 * 1024;

/// The queue.
#[derive(Default)]
pub struct Queue {
    /// What waits, by its place in line.
    line: BTreeMap<u64, Item>,
    /// The next place in line.
    next_place: u64,
    /// Places of events that were not read yet.
    unread: Vec<u64>,
    dead: Vec<DeadLetter>,
    /// Which events of each subscription have come.
    pub(super) tracker: Tracker,
    bytes: usize,
    /// Events taken in and events settled, since this queue was made.
    counts: Counts,
    /// What is kept of it over a restart, by name.
    kept: keep::Kepts,
}

/// Events taken in, and what became of them: `received = settled + waiting`, at any moment. Dead letters are
/// settled; one that is re-driven waits again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken in.
    pub received: u64,
    /// Ended in a final state.
    pub settled: u64,
    /// Not settled yet.
    pub waiting: u64,
}

/// Why an event is not worked on yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It goes as soon as its turn comes.
    Ready,
    /// It failed for the time being and is tried again.
    Retry,
    /// An earlier event of the same subject has to go first.
    Behind,
    /// Earlier events of its subscription are missing.
    Gap,
}

impl Wait {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Retry => "retry",
            Self::Behind => "behind",
            Self::Gap => "gap",
        }
    }
}

impl Wait {
    /// Whether nothing but its time keeps it.
    fn is_head(self) -> bool {
        matches!(self, Self::Ready | Self::Retry)
    }
}

impl Queue {
    /// Adds an event at the end of the line. Ask [`Queue::has_room`] first where it comes from outside.
    pub fn push(&mut self, item: Item) {
        self.counts.received = self.counts.received.saturating_add(1);
        self.enter(item);
    }

    /// Puts an event at the end of the line that was counted already.
    fn enter(&mut self, item: Item) {
        let place = self.next_place;
        self.next_place = place.saturating_add(1);
        if matches!(item.content, Content::Raw(_)) {
            self.unread.push(place);
        }
        self.put_back(place, item);
    }

    /// Puts an event back where it stood.
    fn put_back(&mut self, place: u64, item: Item) {
        self.bytes = self.bytes.saturating_add(item.bytes);
        self.line.insert(place, item);
    }

    fn take(&mut self, place: u64) -> Option<Item> {
        let item = self.line.remove(&place)?;
        self.bytes = self.bytes.saturating_sub(item.bytes);
        Some(item)
    }

    /// Whether another event of so many bytes may be taken; where not, the sender is told to come back
    /// (`queue.full`). An empty queue takes any. Events ahead of a gap count by their bytes only, or what closes the
    /// gap could be the one that finds no room.
    pub fn has_room(&self, bytes: usize, capacity: usize) -> bool {
        let ahead = self.line.values().filter(|item| item.ahead).count();
        let kept = self.line.len().saturating_add(self.dead.len());
        kept.saturating_sub(ahead) < capacity
            && (kept == 0 || self.bytes.saturating_add(bytes) <= CAPACITY_BYTES)
    }

    /// What waits, in line.
    pub fn line(&self) -> impl Iterator<Item = &Item> {
        self.line.values()
    }

    /// The dead letters, oldest first.
    pub fn dead(&self) -> &[DeadLetter] {
        &self.dead
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty() && self.dead.is_empty() && self.tracker.0.is_empty()
    }

    /// Events taken in, and what became of them.
    pub fn counts(&self) -> Counts {
        Counts { waiting: u64::try_from(self.line.len()).unwrap_or(u64::MAX), ..self.counts }
    }

    /// Says until when the events of a subscription that are ahead of a gap wait.
    pub(super) fn hold_until(&mut self, subscription: Subscription, until: Instant) {
        let of = |item: &&mut Item| item.ahead && item.origin.is_some_and(|o| o.subscription == subscription);
        self.line.values_mut().filter(of).for_each(|item| item.due = until);
    }

    /// Puts an event that waited for a gap to close at the end of the line.
    pub(super) fn let_go(&mut self, origin: Origin, now: Instant) {
        let found = self.line.iter().find(|(_, item)| item.ahead && item.origin == Some(origin));
        if let Some(mut item) = found.map(|(place, _)| *place).and_then(|place| self.take(place)) {
            item.ahead = false;
            item.due = now;
            self.enter(item);
        }
    }

    /// Takes away the dead letter that stands for a missing event.
    pub(super) fn take_absent(&mut self, origin: Origin) -> Option<DeadLetter> {
        let stands_for = |letter: &DeadLetter| {
            letter.item.origin == Some(origin) && matches!(letter.item.content, Content::Absent(..))
        };
        let at = self.dead.iter().position(stands_for)?;
        let letter = self.dead.remove(at);
        self.bytes = self.bytes.saturating_sub(letter.item.bytes);
        Some(letter)
    }

    /// Says that a delivery was taken out and its events are put in for it.
    fn replace(&mut self) {
        self.counts.received = self.counts.received.saturating_sub(1);
    }

    /// The event to work on now.
    fn next(&self, now: Instant) -> Option<u64> {
        let free = self.waits().filter(|(_, item, wait, _)| wait.is_head() && item.due <= now);
        free.min_by_key(|(place, item, ..)| (item.class(), *place)).map(|(place, ..)| place)
    }

    /// When there is something to do next; none where nothing waits.
    pub fn next_due(&self) -> Option<Instant> {
        let heads = self.waits().filter(|(_, _, wait, _)| wait.is_head()).map(|(_, item, ..)| item.due);
        heads.chain(self.tracker.next_due()).min()
    }

    /// What waits, in line: the place, the event, why it waits, and when it can go at the earliest.
    pub fn waits(&self) -> impl Iterator<Item = (u64, &Item, Wait, Instant)> {
        let mut heads: HashMap<(Subject, bool), Instant> = HashMap::new();
        self.line.iter().map(move |(place, item)| {
            if item.ahead {
                return (*place, item, Wait::Gap, item.due);
            }
            let order = item.order.unwrap_or(Order::PLAIN);
            let key = order.subject.map(|subject| (subject, order.class == Class::Consent));
            match key.and_then(|key| heads.get(&key)) {
                Some(due) => (*place, item, Wait::Behind, (*due).max(item.due)),
                None => {
                    heads.extend(key.map(|key| (key, item.due)));
                    let wait = if item.attempts.is_empty() { Wait::Ready } else { Wait::Retry };
                    (*place, item, wait, item.due)
                }
            }
        })
    }

    /// Forgets the places in the order, since another setting may read them otherwise.
    pub fn reorder(&mut self) {
        self.line.values_mut().for_each(|item| item.order = None);
    }
}
