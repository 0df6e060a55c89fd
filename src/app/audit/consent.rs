//! A consent decision, clause by clause, in words.

use super::super::words;
use crate::api::{Clause, Heard};
use crate::app::text;
use leptos::prelude::*;

/// Consents that are listed, and clauses of each: more than a record of ours has.
const MOST: usize = 400;
/// Characters that are shown of a value.
const CLIP: usize = 200;

/// Each consent that was heard, and what of it applied.
pub fn heard(consents: &[Heard]) -> Option<AnyView> {
    if consents.is_empty() {
        return None;
    }
    let items = consents.iter().take(MOST).map(one).collect::<Vec<_>>();
    Some(
        view! {
            <h3>"The decision, clause by clause"</h3>
            <div class="heard" data-testid="clauses">
                {items}
            </div>
        }
        .into_any(),
    )
}

fn one(heard: &Heard) -> AnyView {
    let mut groups: Vec<(Option<&str>, Vec<&Clause>)> = Vec::new();
    for clause in heard.clauses.iter().take(MOST) {
        let provision = clause.provision.as_deref();
        match groups.iter_mut().find(|(own, _)| *own == provision) {
            Some((_, clauses)) => clauses.push(clause),
            None => groups.push((provision, vec![clause])),
        }
    }
    let groups = groups.iter().map(|(provision, clauses)| {
        let items = clauses.iter().map(|clause| {
            let sentence = sentence(&clause.what, &clause.found);
            view! { <li>{words::mark(found(&clause.found), &text::plain(&clause.found, CLIP))} " " {text::plain(&sentence, CLIP)}</li> }
        });
        let items = items.collect::<Vec<_>>();
        view! {
            <li>
                <strong>{place(*provision)}</strong>
                {provision.map(|_| view! { ": " {applied(clauses)} })}
                <ul>{items}</ul>
            </li>
        }
    });
    let groups = groups.collect::<Vec<_>>();
    view! {
        <section>
            <p>
                <strong>{text::plain(&heard.consent, CLIP)}</strong>
                " → "
                {words::mark(found(&heard.decides), &text::plain(&heard.decides, CLIP))}
                " "
                <span class="note">{decides(&heard.decides)}</span>
            </p>
            <ul>{groups}</ul>
        </section>
    }
    .into_any()
}

/// Where a provision stands, counted from 1 as people do.
fn place(provision: Option<&str>) -> String {
    let Some(path) = provision else { return String::from("The consent as a whole") };
    let mut words = String::from("The root provision");
    for number in path.split('.').skip(1).filter_map(|n| n.parse::<u64>().ok()) {
        words = if words.starts_with("The root") { String::new() } else { words + ", " };
        words.push_str(&["exception ", &number.saturating_add(1).to_string()].concat());
    }
    match words.strip_prefix('e') {
        Some(rest) => ["E", rest].concat(),
        None => words,
    }
}

/// Whether a provision applied, and why not.
fn applied(clauses: &[&Clause]) -> String {
    let of = |found: &str| {
        clauses
            .iter()
            .filter(|c| c.found == found && c.what != "type")
            .map(|c| named(&c.what))
            .collect::<Vec<_>>()
    };
    let (fails, unclear) = (of("fails"), of("unclear"));
    let stated = clauses.iter().find(|c| c.what == "type").map_or("", |c| c.found.as_str());
    if !fails.is_empty() {
        return ["does not apply, for its ", &fails.join(" and its "), " does not fit the request"].concat();
    }
    if !unclear.is_empty() {
        return [
            "it can't be decided whether it applies, for its ",
            &unclear.join(" and its "),
            " can't be told",
        ]
        .concat();
    }
    match stated {
        "permit" => String::from("applies, and permits"),
        "deny" => String::from("applies, and denies"),
        "unclear" => String::from("applies, and does not say what it does"),
        _ => String::from("applies"),
    }
}

fn named(what: &str) -> &str {
    match what {
        "type" => "type",
        "actor" => "recipient",
        "constraint" => "further constraint",
        own => own,
    }
}

/// Tone and glyph of what was found.
fn found(word: &str) -> (&'static str, &'static str) {
    match word {
        "holds" | "permit" => ("good", "✓"),
        "fails" => ("calm", "✕"),
        "deny" => ("warn", "⊘"),
        "silent" => ("dim", "·"),
        _ => ("warn", "?"),
    }
}

fn sentence(what: &str, found: &str) -> String {
    let subject = match what {
        "status" => "it is active",
        "subject" => "it is about this patient",
        "modifier" => "it has no modifier that would change its meaning",
        "scope" => "its scope is privacy",
        "period" => "its period covers this time",
        "purpose" => "its purposes include this one",
        "actor" => "its recipients include this one",
        "constraint" => "nothing else narrows it",
        "exceptions" => "its exceptions can be read",
        "type" | "policyRule" => "it states",
        "others" => "there are more clauses than a record tells",
        own => own,
    };
    match (what, found) {
        ("type", _) => ["this provision states: ", found].concat(),
        ("policyRule", _) => ["its policy rule states: ", found].concat(),
        (_, "fails") => [subject, ": no"].concat(),
        (_, "unclear") => [subject, ": can't be told"].concat(),
        (_, "untold") => subject.to_owned(),
        _ => [subject, ": yes"].concat(),
    }
}

fn decides(word: &str) -> &'static str {
    match word {
        "permit" => "it lets this recipient have it for this purpose",
        "deny" => "it forbids it",
        "silent" => "it does not speak to this request",
        _ => "it can't be told what it says, which is no permission",
    }
}
