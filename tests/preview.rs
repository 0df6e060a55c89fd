//! What a preview says of a change of policy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use airlock::api::{
    Job, JobOutcome, PolicyText, PreviewEvents, PreviewInput, PreviewReport, PreviewRequest, Task,
    check_policy, fixture, preview,
};
use serde_json::{Value, json};
use support::{NOW, referral};

fn shipped() -> Value {
    serde_json::from_str(fixture("policies/referral-intake.json").unwrap()).unwrap()
}

/// A rule of a policy by its canonical field.
fn rule<'a>(policy: &'a mut Value, field: &str) -> &'a mut Value {
    let rules = policy["rules"].as_array_mut().unwrap();
    rules.iter_mut().find(|rule| rule["field"] == field).expect("the policy has a rule for the field")
}

/// The shipped policy with a change.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = shipped();
    change(&mut policy);
    policy
}

fn text(policy: &Value) -> PolicyText {
    let adapter = fixture("adapters/fhir-r4.json").unwrap().to_owned();
    PolicyText { policy: policy.to_string(), adapter }
}

fn request(old: &Value, new: &Value, events: Vec<PreviewInput>) -> PreviewRequest {
    PreviewRequest {
        old: text(old),
        new: text(new),
        consents: None,
        ehr: None,
        seed: "seed".to_owned(),
        now: NOW,
        events: PreviewEvents::Inputs(events),
    }
}

fn referrals() -> Vec<PreviewInput> {
    PreviewInput::of_scenario(&referral())
}

/// The shipped policy against a changed one, over the first referral.
fn tried(change: impl FnOnce(&mut Value)) -> PreviewReport {
    preview(&request(&shipped(), &changed(change), referrals())).unwrap()
}

/// Fields newly crossing, no longer crossing, and changed.
fn named(report: &PreviewReport) -> [Vec<&str>; 3] {
    [&report.newly_crossing, &report.no_longer_crossing, &report.changed]
        .map(|fields| fields.iter().map(|change| change.field.as_str()).collect())
}

#[test]
fn a_loosened_rule_newly_crosses_with_class_owner_rule_and_veiled_examples() {
    let loosen = |policy: &mut Value| {
        let rule = rule(policy, "Person.postalCode");
        rule["method"] = json!("tokenize");
        rule["owner"] = json!("owner@example.invalid");
    };
    // The lint keeps it from being used, and not from being compared.
    let said = check_policy(&changed(loosen).to_string());
    assert!(!said.usable() && said.diagnostics.iter().any(|d| d.code == "policy.target-unfit"));
    let report = tried(loosen);
    assert_eq!(named(&report), [vec!["Person.postalCode"], vec![], vec![]]);
    let change = &report.newly_crossing[0];
    assert_eq!((change.effect.as_str(), change.class.as_str()), ("newly-crosses", "phi-restricted"));
    assert_eq!((change.rule.as_str(), change.owner.as_deref()), ("R11", Some("owner@example.invalid")));
    assert_eq!(change.target.as_deref(), Some("PatientAttribute.region"));
    assert_eq!((change.events, change.used), (1, 1));
    let example = &change.examples[0];
    assert_eq!((example.from.as_deref(), example.to.as_deref()), (Some("999"), Some("tok_…")));
    assert!(example.path.as_deref().unwrap().ends_with("address[0].postalCode"), "{example:?}");
    let (from, to) = change.words();
    assert_eq!(from, "generalize:zip3, to PatientAttribute.region");
    assert_eq!(to, "tokenize, to PatientAttribute.region");
}

#[test]
fn what_the_guard_holds_back_is_named_all_the_same() {
    let report = tried(|policy| {
        let rule = rule(policy, "CareEvent.codeDisplay").as_object_mut().unwrap();
        rule.insert("field".to_owned(), json!("Person.administrativeGender"));
        rule.insert("label".to_owned(), json!("allowed"));
        rule.insert("target".to_owned(), json!("PatientAttribute.gender"));
        rule.insert("values".to_owned(), json!(["male", "female", "other", "unknown"]));
        policy["tables"] = json!([{ "name": "none", "entries": [] }]);
        let clinic = self::rule(policy, "Organization.sourceId");
        (clinic["table"], clinic["cardinality"]) = (json!("none"), json!("1..1"));
    });
    assert_eq!(named(&report)[0][0], "Person.administrativeGender");
    assert_eq!(report.newly_crossing[0].held_back, 1);
    assert_eq!(report.newly_refused[0].code, "guard.field-missing");
    assert_eq!(report.totals.newly_refused, 1);
}

