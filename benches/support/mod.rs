//! Where a benchmark runs: natively its tables are printed, in Chromium they go to the console.

/// Runs the parts of a benchmark under its name. Each takes a clock in milliseconds and gives a table. Between two parts the
/// browser has its turn, so that its driver does not take the page for dead.
macro_rules! bench {
    ($name:ident, $($part:path),+) => {
        const PARTS: &[fn(&dyn Fn() -> f64) -> String] = &[$($part),+];

        #[cfg(not(target_arch = "wasm32"))]
        fn main() {
            let start = std::time::Instant::now();
            PARTS.iter().for_each(|part| println!("{}", part(&|| start.elapsed().as_secs_f64() * 1000.0)));
        }

        #[cfg(target_arch = "wasm32")]
        mod in_browser {
            use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

            wasm_bindgen_test_configure!(run_in_browser);

            #[wasm_bindgen_test]
            async fn $name() {
                let window = web_sys::window().unwrap();
                let performance = window.performance().unwrap();
                for part in super::PARTS {
                    console_log!("{}", part(&|| performance.now()));
                    let turn = js_sys::Promise::new(&mut |resolve, _| {
                        window.set_timeout_with_callback(&resolve).unwrap();
                    });
                    wasm_bindgen_futures::JsFuture::from(turn).await.unwrap();
                }
            }
        }

        #[cfg(target_arch = "wasm32")]
        fn main() {}
    };
}
