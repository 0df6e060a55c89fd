//! The graph as text: PROV-N (W3C Recommendation of 30 April 2013).

use super::{Kind, Lineage, Node, Relation};
use crate::engine::policy::edit::quoted;
use crate::engine::time::Instant;

impl Lineage {
    /// The graph in PROV-N. A gap is a comment: of what no record tells, nothing can be said.
    pub fn prov_n(&self) -> String {
        let mut out = String::from("document\n");
        out.push_str("  prefix airlock <https://airlock.example.invalid/prov#>\n");
        let space = [&*self.origin, &*self.correlation].map(encoded).join("/");
        out.push_str(&format!("  prefix run <https://airlock.example.invalid/log/{space}/>\n\n"));
        for node in &self.nodes {
            node.write(&mut out);
        }
        out.push('\n');
        for edge in &self.edges {
            let (Some(from), Some(to)) = (self.nodes.get(edge.from), self.nodes.get(edge.to)) else {
                continue;
            };
            if from.kind == Kind::Gap || to.kind == Kind::Gap {
                continue;
            }
            // What else could be said of these relations, a time or a plan, is not known; the marker says so.
            let more = match edge.relation {
                Relation::Used | Relation::WasGeneratedBy | Relation::WasAssociatedWith => ", -",
                Relation::WasDerivedFrom | Relation::WasInformedBy | Relation::WasAttributedTo => "",
            };
            let relation = edge.relation.as_str();
            out.push_str(&format!("  {relation}(run:{}, run:{}{more})\n", from.name, to.name));
        }
        out.push_str("endDocument\n");
        out
    }
}

impl Node {
    fn write(&self, out: &mut String) {
        let Self { name, title, .. } = self;
        let kind = match self.kind {
            Kind::Entity | Kind::Rule => "entity",
            Kind::Activity => "activity",
            Kind::Agent => "agent",
            Kind::Gap => {
                out.push_str(&format!("  // {}: no record\n", quoted(title)));
                return;
            }
        };
        out.push_str(&format!("  {kind}(run:{name}, "));
        if self.kind == Kind::Activity {
            let time = |text: &String| Instant::parse(text).map_or("-".to_owned(), Instant::to_rfc3339);
            let times = self.times.as_ref().map_or(Default::default(), |(a, b)| (time(a), time(b)));
            out.push_str(&format!("{}, {}, ", times.0, times.1));
        }
        out.push_str(&format!("[prov:label={}", quoted(title)));
        for line in &self.lines {
            out.push_str(&format!(", airlock:says={}", quoted(line)));
        }
        for seq in &self.records {
            out.push_str(&format!(", airlock:record=\"{seq}\""));
        }
        out.push_str("])\n");
    }
}

/// A text as a part of an IRI: whatever is not unreserved is percent-encoded (RFC 3986, section 2).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
