//! Verifying a log from what was kept of it: each record, its place, and the root.

use super::{AuditRecord, Hash, Tree, hex, leaf_hash};

/// A kept record: its text, and the leaf hash kept beside it, which tells an altered record from an altered
/// tree.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The record's text.
    pub text: &'a str,
    /// The leaf hash kept beside it, if it could be read.
    pub leaf: Option<Hash>,
}

/// What a log says of its own size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of records.
    pub size: u64,
    /// Root in lower-case hex.
    pub root: String,
}

/// Something wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFault {
    /// Which record, by its place from 0.
    pub index: Option<u64>,
    /// What is wrong, in a sentence without values.
    pub what: String,
}

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Records read.
    pub size: u64,
    /// Root over the records as they are now.
    pub root: Hash,
    /// Everything wrong, in order.
    pub faults: Vec<LogFault>,
}

/// Verifies kept records against the head they were kept under.
///
/// Records after the head's size are fine as far as they verify: a writer that was stopped between a record
/// and the head leaves them.
pub fn verify<'a>(records: impl Iterator<Item = Kept<'a>>, head: Option<&Head>) -> Verified {
    let mut tree = Tree::default();
    let mut at_head = (head.is_some_and(|head| head.size == 0)).then(|| tree.root());
    let mut faults = Vec::new();
    let mut expected = 0;
    for kept in records {
        let index = tree.size();
        let mut fault = |what: String| faults.push(LogFault { index: Some(index), what });
        let leaf = match AuditRecord::parse(kept.text) {
            Err(_) => {
                fault(format!("Record {index} can't be read: it was altered or cut off."));
                expected += 1;
                leaf_hash(kept.text.as_bytes())
            }
            Ok(record) => {
                let canonical = record.canonical();
                if !is_same_text(kept.text, &canonical) {
                    fault(format!("Record {index} was altered: it is not in its canonical form."));
                }
                if record.seq != expected {
                    fault(match record.seq.checked_sub(expected) {
                        Some(1) => format!("One record is missing before record {}.", record.seq),
                        Some(n) => format!("{n} records are missing before record {}.", record.seq),
                        None => format!("Record {} stands in the wrong place.", record.seq),
                    });
                }
                expected = record.seq.saturating_add(1);
                leaf_hash(canonical.as_bytes())
            }
        };
        match kept.leaf {
            Some(own) if own == leaf => {}
            Some(_) => {
                fault(format!("Record {index} was altered: its hash is not the one it was written with."))
            }
            None => fault(format!("The hash kept beside record {index} can't be read.")),
        }
        tree.push(leaf);
        if head.is_some_and(|head| head.size == tree.size()) {
            at_head = Some(tree.root());
        }
    }
    let each_agrees = faults.is_empty();
    let mut about_all = |what: String| faults.push(LogFault { index: None, what });
    match (head, at_head) {
        (None, _) if tree.size() > 0 => {
            about_all("There are records but no head to hold them against.".to_owned())
        }
        (Some(head), None) => {
            let missing = head.size.saturating_sub(tree.size());
            about_all(format!("The last {missing} of {} records are missing.", head.size));
        }
        (Some(head), Some(root)) if hex(&root) != head.root && each_agrees => about_all(
            "The root is not the one that was written, though each record agrees with the hash beside it: \
             records and hashes were changed together."
                .to_owned(),
        ),
        _ => {}
    }
    Verified { size: tree.size(), root: tree.root(), faults }
}

/// Whether a text is the canonical one, but for white space between its tokens, which a file may have.
fn is_same_text(text: &str, canonical: &str) -> bool {
    let mut in_string = false;
    let mut escaped = false;
    let tokens = text.bytes().filter(|byte| {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        in_string = *byte == b'"';
        !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
    });
    tokens.eq(canonical.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(n: u64) -> (Vec<String>, Vec<Hash>, Head) {
        let mut tree = Tree::default();
        let texts: Vec<String> =
            (0..n).map(|seq| AuditRecord { seq, ..AuditRecord::default() }.canonical()).collect();
        let leaves: Vec<Hash> = texts.iter().map(|text| leaf_hash(text.as_bytes())).collect();
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        (texts, leaves, Head { size: n, root: hex(&tree.root()) })
    }

    fn faults(texts: &[String], leaves: &[Hash], head: &Head) -> Vec<Option<u64>> {
        let kept = texts.iter().zip(leaves).map(|(text, leaf)| Kept { text, leaf: Some(*leaf) });
        verify(kept, Some(head)).faults.into_iter().map(|fault| fault.index).collect()
    }

    #[test]
    fn every_alteration_is_found_and_located() {
        let (texts, leaves, head) = log(9);
        assert!(faults(&texts, &leaves, &head).is_empty());
        for n in 0..texts.len() {
            let mut altered = texts.clone();
            altered[n] = altered[n].replace("\"actor\":\"\"", "\"actor\":\"x\"");
            assert_eq!(faults(&altered, &leaves, &head), [Some(n as u64)], "altered {n}");

            let (mut fewer, mut fewer_leaves) = (texts.clone(), leaves.clone());
            fewer.remove(n);
            fewer_leaves.remove(n);
            assert!(!faults(&fewer, &fewer_leaves, &head).is_empty(), "dropped {n}");

            let (mut more, mut more_leaves) = (texts.clone(), leaves.clone());
            more.insert(n, texts[n].clone());
            more_leaves.insert(n, leaves[n]);
            assert!(!faults(&more, &more_leaves, &head).is_empty(), "repeated {n}");
            if n > 0 {
                let (mut swapped, mut swapped_leaves) = (texts.clone(), leaves.clone());
                swapped.swap(0, n);
                swapped_leaves.swap(0, n);
                assert!(!faults(&swapped, &swapped_leaves, &head).is_empty(), "swapped 0 and {n}");
            }
        }
    }

    #[test]
    fn records_and_hashes_changed_together_differ_from_the_root() {
        let (mut texts, mut leaves, head) = log(4);
        texts[2] = texts[2].replace("\"role\":\"\"", "\"role\":\"x\"");
        leaves[2] = leaf_hash(texts[2].as_bytes());
        assert_eq!(faults(&texts, &leaves, &head), [None]);
    }
}
