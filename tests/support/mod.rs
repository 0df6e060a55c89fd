//! What the tests share: a sandbox with a session, storage in memory, and the hunt for PHI.
#![allow(dead_code, reason = "each test target uses a part of it")]

#[cfg(not(target_arch = "wasm32"))]
pub mod corpus;
pub mod hunt;
#[cfg(not(target_arch = "wasm32"))]
pub mod skip;
#[cfg(not(target_arch = "wasm32"))]
pub mod walk;

use airlock::api::store::{MemoryShelf, Shelf as _};
use airlock::api::{
    Breakage, OpenScenario, Request, RunView, Session, Setup, Verification, break_signature, open_scenario,
    sign,
};
use airlock::engine::audit::note::SigningNoteKey;
use serde_json::Value;

/// 2026-01-15T09:00:00Z, the clock of the shipped scenarios, in milliseconds.
pub const NOW: i64 = 1_768_467_600_000;

/// The shipped policies, by name.
pub const POLICIES: [&str; 9] = [
    "adherence-enrolment",
    "care-coordination",
    "consent-propagation",
    "discharge-follow-up",
    "outcome-reporting",
    "patient-merge",
    "referral-intake",
    "results-intake",
    "trial-recruitment",
];

/// The happy path.
pub fn referral() -> OpenScenario {
    open_scenario("referral-created").expect("the scenario is shipped")
}

/// The happy path's body.
pub fn referral_body() -> String {
    referral().requests[0].1.body.clone()
}

/// The happy path's body as a tree of values.
pub fn referral_value() -> Value {
    serde_json::from_str(&referral_body()).expect("the body is JSON")
}

/// A session with a setup in force.
pub fn session(setup: &Setup) -> Session {
    let mut session = Session::new();
    session.configure(setup).expect("the setup can be put in force");
    session
}

/// A signed request.
pub fn signed(setup: &Setup, id: &str, timestamp: &str, body: &str) -> Request {
    let mut request = Request { headers: Vec::new(), body: body.to_owned() };
    request.set_header("webhook-id", id);
    request.set_header("webhook-timestamp", timestamp);
    sign(setup, &mut request);
    request
}

/// A signed request, stamped with the time that it is sent at.
pub fn signed_now(setup: &Setup, id: &str, body: &str) -> Request {
    signed(setup, id, &(NOW / 1000).to_string(), body)
}

/// Sends at [`NOW`].
pub fn send(session: &mut Session, request: &Request) -> RunView {
    session.send(request, NOW, &mut || 0.0)
}

/// Outcome, code and path of a run.
pub fn end(run: &RunView) -> (&str, Option<&str>, Option<&str>) {
    let refusal = run.refusal.as_ref();
    (&run.outcome, refusal.map(|r| r.code.as_str()), refusal.and_then(|r| r.path.as_deref()))
}

/// A session together with events that it has not seen yet.
pub struct Sandbox {
    /// The setup in force.
    pub setup: Setup,
    /// The session.
    pub session: Session,
    /// Numbers events and referrals.
    next: u32,
}

impl Sandbox {
    /// The referral scenario's setting.
    pub fn new() -> Self {
        Self::with(referral().setup)
    }

    /// Another setting.
    pub fn with(setup: Setup) -> Self {
        Self { session: session(&setup), setup, next: 0 }
    }

    /// An event id that was not used yet.
    pub fn fresh_id(&mut self) -> String {
        self.next += 1;
        format!("evt-fresh-{:05}", self.next)
    }

    /// Sends a body under a fresh event id.
    pub fn send_body(&mut self, body: &str) -> RunView {
        let id = self.fresh_id();
        send(&mut self.session, &signed_now(&self.setup, &id, body))
    }

    /// A body with a referral that was not sent yet.
    pub fn fresh_body(&mut self) -> String {
        self.next += 1;
        referral_body().replace("REF-001", &format!("REF-{:05}", self.next))
    }

    /// Sends a referral that was not sent yet.
    pub fn send_good(&mut self) -> RunView {
        let body = self.fresh_body();
        self.send_body(&body)
    }

    /// The connector goes on: a good referral is delivered.
    pub fn goes_on(&mut self, after: &str) {
        let run = self.send_good();
        assert_eq!(end(&run), ("delivered", None, None), "a good referral after {after}");
    }
}

/// Writes what a session has to save.
pub fn keep(session: &mut Session, shelf: &mut MemoryShelf) {
    session.save(shelf).expect("it can be written");
    assert_eq!(session.unsaved(), 0);
}

/// All of a session in a storage of its own.
pub fn kept(session: &mut Session) -> MemoryShelf {
    let mut shelf = MemoryShelf::default();
    session.forget_stored();
    keep(session, &mut shelf);
    shelf
}

/// A session as it is stored, every segment of it read, and what is wrong with it.
pub fn reopen(shelf: &MemoryShelf) -> (Session, Verification) {
    let (mut session, mut verification) =
        Session::open(shelf, SigningNoteKey::of_nobody()).expect("memory can be read");
    while let Some(faults) = session.fetch(shelf).expect("memory can be read") {
        verification.faults.extend(faults);
    }
    verification.verified = verification.faults.is_empty();
    (session, verification)
}

/// Everything that is stored, as one text.
pub fn stored_text(shelf: &MemoryShelf) -> String {
    let names = shelf.names("").expect("memory can be read");
    let texts = names.iter().filter_map(|name| shelf.get(name).expect("memory can be read"));
    texts.collect::<Vec<_>>().join("\n")
}

/// Every pointer (RFC 6901) to a leaf of a value; empty containers are leaves too.
pub fn leaves(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => members.iter().for_each(|(key, value)| {
                walk(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out)
            }),
            Value::Array(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(n, value)| walk(value, &format!("{at}/{n}"), out))
            }
            _ => out.push(at.to_owned()),
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

/// Removes what a pointer points at.
pub fn remove(value: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer below the root");
    match value.pointer_mut(parent).expect("the parent is there") {
        Value::Object(members) => drop(members.remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().expect("an index"))),
        _ => unreachable!("a parent is a container"),
    }
}

/// Line and column (in characters) of the first occurrence of a text in another, both from 1.
pub fn place_of(text: &str, part: &str) -> (u32, u32) {
    let before = &text[..text.find(part).expect("the part is in the text")];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (u32::try_from(line).expect("few lines"), u32::try_from(column).expect("short lines"))
}

/// The happy path's request with a signature that does not match.
pub fn tampered(setup: &Setup) -> Request {
    let mut request = signed_now(setup, "evt-tampered", &referral_body());
    assert!(break_signature(Breakage::OtherCharacter, &setup.source.secrets[0], &mut request));
    request
}

/// How many events the CRM demo zone has records of: those of one event share their key.
pub fn delivered(session: &Session) -> usize {
    let keys: std::collections::BTreeSet<&str> =
        session.crm().iter().map(|record| record.key.as_str()).collect();
    keys.len()
}
