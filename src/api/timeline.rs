//! The stored form of a session and its verification.

use super::CrmRecord;
use crate::engine::audit::{self, Hash, Head, Kept, Log, hex};
use crate::engine::deliver::{self, CrmZone};
use crate::engine::time::Instant;
use crate::engine::webhook::{Accepted, ContentHash, Seen};
use crate::engine::{Connector, Learned, Remembered};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Records a storage segment holds at most, so that each write stays small.
pub const SEGMENT_RECORDS: usize = 32;

/// What storage held when the page opened, as read: texts, not yet trusted.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The head's text, `{"size":…,"root":"…"}`.
    pub head: Option<String>,
    /// The segments in order; a missing one is `None`. Each is lines of `leafhash TAB record`.
    pub segments: Vec<Option<String>>,
    /// The CRM demo zone's text.
    pub crm: Option<String>,
    /// The text of the event ids already seen.
    pub seen: Option<String>,
    /// The queue, sealed. Absent where nothing waits, and in what was stored before there was one.
    pub queue: Option<String>,
    /// What events have taught the connector of consents, merges and versions, as text.
    pub learned: Option<String>,
}

/// What has to be written to make storage hold the session. Write in this order, the head last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// Segment number and its whole new text.
    pub segments: Vec<(usize, String)>,
    /// The CRM demo zone.
    pub crm: String,
    /// The event ids already seen, with the time until which each is kept.
    pub seen: String,
    /// The queue, sealed; empty where nothing waits.
    pub queue: String,
    /// What events have taught the connector: consents by pseudonym, merges, versions seen.
    pub learned: String,
    /// The head.
    pub head: String,
}

/// One thing wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Sequence number of the record at fault, where one can be named.
    pub index: Option<u64>,
    /// What is wrong with it.
    pub what: String,
}

/// The result of recomputing a log from what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether every record and the root are as they were written.
    pub verified: bool,
    /// Number of records read.
    pub size: u64,
    /// Root recomputed from the stored records, lower-case hex.
    pub root: String,
    /// What is wrong, in log order.
    pub faults: Vec<Fault>,
}

/// Recomputes a stored log: each record's leaf hash, the root, and the head they must match.
pub fn verify(stored: &Stored) -> Verification {
    restore(stored).1
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredHead {
    /// SHA-256 of the text of what events have taught, in hex.
    learned: Option<String>,
    /// SHA-256 of the queue's text, in hex; none where it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    received: u64,
    root: String,
    size: u64,
}

/// What storage holds, as far as it can be read, and what is wrong with it.
pub(super) fn restore(stored: &Stored) -> (Remembered, Verification) {
    let mut faults = Vec::new();
    let mut about_all = |what: &str| faults.push(Fault { index: None, what: what.to_owned() });

    let head: Option<StoredHead> = stored.head.as_deref().and_then(|text| serde_json::from_str(text).ok());
    if stored.head.is_some() && head.is_none() {
        about_all("The head of the log can't be read.");
    }
    let mut lines: Vec<(Option<Hash>, &str)> = Vec::new();
    for (number, segment) in stored.segments.iter().enumerate() {
        match segment {
            Some(segment) => lines.extend(segment.lines().map(split)),
            None => about_all(&format!("Segment {number} is missing.")),
        }
    }
    let parts = [
        ("head", &stored.head),
        ("CRM demo zone", &stored.crm),
        ("list of ids seen", &stored.seen),
        ("list of what events have taught", &stored.learned),
    ];
    if parts.iter().any(|(_, part)| part.is_some()) {
        for (name, _) in parts.iter().filter(|(_, part)| part.is_none()) {
            about_all(&format!("The {name} is missing."));
        }
    }
    let crm = read_or(&stored.crm, || about_all("The CRM demo zone can't be read."), read_crm);
    let seen = read_or(&stored.seen, || about_all("The ids already seen can't be read."), read_seen);
    let learned =
        read_or(&stored.learned, || about_all("What events have taught can't be read."), Learned::parse);

    if head.as_ref().is_some_and(|head| head.learned != digest(stored.learned.as_deref().unwrap_or_default()))
    {
        about_all("What events have taught is not as it was written.");
    }

    let queue = stored.queue.clone().unwrap_or_default();
    if head.as_ref().is_some_and(|head| head.queue != digest(&queue)) {
        about_all("The queue is not as it was written.");
    }

    let log_head = head.as_ref().map(|head| Head { size: head.size, root: head.root.clone() });
    let kept = lines.iter().map(|(leaf, text)| Kept { text, leaf: *leaf });
    let verified = audit::verify(kept, log_head.as_ref());
    faults.extend(verified.faults.into_iter().map(|fault| Fault { index: fault.index, what: fault.what }));

    let mut log = Log::default();
    for (leaf, text) in lines {
        log.restore(leaf.unwrap_or_else(|| audit::leaf_hash(text.as_bytes())), text.to_owned());
    }
    // The records count as much as the head: a writer that was stopped before it wrote the head leaves runs
    // that the head does not count.
    let latest = log.lines(0).iter().filter_map(|(_, text)| run_number(text)).max();
    let received = head.map_or(0, |head| head.received).max(latest.unwrap_or(0));
    let verification =
        Verification { verified: faults.is_empty(), size: verified.size, root: hex(&verified.root), faults };
    (Remembered { seen, crm, log, learned, received, queue }, verification)
}

/// The number of the run that a record belongs to. A quote inside a JSON string is escaped, so the key is found as
/// text.
fn run_number(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("\"correlation\":\"run-")?;
    rest.split(['"', '.']).next()?.parse().ok()
}

fn digest(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| hex(&Sha256::digest(text.as_bytes())))
}