#[test]
fn text_that_a_draft_lets_across_as_it_is_does_not_cross_in_its_preview() {
    let loosen = |policy: &mut Value| {
        let rule = rule(policy, "Person.postalCode").as_object_mut().unwrap();
        rule.insert("label".to_owned(), json!("allowed"));
        rule.remove("method");
    };
    let said = check_policy(&changed(loosen).to_string());
    assert!(!said.usable() && said.diagnostics.iter().any(|d| d.code == "policy.phi-allowed"));
    let report = tried(loosen);
    let changes = report.newly_crossing.iter().chain(&report.no_longer_crossing).chain(&report.changed);
    let shown: Vec<_> = changes.flat_map(|change| &change.examples).collect();
    assert!(!shown.is_empty() && shown.iter().all(|example| example.to.is_none()), "{report:?}");
}

#[test]
fn what_is_tightened_no_longer_crosses_or_is_narrower() {
    let report = tried(|policy| {
        let prohibited = rule(policy, "CareEvent.priority").as_object_mut().unwrap();
        prohibited.insert("label".to_owned(), json!("prohibited"));
        prohibited.remove("target");
        prohibited.remove("values");
        rule(policy, "CareEvent.authoredOn")["method"] = json!("generalize:year");
    });
    assert_eq!(named(&report), [vec![], vec!["CareEvent.priority"], vec!["CareEvent.authoredOn"]]);
    assert_eq!(report.changed[0].effect, "narrower");
    // What the policy itself lists may show.
    assert_eq!(report.no_longer_crossing[0].examples[0].from.as_deref(), Some("urgent"));
    assert_eq!(report.no_longer_crossing[0].examples[0].to, None);
}

#[test]
fn names_order_and_prose_of_rules_are_no_change() {
    let report = tried(|policy| {
        let rules = policy["rules"].as_array_mut().unwrap();
        rules.reverse();
        for (n, rule) in rules.iter_mut().enumerate() {
            rule["id"] = json!(format!("renamed-{n}"));
            rule["note"] = json!("Other words.");
        }
        policy["version"] = json!("9.9.9");
        policy["title"] = json!("Another title");
    });
    assert!(report.is_empty(), "{report:?}");
    assert_eq!(report.events, 1);
}

#[test]
fn a_prohibition_and_no_rule_at_all_are_the_same() {
    let report = tried(|policy| {
        policy["rules"].as_array_mut().unwrap().retain(|rule| rule["label"] != "prohibited");
    });
    assert!(report.is_empty(), "{report:?}");
}

#[test]
fn a_finer_form_newly_crosses_and_another_crm_field_is_a_change() {
    let report = tried(|policy| {
        rule(policy, "Person.birthDate")["method"] = json!("generalize:year-month");
        rule(policy, "CareEvent.status")["target"] = json!("Activity.state");
    });
    assert_eq!(named(&report), [vec!["Person.birthDate"], vec![], vec!["CareEvent.status"]]);
    assert_eq!(report.newly_crossing[0].examples[0].to.as_deref(), Some("9999-99"));
    assert_eq!(report.changed[0].effect, "changed");
}

#[test]
fn a_mark_that_a_field_is_withheld_tells_nothing_and_is_a_change() {
    let report = tried(|policy| {
        let withheld = rule(policy, "Person.telecom");
        withheld["label"] = json!("redacted");
        withheld["target"] = json!("PatientAttribute.phone");
    });
    assert_eq!(named(&report), [vec![], vec![], vec!["Person.telecom"]]);
    assert_eq!(report.changed[0].examples[0].to.as_deref(), Some("withheld"));
}

#[test]
fn further_values_newly_cross_in_the_events_that_have_them() {
    let narrow = changed(|policy| rule(policy, "CareEvent.priority")["values"] = json!(["routine"]));
    let report = preview(&request(&narrow, &shipped(), referrals())).unwrap();
    let of_priority = |change: &&airlock::api::FieldChange| change.field == "CareEvent.priority";
    let change = report.newly_crossing.iter().find(of_priority).unwrap();
    assert_eq!(change.examples[0].to.as_deref(), Some("urgent"));
    assert_eq!(report.newly_accepted[0].code, "guard.value-outside-contract");
    let back = preview(&request(&shipped(), &narrow, referrals())).unwrap();
    assert_eq!(named(&back)[..2], [vec![], vec!["CareEvent.priority"]]);
    assert_eq!(back.totals.newly_refused, 1);
}

