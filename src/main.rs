//! The page's entry. Trunk builds this binary for `wasm32-unknown-unknown`.

#[cfg(target_arch = "wasm32")]
fn main() {
    airlock::app::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!(
        "airlock-page is the web page: build it with `cargo xtask serve`. The command line is `airlock`."
    );
    std::process::exit(2);
}
