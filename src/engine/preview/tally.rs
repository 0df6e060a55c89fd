//! Counting what differs, event by event. What is kept is bounded, however many events there are.

use super::exposure::{Crossing, Effect, Exposure, within};
use super::report::{
    CodeCount, Example, FieldChange, FieldEffect, Report, Row, Section, Terms, Totals, UnlistedCodes,
};
use super::rules::{Ruled, headers, rule, ruled};
use super::side::{Side, Under};
use super::veil::veil;
use crate::engine::fhir::Json;
use crate::engine::label::Coded;
use crate::engine::phi::Phi;
use crate::engine::redact;
use crate::engine::refusal::{Code, Refusal};
use crate::engine::time::Instant;
use crate::order;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Examples kept of anything.
const EXAMPLES: usize = 3;
/// Events kept one by one.
const ROWS: usize = 1_000;
/// Codes named of one rule.
const CODES: usize = 200;

/// What has been counted so far.
pub struct Tally {
    totals: Totals,
    /// What the rules say, by field.
    ruled: BTreeMap<usize, Ruled>,
    /// Events in which a field crosses under either policy.
    used: BTreeMap<usize, usize>,
    fields: BTreeMap<(Section, usize), Counted>,
    newly_refused: BTreeMap<Code, CodeCount>,
    newly_accepted: BTreeMap<Code, CodeCount>,
    refused: BTreeMap<Code, CodeCount>,
    rows: Vec<Row>,
    more_rows: usize,
    /// What is not in the tables of the new policy, by rule.
    unlisted: BTreeMap<usize, Missing>,
}

/// What is not in the table of a rule: how many values, and of which codes.
#[derive(Default)]
struct Missing {
    values: usize,
    codes: BTreeMap<Coded, usize>,
    unnamed: usize,
}

/// How often a field fares so.
#[derive(Clone)]
struct Counted {
    effect: Effect,
    events: usize,
    held: usize,
    examples: Vec<Example>,
}

impl Tally {
    /// Starts counting.
    pub fn new(old: &Side, new: &Side) -> Self {
        Self {
            totals: Totals::default(),
            ruled: ruled(old, new),
            used: BTreeMap::new(),
            fields: BTreeMap::new(),
            newly_refused: BTreeMap::new(),
            newly_accepted: BTreeMap::new(),
            refused: BTreeMap::new(),
            rows: Vec::new(),
            more_rows: 0,
            unlisted: BTreeMap::new(),
        }
    }

    /// Events so far.
    pub fn events(&self) -> usize {
        self.totals.events
    }

    /// Counts what is no event under any policy.
    pub fn unread(&mut self, name: &str, refusal: &Refusal) {
        self.totals.events += 1;
        self.totals.unread += 1;
        count(&mut self.refused, name, refusal);
    }

    /// Counts an event that neither policy covers.
    pub fn not_covered(&mut self) {
        self.totals.events += 1;
        self.totals.not_covered += 1;
    }

    /// Counts an event as both policies judge it.
    pub fn take(&mut self, name: &str, event: &Phi<Json>, at: Instant, old: &Under<'_>, new: &Under<'_>) {
        self.totals.events += 1;
        self.count_unlisted(event, at, new);
        match (&old.judged.refusal, &new.judged.refusal) {
            (None, None) => self.totals.accepted += 1,
            (Some(_), Some(refusal)) => {
                self.totals.refused += 1;
                count(&mut self.refused, name, refusal);
            }
            (None, Some(refusal)) => {
                self.totals.newly_refused += 1;
                count(&mut self.newly_refused, name, refusal);
            }
            (Some(refusal), None) => {
                self.totals.newly_accepted += 1;
                count(&mut self.newly_accepted, name, refusal);
            }
        }
        let (differs, fields) = self.compare(name, event, old, new);
        let code = |under: &Under<'_>| under.judged.refusal.as_ref().map(|refusal| refusal.code);
        if !differs && code(old) == code(new) {
            return;
        }
        self.totals.differ += 1;
        if self.rows.len() == ROWS {
            self.more_rows += 1;
            return;
        }
        let event_type = [new, old].into_iter().find_map(|under| {
            let map = under.seen.and_then(|seen| under.side.map(&seen.shape))?;
            Some(map.event_type.clone())
        });
        self.rows.push(Row { event: name.to_owned(), event_type, old: code(old), new: code(new), fields });
    }

