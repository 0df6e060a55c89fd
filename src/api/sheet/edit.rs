//! Edits of the sheet: cells, rules, the policy's own keys, its changelog.

use super::{Block, MappingSheet, SheetNote};
use crate::api::TextEdit;
use crate::engine::document::Edit;
use crate::engine::fhir::{Kind, NodeId};
use crate::engine::policy::edit::{Layout, object_like, quoted, revise, set_strings, splice};
use crate::engine::policy::{Column, POLICY, cell};
use crate::order;

/// What a cell is to hold: its row, its column, and the text; none to clear it.
pub(super) type Change = (usize, Column, Option<String>);

impl MappingSheet {
    /// Sets a cell. An empty text clears it, as none does: the key goes.
    ///
    /// # Errors
    /// `sheet.no-such-row`, `sheet.not-a-rule`.
    pub fn set(&self, row: usize, column: usize, text: Option<&str>) -> Result<Vec<TextEdit>, SheetNote> {
        let column = Column::ALL.get(column).copied().ok_or_else(no_such_row)?;
        self.set_all(vec![(row, column, text.map(str::to_owned))])
    }

    /// Clears all cells of a block.
    ///
    /// # Errors
    /// `sheet.no-such-row`, `sheet.not-a-rule`.
    pub fn clear(&self, block: Block) -> Result<Vec<TextEdit>, SheetNote> {
        self.set_all(block.cells().map(|(row, column)| (row, column, None)).collect())
    }

    /// Copies the first row of a block into the others.
    ///
    /// # Errors
    /// `sheet.no-such-row`, `sheet.not-a-rule`.
    pub fn fill_down(&self, block: Block) -> Result<Vec<TextEdit>, SheetNote> {
        let cells = block.cells().filter(|(row, _)| *row > block.rows.0);
        let from = |column| self.text_at(block.rows.0, column);
        self.set_all(cells.map(|(row, column)| (row, column, from(column))).collect())
    }

    /// Sets several cells; of two changes of one cell the later holds.
    pub(super) fn set_all(&self, mut changes: Vec<Change>) -> Result<Vec<TextEdit>, SheetNote> {
        order::by(&mut changes, |(row, column, _)| (*row, *column));
        let mut edits = Vec::new();
        for row in changes.chunk_by(|a, b| a.0 == b.0) {
            let Some(rule) = row.first().and_then(|(row, _, _)| self.rows.get(*row)) else {
                return Err(no_such_row());
            };
            if self.json.kind(*rule) != Kind::Object {
                return Err(not_a_rule());
            }
            self.set_row(*rule, row, &mut edits);
        }
        Ok(edits)
    }

    fn set_row(&self, rule: NodeId, changes: &[Change], edits: &mut Vec<TextEdit>) {
        let mut members: Vec<(&str, Option<String>)> = Vec::new();
        for same in changes.chunk_by(|a, b| a.1 == b.1) {
            let Some((_, column, text)) = same.last() else { continue };
            let empty = |text: &&str| text.is_empty() || (column.is_list() && cell::split(text).is_empty());
            let text = text.as_deref().filter(|text| !empty(text));
            let now = self.json.get(rule, column.key());
            if now.map(|at| cell::shown(&self.json, at, *column)).as_deref() == text {
                continue;
            }
            match (now, text, *column) {
                (Some(at), Some(text), column) if column.is_list() && self.json.kind(at) == Kind::Array => {
                    edits.extend(plain(set_strings(&self.json, at, &cell::split(text))));
                }
                _ => members.push((column.key(), text.map(|text| source(*column, text)))),
            }
        }
        edits.extend(plain(revise(&self.json, rule, &Column::ALL.map(Column::key), &members)));
    }

    /// Inserts rules before a row, or at the end. Those that bring no id are given one. A rule crosses nothing until
    /// it is told to: without a label it is `prohibited`.
    ///
    /// # Errors
    /// `sheet.no-rules` where the document can't hold rules.
    pub fn insert(&self, row: usize, rules: &[Vec<(usize, String)>]) -> Result<Vec<TextEdit>, SheetNote> {
        if rules.is_empty() {
            return Ok(Vec::new());
        }
        let row = row.min(self.rows.len());
        let model = self.rows.get(row.saturating_sub(1)).or(self.rows.first()).copied();
        let mut ids = Ids::of(self);
        let texts: Vec<String> = rules.iter().map(|rule| self.rule_text(rule, model, &mut ids)).collect();
        match self.json.get(NodeId::ROOT, "rules") {
            Some(list) if self.json.kind(list) == Kind::Array => {
                let added: Vec<(usize, String)> = texts.into_iter().map(|text| (row, text)).collect();
                Ok(plain(splice(&self.json, list, &[], &added, Layout::Lines)))
            }
            None if self.json.kind(NodeId::ROOT) == Kind::Object => {
                let list = ["[\n    ", &texts.join(",\n    "), "\n  ]"].concat();
                Ok(self.revise_root("rules", Some(list)))
            }
            _ => Err(SheetNote {
                code: "sheet.no-rules",
                message: "The document has no list that a rule could go into.".to_owned(),
                help: "Make the text an object, and `rules` a list of objects in it.",
            }),
        }
    }

