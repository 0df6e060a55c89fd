//! Blocks of cells to and from a spreadsheet.

use super::{MappingSheet, SheetNote, tsv};
use crate::api::TextEdit;
use crate::engine::policy::Column;

/// Rows that one paste may have.
const MOST_ROWS: usize = 20_000;
/// Bytes that one paste may have.
const MOST_BYTES: usize = 5 << 20;
/// Rows that a note names.
const NAMED: usize = 5;

/// A block of cells: rows and columns by number, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// First and last row.
    pub rows: (usize, usize),
    /// First and last column, by their places.
    pub columns: (usize, usize),
}

impl Block {
    /// A single cell.
    pub fn cell(row: usize, column: usize) -> Self {
        Self { rows: (row, row), columns: (column, column) }
    }

    /// The block that two cells span.
    pub fn spanning(a: (usize, usize), b: (usize, usize)) -> Self {
        Self { rows: (a.0.min(b.0), a.0.max(b.0)), columns: (a.1.min(b.1), a.1.max(b.1)) }
    }

    /// Whether a cell is in it.
    pub fn holds(&self, row: usize, column: usize) -> bool {
        (self.rows.0..=self.rows.1).contains(&row) && (self.columns.0..=self.columns.1).contains(&column)
    }

    /// Its cells, row by row.
    pub(super) fn cells(self) -> impl Iterator<Item = (usize, Column)> {
        let columns =
            move || (self.columns.0..=self.columns.1).filter_map(|place| Column::ALL.get(place).copied());
        (self.rows.0..=self.rows.1).flat_map(move |row| columns().map(move |column| (row, column)))
    }
}

/// What a paste does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pasted {
    /// The edits.
    pub edits: Vec<TextEdit>,
    /// The cells that it reaches, new rules included.
    pub block: Block,
    /// What is to be known of it.
    pub notes: Vec<SheetNote>,
}

impl MappingSheet {
    /// A block as a spreadsheet takes it: cells apart by tabs, a row a line.
    pub fn copy(&self, block: Block) -> String {
        let mut out = String::new();
        for row in block.rows.0..=block.rows.1.min(self.rows().saturating_sub(1)) {
            let columns = block.columns.0..=block.columns.1;
            let cells = columns.map(|c| self.cell(row, c).map(|cell| cell.text).unwrap_or_default());
            tsv::write_row(cells, &mut out);
        }
        out
    }

    /// Pastes a table over a block, from its first cell on. A single value fills the whole block. Rows beyond the
    /// last rule become rules; a first row that names the columns and cells beyond the last one are left out; where a
    /// row is shorter than the longest, the cells that it lacks stay as they are.
    ///
    /// # Errors
    /// `sheet.paste-too-large`, `sheet.paste-empty`, `sheet.not-a-rule`, `sheet.no-rules`.
    pub fn paste(&self, block: Block, table: &str) -> Result<Pasted, SheetNote> {
        if table.len() > MOST_BYTES {
            return Err(too_large());
        }
        let tsv::Table { mut rows, unclosed } = tsv::parse(table);
        // The names of the columns, as a spreadsheet has them in its first row, are no rule.
        let named = |row: &Vec<String>| {
            let keys = Column::ALL.iter().skip(block.columns.0).map(|c| c.key());
            row.len() > 1 && row.iter().zip(keys).all(|(cell, key)| cell.trim().eq_ignore_ascii_case(key))
        };
        if rows.first().is_some_and(named) {
            rows.remove(0);
        }
        if rows.len() > MOST_ROWS {
            return Err(too_large());
        }
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        if longest == 0 {
            return Err(SheetNote {
                code: "sheet.paste-empty",
                message: "There is nothing to paste.".to_owned(),
                help: "Copy cells of a spreadsheet first.",
            });
        }
        if let ([row], 1) = (rows.as_slice(), longest) {
            let text = row.first().cloned();
            let known = block.cells().filter(|(row, _)| *row < self.rows());
            let edits = self.set_all(known.map(|(row, column)| (row, column, text.clone())).collect())?;
            return Ok(Pasted { edits, block, notes: Vec::new() });
        }
        let (top, left) = (block.rows.0, block.columns.0);
        let notes = notes(&rows, longest, Column::ALL.len().saturating_sub(left), unclosed);
        let right = (left + longest - 1).min(Column::ALL.len() - 1);
        let reached = Block { rows: (top, top + rows.len() - 1), columns: (left, right) };
        let (mut changes, mut new) = (Vec::new(), Vec::new());
        for (i, cells) in rows.into_iter().enumerate() {
            if top + i < self.rows() {
                let columns = Column::ALL.into_iter().skip(left);
                changes.extend(columns.zip(cells).map(|(column, text)| (top + i, column, Some(text))));
            } else {
                new.push((left..Column::ALL.len()).zip(cells).collect::<Vec<_>>());
            }
        }
        let mut edits = self.set_all(changes)?;
        edits.extend(self.insert(usize::MAX, &new)?);
        Ok(Pasted { edits, block: reached, notes })
    }
}

fn too_large() -> SheetNote {
    SheetNote {
        code: "sheet.paste-too-large",
        message: format!("More than {MOST_ROWS} rows, or more than 5 MB, are too much for one paste."),
        help: "Paste a part at a time.",
    }
}

fn notes(rows: &[Vec<String>], longest: usize, room: usize, unclosed: bool) -> Vec<SheetNote> {
    let mut notes = Vec::new();
    let ragged: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| row.len() < longest).map(|(i, _)| i + 1).collect();
    if !ragged.is_empty() {
        let named: Vec<String> = ragged.iter().take(NAMED).map(usize::to_string).collect();
        let more = match ragged.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        notes.push(SheetNote {
            code: "sheet.ragged-rows",
            message: format!(
                "Pasted rows with fewer than {longest} cells: {}{more}. The cells that they lack are as they were.",
                named.join(", ")
            ),
            help: "Undo, make all rows of one length, and paste again, if this is not what was meant.",
        });
    }
    if longest > room {
        notes.push(SheetNote {
            code: "sheet.too-wide",
            message: format!(
                "The sheet ends after {room} of {longest} pasted columns; the others are left out."
            ),
            help: "Undo, pick a cell further to the left, and paste again, if they are wanted.",
        });
    }
    if unclosed {
        notes.push(SheetNote {
            code: "sheet.unclosed-quote",
            message: "A pasted cell starts with a quote that is never closed, and was taken as it stands."
                .to_owned(),
            help: "Look at that cell, and close its quote or take it away.",
        });
    }
    notes
}