#[test]
fn of_a_record_that_was_held_back_all_newly_crosses() {
    let narrow = changed(|policy| rule(policy, "CareEvent.priority")["values"] = json!(["routine"]));
    let silent = changed(|policy| {
        let priority = rule(policy, "CareEvent.priority").as_object_mut().unwrap();
        priority.insert("label".to_owned(), json!("prohibited"));
        priority.remove("target");
        priority.remove("values");
    });
    let report = preview(&request(&narrow, &silent, referrals())).unwrap();
    assert_eq!(report.totals.newly_accepted, 1);
    let [newly, _, _] = named(&report);
    assert!(newly.len() > 5 && newly.contains(&"CareEvent.status"), "{newly:?}");
    assert!(!newly.contains(&"CareEvent.priority"), "{newly:?}");
    let change = &report.newly_crossing[0];
    assert_eq!((change.events, change.examples[0].from.as_deref()), (1, None));
    assert_eq!(change.words().0, "nothing, of some events");
    // One that is held back under both is compared by the rules.
    let both = preview(&request(&narrow, &narrow, referrals())).unwrap();
    assert!(both.is_empty() && both.totals.refused == 1, "{both:?}");
}

#[test]
fn a_value_that_had_to_be_there_and_need_not_be_any_more_lets_the_record_cross() {
    let asking = changed(|policy| rule(policy, "CareEvent.priority")["cardinality"] = json!("1..1"));
    let mut events = referrals();
    let mut document: Value = serde_json::from_str(&events[0].text).unwrap();
    for entry in document["data"]["entry"].as_array_mut().unwrap() {
        entry["resource"].as_object_mut().unwrap().remove("priority");
    }
    events[0].text = document.to_string();
    let report = preview(&request(&asking, &shipped(), events)).unwrap();
    assert_eq!(report.totals.newly_accepted, 1, "{report:?}");
    assert!(named(&report)[0].contains(&"CareEvent.status"), "{report:?}");
}

#[test]
fn a_limit_that_goes_with_another_method_or_form_newly_crosses_whatever_the_events() {
    let with = |field: &str, more: Value| {
        changed(|policy| {
            let rule = rule(policy, field).as_object_mut().unwrap();
            rule.remove("values");
            rule.extend(more.as_object().unwrap().clone());
        })
    };
    let listed = |field: &str, value: &str, mut more: Value| {
        more["values"] = json!([value]);
        with(field, more)
    };
    let birth = "Person.birthDate";
    let year = listed(birth, "1971", json!({ "method": "generalize:year" }));
    let band = with(birth, json!({ "method": "generalize:age-band" }));
    let clinic = "CareEvent.status";
    let named_so = listed(clinic, "demo eye clinic", json!({}));
    let in_code = listed(clinic, "demo eye clinic", json!({ "normalise": "code" }));
    let phones = with(clinic, json!({ "normalise": "phone" }));
    let any = with(clinic, json!({}));
    let text = with(clinic, json!({ "normalise": "text" }));
    for (old, new, field) in [
        (&year, &band, birth),
        (&named_so, &in_code, clinic),
        (&phones, &any, clinic),
        (&phones, &text, clinic),
    ] {
        let report = preview(&request(old, new, Vec::new())).unwrap();
        assert_eq!(named(&report), [vec![field], vec![], vec![]]);
    }
    // A list that comes limits, and a form that every value has is one of spelling.
    for (old, new, field) in [(&any, &in_code, clinic), (&any, &text, clinic), (&text, &any, clinic)] {
        let report = preview(&request(old, new, Vec::new())).unwrap();
        assert_eq!(named(&report), [vec![], vec![], vec![field]]);
    }
}

#[test]
fn a_listed_value_that_points_at_a_person_shows_as_an_outline() {
    let year = changed(|policy| {
        let rule = rule(policy, "Person.birthDate");
        rule["method"] = json!("generalize:year");
        rule["values"] = (1930..2026).map(|year| year.to_string()).collect();
    });
    let report = preview(&request(&year, &shipped(), referrals())).unwrap();
    assert_eq!(named(&report), [vec!["Person.birthDate"], vec![], vec!["Person.birthDate"]]);
    assert_eq!(report.changed[0].examples[0].from.as_deref(), Some("9999"));
}

