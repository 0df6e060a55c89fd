//! Where a benchmark runs: natively its tables are printed, in Chromium they go to the console.

/// Runs `measured`, which takes a clock in milliseconds and gives tables, under the benchmark's name.
macro_rules! bench {
    ($name:ident) => {
        #[cfg(not(target_arch = "wasm32"))]
        fn main() {
            let start = std::time::Instant::now();
            print!("{}", measured(&|| start.elapsed().as_secs_f64() * 1000.0));
        }

        #[cfg(target_arch = "wasm32")]
        mod in_browser {
            use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

            wasm_bindgen_test_configure!(run_in_browser);

            #[wasm_bindgen_test]
            fn $name() {
                let performance = web_sys::window().and_then(|window| window.performance()).unwrap();
                console_log!("{}", super::measured(&|| performance.now()));
            }
        }

        #[cfg(target_arch = "wasm32")]
        fn main() {}
    };
}
