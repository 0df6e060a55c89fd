//! Older versions of the policy format, made into the latest. In version 1 all rules fed one CRM object, which the
//! target named, and each rule named its field alone.

use crate::engine::document::Edit;
use crate::engine::fhir::{Json, NodeId};
use crate::engine::policy::edit::quoted;
use crate::engine::policy::read::ADAPTER_OF_VERSION_1;
use crate::order;

/// The edits that make a policy of version 1 one of version 2 that does the same. None where it is no policy of version
/// 1, or lacks what is moved.
///
/// Whatever is not about targets stays as it is written. What rules say of the person goes on feeding the same object; in
/// version 2 a finding says that it belongs in `PatientAttribute`.
pub fn migrate(json: &Json) -> Option<Vec<Edit>> {
    let root = NodeId::ROOT;
    let version = json.get(root, "schemaVersion").filter(|at| json.scalar(*at).as_deref() == Some("1"))?;
    let object_at = json.get(root, "target").and_then(|target| json.get(target, "object"))?;
    let object = json.str(object_at).filter(|object| !object.is_empty())?;
    let replace = |(start, end): (u32, u32), text: String| Edit { start, end, text };
    let mut edits = vec![
        replace(json.span(version), "2".to_owned()),
        replace(json.key_span(object_at), quoted("adapter")),
        replace(json.span(object_at), quoted(ADAPTER_OF_VERSION_1)),
    ];
    for rule in json.get(root, "rules").into_iter().flat_map(|list| json.children(list)) {
        let Some(target) = json.get(rule, "target") else { continue };
        if let Some(field) = json.str(target) {
            edits.push(replace(json.span(target), quoted(&[&object, ".", &field].concat())));
        }
    }
    order::by(&mut edits, |edit| edit.start);
    Some(edits)
}
