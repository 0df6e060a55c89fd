//! Records of a CRM: written from canonical values, and read back by the same table.
//!
//! A record is a JSON object: the CRM's field names, each with a string or, where it may have several values, an array
//! of strings. `null` says that something was withheld; nothing is read of it.

use super::crm::{CrmAdapter, CrmField, CrmObject};
use super::entities::Entities;
use super::write::Misfit;
use crate::engine::canonical::FieldEntry;
use crate::engine::document::{Diagnostic, Document, Severity, not_json};
use crate::engine::fhir::{Json, Kind, NodeId};
use crate::engine::phi::Phi;
use serde_json::{Map, Value};

impl CrmAdapter {
    /// A record of an object, as JSON. A CRM field that stands for several canonical fields has the values of the
    /// first of them that has some. Values must have the forms of the CRM's types: bringing them there is a policy's
    /// work.
    ///
    /// # Errors
    /// What can't be written. Nothing is written by halves.
    pub fn write_record(&self, object: &str, entities: &Phi<Entities>) -> Result<Phi<Json>, Misfit> {
        let object = self.objects.get(object).ok_or(Misfit::UnknownObject)?;
        entities.as_ref().map(|entities| object.record(entities)).transpose()
    }

    /// Reads a record of an object. Total: gives what could be read, and all there is to say of the rest; findings spell
    /// no value and no name but the adapter's own.
    ///
    /// A CRM field that stands for several canonical fields is not read, since the record does not say which it is.
    pub fn read_record(&self, object: &str, text: &str) -> (Phi<Entities>, Vec<Diagnostic>) {
        let mut entities = Entities::default();
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (Phi::new(entities), vec![not_json("record", text, &refusal)]),
        };
        let mut doc = Document::new(&json, "record");
        let root = NodeId::ROOT;
        match self.objects.get(object) {
            None => {
                let names: Vec<&str> = self.objects.keys().map(String::as_str).collect();
                let help = format!("It has {}.", names.join(", "));
                doc.error(root, "unknown-object", "The CRM has no such object.", help);
            }
            Some(_) if json.kind(root) != Kind::Object => {
                doc.error(root, "wrong-type", "An object is expected here.", "Write `{ … }`.");
            }
            Some(object) => {
                json.children(root).for_each(|member| object.read(&mut doc, member, &mut entities));
            }
        }
        (Phi::new(entities), doc.finish())
    }
}

impl CrmObject {
    fn record(&self, entities: &Entities) -> Result<Json, Misfit> {
        let mut record = Map::new();
        for (name, own) in &self.fields {
            let filled = own.fields.iter().find(|field| !entities.values(field).is_empty());
            let Some(field) = filled else { continue };
            let values = entities.values(field);
            if own.is_attribute(field) && !self.segregated {
                return Err(Misfit::AttributeOutside(field.id));
            }
            if values.iter().any(|value| !own.takes(value)) {
                let elsewhere = |other: &CrmField| {
                    other.fields.contains(field) && values.iter().all(|value| other.takes(value))
                };
                // An age band and a year of birth may both stand for a date: the one that takes it does.
                if self.fields.values().any(elsewhere) {
                    continue;
                }
                return Err(Misfit::Unfit(field.id));
            }
            let value = match values {
                _ if own.cardinality.many => Value::from(values),
                [value] => Value::from(value.as_str()),
                _ => return Err(Misfit::Several(field.id)),
            };
            record.insert(name.clone(), value);
        }
        if record.is_empty() {
            return Err(Misfit::Nothing);
        }
        Json::read(Value::Object(record).to_string()).map_err(|refusal| Misfit::Structure(refusal.code))
    }

    /// Reads a member of a record.
    fn read(&self, doc: &mut Document<'_>, member: NodeId, entities: &mut Entities) {
        let found = doc.json.key(member).and_then(|key| self.fields.get_key_value(key.as_ref()));
        let Some((name, own)) = found else {
            let names: Vec<&str> = self.fields.keys().map(String::as_str).collect();
            let help = format!("It has {}.", names.join(", "));
            return doc.add(
                doc.json.key_span(member),
                Severity::Error,
                "unknown-field",
                "The object has no field of this name.",
                help,
            );
        };
        let Some(values) = own.values_at(doc, member, name) else { return };
        let field = match own.fields.as_slice() {
            _ if values.is_empty() => return,
            [field] => field,
            // A number of records says nothing of any one of them.
            [] => return,
            several => {
                let names: Vec<&str> = several.iter().map(|field| field.name.as_str()).collect();
                let message = format!("`{name}` stands for several canonical fields, and was not read.");
                let help = format!("Let it stand for one of {}.", names.join(", "));
                return doc.warning(member, "ambiguous", message, help);
            }
        };
        if own.is_attribute(field) && !self.segregated {
            let message = format!("`{name}` would be a patient attribute, and this object may hold none.");
            return doc.error(
                member,
                "attribute-outside",
                message,
                "Hold it in the object for patient attributes.",
            );
        }
        if !CrmField::agrees(field, &values, entities) {
            let message =
                format!("`{name}` says something else of `{}` than the record does already.", field.name);
            return doc.error(member, "conflict", message, "Say it once, or the same.");
        }
        if entities.values(field).is_empty() {
            entities.extend(values.into_iter().map(|value| (&**field, value)));
        }
    }
}

