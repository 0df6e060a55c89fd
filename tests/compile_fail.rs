//! What the types forbid: PHI can't be printed, serialised, put in a CRM record or in an audit record; a question about it
//! can't be answered by it, nor write it elsewhere; and no text becomes part of a refusal.
#![cfg(not(target_arch = "wasm32"))]

/// Each case that must not compile stands beside one of the same code over plain strings that must, so that it
/// is `Phi` and nothing else that the compiler objects to.
#[test]
fn phi_can_not_leave_by_way_of_code_that_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/pass/*.rs");
    cases.compile_fail("tests/compile_fail/*.rs");
}
