//! The mapping sheet: a policy's text as a table of rules, and edits of that text which leave the rest as it was.
//!
//! A row is an item of `rules`, a column one of its keys, by its place among [`columns`](super::columns). The sheet works on any text that is JSON, whatever else is
//! to be said against it as a policy.

mod edit;
mod history;
mod paste;
mod tsv;

pub use history::{History, Step};
pub use paste::{Block, Pasted};

use super::TextEdit;
use crate::engine::document::Edit;
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::policy::{Column, cell, edit as text};

/// Why an edit was not made, or what is to be known of one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetNote {
    /// Stable code, e.g. `sheet.ragged-rows`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: &'static str,
}

/// A cell with something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text: a list of values as `a; b; c`, anything that is neither text nor number as the document has it.
    pub text: String,
    /// Byte range of the value in the text, quotes included.
    pub span: (u32, u32),
}

/// Applies edits to a text. Each offset is one in the text as it was; edits at one place apply in the order given.
/// None where an edit is out of the text, within a character, or over another.
pub fn apply_edits(text: &str, edits: &[TextEdit]) -> Option<String> {
    let plain = |e: &TextEdit| Edit { start: e.start, end: e.end, text: e.text.clone() };
    text::apply(text, &edits.iter().map(plain).collect::<Vec<_>>())
}

/// A policy's text, read as a sheet.
#[derive(Clone, Debug, Default)]
pub struct MappingSheet {
    json: Json,
    rows: Vec<NodeId>,
}

impl MappingSheet {
    /// Reads a text; none where it is not JSON. [`check_policy`](super::check_policy) says why.
    pub fn read(text: &str) -> Option<Self> {
        let json = Json::read(text).ok()?;
        let rules = json.get(NodeId::ROOT, "rules").filter(|rules| json.kind(*rules) == Kind::Array);
        let rows = rules.map(|rules| json.children(rules).collect()).unwrap_or_default();
        Some(Self { json, rows })
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        self.json.text()
    }

    /// Number of rules.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Byte range of a rule in the text.
    pub fn row_span(&self, row: usize) -> Option<(u32, u32)> {
        self.rows.get(row).map(|rule| self.json.span(*rule))
    }

    /// What a rule has in a column; none where it has no such key.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        let (rule, column) = (*self.rows.get(row)?, *Column::ALL.get(column)?);
        let at = self.json.get(rule, column.key())?;
        Some(Cell { text: cell::shown(&self.json, at, column), span: self.json.span(at) })
    }

    /// The text of a cell.
    fn text_at(&self, row: usize, column: Column) -> Option<String> {
        let at = self.json.get(*self.rows.get(row)?, column.key())?;
        Some(cell::shown(&self.json, at, column))
    }

    /// The rule that a byte offset stands in, and the column where it stands in one.
    pub fn at(&self, offset: u32) -> Option<(usize, Option<usize>)> {
        let row = self.rows.partition_point(|rule| self.json.span(*rule).1 <= offset);
        let rule = *self.rows.get(row)?;
        if self.json.span(rule).0 > offset {
            return None;
        }
        let inside =
            |member: &NodeId| (self.json.key_span(*member).0..=self.json.span(*member).1).contains(&offset);
        let member = self.json.children(rule).find(inside);
        Some((row, member.and_then(|m| Column::ALL.iter().position(|c| self.json.is_member(m, c.key())))))
    }
}
