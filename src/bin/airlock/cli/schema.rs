//! `airlock schema`: the JSON Schema of a kind of document.

use super::{Outcome, SchemaArgs, Unusable, say};
use airlock::api;

pub(crate) fn schema(args: &SchemaArgs) -> Outcome {
    let schema = api::schema(&args.name)
        .ok_or_else(|| Unusable(format!("error: there is no schema `{}`", args.name)))?;
    // A value with string keys: serialising can't fail.
    say(&serde_json::to_string_pretty(&schema).unwrap_or_default());
    Ok(true)
}
