//! Keys and signatures of Standard Webhooks 1.0.0: `v1` (HMAC-SHA256) and `v1a` (Ed25519).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signatures that one request may carry: more would be work for a stranger's asking.
const MAX_SIGNATURES: usize = 16;

/// A key that messages are signed or verified with.
#[derive(Clone)]
pub struct Key(Kind);

#[derive(Clone)]
enum Kind {
    /// `whsec_`: both ends hold it.
    Shared { mac: Hmac<Sha256>, bytes: usize },
    /// `whpk_`: verifies only.
    Public(Box<VerifyingKey>),
    /// `whsk_`: signs, and verifies with the public key that follows from it.
    Private(Box<SigningKey>),
}

impl Key {
    /// Reads a key:
    /// - `whsec_` and base64 of 24 to 64 bytes, a shared secret;
    /// - `whsk_` and base64 of a 32-byte Ed25519 seed, or of the seed and its public key (64 bytes);
    /// - `whpk_` and base64 of a 32-byte Ed25519 public key.
    ///
    /// None where it has not that form, where the halves of a pair do not match, or where a public key is not in its
    /// canonical encoding (RFC 8032, section 5.1.3) or of small order, so that some signatures would fit any message.
    pub fn parse(text: &str) -> Option<Self> {
        let (form, digits) = text.split_once('_')?;
        let bytes = STANDARD.decode(digits).ok()?;
        let kind = match form {
            "whsec" if (24..=64).contains(&bytes.len()) => {
                Kind::Shared { mac: Hmac::new_from_slice(&bytes).ok()?, bytes: bytes.len() }
            }
            "whsk" => Kind::Private(Box::new(match <[u8; 64]>::try_from(bytes.as_slice()) {
                Ok(pair) => SigningKey::from_keypair_bytes(&pair).ok()?,
                Err(_) => SigningKey::from_bytes(&bytes.try_into().ok()?),
            })),
            "whpk" => {
                let key = VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
                let canonical = key.to_edwards().compress().as_bytes() == key.as_bytes();
                Kind::Public(Box::new(Some(key).filter(|key| canonical && !key.is_weak())?))
            }
            _ => return None,
        };
        Some(Self(kind))
    }

    /// Whether it is an Ed25519 key.
    pub fn is_asymmetric(&self) -> bool {
        !matches!(self.0, Kind::Shared { .. })
    }

    /// Whether it can sign: all but a public key.
    pub fn can_sign(&self) -> bool {
        !matches!(self.0, Kind::Public(_))
    }

    /// Length of a shared secret, in bytes.
    pub(super) fn shared_bytes(&self) -> Option<usize> {
        match self.0 {
            Kind::Shared { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The signature of a message as the header carries it, `v1,` or `v1a,` and base64. None for a public key.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
        let version = if self.is_asymmetric() { "v1a" } else { "v1" };
        let signature = self.sign_parts(&content(id, timestamp, body))?;
        Some(format!("{version},{}", STANDARD.encode(signature)))
    }

    /// The raw signature over parts that stand one after another. None for a public key.
    pub fn sign_parts(&self, parts: &[&[u8]]) -> Option<Vec<u8>> {
        match &self.0 {
            Kind::Shared { mac, .. } => Some(fed(mac, parts).finalize().into_bytes().to_vec()),
            Kind::Private(key) => Some(key.sign(&parts.concat()).to_bytes().to_vec()),
            Kind::Public(_) => None,
        }
    }

    /// Whether one of several raw signatures is of these parts: in constant time for a shared secret
    /// (`Mac::verify_slice`), strictly for Ed25519 (no small-order points, canonical encodings only).
    pub fn verifies<S: AsRef<[u8]>>(&self, parts: &[&[u8]], signatures: &[S]) -> bool {
        if signatures.is_empty() {
            return false;
        }
        let public = match &self.0 {
            Kind::Shared { mac, .. } => {
                let mac = fed(mac, parts);
                return signatures.iter().any(|s| mac.clone().verify_slice(s.as_ref()).is_ok());
            }
            Kind::Public(key) => **key,
            Kind::Private(key) => key.verifying_key(),
        };
        let message = parts.concat();
        let mut read = signatures.iter().filter_map(|s| Signature::from_slice(s.as_ref()).ok());
        read.any(|signature| public.verify_strict(&message, &signature).is_ok())
    }
}

fn fed(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// What is signed: `{id}.{timestamp}.{body}`.
pub(super) fn content<'a>(id: &'a str, timestamp: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
}

/// The signatures of a header, by version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signatures {
    v1: Vec<Vec<u8>>,
    v1a: Vec<Vec<u8>>,
}

/// Why a signature header can't be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It has no signature of a known version.
    Unsupported,
    /// None of a known version is base64 of the right length, or there are too many.
    Malformed,
}

