//! A checkpoint from elsewhere, and how a log stands to it: the same, longer, shorter, or forked.

use super::check::Hashed;
use super::faults::Wrong;
use super::text::{unhex, unsigned};
use super::{Evidence, EvidenceLog};
use crate::api::Objection;
use crate::engine::audit::Hash;
use crate::engine::audit::checkpoint::{Checkpoint, Fault};
use crate::engine::audit::note::{Fault as NoteFault, NoteKey};
use serde::{Deserialize, Serialize};

/// What somebody else knows of a log: a signed checkpoint, a bare one, a size with a root, or another bundle.
#[derive(Clone, Debug)]
pub struct Witness {
    origin: Option<String>,
    /// The sizes and roots that it states.
    pub(super) points: Vec<(u64, Hash)>,
    /// The signed note, where it is one.
    note: Option<String>,
    other: Option<Box<Evidence>>,
}

/// How a log stands to a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessRelation {
    /// The same size and root.
    Same,
    /// The log continues the checkpoint.
    Extended,
    /// The checkpoint is of more records than the log has; where it can be told, it continues the log.
    Shorter,
    /// The log has not always been what the checkpoint says.
    Forked,
    /// The checkpoint is of another log.
    OtherLog,
    /// It can't be told: records that decide it were deleted, or the checkpoint's signature is wrong.
    Unknown,
}

/// What holding a log against a checkpoint found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessReport {
    /// How the log stands to it.
    pub relation: WitnessRelation,
    /// The checkpoint's size.
    pub size: u64,
    /// Whether a key that is known stands for the checkpoint.
    pub signed: bool,
    /// The same in a sentence.
    pub what: String,
}

fn unreadable() -> Objection {
    Objection::new(
        "evidence.given-checkpoint-unreadable",
        "This is no checkpoint.",
        "Give a signed checkpoint (c2sp.org/tlog-checkpoint), its three lines alone, {\"size\":…,\"root\":\"…\"}, or \
         another bundle of the log.",
    )
}

impl Witness {
    /// Reads a checkpoint from a file's text: line ends of either kind, with or without white space around it.
    ///
    /// # Errors
    /// Where it is none of the forms.
    pub fn read(text: &str) -> Result<Self, Objection> {
        let bare = text.trim_start_matches('\u{feff}');
        if !bare.trim_start().starts_with('{') {
            let text = bare.replace("\r\n", "\n");
            let text = format!("{}\n", text.trim());
            let note = text.contains("\n\n");
            let read = if note { unsigned(&text) } else { Checkpoint::parse(&text).ok() };
            let Checkpoint { origin, size, root } = read.ok_or_else(unreadable)?;
            let note = note.then_some(text);
            return Ok(Self { origin: Some(origin), points: vec![(size, root)], note, other: None });
        }
        if let Ok(EvidenceLog { size, root }) = serde_json::from_str(bare) {
            let root = unhex(&root).ok_or_else(unreadable)?;
            return Ok(Self { origin: None, points: vec![(size, root)], note: None, other: None });
        }
        if !bare.contains("\"format\"") {
            return Err(unreadable());
        }
        let other = Evidence::read(bare.to_owned())?;
        let mut points: Vec<(u64, Hash)> = Vec::new();
        let noted = other.checkpoints.iter().filter_map(|note| unsigned(note));
        points.extend(noted.map(|checkpoint| (checkpoint.size, checkpoint.root)));
        if points.is_empty() {
            return Err(unreadable());
        }
        Ok(Self { origin: Some(other.origin.clone()), points, note: None, other: Some(Box::new(other)) })
    }

    /// The largest of what it states.
    fn latest(&self) -> (u64, Hash) {
        self.points.iter().max_by_key(|(size, _)| *size).copied().unwrap_or_default()
    }

