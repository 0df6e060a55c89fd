//! The Leptos page (wasm32 only).
use leptos::prelude::*;

/// Mounts the page on the document's body.
pub fn mount() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(|| view! { <main>"Airlock"</main> });
}
