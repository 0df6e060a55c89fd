//! Tables as spreadsheets put them on the clipboard: cells apart by tabs, rows by line ends, and in quotes what holds
//! either. A cell that a spreadsheet would take for a formula goes out behind an apostrophe, and comes back without it.

use crate::api::cell::{guarded, unguarded};

/// A table as it was pasted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its rows, which need not be of one length.
    pub rows: Vec<Vec<String>>,
    /// Whether a quote was opened and never closed; the cell is then taken as it stands.
    pub unclosed: bool,
}

/// Reads a table. Total: any text is one. A line end at the end starts no row of its own.
pub fn parse(text: &str) -> Table {
    let mut table = Table::default();
    let mut row = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let quoted = match rest.strip_prefix('"') {
            Some(inside) if !table.unclosed => quoted_cell(inside),
            _ => None,
        };
        // One quote without an end says that those that follow are no quotes either.
        table.unclosed |= rest.starts_with('"') && quoted.is_none();
        let (mut cell, after) = quoted.unwrap_or((String::new(), rest));
        let end = after.find(['\t', '\n', '\r']).unwrap_or(after.len());
        let (plain, after) = after.split_at(end);
        cell.push_str(plain);
        if unguarded(&cell).len() < cell.len() {
            cell.remove(0);
        }
        row.push(cell);
        if let Some(next) = after.strip_prefix('\t') {
            rest = next;
            if rest.is_empty() {
                row.push(String::new());
            }
        } else {
            let line = after.strip_prefix("\r\n");
            rest = line.or_else(|| after.strip_prefix(['\n', '\r'])).unwrap_or(after);
            table.rows.push(std::mem::take(&mut row));
        }
    }
    if !row.is_empty() {
        table.rows.push(row);
    }
    table
}

/// What stands up to the closing quote, and what follows it; none where there is no closing quote.
fn quoted_cell(inside: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = inside;
    loop {
        let (before, after) = rest.split_once('"')?;
        cell.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => return Some((cell, after)),
        }
    }
}

/// Writes a row, with its line end.
pub fn write_row(cells: impl Iterator<Item = String>, out: &mut String) {
    for (i, mut cell) in cells.enumerate() {
        if i > 0 {
            out.push('\t');
        }
        cell.insert_str(0, guarded(&cell));
        if cell.contains(['\t', '\n', '\r']) || cell.starts_with('"') {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        parse(text).rows
    }

    #[test]
    fn rows_and_cells_are_as_a_spreadsheet_copies_them() {
        assert_eq!(rows("a\tb\r\nc\td\r\n"), [["a", "b"], ["c", "d"]]);
        assert_eq!(rows("a\t\n\tb"), [["a", ""], ["", "b"]]);
        assert_eq!(rows("\"a\tb\nc\"\t\"say \"\"so\"\"\""), [["a\tb\nc", "say \"so\""]]);
        assert_eq!(rows("a \"b\" c"), [["a \"b\" c"]]);
        assert_eq!(rows("a\t"), [["a", ""]]);
        assert_eq!(rows("a\n\nb"), vec![vec!["a"], vec![""], vec!["b"]]);
        assert!(rows("").is_empty());
    }

    #[test]
    fn a_quote_without_an_end_is_a_character_like_any_other() {
        let table = parse("\"a\tb\n\"c\td");
        assert_eq!(table.rows, [["a\tb\nc", "d"]]);
        assert!(!table.unclosed);
        let table = parse("\"a\tb\nc\t\"");
        assert_eq!(table.rows, [["a\tb\nc\t"]]);
        let table = parse("x\t\"a\tb\nc\td");
        assert_eq!(table.rows, [vec!["x", "\"a", "b"], vec!["c", "d"]]);
        assert!(table.unclosed);
    }

    #[test]
    fn many_quotes_without_an_end_do_not_hang() {
        let start = std::time::Instant::now();
        let table = parse(&"\"\"\"\t".repeat(500_000));
        assert!(!table.rows.is_empty() && start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    }

    fn written(cells: &[&str]) -> String {
        let mut out = String::new();
        write_row(cells.iter().map(|c| (*c).to_owned()), &mut out);
        out
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let cells = ["a", "b\tc", "d\ne", "\"f\"", "", "g\rh", "i \"j\"", "'k", "l'=m", "'"];
        assert_eq!(rows(&written(&cells)), [cells]);
        assert!(!written(&["a", "'k", "l'=m"]).contains("'a"), "what is no formula stays as it is");
    }

    #[test]
    fn no_cell_goes_out_as_a_formula_and_each_comes_back_as_it_was() {
        let formulas = [
            "=1+1",
            "+1",
            "-1",
            "@sum",
            " =1",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "'=1",
            "''-1",
            "=HYPERLINK(\"x\")",
        ];
        for cell in formulas {
            let text = written(&[cell]);
            assert!(text.trim_start_matches('"').starts_with('\''), "{cell:?} goes out as {text:?}");
            assert_eq!(rows(&text), [[cell]]);
        }
        assert_eq!(rows("=1\t-2"), [["=1", "-2"]], "what comes without an apostrophe is taken as it is");
    }
}
