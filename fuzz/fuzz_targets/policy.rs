//! Any text through the policy and adapter readers and their lints: nothing panics, each finding is in the text, and
//! each fix can be applied to it.

#![no_main]

use airlock::api::{NamedText, apply_edits, check_documents};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let document = NamedText { name: "draft.json".to_owned(), text: text.to_owned() };
    for checked in check_documents(&[document], &[], Some(text)) {
        for found in &checked.diagnostics {
            let (start, end) = (found.start.offset as usize, found.end as usize);
            assert!(start <= end && end <= text.len(), "a finding that is not in the text");
            let Some(fix) = &found.fix else { continue };
            assert!(apply_edits(text, &fix.edits).is_some(), "a fix that can't be applied");
        }
    }
});
