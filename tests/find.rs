//! Finding records: what a query finds is what anyone would find who reads them all.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../benches/support/logs.rs"]
mod logs;

use airlock::api::archive::{
    Archive, Axis, FacetValue, Found, Key, OutcomeClass, QUERY_BYTES, Query, SEGMENT_RECORDS, Term, lanes,
};
use airlock::engine::audit::{AuditRecord, leaf_hash};
use airlock::engine::time::Instant;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

fn archive_of(texts: &[String]) -> Archive {
    let mut archive = Archive::default();
    texts.iter().for_each(|text| archive.append(leaf_hash(text.as_bytes()), text));
    archive
}

fn find(archive: &Archive, text: &str) -> Found {
    let (query, notes) = Query::parse(text);
    assert_eq!(notes, [], "{text}");
    archive.find(&query, &[])
}

fn found(archive: &Archive, text: &str) -> Vec<u64> {
    find(archive, text).records().to_vec()
}

/// A record's members, where it is one in canonical form at its place; none of anything else.
fn members(seq: usize, text: &str) -> Map<String, Value> {
    let canonical = AuditRecord::parse(text).ok().filter(|r| r.canonical() == text && r.seq == seq as u64);
    canonical.map(|_| serde_json::from_str(text).unwrap()).unwrap_or_default()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        other => vec![other.to_string()],
    }
}

/// Whether a record fits a term, as one would read it.
fn fits(term: &Term, seq: usize, text: &str) -> bool {
    let members = members(seq, text);
    let of = |name: &str| members.get(name).map(strings).unwrap_or_default();
    let time = of("time").first().and_then(|time| Instant::parse(time));
    let is = |value: &str, name: &str, given: &str| {
        let (value, given) = (value.to_lowercase(), given.to_lowercase());
        let level = match name {
            "policy" => "@",
            "code" | "correlation" | "eventType" | "fields" => ".",
            _ => return value == given,
        };
        value == given || (!value.is_empty() && given.starts_with(&format!("{value}{level}")))
    };
    let has = |value: &str, name: &str| match of(name) {
        none if none.is_empty() => value.is_empty(),
        given => given.iter().any(|given| {
            is(value, name, given) || (name == "fields" && given.split(' ').any(|word| is(value, name, word)))
        }),
    };
    let any = term.values().iter().any(|value| match term.key() {
        Key::Text if members.is_empty() => text.to_lowercase().contains(&value.to_lowercase()),
        Key::Text => members
            .iter()
            .filter(|(name, _)| *name != "seq")
            .flat_map(|(_, given)| strings(given))
            .any(|given| given.to_lowercase().contains(&value.to_lowercase())),
        Key::Seq => match value.split_once("..") {
            None => value.parse() == Ok(seq),
            Some((first, last)) => {
                (first.is_empty() || first.parse::<usize>().unwrap() <= seq)
                    && (last.is_empty() || seq <= last.parse::<usize>().unwrap())
            }
        },
        Key::After => time >= Instant::parse(value) && time.is_some(),
        Key::Before => time < Instant::parse(value) && time.is_some(),
        Key::Decision => of("stage") == ["consent"] && has(value, "outcome"),
        Key::Member(name) => has(value, name),
    });
    any != term.negated()
}

fn naive(query: &Query, texts: &[String]) -> Vec<u64> {
    let fit = |(seq, text): &(usize, &String)| query.terms().iter().all(|term| fits(term, *seq, text));
    texts.iter().enumerate().filter(fit).map(|(seq, _)| seq as u64).collect()
}

fn naive_facet(query: &Query, key: Key, texts: &[String]) -> Vec<FacetValue> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (seq, text) in texts.iter().enumerate() {
        if query.terms().iter().filter(|term| term.key() != key).all(|term| fits(term, seq, text)) {
            let members = members(seq, text);
            let name = match key {
                Key::Member(name) => name,
                _ if members.get("stage").is_some_and(|stage| stage == "consent") => "outcome",
                _ => continue,
            };
            let value = members.get(name).map(|value| strings(value).remove(0)).unwrap_or_default();
            *counts.entry(value).or_default() += 1;
        }
    }
    counts.into_iter().map(|(value, count)| FacetValue { value, count }).collect()
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "consent", "denied", "passed", "permitted", "queue", "run-000001", "run-000002", "run-000001.2", "absent",
            "consent.absent", "operator", "OPERATOR", "p", "p@1", "R01", "Person.birthDate", "crossed", "é", "É", "\"", "\\",
        ]).prop_map(str::to_owned),
        1 => "[ -~éß,:\"\\\\\n-]{0,6}",
    ]
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0i64..20).prop_map(|n| Instant(1_768_467_600_000 + n * 500).to_rfc3339()),
        1 => Just("yesterday".to_owned()),
    ]
}

