//! A table, and the forms that it is handed on in: Markdown, CSV, JSON.

use crate::api::cell::write_csv;
use serde::{Deserialize, Serialize};

/// A derived document: rows of text under named columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it is, and of which policy.
    pub title: String,
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

/// A form that a table is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// A heading and a table of GitHub Flavored Markdown.
    Md,
    /// RFC 4180, with a header line.
    Csv,
    /// One object: `title`, `columns`, `rows`.
    Json,
}

impl TableFormat {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Md, Self::Csv, Self::Json];

    /// As the command line spells it; also the extension of a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The form of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The media type of a file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Md => "text/markdown",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
        }
    }
}

impl Table {
    /// An empty table.
    pub(super) fn new(title: String, columns: &[&str]) -> Self {
        Self { title, columns: columns.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// The table as text, with a line break at its end.
    pub fn write(&self, format: TableFormat) -> String {
        match format {
            TableFormat::Md => self.markdown(),
            TableFormat::Csv => self.csv(),
            TableFormat::Json => {
                // Plain data: serialising can't fail.
                let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
                text.push('\n');
                text
            }
        }
    }

    fn markdown(&self) -> String {
        let mut out = String::from("# ");
        escape(&self.title, &mut out);
        out.push_str("\n\n");
        let rule = vec!["---".to_owned(); self.columns.len()];
        let lines = [&self.columns, &rule].into_iter().chain(&self.rows);
        for (place, cells) in lines.enumerate() {
            out.push('|');
            for cell in cells {
                out.push(' ');
                match place {
                    1 => out.push_str(cell),
                    _ => escape(cell, &mut out),
                }
                out.push_str(" |");
            }
            out.push('\n');
        }
        out
    }

    fn csv(&self) -> String {
        let mut out = String::new();
        for cells in [&self.columns].into_iter().chain(&self.rows) {
            write_csv(cells.iter().map(String::as_str), &mut out);
        }
        out
    }
}

/// A cell of a Markdown table: nothing in it ends the cell, or is taken for markup.
fn escape(cell: &str, out: &mut String) {
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '~' | '[' | ']' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(cell: &str) -> Table {
        Table {
            rows: vec![vec![cell.to_owned(), "end".to_owned()]],
            ..Table::new("T".to_owned(), &["A", "B"])
        }
    }

    #[test]
    fn no_cell_of_markdown_ends_early_or_becomes_markup() {
        for (cell, written) in [
            ("a|b", "a\\|b"),
            ("a\r\nb\nc", "a<br>b<br>c"),
            ("<img src=x>", "&lt;img src=x>"),
            ("a\\|b", "a\\\\\\|b"),
            ("[x](y) `z` *w*", "\\[x\\](y) \\`z\\` \\*w\\*"),
            ("\u{0}", " "),
        ] {
            let text = one(cell).write(TableFormat::Md);
            assert_eq!(text, format!("# T\n\n| A | B |\n| --- | --- |\n| {written} | end |\n"), "{cell:?}");
        }
    }

    #[test]
    fn no_cell_of_csv_ends_early_or_becomes_a_formula() {
        for (cell, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" +1", "' +1"),
            ("\t=1", "\"'\t=1\""),
            ("=HYPERLINK(\"http://example.invalid\",1)", "\"'=HYPERLINK(\"\"http://example.invalid\"\",1)\""),
            ("0..1", "0..1"),
        ] {
            assert_eq!(one(cell).write(TableFormat::Csv), format!("A,B\r\n{written},end\r\n"), "{cell:?}");
        }
    }

    #[test]
    fn json_reads_back() {
        let table = one("a \"quoted\" | cell\n");
        let read: Table = serde_json::from_str(&table.write(TableFormat::Json)).unwrap();
        assert_eq!(read, table);
    }
}
