//! The connector's work on notifications: their events enter the line in order, and gaps are waited on and filled.

use super::{Event, Gap, Kind, Notification, Origin, Over, Subscription, Turn, gather};
use crate::engine::audit::{Fact, Movement};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::phi::Phi;
use crate::engine::queue::{Content, Item};
use crate::engine::refusal::{Code, Refusal};
use crate::engine::time::Instant;
use crate::engine::{Connector, validate};
use crate::order;
use std::sync::Arc;

impl Connector {
    /// Puts a notification's events into the queue in place of the delivery that brought them.
    pub(in crate::engine) fn take_notification(
        &mut self,
        item: Item,
        json: Arc<Phi<Json>>,
        notification: &Notification,
        now: Instant,
    ) {
        let subscription = notification.subscription;
        if notification.failing {
            let code = Some(Code::SubscriptionFailing);
            self.operate(Movement::SenderFailing, &item.correlation, code, now, None);
        }
        let mut plausible = true;
        match (notification.kind, notification.since_start) {
            (Kind::Handshake, since) => self.queue.tracker.start(subscription, since.unwrap_or(0)),
            // The count of an event notification may run ahead of its events: only the idle kinds say that nothing
            // is under way.
            (Kind::Heartbeat | Kind::QueryStatus, Some(since)) => {
                plausible = self.queue.tracker.count(subscription, since);
            }
            _ => {}
        }
        let several = notification.events.len() > 1;
        let mut events = notification.events.clone();
        order::by(&mut events, |event| event.number);
        let mut fetched: u64 = 0;
        for (n, event) in events.iter().enumerate() {
            let correlation = match several {
                true => format!("{}.{}", item.correlation, n.saturating_add(1)),
                false => item.correlation.clone(),
            };
            fetched += u64::from(self.take_event(&item, correlation, &json, notification, event, now));
        }
        if several || fetched > 0 {
            self.note(&self.name_run(&item), Fact::Unpacked, now, |record| {
                record.events = Some(events.len() as u64);
                record.fetched = Some(fetched);
            });
        }
        if events.is_empty() {
            let content = if plausible {
                Content::Notice(notification.kind)
            } else {
                Content::Refused(Refusal::new(Code::NotificationNumberImplausible))
            };
            self.queue.push(item.part(item.correlation.clone(), content));
        }
        self.release(subscription, now);
        if self.queue.tracker.has_new_gap(subscription) {
            let until = Instant(now.0.saturating_add(self.setting.gap_wait));
            let code = Some(Code::NotificationGap);
            self.operate(Movement::GapSeen, &item.correlation, code, now, Some((0, until)));
            self.queue.hold_until(subscription, until);
            let (correlation, message) = (item.correlation, item.message);
            self.queue.tracker.wait(subscription, Gap { until, correlation, message });
        }
    }

    /// Puts an event into the queue, and says whether it was fetched.
    fn take_event(
        &mut self,
        delivery: &Item,
        correlation: String,
        json: &Arc<Phi<Json>>,
        notification: &Notification,
        event: &Event,
        now: Instant,
    ) -> bool {
        let number = event.number;
        let origin = Origin { subscription: notification.subscription, number };
        let turn = self.queue.tracker.event(origin, event.print);
        let content = match turn {
            Turn::Known => Content::Known,
            Turn::Conflict => Content::Refused(Refusal::new(Code::NotificationEventConflict)),
            Turn::Implausible => Content::Refused(Refusal::new(Code::NotificationNumberImplausible)),
            Turn::Now | Turn::Ahead => self.content_of(origin, Some((Arc::clone(json), notification))),
        };
        let mut part = delivery.part(correlation, content);
        let held = notification.events.iter().any(|e| e.number == number && e.resource.is_some());
        let fetched = !held && matches!(part.content, Content::Event(_));
        if fetched {
            self.note(&self.name_run(&part), Fact::Fetched, now, |_| {});
        }
        part.origin = Some(origin);
        part.ahead = turn == Turn::Ahead;
        if turn == Turn::Ahead
            && let Some(gap) = self.queue.tracker.0.get(&origin.subscription).and_then(|t| t.gap.as_ref())
        {
            part.due = gap.until;
        }
        if turn == Turn::Now
            && let Some(letter) = self.queue.take_absent(origin)
        {
            // What was given up for missing came after all.
            self.operate(Movement::ArrivedLate, &letter.item.correlation, None, now, None);
        }
        self.queue.push(part);
        self.release(origin.subscription, now);
        fetched
    }

    /// An event's content: put together from what brought it and the EHR sandbox.
    fn content_of(&self, origin: Origin, brought: Option<(Arc<Phi<Json>>, &Notification)>) -> Content {
        let (ehr, keys) = (self.setting.ehr.as_deref(), &self.setting.state_keys);
        let by = brought.as_ref().map(|(json, notification)| (&**json, *notification));
        match gather(by, ehr, origin, keys).map(validate::read) {
            Some(Ok(json)) => Content::Event(Arc::new(json)),
            Some(Err(refusal)) => Content::Refused(refusal),
            None => Content::Absent(
                Refusal::new(Code::NotificationEventUnavailable),
                brought.map(|(json, _)| json),
            ),
        }
    }

    /// Looks once more for an event that could not be had.
    pub(in crate::engine) fn look_again(&self, item: &mut Item) {
        let (Content::Absent(_, brought), Some(origin)) = (&item.content, item.origin) else { return };
        let brought = brought.clone().and_then(|json| {
            let read = super::read(&json, NodeId::ROOT, &self.setting.state_keys);
            read.and_then(Result::ok).map(|notification| (json, notification))
        });
        item.hold(self.content_of(origin, brought.as_ref().map(|(json, read)| (Arc::clone(json), read))));
    }

    /// Lets the events go whose turn has come.
    fn release(&mut self, subscription: Subscription, now: Instant) {
        for number in self.queue.tracker.release(subscription) {
            self.queue.let_go(Origin { subscription, number }, now);
        }
    }

    /// Ends the waits for gaps that are over: what is missing is fetched, and all go in order.
    pub(in crate::engine) fn close_gaps(&mut self, now: Instant) {
        while let Some(Over { subscription, gap, all }) = self.queue.tracker.give_up(now) {
            for (number, came) in all {
                let origin = Origin { subscription, number };
                if came {
                    self.queue.let_go(origin, now);
                    continue;
                }
                let mut item = Item::new(
                    format!("{}.gap-{number}", gap.correlation),
                    gap.message.clone(),
                    self.content_of(origin, None),
                    gap.until,
                );
                item.origin = Some(origin);
                item.attested = self.attested;
                let found = matches!(item.content, Content::Event(_));
                let fact = if found { Fact::Fetched } else { Fact::Missing };
                self.note(&self.name_run(&item), fact, now, |_| {});
                self.queue.push(item);
            }
        }
    }
}
