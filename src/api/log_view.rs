//! The log that is looked at: the timeline of a session, or that of a bundle. Whoever shows it asks here, and need not know
//! which it is.

use super::archive::{Archive, Chain};
use super::completeness::gaps_of;
use super::inclusion::why;
use super::{ChainGap, Entry, Inclusion, NoProof, OpenedEvidence, ProofReport, Session};

/// The log on view.
#[derive(Clone, Copy)]
pub enum LogOnView<'a> {
    /// A session's own.
    Own(&'a Session),
    /// A bundle's, which can only be read.
    Opened(&'a OpenedEvidence),
}

impl<'a> LogOnView<'a> {
    /// The records.
    pub fn archive(self) -> &'a Archive {
        match self {
            Self::Own(session) => session.store().archive(),
            Self::Opened(opened) => opened.archive(),
        }
    }

    /// Which log it is.
    pub fn origin(self) -> &'a str {
        match self {
            Self::Own(session) => session.store().origin(),
            Self::Opened(opened) => opened.origin(),
        }
    }

    /// The bundle, where it is one's.
    pub fn opened(self) -> Option<&'a OpenedEvidence> {
        match self {
            Self::Own(_) => None,
            Self::Opened(opened) => Some(opened),
        }
    }

    /// The latest signed checkpoint; none where nobody has signed.
    pub fn checkpoint(self) -> Option<String> {
        match self {
            Self::Own(session) => Some(session.store().checkpoint()),
            Self::Opened(opened) => opened.checkpoint().map(ToOwned::to_owned),
        }
    }

    /// A record by its place. None where there is none, or it is not here. What is no record has its text and nothing else.
    pub fn entry(self, seq: u64) -> Option<Entry> {
        self.archive().canonical(seq).map(|text| Entry::read(&text))
    }

    /// What must be there of one chain and is not. Nothing is said where some of the log's records are not here.
    pub fn chain_gaps(self, chain: &Chain) -> Vec<ChainGap> {
        let standing = match self {
            Self::Own(session) => session.standing(),
            Self::Opened(_) => None,
        };
        gaps_of(self.archive(), chain, standing.as_ref())
    }

    /// The proof that a record is in the log.
    ///
    /// # Errors
    /// Why there is none.
    pub fn inclusion(self, seq: u64) -> Result<Inclusion, NoProof> {
        match self {
            Self::Own(session) => {
                let store = session.store();
                let record = store.archive().canonical(seq).ok_or_else(|| why(store.archive(), seq))?;
                Inclusion::new(store.archive(), seq, record, store.checkpoint(), store.head())
            }
            Self::Opened(opened) => opened.inclusion(seq),
        }
    }

    /// Checks such a proof by the log's keys.
    pub fn check(self, proof: &Inclusion) -> ProofReport {
        match self {
            Self::Own(session) => proof.check(&session.store().keys()),
            Self::Opened(opened) => proof.check(opened.keys()),
        }
    }
}
