//! What a body would come to, without sending it.

use super::{RunView, Session, Setup, request_for};

/// The account of a body as it would be in a connector of its own: signed, attested, and nothing seen before it.
/// Nothing of it is kept. None where the setup can't be put in force. `now` is in milliseconds since the Unix epoch.
pub fn rehearse(setup: &Setup, body: &str, now: i64) -> Option<RunView> {
    let mut session = Session::new();
    session.configure(setup).ok()?;
    session.attest(now);
    Some(session.send(&request_for(setup, body, now), now, &mut || 0.0))
}
