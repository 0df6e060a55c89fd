//! `airlock matrix`: documents derived from a policy.

use super::setup::{lines, policy, setup};
use super::{MatrixArgs, Outcome, Unusable, input};
use airlock::api::{DerivedDocument, RefusalView, Scope, Sender, Session, Setup, TableFormat, Usage, derive};
use std::io::Write;
use std::path::Path;

/// When the events of a drift review come in: what is counted does not depend on it.
const NOW: i64 = 1_767_225_600_000;
/// Entropy for tokens, which nobody sees.
const SEED: &str = "airlock-drift-review";

pub(crate) fn matrix(args: &MatrixArgs) -> Outcome {
    if !args.events.is_empty() && args.document != DerivedDocument::DriftReview {
        return Err(Unusable("--events: error: only the drift review looks at events".to_owned()));
    }
    let Some(policy) = policy(&args.policy, args.adapter.as_deref())? else { return Ok(false) };
    let (text, adapter) = (policy.text.clone(), policy.adapter.clone());
    let usage = match args.events.as_slice() {
        [] => None,
        _ => Some(usage(args, setup(policy, None, SEED, NOW)?)?),
    };
    match derive(args.document, &text, &adapter, usage.as_ref()) {
        Ok(table) => {
            let format = if args.json { TableFormat::Json } else { args.format };
            let _ = write!(std::io::stdout().lock(), "{}", table.write(format));
            Ok(true)
        }
        Err(diagnostics) => {
            // The policy is sound: what is left is about the adapter, or about both.
            let file = args.adapter.as_deref().unwrap_or(Path::new("adapter"));
            let _ = writeln!(std::io::stderr(), "{}", lines(file, &diagnostics));
            Ok(false)
        }
    }
}

/// What the events use of the policy. They run through a connector of their own, attested, and leave nothing behind.
fn usage(args: &MatrixArgs, setup: Setup) -> Result<Usage, Unusable> {
    let mut session = Session::new();
    session.configure(&setup).map_err(|diagnostics| Unusable(lines(&args.policy, &diagnostics)))?;
    session.attest(NOW);
    let mut usage = Usage::default();
    let (sender, scope) = (Sender::new(&setup), Scope::of(&setup));
    let intake = input::intake(&args.events, None)?;
    for index in 0..intake.len() {
        let Some(item) = intake.item(index, NOW, &scope) else { continue };
        match &item.body {
            Ok(_) if item.not_an_event.is_some() => {}
            Ok(body) => usage.count(&session.send(&sender.request(body, NOW), NOW, &mut || 0.0)),
            Err(refusal) => {
                let RefusalView { code, message, .. } = refusal;
                let _ = writeln!(std::io::stderr(), "{}: warning[{code}]: {message}", item.input);
            }
        }
    }
    Ok(usage)
}
