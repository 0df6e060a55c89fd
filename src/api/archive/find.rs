//! Finds the records that fit a query, and counts what there is to filter by.
//!
//! Each different value is tested once, whatever the number of records that have it. What was found is kept and extended:
//! records that were looked at are not looked at again.

use super::key::Key;
use super::query::{Query, Term};
use super::read::{moment, places};
use super::segment::{Row, column};
use super::times::Times;
use super::tokens::{ABSENT, Token, Tokens};
use super::value::{is_or_is_below, lower, occurs, says};
use super::{Archive, Presence, SEGMENT_LEVEL, SEGMENT_RECORDS};
use std::collections::BTreeMap;

/// The records of an archive that fit a query.
#[derive(Clone, Debug)]
pub struct Found {
    query: Query,
    tests: Vec<Test>,
    words: Words,
    facets: Vec<Facet>,
    pub(super) times: Times,
    /// How many records of each block were looked at.
    looked: Vec<usize>,
    records: Vec<u64>,
    away: u64,
    gone: u64,
}

/// A value of a filter with the number of records that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value; no text for the records without the member.
    pub value: String,
    /// How many records have it, of those that fit all that the query says of other keys.
    pub count: u64,
}

impl Archive {
    /// Finds the records that fit a query. For each of `facets` it also counts the values that there are; keys that are no
    /// members of a record count nothing.
    pub fn find(&self, query: &Query, facets: &[Key]) -> Found {
        let facets = facets.iter().filter_map(|key| Facet::of(*key)).collect();
        let meant = self.event_ids.as_ref().map(|ids| query.with_event_ids(|id| ids.in_log(id)));
        let meant = meant.as_ref().unwrap_or(query);
        let mut found = Found {
            query: query.clone(),
            tests: meant.terms().iter().filter_map(Test::of).collect(),
            words: Words::of(meant),
            facets,
            times: Times::default(),
            looked: Vec::new(),
            records: Vec::new(),
            away: 0,
            gone: 0,
        };
        found.extend(self);
        found
    }
}

impl Found {
    /// The query.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The places of the records, ascending.
    pub fn records(&self) -> &[u64] {
        &self.records
    }

    /// Records that were not looked at, since they are stored and have not been read yet.
    pub fn unread(&self) -> u64 {
        self.away
    }

    /// Records that can't be looked at: they were deleted under retention, or can't be read.
    pub fn gone(&self) -> u64 {
        self.gone
    }

    /// Looks at the records that the archive was given since: appended ones, and those of segments that were read. What has
    /// gone since is not among the records any more. It has to be the archive that was searched, or one that was made of
    /// it; in another one search anew.
    pub fn extend(&mut self, archive: &Archive) {
        if !self.look(archive) {
            self.looked.clear();
            self.records.clear();
            self.facets.iter_mut().for_each(|facet| facet.counts.clear());
            self.look(archive);
        }
    }

    /// False where something that was looked at is not there any more.
    fn look(&mut self, archive: &Archive) -> bool {
        let blocks = archive.blocks();
        if self.looked.len() > blocks {
            return false;
        }
        self.looked.resize(blocks, 0);
        (self.away, self.gone) = (0, 0);
        self.words.search(&archive.tokens);
        let consent = archive.tokens.find("\"consent\"").unwrap_or(ABSENT);
        let mut new = Vec::new();
        for block in 0..blocks {
            let looked = self.looked.get(block).copied().unwrap_or(0);
            let mut seen = looked;
            let presence = archive.visit(block, looked, &mut |seq, row| {
                seen += 1;
                if self.take_in(seq, row, consent, &archive.tokens) {
                    new.push(seq);
                }
            });
            match presence {
                Presence::Here => {}
                Presence::Away | Presence::Gone if looked > 0 => return false,
                Presence::Away => self.away += SEGMENT_RECORDS as u64,
                Presence::Gone => self.gone += SEGMENT_RECORDS as u64,
            }
            if let Some(looked) = self.looked.get_mut(block) {
                *looked = seen;
            }
            if !new.is_empty() {
                let end = (block as u64 + 1) << SEGMENT_LEVEL;
                let place = self.records.partition_point(|seq| *seq < end);
                let later = self.records.split_off(place);
                self.records.append(&mut new);
                self.records.extend(later);
            }
        }
        true
    }

