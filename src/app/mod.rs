//! The Leptos page (wasm32 only): the frame, one folder a view, and what they share.
//!
//! The page knows the connector through [`crate::api`] alone: plain data in, plain data out.

mod audit;
mod desk;
mod dom;
mod frame;
mod parts;
mod policy;
mod route;
mod run;
mod storage;
mod text;
mod words;

/// Mounts the page on the document's body.
pub fn mount() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(frame::page);
}
