//! Every element that a path of an adapter may read, where it leaves open which: behind a reference whose resource it does
//! not name, and of a choice.

use super::drift::ElementPath;
use crate::engine::fhir::ResourceType;
use crate::engine::path::Step;
use crate::engine::validate::structure::{self, Content};

/// The elements that a path may read, from a resource of this type on, or of any type where there is none. An element
/// inside an extension of an extension counts as one of the outer: what is known of it is the same.
pub(super) fn of(own: Option<ResourceType>, path: &[Step]) -> Vec<ElementPath> {
    let mut all = own.map_or_else(any, |own| vec![ElementPath::whole(own)]);
    for step in path {
        match step {
            Step::OfType(kind) => all = vec![ElementPath::whole(*kind)],
            Step::Resolve => all = behind(&all),
            Step::Member(keys) => {
                let named = |place: &ElementPath| {
                    let names = keys.iter().map(|key| key.strip_prefix('_').unwrap_or(key));
                    names.map(|name| place.inside(name)).collect::<Vec<_>>()
                };
                let mut next: Vec<ElementPath> = all.iter().flat_map(named).collect();
                next.dedup();
                // Of several only those that there are; where FHIR has none of them, they are the source's own.
                if next.len() > 1 && next.iter().any(|place| place.type_around().is_some()) {
                    next.retain(|place| place.type_around().is_some());
                }
                let is_resource = |place: &ElementPath| matches!(place.content(), Some(Content::Resource));
                all = if next.iter().any(is_resource) { any() } else { next };
            }
            Step::Extension(_) => {
                all = all.iter().map(|place| place.inside("extension")).collect();
                all.dedup();
            }
            Step::Index(_) | Step::Last | Step::Skip(_) | Step::Take(_) | Step::Where(_) => {}
        }
    }
    all.retain(|place| !place.is_whole());
    all
}

/// The resources that elements lead to.
fn behind(all: &[ElementPath]) -> Vec<ElementPath> {
    let mut types: Vec<ResourceType> = Vec::new();
    for place in all {
        let Some(Content::Reference(own)) = place.content() else { return any() };
        if own.is_empty() {
            return any();
        }
        for kind in own.iter().filter_map(|name| ResourceType::parse(name)) {
            if !types.contains(&kind) {
                types.push(kind);
            }
        }
    }
    types.into_iter().map(ElementPath::whole).collect()
}

/// A resource of any type whose elements are known. What identifies in one of another type does so in a Patient.
fn any() -> Vec<ElementPath> {
    structure::resource_types().filter_map(ResourceType::parse).map(ElementPath::whole).collect()
}
