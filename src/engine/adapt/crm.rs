//! Adapters of CRMs: the objects that a CRM has, and the canonical fields that each of their fields stands for.

use super::keys::{CRM_ADAPTER, CRM_FIELD, CRM_OBJECT};
use super::lint;
use super::read::flag;
use crate::engine::canonical::{Cardinality, Catalogue, FieldEntry, FieldType};
use crate::engine::document::{Diagnostic, Document, not_json};
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::Target;
use crate::engine::redact::Method;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a CRM field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrmType {
    /// A token.
    Token,
    /// A code.
    Code,
    /// A short text.
    Text,
    /// A whole date.
    Date,
    /// A year and a month.
    YearMonth,
    /// A year.
    Year,
    /// An age band of ten years.
    AgeBand,
    /// The first three digits of a postal code.
    Zip3,
    /// A state, as the postal service's code.
    UsState,
    /// A number of records.
    Count,
}

impl CrmType {
    /// All types.
    pub const ALL: [Self; 10] = [
        Self::Token,
        Self::Code,
        Self::Text,
        Self::Date,
        Self::YearMonth,
        Self::Year,
        Self::AgeBand,
        Self::Zip3,
        Self::UsState,
        Self::Count,
    ];

    /// The type as documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Code => "code",
            Self::Text => "text",
            Self::Date => "date",
            Self::YearMonth => "year-month",
            Self::Year => "year",
            Self::AgeBand => "age-band",
            Self::Zip3 => "zip3",
            Self::UsState => "us-state",
            Self::Count => "count",
        }
    }

    /// Whether what a method makes of a kind of field fits in. What is withheld fits everywhere.
    pub fn takes(self, method: Method, kind: FieldType) -> bool {
        match method {
            Method::Tokenize => self == Self::Token,
            Method::AgeBand => self == Self::AgeBand,
            Method::Year => self == Self::Year,
            Method::YearMonth => self == Self::YearMonth,
            Method::Zip3 => self == Self::Zip3,
            Method::UsState => self == Self::UsState,
            Method::Label => self == Self::Text,
            Method::Withhold | Method::Drop => true,
            Method::Keep => match kind {
                FieldType::Code => matches!(self, Self::Code | Self::Text),
                FieldType::Date => self == Self::Date,
                _ => self == Self::Text,
            },
        }
    }
}

/// A field of a CRM object.
#[derive(Clone, Debug)]
pub struct CrmField {
    /// What it holds.
    pub kind: CrmType,
    /// How many values, and whether there must be one.
    pub cardinality: Cardinality,
    /// The canonical fields that it stands for.
    pub fields: Vec<Arc<FieldEntry>>,
    /// The values that it may have; empty for no restriction.
    pub values: Vec<String>,
}

/// A CRM object.
#[derive(Clone, Debug, Default)]
pub struct CrmObject {
    /// Whether it is the object that alone holds patient attributes.
    pub segregated: bool,
    /// Its fields, by name.
    pub fields: BTreeMap<String, CrmField>,
}

/// The adapter of a CRM.
#[derive(Clone, Debug, Default)]
pub struct CrmAdapter {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Its objects, by name.
    pub objects: BTreeMap<String, CrmObject>,
}

impl CrmField {
    /// Whether a value of a canonical field would say something of the person or the patient's profile in it.
    pub fn is_of_patient(&self, field: &FieldEntry) -> bool {
        self.kind != CrmType::Token && field.is_of_patient()
    }
}

impl CrmAdapter {
    /// Every field of every object, as `Object.field`.
    pub fn targets(&self) -> impl Iterator<Item = String> {
        self.objects
            .iter()
            .flat_map(|(object, own)| own.fields.keys().map(move |field| format!("{object}.{field}")))
    }

    /// Reads an adapter text. Total: gives what could be read, and all there is to say.
    pub fn read(text: &str, catalogue: &Catalogue) -> (Option<Self>, Vec<Diagnostic>) {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return (None, vec![not_json("adapter", text, &refusal)]),
        };
        let mut doc = Document::new(&json, "adapter");
        let root = NodeId::ROOT;
        if !doc.object(root, &CRM_ADAPTER) {
            return (None, doc.finish());
        }
        doc.schema_version(root, 2);
        for key in ["title", "system"] {
            doc.string(root, key);
        }
        let mut adapter =
            Self { id: doc.string(root, "id"), version: doc.string(root, "version"), ..Self::default() };
        let list = json.get(root, "objects");
        let items = list.map(|list| doc.items(list)).unwrap_or_default();
        let mut segregated: Vec<NodeId> = Vec::new();
        for item in items {
            segregated.extend(adapter.read_object(&mut doc, item, catalogue));
        }
        lint::segregated(&mut doc, list, &segregated);
        // Of several none can be told to hold what is known of patients alone.
        if segregated.len() > 1 {
            adapter.objects.values_mut().for_each(|object| object.segregated = false);
        }
        (Some(adapter), doc.finish())
    }

    /// Reads an object; gives where it says that it is segregated, if it does.
    fn read_object(&mut self, doc: &mut Document<'_>, at: NodeId, catalogue: &Catalogue) -> Option<NodeId> {
        if !doc.object(at, &CRM_OBJECT) {
            return None;
        }
        doc.optional(at, "about");
        let name = doc.string(at, "name");
        let segregated = flag(doc, at, "segregated").unwrap_or(false);
        let mut object = CrmObject { segregated, fields: BTreeMap::new() };
        let items = doc.json.get(at, "fields").map(|list| doc.items(list)).unwrap_or_default();
        for item in items {
            let Some((field_name, field)) = read_field(doc, item, catalogue) else { continue };
            if !segregated {
                lint::patient_field(doc, item, &name, &field);
            }
            let message = format!("`{name}` has two fields `{field_name}`.");
            if object.fields.insert(field_name, field).is_some() {
                doc.error(
                    item,
                    "duplicate-field",
                    message,
                    "Give each field of an object a name of its own.",
                );
            }
        }
        let message = format!("There are two objects `{name}`.");
        if self.objects.insert(name, object).is_some() {
            doc.error(at, "duplicate-object", message, "Give each object a name of its own.");
        }
        doc.json.get(at, "segregated").filter(|_| segregated)
    }

    /// The field that a target names.
    pub fn field(&self, target: &Target) -> Option<&CrmField> {
        self.objects.get(&target.object)?.fields.get(&target.field)
    }
}

