//! What a change of policy does to a set of events, as plain data.

mod add;
mod job;
mod report;
mod request;
mod view;

pub use add::add_labels;
pub use job::{Comparison, PreviewJob, preview};
pub use report::{
    EventChange, EventField, FieldChange, FieldExample, FieldTerms, PathChange, PreviewAgainst,
    PreviewReport, PreviewTotals, RefusalCount, RefusedEvent, UnlistedCode, UnlistedCodes,
};
pub use request::{PolicyText, PreviewEvents, PreviewInput, PreviewRequest};
