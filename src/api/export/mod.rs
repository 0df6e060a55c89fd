//! The timeline in the formats of a reviewer's trade.
//!
//! Records go in as their canonical text, one at a time and in their order, and come out appended to a text: so a log of
//! any length can be written as it is read, or in slices. A record holds no value of an event, so no export can.

mod csv;
mod fhir;
mod json;
mod prov;

pub use prov::Lineage;

use super::archive::members;
use crate::engine::audit::{AuditRecord, Hash, leaf_hash};
use fhir::AuditEvents;
use std::fmt;

/// A format that a timeline is exported in, record by record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The canonical text of each record (RFC 8785), a line each: a line, without its end, hashes to its RFC 6962 leaf.
    Ndjson,
    /// RFC 4180 with a header row: the members of a record, and its leaf hash.
    Csv,
    /// FHIR R4 AuditEvents, a line each, as FHIR Bulk Data has them: unlike a Bundle, it can be written and read as a
    /// stream, and its line n is the record n.
    Fhir,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Ndjson, Self::Csv, Self::Fhir];

    /// As the command line spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Fhir => "fhir",
        }
    }

    /// The format of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// How the name of a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Fhir => "fhir.ndjson",
        }
    }

    /// The media type of a file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv;charset=utf-8",
            Self::Fhir => "application/fhir+ndjson",
        }
    }
}

/// Why a text can't be exported as a record. Of a log that verifies, none is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no record in canonical form.
    NoRecord,
    /// Its time is not one of RFC 3339; an AuditEvent needs one.
    NoTime,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRecord => "it is no record in canonical form (RFC 8785)",
            Self::NoTime => "its time is not one of RFC 3339, and an AuditEvent needs one",
        })
    }
}

/// Writes records in a format.
#[derive(Clone, Debug)]
pub struct Exporter {
    format: ExportFormat,
    events: AuditEvents,
}

impl Exporter {
    /// An exporter of a log. Its origin, as checkpoints have it, is what AuditEvents are tied to.
    pub fn new(format: ExportFormat, origin: &str) -> Self {
        Self { format, events: AuditEvents::new(origin) }
    }

    /// Appends what stands before the first record.
    pub fn head(&self, out: &mut String) {
        if self.format == ExportFormat::Csv {
            csv::head(out);
        }
    }

    /// Appends a record, with its line end.
    ///
    /// # Errors
    /// Why it can't be written; then nothing is appended.
    pub fn record(&self, canonical: &str, out: &mut String) -> Result<(), Unfit> {
        let record = Record::read(canonical).ok_or(Unfit::NoRecord)?;
        match self.format {
            ExportFormat::Ndjson => {
                out.push_str(canonical);
                out.push('\n');
            }
            ExportFormat::Csv => csv::record(&record, out),
            ExportFormat::Fhir => self.events.record(&record, out).ok_or(Unfit::NoTime)?,
        }
        Ok(())
    }
}

/// A record, and its members as its canonical text has them.
struct Record<'a> {
    text: &'a str,
    read: AuditRecord<'a>,
    members: Vec<(&'a str, &'a str)>,
}

impl<'a> Record<'a> {
    fn read(text: &'a str) -> Option<Self> {
        Some(Self { text, read: AuditRecord::parse(text).ok()?, members: members::split(text)? })
    }

    /// A member's value as its canonical text has it.
    fn token(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(own, _)| *own == name).map(|(_, token)| *token)
    }

    fn leaf(&self) -> Hash {
        leaf_hash(self.text.as_bytes())
    }
}
