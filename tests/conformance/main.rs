//! Published test vectors, a folder of the corpus each.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod canonical_json;
mod ed25519;
mod fhir_mutations;
mod fhir_structure;
mod fhirpath;
mod hmac_sha256;
mod json_parsing;
mod merkle;
mod standard_webhooks;
#[path = "../support/mod.rs"]
mod support;
