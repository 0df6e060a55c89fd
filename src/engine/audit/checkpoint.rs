//! Checkpoints (c2sp.org/tlog-checkpoint) and proofs for one record to take away (c2sp.org/tlog-proof@v1).

use super::note::{self, Note, NoteKey, SigningNoteKey};
use super::proof;
use super::tree::{Hash, hash_of_base64};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

const PROOF: &str = "c2sp.org/tlog-proof@v1";
/// Hashes that a proof can have: the tree is never deeper.
const MAX_HASHES: usize = 64;

/// Why a checkpoint or a proof is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its text is not that of a checkpoint: origin, size and root, a line each.
    Checkpoint,
    /// The text is not that of a proof.
    Proof,
    /// It is of another log.
    Origin,
    /// The note about it does not hold.
    Note(note::Fault),
    /// The hashes do not hold.
    Path(proof::Fault),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("It is no checkpoint: origin, size and root, a line each."),
            Self::Proof => f.write_str("It is no proof of the form c2sp.org/tlog-proof@v1."),
            Self::Origin => f.write_str("It is about another log."),
            Self::Note(fault) => fault.fmt(f),
            Self::Path(fault) => fault.fmt(f),
        }
    }
}

impl From<note::Fault> for Fault {
    fn from(fault: note::Fault) -> Self {
        Self::Note(fault)
    }
}

/// What a log was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is of.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The text with a signature: a note.
    pub fn signed(&self, key: &SigningNoteKey) -> String {
        key.sign(&self.text())
    }

    /// Reads the text of a checkpoint. Lines after the first three are extensions, and mean nothing here.
    ///
    /// # Errors
    /// [`Fault::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.strip_suffix('\n').ok_or(Fault::Checkpoint)?;
        let mut lines = text.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(Fault::Checkpoint);
        let origin = line()?.to_owned();
        let size = decimal(line()?).ok_or(Fault::Checkpoint)?;
        let root = hash_of_base64(line()?).ok_or(Fault::Checkpoint)?;
        if lines.any(str::is_empty) {
            return Err(Fault::Checkpoint);
        }
        Ok(Self { origin, size, root })
    }

    /// Reads a signed checkpoint, with those of the known keys that signed it.
    ///
    /// # Errors
    /// [`Fault::Note`] and [`Fault::Checkpoint`].
    pub fn verify<'k>(note: &str, known: &'k [NoteKey]) -> Result<(Self, Vec<&'k NoteKey>), Fault> {
        let note = Note::parse(note)?;
        let signed = note.verify(known)?;
        Ok((Self::parse(note.text)?, signed))
    }
}

/// A number in decimal, without zeros in front.
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// That one record is in a log, in a form that is checked without the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// The record's place in the log, from 0.
    pub index: u64,
    /// The hashes from its sibling upwards.
    pub hashes: Vec<Hash>,
    /// What goes with it; nothing stands for it.
    pub extra: Option<Vec<u8>>,
    /// The signed checkpoint that the proof is against.
    pub checkpoint: String,
}

