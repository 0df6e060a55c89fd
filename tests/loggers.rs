//! The careless logger beside the safe one: what of a person comes into either.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use airlock::api::{Loggers, Request, RunView, Session, loggers, open_scenario, scenarios};

/// What both write of each delivery of a scenario.
fn of(id: &str) -> Vec<(Request, RunView, Loggers)> {
    let scenario = open_scenario(id).unwrap();
    let mut session = Session::new();
    session.configure(&scenario.setup).unwrap();
    let both = scenario.requests.iter().map(|(at, request)| {
        let run = session.send(request, *at, &mut || 0.0);
        let of_run = |text: &String| text.contains(&format!("\"correlation\":\"{}", run.correlation));
        let log = session.timeline().into_iter().map(|entry| entry.raw).filter(of_run);
        let found = loggers(request, &run, &log.collect::<Vec<_>>());
        (request.clone(), run, found)
    });
    both.collect()
}

#[test]
fn in_every_scenario_the_safe_log_has_nothing_of_what_the_careless_one_tells() {
    let mut told = 0;
    for card in scenarios() {
        for (_, run, found) in of(&card.id) {
            assert_eq!(found.safe.identifying, 0, "{} {}: {:?}", card.id, run.correlation, found.safe.lines);
            assert!(!found.safe.lines.is_empty(), "{}", card.id);
            assert_eq!(found.naive.identifying, found.identifying, "{}", card.id);
            let marked = found.naive.lines.iter().flatten().any(|piece| piece.identifies);
            assert_eq!(marked, found.identifying > 0, "{}", card.id);
            told += usize::from(found.identifying > 0);
        }
    }
    assert!(told > 50, "{told}");
}

#[test]
fn a_line_in_pieces_is_the_line_and_a_word_inside_another_is_not_marked() {
    let (mut request, run, _) = of("referral-created").remove(0);
    request.body = String::from(
        r#"{"resourceType":"Patient","id":"PAT-001","name":[{"family":"Mustermann","given":["Mus"]}]}"#,
    );
    let safe = [String::from("Mustermannstadt, Mus; the PAT-0012")];
    let found = loggers(&request, &run, &safe);
    let pieces: Vec<(&str, bool)> =
        found.safe.lines[0].iter().map(|piece| (piece.text.as_str(), piece.identifies)).collect();
    assert_eq!(pieces, [("Mustermannstadt, ", false), ("Mus", true), ("; the PAT-0012", false)]);
    assert_eq!((found.safe.identifying, found.identifying), (1, 3));
}

#[test]
fn what_is_no_json_or_very_long_is_cut_and_nothing_stops() {
    let (request, run, _) = of("referral-created").remove(0);
    for body in ["", "{", "\u{202e}<script>é", &"é".repeat(100_000), &"[".repeat(5_000)] {
        let request = Request { body: body.to_owned(), ..request.clone() };
        let found = loggers(&request, &run, &[]);
        assert_eq!((found.identifying, found.safe.lines.len()), (0, 0));
        assert!(found.naive.lines.iter().flatten().all(|piece| piece.text.len() <= 2_000));
    }
}
