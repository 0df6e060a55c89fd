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
    keys: Vec<String>,
    checkpoints: &'a [String],
    policies: BTreeSet<PolicyReference>,
    consents: BTreeSet<ConsentReference>,
    deleted: Vec<DeletedSegment>,
}

impl EvidenceSource<'_> {
    /// The bundle as a file's text.
    pub fn to_text(&self) -> String {
        let mut header = Header {
            format: FORMAT,
            schema_version: VERSION,
            build: format!("airlock {} {BUILD}", env!("CARGO_PKG_VERSION")).trim_end().to_owned(),
            origin: self.origin,
            keys: self.keys.iter().map(NoteKey::to_string).collect(),
            checkpoints: &self.checkpoints,
            policies: BTreeSet::new(),
            consents: BTreeSet::new(),
            deleted: self.deleted(),
        };
        let mut hashes = String::from("\"leafHashes\":[");
        let mut records = String::from("\"records\":[");
        for seq in 0..self.archive.len() {
            let Some(text) = self.archive.canonical(seq) else { continue };
            if let Ok(record) = AuditRecord::parse(&text) {
                header.policies.extend(policy_of(&record));
                header.consents.extend(consent_of(&record));
            }
            for list in [&mut hashes, &mut records] {
                list.push_str(if list.ends_with('[') { "\n" } else { ",\n" });
            }
            let leaf = self.archive.node(0, seq).unwrap_or_default();
            hashes.push('"');
            STANDARD.encode_string(leaf, &mut hashes);
            hashes.push('"');
            records.push_str(&text);
        }
        // Strings and integers only: serialising can't fail.
        let header = serde_json::to_string(&header).unwrap_or_default();
        let header = header.strip_suffix('}').unwrap_or_default();
        format!("{header},\n{hashes}\n],\n{records}\n]}}\n")
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
    let sealed = |segment| store.sealed(segment);
    EvidenceSource {
        archive: store.archive(),
        origin: store.origin(),
        keys: store.keys(),
        checkpoints: vec![store.checkpoint()],
        sealed: &sealed,
    }
    .to_text()
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
