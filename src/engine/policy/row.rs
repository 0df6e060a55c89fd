//! A rule as it is written: what the mapping sheet shows, whether or not it can be read.

use super::cell;
use crate::engine::fhir::{Json, NodeId};

/// A key of a rule, in the order of the sheet's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Id.
    Id,
    /// Canonical field or entity.
    Field,
    /// Label.
    Label,
    /// Disclosure class.
    Class,
    /// Method.
    Method,
    /// CRM field.
    Target,
    /// Cardinality.
    Cardinality,
    /// Normalisation.
    Normalise,
    /// Values that may leave.
    Values,
    /// Code systems that codes may be of.
    Systems,
    /// Table of labels.
    Table,
    /// What becomes of a code that is not in the table.
    Unlisted,
    /// Owner.
    Owner,
    /// Check.
    Check,
    /// Rollback plan.
    Rollback,
    /// Note.
    Note,
}

impl Column {
    /// All columns, in order.
    pub const ALL: [Self; 16] = [
        Self::Id,
        Self::Field,
        Self::Label,
        Self::Class,
        Self::Method,
        Self::Target,
        Self::Cardinality,
        Self::Normalise,
        Self::Values,
        Self::Systems,
        Self::Table,
        Self::Unlisted,
        Self::Owner,
        Self::Check,
        Self::Rollback,
        Self::Note,
    ];

    /// Whether a cell holds a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Values | Self::Systems)
    }

    /// The key in the document.
    pub fn key(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Field => "field",
            Self::Label => "label",
            Self::Class => "class",
            Self::Method => "method",
            Self::Target => "target",
            Self::Cardinality => "cardinality",
            Self::Normalise => "normalise",
            Self::Values => "values",
            Self::Systems => "systems",
            Self::Table => "table",
            Self::Unlisted => "unlisted",
            Self::Owner => "owner",
            Self::Check => "check",
            Self::Rollback => "rollback",
            Self::Note => "note",
        }
    }
}

/// One rule as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Byte range of the rule's object in the text.
    pub span: (u32, u32),
    /// What stands in each column, by [`Column::ALL`]; several values are joined by `; `. Empty where the rule has
    /// no such key.
    pub cells: Vec<String>,
}

impl Row {
    /// The rule at a node.
    pub fn of(json: &Json, node: NodeId) -> Self {
        let cell = |column: &Column| {
            let member = json.get(node, column.key());
            member.map(|member| cell::shown(json, member, *column)).unwrap_or_default()
        };
        Self { span: json.span(node), cells: Column::ALL.iter().map(cell).collect() }
    }

    /// What stands in a column.
    pub fn cell(&self, column: Column) -> &str {
        let place = Column::ALL.iter().position(|own| *own == column);
        place.and_then(|place| self.cells.get(place)).map_or("", String::as_str)
    }
}
