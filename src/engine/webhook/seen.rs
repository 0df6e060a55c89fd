//! What was accepted already: event ids with their content, and the ids of the assertions they came with, all as keyed
//! hashes.

use super::super::time::Instant;
use super::signature::content;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long an id is kept after its timestamp. A message dated 300 s ahead stays valid for almost 600 s, and
/// a sender that retries by the specification's schedule comes back for the last time after 75 h 35 min.
const KEEP_SECONDS: i64 = 76 * 3600;

/// Ids that are kept at once. None is forgotten before its time: when there is no room, the sender waits.
const CAPACITY: usize = 1 << 20;

/// A SHA-256: of a raw body, or of what is signed of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Of a body.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// Of what Standard Webhooks signs, `{id}.{timestamp}.{body}`.
    pub fn of_signed(id: &str, timestamp: &str, body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        content(id, timestamp, body).iter().for_each(|part| hasher.update(part));
        Self(hasher.finalize().into())
    }
}

/// An accepted id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Until when it is kept, in Unix seconds.
    pub until: i64,
    /// What came with it; none for one that was stored before contents were.
    pub content: Option<ContentHash>,
    /// The id of the assertion (`jti`) that it came with.
    pub assertion: Option<String>,
}

/// How a message compares with what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Its id is new.
    New,
    /// The same came before.
    Same,
    /// Another content came under this id.
    Other,
}

/// Event ids already accepted, per source. Ids, those of assertions too, come as keyed hashes.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    sources: BTreeMap<String, OfSource>,
    /// Source and id of what came or went since [`Seen::take_changed`] was asked.
    changed: BTreeSet<(String, Arc<str>)>,
}

#[derive(Clone, Debug, Default)]
struct OfSource {
    ids: BTreeMap<Arc<str>, Accepted>,
    assertions: BTreeSet<String>,
    /// The ids by the time until which they are kept, so that the oldest are found without a search.
    ends: BTreeSet<(i64, Arc<str>)>,
}

impl Seen {
    /// Whether this id came before.
    pub fn contains(&self, source: &str, id: &str) -> bool {
        self.sources.get(source).is_some_and(|own| own.ids.contains_key(id))
    }

    /// How an id and a content compare with what came before.
    pub fn compare(&self, source: &str, id: &str, content: &ContentHash) -> Before {
        match self.sources.get(source).and_then(|own| own.ids.get(id)) {
            None => Before::New,
            Some(Accepted { content: Some(own), .. }) if own != content => Before::Other,
            Some(_) => Before::Same,
        }
    }

    /// Whether an assertion of this id came with an accepted message.
    pub fn has_assertion(&self, source: &str, assertion: &str) -> bool {
        self.sources.get(source).is_some_and(|own| own.assertions.contains(assertion))
    }

    /// Whether a source's next id can be kept.
    ///
    /// # Errors
    /// Whole seconds after `now` until one can, at least 1.
    pub fn has_room(&self, source: &str, now: Instant) -> Result<(), u64> {
        match self
            .sources
            .get(source)
            .filter(|own| own.ids.len() >= CAPACITY)
            .and_then(|own| own.ends.first())
        {
            None => Ok(()),
            Some((until, _)) => {
                Err(u64::try_from(until.saturating_sub(now.seconds()).saturating_add(1)).unwrap_or(1).max(1))
            }
        }
    }

    /// Remembers a message for as long as it, or a retry of it, could come again. An assertion that came with it
    /// is bound to its timestamp, and stays out for as long.
    pub fn insert(
        &mut self,
        source: &str,
        id: &str,
        timestamp: i64,
        content: ContentHash,
        assertion: Option<String>,
        now: Instant,
    ) {
        let until = timestamp.max(now.seconds()).saturating_add(KEEP_SECONDS);
        self.changed.insert((source.to_owned(), id.into()));
        self.restore(source, id, Accepted { until, content: Some(content), assertion });
    }

    /// Puts a remembered id back.
    pub fn restore(&mut self, source: &str, id: &str, accepted: Accepted) {
        let own = match self.sources.get_mut(source) {
            Some(own) => own,
            None => self.sources.entry(source.to_owned()).or_default(),
        };
        own.forget(id);
        let id: Arc<str> = id.into();
        own.assertions.extend(accepted.assertion.clone());
        own.ends.insert((accepted.until, Arc::clone(&id)));
        own.ids.insert(id, accepted);
    }

