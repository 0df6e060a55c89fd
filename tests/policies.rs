//! The shipped policies: what crosses under each is its contract, and a counting policy counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    CrmRecord, DerivedDocument, OpenScenario, RunView, Session, Setup, check_policy, derive, fixture,
    open_scenario, run_in, scenarios,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{NOW, POLICIES, end, kept, reopen, session, signed_now, stored_text};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn policy(name: &str) -> Value {
    serde_json::from_str(fixture(&format!("policies/{name}.json")).unwrap()).unwrap()
}

fn rules(policy: &Value) -> impl Iterator<Item = &Value> {
    policy["rules"].as_array().unwrap().iter()
}

/// The codes of a policy's errors.
fn errors(policy: &Value) -> Vec<String> {
    let report = check_policy(&policy.to_string());
    let errors = report.diagnostics.into_iter().filter(|d| d.severity == airlock::api::Severity::Error);
    errors.map(|d| d.code).collect()
}

// ---------------------------------------------------------------------------------------------- contracts

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file_of_the_policies_folder_is_known_to_the_tests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(files.iter().eq(POLICIES), "{files:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn each_policy_says_all_that_a_policy_can_say() {
    for name in POLICIES {
        let policy = policy(name);
        assert_eq!(policy["id"], name);
        for key in ["channels", "jurisdictions", "retention", "auditLocation", "consent", "changelog"] {
            assert!(!policy[key].is_null() && policy[key] != json!([]), "{name}: {key}");
        }
        let last = policy["changelog"].as_array().unwrap().last().unwrap();
        assert_eq!(last["version"], policy["version"], "{name}: the last change is this version");
        assert_eq!(errors(&policy), Vec::<String>::new(), "{name}");
        for rule in rules(&policy).filter(|rule| rule["label"] == "transformed") {
            for key in ["owner", "check", "rollback"] {
                assert!(rule[key].is_string(), "{name}: {} has no {key}", rule["id"]);
            }
        }
    }
}

