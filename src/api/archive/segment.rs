//! Records in rows of numbered values, and the packed text that storage keeps of them.

use super::members;
use super::tokens::{ABSENT, Token, Tokens};
use crate::engine::audit::{AuditRecord, Hash, Tree, hash_of_base64, leaf_hash};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fmt;

/// The level of a sealed segment in the tree: it holds 2^8 records and is one complete node.
pub const SEGMENT_LEVEL: u32 = 8;
/// Records of a sealed segment.
pub const SEGMENT_RECORDS: usize = 1 << SEGMENT_LEVEL;

/// What a packed segment begins with.
const FORMAT: &str = "airlock-segment/1";
/// A row's columns: the members of a record but its place, which its place tells, and what is odd about it.
const COLUMNS: usize = AuditRecord::MEMBERS.len();
/// Where the whole text stands of what is no record in canonical form; or, beside other values, the number that a record
/// states where it is not that of its place.
const ODD: usize = COLUMNS - 1;
const _: () = assert!(COLUMNS <= 64, "a set of columns is a bit for each");

/// The first eight bytes of a leaf hash: enough to tell which record of a segment was altered.
type Mark = [u8; 8];

/// A record as numbered values.
#[derive(Clone, Debug)]
pub(super) struct Row {
    cells: [Token; COLUMNS],
    mark: Mark,
}

/// A member's column; none for its place, which has none.
pub(super) fn column(name: &str) -> Option<usize> {
    names().position(|own| own == name)
}

/// The members that have a column, in canonical order.
fn names() -> impl Iterator<Item = &'static str> {
    AuditRecord::MEMBERS.into_iter().filter(|name| *name != "seq")
}

impl Row {
    /// A record at its place in the log.
    pub fn of(seq: u64, leaf: &Hash, canonical: &str, tokens: &mut Tokens) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *leaf;
        let mark = [a, b, c, d, e, f, g, h];
        let cells = Self::cells(seq, canonical, tokens).unwrap_or_else(|| {
            let mut cells = [ABSENT; COLUMNS];
            cells[ODD] = tokens.take_up(canonical);
            cells
        });
        Self { cells, mark }
    }

    fn cells(seq: u64, canonical: &str, tokens: &mut Tokens) -> Option<[Token; COLUMNS]> {
        let mut cells = [ABSENT; COLUMNS];
        let mut split = members::split(canonical)?.into_iter().peekable();
        let (mut at, mut odd) = (0, None);
        for name in AuditRecord::MEMBERS {
            let value = split.next_if(|(own, _)| *own == name).map(|(_, value)| value);
            if name == "seq" {
                let value = value.filter(|value| value.parse::<u64>().is_ok())?;
                odd = (value != seq.to_string()).then_some(value);
                continue;
            }
            if let (Some(value), Some(cell)) = (value, cells.get_mut(at)) {
                *cell = tokens.take_up(value);
                tokens.stands_in(*cell, at);
            }
            at += 1;
        }
        if let Some(value) = odd {
            cells.iter().any(|cell| *cell != ABSENT).then(|| cells[ODD] = tokens.take_up(value))?;
        }
        split.next().is_none().then_some(cells)
    }

    /// Whether its members can be told, so that what is odd about it is the number that it states.
    fn has_members(&self) -> bool {
        self.cells.get(..ODD).unwrap_or_default().iter().any(|cell| *cell != ABSENT)
    }

    /// The number of a member's value.
    pub fn cell(&self, column: usize) -> Token {
        self.cells.get(column).copied().unwrap_or(ABSENT)
    }

    /// The whole text, where it is no record in canonical form.
    pub fn odd<'a>(&self, tokens: &'a Tokens) -> Option<&'a str> {
        tokens.text(self.cells[ODD]).filter(|_| !self.has_members())
    }

    /// The canonical text.
    pub fn canonical(&self, seq: u64, tokens: &Tokens) -> String {
        if let Some(odd) = self.odd(tokens) {
            return odd.to_owned();
        }
        let place = seq.to_string();
        let place = tokens.text(self.cells[ODD]).unwrap_or(&place);
        let mut columns = self.cells.iter();
        let members = AuditRecord::MEMBERS.into_iter().filter_map(|name| match name {
            "seq" => Some((name, place)),
            _ => Some((name, tokens.text(*columns.next()?)?)),
        });
        members::join(members)
    }

    /// Whether a leaf hash is the one that the record was written with, as far as is known.
    pub fn is_of(&self, leaf: &Hash) -> bool {
        leaf.starts_with(&self.mark)
    }
}

