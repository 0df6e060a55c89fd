//! Documents close to a document: in each, one thing is otherwise.

use airlock::engine::keys::{DATE, DURATION};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The document without what has the same keys as something before it.
pub fn thin(document: &Value) -> Value {
    match document {
        Value::Array(items) => {
            let mut told = BTreeSet::new();
            let new = |item: &&Value| !item.is_object() || told.insert(outline(item));
            items.iter().filter(new).map(thin).collect()
        }
        Value::Object(members) => members.iter().map(|(key, own)| (key.clone(), thin(own))).collect(),
        plain => plain.clone(),
    }
}

/// The keys of an object, with what labels and effects say; other values left out.
fn outline(value: &Value) -> String {
    let say = |(key, own): (&String, &Value)| match key.as_str() {
        "label" | "effect" => format!("{key}={own}"),
        _ => key.clone(),
    };
    value.as_object().map(|members| members.iter().map(say).collect::<Vec<_>>().join(",")).unwrap_or_default()
}

/// The variants of a document, each with what is otherwise. Of objects with the same keys in the same place, the first
/// is changed; `told` knows those of earlier documents.
pub fn of(schema: &Value, document: &Value, told: &mut BTreeSet<String>) -> Vec<(String, Value)> {
    let mut changes = Changes { document, told, made: vec![("as it is".into(), document.clone())] };
    changes.walk(schema, document, "", "");
    changes.made
}

struct Changes<'a> {
    document: &'a Value,
    told: &'a mut BTreeSet<String>,
    made: Vec<(String, Value)>,
}

impl Changes<'_> {
    fn walk(&mut self, schema: &Value, value: &Value, at: &str, place: &str) {
        match value {
            Value::Object(members) => {
                if self.told.insert(format!("{place} {}", outline(value))) {
                    self.object(schema, members, at);
                }
                for (key, member) in members {
                    let own = &schema["properties"][key];
                    self.walk(own, member, &format!("{at}/{key}"), &format!("{place}/{key}"));
                }
            }
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.walk(&schema["items"], item, &format!("{at}/{number}"), &format!("{place}/*"));
                }
            }
            _ => {}
        }
    }

    /// Each key as something else, or gone; each that is not there; and one that nobody knows.
    fn object(&mut self, schema: &Value, members: &Map<String, Value>, at: &str) {
        for key in members.keys() {
            self.make(at, key, None);
        }
        let known = schema["properties"].as_object().unwrap();
        for (key, own) in known {
            for other in others(own, members.get(key)) {
                self.make(at, key, Some(other));
            }
        }
        self.make(at, "nonesuch", Some(json!("x")));
    }

    fn make(&mut self, at: &str, key: &str, value: Option<Value>) {
        let mut variant = self.document.clone();
        let object = variant.pointer_mut(at).unwrap().as_object_mut().unwrap();
        let change = match &value {
            Some(value) => format!("{at}/{key} is {value}"),
            None => format!("{at}/{key} is gone"),
        };
        match value {
            Some(value) => object.insert(key.to_owned(), value),
            None => object.remove(key),
        };
        self.made.push((change, variant));
    }
}

/// What may stand under a key beside what does.
fn others(schema: &Value, own: Option<&Value>) -> Vec<Value> {
    let long = |length: usize| json!("\u{1f3e5}".repeat(length));
    let texts = ["", " \t", "\u{200b}", "?!", "word", "Two.words", "a.b.c", "2026-02-28", "P6M"];
    let mut all: Vec<Value> = texts.map(Value::from).to_vec();
    for text in ["2024-02-29", "2025-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-01-15T09:00:00Z"]
    {
        all.extend(has_form(schema, DATE).then(|| text.into()));
    }
    for text in ["P", "PT", "P1Y2M3DT4H5M6S", "P1D1Y", "P1W2D", "PT36H", "P1YT", "1Y", "P-1D", "P1.5D", "p1d"]
    {
        all.extend(has_form(schema, DURATION).then(|| text.into()));
    }
    all.extend([
        json!(null),
        json!(true),
        json!("true"),
        json!(1),
        json!(2),
        json!(1000),
        json!(1001),
        json!(-1),
    ]);
    all.extend([
        json!("1"),
        json!("2"),
        json!([]),
        json!([[]]),
        json!([""]),
        json!(["word"]),
        json!([7]),
        json!({}),
    ]);
    all.extend([json!([{}]), json!({ "nonesuch": 1 }), json!("two\nlines")]);
    all.extend(
        schema["maxLength"]
            .as_u64()
            .into_iter()
            .flat_map(|most| [long(most as usize), long(most as usize + 1)]),
    );
    for choices in [&schema["enum"], &schema["items"]["enum"]] {
        let choices = choices.as_array().into_iter().flatten();
        let few: Vec<&Value> = choices.take(6).collect();
        all.extend(few.iter().map(|choice| (*choice).clone()));
        all.extend(few.first().map(|choice| json!([choice])));
    }
    if let Some(text) = own.and_then(Value::as_str) {
        all.extend([format!("{text}x"), format!("{text}."), format!(" {text}")].map(Value::from));
    }
    // Another version of the format is another schema's.
    let is_version = schema.get("const").is_some();
    all.retain(|other| Some(other) != own && !(is_version && other.is_u64() && *other != json!(1000)));
    all
}

fn has_form(schema: &Value, form: &str) -> bool {
    schema["pattern"] == form
}
