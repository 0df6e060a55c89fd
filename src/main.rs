//! The page's entry, and its worker's. Trunk builds this binary for `wasm32-unknown-unknown`.

#[cfg(target_arch = "wasm32")]
fn main() {
    airlock::app::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!(
        "airlock-page is the web page: build it with `cargo xtask serve`. The command line is `airlock`."
    );
    std::process::exit(2);
}
