//! Which events of each subscription have come, and which are missing.

use super::{Numbers, Origin, Print, Subscription};
use crate::engine::time::Instant;
use crate::engine::webhook::Authentic;
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead of what came so far a number may be: a gap is filled number by number.
const FARTHEST: u64 = 1000;
/// Events of a subscription whose content is remembered, the highest numbers.
const PRINTS: usize = 256;

/// When an event of a subscription has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is the next one, or an earlier one that never came.
    Now,
    /// Earlier ones are missing.
    Ahead,
    /// It came before.
    Known,
    /// Its number came before, with another content.
    Conflict,
    /// It is too far ahead to be believed.
    Implausible,
}

/// Events that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Until when they are waited for.
    pub until: Instant,
    /// Correlation id of the delivery that revealed it.
    pub correlation: String,
    /// Its message.
    pub message: Authentic,
}

/// One subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// The number of the next event in order.
    pub next: u64,
    /// The highest number that is known to exist.
    pub last: u64,
    /// Numbers at or after `next` that came and wait.
    pub ahead: BTreeSet<u64>,
    /// Numbers that came, those that wait included.
    pub came: Numbers,
    /// What the events were about, by number.
    pub prints: BTreeMap<u64, Print>,
    /// The gap that is waited on, if there is one.
    pub gap: Option<Gap>,
}

/// A gap whose wait is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// Its subscription.
    pub subscription: Subscription,
    /// The gap.
    pub gap: Gap,
    /// Every number from the next to the last, each with whether it came.
    pub all: Vec<(u64, bool)>,
}

/// All subscriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracker(pub BTreeMap<Subscription, Track>);

impl Tracker {
    /// Takes note of an event. A subscription that was not heard of before is taken up where it is.
    pub fn event(&mut self, origin: Origin, print: Print) -> Turn {
        let number = origin.number;
        let track = self.0.entry(origin.subscription).or_insert_with(|| Track {
            next: number,
            last: number.saturating_sub(1),
            ..Track::default()
        });
        if number == u64::MAX || number.saturating_sub(track.next) > FARTHEST {
            return Turn::Implausible;
        }
        let came = track.came.contains(number);
        let known = track.prints.get(&number).copied().unwrap_or_default();
        if came && known.conflicts(print) {
            return Turn::Conflict;
        }
        let print = Print { focus: known.focus.or(print.focus), resource: known.resource.or(print.resource) };
        track.prints.insert(number, print);
        while track.prints.len() > PRINTS {
            track.prints.pop_first();
        }
        if came {
            return Turn::Known;
        }
        track.came.insert(number, number);
        track.last = track.last.max(number);
        if number > track.next {
            track.ahead.insert(number);
            return Turn::Ahead;
        }
        track.next = track.next.max(number.saturating_add(1));
        Turn::Now
    }

    /// Takes note of a count of events since the start. False where it is too far ahead to be believed.
    pub fn count(&mut self, subscription: Subscription, since_start: u64) -> bool {
        let track = self.0.entry(subscription).or_insert_with(|| Track {
            next: since_start.saturating_add(1),
            last: since_start,
            ..Track::default()
        });
        if since_start == u64::MAX || since_start.saturating_sub(track.next) > FARTHEST {
            return false;
        }
        track.last = track.last.max(since_start);
        true
    }

    /// Takes note of a start: events are counted from here, unless the count is further on already, since a handshake
    /// may come late or twice. What waits for earlier ones may go.
    pub fn start(&mut self, subscription: Subscription, since_start: u64) {
        // The last number of 64 bits would have none after it.
        let since_start = since_start.min(u64::MAX - 1);
        let track = self.0.entry(subscription).or_default();
        track.next = track.next.max(since_start.saturating_add(1));
        track.last = track.last.max(since_start);
    }

    /// Whether events are missing that are not waited on yet.
    pub fn has_new_gap(&self, subscription: Subscription) -> bool {
        self.0.get(&subscription).is_some_and(|track| track.gap.is_none() && track.next <= track.last)
    }

    /// Waits on a gap.
    pub fn wait(&mut self, subscription: Subscription, gap: Gap) {
        if let Some(track) = self.0.get_mut(&subscription) {
            track.gap = Some(gap);
        }
    }

