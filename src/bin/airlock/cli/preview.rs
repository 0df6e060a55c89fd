//! `airlock preview`: what a change of policy does to a set of events.

use super::setup::{consents, draft, entropy, lines, now};
use super::{Outcome, PreviewArgs, Unusable, coloured, input, say, say_json};
use airlock::api::{
    Comparison, FieldChange, PolicyText, PreviewEvents, PreviewReport, PreviewRequest, RefusalCount,
    UnlistedCodes,
};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Short work needs no bar.
const PROGRESS_FROM: usize = 256;

pub(crate) fn preview(args: &PreviewArgs) -> Outcome {
    let request = PreviewRequest {
        old: policy(&args.old, args.adapter.as_deref())?,
        new: policy(&args.new, args.adapter.as_deref())?,
        consents: consents(args.consent.as_deref())?,
        ehr: None,
        seed: entropy(args.seed.as_deref(), args.demo_keys)?,
        now: now(args.now.as_deref())?,
        events: PreviewEvents::Inputs(Vec::new()),
    };
    let mut comparison = Comparison::new(&request).map_err(|against| {
        let parts = [(&args.old, &against.old), (&args.new, &against.new), (&args.new, &against.rest)];
        let lines = parts.map(|(file, diagnostics)| lines(file, diagnostics));
        Unusable(lines.into_iter().filter(|lines| !lines.is_empty()).collect::<Vec<_>>().join("\n"))
    })?;
    if let Some(unknown) = args.accept.iter().find(|name| !comparison.knows(name)) {
        return Err(Unusable(format!(
            "--accept: error: `{unknown}` is neither a canonical field nor a CRM field of these policies"
        )));
    }
    let intake = input::intake(&args.events, args.event.as_deref())?;
    for index in 0..intake.len() {
        comparison.take(&intake, index, None);
        progress(index + 1, intake.len());
    }
    let unread = |name: &&str| {
        format!("{name}: error: this is neither JSON nor NDJSON in UTF-8, so nothing of it is compared")
    };
    let unread: Vec<String> = intake.unreadable().iter().map(unread).collect();
    if std::io::stderr().is_terminal() && comparison.events() >= PROGRESS_FROM {
        let _ = writeln!(std::io::stderr());
    }
    let report = comparison.finish();
    if args.json {
        say_json(&report);
    } else {
        tell(&report);
    }
    if !unread.is_empty() {
        return Err(Unusable(unread.join("\n")));
    }
    let accepted = |change: &FieldChange| args.accept.iter().any(|name| change.is_called(name));
    let widened = report.path.iter().filter(|change| change.widens);
    Ok(report.newly_crossing.iter().all(accepted)
        && widened.into_iter().all(|change| args.accept.contains(&change.key)))
}

/// A policy with its adapter. One with errors is compared too, as long as it says what crosses: what it would do is the
/// question.
fn policy(file: &Path, adapter: Option<&Path>) -> Result<PolicyText, Unusable> {
    let Some(policy) = draft(file, adapter)? else {
        return Err(Unusable(format!("{}: error: this is no policy", file.display())));
    };
    Ok(PolicyText { policy: policy.text, adapter: policy.adapter })
}

fn progress(done: usize, of: usize) {
    if done < PROGRESS_FROM || !done.is_multiple_of(64) || !std::io::stderr().is_terminal() {
        return;
    }
    let width = 24;
    let share = done as f64 / of.max(1) as f64;
    let full = ((share * f64::from(width)) as usize).min(width as usize);
    let bar = ["█".repeat(full), "░".repeat(width as usize - full)].concat();
    let _ = write!(std::io::stderr(), "\r{bar} {:>3.0} %  {done} events ", share * 100.0);
}

fn tell(report: &PreviewReport) {
    let totals = &report.totals;
    say(&format!(
        "{}: {} accepted by both, {} refused by both, {} newly accepted, {} newly refused, {} of types that \
         neither policy covers, {} not to be read",
        counted(report.events, "event"),
        totals.accepted,
        totals.refused,
        totals.newly_accepted,
        totals.newly_refused,
        totals.not_covered,
        totals.unreadable,
    ));
    if !report.consents_asked {
        say("No consents are given: this is what would cross if consent permitted.");
    }
    for change in &report.path {
        let word = if change.widens { coloured("WIDENS", false) } else { "changes".to_owned() };
        say(&format!("\n{word}  {}: {} → {}", change.key, or_nothing(&change.from), or_nothing(&change.to)));
    }
    fields(&coloured("NEWLY CROSSING", false), &report.newly_crossing);
    fields("No longer crossing", &report.no_longer_crossing);
    fields("Changed", &report.changed);
    unlisted(&report.unlisted);
    codes("Newly refused", &report.newly_refused);
    codes("Newly accepted, and refused before", &report.newly_accepted);
    if report.is_empty() {
        say("\nNo change: the same crosses under both policies.");
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

fn fields(title: &str, changes: &[FieldChange]) {
    if changes.is_empty() {
        return;
    }
    say(&format!("\n{title} ({})", changes.len()));
    for change in changes {
        let owner = change.owner.as_deref().unwrap_or("nobody named");
        say(&format!("  {}  [{}]  rule {}, owner: {owner}", change.field, change.class, change.rule));
        let (from, to) = change.words();
        say(&format!("      {from} → {to}"));
        let events = match (change.events, change.used) {
            (0, 0) => "no event here uses it".to_owned(),
            (0, used) => format!("no event here shows it; {used} have the field"),
            (events, _) => counted(events, "event"),
        };
        let held = match change.held_back {
            0 => String::new(),
            held => format!(", {held} of them held back by the guard"),
        };
        say(&format!("      {events}{held}"));
        for example in &change.examples {
            let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
            let path = example.path.as_deref().unwrap_or("");
            say(&format!(
                "      e.g. {} {path}: {} → {}",
                example.event,
                side(&example.from),
                side(&example.to)
            ));
        }
    }
}

fn unlisted(rules: &[UnlistedCodes]) {
    for of_rule in rules {
        let UnlistedCodes { rule, field, table, values, unnamed, .. } = of_rule;
        let becomes = if of_rule.becomes == "other" { "told as `other`" } else { "withheld" };
        let count = counted(*values, "value");
        say(&format!("\nNot in table `{table}`: {count} of {field} (rule {rule}) {becomes}"));
        for code in &of_rule.codes {
            let system = code.system.as_deref().unwrap_or("no system");
            say(&format!("  {:>6}  {} of {system}", code.values, code.code));
        }
        if *unnamed > 0 {
            say(&format!("  {unnamed:>6}  not named here: see the field ledger"));
        }
    }
}

fn codes(title: &str, counts: &[RefusalCount]) {
    for count in counts {
        say(&format!("\n{title}: {}, {}: {}", counted(count.events, "event"), count.code, count.message));
        for example in &count.examples {
            let at = example.path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
            say(&format!("      e.g. {}{at}", example.event));
        }
    }
}