impl CrmField {
    /// The values of a member; none, with a finding, where they are not what the field may have.
    fn values_at(&self, doc: &mut Document<'_>, member: NodeId, name: &str) -> Option<Vec<String>> {
        let json = doc.json;
        let items: Vec<NodeId> = match json.kind(member) {
            Kind::Null => Vec::new(),
            Kind::Array if self.cardinality.many => json.children(member).collect(),
            _ => vec![member],
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match json.str(item) {
                Some(value) if self.takes(&value) => values.push(value.into_owned()),
                Some(_) => {
                    let message = format!("`{name}` can't have this value.");
                    let help = match self.values.is_empty() {
                        true => format!("It is of type `{}`.", self.kind.as_str()),
                        false => format!("Write one of {}.", self.values.join(", ")),
                    };
                    doc.error(item, "value-unfit", message, help);
                    return None;
                }
                None => {
                    doc.error(item, "wrong-type", "A string is expected here.", "Write it in double quotes.");
                    return None;
                }
            }
        }
        Some(values)
    }

    /// Whether values can be a canonical field's: as many as it may have, and the same as another field of the record
    /// gave it.
    fn agrees(field: &FieldEntry, values: &[String], entities: &Entities) -> bool {
        let known = entities.values(field);
        (field.cardinality.many || values.len() == 1) && (known.is_empty() || known == values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::adapt::CrmType;
    use crate::engine::canonical::Catalogue;
    use std::collections::BTreeMap;

    fn crm() -> CrmAdapter {
        let text = include_str!("../../../fixtures/adapters/crm-demo.json");
        CrmAdapter::read(text, Catalogue::shipped()).0.unwrap()
    }

    /// A value of the form that a field has.
    fn value(own: &CrmField) -> String {
        let value = match own.kind {
            CrmType::Token => "tok_0123456789abcdef0123456789abcdef",
            CrmType::Code => own.values.first().map_or("demo", String::as_str),
            CrmType::Text => "Clinic Demo",
            CrmType::Date => "2026-01-15",
            CrmType::YearMonth => "2026-01",
            CrmType::Year => "2026",
            CrmType::AgeBand => "40-49",
            CrmType::Zip3 => "021",
            CrmType::UsState => "MA",
            CrmType::Count => "7",
        };
        value.to_owned()
    }

    #[test]
    fn every_object_is_written_and_read_back_the_same() {
        let crm = crm();
        for (name, object) in &crm.objects {
            let read_back = object.fields.values().filter(|own| own.fields.len() == 1);
            let kept = read_back.filter(|own| object.segregated || !own.is_attribute(&own.fields[0]));
            let values: BTreeMap<&str, (&FieldEntry, Vec<String>)> = kept
                .map(|own| {
                    let field = &*own.fields[0];
                    let count = if own.cardinality.many && field.cardinality.many { 2 } else { 1 };
                    (field.name.as_str(), (field, vec![value(own); count]))
                })
                .collect();
            let mut entities = Entities::default();
            for (field, values) in values.values() {
                entities.extend(values.iter().map(|value| (*field, value.clone())));
            }
            assert!(values.len() >= 5, "{name}");
            let before = Phi::new(entities);
            let record = crm.write_record(name, &before).unwrap();
            assert!(record.test(|json| {
                crm.read_record(name, json.text()).1.iter().all(|f| f.code == "record.ambiguous")
            }));
            let after = record.map(|json| {
                crm.read_record(name, json.text()).0.test(|after| before.test(|own| own == after))
            });
            assert!(after.test(|same| *same), "{name}");
        }
    }

    #[test]
    fn a_record_has_the_names_of_its_fields_and_lists_where_there_may_be_several() {
        let text = r#"{"clinic":"Clinic Demo","familyName":["Example","Demo"]}"#;
        let (entities, findings) = crm().read_record("Contact", text);
        assert_eq!(findings, []);
        assert!(crm().write_record("Contact", &entities).unwrap().test(|json| json.text() == text));
    }
}
