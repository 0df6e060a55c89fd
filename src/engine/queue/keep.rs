//! The queue over a restart: each event that waits or was given up on, and each subscription, as a sealed text by a name
//! of its own; and back.
//!
//! The plain form, which never leaves the engine, is a line of JSON about what it holds and, after it, the bodies end to
//! end. Places in the order are not kept, since the setting that reads them may be another one by then.

use super::{Attempt, Content, DeadLetter, Item, Opened, Queue, StateKeys};
use crate::engine::fhir::Json;
use crate::engine::notification::{Gap, Kind, Origin, Print, Subscription, Track};
use crate::engine::phi::Phi;
use crate::engine::refusal::{Code, Place, Refusal};
use crate::engine::spelled::Spelled;
use crate::engine::time::Instant;
use crate::engine::validate;
use crate::engine::webhook::Authentic;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    line: Vec<KeptItem>,
    dead: Vec<KeptLetter>,
    tracks: Vec<KeptTrack>,
}

/// What is kept of an event's content; the numbers are lengths of bodies.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptBody {
    Event(usize),
    Refused(KeptRefusal),
    Notice(String),
    Known,
    Absent(KeptRefusal, Option<usize>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptTrack {
    subscription: String,
    next: u64,
    last: u64,
    ahead: BTreeSet<u64>,
    /// Ranges, first number and last.
    came: Vec<(u64, u64)>,
    /// By number: the keyed hashes of the reference to the focus and of the focus, in base64.
    prints: Vec<(u64, Option<String>, Option<String>)>,
    /// Until when, correlation id, and the message's id, timestamp and credential.
    gap: Option<(i64, String, String, i64, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptItem {
    /// Where it stands in line, among those that were kept with it.
    #[serde(default)]
    place: u64,
    correlation: String,
    id: String,
    timestamp: i64,
    credential: String,
    attested: bool,
    body: KeptBody,
    /// Subscription, in base64, and number.
    origin: Option<(String, u64)>,
    ahead: bool,
    event_type: Option<String>,
    /// Milliseconds since the Unix epoch, and code.
    attempts: Vec<(i64, String)>,
    earlier: usize,
    due: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLetter {
    item: KeptItem,
    why: KeptRefusal,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRefusal {
    code: String,
    path: Option<String>,
    /// Line, column, offset.
    place: Option<(u32, u32, u32)>,
}

/// What was sealed of a part when it was kept last: a hash of all but the bodies, which never change.
pub(super) type Kepts = BTreeMap<String, [u8; 32]>;

/// A part of the queue, by its name, that is kept by itself.
struct Part<'a> {
    name: String,
    kept: Kept,
    bodies: Vec<Phi<&'a [u8]>>,
}

impl Part<'_> {
    fn head(&self) -> Vec<u8> {
        // Strings and integers only: serialising can't fail.
        serde_json::to_vec(&self.kept).unwrap_or_default()
    }

    fn seal(self, keys: &StateKeys) -> Option<String> {
        let mut head = self.head();
        head.push(b'\n');
        let plain = self.bodies.into_iter().fold(Phi::new(head), |plain, body| {
            plain.join(body, |mut plain, body| {
                plain.extend_from_slice(body);
                plain
            })
        });
        keys.seal(&plain).map(|sealed| sealed.0)
    }
}

impl Queue {
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let line = self.line.iter().map(|(place, item)| {
            let mut bodies = Vec::new();
            let kept = Kept { line: vec![keep(item, *place, &mut bodies)], ..Kept::default() };
            Part { name: ["line ", &item.correlation].concat(), kept, bodies }
        });
        let dead = self.dead.iter().map(|letter| {
            let mut bodies = Vec::new();
            let item = keep(&letter.item, 0, &mut bodies);
            let letter = KeptLetter { item, why: KeptRefusal::from(&letter.why), at: letter.at.0 };
            let name = ["dead ", &letter.item.correlation].concat();
            Part { name, kept: Kept { dead: vec![letter], ..Kept::default() }, bodies }
        });
        let tracks = self.tracker.0.iter().map(|(subscription, track)| Part {
            name: ["track ", &encode(*subscription)].concat(),
            kept: Kept { tracks: vec![KeptTrack::from((subscription, track))], ..Kept::default() },
            bodies: Vec::new(),
        });
        line.chain(dead).chain(tracks)
    }

    /// The parts that have changed since this was asked last, sealed, by name; none for those that have gone.
    pub(in crate::engine) fn take_changed(&mut self, keys: &StateKeys) -> Vec<(String, Option<String>)> {
        let mut before = std::mem::take(&mut self.kept);
        let (mut now, mut changed) = (Kepts::new(), Vec::new());
        for part in self.parts() {
            let hash: [u8; 32] = Sha256::digest(part.head()).into();
            if before.remove(&part.name) != Some(hash) {
                let name = part.name.clone();
                changed.extend(part.seal(keys).map(|sealed| (name.clone(), Some(sealed))));
                now.insert(name, hash);
            } else {
                now.insert(part.name, hash);
            }
        }
        changed.extend(before.into_keys().map(|name| (name, None)));
        self.kept = now;
        changed
    }

    /// Adds what sealed texts hold, each kept by a name. Gives back those that do not open with these keys, or were
    /// changed: nothing of them is added.
    pub fn unseal(&mut self, sealed: Vec<(String, String)>, keys: &StateKeys) -> Vec<(String, String)> {
        let mut closed = Vec::new();
        let mut waiting: BTreeMap<(u64, u64), Item> = BTreeMap::new();
        for (name, text) in sealed {
            let opened = keys.open(&text);
            let Some((head, (line, dead, tracks))) = opened.as_ref().and_then(read) else {
                closed.push((name, text));
                continue;
            };
            for (subscription, track) in tracks {
                self.tracker.0.entry(subscription).or_insert(track);
            }
            for (place, item) in line {
                waiting.insert((place, waiting.len() as u64), item);
            }
            for letter in dead {
                self.bytes = self.bytes.saturating_add(letter.item.bytes);
                self.dead.push(letter);
            }
            // What it holds is written anew, by names of its own, where it is not just as it was.
            self.kept.insert(name, Sha256::digest(head).into());
        }
        for ((place, _), item) in waiting {
            self.next_place = self.next_place.max(place);
            self.push(item);
        }
        closed
    }
}

fn keep<'a>(item: &'a Item, place: u64, bodies: &mut Vec<Phi<&'a [u8]>>) -> KeptItem {
    let mut add = |body: Phi<&'a [u8]>| {
        let length = body.len();
        bodies.push(body);
        length
    };
    let text = |json: &'a Phi<Json>| json.as_ref().map(|json| json.text().as_bytes());
    let body = match &item.content {
        Content::Raw(body) => KeptBody::Event(add(body.as_ref().map(Vec::as_slice))),
        Content::Event(json) => KeptBody::Event(add(text(json))),
        Content::Refused(refusal) => KeptBody::Refused(refusal.into()),
        Content::Notice(kind) => KeptBody::Notice(kind.as_str().to_owned()),
        Content::Known => KeptBody::Known,
        Content::Absent(refusal, json) => {
            KeptBody::Absent(refusal.into(), json.as_ref().map(|json| add(text(json))))
        }
    };
    KeptItem {
        place,
        correlation: item.correlation.clone(),
        id: item.message.id.clone(),
        timestamp: item.message.timestamp,
        credential: item.message.credential.clone(),
        attested: item.attested,
        body,
        origin: item.origin.map(|o| (encode(o.subscription), o.number)),
        ahead: item.ahead,
        event_type: item.event_type.clone(),
        attempts: item.attempts.iter().map(|a| (a.at.0, a.code.as_str().to_owned())).collect(),
        earlier: item.earlier,
        due: item.due.0,
    }
}