fn read_field(doc: &mut Document<'_>, at: NodeId, catalogue: &Catalogue) -> Option<(String, CrmField)> {
    if !doc.object(at, &CRM_FIELD) {
        return None;
    }
    doc.optional(at, "note");
    let name = doc.string(at, "name");
    let kind = doc.one_of(at, "type", &CrmType::ALL, CrmType::as_str);
    let cardinality = doc.one_of(at, "cardinality", &Cardinality::ALL, Cardinality::as_str);
    let help = "List the values that it may have, or leave it out.";
    let values = doc.some_strings(at, "values", "It could hold no value at all.", help);
    let items = doc.json.get(at, "fields").map(|list| doc.items(list)).unwrap_or_default();
    let mut fields = Vec::new();
    for item in items {
        let Some(named) = doc.text(item) else { continue };
        match catalogue.field(&named) {
            Some(entry) => fields.push(Arc::clone(entry)),
            None => {
                let message = format!("There is no canonical field `{named}`.");
                doc.error(item, "unknown-field", message, catalogue.suggest(&named));
            }
        }
    }
    Some((name, CrmField { kind: kind?, cardinality: cardinality?, fields, values }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(objects: &str) -> (CrmAdapter, Vec<String>) {
        let head = r#""schemaVersion":2,"id":"c","version":"1","title":"t","system":"s""#;
        let (adapter, findings) =
            CrmAdapter::read(&format!("{{{head},\"objects\":{objects}}}"), Catalogue::shipped());
        // Most of these have no patients.
        let codes = findings.into_iter().map(|finding| finding.code);
        (adapter.unwrap(), codes.filter(|code| code != "adapter.segregated-missing").collect())
    }

    #[test]
    fn the_shipped_adapter_is_sound_and_one_object_alone_is_segregated() {
        let text = include_str!("../../../fixtures/adapters/crm-demo.json");
        let (adapter, findings) = CrmAdapter::read(text, Catalogue::shipped());
        assert_eq!(findings, []);
        let objects = adapter.unwrap().objects;
        let names: Vec<&str> = objects.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["Account", "Activity", "Contact", "PatientAttribute", "ProgramEnrollment", "Task"]
        );
        let segregated: Vec<_> = objects.iter().filter(|(_, object)| object.segregated).collect();
        assert_eq!(segregated.len(), 1);
        assert_eq!(segregated[0].0, "PatientAttribute");
        // Elsewhere nothing stands for a patient but a token.
        for object in objects.values().filter(|object| !object.segregated) {
            for field in object.fields.values().filter(|field| field.kind != CrmType::Token) {
                assert!(!field.fields.iter().any(|entry| entry.is_of_patient()), "{field:?}");
            }
        }
    }

    #[test]
    fn a_broken_adapter_gives_what_can_be_read() {
        let field = r#"{"name":"a","type":"code","cardinality":"0..1","fields":["CareEvent.status"]}"#;
        let object = format!(r#"{{"name":"A","about":"x","fields":[{field}]}}"#);
        let (adapter, codes) = read(&format!("[{object}]"));
        assert_eq!((codes.len(), adapter.objects["A"].fields["a"].kind), (0, CrmType::Code));
        for (objects, code) in [
            (format!("[{object},{object}]"), "adapter.duplicate-object"),
            (
                object
                    .replace(field, &format!("{field},{field}"))
                    .replace("{\"name\":\"A\"", "[{\"name\":\"A\"")
                    + "]",
                "adapter.duplicate-field",
            ),
            (format!("[{}]", object.replace("\"code\"", "\"cod\"")), "adapter.unknown-value"),
            (format!("[{}]", object.replace("CareEvent.status", "CareEvent.state")), "adapter.unknown-field"),
            (
                format!("[{}]", object.replace("\"about\"", "\"segragated\":true,\"about\"")),
                "adapter.unknown-key",
            ),
            ("{}".to_owned(), "adapter.wrong-type"),
            ("[3]".to_owned(), "adapter.wrong-type"),
        ] {
            assert_eq!(read(&objects).1, [code], "{objects}");
        }
        // Of several segregated objects none is.
        let marked = object.replace("\"about\"", "\"segregated\":true,\"about\"");
        let two = format!("[{marked},{}]", marked.replacen("\"A\"", "\"B\"", 1));
        let (adapter, codes) = read(&two);
        assert_eq!(codes, ["adapter.segregated-twice"]);
        assert!(adapter.objects.values().all(|object| !object.segregated));
        let (nothing, findings) = CrmAdapter::read("", Catalogue::shipped());
        assert!(nothing.is_none() && !findings.is_empty());
    }
}
