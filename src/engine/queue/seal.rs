//! Sealing: what the connector keeps of its queue leaves it as ciphertext only.

use crate::engine::audit::hex;
use crate::engine::phi::Phi;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Bound to each sealed text, so that one made for another end, or in another form, does not open.
const FORM: &[u8] = b"airlock/queue/1";
/// Bytes of the nonce in front of the ciphertext.
const NONCE: usize = 24;

/// Keys for what the connector keeps of itself, each for one end.
#[derive(Clone)]
pub struct StateKeys {
    cipher: XChaCha20Poly1305,
    nonce: Hmac<Sha256>,
    hash: Hmac<Sha256>,
    log: Hmac<Sha256>,
}

/// Ciphertext as text: nonce, ciphertext and tag in base64. It can't spell what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub(super) String);

/// What was sealed, opened. Only the keys that sealed it make it.
pub struct Opened(Vec<u8>);

impl Opened {
    /// The plain form.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl StateKeys {
    /// Derives the keys from entropy: those for what is kept from a browser's own or, where nothing is kept, from a setting's
    /// seed; those for what an event goes by from the seed, so that a run makes the same log wherever it is replayed.
    pub fn new(storage_key: &str, seed: &str) -> Option<Self> {
        let derive = |entropy: &str, end: &[u8]| {
            let root = Sha256::digest(entropy.as_bytes());
            let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&root).ok()?;
            mac.update(b"airlock/state/1\0");
            mac.update(end);
            Some(mac.finalize().into_bytes())
        };
        let hash = |entropy: &str, end: &[u8]| {
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&derive(entropy, end)?).ok()
        };
        Some(Self {
            cipher: XChaCha20Poly1305::new_from_slice(&derive(storage_key, b"seal")?).ok()?,
            nonce: hash(storage_key, b"nonce")?,
            hash: hash(storage_key, b"hash")?,
            log: hash(seed, b"hash")?,
        })
    }

    /// A keyed hash of a text, for one end: the same for the same text, and nothing of it can be told.
    pub fn fold(&self, end: &str, text: &str) -> [u8; 16] {
        folded(&self.hash, end, text)
    }

    /// The same under the setting's seed: for what a replay has to come to as well.
    pub fn fold_for_log(&self, end: &str, text: &str) -> [u8; 16] {
        folded(&self.log, end, text)
    }

    /// What the event of an id that a source chose goes by in log and storage: 16 hexadecimal digits of a keyed hash.
    /// Nobody can try ids against it who has not the setting's seed.
    pub fn of_event(&self, source: &str, id: &str) -> String {
        self.short("event", &[source, id])
    }

    /// What a part of an event goes by at the recipient, and what times its retries: of the event alone, so that it
    /// counts nothing of others. `correlation` says which part.
    pub fn of_delivery(&self, source: &str, id: &str, correlation: &str) -> String {
        let part = correlation.split_once('.').map_or("", |(_, part)| part);
        format!("ref-{}", self.short("delivery", &[source, id, part]))
    }

    fn short(&self, end: &str, parts: &[&str]) -> String {
        let [a, b, c, d, e, f, g, h, ..] = self.fold_for_log(end, &parts.join("\0"));
        hex(&[a, b, c, d, e, f, g, h])
    }

    /// Seals bytes with XChaCha20-Poly1305. The nonce is a keyed hash of the bytes: the same state gives the same
    /// text, and two different ones never share a nonce. None only where the cipher refuses the length.
    pub fn seal(&self, plain: &Phi<Vec<u8>>) -> Option<Sealed> {
        plain.classify(|plain| {
            let mut mac = self.nonce.clone();
            mac.update(plain);
            let mut nonce = [0; NONCE];
            nonce.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(out, byte)| *out = byte);
            let payload = Payload { msg: plain, aad: FORM };
            let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
            let mut bytes = nonce.to_vec();
            bytes.extend(sealed);
            Some(Sealed(STANDARD_NO_PAD.encode(bytes)))
        })
    }

    /// Opens what was sealed with the same keys; none for anything that was not, to the last bit. The caller takes
    /// what is protected in it back into protection.
    pub(super) fn open(&self, sealed: &str) -> Option<Opened> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE)?;
        let nonce = <[u8; NONCE]>::try_from(nonce).ok()?;
        self.cipher.decrypt(&XNonce::from(nonce), Payload { msg: rest, aad: FORM }).ok().map(Opened)
    }
}

fn folded(key: &Hmac<Sha256>, end: &str, text: &str) -> [u8; 16] {
    let mut mac = key.clone();
    mac.update(end.as_bytes());
    mac.update(b"\0");
    mac.update(text.as_bytes());
    let mut out = [0; 16];
    out.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(out, byte)| *out = byte);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: &str) -> StateKeys {
        StateKeys::new(seed, seed).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_keys_only() {
        let plain = Phi::new(b"Testina Testperson".to_vec());
        let sealed = keys("a").seal(&plain).unwrap();
        assert_eq!(keys("a").open(&sealed.0).unwrap().bytes(), b"Testina Testperson");
        assert!(keys("b").open(&sealed.0).is_none());
        assert_eq!(keys("a").seal(&plain).unwrap(), sealed, "the same state gives the same text");
        assert!(!STANDARD_NO_PAD.decode(&sealed.0).unwrap().windows(5).any(|part| part == b"Testi"));
    }

    #[test]
    fn every_change_of_a_sealed_text_is_refused() {
        let sealed = keys("a").seal(&Phi::new(vec![7; 40])).unwrap().0;
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(keys("a").open(&String::from_utf8(changed).unwrap()).is_none(), "{at}");
            assert!(keys("a").open(&sealed[..at]).is_none(), "cut at {at}");
        }
        assert!(keys("a").open("").is_none());
    }
}
