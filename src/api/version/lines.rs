//! Two texts line by line, as a reviewer of text wants them.

use imara_diff::{Algorithm, Diff, InternedInput};

/// Lines shown around each change.
const AROUND: u32 = 3;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// It is in both.
    Same,
    /// It is in the old text only.
    Removed,
    /// It is in the new text only.
    Added,
    /// Lines that are in both were left out here.
    Gap,
}

/// A line of either text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub kind: LineKind,
    /// Its number, from 1, in the old text, or in the new one where it was added.
    pub number: usize,
    /// Its text, without its end.
    pub text: String,
}

/// What differs, with a few lines around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineDifference {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// Lines added in all.
    pub added: usize,
    /// Lines removed in all.
    pub removed: usize,
    /// Whether there is more than the limit let in.
    pub cut: bool,
}

/// What differs between two texts, in at most `limit` lines. Takes time in proportion to the texts, whatever they hold.
pub fn lines_between(old: &str, new: &str, limit: usize) -> LineDifference {
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut out = LineDifference {
        added: diff.count_additions() as usize,
        removed: diff.count_removals() as usize,
        ..LineDifference::default()
    };
    let of = |tokens: &[imara_diff::Token], at: u32| {
        let token = tokens.get(at as usize).copied();
        token.map_or("", |token| input.interner[token]).trim_end_matches(['\n', '\r']).to_owned()
    };
    let same = |at: u32| Line { kind: LineKind::Same, number: at as usize + 1, text: of(&input.before, at) };
    let length = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
    let mut shown = 0u32;
    for hunk in diff.hunks() {
        let from = hunk.before.start.saturating_sub(AROUND).max(shown);
        // What stands after the change before.
        let tail = shown.saturating_add(AROUND).min(hunk.before.start);
        if shown > 0 && tail >= from {
            out.lines.extend((shown..hunk.before.start).map(same));
        } else {
            if shown > 0 {
                out.lines.extend((shown..tail).map(same));
            }
            if from > 0 {
                out.lines.push(Line { kind: LineKind::Gap, number: 0, text: String::new() });
            }
            out.lines.extend((from..hunk.before.start).map(same));
        }
        let removed =
            |at: u32| Line { kind: LineKind::Removed, number: at as usize + 1, text: of(&input.before, at) };
        let added =
            |at: u32| Line { kind: LineKind::Added, number: at as usize + 1, text: of(&input.after, at) };
        let room = limit.saturating_sub(out.lines.len());
        out.lines.extend(hunk.before.clone().map(removed).chain(hunk.after.clone().map(added)).take(room));
        shown = hunk.before.end;
        if out.lines.len() >= limit {
            out.lines.truncate(limit);
            out.cut = true;
            return out;
        }
    }
    if !out.lines.is_empty() {
        out.lines.extend((shown..shown.saturating_add(AROUND).min(length)).map(same));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn drawn(old: &str, new: &str, limit: usize) -> String {
        let draw = |line: &Line| match line.kind {
            LineKind::Same => format!(" {}", line.text),
            LineKind::Removed => format!("-{}", line.text),
            LineKind::Added => format!("+{}", line.text),
            LineKind::Gap => "…".to_owned(),
        };
        lines_between(old, new, limit).lines.iter().map(draw).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn changes_stand_among_their_neighbours_and_nothing_else_is_shown() {
        let old: Vec<String> = (1..=30).map(|n| n.to_string()).collect();
        let mut new = old.clone();
        new[9] = "ten".to_owned();
        new.remove(25);
        let (old, new) = (old.join("\n"), new.join("\n"));
        assert_eq!(drawn(&old, &new, 100), "…| 7| 8| 9|-10|+ten| 11| 12| 13|…| 23| 24| 25|-26| 27| 28| 29");
        assert_eq!(drawn(&old, &old, 100), "");
        assert_eq!(drawn("a\nb\nc\nd\ne", "A\nb\nc\nd\nE", 100), "-a|+A| b| c| d|-e|+E");
        assert_eq!(drawn("", "a\n", 100), "+a");
        let cut = lines_between(&old, "", 5);
        assert!(cut.cut && cut.lines.len() == 5 && cut.removed == 30);
    }

    #[test]
    fn five_megabytes_that_have_nothing_in_common_take_no_time() {
        let text = |seed: u64| -> String {
            let mut n = seed;
            (0..200_000)
                .map(|_| {
                    n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed);
                    format!("{:020}\n", n >> 20)
                })
                .collect()
        };
        let begun = Instant::now();
        let found = lines_between(&text(1), &text(3), 1_000);
        assert!(found.cut && found.added == 200_000);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}