#[test]
fn a_change_that_no_event_uses_is_named_all_the_same() {
    let loosened = changed(|policy| {
        policy["rules"].as_array_mut().unwrap().push(json!({
            "id": "R99", "field": "Interaction.start", "label": "transformed", "method": "generalize:year",
            "target": "Activity.year"
        }));
    });
    for events in [Vec::new(), referrals()] {
        let report = preview(&request(&shipped(), &loosened, events)).unwrap();
        assert_eq!(named(&report), [vec!["Interaction.start"], vec![], vec![]]);
        let change = &report.newly_crossing[0];
        assert_eq!((change.events, change.used, change.examples.len()), (0, 0, 0));
    }
}

#[test]
fn a_type_of_event_that_is_newly_covered_names_its_fields() {
    let report = tried(|policy| policy["eventTypes"] = json!(["referral.created", "encounter.closed"]));
    let status = report.newly_crossing.iter().find(|change| change.field == "CareEvent.status").unwrap();
    assert_eq!(status.event_types, ["encounter.closed"]);
    assert_eq!(status.words().0, "nothing, of encounter.closed");
    assert!(report.newly_crossing.iter().all(|change| change.field != "Person.familyName"), "{report:?}");
    assert_eq!(report.path[0].key, "eventTypes");
}

#[test]
fn a_wider_path_is_told_and_so_are_the_events_that_it_lets_in() {
    let elsewhere: Vec<PreviewInput> = referrals()
        .into_iter()
        .map(|input| PreviewInput { text: input.text.replace("\"MA\"", "\"VT\""), ..input })
        .collect();
    let wide = changed(|policy| policy["jurisdictions"] = json!(["US"]));
    let report = preview(&request(&shipped(), &wide, elsewhere)).unwrap();
    assert_eq!((report.path[0].key.as_str(), report.path[0].widens), ("jurisdictions", true));
    assert_eq!((report.path[0].from.as_str(), report.path[0].to.as_str()), ("US-MA", "US"));
    assert_eq!(report.newly_accepted[0].code, "validate.jurisdiction-not-covered");
    assert!(report.newly_crossing.iter().any(|change| change.field == "Person.state"), "{report:?}");
    let narrow = preview(&request(&wide, &shipped(), Vec::new())).unwrap();
    assert!(!narrow.path[0].widens);
}

#[test]
fn with_consents_it_is_asked_what_they_permit() {
    let loosened = changed(|policy| {
        rule(policy, "Person.postalCode")["method"] = json!("tokenize");
    });
    let with = |consents: &str| {
        let request = PreviewRequest {
            consents: Some(consents.to_owned()),
            ..request(&shipped(), &loosened, referrals())
        };
        preview(&request).unwrap()
    };
    let denied = with("[]");
    assert!(denied.consents_asked);
    assert_eq!((denied.totals.refused, denied.newly_crossing[0].events), (1, 0));
    assert_eq!(denied.refused_by_both[0].code, "consent.absent");
    let permitted = with(&referral().setup.consents);
    assert_eq!(permitted.newly_crossing[0].events, 1);
}

#[test]
fn nothing_of_the_patient_is_in_the_report() {
    // Everything that can cross does, in the new policy.
    let open = changed(|policy| {
        for rule in policy["rules"].as_array_mut().unwrap() {
            let field = rule["field"].as_str().unwrap().to_owned();
            let rule = rule.as_object_mut().unwrap();
            rule.remove("method");
            ["values", "table", "unlisted"].into_iter().for_each(|key| drop(rule.remove(key)));
            rule.insert("label".to_owned(), json!("allowed"));
            rule.insert("target".to_owned(), json!(format!("Activity.{}", field.replace('.', ""))));
        }
    });
    let events = referrals();
    let document: Value = serde_json::from_str(&events[0].text).unwrap();
    let quarry = support::hunt::Quarry::patients_of(&document["data"]);
    assert!(quarry.len() > 5, "{quarry:?}");
    let report = preview(&request(&shipped(), &open, events)).unwrap();
    assert!(report.newly_crossing.len() > 10, "{report:?}");
    quarry.assert_absent("the report", &serde_json::to_string(&report).unwrap());
}

