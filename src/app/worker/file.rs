//! A file's text, read where the work is done: what goes from page to worker is the file itself, and no copy of it.

use crate::api::{Objection, not_text};
use crate::app::dom;
use web_sys::Blob;

/// Bytes that a file may have: a worker's memory holds as much, with what is made of it.
const MOST: f64 = 512.0 * 1024.0 * 1024.0;

/// All of a file as text.
///
/// # Errors
/// Where it is too large, can't be read, or is no text.
pub async fn text_of(file: &Blob) -> Result<String, Objection> {
    if file.size() > MOST {
        return Err(Objection::new(
            "file.too-large",
            "The file has more than 512 MB.",
            "Take it to the command line: `airlock verify` reads files of that size.",
        ));
    }
    let bytes = dom::bytes_of(file).await.ok_or_else(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        not_text(&error).unwrap_or_else(|| {
            Objection::new(
                "file.no-text",
                "The file is no text in UTF-8.",
                "Choose the file as it was exported: evidence bundles and checkpoints are text.",
            )
        })
    })
}

/// What is said of a file that the browser does not read, or not any more.
pub fn unreadable() -> Objection {
    Objection::new(
        "file.unreadable",
        "The browser could not read the file.",
        "Look whether it is still there and may be read, and open it again.",
    )
}
