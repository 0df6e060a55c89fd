//! Writing a bundle: a header, a leaf hash a line, a record a line.

use super::{ConsentReference, DeletedSegment, FORMAT, PolicyReference, VERSION};
use crate::api::Session;
use crate::api::archive::{Archive, SEGMENT_RECORDS};
use crate::api::store::{Gone, Sealed, Store};
use crate::engine::audit::checkpoint::Checkpoint;
use crate::engine::audit::note::{NoteKey, SigningNoteKey};
use crate::engine::audit::{AuditRecord, Nodes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What wrote a bundle: the engine's version, and its build where there is one.
const BUILD: &str = match option_env!("AIRLOCK_BUILD") {
    Some(build) => build,
    None => "",
};

/// What a bundle is written from.
pub struct EvidenceSource<'a> {
    /// The records.
    pub archive: &'a Archive,
    /// Which log it is.
    pub origin: &'a str,
    /// The keys that have signed for it, oldest first; the last is the one that signs now.
    pub keys: Vec<NoteKey>,
    /// Signed checkpoints (c2sp.org/tlog-checkpoint), the latest at least.
    pub checkpoints: Vec<String>,
    /// What is known of its sealed segments, by their number.
    pub sealed: &'a dyn Fn(u64) -> Option<Sealed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    format: &'a str,
    schema_version: u32,
    build: String,
    origin: &'a str,
    keys: &'a [String],
    checkpoints: &'a [String],
    policies: &'a BTreeSet<PolicyReference>,
    consents: &'a BTreeSet<ConsentReference>,
    deleted: &'a [DeletedSegment],
}

/// A bundle on its way to be written, a stretch of records at a time. A bundle is three texts, one after the other: head,
/// leaf hashes, records; the first is known when the others are written.
#[derive(Clone, Debug)]
pub struct EvidenceWriter {
    origin: String,
    keys: Vec<String>,
    checkpoints: Vec<String>,
    policies: BTreeSet<PolicyReference>,
    consents: BTreeSet<ConsentReference>,
    deleted: Vec<DeletedSegment>,
    /// The next record, and how many there were at the start.
    next: u64,
    size: u64,
    /// Whether something was written of each list.
    begun: bool,
    lost: u64,
}

impl EvidenceWriter {
    /// Begins with the log as it is now: what is added to it later is not written.
    pub fn new(source: &EvidenceSource<'_>) -> Self {
        Self {
            origin: source.origin.to_owned(),
            keys: source.keys.iter().map(NoteKey::to_string).collect(),
            checkpoints: source.checkpoints.clone(),
            policies: BTreeSet::new(),
            consents: BTreeSet::new(),
            deleted: source.deleted(),
            next: 0,
            size: source.archive.len(),
            begun: false,
            lost: 0,
        }
    }

    /// How many records are written, and how many there are.
    pub fn done(&self) -> (u64, u64) {
        (self.next, self.size)
    }

    /// Records that were there at the start and were gone when their turn came: with any, there is no bundle.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes so many records more to the ends of the two lists; true when all are written, and the lists ended.
    pub fn write(
        &mut self,
        archive: &Archive,
        budget: u64,
        hashes: &mut String,
        records: &mut String,
    ) -> bool {
        if self.next == 0 && !self.begun {
            hashes.push_str("\"leafHashes\":[");
            records.push_str("\"records\":[");
        }
        let end = self.next.saturating_add(budget).min(self.size);
        while self.next < end {
            let seq = self.next;
            let gone = self
                .deleted
                .iter()
                .find(|deleted| seq.checked_sub(deleted.first).is_some_and(|within| within < deleted.count));
            if let Some(gone) = gone {
                self.next = gone.first.saturating_add(gone.count);
                continue;
            }
            self.next += 1;
            let Some(text) = archive.canonical(seq) else {
                self.lost += 1;
                continue;
            };
            if let Ok(record) = AuditRecord::parse(&text) {
                self.policies.extend(policy_of(&record));
                self.consents.extend(consent_of(&record));
            }
            for list in [&mut *hashes, &mut *records] {
                list.push_str(if self.begun { ",\n" } else { "\n" });
            }
            self.begun = true;
            let leaf = archive.node(0, seq).unwrap_or_default();
            hashes.push('"');
            STANDARD.encode_string(leaf, hashes);
            hashes.push('"');
            records.push_str(&text);
        }
        if self.next < self.size {
            return false;
        }
        hashes.push_str("\n],\n");
        records.push_str("\n]}\n");
        true
    }

