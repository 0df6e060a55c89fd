//! The engine's report in plain data.

use super::{
    EventChange, EventField, FieldChange, FieldExample, FieldTerms, PathChange, PreviewAgainst,
    PreviewReport, PreviewTotals, RefusalCount, RefusedEvent, UnlistedCode, UnlistedCodes,
};
use crate::api::Diagnostic;
use crate::engine::label::Coded;
use crate::engine::preview::{self as engine, Effect, FieldChange as Change, Section};
use crate::engine::refusal::Code;

fn effect(effect: Effect) -> String {
    let word = match effect {
        Effect::NewlyCrosses => "newly-crosses",
        Effect::NoLongerCrosses => "no-longer-crosses",
        Effect::Narrower => "narrower",
        Effect::Changed => "changed",
    };
    word.to_owned()
}

impl From<engine::Against> for PreviewAgainst {
    fn from(against: engine::Against) -> Self {
        let engine::Against { old, new, rest } = against;
        let [old, new, rest] =
            [old, new, rest].map(|findings| findings.into_iter().map(Diagnostic::from).collect());
        Self { old, new, rest }
    }
}

impl From<engine::UnlistedCodes> for UnlistedCodes {
    fn from(of_rule: engine::UnlistedCodes) -> Self {
        let codes = of_rule.codes.into_iter().map(|(coded, values, label)| {
            let Coded { system, code } = coded;
            UnlistedCode { system, code, values, label }
        });
        Self {
            rule: of_rule.rule,
            field: of_rule.field,
            table: of_rule.table,
            becomes: of_rule.becomes.as_str().to_owned(),
            values: of_rule.values,
            codes: codes.collect(),
            unnamed: of_rule.unnamed,
        }
    }
}

impl From<engine::Report> for PreviewReport {
    fn from(report: engine::Report) -> Self {
        let mut sections = [Vec::new(), Vec::new(), Vec::new()];
        let [newly_crossing, no_longer_crossing, changed] = &mut sections;
        for field in report.fields {
            let section = match Section::from(field.effect) {
                Section::Newly => &mut *newly_crossing,
                Section::NoLonger => &mut *no_longer_crossing,
                Section::Changed => &mut *changed,
            };
            section.push(FieldChange::from(field));
        }
        let [newly_crossing, no_longer_crossing, changed] = sections;
        let codes = |counts: Vec<engine::CodeCount>| counts.into_iter().map(RefusalCount::from).collect();
        let engine::Totals { events, unread, not_covered, accepted, refused, .. } = report.totals;
        let engine::Totals { newly_accepted, newly_refused, differ, .. } = report.totals;
        Self {
            events,
            totals: PreviewTotals {
                unreadable: unread,
                not_covered,
                accepted,
                refused,
                newly_accepted,
                newly_refused,
                differing: differ,
            },
            consents_asked: report.consents,
            path: report.headers.into_iter().map(PathChange::from).collect(),
            newly_crossing,
            no_longer_crossing,
            changed,
            newly_refused: codes(report.newly_refused),
            newly_accepted: codes(report.newly_accepted),
            refused_by_both: codes(report.refused),
            by_event: report.rows.into_iter().map(EventChange::from).collect(),
            further_events: report.more_rows,
            unlisted: report.unlisted.into_iter().map(UnlistedCodes::from).collect(),
        }
    }
}

impl From<engine::HeaderChange> for PathChange {
    fn from(change: engine::HeaderChange) -> Self {
        let engine::HeaderChange { key, from, to, widens } = change;
        Self { key: key.to_owned(), from, to, widens }
    }
}

impl From<Change> for FieldChange {
    fn from(change: Change) -> Self {
        let decides = change.to.as_ref().or(change.from.as_ref());
        let target = |terms: &Option<engine::Terms>| terms.as_ref().and_then(|terms| terms.target.clone());
        Self {
            field: change.field.name.clone(),
            effect: effect(change.effect),
            class: decides.map_or(change.field.class, |terms| terms.class).as_str().to_owned(),
            owner: decides.and_then(|terms| terms.owner.clone()),
            rule: decides.map(|terms| terms.rule.clone()).unwrap_or_default(),
            target: target(&change.to).or_else(|| target(&change.from)),
            from: change.from.map(FieldTerms::from),
            to: change.to.map(FieldTerms::from),
            events: change.events,
            held_back: change.held,
            used: change.used,
            event_types: change.event_types,
            resourced: change.resourced,
            examples: change.examples.into_iter().map(FieldExample::from).collect(),
        }
    }
}

impl From<engine::Terms> for FieldTerms {
    fn from(terms: engine::Terms) -> Self {
        Self {
            rule: terms.rule,
            label: terms.label.to_owned(),
            method: terms.method,
            target: terms.target,
            class: terms.class.as_str().to_owned(),
            cardinality: terms.cardinality.to_owned(),
            normalise: terms.normalise.map(str::to_owned),
            values: terms.values,
        }
    }
}

impl From<engine::Example> for FieldExample {
    fn from(example: engine::Example) -> Self {
        let engine::Example { event, path, from, to } = example;
        Self { event, path, from, to }
    }
}

impl From<engine::CodeCount> for RefusalCount {
    fn from(count: engine::CodeCount) -> Self {
        let engine::CodeCount { code, events, examples } = count;
        let examples = examples.into_iter().map(|(event, path)| RefusedEvent { event, path });
        Self {
            code: code.as_str().to_owned(),
            message: code.message().to_owned(),
            help: code.help().to_owned(),
            events,
            examples: examples.collect(),
        }
    }
}

impl From<engine::Row> for EventChange {
    fn from(row: engine::Row) -> Self {
        let code = |code: Option<Code>| code.map(|code| code.as_str().to_owned());
        let fields = row.fields.into_iter().map(|field| EventField {
            field: field.field.name.clone(),
            effect: effect(field.effect),
            path: field.example.path,
            from: field.example.from,
            to: field.example.to,
        });
        Self {
            event: row.event,
            event_type: row.event_type,
            old_code: code(row.old),
            new_code: code(row.new),
            fields: fields.collect(),
        }
    }
}
