//! Two runs side by side, and how far two logs are the same.

use super::archive::{Archive, SEGMENT_RECORDS, members};
use crate::engine::audit::Nodes;
use imara_diff::{Algorithm, Diff, InternedInput, Token};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The members that place a record in its own run and say nothing of what was decided.
pub const OWN_MEMBERS: [&str; 3] = ["correlation", "seq", "time"];
/// What records of two runs are put side by side by.
pub const STEP: [&str; 2] = ["stage", "action"];

/// Two records that stand side by side, or one that has nothing beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Place in the first sequence.
    pub left: Option<usize>,
    /// Place in the second sequence.
    pub right: Option<usize>,
    /// What differs between the two, in the order of the members' names; nothing where there is only one.
    pub differing: Vec<MemberDifference>,
}

/// A member that two records have different values of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDifference {
    /// Its name; none where one of the two is no record in canonical form, and their whole texts stand here.
    pub member: Option<String>,
    /// What the first record says: of a string its text, of all else as it is written. None where it has none.
    pub left: Option<String>,
    /// What the second record says.
    pub right: Option<String>,
}

/// Puts two sequences of records (canonical texts) side by side: in their order, as many as can be by having equal values of
/// the members `by`. Differences in the members `but` are passed over. Takes time in proportion to the records: where they
/// are many and of few kinds, each is put beside one that is not far off, or stays alone.
pub fn side_by_side(left: &[String], right: &[String], by: &[&str], but: &[&str]) -> Vec<Pair> {
    let steps = |records: &[String]| {
        records.iter().fold(String::new(), |mut steps, text| {
            push_step(&mut steps, text, by);
            steps
        })
    };
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    let (mut at, mut beside) = (0, 0);
    let end = (left.len(), right.len());
    for (one, other) in alike(&steps(left), &steps(right)).into_iter().chain([end]) {
        pairs.extend((at..one).map(|alone| Pair { left: Some(alone), ..Pair::default() }));
        pairs.extend((beside..other).map(|alone| Pair { right: Some(alone), ..Pair::default() }));
        if let (Some(left), Some(right)) = (left.get(one), right.get(other)) {
            let differing = differences(left, right, but);
            pairs.push(Pair { left: Some(one), right: Some(other), differing });
        }
        (at, beside) = (one + 1, other + 1);
    }
    pairs
}

/// Lines that are looked at together where the same lines come again and again.
const WINDOW: usize = 1_024;
/// How often a line may come again, so that all lines can be looked at together.
const REPEATS: u64 = 64;

/// The lines of two texts that are alike, in order, by their numbers from 0.
fn alike(left: &str, right: &str) -> Vec<(usize, usize)> {
    let input = InternedInput::new(left, right);
    let kinds = input.interner.num_tokens();
    let mut counts = vec![(0u64, 0u64); kinds as usize];
    let mut count = |token: &Token, right: bool| {
        if let Some((one, other)) = counts.get_mut(token.0 as usize) {
            *if right { other } else { one } += 1;
        }
    };
    input.before.iter().for_each(|token| count(token, false));
    input.after.iter().for_each(|token| count(token, true));
    let repeats =
        counts.iter().fold(0u64, |sum, (one, other)| sum.saturating_add(one.saturating_mul(*other)));
    let lines = input.before.len() + input.after.len();
    let few = repeats <= REPEATS * lines as u64;
    let (window, algorithm) = if few { (lines, Algorithm::Histogram) } else { (WINDOW, Algorithm::Myers) };

    let mut pairs = Vec::new();
    let mut diff = Diff::default();
    let (mut at, mut beside) = (0, 0);
    while let (Some(before), Some(after)) = (input.before.get(at..), input.after.get(beside..))
        && !before.is_empty()
        && !after.is_empty()
    {
        let before = before.get(..window).unwrap_or(before);
        let after = after.get(..window).unwrap_or(after);
        diff.compute_with(algorithm, before, after, kinds);
        let (mut one, mut other, mut last) = (0, 0, (0, 0));
        let end = (before.len(), after.len());
        let hunks = diff.hunks().map(|hunk| {
            (
                (hunk.before.start as usize, hunk.after.start as usize),
                (hunk.before.end as usize, hunk.after.end as usize),
            )
        });
        for (start, next) in hunks.chain([(end, end)]) {
            let same = (one..start.0).zip(other..start.1);
            pairs.extend(same.map(|(one, other)| (at + one, beside + other)));
            if start.0 > one {
                last = start;
            }
            (one, other) = next;
        }
        // What follows the last pair is looked at again with what comes after it, unless that is most of it.
        let far = (last.0 + last.1) * 2 >= end.0 + end.1;
        let step = if far { last } else { end };
        (at, beside) = (at + step.0, beside + step.1);
    }
    pairs
}