    fn rule_text(&self, cells: &[(usize, String)], model: Option<NodeId>, ids: &mut Ids) -> String {
        let given = |place| cells.iter().rev().find(|(c, text)| *c == place && !text.is_empty());
        let members = Column::ALL.into_iter().enumerate().filter_map(|(place, column)| {
            let text = match (given(place), column) {
                (Some((_, text)), _) => source(column, text),
                (None, Column::Id) => quoted(&ids.next()),
                (None, Column::Label) => quoted("prohibited"),
                (None, _) => return None,
            };
            Some((column.key(), text))
        });
        object_like(&self.json, model, &members.collect::<Vec<_>>())
    }

    /// Removes rules by row.
    pub fn remove(&self, rows: std::ops::RangeInclusive<usize>) -> Vec<TextEdit> {
        let Some(list) = self.json.get(NodeId::ROOT, "rules") else { return Vec::new() };
        let last = (*rows.end()).min(self.rows.len().saturating_sub(1));
        let removed: Vec<usize> = (*rows.start()..=last).collect();
        plain(splice(&self.json, list, &removed, &[], Layout::Lines))
    }

    /// Moves a rule so that it stands at another row.
    ///
    /// # Errors
    /// `sheet.no-such-row`.
    pub fn move_row(&self, from: usize, to: usize) -> Result<Vec<TextEdit>, SheetNote> {
        let (Some(rule), Some(_)) = (self.rows.get(from), self.rows.get(to)) else {
            return Err(no_such_row());
        };
        let Some(list) = self.json.get(NodeId::ROOT, "rules").filter(|_| from != to) else {
            return Ok(Vec::new());
        };
        let place = if to > from { to + 1 } else { to };
        let added = [(place, self.json.source(*rule).to_owned())];
        Ok(plain(splice(&self.json, list, &[from], &added, Layout::Lines)))
    }

    /// Sets a text of the policy's own, such as `version`; none removes it.
    pub fn set_header(&self, key: &str, text: Option<&str>) -> Vec<TextEdit> {
        if self.json.kind(NodeId::ROOT) != Kind::Object {
            return Vec::new();
        }
        self.revise_root(key, text.map(quoted))
    }

    /// Adds a line at the end of the changelog.
    pub fn append_changelog(&self, version: &str, date: &str, note: &str) -> Vec<TextEdit> {
        let members = [("version", quoted(version)), ("date", quoted(date)), ("note", quoted(note))];
        let list = self.json.get(NodeId::ROOT, "changelog");
        match list.filter(|list| self.json.kind(*list) == Kind::Array) {
            Some(list) => {
                let last = self.json.children(list).last();
                let text = object_like(&self.json, last, &members);
                plain(splice(&self.json, list, &[], &[(usize::MAX, text)], Layout::Lines))
            }
            None if self.json.kind(NodeId::ROOT) == Kind::Object => {
                let text = object_like(&self.json, None, &members);
                self.revise_root("changelog", Some(["[\n    ", &text, "\n  ]"].concat()))
            }
            None => Vec::new(),
        }
    }

    fn revise_root(&self, key: &str, value: Option<String>) -> Vec<TextEdit> {
        let order: Vec<&str> = POLICY.names().collect();
        plain(revise(&self.json, NodeId::ROOT, &order, &[(key, value)]))
    }
}

fn plain(edits: Vec<Edit>) -> Vec<TextEdit> {
    edits.into_iter().map(TextEdit::from).collect()
}

/// The JSON text of what a cell says.
fn source(column: Column, text: &str) -> String {
    if !column.is_list() {
        return quoted(text);
    }
    let items: Vec<String> = cell::split(text).iter().map(|item| quoted(item)).collect();
    ["[", &items.join(", "), "]"].concat()
}

fn no_such_row() -> SheetNote {
    SheetNote {
        code: "sheet.no-such-row",
        message: "The sheet has no rule at this row any more.".to_owned(),
        help: "Pick a rule that is there.",
    }
}

fn not_a_rule() -> SheetNote {
    SheetNote {
        code: "sheet.not-a-rule",
        message: "An item of `rules` that is not an object has no cells.".to_owned(),
        help: "Make it an object in the text, or delete its row.",
    }
}

/// Ids for new rules: those of the last rule, counted on.
struct Ids {
    prefix: String,
    width: usize,
    last: u64,
}

impl Ids {
    fn of(sheet: &MappingSheet) -> Self {
        let id = |row: &NodeId| sheet.json.get_str(*row, "id").map(|id| id.into_owned());
        let parts = |id: &str| {
            let prefix = id.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = id.get(prefix.len()..)?;
            Some((prefix.to_owned(), digits.len(), digits.parse::<u64>().ok()?))
        };
        let last = sheet.rows.iter().rev().find_map(|row| parts(&id(row)?));
        let (prefix, width, _) = last.unwrap_or((String::from("R"), 2, 0));
        let numbers = sheet.rows.iter().filter_map(|row| parts(&id(row)?));
        let numbers = numbers.filter(|(p, _, _)| *p == prefix).map(|(_, _, number)| number);
        let last = numbers.max().unwrap_or(0);
        Self { prefix, width, last }
    }

    fn next(&mut self) -> String {
        self.last = self.last.saturating_add(1);
        let digits = self.last.to_string();
        let zeros = "0".repeat(self.width.saturating_sub(digits.len()));
        [self.prefix.as_str(), &zeros, &digits].concat()
    }
}