fn record() -> impl Strategy<Value = AuditRecord<'static>> {
    let pick = |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let values = (
        pick(&["consent", "queue", "webhook", "redact"]),
        pick(&["passed", "denied", "permitted", "Denied", ""]),
        pick(&["run-000001", "run-000001.2", "run-0000012", "run-000002"]),
        time(),
        prop::option::of(word()),
        prop::option::of(pick(&["p@1", "p@2", "pq@1"])),
        prop::collection::vec(pick(&["R01 Person.birthDate keep/1 crossed", "R02 é \"x\" dropped"]), 0..3),
        prop::option::of(0u64..20),
        word(),
    );
    values.prop_map(|(stage, outcome, correlation, time, code, policy, fields, unnamed, actor)| AuditRecord {
        stage: stage.into(),
        outcome: outcome.into(),
        correlation: correlation.into(),
        time: time.into(),
        code: code.map(Into::into),
        policy: policy.map(Into::into),
        actor: actor.into(),
        fields,
        unnamed,
        ..AuditRecord::default()
    })
}

/// A log, of which some records are none.
fn log() -> impl Strategy<Value = Vec<String>> {
    let odd = prop::sample::select(vec![
        "",
        "{}",
        "not a record",
        "{\"zz\":\"denied\"}",
        "\"consent\"",
        "{\"seq\":3}",
        "[\"R01\"]",
    ]);
    let line = prop_oneof![8 => record().prop_map(Ok), 1 => odd.prop_map(|text| Err(text.to_owned()))];
    prop::collection::vec(line, 0..40).prop_map(|lines| {
        let numbered = (0..).zip(lines);
        numbered
            .map(|(seq, line)| {
                line.map_or_else(|odd| odd, |record| AuditRecord { seq, ..record }.canonical())
            })
            .collect()
    })
}

fn term() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "",
        "",
        "text:",
        "outcome:",
        "stage:",
        "run:",
        "policy:",
        "code:",
        "field:",
        "actor:",
        "decision:",
        "unnamed:",
        "purpose:",
        "time:",
    ]);
    let quote = |word: &String| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    let values = prop::collection::vec(word(), 1..3)
        .prop_map(move |words| words.iter().map(quote).collect::<Vec<_>>());
    let filter = (key, values).prop_map(|(key, values)| {
        let values = if key.is_empty() { values[0].clone() } else { values.join(",") };
        format!("{key}{values}")
    });
    let moment =
        (prop::sample::select(vec!["after:", "before:"]), time()).prop_map(|(key, at)| format!("{key}{at}"));
    let place = (0u64..30, 0u64..30).prop_map(|(a, b)| format!("seq:{a}..{},{b}", a + b));
    let term = prop_oneof![6 => filter, 1 => moment, 1 => place];
    (prop::bool::weighted(0.3), term).prop_map(|(not, term)| if not { format!("-{term}") } else { term })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_found_is_what_reading_all_records_finds(
        texts in log(), terms in prop::collection::vec(term(), 0..4), cut in 0usize..40,
    ) {
        let (query, _) = Query::parse(&terms.join(" "));
        let keys = Key::FILTERS;
        let expected = naive(&query, &texts);
        let mut archive = archive_of(&texts[..cut.min(texts.len())]);
        let mut found = archive.find(&query, &keys);
        for text in &texts[cut.min(texts.len())..] {
            archive.append(leaf_hash(text.as_bytes()), text);
        }
        found.extend(&archive);
        prop_assert_eq!(found.records(), &expected[..], "{}", query.to_text());
        let whole = archive.find(&query, &keys);
        prop_assert_eq!(whole.records(), &expected[..]);
        for key in keys {
            let expected = naive_facet(&query, key, &texts);
            prop_assert_eq!(whole.facet(key, &archive), expected.clone(), "{:?} {}", key, query.to_text());
            prop_assert_eq!(found.facet(key, &archive), expected, "{:?} {}", key, query.to_text());
        }
    }

    #[test]
    fn any_text_is_a_query_and_its_text_reads_as_the_same(text in "(-?([a-zé]{0,4}:)?[ -~é\"\\\\\n,]{0,9} ?){0,5}|\\PC{0,40}") {
        let (query, _) = Query::parse(&text);
        let written = query.to_text();
        let (again, notes) = Query::parse(&written);
        prop_assert_eq!(&again, &query, "{:?}", written);
        prop_assert_eq!(notes, vec![], "{:?}", written);
        prop_assert_eq!(again.to_text(), written);
    }

    #[test]
    fn the_buckets_hold_every_record_once(
        texts in log(), buckets in 0usize..12, by_time: bool, span in prop::option::of((0i64..9_000, 0i64..9_000)),
    ) {
        let archive = archive_of(&texts);
        let mut found = archive.find(&Query::default(), &[]);
        let axis = if by_time { Axis::Time } else { Axis::Seq };
        let start = if by_time { 1_768_467_600_000 } else { 0 };
        let span = span.map(|(from, to)| (start + from, start + to));
        let density = found.density(&archive, axis, span, buckets);
        let held: u64 = density.buckets.iter().flatten().map(|count| u64::from(*count)).sum();
        prop_assert_eq!(held + density.outside + density.undated, texts.len() as u64);
        prop_assert!(density.buckets.len() <= buckets.max(1));
        for (n, counts) in density.buckets.iter().enumerate() {
            let from = density.from + n as i64 * density.width;
            let to = (from + density.width).min(span.map_or(i64::MAX, |(_, to)| to));
            for class in OutcomeClass::ALL {
                let inside = texts.iter().enumerate().filter(|(seq, text)| {
                    let members = members(*seq, text);
                    let of = |name: &str| members.get(name).map(|value| strings(value).remove(0));
                    let at = match axis {
                        Axis::Seq => Some(*seq as i64),
                        Axis::Time => of("time").and_then(|time| Instant::parse(&time)).map(|time| time.0),
                    };
                    at.is_some_and(|at| (from..to).contains(&at))
                        && OutcomeClass::of(&of("outcome").unwrap_or_default()) == class
                });
                prop_assert_eq!(counts[class as usize] as usize, inside.count());
            }
        }
    }
}