    fn count_unlisted(&mut self, event: &Phi<Json>, at: Instant, new: &Under<'_>) {
        let (Some(seen), Some(redacted)) = (new.seen, &new.judged.redacted) else { return };
        for (rule, coded) in redact::unlisted(event, &seen.shape, &new.side.policy, redacted, at) {
            let missing = self.unlisted.entry(rule).or_default();
            missing.values += 1;
            let has_room = missing.codes.len() < CODES;
            match coded.filter(|coded| has_room || missing.codes.contains_key(coded)) {
                Some(coded) => *missing.codes.entry(coded).or_default() += 1,
                None => missing.unnamed += 1,
            }
        }
    }

    /// Whether any field of an event fares otherwise, and which; only that, once enough events are kept.
    fn compare(
        &mut self,
        name: &str,
        event: &Phi<Json>,
        old: &Under<'_>,
        new: &Under<'_>,
    ) -> (bool, Vec<FieldEffect>) {
        let mut sides: BTreeMap<usize, [Option<Crossing<'_>>; 2]> = BTreeMap::new();
        // Of a record that the guard held back nothing crossed. Where it still does, it is the rules that are compared.
        let freed = old.judged.refusal.is_some() && new.judged.refusal.is_none();
        let of_old = outs(old).filter(|_| !freed).map(|out| (out.rule.field.id, [Some(out), None]));
        sides.extend(of_old);
        for out in outs(new) {
            let [_, after] = sides.entry(out.rule.field.id).or_default();
            *after = Some(out);
        }
        // A mark that is there in every record says nothing where there is no record to compare with.
        let both = !freed && old.judged.redacted.is_some() && new.judged.redacted.is_some();
        let (mut differs, mut fields) = (false, Vec::new());
        for (field, [before, after]) in &sides {
            let known = self.ruled.get(field);
            if known.is_some_and(|ruled| ruled.effect.is_some() || !ruled.resourced.is_empty()) {
                *self.used.entry(*field).or_default() += 1;
            }
            let effect = within(before.as_ref(), after.as_ref());
            let shown = [before, after].into_iter().flatten().any(shows);
            let Some(effect) = effect.filter(|_| both || shown) else { continue };
            let Some(entry) = known.map(|ruled| Arc::clone(&ruled.field)) else { continue };
            let counted = self.fields.entry((effect.into(), *field)).or_insert(Counted {
                effect,
                events: 0,
                held: 0,
                examples: Vec::new(),
            });
            counted.effect = counted.effect.max(effect);
            counted.events += 1;
            counted.held += usize::from(new.judged.refusal.is_some());
            if counted.examples.len() == EXAMPLES && self.rows.len() == ROWS {
                differs = true;
                continue;
            }
            let example = example(name, event, new.seen.or(old.seen), before.as_ref(), after.as_ref());
            if counted.examples.len() < EXAMPLES {
                counted.examples.push(example.clone());
            }
            fields.push(FieldEffect { field: entry, effect, example });
        }
        order::by(&mut fields, |field| field.effect);
        (differs || !fields.is_empty(), fields)
    }

    /// What came out of it: what the events show, and what the rules say that no event here shows.
    pub fn finish(mut self, old: &Side, new: &Side, consents: bool) -> Report {
        let none = |effect| Counted { effect, events: 0, held: 0, examples: Vec::new() };
        for (field, ruled) in &self.ruled {
            let shows = Section::ALL.iter().any(|section| self.fields.contains_key(&(*section, *field)));
            let joins = !(ruled.joins.is_empty() && ruled.resourced.is_empty());
            let joins = joins.then_some(Effect::NewlyCrosses);
            let leaves = (!ruled.leaves.is_empty()).then_some(Effect::NoLongerCrosses);
            for effect in [ruled.effect, joins, leaves].into_iter().flatten() {
                if effect == Effect::NewlyCrosses || !shows {
                    self.fields.entry((effect.into(), *field)).or_insert_with(|| none(effect));
                }
            }
        }
        let changes = self.fields.into_iter().filter_map(|((section, field), counted)| {
            let ruled = self.ruled.get(&field)?;
            let (event_types, resourced) = match section {
                Section::Newly => (ruled.joins.clone(), ruled.resourced.clone()),
                Section::NoLonger => (ruled.leaves.clone(), Vec::new()),
                Section::Changed => (Vec::new(), Vec::new()),
            };
            Some(FieldChange {
                effect: counted.effect,
                field: Arc::clone(&ruled.field),
                from: rule(old, ruled.old).map(Terms::from),
                to: rule(new, ruled.new).map(Terms::from),
                events: counted.events,
                held: counted.held,
                used: self.used.get(&field).copied().unwrap_or(0).max(counted.events),
                event_types,
                resourced,
                examples: counted.examples,
            })
        });
        let fields = changes.collect();
        let unlisted = self.unlisted.into_iter().filter_map(|(rule, missing)| {
            let rule = new.policy.rules.get(rule)?;
            let lookup = rule.lookup.as_ref()?;
            let shared = |coded: &Coded| {
                let mut entries = new.adapter.tables.iter().flat_map(|table| &table.entries);
                entries.find(|(own, _)| own == coded).map(|(_, label)| label.clone())
            };
            let codes = missing.codes.into_iter().map(|(coded, values)| {
                let label = shared(&coded);
                (coded, values, label)
            });
            Some(UnlistedCodes {
                rule: rule.id.clone(),
                field: rule.field.name.clone(),
                table: lookup.table.clone(),
                becomes: lookup.unlisted,
                values: missing.values,
                codes: codes.collect(),
                unnamed: missing.unnamed,
            })
        });
        let unlisted = unlisted.collect();
        Report {
            consents,
            totals: self.totals,
            headers: headers(old, new),
            fields,
            newly_refused: by_number(self.newly_refused),
            newly_accepted: by_number(self.newly_accepted),
            refused: by_number(self.refused),
            rows: self.rows,
            more_rows: self.more_rows,
            unlisted,
        }
    }
}

fn shows(crossing: &Crossing<'_>) -> bool {
    matches!(crossing.exposure(), Exposure::Shown(_))
}

fn veiled(crossing: &Crossing<'_>, value: &str) -> String {
    if shows(crossing) { veil(crossing.rule, value) } else { "withheld".to_owned() }
}

/// What a policy lets out of an event, field by field. A value that is not among those that its rule lists does not
/// get past the guard: of such a field nothing crosses.
fn outs<'a>(under: &'a Under<'_>) -> impl Iterator<Item = Crossing<'a>> + 'a {
    let redacted = under.judged.redacted.as_ref();
    let fields = redacted.map_or(&[][..], |redacted| redacted.fields.as_slice());
    let mut crossings = redacted.map_or(&[][..], |redacted| redacted.crossings.as_slice());
    fields.iter().filter_map(move |field| {
        let own = crossings.iter().take_while(|(_, rule, _)| *rule == field.rule).count();
        // Both are in the policy's order.
        let (own, rest) = crossings.split_at_checked(own)?;
        crossings = rest;
        let rule = under.side.policy.rules.get(field.rule)?;
        let listed = |value: &str| rule.values.is_empty() || rule.values.iter().any(|own| own == value);
        if own.iter().any(|(_, _, value)| !listed(value)) {
            return None;
        }
        Some(Crossing {
            rule,
            nodes: own.iter().map(|(node, _, _)| *node).collect(),
            values: own.iter().map(|(_, _, value)| value.as_str()).collect(),
        })
    })
}

