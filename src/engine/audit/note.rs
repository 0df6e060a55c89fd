//! Signed notes (c2sp.org/signed-note) with Ed25519 keys: a text, and who stands for it.

use super::hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// Before each signature: an em dash and a space.
const MARK: &str = "\u{2014} ";
/// What the text of a key to sign with begins with.
const PRIVATE: &str = "PRIVATE+KEY+";
/// The algorithm byte of Ed25519.
const ED25519: u8 = 1;
/// Signatures that a note may carry: more would be work for a stranger's asking.
const MAX_SIGNATURES: usize = 100;

/// The first four bytes of SHA-256 of the key's name, 0x0A, the algorithm and the public key.
pub type KeyId = [u8; 4];

/// Why a note is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a text that ends in a line break, a blank line, and signatures.
    Form,
    /// It has more signatures than are looked at.
    TooMany,
    /// A signature by a key that is known does not fit the text.
    Signature,
    /// No signature is by a key that is known.
    UnknownKeys,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "It is no signed note: a text, a blank line, and a line for each signature.",
            Self::TooMany => "It has more than 100 signatures.",
            Self::Signature => "Its signature is wrong: the text was altered, or somebody else signed it.",
            Self::UnknownKeys => "None of the keys that signed it is known here.",
        })
    }
}

/// Who can sign.
#[derive(Clone)]
pub struct SigningNoteKey {
    name: String,
    key: SigningKey,
}

impl SigningNoteKey {
    /// A key from 32 bytes of entropy. None where the name can't be one: it has to be there, without white space, control
    /// characters and plus signs.
    pub fn new(name: &str, seed: &[u8; 32]) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The key of a new log, from 32 bytes that nobody can guess. Its name tells nothing of them, and no other log has it.
    pub fn of_new_log(entropy: &[u8; 32]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"airlock: the name of a log, 1\n");
        hasher.update(entropy);
        let name: String = hex(&hasher.finalize()).chars().take(16).collect();
        Self { name: ["airlock.invalid/log/", &name].concat(), key: SigningKey::from_bytes(entropy) }
    }

    /// The key of a log that nobody keeps. Everybody has it, so it proves nothing of who signed.
    pub fn of_nobody() -> Self {
        Self { name: "airlock.invalid/log/unkept".to_owned(), key: SigningKey::from_bytes(&[0; 32]) }
    }

    /// What verifies its signatures.
    pub fn verifier(&self) -> NoteKey {
        NoteKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The key as text, to be kept secret: `PRIVATE+KEY+`, name, key id and, in base64, algorithm and seed, as Go's
    /// `golang.org/x/mod/sumdb/note` spells it.
    pub fn to_secret_text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        let id = hex(&self.verifier().id());
        format!("{PRIVATE}{}+{id}+{}", self.name, STANDARD.encode(bytes))
    }

    /// Reads what [`SigningNoteKey::to_secret_text`] wrote; none where it is something else.
    pub fn parse_secret_text(text: &str) -> Option<Self> {
        let (name, rest) = text.strip_prefix(PRIVATE)?.split_once('+')?;
        let (id, bytes) = rest.split_once('+')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let seed: &[u8; 32] = bytes.strip_prefix(&[ED25519])?.try_into().ok()?;
        Self::new(name, seed).filter(|key| hex(&key.verifier().id()) == id)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs a text, which has to end in a line break: the note with this one signature.
    pub fn sign(&self, text: &str) -> String {
        let mut note = format!("{text}\n");
        note.push_str(&self.signature(text));
        note
    }

    /// The line of its signature under a text.
    pub fn signature(&self, text: &str) -> String {
        let mut bytes = self.verifier().id().to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{MARK}{} {}\n", self.name, STANDARD.encode(bytes))
    }
}

/// Who is known: a name and a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: VerifyingKey,
}

impl NoteKey {
    /// Reads `NAME+ID+KEY`: the id as eight hex digits, and in base64 the algorithm byte and the public key. None where it
    /// is something else, where the id is not the key's own, or where the key is weak.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let bytes = STANDARD.decode(key).ok()?;
        let (algorithm, key) = bytes.split_first()?;
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        let known = Self { name: name.to_owned(), key };
        let sound = is_name(name) && *algorithm == ED25519 && !known.key.is_weak();
        (sound && hex(&known.id()) == id).then_some(known)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', ED25519]);
        hasher.update(self.key.as_bytes());
        let [a, b, c, d, ..] = <[u8; 32]>::from(hasher.finalize());
        [a, b, c, d]
    }
}

impl fmt::Display for NoteKey {
    /// As [`NoteKey::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), STANDARD.encode(bytes))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// A note, taken apart. Nothing of it is to be believed before [`Note::verify`] has found who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The text that is signed, with the line break at its end.
    pub text: &'a str,
    /// The signatures, in order.
    pub signatures: Vec<Signature<'a>>,
}

