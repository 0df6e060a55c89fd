//! The only way out: values turn from PHI into fields of a CRM record here, rule by rule.

mod method;
mod pare;
mod pseudonym;

pub use method::{Keys, Method, us_state};
pub use pare::{may_hide, pare_consent};
pub use pseudonym::Pseudonym;

use super::adapt::Claim;
use super::adapt::drift::ElementPath;
use super::audit::hex;
use super::canonical::DisclosureClass;
use super::decisions::Decisions;
use super::fhir::{Json, Kind, NodeId, identity};
use super::normalise::Normalise;
use super::phi::Phi;
use super::policy::{Label, Policy, Rule};
use super::time::Day;
use super::validate::Shape;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The right to take a value out of [`Phi`]. Only this module can make one.
pub struct Release(());

/// A field of the record about to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutField {
    /// The rule that lets it out, as its place in the policy.
    pub rule: usize,
    /// The value; none where it was withheld.
    pub value: Option<String>,
}

/// What happened to the elements that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldResult {
    /// A value crossed.
    Crossed,
    /// The field says that it was withheld.
    Withheld,
    /// The element was there and nothing of it crossed.
    Dropped,
}

impl FieldResult {
    /// As the audit log spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crossed => "crossed",
            Self::Withheld => "withheld",
            Self::Dropped => "dropped",
        }
    }
}

/// The outcome of redaction: what leaves, and what became of each element.
#[derive(Clone, Debug)]
pub struct Redacted {
    /// Idempotency key of the records: one for each CRM object, all under the same key.
    pub key: String,
    /// The fields that leave, in the policy's order.
    pub fields: Vec<OutField>,
    /// What happened to each rule that the source has an element for, or whose field is withheld; in the policy's
    /// order.
    pub results: Vec<(usize, FieldResult)>,
    /// The elements that crossed: node, rule, and what it became.
    pub crossings: Vec<(NodeId, usize, String)>,
    /// The highest class that something crossed of.
    pub class: Option<DisclosureClass>,
}

impl Redacted {
    /// The recipe, rule by rule, for the audit log: rule, field, method with version, result. What the source
    /// does not have needs no line.
    pub fn notes(&self, policy: &Policy) -> Vec<String> {
        let notes = self.results.iter().filter_map(|(rule, result)| {
            let rule = policy.rules.get(*rule)?;
            Some([&rule.id, &rule.field.name, rule.method.recipe(), result.as_str()].join(" "))
        });
        notes.collect()
    }

    /// The tokens that leave, for the audit log: of each the rule that made it, and its reference, with a space between.
    pub fn tokens(&self, policy: &Policy) -> Vec<String> {
        let tokens = self.crossings.iter().filter_map(|(_, rule, value)| {
            let rule = policy.rules.get(*rule).filter(|rule| rule.method == Method::Tokenize)?;
            Some([rule.id.as_str(), &token_reference(value)].join(" "))
        });
        let mut told = BTreeSet::new();
        tokens.filter(|token| told.insert(token.clone())).collect()
    }

    /// The result in sentences. `unnamed` counts the elements that no rule names.
    pub fn reasons(&self, unnamed: u64) -> Vec<String> {
        let count = |wanted| self.results.iter().filter(|(_, result)| *result == wanted).count();
        vec![
            format!("{} fields cross.", count(FieldResult::Crossed)),
            format!("{} fields say that they were withheld.", count(FieldResult::Withheld)),
            format!("{} fields were there and do not cross.", count(FieldResult::Dropped)),
            format!("{unnamed} elements of the source are named by no rule and do not cross."),
        ]
    }
}

/// How a record of the audit log refers to a token: the first 16 hexadecimal digits of the token's SHA-256.
///
/// The token itself points at one person in the receiving system, and whoever holds log and CRM records could join the two
/// by it. The reference finds the records about a token that one has in hand, such as for a hold, and is of no use
/// without: a token is 128 bits of a keyed hash, so that there is nothing to try.
pub fn token_reference(token: &str) -> String {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(token));
    hex(&[a, b, c, d, e, f, g, h])
}

