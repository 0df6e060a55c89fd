//! Credentials: who may send, whose keys transform, who may write; each with its time and its scopes.

use super::super::time::Instant;
use super::jwt::Algorithm;
use super::signature::Key;

/// A credential as texts, not yet read.
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialTexts<'a> {
    /// Its name: 1–64 of letters, digits, `.`, `_` and `-`.
    pub id: &'a str,
    /// `whsec_…`, `whsk_…` or `whpk_…` ([`Key::parse`]). A sink's may have none: the CRM demo zone asks for none.
    pub key: Option<&'a str>,
    /// `HS256` or `EdDSA` for one that makes assertions; none for one that signs.
    pub alg: Option<&'a str>,
    /// From when it holds, RFC 3339.
    pub not_before: Option<&'a str>,
    /// From when it holds no more, RFC 3339.
    pub expires: Option<&'a str>,
    /// The event types it is good for, each a name or a beginning and `*`; all where it does not say.
    pub scopes: Option<&'a [String]>,
}

/// A credential.
#[derive(Clone)]
pub struct Credential {
    /// Its name.
    pub id: String,
    /// The key, where it has one.
    pub key: Option<Key>,
    /// The algorithm of its assertions; none where it signs the request itself.
    pub assertion: Option<Algorithm>,
    /// From when it holds.
    pub not_before: Option<Instant>,
    /// From when it holds no more.
    pub expires: Option<Instant>,
    scopes: Option<Vec<String>>,
}

/// How a credential stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialState {
    /// In force.
    Active,
    /// In force, beside one that came before it in the list: senders are changing over.
    Rotating,
    /// In force, and will not be in fourteen days.
    ExpiringSoon,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
}

impl CredentialState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rotating => "rotating",
            Self::ExpiringSoon => "expiring-soon",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
        }
    }
}

/// How long before its end a credential is said to expire soon, in milliseconds.
const SOON: i64 = 14 * 86_400_000;

impl Credential {
    /// Reads a credential. None where a part has not its form, where the key does not fit the algorithm, where
    /// an HS256 key has fewer than 32 bytes (RFC 7518, section 3.2), or where it ends before it begins.
    pub fn read(texts: &CredentialTexts<'_>) -> Option<Self> {
        let name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if !(1..=64).contains(&texts.id.len()) || !texts.id.bytes().all(name) {
            return None;
        }
        let key = texts.key.map(|text| Key::parse(text).ok_or(())).transpose().ok()?;
        let assertion = texts.alg.map(|text| Algorithm::parse(text).ok_or(())).transpose().ok()?;
        if let Some(algorithm) = assertion {
            Some(algorithm).filter(|algorithm| key.as_ref().is_some_and(|key| algorithm.fits(key)))?;
        }
        let time = |text: Option<&str>| text.map(|text| Instant::parse(text).ok_or(())).transpose().ok();
        let (not_before, expires) = (time(texts.not_before)?, time(texts.expires)?);
        if not_before.zip(expires).is_some_and(|(from, until)| from >= until) {
            return None;
        }
        let scopes = texts.scopes.map(<[String]>::to_vec);
        let in_form = |scope: &String| {
            let stem = scope.strip_suffix('*').unwrap_or(scope);
            !scope.is_empty() && !stem.contains('*')
        };
        if !scopes.iter().flatten().all(in_form) {
            return None;
        }
        Some(Self { id: texts.id.to_owned(), key, assertion, not_before, expires, scopes })
    }

    /// How it stands at a time, by itself: [`states`] also sees its neighbours.
    pub fn state(&self, now: Instant) -> CredentialState {
        if self.expires.is_some_and(|until| now >= until) {
            CredentialState::Expired
        } else if self.not_before.is_some_and(|from| now < from) {
            CredentialState::NotYetValid
        } else if self.expires.is_some_and(|until| until.0.saturating_sub(now.0) <= SOON) {
            CredentialState::ExpiringSoon
        } else {
            CredentialState::Active
        }
    }

    /// Whether it holds at a time: from `not_before`, until just before `expires`.
    pub fn in_force(&self, now: Instant) -> bool {
        !matches!(self.state(now), CredentialState::Expired | CredentialState::NotYetValid)
    }

    /// Whether its scopes have this event type.
    pub fn grants(&self, event_type: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| {
            scopes.iter().any(|scope| match scope.strip_suffix('*') {
                Some(stem) => event_type.starts_with(stem),
                None => scope == event_type,
            })
        })
    }

    /// Its scopes; none where it is good for every event type.
    pub fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }
}

/// How each of a list, newest first, stands at a time.
pub fn states(credentials: &[Credential], now: Instant) -> Vec<CredentialState> {
    credentials
        .iter()
        .enumerate()
        .map(|(place, own)| {
            let alike = |other: &Credential| {
                let asymmetric = |c: &Credential| c.key.as_ref().is_some_and(Key::is_asymmetric);
                other.assertion == own.assertion && asymmetric(other) == asymmetric(own)
            };
            let newer = || credentials.iter().take(place).any(|other| alike(other) && other.in_force(now));
            match own.state(now) {
                CredentialState::Active if newer() => CredentialState::Rotating,
                state => state,
            }
        })
        .collect()
}

