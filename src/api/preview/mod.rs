//! What a change of policy does to a set of events, as plain data.

mod job;
mod report;
mod request;
mod view;

pub use job::{Comparison, PreviewJob, preview};
pub use report::{
    EventChange, EventField, FieldChange, FieldExample, FieldTerms, PathChange, PreviewAgainst,
    PreviewReport, PreviewTotals, RefusalCount, RefusedEvent,
};
pub use request::{PolicyText, PreviewEvents, PreviewInput, PreviewRequest};
