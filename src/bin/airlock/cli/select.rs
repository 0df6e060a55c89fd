//! `airlock select`: a selector on a file.

use super::{Outcome, SelectArgs, Unusable, input, say, say_json};
use airlock::api::{self, SelectError, Selection};
use std::io::Write;

pub(crate) fn select(args: &SelectArgs) -> Outcome {
    let mut values = Vec::new();
    for file in input::files(&args.path)? {
        let input::Input { name, bytes } = input::read(&file)?;
        match api::select(&args.expression, bytes).map_err(|error| Unusable(format!("{name}:{error}")))? {
            Selection::Values(found) => values.extend(found),
            Selection::Error(error) => return Ok(refused(args, error)),
        }
    }
    if args.json {
        say_json(&Selection::Values(values));
    } else {
        values.iter().for_each(|value| say(value.get()));
    }
    Ok(true)
}

fn refused(args: &SelectArgs, error: SelectError) -> bool {
    if args.json {
        say_json(&Selection::Error(error));
        return false;
    }
    let before = args.expression.get(..error.offset).unwrap_or(&args.expression);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let SelectError { code, message, .. } = error;
    let _ = writeln!(std::io::stderr().lock(), "EXPR:{line}:{column}: error[{code}]: {message}");
    false
}