/// Why none of a list of credentials may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// None is in force.
    NotInForce,
    /// None in force has the event type among its scopes.
    NotGranted,
}

/// The first of a list that is in force and good for an event type; none where the list is empty, since then
/// nothing is asked for.
///
/// # Errors
/// Why there is none.
pub fn usable<'a>(
    credentials: impl IntoIterator<Item = &'a Credential>,
    event_type: &str,
    now: Instant,
) -> Result<Option<&'a Credential>, Unusable> {
    let mut why = None;
    for credential in credentials {
        match (credential.in_force(now), credential.grants(event_type)) {
            (true, true) => return Ok(Some(credential)),
            (true, false) => why = Some(Unusable::NotGranted),
            (false, _) => why = why.or(Some(Unusable::NotInForce)),
        }
    }
    why.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";
    const DAY: i64 = 86_400_000;

    fn of(id: &'static str, not_before: Option<&str>, expires: Option<&str>) -> Credential {
        let texts = CredentialTexts { id, key: Some(SECRET), not_before, expires, ..Default::default() };
        Credential::read(&texts).unwrap()
    }

    #[test]
    fn what_has_not_its_form_is_no_credential() {
        let good = CredentialTexts { id: "a", key: Some(SECRET), ..Default::default() };
        assert!(Credential::read(&good).is_some());
        let short = "whsec_b29vb29vb29vb29vb29vb29vb29vb29v";
        assert!(Key::parse(short).is_some());
        let scopes = ["a*b".to_owned()];
        for bad in [
            CredentialTexts { id: "", ..good },
            CredentialTexts { id: "a b", ..good },
            CredentialTexts { key: Some("whsec_"), ..good },
            CredentialTexts { alg: Some("none"), ..good },
            CredentialTexts { alg: Some("RS256"), ..good },
            CredentialTexts { alg: Some("EdDSA"), ..good },
            CredentialTexts { alg: Some("HS256"), key: Some(short), ..good },
            CredentialTexts { alg: Some("HS256"), key: None, ..good },
            CredentialTexts { expires: Some("tomorrow"), ..good },
            CredentialTexts {
                not_before: Some("2026-01-02T00:00:00Z"),
                expires: Some("2026-01-01T00:00:00Z"),
                ..good
            },
            CredentialTexts { scopes: Some(&scopes), ..good },
        ] {
            assert!(Credential::read(&bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_credential_holds_from_its_beginning_until_just_before_its_end() {
        let own = of("a", Some("2026-01-01T00:00:00Z"), Some("2026-03-01T00:00:00Z"));
        let (from, until) = (own.not_before.unwrap().0, own.expires.unwrap().0);
        for (at, state) in [
            (from - 1, CredentialState::NotYetValid),
            (from, CredentialState::Active),
            (until - 14 * DAY - 1, CredentialState::Active),
            (until - 14 * DAY, CredentialState::ExpiringSoon),
            (until - 1, CredentialState::ExpiringSoon),
            (until, CredentialState::Expired),
        ] {
            assert_eq!(own.state(Instant(at)), state, "{at}");
        }
    }

    #[test]
    fn the_older_of_two_in_force_is_rotating() {
        let list =
            [of("next", Some("2026-02-01T00:00:00Z"), None), of("now", None, None), of("old", None, None)];
        let at = |text: &str| states(&list, Instant::parse(text).unwrap());
        use CredentialState::{Active, NotYetValid, Rotating};
        assert_eq!(at("2026-01-15T00:00:00Z"), [NotYetValid, Active, Rotating]);
        assert_eq!(at("2026-02-15T00:00:00Z"), [Active, Rotating, Rotating]);
    }

    #[test]
    fn scopes_are_names_or_beginnings() {
        let scoped = |scopes: &[&str]| {
            let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
            let texts = CredentialTexts { id: "a", scopes: Some(&scopes), ..Default::default() };
            Credential::read(&texts).unwrap()
        };
        let own = scoped(&["referral.*", "lab-result.finalised"]);
        for (event_type, granted) in [
            ("referral.created", true),
            ("referral.", true),
            ("referral", false),
            ("lab-result.finalised", true),
            ("lab-result.finalised2", false),
            ("lab-result.amended", false),
        ] {
            assert_eq!(own.grants(event_type), granted, "{event_type}");
        }
        assert!(scoped(&["*"]).grants("anything"));
        assert!(!scoped(&[]).grants("anything"), "an empty list grants nothing");
        let now = Instant(0);
        assert!(matches!(usable(&[], "x", now), Ok(None)));
        assert!(matches!(usable([&own], "x", now), Err(Unusable::NotGranted)));
        let expired = of("b", None, Some("1960-01-01T00:00:00Z"));
        assert!(matches!(usable([&expired], "x", now), Err(Unusable::NotInForce)));
        assert!(matches!(usable([&own, &expired], "x", now), Err(Unusable::NotGranted)));
        assert_eq!(usable([&expired, &own], "referral.created", now).unwrap().unwrap().id, "a");
    }
}
