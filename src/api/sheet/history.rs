//! What was done to a text, to be undone and done again.

use std::collections::VecDeque;

/// Bytes of text that a history holds; the oldest steps go first.
const MOST_BYTES: usize = 16 << 20;
/// Steps that a history holds.
const MOST_STEPS: usize = 1_000;

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it starts, in bytes.
    pub start: usize,
    /// What was there.
    pub removed: String,
    /// What is there now.
    pub inserted: String,
}

impl Step {
    /// What changed from one text to another, as one run; none where they are the same.
    pub fn between(old: &str, new: &str) -> Option<Self> {
        if old == new {
            return None;
        }
        let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        let mut start = same;
        while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
            start -= 1;
        }
        let (a, b) = (old.get(start..)?, new.get(start..)?);
        let mut tail = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
        while !(a.is_char_boundary(a.len() - tail) && b.is_char_boundary(b.len() - tail)) {
            tail -= 1;
        }
        let (removed, inserted) = (a.get(..a.len() - tail)?, b.get(..b.len() - tail)?);
        Some(Self { start, removed: removed.to_owned(), inserted: inserted.to_owned() })
    }

    fn bytes(&self) -> usize {
        self.removed.len() + self.inserted.len()
    }

    /// The step that takes this one back.
    fn reversed(self) -> Self {
        Self { start: self.start, removed: self.inserted, inserted: self.removed }
    }

    /// The text after the step; none where the text is not the one that the step is about.
    fn apply(&self, text: &str) -> Option<String> {
        let (before, after) = (text.get(..self.start)?, text.get(self.start..)?);
        Some([before, &self.inserted, after.strip_prefix(self.removed.as_str())?].concat())
    }
}

/// The steps that led to a text, and those that were taken back. Sheet and text share one.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    bytes: usize,
    typing: bool,
}

impl History {
    /// Takes note of a change. While `typing`, changes that go on where the last one ended are one step.
    pub fn record(&mut self, old: &str, new: &str, typing: bool) {
        let Some(step) = Step::between(old, new) else { return };
        self.bytes -= self.undone.drain(..).map(|s| s.bytes()).sum::<usize>().min(self.bytes);
        self.bytes += step.bytes();
        let goes_on = typing && self.typing && !step.inserted.contains('\n');
        match self.done.back_mut().filter(|last| goes_on && joins(last, &step)) {
            Some(last) => {
                if step.removed.is_empty() {
                    last.inserted.push_str(&step.inserted);
                } else {
                    last.start = step.start;
                    last.removed.insert_str(0, &step.removed);
                }
            }
            None => self.done.push_back(step),
        }
        self.typing = typing;
        while self.bytes > MOST_BYTES || self.done.len() > MOST_STEPS {
            let Some(oldest) = self.done.pop_front() else { break };
            self.bytes -= oldest.bytes().min(self.bytes);
        }
    }

    /// The text before the last step, and the step that led back to it.
    pub fn undo(&mut self, text: &str) -> Option<(String, Step)> {
        let step = self.done.pop_back()?;
        self.typing = false;
        let back = step.clone().reversed();
        let Some(text) = back.apply(text) else { return self.lost() };
        self.undone.push(step);
        Some((text, back))
    }

    /// The text after the step that was taken back last, and that step.
    pub fn redo(&mut self, text: &str) -> Option<(String, Step)> {
        let step = self.undone.pop()?;
        let Some(text) = step.apply(text) else { return self.lost() };
        self.done.push_back(step.clone());
        Some((text, step))
    }

    /// Whether there is something to undo, and something to redo.
    pub fn can(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    /// The text is none that the history knows: what is known is of no use.
    fn lost<T>(&mut self) -> Option<T> {
        *self = Self::default();
        None
    }
}

/// Whether a step of typing or of deleting goes on where the last one ended.
fn joins(last: &Step, next: &Step) -> bool {
    let typed = last.removed.is_empty() && next.removed.is_empty();
    let deleted = last.inserted.is_empty() && next.inserted.is_empty();
    (typed && last.start + last.inserted.len() == next.start)
        || (deleted && next.start + next.removed.len() == last.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_and_redo_restore_exactly() {
        let texts = ["", "é", "ê", "aêb", "aab", "ab"];
        let mut history = History::default();
        for pair in texts.windows(2) {
            history.record(pair[0], pair[1], false);
        }
        let mut text = texts[5].to_owned();
        for before in texts.iter().rev().skip(1) {
            text = history.undo(&text).unwrap().0;
            assert_eq!(text, *before);
        }
        assert!(history.undo(&text).is_none());
        for after in texts.iter().skip(1) {
            text = history.redo(&text).unwrap().0;
            assert_eq!(text, *after);
        }
    }

    #[test]
    fn a_run_of_typing_is_one_step() {
        let mut history = History::default();
        for (old, new) in [("", "a"), ("a", "ab"), ("ab", "abc"), ("abc", "abc\n"), ("abc\n", "abc\nd")] {
            history.record(old, new, true);
        }
        let (text, _) = history.undo("abc\nd").unwrap();
        assert_eq!(text, "abc");
        assert_eq!(history.undo(&text).unwrap().0, "");
    }

    #[test]
    fn another_text_than_the_known_one_is_left_alone() {
        let mut history = History::default();
        history.record("a", "b", false);
        assert!(history.undo("x").is_none());
        assert_eq!(history.can(), (false, false));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut history = History::default();
        let big = "x".repeat(3 << 20);
        for _ in 0..10 {
            history.record("", &big, false);
            history.record(&big, "", false);
        }
        assert!(history.bytes <= MOST_BYTES && history.done.len() <= 5);
    }
}