    /// Counts a record where it counts; whether it fits.
    fn take_in(&mut self, seq: u64, row: &Row, consent: Token, tokens: &Tokens) -> bool {
        let mut but = None;
        for test in &mut self.tests {
            if test.holds(seq, row, consent, tokens, &mut self.times) {
                continue;
            }
            // It still counts for the filter that it fails by, if for that alone.
            let counts =
                but.is_none_or(|key| key == test.key) && self.facets.iter().any(|f| f.key == test.key);
            if !counts {
                return false;
            }
            but = Some(test.key);
        }
        if !self.words.hold(row, tokens) {
            return false;
        }
        for facet in self.facets.iter_mut().filter(|facet| but.is_none_or(|key| key == facet.key)) {
            facet.count(row, consent);
        }
        but.is_none()
    }

    /// The values of a filter, in their order, with how many records there are of each among those that fit all that the
    /// query says of other keys. Empty for a key that was not asked for.
    pub fn facet(&self, key: Key, archive: &Archive) -> Vec<FacetValue> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let facet = self.facets.iter().find(|facet| facet.key == key);
        for (token, count) in (0..).zip(facet.map_or(&[][..], |facet| &facet.counts)) {
            if *count > 0 {
                let mut value = String::new();
                says(archive.tokens.text(token).unwrap_or_default(), &mut |text| {
                    value.push_str(text);
                    true
                });
                *counts.entry(value).or_default() += u64::from(*count);
            }
        }
        counts.into_iter().map(|(value, count)| FacetValue { value, count }).collect()
    }
}

/// The column that a key looks at, and whether in the records of the consent stage alone.
fn column_of(key: Key) -> Option<(usize, bool)> {
    match key {
        Key::Member(name) => Some((column(name)?, false)),
        Key::Decision => Some((column("outcome")?, true)),
        Key::After | Key::Before => Some((column("time")?, false)),
        Key::Text | Key::Seq => None,
    }
}

/// The number of a record's value in a column; none where the record is not one to ask.
fn cell(row: &Row, (place, of_consent): (usize, bool), consent: Token) -> Option<Token> {
    let asked =
        !of_consent || column("stage").is_some_and(|stage| row.cell(stage) == consent && consent != ABSENT);
    asked.then(|| row.cell(place))
}

/// A term that looks at one member.
#[derive(Clone, Debug)]
struct Test {
    key: Key,
    negated: bool,
    column: (usize, bool),
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Places(Vec<(u64, u64)>),
    Since(Vec<i64>),
    Until(Vec<i64>),
    /// Values in lower case, and by the number of each value of the log whether it is one of them.
    Values(Vec<String>, Vec<Option<bool>>),
}

impl Test {
    /// The test of a term; none for text.
    fn of(term: &Term) -> Option<Self> {
        let times = || term.values().iter().filter_map(|text| moment(text)).map(|time| time.0).collect();
        let wanted = match term.key() {
            Key::Text => return None,
            Key::Seq => Wanted::Places(term.values().iter().filter_map(|text| places(text)).collect()),
            Key::After => Wanted::Since(times()),
            Key::Before => Wanted::Until(times()),
            Key::Decision | Key::Member(_) => {
                let values = term.values().iter().map(|value| lower(value).into_owned());
                Wanted::Values(values.collect(), Vec::new())
            }
        };
        let column = column_of(term.key()).unwrap_or_default();
        Some(Self { key: term.key(), negated: term.negated(), column, wanted })
    }