/// Applies a policy to an adapted event: claim by claim, so that rules that do not apply cost nothing.
///
/// Fields come out in the policy's order. A redacted field comes out whether or not the source has it, so
/// that its presence does not show; a prohibited one never does.
pub fn redact(
    json: &Phi<Json>,
    shape: &Shape,
    claims: &[Claim],
    policy: &Policy,
    decisions: &Decisions,
    keys: &Keys,
    today: Day,
) -> Redacted {
    let release = Release(());
    let id = json.as_ref().map(|json| json.get_str(shape.focus, "id").unwrap_or_default()).release(&release);
    let mut out = Redacted {
        key: keys.record(&policy.id, &policy.source, shape.resource_type.name(), &id),
        fields: Vec::new(),
        results: Vec::new(),
        crossings: Vec::new(),
        class: None,
    };
    let forms = decisions.forms(shape);
    for (rule_index, places) in by_rule(claims, decisions.of(shape), &decisions.withheld) {
        let Some(rule) = policy.rules.get(rule_index) else { continue };
        let result = match rule.label {
            Label::Redacted => {
                out.fields.push(OutField { rule: rule_index, value: None });
                FieldResult::Withheld
            }
            Label::Prohibited => FieldResult::Dropped,
            Label::Allowed | Label::Transformed => {
                let limit = if rule.cardinality.many { usize::MAX } else { 1 };
                let first = out.crossings.len();
                for claim in places.iter().take(limit) {
                    let value = json.as_ref().map(|json| {
                        scalar(json, shape.data, claim.node)
                            .filter(|_| !rule.keeps_free_text(json, claim.node))
                    });
                    let value = value.transpose();
                    let form = forms.get(claim.field).copied().flatten();
                    let crossed =
                        value.and_then(|value| rule.let_out(value.release(&release), form, keys, today));
                    out.crossings.extend(crossed.map(|value| (claim.node, rule_index, value)));
                }
                let crossed = out.crossings.get(first..).unwrap_or(&[]);
                if crossed.is_empty() {
                    FieldResult::Dropped
                } else {
                    let values: Vec<&str> = crossed.iter().map(|(_, _, value)| value.as_str()).collect();
                    out.fields.push(OutField { rule: rule_index, value: Some(joined(&values)) });
                    out.class = out.class.max(Some(rule.class));
                    FieldResult::Crossed
                }
            }
        };
        out.results.push((rule_index, result));
    }
    out
}

/// What a field says of several items.
pub(super) fn joined(items: &[&str]) -> String {
    items.join("; ")
}

/// The places that each rule decides about, in the policy's order; rules whose field is withheld come in any case.
fn by_rule(claims: &[Claim], rules: &[Option<usize>], withheld: &[usize]) -> BTreeMap<usize, Vec<Claim>> {
    let mut places: BTreeMap<usize, Vec<Claim>> = withheld.iter().map(|rule| (*rule, Vec::new())).collect();
    for claim in claims {
        if let Some(Some(rule)) = rules.get(claim.field) {
            places.entry(*rule).or_default().push(*claim);
        }
    }
    places
}

impl Rule {
    /// Whether an element may hold any text and would cross as it is, without a list of the values that may. Whatever the
    /// adapter takes it for, it stays behind.
    fn keeps_free_text(&self, json: &Json, node: NodeId) -> bool {
        self.method == Method::Keep
            && self.values.is_empty()
            && ElementPath::of(json, node).is_none_or(|path| path.is_free_text())
    }

    /// What a value becomes on its way out: in the adapter's form, in the rule's own, through its method. None where it
    /// can't be brought into one of them.
    fn let_out(
        &self,
        value: Cow<'_, str>,
        form: Option<Normalise>,
        keys: &Keys,
        today: Day,
    ) -> Option<String> {
        let forms = [form, self.normalise].into_iter().flatten();
        let value = forms.into_iter().try_fold(value, |value, form| form.apply(&value).map(Cow::Owned))?;
        self.method.apply(&value, keys, today)
    }
}

/// Only a primitive crosses; a complex element named by mistake does not spill its parts. A reference to an
/// entry of the event stands for that entry, in whatever form it comes; and a Patient's own id stands for the same
/// as references to it.
pub(super) fn scalar(json: &Json, data: NodeId, node: NodeId) -> Option<Cow<'_, str>> {
    match json.kind(node) {
        Kind::String if json.is_member(node, "reference") => match identity(json, data, node) {
            Some(identity) => Some(Cow::Owned(identity)),
            None => json.scalar(node),
        },
        Kind::String if json.is_member(node, "id") => {
            let id = json.str(node)?;
            let holder = json.parent(node).and_then(|holder| json.resource_type(holder));
            Some(if holder.is_some_and(|kind| kind.name() == "Patient") {
                format!("Patient/{id}").into()
            } else {
                id
            })
        }
        Kind::String | Kind::Number | Kind::Bool => json.scalar(node),
        Kind::Object | Kind::Array | Kind::Null => None,
    }
}
