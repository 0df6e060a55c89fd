//! What is kept of policies: one draft each, the versions published, and which version is in force.

use super::{explain, keys, read, store, write};
use crate::api::holds_resource;
use crate::api::store::ShelfError;

const DRAFT: &str = "airlock.draft.";
const VERSION: &str = "airlock.version.";
const IN_FORCE: &str = "airlock.in-force.";

/// What a key is about, for those who listen to other tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The draft of the policy of an id.
    Draft(String),
    /// The versions of the policy of an id.
    Versions(String),
}

/// What a key of local storage is about; none where it is about no policy.
pub fn about(key: &str) -> Option<About> {
    if let Some(id) = key.strip_prefix(DRAFT) {
        return Some(About::Draft(id.to_owned()));
    }
    if let Some(id) = key.strip_prefix(IN_FORCE) {
        return Some(About::Versions(id.to_owned()));
    }
    let (id, _) = key.strip_prefix(VERSION)?.rsplit_once('.')?;
    Some(About::Versions(id.to_owned()))
}

fn key(prefix: &str, id: &str) -> String {
    [prefix, id].concat()
}

fn put(key: &str, value: Option<&str>) -> Result<(), ShelfError> {
    match value {
        Some(value) => write(&store()?, key, value),
        None => store()?.remove_item(key).map_err(|e| explain(&e)),
    }
}

/// The draft of a policy, as it was put.
pub fn draft(id: &str) -> Result<Option<String>, ShelfError> {
    read(&store()?, &key(DRAFT, id))
}

/// Keeps the draft of a policy, or forgets it. What was there stays where that fails.
pub fn set_draft(id: &str, draft: Option<&str>) -> Result<(), ShelfError> {
    put(&key(DRAFT, id), draft)
}

/// The versions of a policy, as they were put, in the order of their publication.
pub fn versions(id: &str) -> Result<Vec<String>, ShelfError> {
    let store = store()?;
    let mut texts = Vec::new();
    for (_, key) in numbered(&keys(&store), id) {
        texts.extend(read(&store, &key)?);
    }
    Ok(texts)
}

/// Adds a version of a policy after those that are there, none of which is touched.
pub fn add_version(id: &str, version: &str) -> Result<(), ShelfError> {
    if holds_resource(version) {
        return Err(ShelfError::Resource);
    }
    let store = store()?;
    let next = numbered(&keys(&store), id).last().map_or(0, |(number, _)| number.saturating_add(1));
    write(&store, &[VERSION, id, ".", &next.to_string()].concat(), version)
}

/// The keys of a policy's versions, by their numbers.
fn numbered(keys: &[String], id: &str) -> Vec<(u32, String)> {
    let prefix = [VERSION, id, "."].concat();
    let number = |key: &String| Some((key.strip_prefix(&prefix)?.parse().ok()?, key.clone()));
    let mut found: Vec<(u32, String)> = keys.iter().filter_map(number).collect();
    found.sort_unstable();
    found
}

/// The hash of the version in force; none where it is the one shipped.
pub fn in_force(id: &str) -> Option<String> {
    read(&store().ok()?, &key(IN_FORCE, id)).ok().flatten()
}

/// Keeps which version is in force; none for the one shipped.
pub fn set_in_force(id: &str, hash: Option<&str>) -> Result<(), ShelfError> {
    put(&key(IN_FORCE, id), hash)
}
