//! How much of a canonical field a rule lets across, and how two rules compare.
//!
//! A field newly crosses where its CRM value tells something that could not be told from what crossed before. So the
//! forms of a value are ordered only where one can be worked out from the other: nothing, or a mark that it was
//! withheld, from anything; anything from the value as it is; an age band from a year, a year from a year and month.
//! Between two forms of which neither follows from the other, such as a token and an age band, the new one newly
//! crosses.

use crate::engine::fhir::NodeId;
use crate::engine::normalise::Normalise;
use crate::engine::policy::{Label, Rule, Target};
use crate::engine::redact::Method;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What becomes of a field when one policy takes the place of another. In order of what to look at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Something of it crosses that did not.
    NewlyCrosses,
    /// Nothing of it crosses any more, but perhaps a mark that it was withheld.
    NoLongerCrosses,
    /// Less of it crosses.
    Narrower,
    /// It crosses otherwise, and neither tells more than the other: another field of the same CRM object, another spelling,
    /// another class; or a mark that it is withheld comes or goes.
    Changed,
}

/// How much of a field shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nothing.
    Nothing,
    /// That the CRM field is withheld, whether or not the source has the element.
    Withheld,
    /// What a method makes of it.
    Shown(Method),
}

impl Exposure {
    /// What a rule lets across.
    pub fn of(rule: Option<&Rule>) -> Self {
        match rule.map(|rule| (rule.label, rule.method)) {
            None | Some((Label::Prohibited, _)) => Self::Nothing,
            Some((Label::Redacted, _)) => Self::Withheld,
            Some((Label::Allowed | Label::Transformed, method)) => Self::Shown(method),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Withheld => 1,
            Self::Shown(Method::Keep) => 3,
            Self::Shown(_) => 2,
        }
    }

    /// The effect of going from this to another; none where both are the same.
    pub fn to(self, new: Self) -> Option<Effect> {
        match (self, new) {
            (old, new) if old == new => None,
            (_, Self::Nothing | Self::Withheld) => match self {
                Self::Shown(_) => Some(Effect::NoLongerCrosses),
                _ => Some(Effect::Changed),
            },
            (Self::Shown(old), Self::Shown(new)) if self.rank() == 2 && new != Method::Keep => {
                Some(match finer(old, new) {
                    Some(Ordering::Greater) => Effect::Narrower,
                    _ => Effect::NewlyCrosses,
                })
            }
            _ if self.rank() > new.rank() => Some(Effect::Narrower),
            _ => Some(Effect::NewlyCrosses),
        }
    }
}

/// Methods of which each can be worked out from the next.
const CHAINS: [&[Method]; 1] = [&[Method::AgeBand, Method::Year, Method::YearMonth]];

/// How the first method's output compares with the second's; none where neither follows from the other.
fn finer(one: Method, other: Method) -> Option<Ordering> {
    CHAINS.iter().find_map(|chain| {
        let place = |method| chain.iter().position(|own| *own == method);
        Some(place(one)?.cmp(&place(other)?))
    })
}

/// The effect that a change of the rules has on a field, whatever the events; none where both say the same of it.
/// Ids, order, owners, checks, plans and notes have no effect.
pub fn between(old: Option<&Rule>, new: Option<&Rule>) -> Option<Effect> {
    let shown = Exposure::of(old).to(Exposure::of(new));
    let (Some(old), Some(new)) = (old, new) else { return shown };
    if !(old.label.crosses() && new.label.crosses()) {
        let marked = old.label == Label::Redacted && new.label == Label::Redacted;
        return shown.or((marked && old.target != new.target).then_some(Effect::Changed));
    }
    // By another method every value is spelled otherwise: what counts is whether more of them fit.
    let alike = shown.is_none();
    let effects = [
        shown,
        listed(old, new),
        spelling(old, new).filter(|effect| alike || *effect == Effect::NewlyCrosses),
        amount(old.cardinality.many, new.cardinality.many),
        place(old.target.as_ref(), new.target.as_ref()),
        (old.systems != new.systems || old.lookup != new.lookup).then_some(Effect::NewlyCrosses),
        (old.class != new.class).then_some(Effect::Changed),
        (old.cardinality.required != new.cardinality.required).then_some(Effect::Changed),
    ];
    effects.into_iter().flatten().min()
}

/// Another CRM object has other readers: what it is told newly crosses to them.
fn place(old: Option<&Target>, new: Option<&Target>) -> Option<Effect> {
    if old == new {
        return None;
    }
    let [before, after] = [old, new].map(|target| target.map(|target| &target.object));
    Some(if before == after { Effect::Changed } else { Effect::NewlyCrosses })
}

/// Lists are compared where both are of the same form. In another form, values may be listed that were not before.
fn listed(old: &Rule, new: &Rule) -> Option<Effect> {
    let same_form = old.method == new.method && old.normalise == new.normalise;
    if !same_form && !old.values.is_empty() {
        return Some(Effect::NewlyCrosses);
    }
    values(&old.values, &new.values)
}

/// An empty list sets no limit.
fn values(old: &[String], new: &[String]) -> Option<Effect> {
    if new.is_empty() || old.is_empty() {
        return match (old.is_empty(), new.is_empty()) {
            (false, true) => Some(Effect::NewlyCrosses),
            (true, false) => Some(Effect::Narrower),
            _ => None,
        };
    }
    let [before, after] = [old, new].map(|list| list.iter().collect::<BTreeSet<_>>());
    if !after.is_subset(&before) {
        return Some(Effect::NewlyCrosses);
    }
    (before != after).then_some(Effect::Narrower)
}