#[test]
fn what_can_not_be_read_is_counted_and_named() {
    let inputs = ["", "{", "[]", "null", "{\"resourceType\":\"Basic\"}", "\u{0}"];
    let events = inputs.iter().enumerate().map(|(n, text)| PreviewInput {
        name: format!("input-{n}"),
        text: (*text).to_owned(),
        at: None,
    });
    let report = preview(&request(&shipped(), &shipped(), events.collect())).unwrap();
    let totals = report.totals;
    assert_eq!(totals.unreadable + totals.not_covered, report.events, "{report:?}");
    assert!(totals.unreadable >= 3 && totals.not_covered >= 1, "{report:?}");
    assert!(report.is_empty());
    assert!(report.refused_by_both.iter().any(|count| count.code == "json.syntax"), "{report:?}");
}

#[test]
fn policies_that_can_not_be_compared_are_refused_with_a_code() {
    let code = |old: &Value, new: &Value| {
        let against = preview(&request(old, new, Vec::new())).unwrap_err();
        against.objection().code
    };
    let other_source = changed(|policy| policy["source"] = json!("HOSP-SANDBOX-B"));
    assert_eq!(code(&shipped(), &other_source), "preview.other-source");
    let other_adapter = changed(|policy| policy["adapter"] = json!("another"));
    assert_eq!(code(&other_adapter, &shipped()), "setting.adapter-mismatch");
    assert_eq!(code(&shipped(), &json!([])), "policy.wrong-type");
    let mut broken = request(&shipped(), &shipped(), Vec::new());
    broken.consents = Some("[{}]".to_owned());
    assert_eq!(preview(&broken).unwrap_err().objection().code, "consents.not-a-consent");
}

#[test]
fn a_job_says_what_a_preview_at_once_says_whatever_its_budget() {
    let loosened = changed(|policy| rule(policy, "Person.birthDate")["method"] = json!("generalize:year"));
    let mut events = referrals();
    let one = serde_json::from_str::<Value>(&events[0].text).unwrap()["data"].to_string();
    events.push(PreviewInput {
        name: "many.ndjson".to_owned(),
        text: [one.as_str(); 40].join("\n"),
        at: None,
    });
    let request = request(&shipped(), &loosened, events);
    let expected = preview(&request).unwrap();
    // What a referral refers to is looked at, too, and is no event of a policy about referrals.
    let looked_at = (expected.events, expected.totals.not_covered, expected.newly_crossing[0].events);
    assert_eq!(looked_at, (161, 120, 41));
    assert_eq!(expected.newly_crossing[0].examples.len(), 3);
    for budget in [0, 1, 7, 1_000] {
        let task = Task::Preview(request.clone());
        let wire = serde_json::to_string(&task).unwrap();
        let mut job: Box<dyn Job> = serde_json::from_str::<Task>(&wire).unwrap().begin().unwrap();
        let mut last = job.progress();
        let mut steps = 0;
        while !job.step(budget) {
            let progress = job.progress();
            assert!(progress.done >= last.done && (progress.total == 0 || progress.done <= progress.total));
            (last, steps) = (progress, steps + 1);
            assert!(steps < 1_000, "it never ends");
        }
        assert_eq!(job.progress().done, 161);
        let JobOutcome::Previewed(report) = job.finish() else { panic!("another outcome") };
        assert_eq!(*report, expected, "budget {budget}");
    }
}

#[test]
fn what_is_kept_of_many_events_is_bounded() {
    let loosened = changed(|policy| rule(policy, "Person.birthDate")["method"] = json!("generalize:year"));
    let one = serde_json::from_str::<Value>(&referrals()[0].text).unwrap()["data"].to_string();
    let many = PreviewInput { name: "many".to_owned(), text: vec![one; 1_100].join("\n"), at: None };
    let report = preview(&request(&shipped(), &loosened, vec![many])).unwrap();
    assert_eq!((report.by_event.len(), report.further_events), (1_000, 100));
    assert_eq!(report.totals.differing, 1_100);
    assert_eq!(report.by_event[0].fields[0].field, "Person.birthDate");
}

#[test]
fn the_shipped_events_are_all_read() {
    let mut request = request(&shipped(), &shipped(), Vec::new());
    request.events = PreviewEvents::Shipped;
    let report = preview(&request).unwrap();
    assert!(report.is_empty(), "{report:?}");
    assert!(report.totals.accepted > 5 && report.events > 50, "{:?}", report.totals);
}

