//! What page and worker say to one another: JSON, one text a message.

use crate::api::{JobOutcome, JobProgress, Objection, Task};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// From the page to the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Who are you? The worker also greets when it starts, which the first message makes it do.
    Greet,
    /// Do this.
    Start {
        /// What it is called from now on.
        job: u32,
        /// The work.
        task: Box<Task>,
    },
    /// Leave off.
    Cancel {
        /// Which.
        job: u32,
    },
}

/// From the worker to the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// It is ready for work.
    Greeting {
        /// The build it runs.
        build: String,
    },
    /// How far it has come.
    Progress {
        /// Which.
        job: u32,
        /// How far.
        progress: JobProgress,
    },
    /// What came of it; none where it was cancelled.
    Result {
        /// Which.
        job: u32,
        /// What.
        outcome: Option<JobOutcome>,
    },
    /// It could not be done.
    Failed {
        /// Which; none where the worker itself has failed.
        job: Option<u32>,
        /// Why.
        objection: Objection,
    },
}

impl Word {
    /// Whether it is about this job, or about all.
    pub fn concerns(&self, number: u32) -> bool {
        match self {
            Self::Greeting { .. } => false,
            Self::Progress { job, .. } | Self::Result { job, .. } => *job == number,
            Self::Failed { job, .. } => job.is_none_or(|job| job == number),
        }
    }
}

/// As text for the other side; none for what can't be written, which no order or word is.
pub fn to_text(message: &impl Serialize) -> Option<JsValue> {
    serde_json::to_string(message).ok().map(|text| JsValue::from_str(&text))
}

/// What the other side has sent; none for anything else.
pub fn from_text<T: serde::de::DeserializeOwned>(data: &JsValue) -> Option<T> {
    serde_json::from_str(&data.as_string()?).ok()
}
