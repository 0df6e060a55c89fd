//! Files, folders and standard input.

use super::Unusable;
use airlock::api::{Intake, NotAnEvent, NotEvents};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Bytes read of an input at a time.
const SLICE: usize = 1 << 20;

/// An input's name and bytes.
pub(crate) struct Input {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The files that a path stands for: itself, standard input for `-`, or every `.json` and `.ndjson` file in a
/// folder and below it, by name.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, Unusable> {
    if path.as_os_str() == "-" || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let path = entry.path();
            let is_input = path.extension().is_some_and(|end| end == "json" || end == "ndjson");
            // A link to a folder is not followed: it could lead back here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if is_input && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Unusable(format!("{}: error: no .json or .ndjson file in this folder", path.display())));
    }
    Ok(found)
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Input, Unusable> {
    let mut bytes = Vec::new();
    let result = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    result.map_err(|error| unreadable(path, &error))?;
    Ok(Input { name: name_of(path), bytes })
}

/// Reads all files of some paths together, so that what refers to another file's resource finds it.
pub(crate) fn intake(paths: &[PathBuf], event_type: Option<&str>) -> Result<Intake, Unusable> {
    let mut inputs = Vec::new();
    for path in paths {
        for file in files(path)? {
            let Input { name, bytes } = read(&file)?;
            inputs.push((name, bytes));
        }
    }
    let mut intake = Intake::new(inputs, event_type);
    while !intake.step(SLICE).finished {}
    if intake.is_empty() {
        let _ = writeln!(std::io::stderr(), "warning: nothing in the input can be an event");
    }
    Ok(intake)
}

/// Tells on standard error what of the input is no event of the policy.
pub(crate) fn tell_not_events(not_events: &NotEvents) {
    for (NotAnEvent { what, covered_by }, count) in &not_events.0 {
        let other =
            covered_by.as_ref().map(|policy| format!("; `{policy}` would cover it")).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "not an event of this policy: {count} {what}{other}");
    }
}

/// Reads a file as text.
pub(crate) fn read_text(path: &Path) -> Result<String, Unusable> {
    let Input { name, bytes } = read(path)?;
    String::from_utf8(bytes).map_err(|_| Unusable(format!("{name}: error: this is not UTF-8 text")))
}

/// Writes a file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Unusable> {
    std::fs::write(path, text).map_err(|error| Unusable(format!("{}: error: {error}", path.display())))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Unusable {
    Unusable(format!("{}: error: {error}", name_of(path)))
}

/// A path to show. A file of a folder may have been named by somebody else: no control character of it reaches a terminal.
fn name_of(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "\u{FFFD}")
}

/// The text of a fixture that a policy or scenario names: beside it (`../policies/ID.json`), or as shipped.
pub(crate) fn fixture_near(file: &Path, path: &str) -> Option<String> {
    let near = file.parent().map(|folder| folder.join("..").join(path));
    near.and_then(|near| std::fs::read_to_string(near).ok())
        .or_else(|| airlock::api::fixture(path).map(str::to_owned))
}
