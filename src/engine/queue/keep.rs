//! The queue over a restart: its whole state as one sealed text, and back.
//!
//! The plain form, which never leaves the engine, is a line of JSON about the events and, after it, their bodies end
//! to end. Places in the order are not kept, since the setting that reads them may be another one by then.

use super::{Attempt, Content, DeadLetter, Item, Queue, StateKeys};
use crate::engine::phi::Phi;
use crate::engine::refusal::{Code, Place, Refusal};
use crate::engine::time::Instant;
use crate::engine::webhook::Authentic;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    line: Vec<KeptItem>,
    dead: Vec<KeptLetter>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptItem {
    correlation: String,
    id: String,
    timestamp: i64,
    credential: String,
    attested: bool,
    /// Length of the body; none where the event can't be read, and why.
    body: Result<usize, KeptRefusal>,
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

impl Queue {
    /// The whole state, sealed; none where there is nothing to keep.
    pub fn seal(&self, keys: &StateKeys) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut bodies = Vec::new();
        let line = self.line.values().map(|item| keep(item, &mut bodies)).collect();
        let dead = self.dead.iter().map(|letter| KeptLetter {
            item: keep(&letter.item, &mut bodies),
            why: KeptRefusal::from(&letter.why),
            at: letter.at.0,
        });
        let kept = Kept { line, dead: dead.collect() };
        // Strings and integers only: serialising can't fail.
        let mut head = serde_json::to_vec(&kept).unwrap_or_default();
        head.push(b'\n');
        let plain = bodies.into_iter().fold(Phi::new(head), |plain, body| {
            plain.join(body, |mut plain, body| {
                plain.extend_from_slice(body);
                plain
            })
        });
        keys.seal(&plain).map(|sealed| sealed.0)
    }

    /// Adds what a sealed text holds. False where it does not open with these keys, or was changed: then nothing
    /// is added.
    pub fn unseal(&mut self, sealed: &str, keys: &StateKeys) -> bool {
        let Some((line, dead)) = keys.open(sealed).and_then(|plain| read(&plain)) else { return false };
        line.into_iter().for_each(|item| self.push(item));
        for letter in dead {
            self.bytes = self.bytes.saturating_add(letter.item.bytes);
            self.dead.push(letter);
        }
        true
    }
}

fn keep<'a>(item: &'a Item, bodies: &mut Vec<Phi<&'a [u8]>>) -> KeptItem {
    let body = match &item.content {
        Content::Raw(body) => Ok(body.as_ref().map(Vec::as_slice)),
        Content::Event(json) => Ok((**json).as_ref().map(|json| json.text().as_bytes())),
        Content::Refused(refusal) => Err(KeptRefusal::from(refusal)),
    };
    KeptItem {
        correlation: item.correlation.clone(),
        id: item.message.id.clone(),
        timestamp: item.message.timestamp,
        credential: item.message.credential.clone(),
        attested: item.attested,
        body: body.map(|body| {
            let length = body.len();
            bodies.push(body);
            length
        }),
        event_type: item.event_type.clone(),
        attempts: item.attempts.iter().map(|a| (a.at.0, a.code.as_str().to_owned())).collect(),
        earlier: item.earlier,
        due: item.due.0,
    }
}

/// Reads the plain form; the bodies are taken into protection at once.
fn read(plain: &[u8]) -> Option<(Vec<Item>, Vec<DeadLetter>)> {
    let end = plain.iter().position(|byte| *byte == b'\n')?;
    let (head, mut bodies) = plain.split_at_checked(end)?;
    bodies = bodies.get(1..)?;
    let kept: Kept = serde_json::from_slice(head).ok()?;
    let line: Option<Vec<Item>> = kept.line.into_iter().map(|item| restore(item, &mut bodies)).collect();
    let dead: Option<Vec<DeadLetter>> = kept
        .dead
        .into_iter()
        .map(|letter| {
            let item = restore(letter.item, &mut bodies)?;
            Some(DeadLetter { item, why: letter.why.read()?, at: Instant(letter.at) })
        })
        .collect();
    bodies.is_empty().then_some((line?, dead?))
}

fn restore(kept: KeptItem, bodies: &mut &[u8]) -> Option<Item> {
    let (content, bytes) = match kept.body {
        Ok(length) => {
            let (body, rest) = bodies.split_at_checked(length)?;
            *bodies = rest;
            (Content::Raw(Phi::new(body.to_vec())), length)
        }
        Err(refusal) => (Content::Refused(refusal.read()?), 0),
    };
    let attempts: Option<Vec<Attempt>> = kept
        .attempts
        .into_iter()
        .map(|(at, code)| Some(Attempt { at: Instant(at), code: Code::parse(&code)? }))
        .collect();
    Some(Item {
        correlation: kept.correlation,
        message: Authentic { id: kept.id, timestamp: kept.timestamp, credential: kept.credential },
        attested: kept.attested,
        content,
        order: None,
        event_type: kept.event_type,
        attempts: attempts?,
        earlier: kept.earlier,
        due: Instant(kept.due),
        bytes,
    })
}

impl From<&Refusal> for KeptRefusal {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.as_str().to_owned(),
            path: refusal.path.clone(),
            place: refusal.place.map(|place| (place.line, place.column, place.offset)),
        }
    }
}

impl KeptRefusal {
    fn read(self) -> Option<Refusal> {
        let place = self.place.map(|(line, column, offset)| Place { line, column, offset });
        Some(Refusal { code: Code::parse(&self.code)?, path: self.path, place })
    }
}
