//! A selector on a text: what it selects or computes.

use crate::engine::fhir::{Json, Kind, NodeId, each_document, text_of_bytes};
use crate::engine::path::{Expression, Item, PathError, Type, Value};
use crate::engine::refusal::Refusal;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What an expression gives.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// Each value as JSON, in order: a node as its source has it, digit for digit.
    Values(Vec<Box<RawValue>>),
    /// Why there is no answer.
    Error(SelectError),
}

/// What is wrong with an expression, or with its use on this input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelectError {
    /// Stable code, e.g. `selector-outside-subset`.
    pub code: String,
    /// One sentence. It speaks of the expression, never of a value.
    pub message: String,
    /// Byte offset in the expression.
    pub offset: usize,
}

impl From<PathError> for SelectError {
    fn from(error: PathError) -> Self {
        Self { code: error.code.to_owned(), message: error.message, offset: error.offset }
    }
}

/// Evaluates a FHIRPath expression of the subset on a resource, a Bundle, an array or NDJSON.
///
/// On a Bundle it is evaluated where it starts with `Bundle`, and on the resources of its entries otherwise; references
/// are resolved within the Bundle. Resources that are not of the type that the expression starts with are passed over,
/// unless there is no other.
///
/// # Errors
/// Where the input can't be read: a sentence with its line and column.
pub fn select(expression: &str, bytes: Vec<u8>) -> Result<Selection, String> {
    let unreadable = |refusal: &Refusal, line: usize| match refusal.place {
        Some(place) => {
            let line = u32::try_from(line).unwrap_or(0).saturating_add(place.line);
            format!("{line}:{}: error[{}]: {}", place.column, refusal.code.as_str(), refusal.code.message())
        }
        None => format!("error[{}]: {}", refusal.code.as_str(), refusal.code.message()),
    };
    let text = text_of_bytes(bytes).map_err(|refusal| unreadable(&refusal, 0))?;
    let expression = match Expression::parse(expression) {
        Ok(expression) => expression,
        Err(error) => return Ok(Selection::Error(error.into())),
    };
    let mut search = Search { expression, values: Vec::new(), passed_over: None, fitted: false, error: None };
    let mut unread = None;
    each_document(&text, &mut |_, line, document| match document {
        Ok(json) => search.document(&json),
        Err(refusal) => unread = unread.take().or_else(|| Some(unreadable(&refusal, line))),
    });
    match unread {
        Some(unread) => Err(unread),
        None => Ok(search.finish()),
    }
}

struct Search {
    expression: Expression,
    values: Vec<Box<RawValue>>,
    /// Why a resource was passed over that is not of the type meant.
    passed_over: Option<PathError>,
    /// Whether some resource was of that type.
    fitted: bool,
    error: Option<PathError>,
}

impl Search {
    fn document(&mut self, json: &Json) {
        let items: Vec<NodeId> = match json.kind(NodeId::ROOT) {
            Kind::Array => json.children(NodeId::ROOT).collect(),
            _ => vec![NodeId::ROOT],
        };
        for item in items {
            let is_bundle = json.resource_type(item).is_some_and(|kind| kind.name() == "Bundle");
            let means_bundle = self.expression.starts_with().is_some_and(|own| own.name() == "Bundle");
            if !is_bundle || means_bundle {
                self.resource(json, item, item);
                continue;
            }
            let entries = json.get(item, "entry").into_iter().flat_map(|list| json.children(list));
            for resource in entries.filter_map(|entry| json.get(entry, "resource")) {
                self.resource(json, item, resource);
            }
        }
    }

    fn resource(&mut self, json: &Json, data: NodeId, resource: NodeId) {
        if self.error.is_some() {
            return;
        }
        let own = Type::stated(json, resource).unwrap_or(Type::Unknown);
        let answer = self.expression.evaluate(json, data, resource);
        match (self.expression.starts_with(), answer) {
            (Some(meant), Err(error)) if own.is_a(meant) == Some(false) => {
                self.passed_over.get_or_insert(error);
            }
            (_, Err(error)) => self.error = Some(error),
            (_, Ok(items)) => {
                self.fitted = true;
                self.values.extend(items.iter().filter_map(|item| raw(json, item)));
            }
        }
    }

    fn finish(self) -> Selection {
        match self.error.or(self.passed_over.filter(|_| !self.fitted)) {
            Some(error) => Selection::Error(error.into()),
            None => Selection::Values(self.values),
        }
    }
}

/// An item as JSON. A primitive without a value is what stands beside it.
fn raw(json: &Json, item: &Item) -> Option<Box<RawValue>> {
    match item {
        Item::Node(node) => RawValue::from_string(json.source(node.value.or(node.sidecar)?).to_owned()).ok(),
        Item::Value(Value::Boolean(own)) => to_raw_value(own).ok(),
        Item::Value(Value::String(own)) => to_raw_value(own).ok(),
        Item::Value(Value::Number { text, .. }) => RawValue::from_string(text.to_string()).ok(),
        Item::Value(Value::Moment(_, text)) => to_raw_value(text.trim_start_matches('T')).ok(),
    }
}
