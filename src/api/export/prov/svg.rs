//! The graph as a picture: activities from left to right, what they decided by above, what the event became below, and
//! under that who answers for it.
//!
//! The shapes are those of W3C's own pictures: an ellipse is an entity, a rectangle an activity, a house an agent. Colours
//! are custom properties (`--prov-…`) with fallbacks, set by presentation attributes: a page gives its own, and needs no
//! inline style for it.

use super::{Edge, Kind, Lineage, Node, Relation};

const WIDTH: i32 = 160;
const HEIGHT: i32 = 68;
const STEP: i32 = 184;
const MARGIN: i32 = 28;
/// From one row to the next.
const ROW: i32 = 114;
/// From one node to the next above it, where several stand in one column.
const STACK: i32 = 78;
/// How far an agent's roof rises above it.
const ROOF: i32 = 12;
/// How far an ellipse reaches beyond its column.
const BULGE: i32 = 4;
/// Where the rows begin, below the headline.
const TOP: i32 = 74;
/// Characters of a line, as wide as a node.
const CHARACTERS: usize = 24;
/// Characters of what a pointer's rest shows.
const SHOWN: usize = 160;

/// What a dark scheme makes of the colours, in a file of its own.
const OWN_COLOURS: &str = "<style>svg{background:var(--prov-back,#fff)}@media (prefers-color-scheme:dark){svg{\
--prov-back:#16181d;--prov-text:#e6e8ec;--prov-soft:#a3aab6;--prov-line:#8b93a1;--prov-entity:#3d3510;\
--prov-entity-line:#c9a227;--prov-rule:#33264a;--prov-rule-line:#a98ee0;--prov-activity:#1c2f4d;\
--prov-activity-line:#6ea0e8;--prov-agent:#452a14;--prov-agent-line:#e0904e;--prov-gap:#3f1a1a;\
--prov-gap-line:#f07575;--prov-frame:#1d2027}}</style>";

/// The head of an arrow.
const ARROW: &str = "<defs><marker id=\"prov-arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8Z\" \
fill=\"var(--prov-line,#6b7380)\"/></marker></defs>";

impl Lineage {
    /// The picture as a file that stands alone, light or dark as the reader's system is.
    pub fn svg(&self) -> String {
        self.drawing(OWN_COLOURS)
    }

    /// The picture as a part of a page, whose style sheet gives the colours.
    pub fn figure(&self) -> String {
        self.drawing("")
    }

