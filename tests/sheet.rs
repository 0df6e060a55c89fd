//! The mapping sheet: edits of cells and rules leave the rest of the text as it was written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::{
    Block, COLUMNS, History, MappingSheet, Severity, SheetNote, TextEdit, apply_edits, check_policy, fixture,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

// The columns, by their places.
const ID: usize = 0;
const FIELD: usize = 1;
const LABEL: usize = 2;
const TARGET: usize = 5;
const VALUES: usize = 8;
const OWNER: usize = 12;
const ROLLBACK: usize = 14;
const NOTE: usize = 15;

fn policy() -> String {
    fixture("policies/referral-intake.json").expect("a shipped policy").to_owned()
}

fn sheet(text: &str) -> MappingSheet {
    MappingSheet::read(text).expect("JSON")
}

fn applied(text: &str, edits: Result<Vec<TextEdit>, SheetNote>) -> String {
    apply_edits(text, &edits.expect("edits")).expect("edits that apply")
}

fn shown(sheet: &MappingSheet, row: usize, column: usize) -> String {
    sheet.cell(row, column).map(|cell| cell.text).unwrap_or_default()
}

fn row_of(sheet: &MappingSheet, field: &str) -> usize {
    (0..sheet.rows()).find(|row| shown(sheet, *row, FIELD) == field).expect("a rule for the field")
}