/// A line below a note's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// The name of the key.
    pub name: &'a str,
    /// Its id.
    pub id: KeyId,
    bytes: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`Fault::Form`] and [`Fault::TooMany`].
    pub fn parse(note: &'a str) -> Result<Self, Fault> {
        if note.contains(|c: char| c.is_ascii_control() && c != '\n') {
            return Err(Fault::Form);
        }
        // The last blank line counts: a text may hold some of its own.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(Fault::Form)?;
        let lines = lines.strip_suffix('\n').ok_or(Fault::Form)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(Fault::TooMany);
        }
        let signatures: Option<Vec<_>> = lines.split('\n').map(Signature::parse).collect();
        let text = note.get(..text.len() + 1).ok_or(Fault::Form)?;
        Ok(Self { text, signatures: signatures.ok_or(Fault::Form)? })
    }

    /// Who of those known has signed it. Signatures by others are left out of account.
    ///
    /// # Errors
    /// [`Fault::Signature`] where one of them has not, though it says so, and [`Fault::UnknownKeys`] where nobody has.
    pub fn verify<'k>(&self, known: &'k [NoteKey]) -> Result<Vec<&'k NoteKey>, Fault> {
        let mut signed: Vec<&NoteKey> = Vec::new();
        for signature in &self.signatures {
            for key in known.iter().filter(|key| key.name == signature.name && key.id() == signature.id) {
                let own = <[u8; 64]>::try_from(signature.bytes.as_slice()).map_err(|_| Fault::Signature)?;
                let fits = key.key.verify_strict(self.text.as_bytes(), &Ed25519::from_bytes(&own));
                fits.map_err(|_| Fault::Signature)?;
                if !signed.contains(&key) {
                    signed.push(key);
                }
            }
        }
        if signed.is_empty() { Err(Fault::UnknownKeys) } else { Ok(signed) }
    }
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self { name, id: *id, bytes: bytes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "A text.\n\nIt may hold blank lines.\n";

    fn key(name: &str, seed: u8) -> SigningNoteKey {
        SigningNoteKey::new(name, &[seed; 32]).unwrap()
    }

    #[test]
    fn a_note_reads_back_and_verifies() {
        let (own, other) = (key("log.example.invalid", 1), key("witness.example.invalid", 2));
        let note = own.sign(TEXT) + &other.signature(TEXT);
        let read = Note::parse(&note).unwrap();
        assert_eq!(read.text, TEXT);
        assert_eq!(read.signatures.len(), 2);
        let keys = [own.verifier(), other.verifier()];
        assert_eq!(read.verify(&keys).unwrap(), keys.iter().collect::<Vec<_>>());
        assert_eq!(read.verify(&keys[1..]).unwrap(), [&keys[1]], "unknown keys are left out of account");
        assert_eq!(read.verify(&[]), Err(Fault::UnknownKeys));
        let stranger = [key("log.example.invalid", 3).verifier()];
        assert_eq!(read.verify(&stranger), Err(Fault::UnknownKeys), "a name alone is nobody");
    }

    #[test]
    fn an_altered_text_or_signature_is_found() {
        let own = key("log.example.invalid", 1);
        let note = own.sign(TEXT);
        let keys = [own.verifier()];
        let altered = note.replace("A text", "A test");
        assert_eq!(Note::parse(&altered).unwrap().verify(&keys), Err(Fault::Signature));
        // One good signature does not make up for a wrong one by a key that is known.
        let both = note.clone() + &own.signature("Another text.\n");
        assert_eq!(Note::parse(&both).unwrap().verify(&keys), Err(Fault::Signature));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let note = key("log.example.invalid", 1).sign(TEXT);
        for broken in [
            "",
            "\n",
            "no blank line\n",
            "text\n\n",
            "text\n\n\n",
            note.trim_end(),
            &note.replace('\u{2014}', "-"),
            &note.replace("log.example.invalid", "log+example"),
            &note.replace(" text", "\ttext"),
            "text\n\n\u{2014} name AAAA\n",
            "text\n\n\u{2014} name AAAAAA==\n",
            "text\n\n\u{2014}  AAAAAAA=\n",
            "text\n\n\u{2014} name not-base64!\n",
        ] {
            assert_eq!(Note::parse(broken), Err(Fault::Form), "{broken:?}");
        }
        let many = note.clone() + &key("x", 1).signature(TEXT).repeat(100);
        assert_eq!(Note::parse(&many), Err(Fault::TooMany));
    }

    #[test]
    fn a_key_reads_back_and_its_id_is_held_against_it() {
        let key = key("log.example.invalid", 9).verifier();
        let text = key.to_string();
        assert_eq!(NoteKey::parse(&text), Some(key));
        assert_eq!(NoteKey::parse(&text.replacen("log", "dog", 1)), None);
        assert_eq!(NoteKey::parse(""), None);
        assert_eq!(NoteKey::parse("a+b+c"), None);
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\n"] {
            assert!(SigningNoteKey::new(name, &[0; 32]).is_none(), "{name:?}");
        }
    }

    /// The example of the specification.
    #[test]
    fn the_published_example_verifies() {
        let key =
            NoteKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\
                    \n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert!(Note::parse(note).unwrap().verify(&[key]).is_ok());
    }
}