    fn drawing(&self, style: &str) -> String {
        let columns = self.nodes.iter().map(|node| node.column + 1).max().unwrap_or(1).max(3);
        let stacked = (0..columns).map(|column| self.rules_of(column).count()).max().unwrap_or(0);
        let activities = TOP + STACK * px(stacked.max(1) - 1) + ROW;
        let layout = Layout { activities };
        let width = MARGIN * 2 + STEP * px(columns - 1) + WIDTH + 24;
        let legend = activities + ROW * 2 + HEIGHT + 34;
        let height = legend + 24;

        let [stage, action, outcome, time] = &self.headline;
        let title = format!("Lineage of record {}: {stage} {action}, {outcome}", self.seq);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" font-family=\"system-ui,sans-serif\" font-size=\"12\"><title>"
        );
        escape(&title, SHOWN, &mut out);
        out.push_str("</title><desc>");
        self.describe(&mut out);
        out.push_str("</desc>");
        out.push_str(style);
        out.push_str(ARROW);
        self.text(MARGIN, 28, "start", " font-size=\"16\" font-weight=\"600\"", &title, 90, &mut out);
        let under = format!("{} · {time}", self.correlation);
        self.text(MARGIN, 48, "start", SOFT, &under, 90, &mut out);
        self.frame(&layout, &mut out);
        for edge in &self.edges {
            self.edge(edge, &layout, &mut out);
        }
        for node in &self.nodes {
            self.node(node, &layout, &mut out);
        }
        self.legend(legend, &mut out);
        out.push_str("</svg>\n");
        out
    }

    /// What the picture shows, for who does not see it.
    fn describe(&self, out: &mut String) {
        for node in &self.nodes {
            escape(&node.title, SHOWN, out);
            for line in &node.lines {
                out.push_str(", ");
                escape(line, SHOWN, out);
            }
            out.push_str(". ");
        }
    }

    fn rules_of(&self, column: usize) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.kind == Kind::Rule && node.column == column)
    }

    /// The activities' frame stands for who operated the connector in all of them.
    fn frame(&self, layout: &Layout, out: &mut String) {
        let activities =
            self.nodes.iter().filter(|node| matches!(node.kind, Kind::Activity | Kind::Gap)).count();
        let operator = self.nodes.iter().find(|node| node.name == "operator");
        let columns = activities.max(operator.map_or(0, |node| node.column + 1)).max(1);
        let (x, y) = (MARGIN - 12, layout.activities - 14);
        let width = STEP * px(columns - 1) + WIDTH + 24;
        out.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" rx=\"10\" fill=\"var(--prov-frame,#f5f6f8)\"/>",
            HEIGHT + 28
        ));
        if let Some(operator) = operator {
            let x = left(operator.column) + WIDTH / 2;
            let (from, to) = (y + HEIGHT + 28, layout.top(self, operator) - ROOF);
            line(Relation::WasAssociatedWith, &format!("M{x} {from}V{to}"), out);
        }
    }

    fn edge(&self, edge: &Edge, layout: &Layout, out: &mut String) {
        let (Some(from), Some(to)) = (self.nodes.get(edge.from), self.nodes.get(edge.to)) else { return };
        if to.name == "operator" || to.kind == Kind::Gap || from.kind == Kind::Gap {
            return;
        }
        let (x1, x2) = (left(from.column), left(to.column));
        let (y1, y2) = (layout.top(self, from), layout.top(self, to));
        let half = HEIGHT / 2;
        let path = match edge.relation {
            // Along a row, from right to left.
            Relation::WasInformedBy => format!("M{x1} {}H{}", y1 + half, x2 + WIDTH),
            Relation::WasDerivedFrom => format!("M{} {}H{}", x1 - BULGE, y1 + half, x2 + WIDTH + BULGE),
            // Around what stands between.
            Relation::WasAssociatedWith => {
                let (x, bend) = (x1 + WIDTH, x1 + WIDTH + 40);
                format!("M{x} {}C{bend} {} {bend} {} {x} {}", y1 + half, y1 + ROW, y2 - half, y2 + half)
            }
            _ => {
                let down = y2 > y1;
                let roof = if to.kind == Kind::Agent { ROOF } else { 0 };
                let (start, end) = if down { (y1 + HEIGHT, y2 - roof) } else { (y1, y2 + HEIGHT) };
                // Those that go aside start and end aside, so that they don't lie on each other.
                let aside = match to.column.cmp(&from.column) {
                    std::cmp::Ordering::Less => -34,
                    std::cmp::Ordering::Equal => 0,
                    std::cmp::Ordering::Greater => 34,
                };
                let (x1, x2) = (x1 + WIDTH / 2 + aside, x2 + WIDTH / 2 - aside);
                let middle = (start + end) / 2;
                format!("M{x1} {start}C{x1} {middle} {x2} {middle} {x2} {end}")
            }
        };
        line(edge.relation, &path, out);
    }

    fn node(&self, node: &Node, layout: &Layout, out: &mut String) {
        let (x, y) = (left(node.column), layout.top(self, node));
        let (right, bottom, middle) = (x + WIDTH, y + HEIGHT, x + WIDTH / 2);
        let colours = match node.kind {
            Kind::Entity => "fill=\"var(--prov-entity,#fff6d6)\" stroke=\"var(--prov-entity-line,#a37b00)\"",
            Kind::Rule => "fill=\"var(--prov-rule,#f1eafd)\" stroke=\"var(--prov-rule-line,#7450b8)\"",
            Kind::Activity => {
                "fill=\"var(--prov-activity,#e3eeff)\" stroke=\"var(--prov-activity-line,#2f66b5)\""
            }
            Kind::Agent => "fill=\"var(--prov-agent,#ffe9d6)\" stroke=\"var(--prov-agent-line,#b1591a)\"",
            Kind::Gap => {
                "fill=\"var(--prov-gap,#ffeaea)\" stroke=\"var(--prov-gap-line,#c22f2f)\" stroke-dasharray=\"5 4\""
            }
        };
        let stroke = if node.records.contains(&self.seq) { "3.5" } else { "1.25" };
        out.push_str("<g><title>");
        escape(&node.title, SHOWN, out);
        for line in &node.lines {
            out.push('\n');
            escape(line, SHOWN, out);
        }
        out.push_str("</title>");
        match node.kind {
            Kind::Entity | Kind::Rule => out.push_str(&format!(
                "<ellipse cx=\"{middle}\" cy=\"{}\" rx=\"{}\" ry=\"{}\"",
                y + HEIGHT / 2,
                WIDTH / 2 + BULGE,
                HEIGHT / 2
            )),
            Kind::Activity | Kind::Gap => out.push_str(&format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\""
            )),
            Kind::Agent => {
                out.push_str(&format!("<path d=\"M{middle} {}L{right} {y}V{bottom}H{x}V{y}Z\"", y - ROOF))
            }
        }
        out.push_str(&format!(" {colours} stroke-width=\"{stroke}\"/>"));
        let lines = node.lines.len().min(3);
        let mut at = y + HEIGHT / 2 + 4 - 15 * px(lines) / 2;
        self.text(middle, at, "middle", " font-weight=\"600\"", &node.title, CHARACTERS, out);
        let round = matches!(node.kind, Kind::Entity | Kind::Rule);
        let limit = if round { CHARACTERS - 2 } else { CHARACTERS };
        for line in node.lines.iter().take(3) {
            at += 15;
            self.text(middle, at, "middle", " font-size=\"11\"", line, limit, out);
        }
        out.push_str("</g>");
    }

    /// The relations that there are, and how each is drawn.
    fn legend(&self, y: i32, out: &mut String) {
        let mut x = MARGIN;
        for relation in Relation::ALL {
            if !self.edges.iter().any(|edge| edge.relation == relation) {
                continue;
            }
            line(relation, &format!("M{} {}H{x}", x + 34, y - 4), out);
            self.text(x + 42, y, "start", SOFT, relation.as_str(), CHARACTERS, out);
            x += 166;
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the place, the looks and the content of a text")]
    fn text(&self, x: i32, y: i32, anchor: &str, looks: &str, text: &str, limit: usize, out: &mut String) {
        let fill = if looks == SOFT { "" } else { " fill=\"var(--prov-text,#1b1e24)\"" };
        out.push_str(&format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{fill}{looks}>"));
        escape(text, limit, out);
        out.push_str("</text>");
    }
}

const SOFT: &str = " font-size=\"11\" fill=\"var(--prov-soft,#565e6b)\"";

/// Where the rows are.
struct Layout {
    /// Top of the activities.
    activities: i32,
}

impl Layout {
    fn top(&self, lineage: &Lineage, node: &Node) -> i32 {
        match node.kind {
            Kind::Activity | Kind::Gap => self.activities,
            Kind::Entity => self.activities + ROW,
            Kind::Agent => self.activities + ROW * 2,
            Kind::Rule => {
                let below = lineage.rules_of(node.column).take_while(|own| own.name != node.name).count();
                self.activities - ROW - STACK * px(below)
            }
        }
    }
}

fn left(column: usize) -> i32 {
    MARGIN + STEP * px(column)
}

/// A count as a factor of a length.
fn px(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0)
}

/// Draws a relation along a path, with an arrow at its end.
fn line(relation: Relation, path: &str, out: &mut String) {
    let dashes = match relation {
        Relation::Used => "",
        Relation::WasGeneratedBy => " stroke-width=\"2.4\"",
        Relation::WasDerivedFrom => " stroke-dasharray=\"8 4\"",
        Relation::WasInformedBy => " stroke-dasharray=\"2 3\"",
        Relation::WasAssociatedWith => " stroke-dasharray=\"10 3 2 3\"",
        Relation::WasAttributedTo => " stroke-dasharray=\"10 3 2 3 2 3\"",
    };
    let name = relation.as_str();
    out.push_str(&format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"var(--prov-line,#6b7380)\" \
         marker-end=\"url(#prov-arrow)\"{dashes}><title>{name}</title></path>"
    ));
}

/// Text in XML, cut to a number of characters. What is not drawn, or turns the direction of what is, shows as U+FFFD.
fn escape(text: &str, limit: usize, out: &mut String) {
    let cut = text.chars().nth(limit).is_some();
    for c in text.chars().take(if cut { limit.saturating_sub(1) } else { limit }) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{61c}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    if cut {
        out.push('…');
    }
}