/// All cells of a sheet, a line a row.
fn cells(sheet: &MappingSheet) -> Vec<String> {
    let row = |row| (0..COLUMNS).map(|column| shown(sheet, row, column)).collect::<Vec<_>>().join("|");
    (0..sheet.rows()).map(row).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cell_reads_back_as_it_was_set_and_the_other_lines_are_untouched() {
    let text = policy();
    let before = sheet(&text);
    let row = row_of(&before, "Person.city");
    let after = applied(&text, before.set(row, LABEL, Some("allowed")));
    let after = applied(&after, sheet(&after).set(row, TARGET, Some("Activity.city")));
    let after = applied(&after, sheet(&after).set(row, VALUES, Some("Springfield; Shelbyville")));
    let now = sheet(&after);
    assert_eq!(shown(&now, row, LABEL), "allowed");
    assert_eq!(shown(&now, row, VALUES), "Springfield; Shelbyville");
    let (old, new): (Vec<&str>, Vec<&str>) = (text.lines().collect(), after.lines().collect());
    assert_eq!(old.len(), new.len(), "the rule stays on its line");
    assert_eq!(old.iter().zip(&new).filter(|(a, b)| a != b).count(), 1);
    // Readable; what stands against it is that it identifies, that nobody answers for it, and that it is a patient's and
    // stands elsewhere.
    let report = check_policy(&after);
    let errors = report.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&str> = errors.map(|found| found.code.as_str()).collect();
    assert_eq!(errors, ["policy.phi-allowed", "policy.accountability-missing", "policy.attribute-outside"]);
    // Cleared again, the text is what it was.
    let block = Block { rows: (row, row), columns: (TARGET, VALUES) };
    let back = applied(&after, now.clear(block));
    assert_eq!(applied(&back, sheet(&back).set(row, LABEL, Some("prohibited"))), text);
}

#[wasm_bindgen_test(unsupported = test)]
fn setting_what_is_there_already_edits_nothing() {
    let text = policy();
    let sheet = sheet(&text);
    for row in 0..sheet.rows() {
        for column in 0..COLUMNS {
            let now = sheet.cell(row, column).map(|cell| cell.text);
            assert_eq!(sheet.set(row, column, now.as_deref()), Ok(Vec::new()));
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_rule_has_an_id_of_its_own_and_crosses_nothing() {
    let text = policy();
    let before = sheet(&text);
    let after = applied(&text, before.insert(3, &[Vec::new(), vec![(FIELD, "Person.city".to_owned())]]));
    let now = sheet(&after);
    assert_eq!(now.rows(), before.rows() + 2);
    assert_eq!(shown(&now, 4, FIELD), "Person.city");
    assert_eq!(shown(&now, 4, LABEL), "prohibited");
    let mut ids: Vec<String> = (0..now.rows()).map(|row| shown(&now, row, ID)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), now.rows());
    assert_eq!(apply_edits(&after, &now.remove(3..=4)).as_ref(), Some(&text));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_moved_rule_keeps_its_text() {
    let text = policy();
    let before = sheet(&text);
    let last = before.rows() - 1;
    for (from, to) in [(0, 1), (0, last), (last, 0), (2, 5), (5, 2)] {
        let after = applied(&text, before.move_row(from, to));
        let mut rows = cells(&before);
        let moved = rows.remove(from);
        rows.insert(to, moved);
        assert_eq!(cells(&sheet(&after)), rows, "{from} to {to}");
        assert_eq!(applied(&after, sheet(&after).move_row(to, from)), text, "{to} back to {from}");
    }
    assert_eq!(before.move_row(0, last + 1).unwrap_err().code, "sheet.no-such-row");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_policys_own_keys_and_its_changelog_are_edited_in_place() {
    let text = policy();
    let after = apply_edits(&text, &sheet(&text).set_header("version", Some("9.0.0"))).expect("edits");
    let version = check_policy(&after).policy.expect("a policy").version;
    assert_eq!(version, "9.0.0");
    let after = apply_edits(&after, &sheet(&after).append_changelog("9.0.0", "2026-02-01", "A \"line\"."));
    let after = after.expect("edits");
    assert!(after.contains(r#""version": "9.0.0", "date": "2026-02-01", "note": "A \"line\".""#), "{after}");
    assert!(check_policy(&after).usable(), "{:?}", check_policy(&after).diagnostics);
    let bare = "{\n  \"id\": \"p\"\n}";
    let after = apply_edits(bare, &sheet(bare).append_changelog("1", "2026-02-01", "n")).expect("edits");
    assert!(MappingSheet::read(&after).is_some(), "{after}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_broken_document_is_edited_as_far_as_it_is_json() {
    assert!(MappingSheet::read("{ \"rules\": [").is_none());
    let odd = r#"{"rules":[7,{"id":5,"field":null,"values":{"a":1}}],"rest":true}"#;
    let now = sheet(odd);
    assert_eq!(now.rows(), 2);
    assert_eq!(shown(&now, 1, ID), "5");
    assert_eq!(shown(&now, 1, VALUES), "{\"a\":1}");
    assert_eq!(now.set(0, ID, Some("R1")).unwrap_err().code, "sheet.not-a-rule");
    assert_eq!(now.set(9, ID, Some("R1")).unwrap_err().code, "sheet.no-such-row");
    let after = applied(odd, now.set(1, VALUES, Some("x; y")));
    assert_eq!(after, r#"{"rules":[7,{"id":5,"field":null,"values":["x", "y"]}],"rest":true}"#);
    assert_eq!(sheet("[]").insert(0, &[Vec::new()]).unwrap_err().code, "sheet.no-rules");
    assert_eq!(sheet("{\"rules\":7}").insert(0, &[Vec::new()]).unwrap_err().code, "sheet.no-rules");
    let first = applied("{}", sheet("{}").insert(0, &[vec![(FIELD, "Person.city".to_owned())]]));
    assert_eq!(cells(&sheet(&first)), [format!("R01|Person.city|prohibited{}", "|".repeat(COLUMNS - 3))]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_offset_leads_to_its_cell_and_a_cell_to_its_place() {
    let text = policy();
    let sheet = sheet(&text);
    for row in 0..sheet.rows() {
        for column in 0..COLUMNS {
            let Some(cell) = sheet.cell(row, column) else { continue };
            assert_eq!(sheet.at(cell.span.0), Some((row, Some(column))));
            assert!(text[cell.span.0 as usize..cell.span.1 as usize].starts_with(['"', '[']));
        }
        assert_eq!(sheet.at(sheet.row_span(row).expect("a row").0), Some((row, None)));
    }
    assert_eq!(sheet.at(0), None);
    assert_eq!(sheet.at(u32::MAX), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_block_goes_through_a_spreadsheet_and_back() {
    let text = policy();
    let from = sheet(&text);
    let all = Block { rows: (0, from.rows() - 1), columns: (0, COLUMNS - 1) };
    let copied = from.copy(all);
    let pasted = from.paste(all, &copied).expect("a table");
    assert!(pasted.edits.is_empty() && pasted.notes.is_empty(), "{pasted:?}");
    let headed = ["ID\tField\tlabel\tclass\n", &copied].concat();
    assert_eq!(from.paste(all, &headed).expect("a table").block, pasted.block);
    // Into a policy without rules.
    let empty = "{ \"rules\": [] }";
    let pasted = sheet(empty).paste(Block::cell(0, ID), &copied.replace('\n', "\r\n")).expect("a table");
    assert_eq!(cells(&sheet(&applied(empty, Ok(pasted.edits)))), cells(&from));
}

#[wasm_bindgen_test(unsupported = test)]
fn pasted_rows_beyond_the_last_become_rules() {
    let text = policy();
    let from = sheet(&text);
    let last = from.rows() - 1;
    let table = "Person.city\tredacted\nPerson.gender\tallowed\nPerson.state\n";
    let pasted = from.paste(Block::cell(last, FIELD), table).expect("a table");
    assert_eq!(pasted.notes.iter().map(|n| n.code).collect::<Vec<_>>(), ["sheet.ragged-rows"]);
    assert_eq!(pasted.block.rows, (last, last + 2));
    let now = sheet(&applied(&text, Ok(pasted.edits)));
    assert_eq!(now.rows(), last + 3);
    assert_eq!(shown(&now, last, LABEL), "redacted");
    assert_eq!(shown(&now, last + 1, LABEL), "allowed");
    assert_eq!(shown(&now, last + 2, LABEL), "prohibited");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_single_value_fills_the_block_and_the_first_row_fills_down() {
    let text = policy();
    let from = sheet(&text);
    let owners = Block { rows: (0, 4), columns: (OWNER, OWNER) };
    let after = applied(&text, Ok(from.paste(owners, "privacy\n").expect("a value").edits));
    assert!((0..5).all(|row| shown(&sheet(&after), row, OWNER) == "privacy"));
    let one = applied(&text, from.set(0, OWNER, Some("privacy")));
    assert_eq!(applied(&one, sheet(&one).fill_down(owners)), after);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_table_that_is_no_table_says_so() {
    let text = policy();
    let from = sheet(&text);
    let codes = |column, table: &str| match from.paste(Block::cell(0, column), table) {
        Ok(pasted) => pasted.notes.iter().map(|n| n.code).collect(),
        Err(note) => vec![note.code],
    };
    assert_eq!(codes(ID, ""), ["sheet.paste-empty"]);
    assert_eq!(codes(ROLLBACK, "a\tb\tc"), ["sheet.too-wide"]);
    assert_eq!(codes(OWNER, "\"a\tb\nc\td"), ["sheet.unclosed-quote"]);
    assert_eq!(codes(ID, &"\n".repeat(30_000)), ["sheet.paste-too-large"]);
    assert_eq!(codes(ID, &"x".repeat(6 << 20)), ["sheet.paste-too-large"]);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn ten_thousand_rows_are_pasted_copied_and_edited() {
    let table: String = (0..10_000).map(|n| format!("R{n}\tPerson.city\tprohibited\t\n")).collect();
    let text = policy();
    let pasted = sheet(&text).paste(Block::cell(0, ID), &table).expect("a table");
    let text = applied(&text, Ok(pasted.edits));
    let now = sheet(&text);
    assert_eq!(now.rows(), 10_000);
    let all = Block { rows: (0, 9_999), columns: (0, 3) };
    assert_eq!(now.copy(all), table);
    let owners = Block { rows: (0, 9_999), columns: (OWNER, NOTE) };
    let text = applied(&text, Ok(now.paste(owners, "x").expect("a value").edits));
    let none = apply_edits(&text, &sheet(&text).remove(0..=20_000)).expect("edits");
    assert_eq!(sheet(&none).rows(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn sheet_and_text_share_one_way_back() {
    let (text, mut history) = (policy(), History::default());
    let edited = applied(&text, sheet(&text).set(2, NOTE, Some("why")));
    history.record(&text, &edited, false);
    let typed = edited.replacen("1.", "2.", 1);
    history.record(&edited, &typed, true);
    let (back, _) = history.undo(&typed).expect("a step");
    assert_eq!(back, edited);
    let (back, step) = history.undo(&back).expect("a step");
    assert_eq!((back.as_str(), step.inserted.as_str()), (text.as_str(), ""));
    assert_eq!(history.redo(&back).expect("a step").0, edited);
}

#[cfg(not(target_arch = "wasm32"))]
mod random {
    use super::*;
    use proptest::prelude::*;

    const SYSTEMS: usize = 9;

    fn value() -> impl Strategy<Value = String> {
        "[a-z;\"\\\\\t\n ж\u{1F9EA}.:]{0,12}"
    }

    /// A policy in one of several styles.
    fn styled(style: u8) -> String {
        let text = policy();
        match style % 4 {
            0 => text,
            1 => text.replace('\n', "\r\n"),
            2 => text.split('\n').map(str::trim_start).collect::<String>(),
            _ => {
                serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&text).expect("JSON"))
                    .expect("JSON")
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_set_cell_reads_back_and_nothing_else_changes(style in 0u8..4, row in 0usize..20, column in 0..COLUMNS, value in value()) {
            let text = styled(style);
            let before = sheet(&text);
            let edits = before.set(row, column, Some(&value)).expect("edits");
            let after = apply_edits(&text, &edits).expect("edits that apply");
            let now = sheet(&after);
            let got = shown(&now, row, column);
            // A list of values is one whatever the spaces around its items.
            let again = apply_edits(&after, &now.set(row, column, Some(&got)).expect("edits"));
            prop_assert_eq!(again.as_ref(), Some(&after));
            if column != VALUES && column != SYSTEMS {
                prop_assert_eq!(&got, &value);
            }
            for r in 0..before.rows() {
                for c in 0..COLUMNS {
                    if (r, c) != (row, column) {
                        prop_assert_eq!(shown(&now, r, c), shown(&before, r, c));
                    }
                }
            }
            let (start, end) = before.row_span(row).expect("a row");
            prop_assert!(edits.iter().all(|e| e.start > start && e.end < end));
            let mut history = History::default();
            history.record(&text, &after, false);
            if text != after {
                prop_assert_eq!(history.undo(&after).expect("a step").0, text);
            }
        }

        #[test]
        fn any_table_is_pasted_or_refused(style in 0u8..4, row in 0usize..40, column in 0..COLUMNS, table in "[a\t\n\r\";\\\\]{0,60}") {
            let text = styled(style);
            let from = sheet(&text);
            let row = row.min(from.rows());
            if let Ok(pasted) = from.paste(Block::cell(row, column), &table) {
                let after = apply_edits(&text, &pasted.edits).expect("edits that apply");
                let now = sheet(&after);
                prop_assert!(now.rows() >= from.rows());
                prop_assert!(now.rows() <= from.rows().max(pasted.block.rows.1 + 1));
            }
        }

        #[test]
        fn rows_go_and_come_in_any_style(style in 0u8..4, first in 0usize..45, count in 1usize..50, at in 0usize..45) {
            let text = styled(style);
            let from = sheet(&text);
            let after = apply_edits(&text, &from.remove(first..=first + count - 1)).expect("edits that apply");
            let mut rows = cells(&from);
            rows.drain(first.min(rows.len())..(first + count).min(rows.len()));
            prop_assert_eq!(cells(&sheet(&after)), rows);
            let after = applied(&after, sheet(&after).insert(at, &[vec![(NOTE, "n".to_owned())]]));
            prop_assert!(MappingSheet::read(&after).is_some());
        }
    }
}