/// Writes a line that says of which step a record is.
fn push_step(line: &mut String, text: &str, by: &[&str]) {
    match members::split(text) {
        Some(members) => {
            for name in by {
                let value = members.iter().find(|(own, _)| own == name).map_or("-", |(_, value)| value);
                line.push_str(value);
                line.push(' ');
            }
        }
        None => line.extend(text.chars().filter(|c| !c.is_control())),
    }
    line.push('\n');
}

/// What differs between two records, but in the members `but`.
pub fn differences(left: &str, right: &str, but: &[&str]) -> Vec<MemberDifference> {
    if left == right {
        return Vec::new();
    }
    let (Some(one), Some(other)) = (members::split(left), members::split(right)) else {
        let (left, right) = (Some(left.to_owned()), Some(right.to_owned()));
        return vec![MemberDifference { member: None, left, right }];
    };
    let mut members: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    one.into_iter().for_each(|(name, value)| members.entry(name).or_default().0 = Some(value));
    other.into_iter().for_each(|(name, value)| members.entry(name).or_default().1 = Some(value));
    let differ = members.into_iter().filter(|(name, (one, other))| one != other && !but.contains(name));
    differ
        .map(|(name, (one, other))| MemberDifference {
            member: Some(name.to_owned()),
            left: one.map(members::text),
            right: other.map(members::text),
        })
        .collect()
}

/// How far two logs are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common {
    /// The number of records, from the first on, that both have alike.
    pub size: u64,
    /// Whether it is known that there are no more: not so where the records of a segment that differs are not here.
    pub exact: bool,
}

