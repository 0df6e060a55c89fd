//! Mutations of valid resources, each of which the validator has to catch: a required element dropped, a wrong type,
//! an unknown element, a bad code, too many values, too few.
//!
//! What each element may be is read here from the table's text, by other code than the validator's; that the text
//! says what HL7's definitions say is a test of `xtask`. The resources are this file's own, one for each
//! type, and in a test of its own HL7's examples.

use crate::support::corpus;
use airlock::api;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../../src/engine/validate/structure/r4.txt");

/// Mutants of one kind and one resource that are tried; the rest would say the same.
const MOST: usize = 40;

struct Element {
    required: bool,
    many: bool,
    kinds: Vec<String>,
    choice: bool,
    set: Option<String>,
}

struct Definitions {
    types: BTreeMap<String, (Option<String>, BTreeMap<String, Element>)>,
}

impl Definitions {
    fn read() -> Self {
        let mut types: BTreeMap<String, (Option<String>, BTreeMap<String, Element>)> = BTreeMap::new();
        let mut at = String::new();
        for line in TABLE.lines().skip(1).filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            if words[0] == "=" {
                at = words[1].to_owned();
                let base = (words.get(2) == Some(&"<")).then(|| words[3].to_owned());
                types.insert(at.clone(), (base, BTreeMap::new()));
                continue;
            }
            let element = Element {
                required: words[1] == "1",
                many: words[2] == "*",
                kinds: words[3].split('|').map(str::to_owned).collect(),
                choice: words[0].ends_with("[x]"),
                set: words.iter().find_map(|word| word.strip_prefix('?')).map(str::to_owned),
            };
            types.get_mut(&at).unwrap().1.insert(words[0].trim_end_matches("[x]").to_owned(), element);
        }
        Self { types }
    }

    /// The element of this key in a type or its bases, with the type of its value.
    fn find(&self, kind: &str, key: &str) -> Option<(&Element, String)> {
        let (base, elements) = self.types.get(kind)?;
        if let Some(element) = elements.get(key).filter(|element| !element.choice) {
            return Some((element, element.kinds[0].clone()));
        }
        for (name, element) in elements.iter().filter(|(_, element)| element.choice) {
            let of = key.strip_prefix(name.as_str());
            let named = |kind: &&String| of == Some(&capital(kind.split('(').next().unwrap()));
            if let Some(kind) = element.kinds.iter().find(named) {
                return Some((element, kind.clone()));
            }
        }
        self.find(base.as_deref()?, key)
    }

    /// Goes over a resource: each object with its type.
    fn walk(&self, value: &Value, kind: &str, pointer: &str, visit: &mut impl FnMut(&str, &str, &Value)) {
        let kind = if kind == "Resource" { value["resourceType"].as_str().unwrap_or("") } else { kind };
        let kind = kind.trim_start_matches('@').split('(').next().unwrap();
        let Some(members) = value.as_object().filter(|_| self.types.contains_key(kind)) else { return };
        visit(kind, pointer, value);
        for (key, member) in members {
            let Some((_, of)) = self.find(kind, key) else { continue };
            match member {
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(n, item)| self.walk(item, &of, &format!("{pointer}/{key}/{n}"), visit)),
                other => self.walk(other, &of, &format!("{pointer}/{key}"), visit),
            }
        }
    }

    /// The mutants of a resource: what was done, and the result.
    fn mutants(&self, resource: &Value) -> Vec<(&'static str, String, Value)> {
        let mut mutants = Vec::new();
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut add = |what: &'static str, place: String, change: &dyn Fn(&mut Value)| {
            let count = counts.entry(what).or_default();
            *count += 1;
            if *count <= MOST {
                let mut mutant = resource.clone();
                change(&mut mutant);
                mutants.push((what, place, mutant));
            }
        };
        self.walk(resource, "Resource", "", &mut |kind, pointer, object| {
            let members = object.as_object().unwrap();
            let set = |key: &str, value: Value| {
                let (pointer, key) = (pointer.to_owned(), key.to_owned());
                move |mutant: &mut Value| mutant.pointer_mut(&pointer).unwrap()[&key] = value.clone()
            };
            add("unknown element", format!("{pointer}/zzqx"), &set("zzqx", json!("x")));
            for (key, member) in members {
                let place = format!("{pointer}/{key}");
                let Some((element, of)) = self.find(kind, key) else { continue };
                let primitive = of.starts_with(|c: char| c.is_ascii_lowercase());
                if element.required {
                    let sidecar = format!("_{key}");
                    add("required element dropped", place.clone(), &|mutant: &mut Value| {
                        let object = mutant.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
                        object.remove(key);
                        object.remove(&sidecar);
                    });
                }
                if element.many {
                    add("wrong type", place.clone(), &set(key, member[0].clone()));
                    add("too few", place.clone(), &set(key, json!([])));
                } else {
                    add("too many", place.clone(), &set(key, json!([member, member])));
                }
                let other = if primitive { json!({ "zzqx": true }) } else { json!("zzqx") };
                let wrong = if element.many { json!([other]) } else { other };
                add("wrong type", place.clone(), &set(key, wrong));
                let empty = match (primitive, element.many) {
                    (true, false) => json!(""),
                    (true, true) => json!([""]),
                    (false, false) => json!({}),
                    (false, true) => json!([{}]),
                };
                add("too few", place.clone(), &set(key, empty));
                if element.set.as_deref().is_some_and(|set| set != "mimetypes") {
                    let bad =
                        if primitive { json!("zzqx") } else { json!({ "coding": [{ "code": "zzqx" }] }) };
                    let bad = if element.many { json!([bad]) } else { bad };
                    add("bad code", place.clone(), &set(key, bad));
                }
                if ["date", "dateTime", "instant", "time"].contains(&of.as_str()) && !element.many {
                    add("bad form", place.clone(), &set(key, json!("2026-02-30T25:00:00")));
                }
                if of == "uri" && !element.many {
                    add("bad form", place.clone(), &set(key, json!("a b")));
                }
            }
        });
        mutants
    }
}

