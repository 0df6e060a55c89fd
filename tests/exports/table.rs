//! CSV.

use super::{every_log, export, hostile, leaf, record};
use airlock::api::ExportFormat;
use serde_json::{Value, json};

/// Rows and cells by RFC 4180, read strictly: a quote stands at the ends of a cell, or doubled inside.
fn read(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let mut row = Vec::new();
        loop {
            let mut cell = String::new();
            if chars.next_if_eq(&'"').is_some() {
                loop {
                    match chars.next().expect("a quote ends") {
                        '"' if chars.next_if_eq(&'"').is_some() => cell.push('"'),
                        '"' => break,
                        c => cell.push(c),
                    }
                }
            } else {
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\r' | '\n')) {
                    assert!(c != '"', "a quote inside {cell:?}");
                    assert!(!c.is_ascii_control(), "TEXTDATA has no control characters");
                    cell.push(c);
                }
            }
            row.push(cell);
            match chars.next() {
                Some(',') => {}
                Some('\r') => break assert_eq!(chars.next(), Some('\n')),
                other => panic!("{other:?} after {row:?}"),
            }
        }
        rows.push(row);
    }
    rows
}

/// The cell that was neutralised, as `docs/exports.md` says.
fn undone(cell: &str) -> &str {
    let starts_formula = |text: &str| {
        let bare = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
        let control = text.trim_start_matches(['\'', '"']).starts_with(['\t', '\r', '\n']);
        bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || control
    };
    cell.strip_prefix('\'').filter(|rest| starts_formula(rest)).unwrap_or(cell)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn holds(records: &[String]) -> Vec<Vec<String>> {
    let mut rows = read(&export(ExportFormat::Csv, records));
    let header = rows.remove(0);
    assert_eq!(rows.len(), records.len());
    for (row, text) in rows.iter().zip(records) {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(row.len(), header.len());
        assert!(value.as_object().unwrap().keys().all(|name| header.contains(name)), "{text}");
        for (name, cell) in header.iter().zip(row) {
            let wanted = match name.as_str() {
                "leafHash" => leaf(text).iter().map(|byte| format!("{byte:02x}")).collect(),
                _ => plain(&value[name]),
            };
            assert_eq!(undone(cell), wanted, "{name} of {text}");
        }
    }
    rows
}

#[test]
fn a_row_has_every_member_and_the_leaf_hash() {
    for (_, records) in every_log() {
        holds(records);
    }
}

#[test]
fn no_cell_becomes_a_formula_or_ends_early() {
    let records: Vec<String> = hostile()
        .iter()
        .map(|text| {
            record(7, json!({ "event": text, "actor": text, "fields": [text, "R01 A.b keep/1 crossed"] }))
        })
        .collect();
    for row in holds(&records) {
        for cell in row {
            // A careless reader may lose the quotes.
            let start = cell.trim_start_matches('"').trim_start();
            assert!(!start.starts_with(['=', '+', '-', '@', '＝']), "{cell:?}");
            assert!(!cell.trim_start_matches('"').starts_with(['\t', '\r']), "{cell:?}");
        }
    }
}
