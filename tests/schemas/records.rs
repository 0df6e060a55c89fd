//! Audit records: each that is written is as the schema says, and what comes close to one is not.

use super::validity::faults;
use airlock::api::{Session, open_scenario, run_in, scenarios, schema};
use airlock::engine::audit::{AuditRecord, Fact, Kind, Member};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Of each fact that the scenarios state, and each set of members, the first record.
fn records() -> Vec<Value> {
    let mut first: BTreeMap<(Fact, Vec<Member>), Value> = BTreeMap::new();
    let schema = schema("audit-record-1").unwrap();
    let mut all = 0;
    for card in scenarios() {
        let mut session = Session::new();
        run_in(&open_scenario(&card.id).unwrap(), &mut session);
        for entry in session.timeline() {
            let record: Value = serde_json::from_str(&entry.raw).unwrap();
            assert_eq!(faults(&schema, &record), Vec::<String>::new(), "{}: {record}", card.id);
            let read = AuditRecord::parse(&entry.raw).unwrap();
            first.entry((read.fact().unwrap(), read.members().iter().collect())).or_insert(record);
            all += 1;
        }
    }
    assert!(all > 800 && first.len() > 40, "{all} {}", first.len());
    first.into_values().collect()
}

/// What is wrong with a record by the schema, and whether the engine takes it for one of the catalogue.
fn verdicts(schema: &Value, record: &Value) -> (bool, bool) {
    let text = record.to_string();
    let fits = AuditRecord::parse(&text).is_ok_and(|record| {
        let fact = record.fact();
        fact.is_some_and(|fact| record.lacks(fact).is_empty() && record.exceeds(fact).is_empty())
    });
    (faults(schema, record).is_empty(), fits)
}

/// A value of a member's form.
fn sample(member: Member, records: &[Value]) -> Value {
    records.iter().find_map(|record| record.get(member.name())).cloned().unwrap_or_else(|| json!(1))
}

#[test]
fn records_are_as_the_schema_says_and_what_comes_close_is_not() {
    let schema = schema("audit-record-1").unwrap();
    let records = records();
    let mut tried = 0;
    let mut tell = |what: &str, record: &Value, fits: bool| {
        assert_eq!(verdicts(&schema, record), (fits, fits), "{what}: {record}");
        tried += 1;
    };
    for record in &records {
        let text = record.to_string();
        let fact = AuditRecord::parse(&text).unwrap().fact().unwrap();
        tell("as it is", record, true);
        for member in Member::ALL {
            let name = member.name();
            let mut other = record.clone();
            let members = other.as_object_mut().unwrap();
            let had = members.remove(name).is_some();
            let must = ["action", "outcome", "stage"].contains(&name) || fact.row().must.has(*member);
            if had && (must || record_always(*member)) {
                tell(&format!("without {name}"), &other, false);
            } else if had {
                tell(&format!("without {name}"), &other, true);
            } else {
                other[name] = sample(*member, &records);
                let may = fact.row().may.has(*member);
                tell(&format!("with {name}"), &other, may);
            }
        }
        for (name, words) in [("outcome", "permitted delivered unknown"), ("stage", "vault deliver")] {
            for word in words.split(' ').filter(|word| record[name] != *word) {
                let mut other = record.clone();
                other[name] = json!(word);
                let is = Fact::of(
                    other["stage"].as_str().unwrap(),
                    other["action"].as_str().unwrap(),
                    other["outcome"].as_str().unwrap(),
                );
                if is.is_none() {
                    tell(&format!("{name} {word}"), &other, false);
                }
            }
        }
        let mut other = record.clone();
        other["note"] = json!("x");
        tell("an unknown member", &other, false);
    }
    assert!(tried > 1000, "{tried}");
}

fn record_always(member: Member) -> bool {
    airlock::engine::audit::Members::ALWAYS.has(member)
}

#[test]
fn a_value_of_a_resource_fits_in_no_member_that_has_a_form() {
    let schema = schema("audit-record-1").unwrap();
    let records = records();
    let values = ["Anna Testperson", "PAT-001 Testperson", "1975-04-02", "555-0100 ext 2", "a\nb", ""];
    let mut tried = 0;
    for record in &records {
        for member in Member::ALL.iter().filter(|member| member.kind() != Kind::Assigned) {
            let Some(own) = record.get(member.name()) else { continue };
            for value in values {
                // By its form alone, a date could be an id that the sender chose, and words could be a selector.
                let could_be = match member {
                    Member::Event => value == "1975-04-02",
                    Member::Path => {
                        value.starts_with(|first: char| first.is_ascii_alphabetic()) && !value.contains('\n')
                    }
                    _ => false,
                };
                if could_be {
                    continue;
                }
                let mut other = record.clone();
                other[member.name()] = if own.is_array() { json!([value]) } else { json!(value) };
                assert!(!faults(&schema, &other).is_empty(), "{member:?} {value:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}
