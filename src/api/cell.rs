//! Cells that spreadsheets read: none is taken for a formula, and each can be read back as it was.
//!
//! One that would be a formula goes out behind an apostrophe. One that is already behind apostrophes gets another, so that
//! reading takes exactly one away: [`guarded`] and [`unguarded`] undo each other for every text.

/// What a formula starts with, full-width forms included: a spreadsheet with an East Asian locale takes them too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet would take a cell for a formula, white space before it or not; or, where it reads the text
/// carelessly and loses apostrophes or quotes, could come to do so.
fn is_formula(cell: &str) -> bool {
    let quote = |c: char| matches!(c, '\'' | '"');
    cell.trim_start_matches(|c: char| c.is_whitespace() || quote(c)).starts_with(FORMULA)
        || cell.trim_start_matches(quote).starts_with(['\t', '\r', '\n'])
}

/// What goes before a cell: an apostrophe, or nothing.
pub(super) fn guarded(cell: &str) -> &'static str {
    if is_formula(cell) { "'" } else { "" }
}

/// The cell that was guarded.
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|_| is_formula(cell)).unwrap_or(cell)
}

/// Writes a row of CSV (RFC 4180, section 2): cells apart by commas, a cell in quotes where it holds a quote, a comma, a
/// line break or another control character, CRLF at the end.
pub(super) fn write_csv<'a>(cells: impl Iterator<Item = &'a str>, out: &mut String) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_csv_cell(cell, out);
    }
    out.push_str("\r\n");
}

fn write_csv_cell(cell: &str, out: &mut String) {
    let quoted = cell.bytes().any(|b| b < b' ' || matches!(b, b'"' | b',' | 0x7f));
    if !quoted {
        out.push_str(guarded(cell));
        out.push_str(cell);
        return;
    }
    out.push('"');
    out.push_str(guarded(cell));
    for (place, part) in cell.split('"').enumerate() {
        if place > 0 {
            out.push_str("\"\"");
        }
        out.push_str(part);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_comes_back_and_is_no_formula() {
        for cell in [
            "", "a", "'", "'k", "l'=m", "=1+1", "+1", "-1", "@sum", " =1", "\t=1", "\r=1", "\n", "＝1",
            "'=1", "''-1", "\"=1\"", "'\"=1", " \"'@x", "\u{a0}=1", "\"\t",
        ] {
            let written = format!("{}{cell}", guarded(cell));
            assert_eq!(unguarded(&written), cell);
            let loose = written.trim_start_matches('"');
            let starts = loose.trim_start().starts_with(FORMULA) || loose.starts_with(['\t', '\r', '\n']);
            assert!(!starts, "{cell:?} goes out as {written:?}");
        }
        for plain in ["a", "'k", "l'=m", "0..1", "a=b", "\"x\""] {
            assert_eq!(guarded(plain), "", "what is no formula stays as it is: {plain:?}");
        }
    }

    #[test]
    fn a_row_ends_where_it_says() {
        let mut out = String::new();
        write_csv(["a", "b,c", "say \"x\"", "two\r\nlines", "=1", "=\"a\"", "\u{0}"].into_iter(), &mut out);
        assert_eq!(out, "a,\"b,c\",\"say \"\"x\"\"\",\"two\r\nlines\",'=1,\"'=\"\"a\"\"\",\"\u{0}\"\r\n");
    }
}
