//! The pipeline's benchmark: one body, run natively and, by `cargo xtask bench`, as WebAssembly in Chromium.

/// What is measured, and the table that it gives.
fn measured() -> String {
    format!("pipeline: nothing to measure yet ({})", std::env::consts::ARCH)
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("{}", measured());
}

#[cfg(target_arch = "wasm32")]
mod in_browser {
    use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_test]
    fn pipeline() {
        console_log!("{}", super::measured());
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {}