    /// How a log stands to it, and what is wrong with that.
    pub(super) fn compare(&self, own: &Hashed<'_>, keys: &[NoteKey]) -> (WitnessReport, Vec<Wrong>) {
        let (size, root) = self.latest();
        let mut wrong = Vec::new();
        let signed = match self.note.as_deref().map(|note| Checkpoint::verify(note, keys)) {
            Some(Ok(_)) => true,
            Some(Err(Fault::Note(NoteFault::Signature))) => {
                wrong.push(Wrong::GivenSignature);
                false
            }
            Some(Err(_)) | None => false,
        };
        if self.other.as_ref().is_some_and(|other| !agrees(other, size, &root)) {
            wrong.push(Wrong::GivenUnsound);
        }
        // Of what nobody stands for nothing follows.
        let forged = wrong.contains(&Wrong::GivenSignature);
        let relation = if forged { WitnessRelation::Unknown } else { self.relation(own, &mut wrong) };
        let own = own.tree.size();
        let what = match relation {
            WitnessRelation::Unknown if forged => {
                "The checkpoint's signature is wrong: nothing follows from it.".to_owned()
            }
            WitnessRelation::Same => {
                format!("It is the log of the checkpoint: {size} records, the same root.")
            }
            WitnessRelation::Extended => {
                format!("It continues the checkpoint, which is of {size} records, by {} more.", own - size)
            }
            WitnessRelation::Shorter => format!("It has {own} records, and the checkpoint is of {size}."),
            WitnessRelation::Forked => {
                "It is not the log that the checkpoint is of: it was forked.".to_owned()
            }
            WitnessRelation::OtherLog => "The checkpoint is of another log.".to_owned(),
            WitnessRelation::Unknown => {
                "It can't be told: the records that decide it were deleted.".to_owned()
            }
        };
        (WitnessReport { relation, size, signed, what }, wrong)
    }

    fn relation(&self, own: &Hashed<'_>, wrong: &mut Vec<Wrong>) -> WitnessRelation {
        if self.origin.as_ref().is_some_and(|other| *other != own.evidence.origin) {
            wrong.push(Wrong::OtherLog);
            return WitnessRelation::OtherLog;
        }
        let (size, root) = self.latest();
        let length = own.tree.size();
        // An empty log is the beginning of any.
        let at = |size: u64| own.root_at(size);
        let differing = self.points.iter().filter(|(size, root)| at(*size).is_some_and(|own| own != *root));
        let differing = differing.map(|(size, _)| *size).min();
        let equal =
            self.points.iter().filter(|(size, root)| at(*size) == Some(*root)).map(|(size, _)| *size).max();
        let first = self.other.as_ref().and_then(|other| first_differing(own, other));
        if differing.is_some() || first.is_some() {
            let between = match (first, equal, differing) {
                (Some(first), ..) => Some((first, first.saturating_add(1))),
                (None, Some(equal), Some(differing)) if equal < differing => Some((equal, differing)),
                _ => None,
            };
            let size = first.or(differing).unwrap_or(size);
            wrong.push(Wrong::Forked { size, between });
            return WitnessRelation::Forked;
        }
        if length < size {
            wrong.push(Wrong::Shorter { own: length, other: size });
            return WitnessRelation::Shorter;
        }
        if at(size) != Some(root) {
            wrong.push(Wrong::Incomparable(size));
            return WitnessRelation::Unknown;
        }
        if length == size { WitnessRelation::Same } else { WitnessRelation::Extended }
    }
}

/// Whether the leaf hashes of another bundle lead to what it states.
fn agrees(other: &Evidence, size: u64, root: &Hash) -> bool {
    let leaves: Option<Vec<Hash>> = other.leaves.iter().copied().collect();
    leaves.is_some_and(|leaves| {
        let present = usize::try_from(other.places.present(size)).unwrap_or(usize::MAX);
        let tree = other.places.tree(leaves.into_iter().take(present));
        (tree.size(), tree.root()) == (size, *root)
    })
}

/// The first place that both have and that differs.
fn first_differing(own: &Hashed<'_>, other: &Evidence) -> Option<u64> {
    let places = (0..other.leaves.len()).map(|index| other.places.of(index));
    places.zip(&other.leaves).find_map(|(place, leaf)| {
        let hash = own.hashes.get(own.evidence.places.index(place)?)?;
        (leaf.as_ref() != Some(hash)).then_some(place)
    })
}
