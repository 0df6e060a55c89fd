//! A walk over a JSON text that shares nothing with the engine's reader: leaves in document order, with their paths.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// A leaf: its path from the top (`a.b[0]`), and its value. Empty containers are leaves too.
pub type Leaf = (String, Value);

/// The leaves of a text.
pub fn leaves(text: &str) -> Vec<Leaf> {
    let mut out = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text.trim_start_matches('\u{FEFF}'));
    Walk { path: String::new(), out: &mut out }.deserialize(&mut reader).expect("the text is JSON");
    out
}

struct Walk<'a> {
    path: String,
    out: &'a mut Vec<Leaf>,
}

impl Walk<'_> {
    fn leaf<E: Error>(self, value: Value) -> Result<(), E> {
        self.out.push((self.path, value));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut n = 0;
        while items.next_element_seed(Walk { path: format!("{}[{n}]", self.path), out: self.out })?.is_some()
        {
            n += 1;
        }
        if n == 0 { self.leaf(Value::Array(Vec::new())) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut n = 0;
        while let Some(key) = members.next_key::<String>()? {
            let dot = if self.path.is_empty() { "" } else { "." };
            members.next_value_seed(Walk { path: format!("{}{dot}{key}", self.path), out: self.out })?;
            n += 1;
        }
        if n == 0 { self.leaf(Value::Object(Default::default())) } else { Ok(()) }
    }
}
