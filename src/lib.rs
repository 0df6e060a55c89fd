//! Airlock: a CRM–EHR connector that runs whole in a static web page.
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
pub mod engine;
