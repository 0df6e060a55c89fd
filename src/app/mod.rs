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
mod worker;

/// Mounts the page on the document's body; in a worker, takes orders instead.
pub fn start() {
    console_error_panic_hook::set_once();
    if dom::in_worker() {
        worker::serve();
    } else {
        leptos::mount::mount_to_body(frame::page);
    }
}
