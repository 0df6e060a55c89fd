//! Canonical values: what an event, or a record of a CRM, says in the words of the canonical model.

use crate::engine::canonical::{Catalogue, FieldEntry};
use crate::engine::phi::Phi;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values of canonical fields, in the catalogue's order. They may identify someone, whatever they came from: they are
/// carried about as `Phi` and have no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entities(BTreeMap<usize, Vec<String>>);

impl Entities {
    /// The values of a field, in the order of where they came from.
    pub fn values(&self, field: &FieldEntry) -> &[String] {
        self.0.get(&field.id).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Extend<(&'a FieldEntry, String)> for Entities {
    /// Adds values. A field that holds one keeps the first.
    fn extend<I: IntoIterator<Item = (&'a FieldEntry, String)>>(&mut self, values: I) {
        for (field, value) in values {
            let own = self.0.entry(field.id).or_default();
            if own.is_empty() || field.cardinality.many {
                own.push(value);
            }
        }
    }
}

impl Phi<Entities> {
    /// The fields that have values.
    pub fn fields<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a Arc<FieldEntry>> {
        chosen(catalogue, self.classify(|own| asked(catalogue, |field| !own.values(field).is_empty())))
    }

    /// The fields in which two differ. Of the values nothing comes out.
    pub fn differing<'a>(&self, other: &Self, catalogue: &'a Catalogue) -> Vec<&'a Arc<FieldEntry>> {
        let both = self.as_ref().join(other.as_ref(), |one, other| (one, other));
        let differ =
            both.classify(|(one, other)| asked(catalogue, |field| one.values(field) != other.values(field)));
        chosen(catalogue, differ)
    }
}

fn asked(catalogue: &Catalogue, question: impl Fn(&FieldEntry) -> bool) -> Vec<bool> {
    catalogue.fields().iter().map(|field| question(field)).collect()
}

fn chosen(catalogue: &Catalogue, answers: Vec<bool>) -> Vec<&Arc<FieldEntry>> {
    catalogue.fields().iter().zip(answers).filter_map(|(field, yes)| yes.then_some(field)).collect()
}
