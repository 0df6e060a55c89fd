//! The grid's state, and what is done to it.

use super::marks::{CellMark, marks};
use crate::api::{Block, ColumnView, MappingSheet, SheetNote, TextEdit, apply_edits, columns};
use crate::app::desk::Desk;
use crate::app::policy::Sheet;
use leptos::html::Div;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The draft as a sheet.
#[derive(Clone)]
pub struct Reading {
    /// The sheet; while the text is not JSON, the last one that was.
    pub sheet: Arc<MappingSheet>,
    /// Whether it is of the text as it stands, and can be edited.
    pub fresh: bool,
}

/// A cell that is being edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editing {
    /// Its row and column.
    pub cell: (usize, usize),
    /// The text to start with.
    pub text: String,
    /// Whether that text was typed over what the cell holds.
    pub typed: bool,
}

/// The grid's handles.
#[derive(Clone, Copy)]
pub struct Grid {
    /// The draft.
    pub draft: Sheet,
    /// The draft as a sheet.
    pub reading: Memo<Reading>,
    /// What is said about cells.
    pub marks: Memo<Arc<BTreeMap<(usize, usize), CellMark>>>,
    /// The cell that keys go to: row and column.
    pub cursor: RwSignal<(usize, usize)>,
    /// The other corner of the selection.
    pub anchor: RwSignal<(usize, usize)>,
    /// The cell being edited.
    pub editing: RwSignal<Option<Editing>>,
    /// What is to be known of the last edit.
    pub notes: RwSignal<Vec<SheetNote>>,
    /// The columns.
    pub columns: StoredValue<Arc<Vec<ColumnView>>>,
    /// What scrolls and has the focus.
    pub scroller: NodeRef<Div>,
    desk: Desk,
}

impl Grid {
    /// A grid of the draft.
    pub fn new(desk: Desk) -> Self {
        let draft = desk.sheet;
        let reading = Memo::new_with_compare(
            move |last: Option<&Reading>| draft.text.with(|text| read(text, last)),
            |_, _| true,
        );
        let marks = Memo::new(move |_| {
            // A report is of the text as it stood: what is read since is looked at when its own report comes.
            let report = draft.report.get();
            Arc::new(
                reading.with_untracked(|r| if r.fresh { marks(&report, &r.sheet) } else { BTreeMap::new() }),
            )
        });
        Self {
            draft,
            reading,
            marks,
            cursor: RwSignal::new((0, 0)),
            anchor: RwSignal::new((0, 0)),
            editing: RwSignal::new(None),
            notes: RwSignal::new(Vec::new()),
            columns: StoredValue::new(Arc::new(columns())),
            scroller: NodeRef::new(),
            desk,
        }
    }

    /// Number of columns.
    pub fn width(self) -> usize {
        self.columns.with_value(|c| c.len())
    }

    /// The block selected.
    pub fn block(self) -> Block {
        Block::spanning(self.anchor.get(), self.cursor.get())
    }

    /// Goes to a cell, or as near as there is one; the selection grows where `extend`, else it is that cell.
    pub fn go(self, (row, column): (usize, usize), extend: bool) {
        let rows = self.reading.with_untracked(|r| r.sheet.rows());
        let to = (row.min(rows.saturating_sub(1)), column.min(self.width().saturating_sub(1)));
        if !extend {
            self.anchor.set(to);
        }
        self.cursor.set(to);
        if !self.notes.with_untracked(Vec::is_empty) {
            self.notes.set(Vec::new());
        }
    }

    /// Takes the focus.
    pub fn focus(self) {
        if let Some(scroller) = self.scroller.get_untracked() {
            let _ = web_sys::HtmlElement::focus(&scroller);
        }
    }

    /// The text of a cell; empty where there is none.
    pub fn text_at(self, (row, column): (usize, usize)) -> String {
        let cell = self.reading.with_untracked(|r| r.sheet.cell(row, column));
        cell.map(|cell| cell.text).unwrap_or_default()
    }

    /// Starts to edit the cell under the cursor: with what it holds, or with what was typed over it.
    pub fn start(self, typed: Option<String>) {
        let cell = self.cursor.get_untracked();
        if !self.reading.with_untracked(|r| r.fresh && cell.0 < r.sheet.rows()) {
            return;
        }
        self.anchor.set(cell);
        let typed_over = typed.is_some();
        let text = typed.unwrap_or_else(|| self.text_at(cell));
        self.editing.set(Some(Editing { cell, text, typed: typed_over }));
    }

    /// Ends editing, and sets the cell to a text, if there is one.
    pub fn finish(self, text: Option<String>) {
        let Some(editing) = self.editing.try_update(Option::take).flatten() else { return };
        if let Some(text) = text {
            self.change(|sheet| sheet.set(editing.cell.0, editing.cell.1, Some(&text)));
        }
    }

