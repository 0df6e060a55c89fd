//! Records: every one is in the catalogue, and every chain is complete; of each that is taken out it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::archive::OutcomeClass;
use airlock::api::{Completeness, Session, Standing, completeness, open_scenario, run_in, scenarios};
use airlock::engine::audit::{AuditRecord, Fact, Member, Members, Movement, catalogue};
use std::collections::BTreeSet;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Each scenario with the session that it ran in.
fn sessions() -> Vec<(String, Session)> {
    let run = |id: String| {
        let mut session = Session::new();
        run_in(&open_scenario(&id).unwrap(), &mut session);
        (id, session)
    };
    scenarios().into_iter().map(|card| run(card.id)).collect()
}

fn texts(session: &Session) -> Vec<String> {
    session.timeline().iter().map(|entry| entry.raw.clone()).collect()
}

fn look(texts: &[String], standing: Option<&Standing>) -> Completeness {
    completeness(texts.iter().map(String::as_str), standing)
}

/// The log without one record, numbered anew as if it had never been there.
fn without(texts: &[String], at: usize) -> Vec<String> {
    let mut left = texts.to_vec();
    left.remove(at);
    let renumber = |(seq, text): (usize, &String)| {
        let mut record = AuditRecord::parse(text).unwrap();
        record.seq = seq as u64;
        record.canonical()
    };
    left.iter().enumerate().map(renumber).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn every_record_of_every_scenario_is_one_of_the_catalogue() {
    let (mut facts, mut movements) = (BTreeSet::new(), BTreeSet::new());
    for (id, session) in sessions() {
        for text in texts(&session) {
            let record = AuditRecord::parse(&text).unwrap();
            let fact = record.fact().unwrap_or_else(|| panic!("{id}: {text}"));
            let lacks: Vec<Member> = record.lacks(fact).iter().collect();
            let exceeds: Vec<Member> = record.exceeds(fact).iter().collect();
            assert_eq!((lacks, exceeds), (vec![], vec![]), "{id}: {text}");
            facts.insert(fact);
        }
        for own in session.operations() {
            let is = |movement: &&Movement| {
                let row = movement.row();
                (row.stage, row.action, row.outcome) == (&own.stage, &own.action, &own.outcome)
            };
            movements.insert(*Movement::ALL.iter().find(is).unwrap());
        }
    }
    // These take an operator, a restart, or a source that changes its mind: the tests of the queue, of notifications and
    // of counting have them, and those of the session what is done to the log itself.
    let others = [Fact::Attested, Fact::Missing, Fact::Redriven, Fact::StateUnreadable, Fact::Uncounted];
    let unseen = Fact::ALL.iter().copied().filter(|fact| !facts.contains(fact) && fact.row().stage != "log");
    let unseen: Vec<Fact> = unseen.collect();
    assert!(unseen.iter().all(|fact| others.contains(fact)), "{unseen:?}");
    assert!(movements.len() >= 3, "{movements:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_outcome_of_the_catalogue_has_a_class() {
    for row in catalogue::rows() {
        assert_ne!(OutcomeClass::of(row.outcome), OutcomeClass::Other, "{}", row.outcome);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_chain_of_every_scenario_is_complete() {
    for (id, session) in sessions() {
        let found = session.completeness();
        assert_eq!(found.gaps, [], "{id}");
        let open: BTreeSet<String> = found.open.into_iter().map(|open| open.correlation).collect();
        assert_eq!(open, session.standing().unwrap().waiting, "{id}: what is open is what waits");
        assert!(found.ended > 0 || !open.is_empty(), "{id}");
        // Without knowing what waits there is still no false alarm.
        assert_eq!(look(&texts(&session), None).gaps, [], "{id}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn where_records_are_not_there_nothing_is_said_of_chains_that_reach_into_them() {
    for (id, session) in sessions() {
        let (texts, standing) = (texts(&session), session.standing().unwrap());
        let size = texts.len();
        for (from, to) in [(0, size / 2), (size / 3, size / 2), (1, 3)] {
            let rest = [&texts[..from], &texts[to.min(size)..]].concat();
            let standing = (to < size).then_some(&standing);
            assert_eq!(look(&rest, standing).gaps, [], "{id}: without {from} to {to} of {size}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_record_that_is_taken_out_of_a_chain_that_ended_is_missed() {
    let mut tried = 0;
    for (id, session) in sessions() {
        let (texts, standing) = (texts(&session), session.standing().unwrap());
        for at in 0..texts.len() {
            let record = AuditRecord::parse(&texts[at]).unwrap();
            let fact = record.fact().unwrap();
            if standing.waiting.contains(record.correlation.as_ref()) || fact == Fact::Attested {
                continue;
            }
            let found = look(&without(&texts, at), Some(&standing));
            let names = |gap: &&airlock::api::ChainGap| {
                gap.missing.contains(&fact.row().kind.to_owned())
                    || gap.missing == ["webhook.authenticate"] && fact.row().stage == "webhook"
                    || gap.missing == ["webhook.authenticate"] && fact == Fact::QueueFull
            };
            let of = |gap: &&airlock::api::ChainGap| {
                record.correlation == gap.correlation
                    || record.correlation.starts_with(&format!("{}.", gap.correlation))
            };
            let named = found.gaps.iter().filter(of).find(names);
            assert!(named.is_some(), "{id}: {} at {at}: {:#?}", texts[at], found.gaps);
            assert_eq!(found.gaps.len(), 1, "{id}: {} at {at}: {:#?}", texts[at], found.gaps);
            let gap = named.unwrap();
            assert!(gap.after.is_none_or(|after| after < at as u64), "{gap:?} at {at}");
            assert!(gap.before.is_none_or(|before| before >= at as u64), "{gap:?} at {at}");
            tried += 1;
        }
    }
    assert!(tried > 800, "{tried}");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_documentation_has_the_catalogue_as_it_is() {
    let names = |members: Members| {
        members.iter().map(|member| format!("`{}`", member.name())).collect::<Vec<_>>().join(", ")
    };
    let facts = catalogue::rows().map(|row| {
        let (must, may, stream) = (names(row.must), names(row.may), row.stream.as_str());
        format!("| `{}` | {} | {stream} | {must} | {may} | {} |", row.kind, row.outcome, row.about)
    });
    let members = Member::ALL
        .iter()
        .map(|member| format!("| `{}` | {} | {} |", member.name(), member.kind().as_str(), member.about()));
    let rows = include_str!("../docs/audit.md").lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.collect::<Vec<_>>(), facts.chain(members).collect::<Vec<_>>());
}