/// What waits, what was given up on, and the subscriptions.
type State = (Vec<(u64, Item)>, Vec<DeadLetter>, Vec<(Subscription, Track)>);

/// Reads the plain form: its head, and what it holds. The bodies are taken into protection at once.
fn read(opened: &Opened) -> Option<(&[u8], State)> {
    let plain = opened.bytes();
    let end = plain.iter().position(|byte| *byte == b'\n')?;
    let (head, mut bodies) = plain.split_at_checked(end)?;
    bodies = bodies.get(1..)?;
    let kept: Kept = serde_json::from_slice(head).ok()?;
    let line = kept.line.into_iter().map(|item| Some((item.place, restore(item, &mut bodies, opened)?)));
    let line: Option<Vec<(u64, Item)>> = line.collect();
    let dead: Option<Vec<DeadLetter>> = kept
        .dead
        .into_iter()
        .map(|letter| {
            let item = restore(letter.item, &mut bodies, opened)?;
            Some(DeadLetter { item, why: letter.why.read(opened)?, at: Instant(letter.at) })
        })
        .collect();
    let tracks: Option<Vec<_>> = kept.tracks.into_iter().map(KeptTrack::read).collect();
    bodies.is_empty().then_some((head, (line?, dead?, tracks?)))
}

fn restore(kept: KeptItem, bodies: &mut &[u8], opened: &Opened) -> Option<Item> {
    let mut take = |length: usize| {
        let (body, rest) = bodies.split_at_checked(length)?;
        *bodies = rest;
        Some(Phi::new(body.to_vec()))
    };
    let content = match kept.body {
        KeptBody::Event(length) => Content::Raw(take(length)?),
        KeptBody::Refused(refusal) => Content::Refused(refusal.read(opened)?),
        KeptBody::Notice(kind) => Content::Notice(Kind::ALL.into_iter().find(|k| k.as_str() == kind)?),
        KeptBody::Known => Content::Known,
        KeptBody::Absent(refusal, length) => {
            let json = match length {
                Some(length) => Some(Arc::new(validate::read(take(length)?).ok()?)),
                None => None,
            };
            Content::Absent(refusal.read(opened)?, json)
        }
    };
    let attempts: Option<Vec<Attempt>> = kept
        .attempts
        .into_iter()
        .map(|(at, code)| Some(Attempt { at: Instant(at), code: Code::parse(&code)? }))
        .collect();
    let message = Authentic { id: kept.id, timestamp: kept.timestamp, credential: kept.credential };
    let origin = match kept.origin {
        Some((name, number)) => Some(Origin { subscription: decode(&name)?, number }),
        None => None,
    };
    Some(Item {
        attested: kept.attested,
        origin,
        ahead: kept.ahead,
        event_type: kept.event_type,
        attempts: attempts?,
        earlier: kept.earlier,
        ..Item::new(kept.correlation, message, content, Instant(kept.due))
    })
}