/// Tells how far two logs are the same, by the roots of their segments and then by leaf hashes. Where both are longer than
/// that, the record at `size` is the first that differs: the logs are forked there.
pub fn common(one: &Archive, other: &Archive) -> Common {
    let shorter = one.len().min(other.len());
    let mut size = 0;
    while size < shorter {
        let block = usize::try_from(size).unwrap_or(usize::MAX) / SEGMENT_RECORDS;
        let end = size.saturating_add(SEGMENT_RECORDS as u64).min(shorter);
        let roots = one.segment_root(block).zip(other.segment_root(block));
        if roots.is_none_or(|(one, other)| one != other) {
            for seq in size..end {
                match (one.node(0, seq), other.node(0, seq)) {
                    (Some(one), Some(other)) if one == other => {}
                    (own, others) => return Common { size: seq, exact: own.is_some() && others.is_some() },
                }
            }
            if roots.is_some() {
                // The records are not those that were sealed.
                return Common { size, exact: false };
            }
        }
        size = end;
    }
    Common { size, exact: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::audit::{AuditRecord, leaf_hash};

    /// Records by `stage outcome`, of a run of their own.
    fn run(number: u64, steps: &str) -> Vec<String> {
        let record = |(seq, step): (u64, &str)| {
            let (stage, outcome) = step.split_once(' ').unwrap_or((step, "passed"));
            AuditRecord {
                seq: number * 100 + seq,
                correlation: format!("run-{number:06}").into(),
                stage: stage.to_owned().into(),
                outcome: outcome.to_owned().into(),
                ..AuditRecord::default()
            }
            .canonical()
        };
        (0..).zip(steps.split(',').filter(|step| !step.is_empty())).map(record).collect()
    }

    /// `0=0` for two alike, `1~1 outcome` for two that differ, `2-` and `+2` for one alone.
    fn drawn(left: &str, right: &str) -> String {
        let pairs = side_by_side(&run(1, left), &run(2, right), &STEP, &OWN_MEMBERS);
        let draw = |pair: &Pair| match (pair.left, pair.right) {
            (Some(left), Some(right)) if pair.differing.is_empty() => format!("{left}={right}"),
            (Some(left), Some(right)) => {
                let names: Vec<&str> = pair.differing.iter().filter_map(|d| d.member.as_deref()).collect();
                format!("{left}~{right} {}", names.join(" "))
            }
            (Some(left), None) => format!("{left}-"),
            (None, right) => format!("+{}", right.unwrap_or_default()),
        };
        pairs.iter().map(draw).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn two_runs_stand_side_by_side_and_show_what_differs() {
        assert_eq!(drawn("a,b,c", "a,b,c"), "0=0|1=1|2=2");
        assert_eq!(drawn("a,b,c", "a,b denied"), "0=0|1~1 outcome|2-");
        assert_eq!(drawn("a,c,d", "a,b,c,d"), "0=0|+1|1=2|2=3");
        assert_eq!(drawn("", "a"), "+0");
        assert_eq!(drawn("a", ""), "0-");
        assert_eq!(drawn("", ""), "");
        assert_eq!(drawn("a,b", "c,d"), "0-|1-|+0|+1");
        let all = side_by_side(&run(1, "a"), &run(2, "a"), &STEP, &[]);
        let [correlation, seq] = &all[0].differing[..] else { panic!("{all:?}") };
        assert_eq!(correlation.left.as_deref(), Some("run-000001"));
        assert_eq!((seq.left.as_deref(), seq.right.as_deref()), (Some("100"), Some("200")));
    }

    #[test]
    fn what_is_no_record_is_compared_as_text() {
        let odd = vec!["no\nrecord".to_owned(), "{}".to_owned()];
        let other = vec!["norecord".to_owned(), "{\"a\":\"x\"}".to_owned()];
        let pairs = side_by_side(&odd, &other, &STEP, &OWN_MEMBERS);
        assert_eq!(pairs.len(), 2);
        assert_eq!((pairs[0].differing[0].member.as_deref(), pairs[0].differing.len()), (None, 1));
        assert_eq!(pairs[1].differing[0].member.as_deref(), Some("a"));
        assert_eq!(
            (pairs[1].differing[0].left.as_deref(), pairs[1].differing[0].right.as_deref()),
            (None, Some("x"))
        );
    }

    #[test]
    fn many_records_of_few_kinds_stand_side_by_side_in_no_time() {
        let steps = |turn: usize| {
            (0..40_000).map(|n| ["a", "b", "c", "d"][n * turn % 7 % 4]).collect::<Vec<_>>().join(",")
        };
        let begun = std::time::Instant::now();
        let one = run(1, &steps(1));
        let mut other = one.clone();
        other.remove(20_000);
        let pairs = side_by_side(&one, &other, &STEP, &OWN_MEMBERS);
        assert_eq!(pairs.iter().filter(|pair| pair.right.is_none()).count(), 1);
        assert!(pairs.iter().all(|pair| pair.differing.is_empty()));
        let other = run(2, &steps(3));
        let pairs = side_by_side(&one, &other, &STEP, &OWN_MEMBERS);
        let (left, right) =
            (pairs.iter().filter_map(|pair| pair.left), pairs.iter().filter_map(|pair| pair.right));
        assert!(left.eq(0..one.len()) && right.eq(0..other.len()), "each stands there once, in order");
        assert!(pairs.iter().all(|pair| pair.differing.is_empty()));
        let together = pairs.iter().filter(|pair| pair.left.and(pair.right).is_some()).count();
        assert!(together > 10_000, "{together}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
    }

    #[test]
    fn two_logs_are_the_same_up_to_where_they_fork() {
        let log = |size: u64, fork: u64, sealed: bool| {
            let mut archive = Archive::default();
            for seq in 0..size {
                let actor = if seq >= fork { "other" } else { "demo" };
                let text = AuditRecord { seq, actor: actor.into(), ..AuditRecord::default() }.canonical();
                archive.append(leaf_hash(text.as_bytes()), &text);
                if sealed {
                    archive.seal();
                }
            }
            archive
        };
        let exact = |size| Common { size, exact: true };
        let one = log(900, 900, true);
        for (other, expected) in [
            (log(900, 900, false), 900),
            (log(700, 900, true), 700),
            (log(900, 300, true), 300),
            (log(900, 800, true), 800),
            (log(900, 256, false), 256),
            (log(900, 0, true), 0),
            (Archive::default(), 0),
        ] {
            assert_eq!(common(&one, &other), exact(expected));
            assert_eq!(common(&other, &one), exact(expected));
        }
        let mut gone = log(900, 300, true);
        gone.forget(1);
        assert_eq!(common(&one, &gone), Common { size: 256, exact: false });
        let mut gone = log(900, 900, true);
        gone.forget(1);
        assert_eq!(common(&one, &gone), exact(900), "the root stands for them");
    }
}