/// A complete, aligned run of records: one node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Place of its first record.
    pub first: u64,
    /// The root over its records, as it was sealed with.
    pub root: Hash,
    /// The records.
    pub rows: Vec<Row>,
}

/// Why a packed segment can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It does not begin as one, or is of another version.
    Head,
    /// A line is not what stands at its place, counted from 1.
    Line(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("its first line is not that of a segment"),
            Self::Line(line) => write!(f, "line {line} was altered or cut off"),
        }
    }
}

impl Segment {
    /// Seals rows. None where they are not as many as a segment holds.
    pub fn seal(first: u64, rows: Vec<Row>, leaves: &[Hash]) -> Option<Self> {
        let whole = rows.len() == SEGMENT_RECORDS && leaves.len() == SEGMENT_RECORDS;
        let root = leaves.iter().copied().collect::<Tree>().root();
        whole.then_some(Self { first, root, rows })
    }

    /// The leaf hashes of its records as they are now.
    pub fn leaves(&self, tokens: &Tokens) -> impl Iterator<Item = Hash> {
        let numbered = (self.first..).zip(&self.rows);
        numbered.map(|(seq, row)| leaf_hash(row.canonical(seq, tokens).as_bytes()))
    }

    /// The text that storage keeps: a head, the members, the values, each once, and after a blank line a row for each
    /// record with the numbers of its values, or how many are as in the row before. None where a text that is no record
    /// in canonical form is among them.
    pub fn pack(&self, tokens: &Tokens) -> Option<String> {
        let mut own = Tokens::default();
        let mut rows = String::with_capacity(self.rows.len() * 48);
        let mut before = [ABSENT; COLUMNS];
        for row in &self.rows {
            if row.cells[ODD] != ABSENT {
                return None;
            }
            rows.push_str(&STANDARD_NO_PAD.encode(row.mark));
            let mut same = 0usize;
            for (cell, before) in row.cells.iter().zip(before) {
                if *cell == before {
                    same += 1;
                    continue;
                }
                push_same(&mut rows, &mut same);
                match tokens.text(*cell) {
                    None => rows.push_str(" -"),
                    Some(text) => {
                        rows.push(' ');
                        rows.push_str(&own.take_up(text).to_string());
                    }
                }
            }
            rows.push('\n');
            before = row.cells;
        }
        let mut text =
            format!("{FORMAT} {} {} {}\n", self.first, self.rows.len(), STANDARD.encode(self.root));
        text.push_str(&names().collect::<Vec<_>>().join(" "));
        text.push('\n');
        for number in 1..own.len() {
            text.push_str(own.text(Token::try_from(number).ok()?)?);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&rows);
        Some(text)
    }