/// A log of two delivered runs and one that is waiting, with what stands between.
fn small() -> Vec<String> {
    let rows: [(&str, &str, &str, &str); 8] = [
        ("run-000001", "webhook", "passed", "09:00:00"),
        ("run-000002", "webhook", "passed", "09:00:01"),
        ("run-000001.1", "consent", "permitted", "09:00:02"),
        ("run-000001.2", "consent", "denied", "09:00:02"),
        ("run-000010", "webhook", "refused", "08:59:00"),
        ("run-000001.1", "deliver", "delivered", "08:59:01"),
        ("attestation", "validate", "attested", "08:58:00"),
        ("run-000002", "consent", "denied", "09:30:00"),
    ];
    let record =
        |(seq, (run, stage, outcome, time)): (u64, (&'static str, &'static str, &'static str, &str))| {
            AuditRecord {
                seq,
                correlation: run.into(),
                stage: stage.into(),
                outcome: outcome.into(),
                time: format!("2026-01-15T{time}Z").into(),
                ..AuditRecord::default()
            }
            .canonical()
        };
    (0..).zip(rows).map(record).collect()
}

#[test]
fn a_clock_that_was_set_back_breaks_nothing_and_is_noted() {
    let archive = archive_of(&small());
    assert_eq!(archive.set_back(), [4, 6]);
    assert_eq!(found(&archive, "before:2026-01-15T09:00Z"), [4, 5, 6]);
    assert_eq!(found(&archive, "after:2026-01-15T09:00:01Z before:2026-01-15T09:30Z"), [1, 2, 3]);
    assert_eq!(found(&archive, "-before:2026-01-15T09:30Z"), [7]);
    let mut all = find(&archive, "");
    let density = all.density(&archive, Axis::Time, None, 4);
    assert_eq!(density.buckets.iter().flatten().sum::<u32>(), 8);
    assert_eq!(density.from, Instant::parse("2026-01-15T08:58:00Z").unwrap().0);
}

#[test]
fn a_chain_is_a_delivery_with_its_parts_and_of_a_part_what_led_to_it() {
    let archive = archive_of(&small());
    let chain = |correlation: &str| archive.chain(correlation).records;
    assert_eq!(chain("run-000001"), [0, 2, 3, 5]);
    assert_eq!(chain("run-000001.2"), [0, 3]);
    assert_eq!(chain("run-000002"), [1, 7]);
    assert_eq!(chain("attestation"), [6]);
    assert_eq!(chain("run-0000"), [0; 0]);
    assert_eq!(chain(""), [0; 0]);
    let part = archive.chain("run-000001.2");
    assert!(part.holds("run-000001") && part.holds("run-000001.2") && !part.holds("run-000001.1"));
    assert_eq!(found(&archive, "run:run-000001"), [0, 2, 3, 5]);
}

#[test]
fn facets_count_what_the_other_filters_leave() {
    let archive = archive_of(&small());
    let (query, _) = Query::parse("stage:consent -outcome:permitted");
    let found = archive.find(&query, &[Key::Member("stage"), Key::Member("outcome"), Key::Decision]);
    assert_eq!(found.records(), [3, 7]);
    let facet = |key| {
        let values: Vec<FacetValue> = found.facet(key, &archive);
        values.into_iter().map(|value| (value.value, value.count)).collect::<Vec<_>>()
    };
    let expect = |pairs: &[(&str, u64)]| pairs.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(
        facet(Key::Member("stage")),
        expect(&[("consent", 2), ("deliver", 1), ("validate", 1), ("webhook", 3)])
    );
    assert_eq!(facet(Key::Member("outcome")), expect(&[("denied", 2), ("permitted", 1)]));
    assert_eq!(facet(Key::Decision), expect(&[("denied", 2)]));
    assert_eq!(facet(Key::Member("role")), []);
}

#[test]
fn hostile_queries_find_what_they_say_and_nothing_else() {
    let archive = archive_of(&small());
    let any = |text: &str| archive.find(&Query::parse(text).0, &[]).records().to_vec();
    assert_eq!(any("").len(), 8);
    assert_eq!(any(&"\"".repeat(1_000_000)).len(), 8);
    assert_eq!(any(&"x".repeat(1_000_000)), [0; 0]);
    assert_eq!(any(&"-x ".repeat(1_000_000)).len(), 8);
    assert_eq!(any(&"outcome:denied,".repeat(100_000)), [3, 7]);
    assert_eq!(any("-stage:webhook -stage:consent"), [5, 6]);
    assert_eq!(any(".*"), [0; 0]);
    assert_eq!(any("run-000001."), [2, 3, 5]);
    assert_eq!(any("outcome:d.*"), [0; 0]);
    assert_eq!(any("outcome:\"denied"), [3, 7]);
    assert_eq!(any("outcome: denied"), [3, 7]);
    assert_eq!(any("DENIED consent"), [3, 7]);
    assert_eq!(any("denied -consent"), [0; 0]);
    assert_eq!(any("code:\"\"").len(), 8);
    assert_eq!(any("-code:\"\""), [0; 0]);
    assert_eq!(any("seq:18446744073709551615,2..3"), [2, 3]);
    assert_eq!(Query::parse(&"é".repeat(QUERY_BYTES)).1.len(), 1);
}

#[test]
fn records_that_are_not_here_are_counted_and_found_once_they_are_read() {
    let texts = logs::records(SEGMENT_RECORDS * 5 + 100);
    let (mut whole, packed) = logs::archive(&texts);
    let (query, _) = Query::parse("stage:consent -outcome:permitted");
    let keys = [Key::Member("outcome")];
    let expected = naive(&query, &texts);
    assert!(expected.len() > 20);
    assert_eq!(whole.find(&query, &keys).records(), expected);

    let mut archive = Archive::default();
    (0..packed.len()).for_each(|n| archive.restore_root(*whole.segment_root(n).unwrap()));
    for text in &texts[packed.len() * SEGMENT_RECORDS..] {
        archive.append(leaf_hash(text.as_bytes()), text);
    }
    let mut found = archive.find(&query, &keys);
    assert_eq!(found.unread(), 5 * 256);
    assert_eq!(archive.chain("run-000001").unread, 5 * 256);
    // Two are read, out of order; one can't be.
    for n in [3, 1] {
        archive.fill(n, &packed[n]).unwrap();
        found.extend(&archive);
    }
    archive.forget(0);
    found.extend(&archive);
    let here = |seq: &u64| [1, 3, 5].contains(&(seq >> 8));
    let left: Vec<u64> = expected.iter().copied().filter(here).collect();
    assert_eq!(found.records(), left);
    assert_eq!((found.unread(), found.gone()), (2 * 256, 256));
    assert_eq!(found.facet(keys[0], &archive), archive.find(&query, &keys).facet(keys[0], &archive));

    // What was looked at and goes is not found any more, and not counted.
    let mut found = whole.find(&query, &keys);
    whole.forget(1);
    found.extend(&whole);
    let left: Vec<u64> = expected.iter().copied().filter(|seq| seq >> 8 != 1).collect();
    assert_eq!(found.records(), left);
    assert_eq!((found.unread(), found.gone()), (0, 256));
    assert_eq!(found.facet(keys[0], &whole), whole.find(&query, &keys).facet(keys[0], &whole));
}

#[test]
fn sealing_and_unsealing_changes_nothing_of_what_was_found() {
    let texts = logs::records(600);
    let mut archive = Archive::default();
    let (query, _) = Query::parse("stage:deliver");
    let mut found = archive.find(&query, &[]);
    for (n, text) in texts.iter().enumerate() {
        archive.append(leaf_hash(text.as_bytes()), text);
        match n {
            300 | 599 => drop(archive.seal()),
            310 => archive.unseal(),
            320 => drop(archive.seal()),
            _ => {}
        }
        if n % 7 == 0 {
            found.extend(&archive);
        }
    }
    found.extend(&archive);
    assert_eq!(found.records(), naive(&query, &texts));
}

#[test]
fn every_outcome_of_the_connector_has_a_class_and_every_stage_a_lane() {
    let (archive, _) = logs::archive(&logs::records(2_000));
    let outcome = Key::Member("outcome");
    let unknown: Vec<String> = archive
        .find(&Query::default(), &[outcome])
        .facet(outcome, &archive)
        .into_iter()
        .map(|value| value.value)
        .filter(|value| OutcomeClass::of(value) == OutcomeClass::Other)
        .collect();
    assert_eq!(unknown, [""; 0]);
    let stage = Key::Member("stage");
    let stages = archive.find(&Query::default(), &[stage]).facet(stage, &archive);
    assert!(stages.iter().all(|stage| lanes().contains(&stage.value.as_str())), "{stages:?}");
    assert!(OutcomeClass::ALL.iter().enumerate().all(|(n, class)| *class as usize == n));
}

const DOCUMENT: &str = include_str!("../docs/searching.md");

/// The cells of each row of the document's tables that begins with code, without the marks of code.
fn rows() -> Vec<(&'static str, &'static str)> {
    let row = |line: &'static str| line.strip_prefix("| `")?.split_once("` | ");
    DOCUMENT.lines().filter_map(row).collect()
}

#[test]
fn what_the_document_shows_is_a_query_and_finds_what_it_says() {
    let texts = logs::records(2_000);
    let archive = archive_of(&texts);
    let queries: Vec<_> = rows().into_iter().filter(|(text, _)| !text.starts_with("query.")).collect();
    assert!(queries.len() >= 20);
    for (text, _) in queries {
        let (query, notes) = Query::parse(text);
        assert_eq!(notes, [], "{text}");
        assert_eq!(archive.find(&query, &[]).records(), naive(&query, &texts), "{text}");
    }
}

#[test]
fn the_document_lists_each_note_and_each_name() {
    let listed: Vec<&str> =
        rows().into_iter().map(|(code, _)| code).filter(|c| c.starts_with("query.")).collect();
    let all = ["outcom:x after:soon stage: \"open", &"x".repeat(QUERY_BYTES + 1), &"x ".repeat(100)];
    let codes = all.iter().flat_map(|text| Query::parse(text).1).map(|note| note.code);
    let said: BTreeSet<String> = codes.collect();
    assert_eq!(said, listed.iter().map(|code| (*code).to_owned()).collect());
    for name in ["run", "type", "field", "basis", "hash", "text", "seq", "after", "before", "decision"] {
        assert!(Key::named(name).is_some() && DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_hundred_thousand_records_are_searched() {
    let texts = logs::records(100_000);
    let (archive, _) = logs::archive(&texts);
    let every = |text: &str| find(&archive, text).records().len();
    assert_eq!(every(""), 100_000);
    let denied = every("decision:denied");
    assert_eq!(
        denied,
        texts
            .iter()
            .filter(|t| t.contains("\"stage\":\"consent\"") && t.contains("\"outcome\":\"denied\""))
            .count()
    );
    assert!(denied > 1_000);
    assert_eq!(every("seq:99990.."), 10);
    assert_eq!(every("no-such-thing"), 0);
    assert!(archive.chain("run-000777").records.len() > 1);
}
