//! What to look at in what leaves, taken as a whole.

use super::codes::CONTRACT_LONG;
use crate::engine::document::Document;
use crate::engine::fhir::NodeId;
use crate::engine::policy::Policy;

/// CRM fields that a contract may have without a question.
const SHORT: usize = 24;

pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy) {
    let fields = policy.rules.iter().filter(|rule| rule.target.is_some()).count();
    if let Some(list) = doc.json.get(NodeId::ROOT, "rules").filter(|_| fields > SHORT) {
        let message = format!("{fields} CRM fields may leave; {SHORT} are a lot already.");
        doc.lint(doc.json.key_span(list), &CONTRACT_LONG, message);
    }
}