    fn holds(&mut self, seq: u64, row: &Row, consent: Token, tokens: &Tokens, times: &mut Times) -> bool {
        let key = self.key;
        let fits = match &mut self.wanted {
            Wanted::Places(places) => places.iter().any(|(first, last)| (*first..=*last).contains(&seq)),
            Wanted::Since(since) => {
                times.of(row.cell(self.column.0), tokens).is_some_and(|now| since.iter().any(|at| *at <= now))
            }
            Wanted::Until(until) => {
                times.of(row.cell(self.column.0), tokens).is_some_and(|now| until.iter().any(|at| now < *at))
            }
            Wanted::Values(values, known) => cell(row, self.column, consent).is_some_and(|token| {
                let place = token as usize;
                if known.len() <= place {
                    known.resize(tokens.len().max(place + 1), None);
                }
                known.get_mut(place).is_some_and(|known| {
                    *known.get_or_insert_with(|| {
                        values.iter().any(|value| is_value(value, key, tokens.text(token)))
                    })
                })
            }),
        };
        fits != self.negated
    }
}

/// Whether what a record has under a key is the value.
fn is_value(value: &str, key: Key, written: Option<&str>) -> bool {
    let Some(written) = written else { return value.is_empty() };
    let level = key.level().filter(|_| !value.is_empty());
    says(written, &mut |text| {
        let words =
            key == Key::Member("fields") && text.split(' ').any(|word| is_or_is_below(value, level, word));
        words || is_or_is_below(value, level, text)
    })
}

/// The terms that look at all members: a bit for each.
#[derive(Clone, Debug, Default)]
struct Words {
    /// The texts of each term, in lower case, of which one has to occur.
    texts: Vec<Vec<String>>,
    must: u32,
    must_not: u32,
    /// By the number of each value, which terms occur in it.
    occur: Vec<u32>,
    /// The columns of the values in which one occurs.
    columns: Vec<usize>,
}

impl Words {
    fn of(query: &Query) -> Self {
        let mut words = Self::default();
        for (n, term) in query.terms().iter().filter(|term| term.key() == Key::Text).enumerate() {
            words.texts.push(term.values().iter().map(|text| lower(text).into_owned()).collect());
            *if term.negated() { &mut words.must_not } else { &mut words.must } |= 1 << n;
        }
        words
    }

    /// Searches the values that are new.
    fn search(&mut self, tokens: &Tokens) {
        if self.texts.is_empty() {
            return;
        }
        let mut columns = 0;
        for (place, number) in (0..tokens.len()).zip(0..) {
            if place >= self.occur.len() {
                let mut occur = 0;
                says(tokens.text(number).unwrap_or_default(), &mut |text| {
                    occur |= occurring(&self.texts, text);
                    false
                });
                self.occur.push(if number == ABSENT { 0 } else { occur });
            }
            if self.occur.get(place).is_some_and(|occur| *occur != 0) {
                columns |= tokens.columns(number);
            }
        }
        self.columns = (0..64).filter(|column| columns & (1 << column) != 0).collect();
    }

    fn hold(&self, row: &Row, tokens: &Tokens) -> bool {
        if self.texts.is_empty() {
            return true;
        }
        let occur = match row.odd(tokens) {
            Some(text) => occurring(&self.texts, text),
            None => self.columns.iter().fold(0, |occur, column| {
                occur | self.occur.get(row.cell(*column) as usize).copied().unwrap_or(0)
            }),
        };
        occur & self.must == self.must && occur & self.must_not == 0
    }
}

/// Which of the terms occur in a text, a bit for each.
fn occurring(terms: &[Vec<String>], text: &str) -> u32 {
    let occur = |texts: &Vec<String>| texts.iter().any(|wanted| occurs(wanted, text));
    terms.iter().enumerate().filter(|(_, texts)| occur(texts)).fold(0, |found, (n, _)| found | 1 << n)
}

/// Counts the values of a member.
#[derive(Clone, Debug)]
struct Facet {
    key: Key,
    column: (usize, bool),
    /// By the number of each value.
    counts: Vec<u32>,
}

impl Facet {
    fn of(key: Key) -> Option<Self> {
        let column = match key {
            Key::Decision | Key::Member(_) => column_of(key)?,
            Key::Text | Key::Seq | Key::After | Key::Before => return None,
        };
        Some(Self { key, column, counts: Vec::new() })
    }

    fn count(&mut self, row: &Row, consent: Token) {
        let Some(token) = cell(row, self.column, consent) else { return };
        let place = token as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
    }
}