fn amount(old: bool, new: bool) -> Option<Effect> {
    match (old, new) {
        (false, true) => Some(Effect::NewlyCrosses),
        (true, false) => Some(Effect::Narrower),
        _ => None,
    }
}

/// What can't be brought into a form does not cross, and a date loses its time of day by being normalised. So more
/// crosses where a form goes that not every value has, or where a method that takes some values only is given others;
/// everything else is spelling.
fn spelling(old: &Rule, new: &Rule) -> Option<Effect> {
    let takes_all = |rule: &Rule| matches!(rule.method, Method::Keep | Method::Tokenize);
    let takes_dates = |rule: &Rule| matches!(rule.method, Method::AgeBand | Method::Year | Method::YearMonth);
    match (old.normalise, new.normalise) {
        (before, after) if before == after => None,
        (Some(Normalise::Phone), _) => Some(Effect::NewlyCrosses),
        (Some(Normalise::Date), _) if !takes_dates(new) => Some(Effect::NewlyCrosses),
        (_, Some(Normalise::Date)) if takes_all(new) => Some(Effect::Narrower),
        (_, Some(form)) if form != Normalise::Date && !takes_all(old) => Some(Effect::NewlyCrosses),
        _ => Some(Effect::Changed),
    }
}

/// What one policy lets across of a field in one event.
#[derive(Clone, Debug)]
pub struct Crossing<'a> {
    /// The rule that lets it.
    pub rule: &'a Rule,
    /// The places in the event that the values come from.
    pub nodes: Vec<NodeId>,
    /// The values, in the order of the event; one for each place.
    pub values: Vec<&'a str>,
}

impl Crossing<'_> {
    /// How much shows.
    pub fn exposure(&self) -> Exposure {
        Exposure::of(Some(self.rule))
    }
}

/// The effect on a field in one event. What comes from a place that nothing came from before newly crosses, whatever
/// the rules say; and so does another value from the same place, unless the rules spell it otherwise.
pub fn within(old: Option<&Crossing<'_>>, new: Option<&Crossing<'_>>) -> Option<Effect> {
    let exposure = |side: Option<&Crossing<'_>>| side.map_or(Exposure::Nothing, Crossing::exposure);
    let shown = exposure(old).to(exposure(new));
    let (Some(old), Some(new)) = (old, new) else { return shown };
    if !(old.rule.label.crosses() && new.rule.label.crosses()) {
        return shown.or((old.rule.target != new.rule.target).then_some(Effect::Changed));
    }
    if !new.nodes.iter().collect::<BTreeSet<_>>().is_subset(&old.nodes.iter().collect()) {
        return Some(Effect::NewlyCrosses);
    }
    let told = shown.or_else(|| retold(old, new));
    [told, place(old.rule.target.as_ref(), new.rule.target.as_ref())].into_iter().flatten().min()
}

/// The effect of other values by the same method.
fn retold(old: &Crossing<'_>, new: &Crossing<'_>) -> Option<Effect> {
    if old.values == new.values {
        return None;
    }
    let [before, after] = [old, new].map(|side| side.values.iter().collect::<BTreeSet<_>>());
    Some(match (before.is_subset(&after), after.is_subset(&before)) {
        (true, true) => Effect::Changed,
        (true, false) => Effect::NewlyCrosses,
        (false, true) => Effect::Narrower,
        (false, false) => spelling(old.rule, new.rule).unwrap_or(Effect::NewlyCrosses),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_worked_out_from_what_crossed_before_is_nothing_new() {
        use Exposure::{Nothing, Shown, Withheld};
        use Method::{AgeBand, Keep, Tokenize, Year, YearMonth, Zip3};
        for (old, new, effect) in [
            (Nothing, Nothing, None),
            (Nothing, Withheld, Some(Effect::Changed)),
            (Withheld, Nothing, Some(Effect::Changed)),
            (Withheld, Shown(Tokenize), Some(Effect::NewlyCrosses)),
            (Shown(Keep), Withheld, Some(Effect::NoLongerCrosses)),
            (Shown(Zip3), Nothing, Some(Effect::NoLongerCrosses)),
            (Shown(Zip3), Shown(Keep), Some(Effect::NewlyCrosses)),
            (Shown(Keep), Shown(Zip3), Some(Effect::Narrower)),
            (Shown(AgeBand), Shown(Year), Some(Effect::NewlyCrosses)),
            (Shown(AgeBand), Shown(YearMonth), Some(Effect::NewlyCrosses)),
            (Shown(YearMonth), Shown(AgeBand), Some(Effect::Narrower)),
            (Shown(Tokenize), Shown(AgeBand), Some(Effect::NewlyCrosses)),
            (Shown(AgeBand), Shown(Tokenize), Some(Effect::NewlyCrosses)),
            (Shown(Keep), Shown(Keep), None),
        ] {
            assert_eq!(old.to(new), effect, "{old:?} to {new:?}");
        }
    }

    #[test]
    fn more_values_are_more_and_others_are_both() {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (old, new, effect) in [
            ("a b", "b a", None),
            ("a b", "a b c", Some(Effect::NewlyCrosses)),
            ("a b", "a c", Some(Effect::NewlyCrosses)),
            ("a b", "a", Some(Effect::Narrower)),
            ("a b", "", Some(Effect::NewlyCrosses)),
            ("", "a", Some(Effect::Narrower)),
            ("", "", None),
        ] {
            assert_eq!(values(&list(old), &list(new)), effect, "{old} to {new}");
        }
    }
}