    /// What stands before the lists.
    pub fn head(&self) -> String {
        let header = Header {
            format: FORMAT,
            schema_version: VERSION,
            build: format!("airlock {} {BUILD}", env!("CARGO_PKG_VERSION")).trim_end().to_owned(),
            origin: &self.origin,
            keys: &self.keys,
            checkpoints: &self.checkpoints,
            policies: &self.policies,
            consents: &self.consents,
            deleted: &self.deleted,
        };
        // Strings and integers only: serialising can't fail.
        let header = serde_json::to_string(&header).unwrap_or_default();
        let mut head = header.strip_suffix('}').unwrap_or_default().to_owned();
        head.push_str(",\n");
        head
    }
}

impl EvidenceSource<'_> {
    /// The bundle as a file's text.
    pub fn to_text(&self) -> String {
        let mut writer = EvidenceWriter::new(self);
        let (mut hashes, mut records) = (String::new(), String::new());
        writer.write(self.archive, u64::MAX, &mut hashes, &mut records);
        [writer.head(), hashes, records].concat()
    }

    fn deleted(&self) -> Vec<DeletedSegment> {
        let count = SEGMENT_RECORDS as u64;
        let gone = (0..self.archive.segments()).filter_map(|number| {
            let first = number as u64 * count;
            if self.archive.canonical(first).is_some() {
                return None;
            }
            let known = (self.sealed)(number as u64);
            let deleted = known.as_ref().is_some_and(|known| known.gone == Some(Gone::Deleted));
            let (from, to) = known.map(|known| (known.from, known.to)).unwrap_or_default();
            let root = STANDARD.encode(self.archive.segment_root(number)?);
            let why = if deleted { "deleted" } else { "aside" }.to_owned();
            Some(DeletedSegment { first, count, root, from, to, why })
        });
        gone.collect()
    }
}

/// The policy that a record cites.
pub(super) fn policy_of(record: &AuditRecord<'_>) -> Option<PolicyReference> {
    let (policy, hash) = (record.policy.as_deref()?, record.policy_hash.as_deref()?);
    Some(PolicyReference { policy: policy.to_owned(), hash: hash.to_owned() })
}

/// The consent that a record cites.
pub(super) fn consent_of(record: &AuditRecord<'_>) -> Option<ConsentReference> {
    let consent = record.consent.as_deref()?.to_owned();
    Some(ConsentReference { consent, version: record.consent_version })
}

/// The evidence of what a stored timeline holds. Sealed segments that have not been fetched yet are not in it.
pub fn store_evidence(store: &Store) -> String {
    of_store(store, |source| source.to_text())
}

impl EvidenceWriter {
    /// Begins with a stored timeline. Its sealed segments have to be fetched before: those that are not here count as set
    /// aside.
    pub fn of(store: &Store) -> Self {
        of_store(store, Self::new)
    }
}

fn of_store<T>(store: &Store, write: impl FnOnce(&EvidenceSource<'_>) -> T) -> T {
    write(&EvidenceSource {
        archive: store.archive(),
        origin: store.origin(),
        keys: store.keys(),
        checkpoints: vec![store.checkpoint()],
        sealed: &|segment| store.sealed(segment),
    })
}

/// The evidence of a session that ran from a seed, under an origin of its own: `airlock.example.invalid/` and `name`.
///
/// It is signed with a key that follows from name and seed (SHA-256, with a domain of its own). Who knows the seed can
/// make that key: it shows that bundle and key belong together, and nothing about who wrote them.
pub fn scenario_evidence(session: &Session, name: &str, seed: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let origin = format!("airlock.example.invalid/{}", name.chars().map(plain).collect::<String>());
    let mut hasher = Sha256::new();
    hasher.update(b"airlock: the key of a scenario's evidence, 1\n");
    for part in [&origin, seed] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let archive = session.store().archive();
    let tree = archive.tree();
    let checkpoint = Checkpoint { origin: origin.clone(), size: tree.size(), root: tree.root() };
    // The name has neither white space nor a plus sign: there is a key.
    let key = SigningNoteKey::new(&origin, &hasher.finalize().into());
    EvidenceSource {
        archive,
        origin: &origin,
        keys: key.iter().map(SigningNoteKey::verifier).collect(),
        checkpoints: key.iter().map(|key| checkpoint.signed(key)).collect(),
        sealed: &|_| None,
    }
    .to_text()
}
