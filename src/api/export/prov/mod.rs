//! The lineage of a record, after W3C PROV: what its delivery used, what came of it, and who answers for it.
//!
//! It is made of records alone, so it tells of things by the names that records have for them: an event by its id, what left
//! by its fingerprint. Several records of one stage (tries, for example) are one activity.

mod graph;
mod notation;
mod svg;

use super::Record;
use crate::engine::policy::edit::quoted;

/// The PROV graph of the delivery that a record belongs to.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The log, as checkpoints name it.
    origin: String,
    /// Its delivery.
    correlation: String,
    /// The record.
    seq: u64,
    /// Stage, action and outcome of the record, and its time.
    headline: [String; 4],
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A thing: `prov:Entity`.
    Entity,
    /// What is decided by: an entity too, drawn above the activities that use it.
    Rule,
    /// What was done: `prov:Activity`.
    Activity,
    /// Who answers for it: `prov:Agent`.
    Agent,
    /// An activity that there must have been, and that no record tells of.
    Gap,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    /// Its name in PROV-N; ours, so nothing of a record is in it.
    name: String,
    /// What it is.
    title: String,
    /// What the records say of it, line by line.
    lines: Vec<String>,
    /// The activity, by its place in time, that it is drawn with.
    column: usize,
    /// First and last time, of an activity.
    times: Option<(String, String)>,
    /// Places of an activity's records.
    records: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Used,
    WasGeneratedBy,
    WasDerivedFrom,
    WasInformedBy,
    WasAssociatedWith,
    WasAttributedTo,
}

impl Relation {
    const ALL: [Self; 6] = [
        Self::Used,
        Self::WasGeneratedBy,
        Self::WasDerivedFrom,
        Self::WasInformedBy,
        Self::WasAssociatedWith,
        Self::WasAttributedTo,
    ];

    /// Its name in PROV.
    fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::WasGeneratedBy => "wasGeneratedBy",
            Self::WasDerivedFrom => "wasDerivedFrom",
            Self::WasInformedBy => "wasInformedBy",
            Self::WasAssociatedWith => "wasAssociatedWith",
            Self::WasAttributedTo => "wasAttributedTo",
        }
    }
}

/// A relation from the later to the earlier, as PROV has them: nodes by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    from: usize,
    relation: Relation,
    to: usize,
}

impl Lineage {
    /// The lineage of the record at a place in a log. `records` are canonical texts in the order of the log: at least
    /// those of its delivery, others are passed over. None where there is no such record among them.
    pub fn of(origin: &str, records: &[&str], seq: u64) -> Option<Self> {
        let place = format!("\"seq\":{seq},");
        let own = records.iter().filter(|text| text.contains(&place)).filter_map(|text| Record::read(text));
        let own = own.into_iter().find(|record| record.read.seq == seq)?.read;
        let correlation = format!("\"correlation\":{},", quoted(&own.correlation));
        let chain = records.iter().filter(|text| text.contains(&correlation));
        let chain: Vec<Record<'_>> = chain.filter_map(|text| Record::read(text)).collect();
        Some(graph::build(origin, &chain, &own))
    }

    /// The stages that the delivery must have gone through and that no record tells of.
    pub fn gaps(&self) -> Vec<&str> {
        let gaps = self.nodes.iter().filter(|node| node.kind == Kind::Gap);
        gaps.map(|node| node.title.as_str()).collect()
    }
}