/// The CRM fields that may leave under a policy, each with the values that it may have where they are listed.
fn contract(policy: &Value) -> BTreeMap<String, Vec<String>> {
    let targets = rules(policy).filter_map(|rule| {
        let values = rule["values"].as_array().into_iter().flatten();
        let values = values.map(|value| value.as_str().unwrap().to_owned()).collect();
        Some((rule["target"].as_str()?.to_owned(), values))
    });
    let count = policy["aggregate"]["count"].as_str().map(|count| (count.to_owned(), Vec::new()));
    targets.chain(count).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_derived_contract_names_every_field_that_may_leave() {
    for name in POLICIES {
        let policy = policy(name);
        let adapter = fixture("adapters/fhir-r4.json").unwrap();
        let of = |document| derive(document, &policy.to_string(), adapter, None).unwrap();
        let rows = of(DerivedDocument::PayloadContract).rows;
        let fields: BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
        let contract = contract(&policy);
        assert_eq!(fields, contract.keys().collect(), "{name}");
        assert_eq!(rows.len(), fields.len(), "{name}: each once");
        let matrix = of(DerivedDocument::MinimumNecessary).rows;
        for field in contract.keys().map(|field| field.split_once('.').unwrap().1) {
            assert!(matrix.iter().any(|row| row[3].split(", ").any(|own| own == field)), "{name}: {field}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_crosses_under_each_policy_is_its_contract() {
    let mut crossed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for card in scenarios() {
        let scenario = open_scenario(&card.id).unwrap();
        let id = check_policy(&scenario.setup.policy).policy.unwrap().id;
        let contract = contract(&policy(&id));
        for record in run_in(&scenario, &mut Session::new()).crm {
            for field in &record.fields {
                let name = format!("{}.{}", record.object, field.name);
                let values = contract.get(&name).unwrap_or_else(|| panic!("{}: {name} crossed", card.id));
                let mut parts = field.value.iter().flat_map(|value| value.split("; "));
                let fits = values.is_empty() || parts.all(|part| values.iter().any(|own| own == part));
                assert!(fits, "{}: {name} is {:?}", card.id, field.value);
                crossed.entry(id.clone()).or_default().insert(name);
            }
        }
    }
    for name in POLICIES {
        let all: BTreeSet<String> = contract(&policy(name)).into_keys().collect();
        assert_eq!(crossed.get(name), Some(&all), "{name}: scenarios show the whole contract, and no more");
        assert!(all.len() <= 16, "{name} is longer than a contract should be");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_a_patients_own_stands_in_the_segregated_object_alone() {
    for name in POLICIES {
        for rule in rules(&policy(name)).filter(|rule| rule["target"].is_string()) {
            let attribute =
                rule["field"].as_str().unwrap().starts_with("Person.") && rule["method"] != "tokenize";
            let segregated = rule["target"].as_str().unwrap().starts_with("PatientAttribute.");
            assert!(!attribute || segregated, "{name}: {}", rule["id"]);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn recruiters_get_a_token_of_the_request_and_none_of_the_patient() {
    let of = |id: &str| run_in(&open_scenario(id).unwrap(), &mut Session::new()).crm;
    let recruited = of("enrolment-requested");
    assert_eq!(
        recruited.iter().map(|r| r.object.as_str()).collect::<Vec<_>>(),
        ["ProgramEnrollment", "Task"]
    );
    assert_eq!(recruited[0].key, recruited[1].key, "two objects, one key");
    let tokens = |records: &[CrmRecord]| -> BTreeSet<String> {
        let values = records.iter().flat_map(|record| &record.fields).filter_map(|field| field.value.clone());
        values.filter(|value| value.starts_with("tok_")).collect()
    };
    // The same patient, under three policies of the same CRM, whose tokens of a patient are the same.
    let elsewhere = &tokens(&of("appointment-booked")) & &tokens(&of("encounter-discharged"));
    assert_eq!(elsewhere.len(), 1, "the patient's token");
    assert!(tokens(&recruited).is_disjoint(&elsewhere));
}

// --------------------------------------------------------------------------------------------------- counts

/// An outcome: a task, whose patient it is, how it ended, and in which month.
fn outcome(task: usize, patient: usize, status: &str, month: &str) -> String {
    let (_, request) = &open_scenario("outcomes-counted").unwrap().requests[0];
    let mut body: Value = serde_json::from_str(&request.body).unwrap();
    let own = &mut body["data"]["entry"][0]["resource"];
    own["status"] = json!(status);
    own["executionPeriod"]["end"] = json!(format!("2026-{month}-06T10:00:00Z"));
    own.as_object_mut().unwrap().remove("meta");
    body.to_string()
        .replace("TASK-031", &format!("TASK-{task:03}"))
        .replace("PAT-031", &format!("PAT-{patient:03}"))
}

/// The counting policy's setting, in which so many patients agree.
fn setup(patients: usize) -> Setup {
    let OpenScenario { setup, .. } = open_scenario("outcomes-counted").unwrap();
    let consents: Vec<Value> = serde_json::from_str(&setup.consents).unwrap();
    let of = |n: usize| {
        let text = consents[0].to_string().replace("PAT-031", &format!("PAT-{n:03}"));
        serde_json::from_str::<Value>(&text.replace("CONSENT-031", &format!("CONSENT-{n:03}"))).unwrap()
    };
    Setup { consents: json!((0..patients).map(of).collect::<Vec<_>>()).to_string(), ..setup }
}

struct Counter {
    setup: Setup,
    session: Session,
    sent: usize,
}

impl Counter {
    fn new() -> Self {
        let setup = setup(40);
        Self { session: session(&setup), setup, sent: 0 }
    }

    fn send(&mut self, body: &str) -> RunView {
        self.sent += 1;
        let request = signed_now(&self.setup, &format!("evt-count-{:05}", self.sent), body);
        let run = self.session.send(&request, NOW, &mut || 0.0);
        assert!(["delivered", "unchanged"].contains(&run.outcome.as_str()), "{:?}", end(&run));
        run
    }

    /// Sends what another scenario has, with other names; whether or not the policy lets anyone be told of it.
    fn tell(&mut self, scenario: &str, delivery: usize, names: &[(&str, &str)]) {
        let (_, request) = &open_scenario(scenario).unwrap().requests[delivery];
        let body = names.iter().fold(request.body.clone(), |body, (from, to)| body.replace(from, to));
        self.sent += 1;
        let request = signed_now(&self.setup, &format!("evt-count-{:05}", self.sent), &body);
        let run = self.session.send(&request, NOW, &mut || 0.0);
        assert_eq!(end(&run).1, Some("validate.event-type-not-covered"));
    }

    /// A patient says no, or yes again.
    fn consent(&mut self, patient: usize, delivery: usize) {
        let [own, id] = ["PAT", "CONSENT"].map(|kind| format!("{kind}-{patient:03}"));
        let names = [("PAT-012", own.as_str()), ("CONSENT-012", &id), ("CAREMGT", "HOPERAT")];
        self.tell("consent-revocation-withheld", delivery, &names);
    }

    /// Two patients turn out to be one, who goes by the first number from here on.
    fn merge(&mut self, stays: usize, gone: usize) {
        let [stays, gone] = [stays, gone].map(|patient| format!("PAT-{patient:03}"));
        self.tell("patient-merged", 0, &[("PAT-021", &stays), ("PAT-022", &gone)]);
    }

    /// Counts one task of each of these patients.
    fn each(&mut self, patients: std::ops::Range<usize>) {
        for n in patients {
            self.send(&outcome(n, n, "completed", "01"));
        }
    }

    /// How often the log has that a patient counts no more.
    fn withdrawn(&self) -> usize {
        assert_eq!(self.session.completeness().gaps, []);
        let entries = self.session.timeline().into_iter();
        entries.filter(|entry| entry.action == "count" && entry.outcome == "withdrawn").count()
    }

    /// The count of the group of those completed in January; nothing where it does not show.
    fn january(&self) -> String {
        self.counts().remove("completed 2026-01").unwrap_or_default()
    }

    /// The count of each group, by outcome and month.
    fn counts(&self) -> BTreeMap<String, String> {
        let of = |record: &CrmRecord, name: &str| {
            record.fields.iter().find(|field| field.name == name).unwrap().value.clone().unwrap()
        };
        let groups = self.session.crm().iter();
        groups.map(|r| (format!("{} {}", of(r, "outcome"), of(r, "month")), of(r, "referrals"))).collect()
    }
}

const FEW: &str = "fewer than 5 patients";

#[wasm_bindgen_test(unsupported = test)]
fn a_count_shows_once_enough_patients_are_in_it() {
    let mut counter = Counter::new();
    for task in 0..12 {
        // Twelve tasks of four patients are many tasks and few patients.
        counter.send(&outcome(task, task % 4, "completed", "01"));
        assert!(counter.counts().is_empty(), "not even the values of a small group show");
    }
    counter.send(&outcome(12, 4, "completed", "01"));
    assert_eq!(counter.january(), "10", "of thirteen");
    counter.send(&outcome(13, 5, "completed", "02"));
    assert_eq!(counter.counts().len(), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_source_record_counts_once_wherever_it_moves_and_in_whatever_order() {
    let sequence = |order: &[usize]| {
        let mut counter = Counter::new();
        for n in order {
            counter.send(&outcome(*n, *n, "completed", "01"));
        }
        counter
    };
    let mut counter = sequence(&[0, 1, 2, 3, 4]);
    assert_eq!(counter.january(), "5");
    let again = counter.send(&outcome(3, 3, "completed", "01"));
    assert_eq!(again.outcome, "unchanged");
    // It moves, moves on, and comes back: four more make nine, and with one that was counted twice they would be ten.
    for (status, month) in [("failed", "01"), ("failed", "02"), ("completed", "01")] {
        counter.send(&outcome(3, 3, status, month));
    }
    counter.each(5..9);
    assert_eq!(counter.january(), "5");
    assert_eq!(counter.counts().len(), 1, "one task is no group that shows");
    // All but one leave, and the count goes into hiding.
    for n in 0..8 {
        counter.send(&outcome(n, n, "cancelled", "01"));
    }
    counter.send(&outcome(8, 8, "cancelled", "01"));
    assert_eq!(counter.counts()["cancelled 2026-01"], "5");
    assert_eq!(counter.january(), FEW);
    assert_eq!(sequence(&[6, 2, 4, 0, 1, 3, 5, 5, 2]).counts(), sequence(&[0, 1, 2, 3, 4, 5, 6]).counts());
}

#[wasm_bindgen_test(unsupported = test)]
fn between_two_things_that_a_count_says_there_are_as_many_patients_as_a_group_has() {
    let mut counter = Counter::new();
    let mut said = Vec::new();
    for n in 0..23 {
        counter.each(n..n + 1);
        said.push(counter.january());
    }
    let expected = (1..24).map(|n| if n < 5 { String::new() } else { (n / 5 * 5).to_string() });
    assert_eq!(said, expected.collect::<Vec<_>>());

    // One patient, with however many tasks that come and go, changes nothing of what is said.
    let before = counter.session.crm().to_vec();
    for n in 100..130 {
        counter.send(&outcome(n, 1, "completed", "01"));
    }
    for n in 100..110 {
        counter.send(&outcome(n, 1, "failed", "01"));
    }
    assert_eq!(counter.session.crm(), before);
    // Nor do four patients; with the fifth, there are 44 tasks.
    counter.each(23..24);
    assert_eq!((counter.session.crm()[0].version, counter.january().as_str()), (5, "40"));
}

#[wasm_bindgen_test(unsupported = test)]
fn when_a_count_was_written_tells_no_day() {
    let mut counter = Counter::new();
    counter.each(0..5);
    assert_eq!(counter.session.crm()[0].written, "2026-01-01T00:00:00Z");
    assert_eq!(counter.session.crm()[0].correlation, "");
}

#[wasm_bindgen_test(unsupported = test)]
fn after_a_revocation_a_patient_counts_no_more() {
    let count = |revoked: bool| {
        let mut counter = Counter::new();
        counter.each(0..5);
        if revoked {
            counter.consent(2, 1);
        }
        assert_eq!(counter.january(), "5", "what left can't be taken back, nor does it tell of one");
        counter.each(5..10);
        counter
    };
    assert_eq!((count(false).january().as_str(), count(true).january().as_str()), ("10", "5"));
    let mut counter = count(true);
    assert_eq!(counter.withdrawn(), 1);
    counter.consent(2, 1);
    assert_eq!(counter.withdrawn(), 1, "who does not count is not withdrawn");
    // Who says yes again counts with what comes from then on.
    counter.consent(2, 2);
    let run = counter.send(&outcome(2, 2, "completed", "01"));
    assert_eq!(run.outcome, "unchanged");
    let entries = counter.session.timeline().into_iter();
    let counted = entries.filter(|entry| entry.counted.as_deref() == Some("counted")).count();
    assert_eq!(counted, 11);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_group_that_all_have_left_says_so_with_the_next_event_even_after_a_restart() {
    let mut counter = Counter::new();
    counter.each(0..5);
    (0..5).for_each(|patient| counter.consent(patient, 1));
    assert_eq!(counter.january(), "5");
    let shelf = kept(&mut counter.session);
    let (mut session, verification) = reopen(&shelf);
    assert!(verification.verified, "{:?}", verification.faults);
    session.configure(&counter.setup).unwrap();
    let mut counter = Counter { session, ..counter };
    let run = counter.send(&outcome(20, 20, "failed", "02"));
    assert_eq!((counter.january().as_str(), run.outcome.as_str()), (FEW, "delivered"));
    assert_eq!(counter.counts().len(), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn patients_who_are_merged_count_as_one_whenever_that_is_learned() {
    // Of the patients 0 to 4 the last two turn out to be one: with five more names there are five patients.
    for learned in 2..=6 {
        let mut counter = Counter::new();
        counter.send(&outcome(4, 4, "completed", "01"));
        for n in 0..6 {
            if n + 2 == learned {
                counter.merge(3, 4);
            }
            if n < 4 {
                counter.each(n..n + 1);
            }
        }
        // One more task of each name that is left is a task more and no patient.
        (0..4).for_each(|n| drop(counter.send(&outcome(n + 50, n, "completed", "01"))));
        let shown_too_soon = learned == 6;
        assert_eq!(counter.january().is_empty(), !shown_too_soon, "{learned}");
        if !shown_too_soon {
            counter.each(5..6);
            assert_eq!(counter.january(), "10", "{learned}: ten tasks of five patients");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_patient_who_took_the_place_of_another_answers_for_both() {
    let mut counter = Counter::new();
    counter.each(0..5);
    counter.merge(3, 4);
    counter.consent(3, 1);
    // Both tasks are gone: five more make eight.
    counter.each(5..10);
    assert_eq!(counter.january(), "5");
    counter.each(10..12);
    assert_eq!(counter.january(), "5", "eight and two are ten, and not looked at yet");
    counter.each(12..14);
    assert_eq!(counter.january(), "10");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_late_event_of_who_was_merged_takes_nothing_from_who_stays() {
    let mut counter = Counter::new();
    counter.each(0..5);
    counter.merge(3, 4);
    let late = signed_now(&counter.setup, "evt-late", &outcome(70, 4, "completed", "01"));
    assert_eq!(end(&counter.session.send(&late, NOW, &mut || 0.0)).1, Some("consent.subject-merged"));
    assert_eq!(counter.withdrawn(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn counting_is_recorded_before_it_is_done() {
    let mut counter = Counter::new();
    counter.send(&outcome(1, 1, "completed", "01"));
    counter.send(&outcome(1, 1, "failed", "01"));
    counter.send(&outcome(1, 1, "failed", "01"));
    let writes = counter.session.timeline().into_iter().filter(|entry| entry.action == "write");
    let writes: Vec<_> = writes.map(|entry| (entry.outcome, entry.counted.unwrap())).collect();
    let small = ["counted", "moved", "known"].map(|counted| ("unchanged".to_owned(), counted.to_owned()));
    assert_eq!(writes, small, "of so small a group nothing leaves");
}

#[wasm_bindgen_test(unsupported = test)]
fn counts_hold_over_a_restart_and_what_is_kept_names_nobody() {
    let mut counter = Counter::new();
    counter.each(0..9);
    let shelf = kept(&mut counter.session);
    let stored = stored_text(&shelf);
    for value in ["PAT-00", "TASK-00", "Testperson", "Sample1", "tok_"] {
        assert!(!stored.contains(value), "{value} is in what is kept");
    }
    let (mut session, verification) = reopen(&shelf);
    assert!(verification.verified, "{:?}", verification.faults);
    session.configure(&counter.setup).unwrap();
    let mut counter = Counter { session, ..counter };
    let again = counter.send(&outcome(2, 2, "completed", "01"));
    assert_eq!((again.outcome.as_str(), counter.january().as_str()), ("unchanged", "5"));
    counter.each(9..10);
    assert_eq!(counter.january(), "10");
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_of_a_record_is_in_the_record_of_its_group() {
    // Which of the patients it was, and which task, does not show in what leaves.
    let leaves = |task: usize, patient: usize| {
        let mut counter = Counter::new();
        for n in 2..6 {
            counter.send(&outcome(20 + n, n, "completed", "01"));
        }
        let run = counter.send(&outcome(task, patient, "completed", "01"));
        let fingerprint = counter.session.timeline().pop().unwrap().fingerprint.clone().unwrap();
        (run.records, fingerprint)
    };
    let first = leaves(1, 1);
    assert_eq!(first.0.len(), 1);
    assert_eq!(first.0[0].object, "Account");
    assert_eq!(leaves(2, 1), first);
    assert_eq!(leaves(2, 7), first);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_policy_whose_rules_are_in_another_order_counts_in_the_same_groups() {
    let mut counter = Counter::new();
    for n in 0..5 {
        counter.send(&outcome(n, n, "completed", "01"));
    }
    let mut turned = policy("outcome-reporting");
    turned["rules"].as_array_mut().unwrap().reverse();
    turned["version"] = json!("1.0.1");
    counter.setup.policy = turned.to_string();
    counter.session.configure(&counter.setup).unwrap();
    counter.each(5..10);
    assert_eq!(counter.counts(), BTreeMap::from([("completed 2026-01".to_owned(), "10".to_owned())]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_counting_policy_that_would_tell_of_one_record_is_not_used() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut policy = policy("outcome-reporting");
        change(&mut policy);
        errors(&policy)
    };
    let rule = |field: &str, label: &str, method: Option<&str>, target: &str| {
        let mut rule = json!({ "id": "R90", "field": field, "label": label, "target": target, "owner": "a",
            "check": "b", "rollback": "c" });
        method.into_iter().for_each(|method| rule["method"] = json!(method));
        move |policy: &mut Value| policy["rules"].as_array_mut().unwrap().push(rule.clone())
    };
    let own = |codes: Vec<String>| -> Vec<String> {
        codes
            .into_iter()
            .filter(|code| code.starts_with("policy.aggregate") || code == "policy.target-twice")
            .collect()
    };
    for (field, label, method) in [
        ("CareEvent.sourceId", "transformed", Some("tokenize")),
        ("Person.sourceId", "transformed", Some("tokenize")),
        ("Practitioner.sourceId", "allowed", None),
        ("Practitioner.familyName", "allowed", None),
        ("CareEvent.occurrence", "allowed", None),
        ("Person.familyName", "redacted", None),
    ] {
        let codes = own(with(&rule(field, label, method, "Account.more")));
        assert_eq!(codes, ["policy.aggregate-record-level"], "{field} {label}");
    }
    let outcome = || rule("CareEvent.outcome", "allowed", None, "Account.more");
    assert_eq!(own(with(&outcome())), Vec::<String>::new());
    assert!(with(&outcome()).contains(&"policy.values-missing".to_owned()));
    assert_eq!(
        own(with(&rule("CareEvent.outcome", "allowed", None, "Task.more"))),
        ["policy.aggregate-object"]
    );
    assert_eq!(
        own(with(&rule("CareEvent.outcome", "allowed", None, "Account.referrals"))),
        ["policy.target-twice"]
    );
    for least in [json!(1), json!(0), json!(-5), json!(2.5), json!(1001), json!("5"), json!(null), json!([])]
    {
        let codes = with(&|policy| policy["aggregate"]["least"] = least.clone());
        assert_eq!(codes, ["policy.aggregate-least"], "{least}");
    }
    for count in ["referrals", "Account.", ".referrals", "Account.a.b", "Account.1"] {
        let codes = with(&|policy| policy["aggregate"]["count"] = json!(count));
        assert_eq!(codes, ["policy.target-malformed"], "{count}");
    }
    for (aggregate, expected) in [
        (json!([]), vec!["policy.wrong-type"]),
        (json!({}), vec!["policy.missing-key", "policy.missing-key"]),
        (json!({ "count": "Account.referrals", "least": 5, "more": 1 }), vec!["policy.unknown-key"]),
    ] {
        assert_eq!(with(&|policy| policy["aggregate"] = aggregate.clone()), expected, "{aggregate}");
    }
}