    /// Reads what [`Segment::pack`] wrote. That the records are those that were sealed shows the root, not this.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn unpack(text: &str, tokens: &mut Tokens) -> Result<Self, Unreadable> {
        // The last line ends like any other: one that was cut off might still read as a row.
        if !text.ends_with('\n') {
            return Err(Unreadable::Line(text.lines().count().max(1)));
        }
        let mut lines = text.lines().enumerate();
        let mut line = || lines.next().ok_or_else(|| Unreadable::Line(text.lines().count() + 1));
        let (first, count, root) =
            line().ok().and_then(|(_, head)| read_head(head)).ok_or(Unreadable::Head)?;
        let (_, listed) = line()?;
        let places: Option<Vec<usize>> = listed.split(' ').map(column).collect();
        let places = places.ok_or(Unreadable::Line(2))?;
        let mut numbers = vec![ABSENT];
        loop {
            match line()? {
                (_, "") => break,
                (_, value) if members::is_value(value) => numbers.push(tokens.take_up(value)),
                (at, _) => return Err(Unreadable::Line(at + 1)),
            }
        }
        let mut rows: Vec<Row> = Vec::with_capacity(count);
        let mut before = [ABSENT; COLUMNS];
        for _ in 0..count {
            let (at, text) = line()?;
            let row = read_row(text, before, &places, &numbers, tokens).ok_or(Unreadable::Line(at + 1))?;
            before = row.cells;
            rows.push(row);
        }
        match lines.next() {
            None => Ok(Self { first, root, rows }),
            Some((at, _)) => Err(Unreadable::Line(at + 1)),
        }
    }
}

/// Place of the first record, number of records, and root of a packed segment.
pub(super) fn read_head(line: &str) -> Option<(u64, usize, Hash)> {
    let mut parts = line.split(' ');
    let head = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (FORMAT, first, count, root) = head else { return None };
    let (first, count) = (first.parse::<u64>().ok()?, count.parse::<usize>().ok()?);
    let aligned = count == SEGMENT_RECORDS && first.trailing_zeros() >= SEGMENT_LEVEL;
    let root = hash_of_base64(root)?;
    (aligned && parts.next().is_none()).then_some((first, count, root))
}

fn push_same(rows: &mut String, same: &mut usize) {
    if *same > 0 {
        rows.push_str(" =");
        rows.push_str(&same.to_string());
        *same = 0;
    }
}

