//! The lineage of a record.

use super::{ORIGIN, every_log, hostile, record, records_of};
use airlock::api::Lineage;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn lineage(records: &[String], seq: u64) -> Option<Lineage> {
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    Lineage::of(ORIGIN, &records, seq)
}

/// Whether a text is well-formed XML of elements, attributes and escaped text, all closed in their order, and without
/// anything that runs or fetches.
fn is_harmless_picture(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg.trim_end();
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        assert!(!text.contains('>'), "{text}");
        for (at, _) in text.match_indices('&') {
            let entity = &text[at..];
            assert!(
                ["&amp;", "&lt;", "&gt;", "&quot;"].iter().any(|own| entity.starts_with(own)),
                "{entity}"
            );
        }
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200f}', '\u{fffe}', '\u{ffff}']), "{text:?}");
        let (tag, after) = tag[1..].split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        let known =
            ["svg", "title", "desc", "style", "defs", "marker", "path", "rect", "ellipse", "g", "text"];
        assert!(known.contains(&name), "{tag}");
        assert!(tag.matches('"').count() % 2 == 0 && !tag.contains(" on") && !tag.contains("href"), "{tag}");
        assert!(open.is_empty() || !tag.contains("http"), "only the name of SVG's own name space: {tag}");
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest:?}");
    assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("<desc>"));
}

/// Whether all that PROV-N relates is declared, and each relation is one of PROV between the kinds that it is for.
fn is_sound_prov_n(text: &str) -> BTreeSet<String> {
    let mut lines = text.lines().map(str::trim);
    assert_eq!(lines.next(), Some("document"));
    let mut declared: Vec<(&str, &str)> = Vec::new();
    let mut relations = BTreeSet::new();
    for line in
        lines.filter(|line| !line.is_empty() && !line.starts_with("prefix") && !line.starts_with("//"))
    {
        if line == "endDocument" {
            break;
        }
        let (what, arguments) = line.split_once('(').unwrap();
        let name = |argument: &str| argument.trim_matches([' ', ')']).to_owned();
        if ["entity", "activity", "agent"].contains(&what) {
            declared.push((what, arguments.split(',').next().unwrap()));
            continue;
        }
        let mut arguments = arguments.split(',').map(name);
        let (from, to) = (arguments.next().unwrap(), arguments.next().unwrap());
        let kind = |name: &str| declared.iter().find(|(_, own)| *own == name).expect("it is declared").0;
        let wanted = match what {
            "used" => ("activity", "entity"),
            "wasGeneratedBy" => ("entity", "activity"),
            "wasDerivedFrom" => ("entity", "entity"),
            "wasInformedBy" => ("activity", "activity"),
            "wasAssociatedWith" => ("activity", "agent"),
            "wasAttributedTo" => ("entity", "agent"),
            other => panic!("{other}"),
        };
        assert_eq!((kind(&from), kind(&to)), wanted, "{line}");
        relations.insert(what.to_owned());
    }
    let names: BTreeSet<&str> = declared.iter().map(|(_, name)| *name).collect();
    assert_eq!(names.len(), declared.len(), "each name is declared once");
    relations
}

#[test]
fn each_record_of_each_scenario_has_its_lineage_without_gaps() {
    let mut relations = BTreeSet::new();
    for (scenario, records) in every_log() {
        for seq in 0..records.len() as u64 {
            let lineage = lineage(records, seq).unwrap();
            assert!(lineage.gaps().is_empty(), "{scenario} {seq}: {:?}", lineage.gaps());
            is_harmless_picture(&lineage.svg());
            is_harmless_picture(&lineage.figure());
            relations.append(&mut is_sound_prov_n(&lineage.prov_n()));
        }
        assert!(lineage(records, records.len() as u64).is_none());
    }
    assert_eq!(relations.len(), 6, "{relations:?}");
}

#[test]
fn a_delivery_leads_from_the_crm_record_back_to_the_event_and_its_source() {
    let records = records_of("referral-created");
    let own: Value = serde_json::from_str(&records[6]).unwrap();
    let lineage = lineage(&records, 6).unwrap();
    let text = lineage.prov_n();
    for part in [
        "entity(run:crm-record, [prov:label=\"CRM record\"",
        "wasGeneratedBy(run:crm-record, run:activity-7, -)",
        "wasDerivedFrom(run:crm-record, run:crm-safe)",
        "wasDerivedFrom(run:crm-safe, run:canonical)",
        "wasDerivedFrom(run:canonical, run:event)",
        "wasAttributedTo(run:event, run:source)",
        "used(run:activity-4, run:consent-1, -)",
        "used(run:activity-5, run:policy-1, -)",
        own["fingerprint"].as_str().unwrap(),
        own["policy"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!lineage.figure().contains("<style"), "a page gives its own colours");
    assert!(lineage.svg().contains("prefers-color-scheme:dark"));
}

#[test]
fn a_denial_leads_to_the_consent_and_no_further() {
    let records = records_of("consent-revoked");
    let last = records.len() as u64 - 1;
    let text = lineage(&records, last).unwrap().prov_n();
    assert!(
        text.contains("consent") && !text.contains("crm-record") && !text.contains("recipient"),
        "{text}"
    );
}

#[test]
fn what_is_missing_from_a_chain_shows_as_a_gap() {
    let records = records_of("referral-created");
    for missing in 0..records.len() - 1 {
        let mut left = records.clone();
        let gone: Value = serde_json::from_str(&left.remove(missing)).unwrap();
        let lineage = lineage(&left, 6).unwrap();
        assert_eq!(lineage.gaps(), [gone["stage"].as_str().unwrap()]);
        assert!(lineage.svg().contains("no record"));
        is_harmless_picture(&lineage.svg());
        is_sound_prov_n(&lineage.prov_n());
        assert!(lineage.prov_n().contains(&format!("// {}: no record", gone["stage"])));
    }
    // Of a chain without its beginning it is the beginning that is missing.
    let last = lineage(&records[6..], 6).unwrap();
    assert_eq!(last.gaps(), ["webhook"]);
    is_harmless_picture(&last.svg());
}

#[test]
fn records_of_other_deliveries_are_no_part_of_it() {
    let mut records = records_of("referral-created");
    let alone = lineage(&records, 6).unwrap().prov_n();
    records.push(record(7, json!({ "correlation": "run-0000019", "consent": "consent 9" })));
    records.push(record(8, json!({ "correlation": "x", "event": "\"correlation\":\"run-000001\"," })));
    assert_eq!(lineage(&records, 6).unwrap().prov_n(), alone);
}

#[test]
fn hostile_values_stay_text() {
    for text in hostile() {
        let mut chain = Vec::new();
        for member in [
            "action",
            "actor",
            "class",
            "code",
            "consent",
            "credential",
            "destination",
            "event",
            "eventType",
            "stage",
            "fingerprint",
            "outcome",
            "policy",
            "policyHash",
            "role",
            "source",
            "time",
        ] {
            chain.push(record(chain.len() as u64, json!({ member: text, "correlation": text })));
        }
        let lineage = lineage(&chain, 3).unwrap();
        is_harmless_picture(&lineage.svg());
        is_sound_prov_n(&lineage.prov_n());
        assert!(lineage.svg().len() < 40_000, "what is long is cut");
    }
}