fn split(line: &str) -> (Option<Hash>, &str) {
    match line.split_once('\t') {
        Some((leaf, text)) => {
            let leaf = STANDARD_NO_PAD.decode(leaf).ok().and_then(|bytes| Hash::try_from(bytes).ok());
            (leaf, text)
        }
        None => (None, line),
    }
}

fn read_or<T: Default>(
    text: &Option<String>,
    mut unreadable: impl FnMut(),
    read: impl Fn(&str) -> Option<T>,
) -> T {
    let Some(text) = text else { return T::default() };
    read(text).unwrap_or_else(|| {
        unreadable();
        T::default()
    })
}

fn read_crm(text: &str) -> Option<CrmZone> {
    let records: Vec<CrmRecord> = serde_json::from_str(text).ok()?;
    let records: Option<Vec<deliver::CrmRecord>> = records
        .into_iter()
        .map(|record| {
            let fields = record.fields.into_iter();
            Some(deliver::CrmRecord {
                object: record.object,
                key: record.key,
                version: record.version,
                fields: fields.map(|f| deliver::CrmField { name: f.name, value: f.value }).collect(),
                written: Instant::parse(&record.written)?,
                correlation: record.correlation,
            })
        })
        .collect();
    records.map(CrmZone::restore)
}

/// An id already accepted, as it is stored: source, id, kept until (Unix seconds), the content's SHA-256 in base64, and
/// the id of the assertion that it came with.
type SeenRow = (String, String, i64, Option<String>, Option<String>);

fn read_seen(text: &str) -> Option<Seen> {
    let mut seen = Seen::default();
    // Before contents were kept, a row ended after its time.
    if let Ok(rows) = serde_json::from_str::<Vec<(String, String, i64)>>(text) {
        for (source, id, until) in rows {
            seen.restore(&source, &id, Accepted { until, content: None, assertion: None });
        }
        return Some(seen);
    }
    for (source, id, until, content, assertion) in serde_json::from_str::<Vec<SeenRow>>(text).ok()? {
        let content = match content {
            None => None,
            Some(text) => Some(ContentHash(STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()?)),
        };
        seen.restore(&source, &id, Accepted { until, content, assertion });
    }
    Some(seen)
}

fn write_seen(seen: &Seen) -> String {
    let rows = seen.iter().map(|(source, id, accepted)| {
        let content = accepted.content.map(|hash| STANDARD_NO_PAD.encode(hash.0));
        (source, id, accepted.until, content, accepted.assertion.as_deref())
    });
    // Strings and integers only: serialising can't fail.
    serde_json::to_string(&rows.collect::<Vec<_>>()).unwrap_or_default()
}

/// What to write so that storage, which holds the first `stored` records, holds all. Only the segments that
/// grow are written.
pub(super) fn save(connector: &Connector, crm: &[CrmRecord], stored: usize) -> Save {
    let first = stored / SEGMENT_RECORDS;
    let lines = connector.log().lines(first * SEGMENT_RECORDS);
    let segments = lines.chunks(SEGMENT_RECORDS).enumerate().map(|(n, chunk)| {
        let mut text = String::new();
        for (leaf, record) in chunk {
            text.push_str(&STANDARD_NO_PAD.encode(leaf));
            text.push('\t');
            text.push_str(record);
            text.push('\n');
        }
        (first + n, text)
    });
    let queue = connector.kept_queue();
    let learned = connector.learned().to_text();
    let head = StoredHead {
        learned: digest(&learned),
        queue: digest(&queue),
        received: connector.received(),
        root: hex(&connector.log().root()),
        size: connector.log().size(),
    };
    // Strings and integers only: serialising can't fail.
    Save {
        segments: segments.collect(),
        crm: serde_json::to_string(crm).unwrap_or_default(),
        seen: write_seen(connector.seen()),
        queue,
        learned,
        head: serde_json::to_string(&head).unwrap_or_default(),
    }
}
