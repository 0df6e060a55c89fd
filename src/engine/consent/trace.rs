//! What was found of each clause of a consent, in the words of the audit log.

use super::{Applies, Verdict};
use crate::engine::refusal::Code;

/// Clauses of one consent that are told, at most. A consent comes from outside and can have as many as it likes.
const MOST: usize = 48;

/// The clauses of one consent, in the order in which they were looked at.
///
/// As text, e.g. `consent 1: status holds; provision purpose holds; provision type permit; provision.0 period fails;
/// decides permit`. Each clause is what was looked at and what was found, behind the provision that it stands in, if it
/// stands in one: `provision` is the root, `provision.0.2` the third exception to its first exception. What was found is
/// `holds`, `fails` or `unclear` of a constraint, and `permit`, `deny` or `unclear` of what a provision or the policy rule
/// states. A clause that the consent does not have is not told. In the end stands what this consent decides, where
/// `silent` says that it does not speak to the question. No word of it is the consent's own.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    text: String,
    clauses: usize,
}

/// Where a provision stands: the number of each exception on the way from the root.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    above: Option<&'a At<'a>>,
    number: usize,
}

impl<'a> At<'a> {
    /// The root provision.
    pub const ROOT: At<'static> = At { above: None, number: 0 };

    /// An exception to this one.
    pub fn exception(&'a self, number: usize) -> Self {
        Self { above: Some(self), number }
    }

    fn spell(&self, text: &mut String) {
        match self.above {
            None => text.push_str("provision"),
            Some(above) => {
                above.spell(text);
                text.push('.');
                text.push_str(&self.number.to_string());
            }
        }
    }
}

impl Trace {
    /// A clause of the consent as a whole.
    pub(super) fn say(&mut self, what: &str, found: &str) {
        self.push(None, what, found);
    }

    /// A clause of a provision.
    pub(super) fn provision(&mut self, at: &At<'_>, what: &str, found: &str) {
        self.push(Some(at), what, found);
    }

    fn push(&mut self, at: Option<&At<'_>>, what: &str, found: &str) {
        self.clauses += 1;
        if self.clauses > MOST {
            return;
        }
        if let Some(at) = at {
            at.spell(&mut self.text);
            self.text.push(' ');
        }
        for part in [what, " ", found, "; "] {
            self.text.push_str(part);
        }
    }

    /// All of it, under the name that the consent is cited by.
    pub(super) fn close(mut self, consent: &str, verdict: Verdict) -> String {
        if self.clauses > MOST {
            self.text.push_str("others untold; ");
        }
        [consent, ": ", &self.text, "decides ", verdict.as_str()].concat()
    }
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::Silent(_) => "silent",
            Self::Unclear => "unclear",
        }
    }
}

/// What was found of a constraint; none where it can't be decided.
pub(super) fn found(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "holds",
        Some(false) => "fails",
        None => "unclear",
    }
}

/// What the constraints of a provision come to: one that surely fails is enough for silence, whatever the others are.
pub(super) fn applies(answers: &[(Option<bool>, Code)]) -> Applies {
    match answers.iter().find(|(answer, _)| *answer == Some(false)) {
        Some((_, code)) => Applies::No(*code),
        None if answers.iter().any(|(answer, _)| answer.is_none()) => Applies::Unclear,
        None => Applies::Yes,
    }
}