fn encode(hash: [u8; 16]) -> String {
    STANDARD_NO_PAD.encode(hash)
}

fn decode(text: &str) -> Option<[u8; 16]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

impl From<(&Subscription, &Track)> for KeptTrack {
    fn from((subscription, track): (&Subscription, &Track)) -> Self {
        let gap = track.gap.as_ref().map(|gap| {
            let Authentic { id, timestamp, credential } = gap.message.clone();
            (gap.until.0, gap.correlation.clone(), id, timestamp, credential)
        });
        Self {
            subscription: encode(*subscription),
            next: track.next,
            last: track.last,
            ahead: track.ahead.clone(),
            came: track.came.ranges().collect(),
            prints: track
                .prints
                .iter()
                .map(|(n, p)| (*n, p.focus.map(encode), p.resource.map(encode)))
                .collect(),
            gap,
        }
    }
}

impl KeptTrack {
    fn read(self) -> Option<(Subscription, Track)> {
        let gap = self.gap.map(|(until, correlation, id, timestamp, credential)| Gap {
            until: Instant(until),
            correlation,
            message: Authentic { id, timestamp, credential },
        });
        let hash = |text: Option<String>| match text {
            Some(text) => decode(&text).map(Some),
            None => Some(None),
        };
        let print = |(number, focus, resource)| {
            Some((number, Print { focus: hash(focus)?, resource: hash(resource)? }))
        };
        let prints = self.prints.into_iter().map(print).collect::<Option<_>>()?;
        let came = self.came.into_iter().collect();
        let Self { next, last, ahead, .. } = self;
        Some((decode(&self.subscription)?, Track { next, last, ahead, came, prints, gap }))
    }
}

impl From<&Refusal> for KeptRefusal {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.as_str().to_owned(),
            path: refusal.path.clone().map(String::from),
            place: refusal.place.map(|place| (place.line, place.column, place.offset)),
        }
    }
}

impl KeptRefusal {
    fn read(self, opened: &Opened) -> Option<Refusal> {
        let place = self.place.map(|(line, column, offset)| Place { line, column, offset });
        Some(Refusal {
            code: Code::parse(&self.code)?,
            path: self.path.map(|path| Spelled::opened(path, opened)),
            place,
        })
    }
}