/// A field of an event: the first value that one side has and the other has not, or the first at all.
fn example(
    name: &str,
    event: &Phi<Json>,
    seen: Option<&super::Seen>,
    old: Option<&Crossing<'_>>,
    new: Option<&Crossing<'_>>,
) -> Example {
    let [before, after] = [old, new].map(|out| out.map_or(&[][..], |out| out.values.as_slice()));
    let other = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let place = if other < before.len().max(after.len()) { other } else { 0 };
    let show = |out: Option<&Crossing<'_>>| {
        let out = out?;
        match out.values.get(place) {
            Some(value) => Some(veiled(out, value)),
            None => (!shows(out)).then(|| veiled(out, "")),
        }
    };
    let node = |out: Option<&Crossing<'_>>| out.and_then(|out| out.nodes.get(place)).copied();
    let node = node(new).or_else(|| node(old));
    let path = node
        .zip(seen)
        .map(|(node, seen)| event.classify(|json| json.locus(seen.shape.data, node)).path.into());
    Example { event: name.to_owned(), path, from: show(old), to: show(new) }
}

fn count(into: &mut BTreeMap<Code, CodeCount>, name: &str, refusal: &Refusal) {
    let code = refusal.code;
    let counted = into.entry(code).or_insert(CodeCount { code, events: 0, examples: Vec::new() });
    counted.events += 1;
    if counted.examples.len() < EXAMPLES {
        counted.examples.push((name.to_owned(), refusal.path.as_deref().map(str::to_owned)));
    }
}

fn by_number(counts: BTreeMap<Code, CodeCount>) -> Vec<CodeCount> {
    let mut counts: Vec<CodeCount> = counts.into_values().collect();
    order::by(&mut counts, |counted| std::cmp::Reverse(counted.events));
    counts
}
