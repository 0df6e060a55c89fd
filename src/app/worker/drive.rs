//! Driving a job, on whatever thread.

use crate::api::{Job, JobOutcome, JobProgress};
use crate::app::dom;

/// Units that a job is asked for between two looks at the clock.
const BUDGET: usize = 4;

/// Works a job off in slices of so many milliseconds. Between two of them it says how far it has come, lets others
/// have their turn, and leaves off where that is wanted: then nothing comes of it.
pub async fn drive(
    mut job: Box<dyn Job>,
    slice: f64,
    cancelled: impl Fn() -> bool,
    progress: impl Fn(JobProgress),
) -> Option<JobOutcome> {
    loop {
        let begun = dom::tick();
        let mut done = false;
        while !done && dom::tick() - begun < slice {
            done = job.step(BUDGET);
        }
        if cancelled() {
            return None;
        }
        progress(job.progress());
        if done {
            return Some(job.finish());
        }
        dom::breathe().await;
    }
}