#[test]
fn a_counting_policy_that_counts_no_more_widens() {
    let counting = |change: &dyn Fn(&mut Value)| {
        let mut policy: Value =
            serde_json::from_str(fixture("policies/outcome-reporting.json").unwrap()).unwrap();
        change(&mut policy);
        policy
    };
    let shipped = counting(&|_| {});
    let least = shipped["aggregate"]["least"].as_u64().expect("it counts");
    let widens = |old: &Value, new: &Value| {
        let report = preview(&request(old, new, Vec::new())).unwrap();
        let change = report.path.iter().find(|change| change.key == "aggregate").expect("it is told");
        change.widens
    };
    let singly = counting(&|policy| drop(policy.as_object_mut().unwrap().remove("aggregate")));
    let more = counting(&|policy| policy["aggregate"]["least"] = json!(least + 1));
    assert!(widens(&shipped, &singly) && widens(&more, &shipped));
    assert!(!widens(&singly, &shipped) && !widens(&shipped, &more));
}

/// The shipped policy under the shipped adapter, against the same under an adapter with a change.
fn read_otherwise(change: impl FnOnce(&mut Value), events: Vec<PreviewInput>) -> PreviewReport {
    let mut adapter: Value = serde_json::from_str(fixture("adapters/fhir-r4.json").unwrap()).unwrap();
    change(&mut adapter);
    let mut request = request(&shipped(), &shipped(), events);
    request.new.adapter = adapter.to_string();
    preview(&request).unwrap()
}

/// An adapter's entry for referrals.
fn referral_of(adapter: &mut Value) -> &mut Value {
    let events = adapter["events"].as_array_mut().unwrap();
    events.iter_mut().find(|event| event["type"] == "referral.created").unwrap()
}

/// How an adapter reads a field of referrals.
fn reading<'a>(adapter: &'a mut Value, field: &str) -> &'a mut Value {
    let fields = referral_of(adapter)["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|entry| entry["field"] == field).unwrap()
}

/// The first referral with its request changed.
fn referrals_with(change: impl FnOnce(&mut Value)) -> Vec<PreviewInput> {
    let mut events = referrals();
    let mut document: Value = serde_json::from_str(&events[0].text).unwrap();
    let entries = document["data"]["entry"].as_array_mut().unwrap();
    let is_referral = |entry: &&mut Value| entry["resource"]["resourceType"] == "ServiceRequest";
    change(&mut entries.iter_mut().find(is_referral).unwrap()["resource"]);
    events[0].text = document.to_string();
    events
}

#[test]
fn what_an_adapter_reads_from_elsewhere_newly_crosses() {
    let elsewhere = |adapter: &mut Value| {
        let gender = "ServiceRequest.subject.resolve().ofType(Patient).gender";
        reading(adapter, "CareEvent.category")["select"] = json!(gender);
    };
    let report = read_otherwise(elsewhere, referrals());
    assert_eq!(named(&report), [vec!["CareEvent.category"], vec![], vec![]]);
    let change = &report.newly_crossing[0];
    assert_eq!((change.events, change.used), (1, 1));
    let example = &change.examples[0];
    assert!(example.path.as_deref().unwrap().ends_with("gender"), "{example:?}");
    assert_eq!(example.to.as_deref(), Some("other"));
    assert_eq!(report.by_event[0].fields[0].effect, "newly-crosses");
    assert_eq!(change.words().1, "label, to Activity.category, read otherwise of referral.created");
    // No event need show it.
    let unseen = read_otherwise(elsewhere, Vec::new());
    assert_eq!(named(&unseen), [vec!["CareEvent.category"], vec![], vec![]]);
    assert_eq!((unseen.newly_crossing[0].events, unseen.newly_crossing[0].used), (0, 0));
    assert_eq!(unseen.newly_crossing[0].resourced, ["referral.created"]);
}

