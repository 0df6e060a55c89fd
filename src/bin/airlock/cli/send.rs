//! `airlock send`: own inputs as signed deliveries.

use super::setup::{entropy, lines, now, policy, setup};
use super::{Outcome, SendArgs, Unusable, coloured, input, say, say_json};
use airlock::api::{
    CrmRecord, LedgerRow, NotEvents, RefusalView, RunView, Scope, Sender, Session, Setup, scenario_evidence,
};
use serde::Serialize;
use std::io::{IsTerminal, Write};

#[derive(Serialize)]
struct Line<'a> {
    input: &'a str,
    outcome: &'a str,
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a RefusalView>,
    /// The first of the records; the others, where the policy writes several objects, come after it.
    record: Option<&'a CrmRecord>,
    #[serde(skip_serializing_if = "<[CrmRecord]>::is_empty")]
    further_records: &'a [CrmRecord],
    ledger: &'a [LedgerRow],
}

pub(crate) fn send(args: &SendArgs) -> Outcome {
    let now = now(args.now.as_deref())?;
    let Some(policy) = policy(&args.policy, None)? else {
        return Err(Unusable(format!("{}: error: the policy can't be used", args.policy.display())));
    };
    let seed = entropy(args.seed.as_deref(), args.demo_keys)?;
    let setup = setup(policy, args.consent.as_deref(), &seed, now)?;
    let mut session = Session::new();
    session.configure(&setup).map_err(|diagnostics| Unusable(lines(&args.policy, &diagnostics)))?;
    if args.attest_synthetic {
        session.attest(now);
    }
    let outcome = send_all(args, &setup, now, &mut session);
    // Whatever stopped the work, what was done before is evidence.
    if let Some(out) = &args.evidence {
        input::write(out, &scenario_evidence(&session, "send", &setup.seed))?;
    }
    outcome
}

fn send_all(args: &SendArgs, setup: &Setup, now: i64, session: &mut Session) -> Outcome {
    let intake = input::intake(&args.paths, args.event.as_deref())?;
    let (sender, scope) = (Sender::new(setup), Scope::of(setup));
    let mut not_events = NotEvents::default();
    let mut all_fine = true;
    let mut sent = 0_usize;
    for index in 0..intake.len() {
        let Some(item) = intake.item(index, now, &scope) else { continue };
        if let Some(what) = item.not_an_event {
            not_events.count(what);
            continue;
        }
        let view = match &item.body {
            Ok(body) => Ok(session.send(&sender.request(body, now), now, &mut || 0.0)),
            Err(refusal) => Err(refusal),
        };
        all_fine &= report(args.json, &item.input, &view);
        sent += 1;
        progress(sent, index + 1, intake.len());
    }
    if std::io::stderr().is_terminal() && sent >= PROGRESS_FROM {
        let _ = writeln!(std::io::stderr());
    }
    input::tell_not_events(&not_events);
    Ok(all_fine)
}

/// Short work needs no bar.
const PROGRESS_FROM: usize = 64;

fn progress(sent: usize, done: usize, of: usize) {
    if sent >= PROGRESS_FROM && sent.is_multiple_of(16) && std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r{sent} sent; {done} of {of} looked at   ");
    }
}

fn report(json: bool, name: &str, view: &Result<RunView, &RefusalView>) -> bool {
    let line = match view {
        Ok(run) => Line {
            input: name,
            outcome: &run.outcome,
            code: run.refusal.as_ref().map(|refusal| refusal.code.as_str()),
            refusal: run.refusal.as_ref(),
            record: run.records.first(),
            further_records: run.records.get(1..).unwrap_or(&[]),
            ledger: &run.ledger,
        },
        Err(refusal) => Line {
            input: name,
            outcome: "rejected",
            code: Some(&refusal.code),
            refusal: Some(refusal),
            record: None,
            further_records: &[],
            ledger: &[],
        },
    };
    let fine = line.refusal.is_none();
    if json {
        say_json(&line);
        return fine;
    }
    let crossed = line.ledger.iter().filter(|row| row.crossed).count();
    say(&format!(
        "{}  {name}: {crossed} of {} elements crossed",
        coloured(line.outcome, fine),
        line.ledger.len()
    ));
    if let Some(refusal) = line.refusal {
        let at = refusal.path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
        say(&format!("        {}{at}: {}", refusal.code, refusal.message));
        say(&format!("        {}", refusal.help));
    }
    fine
}
