//! Any bytes through the JSON reader and the structure check: nothing panics, and everything gets a verdict.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for report in airlock::api::validate(data.to_vec()) {
        assert!(report.valid || !report.issues.is_empty(), "invalid, and no reason given");
    }
});
