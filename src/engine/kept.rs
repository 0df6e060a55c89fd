//! What a connector keeps over a restart beside its log, in rows: a table, a name, and a value in JSON.
//!
//! A row is written when what it says has changed, so that an event costs the same however much is kept. No row holds a
//! value of a source but as a keyed hash, or sealed.

use super::consent::{Filed, Merged};
use super::deliver::{CrmField, CrmRecord, CrmZone};
use super::redact::{KnownBy, Pseudonym};
use super::tally::{Kept, Tally};
use super::time::Instant;
use super::validate::Version;
use super::webhook::{Accepted, ContentHash, Seen};
use super::{Connector, Learned, Remembered};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// The part of the state that a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The CRM demo zone: a record each, by object and key.
    Crm,
    /// The event ids already accepted, by source and the keyed hash of the id.
    Seen,
    /// The consents that events put on file, by the pseudonyms of consent and patient.
    Consents,
    /// The merges, by number.
    Merges,
    /// The latest version seen of each resource, by pseudonym.
    Versions,
    /// What counts where, by the source record's pseudonym.
    Counted,
    /// What else counting goes by.
    Counting,
    /// What waits, what was given up on, and the subscriptions: sealed.
    Queue,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Crm,
        Self::Seen,
        Self::Consents,
        Self::Merges,
        Self::Versions,
        Self::Counted,
        Self::Counting,
        Self::Queue,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Seen => "seen",
            Self::Consents => "consents",
            Self::Merges => "merges",
            Self::Versions => "versions",
            Self::Counted => "counted",
            Self::Counting => "counting",
            Self::Queue => "queue",
        }
    }
}

/// A row that is to be as given, or to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The part that it is of.
    pub table: Table,
    /// Its name in the table.
    pub name: String,
    /// What it says, in JSON; none where it goes.
    pub value: Option<String>,
}

impl Row {
    pub(super) fn new(table: Table, name: String, value: Option<&impl Serialize>) -> Self {
        // Strings, integers and lists of them: serialising can't fail.
        let value = value.map(|value| serde_json::to_string(value).unwrap_or_default());
        Self { table, name, value }
    }
}

/// What has changed of what a connector keeps.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The rows that have changed, and some that have not.
    pub rows: Vec<Row>,
    /// The tables of which `rows` has every row there is: all others of theirs go.
    pub whole: Vec<Table>,
}

/// Between the parts of a name. A source's name and an id hold no control characters.
const BETWEEN: char = '\u{1f}';

impl Connector {
    /// What has changed since this was asked last of what is kept beside the log.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for place in self.crm.take_changed() {
            changes.rows.extend(self.crm.records().get(place).map(crm_row));
        }
        for (source, id) in self.seen.take_changed() {
            let value = self.seen.get(&source, &id).map(seen_value);
            let name = [source.as_str(), &id].join(&BETWEEN.to_string());
            changes.rows.push(Row::new(Table::Seen, name, value.as_ref()));
        }
        for resource in self.learned.versions.take_changed() {
            let value = self.learned.versions.of(resource).map(PlainVersion::from);
            changes.rows.push(Row::new(Table::Versions, resource.to_text(), value.as_ref()));
        }
        if self.learned.take_stirred() {
            self.learned.list(&mut changes);
        }
        let queue = self.queue.take_changed(&self.setting.state_keys);
        let rows = queue.into_iter().map(|(name, sealed)| Row::new(Table::Queue, name, sealed.as_ref()));
        changes.rows.extend(rows);
        changes
    }
}

impl Learned {
    /// The tables that are given whole, since they change seldom.
    fn list(&self, changes: &mut Changes) {
        changes.whole.extend([Table::Consents, Table::Merges, Table::Counted, Table::Counting]);
        for filed in self.register.filed() {
            let value = PlainConsent {
                patient: texts(&filed.patient.names),
                parts: texts(&filed.patient.parts),
                sought: texts(&filed.patient.sought),
                version: filed.version.into(),
                terms: filed.text.clone(),
            };
            let name = [Some(filed.consent), filed.patient.names.first().copied()].into_iter().flatten();
            let name: String = name.map(Pseudonym::to_text).collect();
            changes.rows.push(Row::new(Table::Consents, name, Some(&value)));
        }
        for (number, merged) in self.register.merged().iter().enumerate() {
            let value = (texts(&merged.into), texts(&merged.from));
            changes.rows.push(Row::new(Table::Merges, number.to_string(), Some(&value)));
        }
        for [record, group, patient] in self.tally.rows() {
            changes.rows.push(Row::new(Table::Counted, record, Some(&(group, patient))));
        }
        let kept = Kept::of(&self.tally);
        if !kept.is_empty() {
            changes.rows.push(Row::new(Table::Counting, String::new(), Some(&kept)));
        }
    }
}