fn capital(name: &str) -> String {
    let (initial, rest) = name.split_at(1);
    initial.to_uppercase() + rest
}

fn kind_of(resource: &Value) -> String {
    resource["resourceType"].as_str().unwrap().to_owned()
}

/// A synthetic resource of each type that events are about, and of some beside.
fn own_resources() -> Vec<Value> {
    let subject = json!({ "reference": "Patient/PAT-001" });
    let code = |code: &str| json!({ "coding": [{ "system": "urn:example.invalid:codes", "code": code }] });
    let period = json!({ "start": "2026-01-01", "end": "2026-02-01" });
    let identifier = json!([{ "use": "official", "system": "urn:example.invalid:ids", "value": "ID-001" }]);
    // Of some types nothing else is required.
    let extension = json!([{ "url": "https://example.invalid/ext", "valueCode": "x" }]);
    vec![
        json!({ "resourceType": "Appointment", "status": "booked", "start": "2026-01-02T09:00:00Z", "end": "2026-01-02T09:30:00Z",
                "participant": [{ "actor": subject, "status": "accepted", "required": "required" }] }),
        json!({ "resourceType": "AuditEvent", "type": { "system": "urn:example.invalid:codes", "code": "rest" }, "recorded": "2026-01-02T09:00:00Z",
                "outcome": "0", "action": "R", "agent": [{ "requestor": true, "network": { "address": "192.0.2.1", "type": "2" } }],
                "source": { "observer": { "display": "CONNECTOR-DEMO" } }, "entity": [{ "name": "x", "detail": [{ "type": "t", "valueString": "v" }] }] }),
        json!({ "resourceType": "Bundle", "type": "searchset", "total": 1, "link": [{ "relation": "self", "url": "https://ehr.example.invalid/fhir/Patient" }],
                "entry": [{ "fullUrl": "https://ehr.example.invalid/fhir/Patient/PAT-001", "search": { "mode": "match", "score": 1.0 },
                            "resource": { "resourceType": "Patient", "id": "PAT-001" } }] }),
        json!({ "resourceType": "CareTeam", "status": "active", "subject": subject, "participant": [{ "member": { "reference": "Practitioner/PRAC-001" }, "period": period }],
                "extension": extension }),
        json!({ "resourceType": "Communication", "status": "completed", "priority": "routine", "subject": subject,
                "payload": [{ "contentString": "sample text" }], "sent": "2026-01-02T09:00:00Z" }),
        json!({ "resourceType": "Condition", "subject": subject, "code": code("C1"), "onsetDateTime": "2025",
                "clinicalStatus": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active" }] } }),
        json!({ "resourceType": "Consent", "status": "active", "scope": code("S"), "category": [code("C")], "patient": subject, "policyRule": code("OPTIN"),
                "provision": { "type": "permit", "period": period, "actor": [{ "role": code("R"), "reference": { "reference": "Organization/CRM-DEMO" } }],
                               "data": [{ "meaning": "instance", "reference": { "reference": "Observation/OBS-001" } }] } }),
        json!({ "resourceType": "DiagnosticReport", "status": "final", "code": code("D"), "subject": subject, "issued": "2026-01-02T09:00:00Z",
                "presentedForm": [{ "contentType": "text/plain", "data": "c2FtcGxl", "size": 6 }] }),
        json!({ "resourceType": "Encounter", "status": "finished", "class": { "system": "urn:example.invalid:codes", "code": "AMB" }, "subject": subject, "period": period,
                "statusHistory": [{ "status": "arrived", "period": period }], "location": [{ "location": { "reference": "Location/LOC-001" }, "status": "completed" }] }),
        json!({ "resourceType": "EpisodeOfCare", "status": "active", "patient": subject, "period": period, "statusHistory": [{ "status": "planned", "period": period }],
                "diagnosis": [{ "condition": { "reference": "Condition/CON-001" }, "rank": 1 }] }),
        json!({ "resourceType": "Location", "status": "active", "mode": "instance", "name": "Demo ward", "position": { "longitude": 3.24, "latitude": 3.24 },
                "hoursOfOperation": [{ "daysOfWeek": ["mon"], "openingTime": "09:00:00", "allDay": false }] }),
        json!({ "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": subject, "medicationCodeableConcept": code("M"), "authoredOn": "2026-01-02",
                "dosageInstruction": [{ "sequence": 1, "text": "daily", "timing": { "repeat": { "frequency": 1, "period": 1, "periodUnit": "d" } } }] }),
        json!({ "resourceType": "Observation", "status": "final", "code": code("O"), "subject": subject, "effectiveDateTime": "2026-01-02",
                "valueQuantity": { "value": 1.0, "comparator": "<", "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg" },
                "referenceRange": [{ "low": { "value": 0.5 }, "high": { "value": 2 } }], "component": [{ "code": code("P"), "valueString": "x" }] }),
        json!({ "resourceType": "Organization", "identifier": identifier, "name": "Demo clinic", "active": true,
                "telecom": [{ "system": "phone", "use": "work", "value": "555-0100", "rank": 1 }], "address": [{ "use": "work", "type": "postal", "city": "Sampletown" }],
                "extension": extension }),
        json!({ "resourceType": "Parameters", "parameter": [{ "name": "a", "valueString": "x" }, { "name": "b", "part": [{ "name": "c", "valueInteger": 1 }] },
                { "name": "d", "resource": { "resourceType": "Patient", "gender": "other" } }] }),
        json!({ "resourceType": "Patient", "id": "PAT-001", "meta": { "versionId": "1", "lastUpdated": "2026-01-02T09:00:00Z" }, "identifier": identifier, "gender": "female",
                "birthDate": "1971-02-03", "name": [{ "use": "official", "family": "Testperson", "given": ["Testina"] }], "deceasedBoolean": false,
                "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">sample</div>" },
                "contact": [{ "gender": "male", "name": { "text": "x" } }], "communication": [{ "language": code("en"), "preferred": true }],
                "link": [{ "other": { "reference": "Patient/PAT-002" }, "type": "seealso" }],
                "extension": extension }),
        json!({ "resourceType": "Practitioner", "identifier": identifier, "active": true, "gender": "unknown", "birthDate": "1970", "qualification": [{ "code": code("MD") }] }),
        json!({ "resourceType": "PractitionerRole", "practitioner": { "reference": "Practitioner/PRAC-001" }, "active": true, "period": period,
                "availableTime": [{ "daysOfWeek": ["tue"], "availableStartTime": "08:00:00" }], "notAvailable": [{ "description": "leave" }] }),
        json!({ "resourceType": "Provenance", "target": [subject], "recorded": "2026-01-02T09:00:00Z", "agent": [{ "who": { "reference": "Practitioner/PRAC-001" } }],
                "entity": [{ "role": "source", "what": { "reference": "Observation/OBS-001" } }],
                "signature": [{ "type": [{ "code": "x" }], "when": "2026-01-02T09:00:00Z", "who": { "reference": "Practitioner/PRAC-001" } }] }),
        json!({ "resourceType": "ResearchStudy", "status": "active", "title": "Demo study", "arm": [{ "name": "A" }], "period": period }),
        json!({ "resourceType": "ResearchSubject", "status": "on-study", "study": { "reference": "ResearchStudy/STUDY-001" }, "individual": subject, "period": period }),
        json!({ "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "urgent", "subject": subject, "code": code("S"),
                "occurrenceTiming": { "repeat": { "boundsPeriod": period, "dayOfWeek": ["mon"], "when": ["MORN"] } }, "authoredOn": "2026-01-02" }),
        json!({ "resourceType": "Subscription", "status": "active", "reason": "demo", "criteria": "Observation?code=x",
                "channel": { "type": "rest-hook", "endpoint": "https://example.invalid/hook", "payload": "application/fhir+json" } }),
        json!({ "resourceType": "Task", "status": "requested", "intent": "order", "priority": "asap", "for": subject, "authoredOn": "2026-01-02", "lastModified": "2026-01-03",
                "restriction": { "repetitions": 1 }, "input": [{ "type": code("I"), "valueBoolean": true }] }),
    ]
}

/// Every mutation of every resource is caught; gives how many of each kind there were, by type.
fn all_are_caught(resources: &[Value]) -> BTreeMap<&'static str, BTreeMap<String, usize>> {
    let definitions = Definitions::read();
    let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for resource in resources {
        let kind = resource["resourceType"].as_str().unwrap();
        for (what, place, mutant) in definitions.mutants(resource) {
            let report = api::validate(mutant.to_string().into_bytes()).remove(0);
            assert!(!report.valid, "{kind}: {what} at {place} passed\n{mutant}");
            *counts.entry(what).or_default().entry(kind.to_owned()).or_default() += 1;
        }
    }
    let mut total = 0;
    for (what, by_type) in &counts {
        let sum: usize = by_type.values().sum();
        total += sum;
        println!("{what}: {sum} {by_type:?}");
    }
    println!("{total} mutants of {} resources, all caught", resources.len());
    counts
}

#[test]
fn every_mutation_of_a_valid_resource_is_caught() {
    let resources = own_resources();
    let own: BTreeSet<String> = resources.iter().map(kind_of).collect();
    for resource in &resources {
        let report = api::validate(resource.to_string().into_bytes()).remove(0);
        assert!(report.valid, "{}: {:?}", resource["resourceType"], report.issues);
    }
    let counts = all_are_caught(&resources);
    for what in
        ["required element dropped", "wrong type", "unknown element", "bad code", "too many", "too few"]
    {
        let by_type = &counts[what];
        let missing: Vec<&String> = own.iter().filter(|kind| !by_type.contains_key(*kind)).collect();
        assert!(missing.is_empty(), "{what}: none of {missing:?}");
    }
}

#[test]
fn every_mutation_of_hl7s_valid_examples_is_caught() {
    let Some(folder) = corpus::folder("hl7-r4-examples") else { return };
    let mut resources = Vec::new();
    let mut kinds = BTreeSet::new();
    for file in corpus::json_files(&folder, 370) {
        let bytes = std::fs::read(&file).unwrap();
        if bytes.len() < 20_000 && api::validate(bytes.clone()).remove(0).valid {
            let resource: Value = serde_json::from_slice(&bytes).unwrap();
            kinds.insert(kind_of(&resource));
            resources.push(resource);
        }
    }
    assert!(resources.len() >= 300 && kinds.len() >= 80, "only {} of {} types", resources.len(), kinds.len());
    all_are_caught(&resources);
}
