//! Airlock: a CRM–EHR connector that runs whole in a static web page.
//!
//! An EHR event comes in as a signed webhook; only what a mapping policy and the patient's consent allow comes
//! out, as a CRM-safe record; and every decision leaves tamper-evident evidence.
//!
//! | module | what it is |
//! |---|---|
//! | [`engine`] | the connector: a state machine without IO, the same natively and in WebAssembly |
//! | [`api`] | plain data: all that the page and the command line see of the engine |
//! | `app` | the Leptos page, compiled for `wasm32` alone |
//!
//! A scenario, run from its opening to its log:
//!
//! ```
//! use airlock::api;
//!
//! let scenario = api::open_scenario("missing-consent").ok_or("it is shipped")?;
//! let mut session = api::Session::new();
//! session.configure(&scenario.setup).map_err(|faults| format!("{faults:?}"))?;
//!
//! let (now, request) = &scenario.requests[0];
//! let run = session.send(request, *now, &mut || 0.0);
//!
//! assert_eq!(run.receipt.status, 202, "the sender gets its answer at once");
//! assert_eq!(run.outcome, "withheld");
//! assert_eq!(run.refusal.map(|refusal| refusal.code).as_deref(), Some("consent.absent"));
//! assert!(run.ledger.iter().all(|row| !row.crossed), "nothing crosses without consent");
//! assert_eq!(session.head().size, 4, "and each decision is in the log, the denial included");
//! # Ok::<(), String>(())
//! ```

pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
pub mod engine;
mod order;