impl Remembered {
    /// What a connector remembers, from its rows: table, name and value, each table's in the order in which its rows
    /// came to be. With it the rows that can't be read; they are left out.
    pub fn of<'a>(rows: impl Iterator<Item = (Table, String, &'a str)>) -> (Self, Vec<(Table, String)>) {
        let mut own = Self::default();
        let mut unreadable = Vec::new();
        let (mut records, mut counted, mut kept) = (Vec::new(), Vec::new(), Kept::default());
        for (table, name, value) in rows {
            let read = match table {
                Table::Crm => read_crm(&name, value).map(|record| records.push(record)),
                Table::Seen => read_seen(&mut own.seen, &name, value),
                Table::Consents => read_consent(&name, value).map(|filed| own.learned.register.file(filed)),
                Table::Merges => read_merge(value).map(|merged| own.learned.register.merge(merged)),
                Table::Versions => read_version(&name, value)
                    .map(|(resource, version)| own.learned.versions.restore(resource, version)),
                Table::Counted => serde_json::from_str(value)
                    .ok()
                    .map(|(group, patient)| counted.push([name.clone(), group, patient])),
                Table::Counting => serde_json::from_str(value).ok().map(|read| kept = read),
                Table::Queue => {
                    serde_json::from_str(value).ok().map(|sealed| own.queue.push((name.clone(), sealed)))
                }
            };
            if read.is_none() {
                unreadable.push((table, name));
            }
        }
        own.crm = CrmZone::restore(records);
        match Tally::restore(&kept, &counted) {
            Some(tally) => own.learned.tally = tally,
            None => unreadable.push((Table::Counting, String::new())),
        }
        for Merged { into, from } in own.learned.register.merged() {
            own.learned.tally.join(&[into.as_slice(), from].concat());
        }
        (own, unreadable)
    }
}

fn texts(names: &[Pseudonym]) -> Vec<String> {
    let mut texts = Vec::with_capacity(names.len());
    texts.extend(names.iter().map(|name| name.to_text()));
    texts
}

fn names(texts: &[String]) -> Option<Vec<Pseudonym>> {
    let mut names = Vec::with_capacity(texts.len());
    for text in texts {
        names.push(Pseudonym::parse(text)?);
    }
    Some(names)
}

/// Version, milliseconds since the Unix epoch, correlation id, and the fields.
type PlainRecord = (u32, i64, String, Vec<(String, Option<String>)>);

fn crm_row(record: &CrmRecord) -> Row {
    let mut fields = Vec::with_capacity(record.fields.len());
    fields.extend(record.fields.iter().map(|field| (field.name.clone(), field.value.clone())));
    let value: PlainRecord = (record.version, record.written.0, record.correlation.clone(), fields);
    Row::new(Table::Crm, [record.object.as_str(), &record.key].join("/"), Some(&value))
}

fn read_crm(name: &str, value: &str) -> Option<CrmRecord> {
    let (object, key) = name.split_once('/')?;
    let (version, written, correlation, plain): PlainRecord = serde_json::from_str(value).ok()?;
    let mut fields = Vec::with_capacity(plain.len());
    fields.extend(plain.into_iter().map(|(name, value)| CrmField { name, value }));
    let (object, key) = (object.to_owned(), key.to_owned());
    Some(CrmRecord { object, key, version, fields, written: Instant(written), correlation })
}

/// Kept until (Unix seconds), the content's SHA-256 in base64, and the id of the assertion that it came with.
type PlainSeen = (i64, Option<String>, Option<String>);

fn seen_value(accepted: &Accepted) -> PlainSeen {
    let content = accepted.content.map(|hash| STANDARD_NO_PAD.encode(hash.0));
    (accepted.until, content, accepted.assertion.clone())
}

fn read_seen(seen: &mut Seen, name: &str, value: &str) -> Option<()> {
    let (source, id) = name.split_once(BETWEEN)?;
    let (until, content, assertion): PlainSeen = serde_json::from_str(value).ok()?;
    let content = match content {
        None => None,
        Some(text) => Some(ContentHash(STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()?)),
    };
    seen.restore(source, id, Accepted { until, content, assertion });
    Some(())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainConsent {
    patient: Vec<String>,
    parts: Vec<String>,
    sought: Vec<String>,
    version: PlainVersion,
    terms: String,
}

/// Number, and milliseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct PlainVersion(Option<u32>, Option<i64>);

impl From<Version> for PlainVersion {
    fn from(version: Version) -> Self {
        Self(version.number, version.updated.map(|at| at.0))
    }
}

impl From<PlainVersion> for Version {
    fn from(PlainVersion(number, updated): PlainVersion) -> Self {
        Self { number, updated: updated.map(Instant) }
    }
}

fn read_consent(name: &str, value: &str) -> Option<Filed> {
    let plain: PlainConsent = serde_json::from_str(value).ok()?;
    let (parts, sought) = (names(&plain.parts)?, names(&plain.sought)?);
    let patient = KnownBy { names: names(&plain.patient)?, parts, sought };
    Filed::restore(Pseudonym::parse(name.get(..32)?)?, patient, plain.version.into(), plain.terms)
}

fn read_merge(value: &str) -> Option<Merged> {
    let (into, from): (Vec<String>, Vec<String>) = serde_json::from_str(value).ok()?;
    Some(Merged { into: names(&into)?, from: names(&from)? })
}

fn read_version(name: &str, value: &str) -> Option<(Pseudonym, Version)> {
    let plain: PlainVersion = serde_json::from_str(value).ok()?;
    Some((Pseudonym::parse(name)?, plain.into()))
}
