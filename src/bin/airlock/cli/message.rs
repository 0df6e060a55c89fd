//! `airlock sign` and `airlock authenticate`: one message and its signature.

use super::{AuthenticateArgs, Outcome, SignArgs, Unusable, coloured, input, say, say_json};
use airlock::api::{authenticate_message, parse_time, sign_message};
use serde::Serialize;

#[derive(Serialize)]
struct Signed {
    signature: String,
}

#[derive(Serialize)]
struct Judged {
    authentic: bool,
    code: Option<String>,
}

pub(crate) fn sign(args: &SignArgs) -> Outcome {
    let body = input::read(&args.body)?.bytes;
    let signature = sign_message(&args.secret, &args.id, &args.timestamp, &body)
        .map_err(|error| Unusable(format!("error: {error}")))?;
    if args.json {
        say_json(&Signed { signature })
    } else {
        say(&signature)
    }
    Ok(true)
}

pub(crate) fn authenticate(args: &AuthenticateArgs) -> Outcome {
    let body = input::read(&args.body)?.bytes;
    let now = now(&args.now)?;
    let code = authenticate_message(&args.secret, &args.id, &args.timestamp, &args.signature, now, body)
        .map_err(|error| Unusable(format!("--secret: error: {error}")))?;
    let authentic = code.is_none();
    if args.json {
        say_json(&Judged { authentic, code });
    } else {
        let word = coloured(if authentic { "authentic" } else { "not authentic" }, authentic);
        say(&code.map_or_else(|| word.clone(), |code| format!("{word}: {code}")));
    }
    Ok(authentic)
}

/// Unix seconds or RFC 3339, in milliseconds since the Unix epoch.
fn now(text: &str) -> Result<i64, Unusable> {
    let seconds = text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
    seconds.or_else(|| parse_time(text)).ok_or_else(|| {
        Unusable(format!("--now: error: `{text}` is neither Unix seconds nor an RFC 3339 time"))
    })
}
