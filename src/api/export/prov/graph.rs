//! The graph of a chain of records.

use super::{Edge, Kind, Lineage, Node, Relation};
use crate::api::archive::members;
use crate::api::export::Record;
use crate::engine::audit::complete::Completeness;
use crate::engine::audit::{AuditRecord, Fact};

/// The stages that decide by the policy's own text.
const BY_POLICY: [&str; 3] = ["validate", "consent", "redact"];

/// What is decided by, and the members that say which.
const RULES: [(&str, &[&str]); 4] = [
    ("policy", &["policy", "policyHash"]),
    ("adapter", &["adapter", "adapterHash"]),
    ("consent", &["consent", "consentVersion"]),
    ("credential", &["credential"]),
];

/// The lineage of a record among the records of its delivery, in their order.
pub(super) fn build(origin: &str, chain: &[Record<'_>], own: &AuditRecord<'_>) -> Lineage {
    let mut graph = Graph { chain, nodes: Vec::new(), edges: Vec::new() };
    graph.activities();
    graph.data();
    graph.rules();
    graph.agents();
    Lineage {
        origin: origin.to_owned(),
        correlation: own.correlation.to_string(),
        seq: own.seq,
        headline: [&own.stage, &own.action, &own.outcome, &own.time].map(ToString::to_string),
        nodes: graph.nodes,
        edges: graph.edges,
    }
}

struct Graph<'a> {
    chain: &'a [Record<'a>],
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl<'a> Graph<'a> {
    /// A node for each stage, in the order in which they came, and one for each that is missing before one that is there.
    fn activities(&mut self) {
        let mut stages: Vec<(&str, bool)> = Vec::new();
        for record in self.chain.iter().map(|record| &record.read) {
            if !stages.iter().any(|(own, _)| *own == record.stage) {
                stages.push((&record.stage, true));
            }
        }
        for (stage, before) in self.missing() {
            let shows = self.chain.iter().find(|record| Some(record.read.seq) == before);
            let shows =
                shows.and_then(|record| stages.iter().position(|own| *own == (&*record.read.stage, true)));
            stages.insert(shows.unwrap_or(stages.len()), (stage, false));
        }
        for (column, (stage, there)) in stages.into_iter().enumerate() {
            let node = if there { self.activity(stage, column) } else { gap(stage, column) };
            self.nodes.push(node);
            if column > 0 {
                self.edges.push(Edge { from: column, relation: Relation::WasInformedBy, to: column - 1 });
            }
        }
    }

    /// The stages that no record tells of, each with the place of the record that shows it, as the check of completeness
    /// finds them.
    fn missing(&self) -> Vec<(&'static str, Option<u64>)> {
        let mut check = Completeness::new(true);
        // Between the records of a chain others have theirs: among themselves they are numbered without a hole.
        for (place, record) in (0..).zip(self.chain) {
            check.take(&AuditRecord { seq: place, ..record.read.clone() });
        }
        let own = self.chain.first().map(|record| &*record.read.correlation);
        let mut missing = Vec::new();
        for gap in check.finish(None).gaps {
            let Some(fact) = gap.missing.first().filter(|_| Some(&*gap.correlation) == own) else { continue };
            let before = gap.before.and_then(|place| self.chain.get(usize::try_from(place).ok()?));
            let gap = (fact.row().stage, before.map(|record| record.read.seq));
            // That its notification made way for it is recorded with the notification.
            if *fact != Fact::Unpacked && !missing.contains(&gap) {
                missing.push(gap);
            }
        }
        missing
    }

    fn activity(&self, stage: &str, column: usize) -> Node {
        let of_stage = || self.chain.iter().map(|record| &record.read).filter(|record| record.stage == stage);
        let mut lines = Vec::new();
        let mut times = None;
        if let (Some(first), Some(last)) = (of_stage().next(), of_stage().next_back()) {
            lines.push(format!("{}: {}", last.action, last.outcome));
            lines.extend(last.code.as_deref().map(str::to_owned));
            times = Some((first.time.to_string(), last.time.to_string()));
        }
        let records: Vec<u64> = of_stage().map(|record| record.seq).collect();
        match records.as_slice() {
            [one] => lines.push(format!("record {one}")),
            [first, .., last] => lines.push(format!("{} records, {first} to {last}", records.len())),
            [] => {}
        }
        Node {
            kind: Kind::Activity,
            name: format!("activity-{}", column + 1),
            title: stage.to_owned(),
            lines,
            column,
            times,
            records,
        }
    }

    /// What the event became on its way.
    fn data(&mut self) {
        let last = |name| self.chain.iter().rev().find_map(|record| text(record, name));
        let (event_id, event_type, class) = (last("event"), last("eventType"), last("class"));
        let redacted =
            |record: &&Record<'_>| (&*record.read.stage, &*record.read.action) == ("redact", "apply-policy");
        let redacted = self.chain.iter().rev().find(redacted).map(|record| &record.read.fields);
        let crossed = redacted.map(|fields| {
            let crossed = fields.iter().filter(|field| field.ends_with(" crossed")).count();
            format!("{crossed} of {} crossed", fields.len())
        });
        let written = self.chain.iter().rev().find(|record| record.read.fingerprint.is_some());

        let title = if event_id.is_some() { "event" } else { "request" };
        let lines = event_id.into_iter().chain(event_type).collect();
        let first = self.nodes.first().map_or(0, |node| node.column);
        let event = self.node(Kind::Entity, "event", title, lines, first);
        for stage in ["webhook", "validate", "adapt"] {
            self.relate(self.at(stage), Relation::Used, Some(event));
        }
        let mut latest = event;
        if let Some(column) = self.at("adapt").filter(|_| self.did("adapt", "map")) {
            let canonical = self.node(Kind::Entity, "canonical", "canonical fields", Vec::new(), column);
            self.derive(canonical, column, latest);
            for stage in ["consent", "redact"] {
                self.relate(self.at(stage), Relation::Used, Some(canonical));
            }
            latest = canonical;
        }
        if let Some((column, crossed)) = self.at("redact").zip(crossed) {
            let lines = [Some(crossed), class].into_iter().flatten().collect();
            let safe = self.node(Kind::Entity, "crm-safe", "CRM-safe fields", lines, column);
            self.derive(safe, column, latest);
            for stage in ["guard", "deliver"] {
                self.relate(self.at(stage), Relation::Used, Some(safe));
            }
            latest = safe;
        }
        if let Some((column, record)) = self.at("deliver").zip(written) {
            let fingerprint = record.read.fingerprint.as_deref().unwrap_or_default();
            let lines = vec![format!("SHA-256 {fingerprint}")];
            let crm = self.node(Kind::Entity, "crm-record", "CRM record", lines, column);
            if record.read.outcome == "unchanged" {
                // It was there before.
                self.relate(Some(column), Relation::Used, Some(crm));
            } else {
                self.derive(crm, column, latest);
            }
        }
    }

    /// What was decided by: policies, adapters, consents, credentials.
    fn rules(&mut self) {
        for record in self.chain {
            let stage = &*record.read.stage;
            let Some(column) = self.at(stage) else { continue };
            for (title, members) in RULES {
                if title == "policy" && !BY_POLICY.contains(&stage) {
                    continue;
                }
                let lines: Vec<String> = members.iter().filter_map(|name| said(record, name)).collect();
                if !lines.is_empty() {
                    self.rule(title, lines, column);
                }
            }
        }
    }

    /// Has an activity use what it decided by, once, drawn with the first that used it.
    fn rule(&mut self, title: &str, lines: Vec<String>, column: usize) {
        let same = |node: &Node| node.kind == Kind::Rule && node.title == title && node.lines == lines;
        let rule = match self.nodes.iter().position(same) {
            Some(rule) => rule,
            None => {
                let alike = |node: &&Node| node.kind == Kind::Rule && node.title == title;
                let number = self.nodes.iter().filter(alike).count() + 1;
                self.node(Kind::Rule, &format!("{title}-{number}"), title, lines, column)
            }
        };
        self.relate(Some(column), Relation::Used, Some(rule));
    }

    fn agents(&mut self) {
        let Some(first) = self.chain.first().map(|record| &record.read) else { return };
        let activities: Vec<usize> = (0..self.nodes.len())
            .filter(|at| self.nodes.get(*at).is_some_and(|n| n.kind == Kind::Activity))
            .collect();
        let lines = vec![first.actor.to_string(), first.role.to_string()];
        // What is drawn where nothing else stands: with the consent decision, or the guard.
        let middle = self.at("consent").or(self.at("validate")).unwrap_or(1);
        let operator = self.node(Kind::Agent, "operator", "operator", lines, middle);
        for activity in activities {
            self.relate(Some(activity), Relation::WasAssociatedWith, Some(operator));
        }
        if let Some(event) = self.nodes.iter().position(|node| node.title == "event") {
            let column = self.nodes.get(event).map_or(0, |node| node.column);
            let source = self.node(Kind::Agent, "source", "source", vec![first.source.to_string()], column);
            self.relate(Some(event), Relation::WasAttributedTo, Some(source));
        }
        let destination = self.chain.iter().rev().find_map(|record| record.read.destination.as_deref());
        if let Some((column, destination)) = self.at("deliver").zip(destination) {
            let lines = vec![destination.to_owned()];
            let recipient = self.node(Kind::Agent, "recipient", "recipient", lines, column);
            self.relate(Some(column), Relation::WasAssociatedWith, Some(recipient));
        }
    }

    /// The activity of a stage; activities stand first among the nodes, each at the place of its column.
    fn at(&self, stage: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.kind == Kind::Activity && node.title == stage)
    }

    fn did(&self, stage: &str, action: &str) -> bool {
        self.chain.iter().any(|record| record.read.stage == stage && record.read.action == action)
    }

    fn node(&mut self, kind: Kind, name: &str, title: &str, lines: Vec<String>, column: usize) -> usize {
        let (name, title) = (name.to_owned(), title.to_owned());
        self.nodes.push(Node { kind, name, title, lines, column, times: None, records: Vec::new() });
        self.nodes.len() - 1
    }

    fn relate(&mut self, from: Option<usize>, relation: Relation, to: Option<usize>) {
        let Some((from, to)) = from.zip(to) else { return };
        let edge = Edge { from, relation, to };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    /// What an activity made of something.
    fn derive(&mut self, made: usize, by: usize, of: usize) {
        self.relate(Some(made), Relation::WasGeneratedBy, Some(by));
        self.relate(Some(made), Relation::WasDerivedFrom, Some(of));
    }
}

/// What a member says, where it says something.
fn text(record: &Record<'_>, name: &str) -> Option<String> {
    record.token(name).map(members::text).filter(|text| !text.is_empty())
}

/// The same in words where it is a number.
fn said(record: &Record<'_>, name: &str) -> Option<String> {
    let text = text(record, name)?;
    Some(if name == "consentVersion" { format!("version {text}") } else { text })
}

fn gap(stage: &str, column: usize) -> Node {
    Node {
        kind: Kind::Gap,
        name: format!("gap-{}", column + 1),
        title: stage.to_owned(),
        lines: vec!["no record".to_owned()],
        column,
        times: None,
        records: Vec::new(),
    }
}
