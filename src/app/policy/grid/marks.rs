//! What is said about which cell. Plain data, no DOM.

use crate::api::{MappingSheet, PolicyReport, Severity};
use std::collections::BTreeMap;

/// What is said about a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellMark {
    /// Whether any of it is an error.
    pub error: bool,
    /// The diagnostics, by their places in the report.
    pub said: Vec<usize>,
}

/// The marks of a report's cells. What is about a rule as a whole marks its first cell.
pub fn marks(report: &PolicyReport, sheet: &MappingSheet) -> BTreeMap<(usize, usize), CellMark> {
    let mut marks: BTreeMap<(usize, usize), CellMark> = BTreeMap::new();
    for (place, diagnostic) in report.diagnostics.iter().enumerate() {
        let Some((row, column)) = sheet.at(diagnostic.start.offset) else { continue };
        let mark = marks.entry((row, column.unwrap_or(0))).or_default();
        mark.error |= diagnostic.severity == Severity::Error;
        mark.said.push(place);
    }
    marks
}