#[test]
fn a_value_from_elsewhere_newly_crosses_even_where_it_is_the_same_or_comes_in_a_narrower_form() {
    // The year of another date, where the month of the first one crossed.
    let mut adapter: Value = serde_json::from_str(fixture("adapters/fhir-r4.json").unwrap()).unwrap();
    reading(&mut adapter, "CareEvent.authoredOn")["select"] = json!("ServiceRequest.meta.lastUpdated");
    let coarser = changed(|policy| rule(policy, "CareEvent.authoredOn")["method"] = json!("generalize:year"));
    let events = referrals_with(|request| request["meta"]["lastUpdated"] = json!("2026-01-13T08:00:00Z"));
    let mut coarse = request(&shipped(), &coarser, events);
    coarse.new.adapter = adapter.to_string();
    let report = preview(&coarse).unwrap();
    let change = report.newly_crossing.iter().find(|change| change.field == "CareEvent.authoredOn").unwrap();
    assert_eq!(change.events, 1);
    assert!(report.changed.is_empty(), "{report:?}");
    // That both codes are the same is chance.
    let from_code = |adapter: &mut Value| {
        reading(adapter, "CareEvent.category")["select"] = json!("ServiceRequest.code.coding.code");
    };
    let events = referrals_with(|request| {
        request["code"]["coding"][0] = request["category"][0]["coding"][0].clone();
    });
    let report = read_otherwise(from_code, events);
    let change = &report.newly_crossing[0];
    assert_eq!((change.field.as_str(), change.events), ("CareEvent.category", 1));
    assert_eq!(change.examples[0].from, change.examples[0].to);
}

#[test]
fn forms_conditions_and_deviations_of_an_adapter_are_compared_whatever_the_events() {
    let form = read_otherwise(
        |adapter| reading(adapter, "CareEvent.priority")["normalise"] = json!("text"),
        Vec::new(),
    );
    assert_eq!(named(&form), [vec!["CareEvent.priority"], vec![], vec![]]);
    let others = |adapter: &mut Value| {
        let drafts = json!([{ "select": "ServiceRequest.status", "in": ["draft"] }]);
        referral_of(adapter)["when"] = drafts;
    };
    let other_events = read_otherwise(others, Vec::new());
    assert!(other_events.newly_crossing.len() > 5, "{other_events:?}");
    let same_types = |change: &airlock::api::FieldChange| change.resourced == ["referral.created"];
    assert!(other_events.newly_crossing.iter().all(same_types), "{other_events:?}");
    let gone = read_otherwise(
        |adapter| {
            let fields = referral_of(adapter)["fields"].as_array_mut().unwrap();
            fields.retain(|entry| entry["field"] != "CareEvent.priority");
        },
        Vec::new(),
    );
    assert_eq!(named(&gone), [vec![], vec!["CareEvent.priority"], vec![]]);
    let excused =
        read_otherwise(|adapter| adapter["deviations"] = json!(["ServiceRequest.urgency"]), Vec::new());
    assert_eq!((excused.path[0].key.as_str(), excused.path[0].widens), ("adapter.deviations", true));
    // Prose, and what no policy lets across, are no change.
    let prose = read_otherwise(
        |adapter| {
            adapter["title"] = json!("Another title");
            reading(adapter, "CareEvent.note")["select"] = json!("ServiceRequest.patientInstruction");
            reading(adapter, "CareEvent.status")["note"] = json!("Other words.");
        },
        referrals(),
    );
    assert!(prose.is_empty(), "{prose:?}");
}

#[test]
fn another_crm_object_has_other_readers() {
    let moved = |target: &str| {
        let report = tried(|policy| rule(policy, "Person.postalCode")["target"] = json!(target));
        named(&report).map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let field = vec!["Person.postalCode".to_owned()];
    assert_eq!(moved("Activity.region"), [field.clone(), vec![], vec![]]);
    assert_eq!(moved("PatientAttribute.city"), [vec![], vec![], field.clone()]);
    // That less of it crosses does not make it less to them.
    for events in [Vec::new(), referrals()] {
        let old =
            changed(|policy| rule(policy, "CareEvent.authoredOn")["target"] = json!("PatientAttribute.day"));
        let new = changed(|policy| rule(policy, "CareEvent.authoredOn")["method"] = json!("generalize:year"));
        let report = preview(&request(&old, &new, events)).unwrap();
        assert_eq!(named(&report), [vec!["CareEvent.authoredOn"], vec![], vec![]]);
    }
}

#[test]
fn the_crm_adapter_and_the_id_are_of_the_integration_path() {
    let report = tried(|policy| {
        policy["id"] = json!("another-intake");
        policy["target"]["adapter"] = json!("crm-other");
    });
    let told: Vec<_> = report.path.iter().map(|change| (change.key.as_str(), change.widens)).collect();
    assert_eq!(told, [("id", false), ("target.adapter", true)]);
    assert_eq!((report.path[1].from.as_str(), report.path[1].to.as_str()), ("crm-demo", "crm-other"));
    assert!(!report.is_empty());
}
