//! Which events of each subscription have come, and which are missing.

use super::{Origin, Subscription};
use crate::engine::time::Instant;
use crate::engine::webhook::Authentic;
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead of what came so far a number may be: a gap is filled number by number.
const FARTHEST: u64 = 1000;

/// When an event of a subscription has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is the next one, or one that was missing.
    Now,
    /// Earlier ones are missing.
    Ahead,
    /// It came before.
    Known,
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
    /// Numbers before `next` that never came, and may yet.
    pub open: BTreeSet<u64>,
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
    pub fn event(&mut self, origin: Origin) -> Turn {
        let number = origin.number;
        let track = self.0.entry(origin.subscription).or_insert_with(|| Track {
            next: number,
            last: number.saturating_sub(1),
            ..Track::default()
        });
        if number < track.next {
            return if track.open.remove(&number) { Turn::Now } else { Turn::Known };
        }
        if number == u64::MAX || number - track.next > FARTHEST {
            return Turn::Implausible;
        }
        if !track.ahead.insert(number) {
            return Turn::Known;
        }
        track.last = track.last.max(number);
        if number > track.next {
            return Turn::Ahead;
        }
        track.ahead.remove(&number);
        track.next = number.saturating_add(1);
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

    /// Takes note of a start: events are counted from here. What waits for earlier ones may go.
    pub fn start(&mut self, subscription: Subscription, since_start: u64) {
        let ahead = self.0.remove(&subscription).map(|track| track.ahead).unwrap_or_default();
        // The last number of 64 bits would have none after it.
        let since_start = since_start.min(u64::MAX - 1);
        let next = since_start.saturating_add(1);
        let last = ahead.last().copied().unwrap_or(0).max(since_start);
        self.0.insert(subscription, Track { next, last, ahead, ..Track::default() });
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
            track.open.insert(origin.number);
            // The lowest are the oldest: they are the least likely to come.
            while track.open.len() as u64 > FARTHEST {
                track.open.pop_first();
            }
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
        assert_eq!(tracker.event(origin(1)), Turn::Now);
        assert_eq!(tracker.event(origin(1)), Turn::Known);
        assert_eq!(tracker.event(origin(4)), Turn::Ahead);
        assert_eq!(tracker.event(origin(3)), Turn::Ahead);
        assert_eq!(tracker.event(origin(3)), Turn::Known);
        assert!(tracker.has_new_gap([1; 16]) && tracker.release([1; 16]).is_empty());
        assert_eq!(tracker.event(origin(2)), Turn::Now);
        assert_eq!(tracker.release([1; 16]), [3, 4]);
        assert!(!tracker.has_new_gap([1; 16]));
        assert_eq!(tracker.event(origin(u64::MAX)), Turn::Implausible);
        assert_eq!(tracker.event(origin(5)), Turn::Now);
    }

    #[test]
    fn what_was_given_up_may_still_come_once() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.event(origin(7)), Turn::Now, "taken up where it is");
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
        assert_eq!(tracker.event(origin(8)), Turn::Now);
        assert_eq!(tracker.event(origin(8)), Turn::Known);
        assert_eq!(tracker.event(origin(10)), Turn::Now);
    }

    #[test]
    fn the_highest_number_overflows_nothing() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.event(origin(u64::MAX)), Turn::Implausible);
        assert!(!tracker.count([1; 16], u64::MAX));
        tracker.start([1; 16], u64::MAX);
        assert_eq!(tracker.event(origin(u64::MAX)), Turn::Implausible);
        assert_eq!(tracker.event(origin(u64::MAX - 1)), Turn::Known);
        assert!(tracker.release([1; 16]).is_empty() && !tracker.has_new_gap([1; 16]));
    }
}