impl Signatures {
    /// Reads `webhook-signature`: versions and signatures, separated by spaces. Unknown versions are skipped.
    pub(super) fn read(header: &str) -> Result<Self, Unreadable> {
        let mut known = 0_usize;
        let mut read = Self { v1: Vec::new(), v1a: Vec::new() };
        for (version, digits) in header.split(' ').filter_map(|part| part.split_once(',')) {
            let (of_version, length) = match version {
                "v1" => (&mut read.v1, 32),
                "v1a" => (&mut read.v1a, 64),
                _ => continue,
            };
            known += 1;
            of_version.extend(STANDARD.decode(digits).ok().filter(|bytes| bytes.len() == length));
        }
        if known == 0 {
            return Err(Unreadable::Unsupported);
        }
        let usable = read.v1.len() + read.v1a.len();
        if usable == 0 || known > MAX_SIGNATURES { Err(Unreadable::Malformed) } else { Ok(read) }
    }

    /// Those that a key could have made.
    pub(super) fn of(&self, key: &Key) -> &[Vec<u8>] {
        if key.is_asymmetric() { &self.v1a } else { &self.v1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: &str, bytes: &[u8]) -> String {
        format!("{form}_{}", STANDARD.encode(bytes))
    }

    #[test]
    fn a_key_has_its_form_and_length() {
        for (bytes, fine) in [(23, false), (24, true), (64, true), (65, false), (0, false)] {
            assert_eq!(Key::parse(&text("whsec", &vec![7; bytes])).is_some(), fine, "{bytes}");
        }
        let seed = [7; 32];
        let pair = SigningKey::from_bytes(&seed).to_keypair_bytes();
        let mut wrong = pair;
        wrong[63] ^= 1;
        for (bytes, fine) in [(&seed[..], true), (&pair, true), (&wrong, false), (&seed[..31], false)] {
            assert_eq!(Key::parse(&text("whsk", bytes)).is_some(), fine);
        }
        assert!(Key::parse(&text("whpk", &pair[32..])).is_some());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(Key::parse(&text("whpk", &one)).is_none(), "the identity is of small order");
        assert!(Key::parse(&text("whpk", &[0xff; 32])).is_none());
        for junk in ["", "_", "whsec", "whsec_", "whsec_!", "whpk_AA==", "wh_AAAA", "WHSEC_AAAA"] {
            assert!(Key::parse(junk).is_none(), "{junk}");
        }
    }

    #[test]
    fn a_private_key_signs_what_its_public_key_verifies_and_no_other() {
        let private = Key::parse(&text("whsk", &[7; 32])).unwrap();
        let public = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        let public = Key::parse(&text("whpk", &public)).unwrap();
        let other = Key::parse(&text("whsk", &[8; 32])).unwrap();
        let header = private.sign("evt-1", "1614265330", b"{}").unwrap();
        let signatures = Signatures::read(&header).unwrap();
        let parts = content("evt-1", "1614265330", b"{}");
        for (key, fits) in [(&private, true), (&public, true), (&other, false)] {
            assert_eq!(key.verifies(&parts, signatures.of(key)), fits);
        }
        assert!(!public.verifies(&content("evt-2", "1614265330", b"{}"), signatures.of(&public)));
        assert!(!public.can_sign() && public.sign("evt-1", "1614265330", b"{}").is_none());
    }

    #[test]
    fn a_header_may_hold_several_and_unknown_versions_are_skipped() {
        let (v1, v1a) = (STANDARD.encode([1; 32]), STANDARD.encode([1; 64]));
        let read = Signatures::read(&format!("v2,x v1,{v1}  v1a,{v1a} v1,! v1,{v1}AAAA junk")).unwrap();
        assert_eq!((read.v1.len(), read.v1a.len()), (1, 1));
        assert_eq!(Signatures::read("v2,AAAA"), Err(Unreadable::Unsupported));
        assert_eq!(Signatures::read(""), Err(Unreadable::Unsupported));
        assert_eq!(Signatures::read(&v1), Err(Unreadable::Unsupported));
        for bad in [format!("v1,{v1a}"), format!("v1a,{v1}"), "v1,".to_owned(), format!("v1,{v1}=")] {
            assert_eq!(Signatures::read(&bad), Err(Unreadable::Malformed), "{bad}");
        }
        let many = vec![format!("v1,{v1}"); MAX_SIGNATURES + 1].join(" ");
        assert_eq!(Signatures::read(&many), Err(Unreadable::Malformed));
    }
}
