//! The engine with `Phi` in it as its own source, and a case within: it may ask, so what does not compile there does not for
//! what `Phi` promises and not for privacy.

pub use airlock::engine::{
    adapt, consent, fhir, ledger, notification, queue, redact, refusal, validate, webhook,
};

#[path = "../../../src/engine/phi.rs"]
pub mod phi;

pub mod case {
    case!();
}