impl TlogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`Fault::Proof`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Fault::Proof)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(PROOF) {
            return Err(Fault::Proof);
        }
        let mut line = lines.next();
        let mut extra = None;
        if let Some(encoded) = line.and_then(|line| line.strip_prefix("extra ")) {
            extra = Some(STANDARD.decode(encoded).map_err(|_| Fault::Proof)?);
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let hashes: Option<Vec<Hash>> = lines.take(MAX_HASHES + 1).map(hash_of_base64).collect();
        match (index, hashes) {
            (Some(index), Some(hashes)) if hashes.len() <= MAX_HASHES => {
                Ok(Self { index, hashes, extra, checkpoint: checkpoint.to_owned() })
            }
            _ => Err(Fault::Proof),
        }
    }

    /// Whether it shows that a leaf with this hash is in the log of this origin, by the word of one of these keys: then
    /// the checkpoint.
    ///
    /// # Errors
    /// Why it does not.
    pub fn verify(&self, leaf: Hash, origin: &str, known: &[NoteKey]) -> Result<Checkpoint, Fault> {
        let (checkpoint, _) = Checkpoint::verify(&self.checkpoint, known)?;
        if checkpoint.origin != origin {
            return Err(Fault::Origin);
        }
        proof::verify_inclusion(self.index, checkpoint.size, leaf, &self.hashes, &checkpoint.root)
            .map_err(Fault::Path)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    /// As [`TlogProof::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Nodes, Range, leaf_hash};
    use super::*;

    const ORIGIN: &str = "airlock.example.invalid/log/1";

    fn log(n: u8) -> Vec<Hash> {
        (0..n).map(|n| leaf_hash(&[n])).collect()
    }

    fn checkpoint(leaves: &[Hash]) -> Checkpoint {
        let size = leaves.len() as u64;
        let root = leaves.root_of(Range { from: 0, to: size }).unwrap();
        Checkpoint { origin: ORIGIN.to_owned(), size, root }
    }

    #[test]
    fn a_checkpoint_reads_back() {
        let key = SigningNoteKey::new(ORIGIN, &[5; 32]).unwrap();
        for size in [0, 1, 7] {
            let checkpoint = checkpoint(&log(size));
            let known = [key.verifier()];
            let (read, signed) = Checkpoint::verify(&checkpoint.signed(&key), &known).unwrap();
            assert_eq!((read, signed.len()), (checkpoint, 1));
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let good = checkpoint(&log(7)).text();
        assert!(Checkpoint::parse(&(good.clone() + "an extension\n")).is_ok());
        for broken in [
            String::new(),
            good.trim_end().to_owned(),
            good.replacen('7', "07", 1),
            good.replacen('7', "-7", 1),
            good.replacen('7', "", 1),
            good.replacen('7', "18446744073709551616", 1),
            good.replacen('=', "", 1),
            good.replacen(ORIGIN, "", 1),
            good.clone() + "\n",
            good.clone() + "one\n\ntwo\n",
        ] {
            assert_eq!(Checkpoint::parse(&broken), Err(Fault::Checkpoint), "{broken:?}");
        }
    }

    #[test]
    fn a_proof_is_checked_without_the_log() {
        let leaves = log(11);
        let key = SigningNoteKey::new(ORIGIN, &[5; 32]).unwrap();
        let known = [key.verifier()];
        let hashes = proof::inclusion(leaves.as_slice(), 6, 11).unwrap();
        let checkpoint = checkpoint(&leaves);
        for extra in [None, Some(b"a record".to_vec())] {
            let own =
                TlogProof { index: 6, hashes: hashes.clone(), extra, checkpoint: checkpoint.signed(&key) };
            let read = TlogProof::parse(&own.to_string()).unwrap();
            assert_eq!(read, own);
            assert_eq!(read.verify(leaves[6], ORIGIN, &known), Ok(checkpoint.clone()));
            let other = read.verify(leaves[7], ORIGIN, &known);
            assert_eq!(other, Err(Fault::Path(proof::Fault::Root)));
            assert_eq!(read.verify(leaves[6], "another.invalid", &known), Err(Fault::Origin));
            let stranger = read.verify(leaves[6], ORIGIN, &[]);
            assert_eq!(stranger, Err(Fault::Note(note::Fault::UnknownKeys)));
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let good =
            TlogProof { index: 6, hashes: log(3), extra: Some(vec![1]), checkpoint: "note\n".to_owned() }
                .to_string();
        assert!(TlogProof::parse(&good).is_ok());
        for broken in [
            String::new(),
            good.replacen("v1", "v2", 1),
            good.replacen("index 6", "index 06", 1),
            good.replacen("index 6\n", "", 1),
            good.replacen("extra ", "extra !", 1),
            good.replacen("\n\n", "\n", 1),
            good.replacen("\n\n", "\nAAAA\n\n", 1),
            good.replacen(
                "\n\n",
                &format!("\n{}\n", format!("{}\n", STANDARD.encode([0; 32])).repeat(70)),
                1,
            ),
        ] {
            assert_eq!(TlogProof::parse(&broken), Err(Fault::Proof), "{broken:?}");
        }
    }
}