/// Reads a row: what it does not say of its last columns is as in the row before.
fn read_row(
    text: &str,
    before: [Token; COLUMNS],
    places: &[usize],
    numbers: &[Token],
    tokens: &mut Tokens,
) -> Option<Row> {
    let mut items = text.split(' ');
    let mark = STANDARD_NO_PAD.decode(items.next()?).ok()?.try_into().ok()?;
    let mut cells = before;
    let mut at = 0usize;
    for item in items {
        if let Some(same) = item.strip_prefix('=') {
            at = at.checked_add(same.parse().ok()?)?;
            continue;
        }
        let number = match item {
            "-" => ABSENT,
            _ => *numbers.get(item.parse::<usize>().ok()?).filter(|number| **number != ABSENT)?,
        };
        let column = *places.get(at)?;
        *cells.get_mut(column)? = number;
        tokens.stands_in(number, column);
        at += 1;
    }
    (at <= places.len()).then_some(Row { cells, mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64) -> String {
        let run = format!("run-{:06}", seq / 7);
        AuditRecord {
            action: ["authenticate", "check", "map", "decide", "apply-policy", "inspect", "write"]
                [seq as usize % 7]
                .into(),
            actor: "demo-\"operator\"\n".into(),
            correlation: run.into(),
            code: seq.is_multiple_of(5).then(|| "consent.absent".into()),
            fields: if seq % 7 == 4 {
                vec!["R01 A.b keep/1 crossed".to_owned(), "é".to_owned()]
            } else {
                vec![]
            },
            seq,
            unnamed: (seq % 7 == 4).then_some(seq),
            ..AuditRecord::default()
        }
        .canonical()
    }

    fn sealed(first: u64) -> (Segment, Tokens) {
        let mut tokens = Tokens::default();
        let texts: Vec<String> = (first..).map(record).take(SEGMENT_RECORDS).collect();
        let leaves: Vec<Hash> = texts.iter().map(|text| leaf_hash(text.as_bytes())).collect();
        let rows = (first..).zip(&texts).zip(&leaves);
        let rows = rows.map(|((seq, text), leaf)| Row::of(seq, leaf, text, &mut tokens)).collect();
        (Segment::seal(first, rows, &leaves).unwrap(), tokens)
    }

    #[test]
    fn a_row_keeps_a_record_byte_for_byte() {
        let mut tokens = Tokens::default();
        for seq in 0..20 {
            let text = record(seq);
            let leaf = leaf_hash(text.as_bytes());
            let row = Row::of(seq, &leaf, &text, &mut tokens);
            assert_eq!(row.cells[ODD], ABSENT, "{text}");
            assert_eq!(row.canonical(seq, &tokens), text);
            assert!(row.is_of(&leaf));
        }
    }

    #[test]
    fn what_is_no_record_in_canonical_form_is_kept_as_it_is() {
        let mut tokens = Tokens::default();
        for text in [
            "",
            "{}",
            "not json",
            "{\"seq\":8}",
            "{\"seq\": 7}",
            "{\"seq\":07}",
            "{\"zz\":\"1\",\"seq\":7}",
            "{\"seq\":7,\"actor\":\"x\"}",
            "{\"seq\":7,\"seq\":7}",
        ] {
            let row = Row::of(7, &[0; 32], text, &mut tokens);
            assert_ne!(row.cells[ODD], ABSENT, "{text}");
            assert_eq!(row.canonical(7, &tokens), text);
        }
    }

    #[test]
    fn a_record_that_states_another_number_keeps_its_members() {
        let mut tokens = Tokens::default();
        let text = record(8);
        let row = Row::of(7, &[0; 32], &text, &mut tokens);
        assert_eq!(row.canonical(7, &tokens), text);
        assert_eq!(row.odd(&tokens), None);
        assert_eq!(tokens.text(row.cell(column("action").unwrap())), Some("\"check\""));
    }

    #[test]
    fn a_segment_unpacks_to_what_was_packed() {
        let (segment, tokens) = sealed(512);
        let packed = segment.pack(&tokens).unwrap();
        let mut others = Tokens::default();
        others.take_up("\"something else before\"");
        let read = Segment::unpack(&packed, &mut others).unwrap();
        assert_eq!((read.first, read.root), (segment.first, segment.root));
        for (seq, (row, own)) in (512..).zip(read.rows.iter().zip(&segment.rows)) {
            assert_eq!(row.canonical(seq, &others), own.canonical(seq, &tokens));
        }
        assert_eq!(read.leaves(&others).collect::<Tree>().root(), segment.root);
        assert_eq!(read.pack(&others).unwrap(), packed);
    }

    #[test]
    fn no_cut_and_no_altered_byte_passes_unseen() {
        let (segment, tokens) = sealed(256);
        let packed = segment.pack(&tokens).unwrap();
        for cut in (0..packed.len() - 1).step_by(37) {
            assert!(Segment::unpack(&packed[..cut], &mut Tokens::default()).is_err(), "cut at {cut}");
        }
        let altered = |text: &str| match Segment::unpack(text, &mut Tokens::default()) {
            Err(_) => true,
            Ok(read) => {
                let mut tokens = Tokens::default();
                let read_again = Segment::unpack(text, &mut tokens).unwrap();
                let same = read_again.leaves(&tokens).collect::<Tree>().root() == segment.root;
                let marks = read.rows.iter().zip(&segment.rows).all(|(row, own)| row.mark == own.mark);
                !same || !marks || (read.first, read.root) != (segment.first, segment.root)
            }
        };
        assert!(!altered(&packed));
        for at in (0..packed.len() - 1).step_by(11) {
            let mut bytes = packed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(altered(&text), "byte {at}: {:?}", &packed[at.saturating_sub(9)..at + 9]);
        }
        let (extra, _) = packed.rsplit_once('\n').unwrap();
        let last = extra.rsplit_once('\n').unwrap().1;
        assert!(Segment::unpack(&format!("{packed}{last}\n"), &mut Tokens::default()).is_err());
    }
}