    /// Edits the text by way of the sheet. Gives whether that went well; if not, it is said why.
    pub fn change(self, edit: impl FnOnce(&MappingSheet) -> Result<Vec<TextEdit>, SheetNote>) -> bool {
        let reading = self.reading.get_untracked();
        if !reading.fresh {
            return false;
        }
        match edit(&reading.sheet) {
            Ok(edits) => self.take(&edits, reading.sheet.text()),
            Err(note) => {
                self.say(vec![note]);
                false
            }
        }
    }

    /// Applies edits of a text, if that is how the draft stands.
    pub fn take(self, edits: &[TextEdit], text: &str) -> bool {
        let same = self.draft.text.with_untracked(|now| now == text);
        match apply_edits(text, edits).filter(|_| same) {
            Some(text) => {
                self.notes.set(Vec::new());
                self.draft.edit(text);
                true
            }
            None => false,
        }
    }

    /// Pastes a table over the selection, and selects what it reached.
    pub fn paste(self, table: &str) {
        let block = untrack(|| self.block());
        let mut reached = None;
        let done = self.change(|sheet| {
            let pasted = sheet.paste(block, table)?;
            reached = Some((pasted.block, pasted.notes));
            Ok(pasted.edits)
        });
        if let (true, Some((block, notes))) = (done, reached) {
            self.go((block.rows.1, block.columns.1), false);
            self.go((block.rows.0, block.columns.0), true);
            self.say(notes);
        }
    }

    /// The selection as a spreadsheet takes it.
    pub fn copy(self) -> String {
        let block = untrack(|| self.block());
        self.reading.with_untracked(|r| r.sheet.copy(block))
    }

    /// Clears the selected cells.
    pub fn clear(self) {
        let block = untrack(|| self.block());
        self.change(|sheet| sheet.clear(block));
    }

    /// Copies the first row of the selection down.
    pub fn fill_down(self) {
        let block = untrack(|| self.block());
        self.change(|sheet| sheet.fill_down(block));
    }

    /// Inserts a rule below the selection and goes to its field.
    pub fn insert(self) {
        let rows = self.reading.with_untracked(|r| r.sheet.rows());
        let row = untrack(|| self.block()).rows.1.saturating_add(1).min(rows);
        if self.change(|sheet| sheet.insert(row, &[Vec::new()])) {
            self.go((row, 1), false);
            self.desk.say("A rule was inserted. It is prohibited until you say otherwise.");
        }
    }

    /// Deletes the selected rules.
    pub fn remove(self) {
        let (from, to) = untrack(|| self.block()).rows;
        let column = self.cursor.get_untracked().1;
        if self.change(|sheet| Ok(sheet.remove(from..=to))) {
            self.go((from, column), false);
            self.desk.say(if from == to { "The rule is deleted." } else { "The rules are deleted." });
        }
    }

    /// Moves the rule under the cursor up or down.
    pub fn move_row(self, down: bool) {
        let (row, column) = self.cursor.get_untracked();
        let to = if down { row.saturating_add(1) } else { row.saturating_sub(1) };
        let rows = self.reading.with_untracked(|r| r.sheet.rows());
        if to < rows && self.change(|sheet| sheet.move_row(row, to)) {
            self.go((to, column), false);
        }
    }

    /// Goes to the cell at a byte offset of the text.
    pub fn go_to_offset(self, offset: u32) {
        let at = self.reading.with_untracked(|r| r.sheet.at(offset));
        if let Some((row, column)) = at {
            self.go((row, column.unwrap_or(0)), false);
        }
    }

    /// The byte range of the cell under the cursor, or of its rule where it has none.
    pub fn span(self) -> Option<(u32, u32)> {
        let (row, column) = self.cursor.get_untracked();
        self.reading.with_untracked(|r| {
            let cell = r.sheet.cell(row, column).map(|cell| cell.span);
            cell.or_else(|| r.sheet.row_span(row).map(|(start, _)| (start, start.saturating_add(1))))
        })
    }

    fn say(self, notes: Vec<SheetNote>) {
        if let Some(note) = notes.first() {
            self.desk.say(&note.message);
        }
        self.notes.set(notes);
    }
}

fn read(text: &str, last: Option<&Reading>) -> Reading {
    if let Some(sheet) = MappingSheet::read(text) {
        return Reading { sheet: Arc::new(sheet), fresh: true };
    }
    let kept = last.map(|last| Arc::clone(&last.sheet));
    Reading { sheet: kept.unwrap_or_default(), fresh: false }
}
