//! How many records there are where: by place or by time, and by what came of them.

use super::lanes::OutcomeClass;
use super::segment::column;
use super::tokens::Token;
use super::value::says;
use super::{Archive, Found};

/// Along what records are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Their places in the log.
    Seq,
    /// Their times, in milliseconds since the Unix epoch.
    Time,
}

/// Counts of records along an axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Density {
    /// Where the first bucket begins.
    pub from: i64,
    /// How far each bucket goes: the `n`th from `from + n * width` to before where the next one begins.
    pub width: i64,
    /// Records in each bucket, by class in the order of [`OutcomeClass::ALL`].
    pub buckets: Vec<[u32; 5]>,
    /// Records that lie elsewhere on the axis.
    pub outside: u64,
    /// Records that have no time that can be read.
    pub undated: u64,
}

impl Found {
    /// Counts the records that were found in `buckets` buckets at most (at least 1, at most 4,096) of equal width. `span` is
    /// where to begin and where to end, that excluded; where there is none, from the least to the greatest.
    pub fn density(
        &mut self,
        archive: &Archive,
        axis: Axis,
        span: Option<(i64, i64)>,
        buckets: usize,
    ) -> Density {
        let mut density = Density::default();
        let (Some(time), Some(outcome)) = (column("time"), column("outcome")) else { return density };
        let records = self.records().to_vec();
        let mut points: Vec<(i64, Token)> = Vec::with_capacity(records.len());
        for seq in records {
            let Some(row) = archive.row(seq) else { continue };
            let at = match axis {
                Axis::Seq => i64::try_from(seq).ok(),
                Axis::Time => self.times.of(row.cell(time), &archive.tokens),
            };
            match at {
                Some(at) => points.push((at, row.cell(outcome))),
                None => density.undated += 1,
            }
        }
        let least = points.iter().map(|(at, _)| *at).min().unwrap_or(0);
        let end = points.iter().map(|(at, _)| at.saturating_add(1)).max().unwrap_or(0);
        let (from, end) = span.unwrap_or((least, end));
        let length = end.saturating_sub(from);
        if length <= 0 {
            density.outside = points.len() as u64;
            return density;
        }
        let buckets = i64::try_from(buckets.clamp(1, 4_096)).unwrap_or(1);
        (density.from, density.width) = (from, length / buckets + i64::from(length % buckets != 0));
        let count = length / density.width + i64::from(length % density.width != 0);
        density.buckets = vec![[0; 5]; usize::try_from(count).unwrap_or(0)];
        let mut classes: Vec<Option<OutcomeClass>> = vec![None; archive.tokens.len()];
        for (at, token) in points {
            if at < from || at >= end {
                density.outside += 1;
                continue;
            }
            let Some(class) = classes.get_mut(token as usize) else { continue };
            let class = *class.get_or_insert_with(|| class_of(archive, token));
            let bucket = usize::try_from(at.saturating_sub(from) / density.width).unwrap_or(usize::MAX);
            let counts = density.buckets.get_mut(bucket).and_then(|counts| counts.get_mut(class as usize));
            if let Some(count) = counts {
                *count += 1;
            }
        }
        density
    }
}

fn class_of(archive: &Archive, outcome: Token) -> OutcomeClass {
    let mut class = OutcomeClass::Other;
    says(archive.tokens.text(outcome).unwrap_or_default(), &mut |text| {
        class = OutcomeClass::of(text);
        true
    });
    class
}