    /// Says that an event did not come, or was not judged, and may come again.
    pub fn reopen(&mut self, origin: Origin) {
        if let Some(track) = self.0.get_mut(&origin.subscription) {
            track.came.remove(origin.number);
            track.prints.remove(&origin.number);
        }
    }

    /// The events ahead that may go now, in order, because all before them came.
    pub fn release(&mut self, subscription: Subscription) -> Vec<u64> {
        let Some(track) = self.0.get_mut(&subscription) else { return Vec::new() };
        let mut free = Vec::new();
        while let Some(number) = track.ahead.first().copied().filter(|number| *number <= track.next) {
            track.ahead.remove(&number);
            track.next = track.next.max(number.saturating_add(1));
            free.push(number);
        }
        if track.next > track.last {
            track.gap = None;
        }
        free
    }

    /// When the wait for a gap is over next.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.values().filter_map(|track| track.gap.as_ref()).map(|gap| gap.until).min()
    }

    /// A gap whose wait is over. Every number up to the last is taken as come from then on.
    pub fn give_up(&mut self, now: Instant) -> Option<Over> {
        let over = |track: &Track| track.gap.as_ref().is_some_and(|gap| gap.until <= now);
        let (subscription, track) = self.0.iter_mut().find(|(_, track)| over(track))?;
        let gap = track.gap.take()?;
        let all = (track.next..=track.last).map(|number| (number, track.ahead.contains(&number))).collect();
        track.ahead.clear();
        track.came.insert(track.next, track.last);
        track.next = track.last.saturating_add(1);
        Some(Over { subscription: *subscription, gap, all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(number: u64) -> Origin {
        Origin { subscription: [1; 16], number }
    }

    #[test]
    fn events_have_their_turn_in_order_and_once() {
        let mut tracker = Tracker::default();
        tracker.start([1; 16], 0);
        assert_eq!(tracker.event(origin(1), Print::default()), Turn::Now);
        assert_eq!(tracker.event(origin(1), Print::default()), Turn::Known);
        assert_eq!(tracker.event(origin(4), Print::default()), Turn::Ahead);
        assert_eq!(tracker.event(origin(3), Print::default()), Turn::Ahead);
        assert_eq!(tracker.event(origin(3), Print::default()), Turn::Known);
        assert!(tracker.has_new_gap([1; 16]) && tracker.release([1; 16]).is_empty());
        assert_eq!(tracker.event(origin(2), Print::default()), Turn::Now);
        assert_eq!(tracker.release([1; 16]), [3, 4]);
        assert!(!tracker.has_new_gap([1; 16]));
        assert_eq!(tracker.event(origin(u64::MAX), Print::default()), Turn::Implausible);
        assert_eq!(tracker.event(origin(5), Print::default()), Turn::Now);
    }

    #[test]
    fn what_was_given_up_may_still_come_once() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.event(origin(7), Print::default()), Turn::Now, "taken up where it is");
        assert!(tracker.count([1; 16], 9) && !tracker.count([1; 16], u64::MAX));
        let gap = Gap {
            until: Instant(5),
            correlation: String::new(),
            message: Authentic { id: "evt-1".into(), timestamp: 0, credential: "c".into() },
        };
        tracker.wait([1; 16], gap);
        assert_eq!(tracker.next_due(), Some(Instant(5)));
        assert!(tracker.give_up(Instant(4)).is_none());
        let over = tracker.give_up(Instant(5)).unwrap();
        assert_eq!(over.all, [(8, false), (9, false)]);
        tracker.reopen(origin(8));
        assert_eq!(tracker.event(origin(8), Print::default()), Turn::Now);
        assert_eq!(tracker.event(origin(8), Print::default()), Turn::Known);
        assert_eq!(tracker.event(origin(10), Print::default()), Turn::Now);
    }

    #[test]
    fn the_highest_number_overflows_nothing() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.event(origin(u64::MAX), Print::default()), Turn::Implausible);
        assert!(!tracker.count([1; 16], u64::MAX));
        tracker.start([1; 16], u64::MAX);
        assert_eq!(tracker.event(origin(u64::MAX), Print::default()), Turn::Implausible);
        assert_eq!(tracker.event(origin(u64::MAX - 1), Print::default()), Turn::Now, "it never came");
        assert_eq!(tracker.event(origin(u64::MAX - 1), Print::default()), Turn::Known);
        assert!(tracker.release([1; 16]).is_empty() && !tracker.has_new_gap([1; 16]));
    }
}