    /// Forgets an id, so that its event may be sent again.
    pub fn forget(&mut self, source: &str, id: &str) {
        if let Some(own) = self.sources.get_mut(source) {
            self.changed.insert((source.to_owned(), id.into()));
            own.forget(id);
        }
    }

    /// Forgets what need not be kept at `now`.
    pub fn prune(&mut self, now: Instant) {
        for (source, own) in &mut self.sources {
            while let Some(id) = own.ends.first().filter(|(until, _)| *until < now.seconds()) {
                let id = Arc::clone(&id.1);
                own.forget(&id);
                self.changed.insert((source.clone(), id));
            }
        }
    }

    /// What is known of an id.
    pub(in crate::engine) fn get(&self, source: &str, id: &str) -> Option<&Accepted> {
        self.sources.get(source)?.ids.get(id)
    }

    /// Source and id of what came or went since this was asked last.
    pub(in crate::engine) fn take_changed(&mut self) -> BTreeSet<(String, Arc<str>)> {
        std::mem::take(&mut self.changed)
    }

    /// All of them, by source and id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Accepted)> {
        let each = self.sources.iter();
        each.flat_map(|(source, own)| own.ids.iter().map(|(id, accepted)| (source.as_str(), &**id, accepted)))
    }
}

impl OfSource {
    fn forget(&mut self, id: &str) {
        if let Some((id, accepted)) = self.ids.remove_entry(id) {
            if let Some(assertion) = &accepted.assertion {
                self.assertions.remove(assertion);
            }
            self.ends.remove(&(accepted.until, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(seen: &Seen) -> (usize, usize, usize) {
        seen.sources.get("A").map_or((0, 0, 0), |own| (own.ids.len(), own.ends.len(), own.assertions.len()))
    }

    fn is_bare(seen: &Seen) -> bool {
        sizes(seen) == (0, 0, 0)
    }

    #[test]
    fn an_id_is_kept_for_the_whole_retry_schedule_and_its_assertion_with_it() {
        let mut seen = Seen::default();
        let content = ContentHash::of(b"{}");
        seen.insert("A", "evt-1", 300, content, Some("jti-1".to_owned()), Instant(0));
        let last = (300 + KEEP_SECONDS) * 1000;
        seen.prune(Instant(last));
        assert_eq!(seen.compare("A", "evt-1", &content), Before::Same);
        assert_eq!(seen.compare("A", "evt-1", &ContentHash::of(b"[]")), Before::Other);
        assert_eq!(seen.compare("B", "evt-1", &content), Before::New);
        assert!(seen.has_assertion("A", "jti-1") && !seen.has_assertion("B", "jti-1"));
        seen.prune(Instant(last + 1000));
        assert!(is_bare(&seen));
    }

    #[test]
    fn forgetting_or_restoring_leaves_no_trace() {
        let mut seen = Seen::default();
        let accepted = |until| Accepted { until, content: None, assertion: Some("jti-1".to_owned()) };
        seen.restore("A", "evt-1", accepted(10));
        seen.restore("A", "evt-1", accepted(20));
        assert_eq!(sizes(&seen), (1, 1, 1));
        assert_eq!(
            seen.compare("A", "evt-1", &ContentHash::of(b"")),
            Before::Same,
            "its content is not known"
        );
        seen.forget("A", "evt-1");
        seen.forget("A", "evt-2");
        assert!(is_bare(&seen));
    }

    #[test]
    fn it_stays_bounded_over_100_000_messages_as_time_passes() {
        let mut seen = Seen::default();
        let mut most = 0;
        for n in 0..100_000_i64 {
            let now = Instant(n * 60_000);
            seen.prune(now);
            let jti = Some(format!("jti-{n}"));
            seen.insert("A", &format!("evt-{n}"), now.seconds(), ContentHash::of(&[]), jti, now);
            most = most.max(sizes(&seen).0);
        }
        assert_eq!(most, usize::try_from(KEEP_SECONDS / 60).unwrap() + 1);
        assert_eq!(sizes(&seen), (most, most, most));
    }
}
