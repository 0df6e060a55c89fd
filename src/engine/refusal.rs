//! Refusals: every code the connector can refuse with, in one catalogue.

use super::Stage;
use super::spelled::Spelled;

/// A place in a text: line and column from 1 (the column in characters), offset in bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Byte offset.
    pub offset: u32,
}

impl Place {
    /// The place of a byte offset in a text; past its end, the end.
    pub fn of(text: &str, offset: u32) -> Self {
        let mut at = (offset as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = text.get(..at).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: count(before.bytes().filter(|b| *b == b'\n').count() + 1),
            column: count(before.get(line_start..).unwrap_or("").chars().count() + 1),
            offset: count(at),
        }
    }
}

/// The places of offsets that come in ascending order, each found from the one before.
pub struct Places<'a> {
    text: &'a str,
    last: Place,
}

impl<'a> Places<'a> {
    /// Starts at the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, last: Place { line: 1, column: 1, offset: 0 } }
    }

    /// The place of a byte offset; one before the last is looked up from the beginning.
    pub fn next(&mut self, offset: u32) -> Place {
        if offset < self.last.offset {
            self.last = Place { line: 1, column: 1, offset: 0 };
        }
        let rest = self.text.get(self.last.offset as usize..).unwrap_or("");
        let step = Place::of(rest, offset - self.last.offset);
        let column = if step.line == 1 { self.last.column + step.column - 1 } else { step.column };
        self.last =
            Place { line: self.last.line + step.line - 1, column, offset: self.last.offset + step.offset };
        self.last
    }
}

/// Why a delivery did not go through: a code, and where. Never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// The element, header or rule field it is about.
    pub path: Option<Spelled>,
    /// The place in the raw body.
    pub place: Option<Place>,
}

impl Refusal {
    /// A refusal of the whole.
    pub fn new(code: Code) -> Self {
        Self { code, path: None, place: None }
    }

    /// A refusal about an element, header or field.
    pub fn about(code: Code, path: impl Into<Spelled>) -> Self {
        Self { code, path: Some(path.into()), place: None }
    }

    /// A refusal at a place.
    pub fn at(code: Code, place: Place) -> Self {
        Self { code, path: None, place: Some(place) }
    }

    /// The same, with a place.
    pub fn with_place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// What one button could change in the request to mend a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Compute the signature again.
    SignAgain,
    /// Set the timestamp to now and sign.
    StampNow,
    /// Take an event id of its own and sign.
    NewId,
    /// Attest that the data is synthetic.
    Attest,
    /// Put the original body back.
    RestoreBody,
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident $code:literal $stage:ident $status:literal $remedy:expr, $message:literal, $help:literal;)*) => {
        /// The stable codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as it appears outside, e.g. `webhook.signature-mismatch`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The stage that refuses with it.
            pub fn stage(self) -> Stage {
                match self { $(Code::$name => Stage::$stage,)* }
            }

            /// HTTP status of the answer when refused at the door; 202 for refusals after acknowledgement.
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// Whether what failed with it may succeed when it is tried again as it is.
            pub fn is_transient(self) -> bool {
                matches!(
                    self,
                    Self::SinkUnavailable | Self::SinkThrottled | Self::SinkNotInForce | Self::TransformNotInForce
                )
            }

            /// The code of this name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// The change that one button could make.
            pub fn remedy(self) -> Option<Remedy> {
                match self { $(Code::$name => $remedy,)* }
            }

            /// What happened, in one sentence.
            pub fn message(self) -> &'static str {
                match self { $(Code::$name => $message,)* }
            }

            /// How to mend the fixture.
            pub fn help(self) -> &'static str {
                match self { $(Code::$name => $help,)* }
            }
        }
    };
}

catalogue! {
    /// The connector has no policy, adapter or secrets in force.
    NotConfigured "connector.not-configured" Webhook 503 None,
        "No policy is in force, so nothing can be decided.",
        "Mend the errors in the policy, adapter and secrets, then send again.";
    /// A required header is absent.
    HeaderMissing "webhook.header-missing" Webhook 400 Some(Remedy::SignAgain),
        "A header that Standard Webhooks requires is missing.",
        "Send webhook-id, webhook-timestamp and webhook-signature.";
    /// A header that must be there once appears twice.
    HeaderRepeated "webhook.header-repeated" Webhook 400 None,
        "A signed header appears more than once, so it is not clear which one was signed.",
        "Send each webhook header exactly once.";
    /// A header that could hide another.
    HeaderMalformed "webhook.header-malformed" Webhook 400 None,
        "A header has a control character, or a name that is no header name, so that another could hide in it.",
        "Send each header on a line of its own, without line breaks or other control characters.";
    /// The headers are over 16 KiB.
    HeadersTooLarge "webhook.headers-too-large" Webhook 431 None,
        "The headers are larger than the 16 KiB that one delivery may have.",
        "Send the webhook headers, the content type, and little else.";
    /// Not JSON in UTF-8 by its own account.
    ContentTypeUnsupported "webhook.content-type-unsupported" Webhook 415 None,
        "The headers say that the body is not JSON in UTF-8.",
        "Send application/json or application/fhir+json with charset utf-8, FHIR version 4.0, not compressed; or no content type at all.";
    /// The id is not 1–128 of `A–Z a–z 0–9 _ -`.
    IdMalformed "webhook.id-malformed" Webhook 400 Some(Remedy::NewId),
        "The webhook-id is empty, too long, or has characters that an id may not have.",
        "Use 1 to 128 letters, digits, '-' or '_'; a '.' would make the signed content ambiguous.";
    /// The timestamp is not a whole number of seconds.
    TimestampMalformed "webhook.timestamp-malformed" Webhook 400 Some(Remedy::StampNow),
        "The webhook-timestamp is not a whole number of Unix seconds.",
        "Send seconds since 1970-01-01 as digits only.";
    /// The timestamp is more than 300 s ago.
    TimestampTooOld "webhook.timestamp-too-old" Webhook 400 Some(Remedy::StampNow),
        "The timestamp is more than 300 seconds in the past: this could be a replay.",
        "Stamp the request with the present time and sign it again.";
    /// The timestamp is more than 300 s ahead.
    TimestampTooNew "webhook.timestamp-too-new" Webhook 400 Some(Remedy::StampNow),
        "The timestamp is more than 300 seconds in the future.",
        "Set the sender's clock right, then stamp and sign again.";
    /// No signature of a known version.
    SignatureUnsupported "webhook.signature-unsupported" Webhook 401 Some(Remedy::SignAgain),
        "The signature header holds no signature of a version this connector knows.",
        "Sign with HMAC-SHA256 and send it as 'v1,' and base64.";
    /// Signatures of a known version, none of which can be read.
    SignatureMalformed "webhook.signature-malformed" Webhook 401 Some(Remedy::SignAgain),
        "No signature is base64 of the length that its version has, or there are more than 16.",
        "A 'v1' signature is base64 of 32 bytes and a 'v1a' one of 64, with padding and nothing around it.";
    /// No signature matches.
    SignatureMismatch "webhook.signature-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "No signature matches the id, timestamp and body that arrived.",
        "The body, id or timestamp changed after signing, or the secret is another one: sign again over what is sent.";
    /// The credential that fits has expired.
    CredentialExpired "webhook.credential-expired" Webhook 401 None,
        "The request was made with a credential that has expired.",
        "Sign with the credential that is in force; the list of credentials shows which one that is.";
    /// The credential that fits does not hold yet.
    CredentialNotYetValid "webhook.credential-not-yet-valid" Webhook 401 None,
        "The request was made with a credential that does not hold yet.",
        "Sign with the credential that is in force until the new one's time has come.";
    /// No assertion can be judged.
    AssertionUnsupported "webhook.assertion-unsupported" Webhook 401 Some(Remedy::SignAgain),
        "The Authorization header is no Bearer token, or this source has no credential for assertions.",
        "Send 'Bearer' and a JSON Web Token made with one of the source's credentials, or sign the request.";
    /// Not a JSON Web Token.
    AssertionMalformed "webhook.assertion-malformed" Webhook 401 Some(Remedy::SignAgain),
        "The assertion is not a JSON Web Token in compact form.",
        "A token is three parts of base64url without padding, with dots between; the first two are JSON objects without a key twice.";
    /// `alg` is `none`.
    AssertionAlgNone "webhook.assertion-alg-none" Webhook 401 Some(Remedy::SignAgain),
        "The assertion says that it is not signed at all.",
        "Sign the token with the algorithm of its credential: 'none' is never accepted.";
    /// `alg` is another than the credential's.
    AssertionAlgMismatch "webhook.assertion-alg-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "The assertion names another algorithm than its credential is pinned to.",
        "Use the credential's own algorithm: a token can't choose how it is verified.";
    /// `kid` names nobody.
    AssertionKeyUnknown "webhook.assertion-key-unknown" Webhook 401 Some(Remedy::SignAgain),
        "The assertion names a credential that this source does not have.",
        "Put the credential's id in 'kid', or leave 'kid' out.";
    /// `crit` is there.
    AssertionCritUnknown "webhook.assertion-crit-unknown" Webhook 401 Some(Remedy::SignAgain),
        "The assertion has an extension that must be understood and is not known here.",
        "Leave 'crit' out (RFC 7515, section 4.1.11): no extension is known here.";
    /// The signature does not fit.
    AssertionSignatureMismatch "webhook.assertion-signature-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "The assertion's signature does not match its header and claims.",
        "The token changed after signing, or the key is another one: make a new token.";
    /// A required claim is absent.
    AssertionClaimMissing "webhook.assertion-claim-missing" Webhook 401 Some(Remedy::SignAgain),
        "The assertion lacks a claim that it must have.",
        "A token has 'iss', 'aud', 'exp', 'jti' and 'content_sha256'.";
    /// A claim has the wrong form.
    AssertionClaimMalformed "webhook.assertion-claim-malformed" Webhook 401 Some(Remedy::SignAgain),
        "A claim of the assertion has not its form.",
        "Times are seconds since 1970-01-01 as a number; 'jti' has 1 to 128 visible ASCII characters; 'content_sha256' is base64url without padding.";
    /// `exp` has passed.
    AssertionExpired "webhook.assertion-expired" Webhook 401 Some(Remedy::StampNow),
        "The assertion has expired.",
        "Make a new token: 'exp' must be later than the arrival of the request.";
    /// `nbf` has not come.
    AssertionNotYetValid "webhook.assertion-not-yet-valid" Webhook 401 Some(Remedy::StampNow),
        "The assertion does not hold yet.",
        "Set the sender's clock right: 'nbf' must not be later than the arrival of the request.";
    /// `iss` is another source.
    AssertionIssuerMismatch "webhook.assertion-issuer-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "The assertion was issued by another than this source.",
        "Put the source's id in 'iss'.";
    /// `aud` does not name the connector.
    AssertionAudienceMismatch "webhook.assertion-audience-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "The assertion is meant for another recipient.",
        "Put 'airlock' in 'aud': a token for another system opens nothing here.";
    /// The token belongs to another message.
    AssertionContentMismatch "webhook.assertion-content-mismatch" Webhook 401 Some(Remedy::SignAgain),
        "The assertion was made for another id, timestamp or body than those that arrived.",
        "Make a token for this message: 'content_sha256' is the SHA-256 of 'id.timestamp.body'.";
    /// The token came before.
    AssertionReplayed "webhook.assertion-replayed" Webhook 401 Some(Remedy::NewId),
        "An assertion of this id came before: this could be a replay.",
        "Make a new token with a 'jti' of its own for each request, also when the same event is sent again.";
    /// The id came before with another content.
    IdConflict "webhook.id-conflict" Webhook 409 Some(Remedy::NewId),
        "Another content came before under the same event id.",
        "An id stands for one event for good: give the changed event an id of its own. Was it not you who sent it, look into it.";
    /// The source sends too often.
    RateLimited "webhook.rate-limited" Webhook 429 None,
        "The source sends more often than it may.",
        "Send again after the seconds in Retry-After; nothing of this request was kept.";
    /// The body is empty.
    BodyEmpty "webhook.body-empty" Webhook 400 Some(Remedy::RestoreBody),
        "The body is empty.",
        "Send the event as JSON.";
    /// The body is over 8 MiB.
    BodyTooLarge "webhook.body-too-large" Webhook 413 None,
        "The body is larger than the 8 MiB that one delivery may have.",
        "Send the resources as separate events; a file that you open is split for you.";
    /// Too many events wait.
    QueueFull "queue.full" Queue 429 None,
        "Too many events are waiting.",
        "Send again in a while; nothing of this request was kept.";
    /// A notification whose first entry is no status.
    NotificationStatusMissing "notification.status-missing" Validate 202 Some(Remedy::RestoreBody),
        "A subscription notification starts with the subscription's status, and this one does not.",
        "Make the first entry a Parameters resource (Subscriptions R5 Backport, R4 notifications).";
    /// An entry of a history without its request.
    NotificationRequestMissing "notification.request-missing" Validate 202 Some(Remedy::RestoreBody),
        "An entry of the notification does not say which request it stands for.",
        "Each entry of a Bundle of type 'history' has 'request' (FHIR R4, bdl-3).";
    /// A parameter that has to be there is not.
    NotificationParameterMissing "notification.parameter-missing" Validate 202 Some(Remedy::RestoreBody),
        "The subscription's status lacks a parameter that it must have.",
        "Add the parameter at the path given: 'subscription', 'status' and 'type', and 'event-number' for each event.";
    /// A parameter that can't be read.
    NotificationParameterInvalid "notification.parameter-invalid" Validate 202 Some(Remedy::RestoreBody),
        "A parameter of the subscription's status is repeated, of the wrong type, or not one of its codes.",
        "See the Subscriptions R5 Backport guide for the parameter at the path given.";
    /// A number that is none.
    NotificationNumberInvalid "notification.number-invalid" Validate 202 Some(Remedy::RestoreBody),
        "A count or number of events is not an unsigned number of 64 bits, written as a string of digits.",
        "Write it in 'valueString', as digits only and without leading zeros; events are numbered from 1.";
    /// A number that can't be meant.
    NotificationNumberImplausible "notification.number-implausible" Validate 202 None,
        "An event number is more than 1000 ahead of what came so far, too far to fill what would be missing.",
        "Start the subscription anew with a handshake, so that its events are counted from there.";
    /// A number that came before, with another content.
    NotificationEventConflict "notification.event-conflict" Validate 202 None,
        "An event of this number came before and was about something else.",
        "Ask the source which of the two is meant, and have it sent under a number of its own.";
    /// Events are missing.
    NotificationGap "notification.gap" Queue 202 None,
        "Events of the subscription are missing: they are waited for, and then asked for.",
        "Nothing is to be done: what comes late is put in order.";
    /// An event that nobody has.
    NotificationEventUnavailable "notification.event-unavailable" Queue 202 None,
        "An event was told of, but neither the notification nor the EHR sandbox holds what it is about.",
        "Put the resource, or the subscription's 'query-event' notification, into the EHR sandbox and re-drive it.";
    /// The subscription does not work.
    SubscriptionFailing "notification.subscription-failing" Queue 202 None,
        "The source says that the subscription is in error or off: events may no longer come.",
        "Mend the subscription at the source; what comes nevertheless is worked on.";
    /// Every try failed.
    AttemptsExhausted "queue.attempts-exhausted" Queue 202 None,
        "Every try to deliver the event failed, so it was set aside as a dead letter.",
        "See why its tries failed, mend that, then re-drive it: it keeps its correlation id and is not written twice.";
    /// A kept queue does not open.
    StateUnreadable "queue.state-unreadable" Queue 202 None,
        "The kept state of the queue does not open: it was changed, or sealed with another setting's keys.",
        "It is kept as it is. Put the setting in force that it was sealed under, or bring back an unchanged copy.";
    /// The body is not UTF-8.
    NotUtf8 "json.not-utf8" Validate 202 None,
        "The body is not UTF-8 text.",
        "JSON is exchanged in UTF-8 (RFC 8259, section 8.1): save the file as UTF-8.";
    /// Not JSON.
    JsonSyntax "json.syntax" Validate 202 Some(Remedy::RestoreBody),
        "The text is not JSON.",
        "Look at the place given: a missing comma, quote or bracket, or a word that JSON does not have.";
    /// Nested too deep.
    JsonTooDeep "json.too-deep" Validate 202 None,
        "The JSON is nested deeper than 128 levels.",
        "No FHIR resource needs that depth: flatten it.";
    /// A key twice in one object.
    JsonDuplicateKey "json.duplicate-key" Validate 202 Some(Remedy::RestoreBody),
        "An object has the same key twice, so readers would disagree about its value.",
        "Keep one of the two.";
    /// Half of a surrogate pair.
    JsonLoneSurrogate "json.lone-surrogate" Validate 202 None,
        "A \\u escape is half of a surrogate pair, which is not a character.",
        "Write both halves, or the character itself.";
    /// The event envelope has the wrong shape.
    EnvelopeInvalid "event.envelope-invalid" Validate 202 Some(Remedy::RestoreBody),
        "The body is neither a FHIR resource nor an event envelope.",
        "An envelope has 'type', 'timestamp' and 'data' (a FHIR resource), and may have 'source'; nothing else.";
    /// Real-looking data without attestation.
    AttestationRequired "synthetic.attestation-required" Validate 202 Some(Remedy::Attest),
        "This does not look synthetic: it has names, record numbers or dates of birth that could be a person's.",
        "Use plainly synthetic data such as PAT-001, or attest that it is synthetic; the attestation is audited.";
    /// No resource type.
    ResourceTypeMissing "validate.resource-type-missing" Validate 202 Some(Remedy::RestoreBody),
        "The resource does not say its type.",
        "Add 'resourceType'.";
    /// Not a FHIR R4 resource type.
    ResourceTypeUnknown "validate.resource-type-unknown" Validate 202 Some(Remedy::RestoreBody),
        "The resource type does not exist in FHIR R4.",
        "Check the spelling; names are case-sensitive, e.g. 'ServiceRequest'.";
    /// The policy does not cover the event type.
    EventTypeNotCovered "validate.event-type-not-covered" Validate 202 None,
        "The policy in force does not let its recipient have this type of event at all.",
        "Use a policy that covers the event type, or leave it: what no policy names does not cross.";
    /// The credential may not send this event type.
    ScopeNotGranted "validate.scope-not-granted" Validate 202 None,
        "The credential that the event came with is not good for events of this type.",
        "Send it with a credential whose scopes have the event type, or widen the scopes.";
    /// The policy does not let a resource type in.
    ResourceTypeNotCovered "validate.resource-type-not-covered" Validate 202 None,
        "The event brings a resource of a type that the policy does not let in, whatever is read of it.",
        "Leave the resource out, or add its type to the policy's 'resourceTypes'.";
    /// The source means the event for somebody else.
    RecipientNotCovered "validate.recipient-not-covered" Validate 202 None,
        "The source says for whom this is meant, and it is not the policy's recipient.",
        "Send it to whom it is meant for, or use the policy of that recipient.";
    /// The source limits the purposes of use, and the policy's is another.
    PurposeNotCovered "validate.purpose-not-covered" Validate 202 None,
        "A security label limits what the resource may be used for, and the policy's purpose is not among it.",
        "Use a policy for a purpose that 'meta.security' names.";
    /// The person lives in another jurisdiction, or may.
    JurisdictionNotCovered "validate.jurisdiction-not-covered" Validate 202 None,
        "The patient has an address in force outside the policy's jurisdictions, or none that says where they live.",
        "Use a policy that was made for that jurisdiction, or send the address in force with its state and country.";
    /// Several event types fit what came without an envelope.
    EventTypeAmbiguous "validate.event-type-ambiguous" Validate 202 None,
        "Without an envelope, the resources could be several types of event.",
        "Send them in an envelope that says its 'type', or send one event for each.";
    /// The focus is in another state than the event type says.
    EventStateMismatch "validate.event-state-mismatch" Validate 202 None,
        "The resource is in another state than the event says: what the event tells has not happened.",
        "Send the event that fits the resource's state; the adapter lists the state that each event needs.";
    /// Several patients' at once.
    SubjectAmbiguous "validate.subject-ambiguous" Validate 202 None,
        "The event is about several patients at once, so no one's consent can speak for it.",
        "Send one event for each patient.";
    /// The source is not named.
    SourceMissing "provenance.source-missing" Validate 202 None,
        "The envelope does not name its source; the secret that signed it does.",
        "Add 'source' with the source's own id, so that what is sent says the same as who signed it.";
    /// The source is another than the secret's.
    SourceMismatch "provenance.source-mismatch" Validate 202 Some(Remedy::RestoreBody),
        "The envelope names another source than the one whose secret signed it.",
        "Send the source's own id.";
    /// `meta.source` names another system.
    SourceElsewhere "provenance.resource-from-elsewhere" Validate 202 None,
        "By its own 'meta.source' the resource comes from another system than the one that sent it.",
        "See that the sender may pass it on, or send it from the system that it comes from.";
    /// The envelope's timestamp is none.
    TimestampInvalid "provenance.timestamp-malformed" Validate 202 Some(Remedy::RestoreBody),
        "The envelope's timestamp is not a time.",
        "Write RFC 3339 with a time zone, e.g. '2026-01-15T09:00:00Z'.";
    /// The event happens after it was sent.
    TimestampAhead "provenance.timestamp-ahead" Validate 202 Some(Remedy::RestoreBody),
        "By its envelope the event happened more than 300 seconds after it was sent.",
        "Set the clock of the sending system; 'timestamp' is when the event happened.";
    /// The event is long past.
    TimestampStale "provenance.timestamp-stale" Validate 202 None,
        "By its envelope the event happened more than seven days before it was sent.",
        "An old event may no longer be true: see that it is meant to come so late.";
    /// An older version than one that was seen.
    VersionBackwards "provenance.version-backwards" Validate 202 None,
        "A later version of this resource came before, so this one is out of date.",
        "Send the resource as it is now: 'meta.versionId' and 'meta.lastUpdated' only go up.";
    /// A date that can't be.
    DateAhead "provenance.date-ahead" Validate 202 Some(Remedy::RestoreBody),
        "A date of what has already happened, or a plan, lies too far in the future.",
        "Correct the date, or set the clock later: the past may be ahead by a day at most, for time zones, and a plan by ten years.";
    /// A consent of somebody nobody knows.
    PatientUnknown "provenance.patient-unknown" Validate 202 None,
        "The consent is of a patient of whom nothing is known here.",
        "Send the Patient in the same event, or a consent of a patient who has one on file.";
    /// The event type's resource is not there.
    FocusMissing "validate.focus-missing" Validate 202 Some(Remedy::RestoreBody),
        "The event has no resource of the type that it is about.",
        "Send the resource that the event type stands for, e.g. a ServiceRequest for 'referral.created'.";
    /// It is there only to be deleted.
    FocusDeleted "validate.focus-deleted" Validate 202 None,
        "What the event would be about is deleted by a request of the Bundle: a deletion is no creation.",
        "Send the event without the entry whose 'request.method' is DELETE, if the resource still exists.";
    /// The Patient is not there.
    ContextMissing "validate.context-missing" Validate 202 Some(Remedy::RestoreBody),
        "The Patient that the event refers to is not in it, so where the patient lives and what identifies the patient can't be told.",
        "Send the Patient along: in the event's Bundle, or in the same file or folder, once, under the id that the reference at the path names.";
    /// More resources than an event may have.
    ContextTooLarge "validate.context-too-large" Validate 202 None,
        "The event has more than the 2,000 resources that one may have, with what it refers to.",
        "Send it without the list or group that refers to so many; its Patient and what else is about it may stay.";
    /// More than one.
    FocusAmbiguous "validate.focus-ambiguous" Validate 202 None,
        "The event has several resources of the type that it is about.",
        "Send one event for each.";
    /// A Bundle entry without a resource.
    EntryWithoutResource "validate.entry-without-resource" Validate 202 None,
        "A Bundle entry has no resource.",
        "Put the resource in the entry, or leave the entry out.";
    /// A required element is absent.
    RequiredMissing "validate.required-missing" Validate 202 Some(Remedy::RestoreBody),
        "An element that must be there is missing.",
        "Add the element at the path given.";
    /// An element that the type does not have.
    ElementUnknown "validate.unknown-element" Validate 202 Some(Remedy::RestoreBody),
        "FHIR R4 does not have this element here.",
        "Check the spelling and the level it stands at; what FHIR has no element for goes in an extension.";
    /// An element has the wrong JSON type.
    WrongType "validate.wrong-type" Validate 202 Some(Remedy::RestoreBody),
        "An element is of the wrong kind.",
        "See the FHIR R4 definition of the element at the path given.";
    /// More values than an element may have.
    TooMany "validate.too-many" Validate 202 Some(Remedy::RestoreBody),
        "An element has more values than it may have.",
        "Keep one: an element with an upper bound of 1 is no array, and a choice has one type at a time.";
    /// Nothing in it.
    Empty "validate.empty" Validate 202 Some(Remedy::RestoreBody),
        "An element is there and has nothing in it.",
        "Leave the element out: FHIR JSON has no empty strings, arrays or objects, and null only to line up sidecars.";
    /// A primitive that has not the form of its type.
    FormatInvalid "validate.format-invalid" Validate 202 Some(Remedy::RestoreBody),
        "A value has not the form that its FHIR type requires.",
        "See the FHIR R4 data types for the form of this one.";
    /// A code outside its required value set.
    CodeInvalid "validate.code-invalid" Validate 202 Some(Remedy::RestoreBody),
        "A code is not one of those that FHIR R4 requires here.",
        "Use a code of the element's required value set; codes are case-sensitive.";
    /// A rule between elements does not hold.
    InvariantBroken "validate.invariant-broken" Validate 202 Some(Remedy::RestoreBody),
        "A rule that FHIR R4 sets between elements does not hold.",
        "See the rule named, in the FHIR R4 definition of the type.";
    /// A reference of no known form, or to a type that may not stand here.
    ReferenceInvalid "validate.reference-invalid" Validate 202 Some(Remedy::RestoreBody),
        "A reference has no form that FHIR R4 knows, or points to a type that may not stand here.",
        "Write 'Type/id', an absolute URL, 'urn:uuid:…' or '#id', to one of the types that the element allows.";
    /// A reference into the same document that leads nowhere.
    ReferenceUnresolved "validate.reference-unresolved" Validate 202 Some(Remedy::RestoreBody),
        "A reference into this document leads to nothing in it.",
        "Contain the resource under the id that the reference names, or put it in the Bundle under that 'fullUrl'.";
    /// Narrative with markup that FHIR forbids.
    NarrativeInvalid "validate.narrative-invalid" Validate 202 Some(Remedy::RestoreBody),
        "The narrative is not the limited XHTML that FHIR R4 allows.",
        "One 'div' in the XHTML namespace, with text, formatting, tables, lists, links and images; no scripts, forms or event attributes.";
    /// The source's elements are no longer those that the adapter reads.
    SchemaDrift "validate.schema-drift" Validate 202 None,
        "The source's schema has drifted: an element was renamed, retyped or added where the adapter reads.",
        "See the issue for what to change in the adapter; the event is kept among the dead letters, to be re-driven after that.";
    /// A modifier that changes the meaning of what carries it.
    ModifierUnknown "validate.modifier-unknown" Validate 202 Some(Remedy::RestoreBody),
        "An element changes the meaning of the resource in a way that is not known here.",
        "Nothing may be read past an unknown modifier (FHIR R4, 2.4.0.1): send a resource without it.";
    /// The subject can't be told.
    SubjectUnknown "consent.subject-unknown" Consent 202 None,
        "The event does not say whose it is: a query, a contained Patient or an identifier without a system names nobody.",
        "Give 'subject' a reference to a Patient by type and id, or an identifier with its system.";
    /// The patient's record was merged into another.
    SubjectMerged "consent.subject-merged" Consent 202 None,
        "This patient's record was merged into another one, and nothing crosses under the old one.",
        "Send the event under the record that took its place.";
    /// No consent on file.
    ConsentAbsent "consent.absent" Consent 202 None,
        "There is no consent of this patient on file, and absence is not permission.",
        "Put a FHIR Consent for the patient on file, then send it as a new event.";
    /// None is active.
    ConsentInactive "consent.inactive" Consent 202 None,
        "No consent of this patient is active.",
        "Only a Consent with status 'active' permits.";
    /// Outside the period.
    ConsentOutsidePeriod "consent.outside-period" Consent 202 None,
        "The consent does not hold at this time.",
        "Compare 'provision.period' with the time of the event.";
    /// Another purpose.
    ConsentPurpose "consent.purpose-not-covered" Consent 202 None,
        "The consent does not cover the policy's purpose of use.",
        "The purpose must be among 'provision.purpose'.";
    /// Another recipient.
    ConsentRecipient "consent.recipient-not-covered" Consent 202 None,
        "The consent does not cover the policy's recipient.",
        "The recipient must be among 'provision.actor'.";
    /// Denied.
    ConsentDenied "consent.denied" Consent 202 None,
        "The patient's consent denies this disclosure.",
        "This is the patient's decision: nothing may cross.";
    /// Can't be told.
    ConsentUnclear "consent.unclear" Consent 202 None,
        "The consent has a condition that can't be decided here, and unclear is not permission.",
        "Look at the consent's provisions: each condition must be one that can be evaluated.";
    /// No transform credential is in force.
    TransformNotInForce "redact.credential-not-in-force" Redact 202 None,
        "No credential for the token keys is in force, so nothing can be tokenised.",
        "Put a transform credential in force whose time has come and is not over.";
    /// No transform credential has the event type.
    TransformNotGranted "redact.scope-not-granted" Redact 202 None,
        "No credential for the token keys is good for events of this type.",
        "Widen the scopes of the transform credential that is in force.";
    /// The patient has identifiers, and none says which system it is of.
    NamespaceMissing "redact.namespace-missing" Redact 202 None,
        "No identifier of the patient says which system it is of, so it could be anyone's number.",
        "Give the identifier its 'system', or have the policy tokenise 'Person.sourceId'.";
    /// A field outside the contract.
    GuardFieldOutside "guard.field-outside-contract" Guard 202 None,
        "The record has a field that the payload contract does not declare.",
        "Declare the field as a rule's target, or do not send it.";
    /// A value outside the contract.
    GuardValueOutside "guard.value-outside-contract" Guard 202 None,
        "A value is not of the type or value set that the payload contract declares for its field.",
        "Correct the source's value, or widen the rule's 'values'.";
    /// A field that must be there is not.
    GuardFieldMissing "guard.field-missing" Guard 202 None,
        "The payload contract has a field that must be there, and nothing of the source could fill it.",
        "Send the element in a form that the rule's method takes, or give the rule a cardinality of `0..1`.";
    /// PHI in an outgoing string.
    GuardPhi "guard.phi-in-output" Guard 202 None,
        "An outgoing field contains a value that identifies the patient.",
        "Take the identifying text out of the source element that feeds the field, or prohibit the field.";
    /// What looks like an identifier, in a field that has none.
    GuardIdentifier "guard.identifier-in-output" Guard 202 None,
        "An outgoing field contains what looks like an identifier, and its contract does not declare one.",
        "No e-mail address, telephone or social security number, URL, internet address, long number or full date may stand in it: correct the source, or list the field's 'values'.";
    /// The CRM is out.
    SinkUnavailable "deliver.unavailable" Deliver 202 None,
        "The CRM did not take the record: it is unavailable (503).",
        "Nothing is to be done: the event waits and is tried again.";
    /// The CRM wants less.
    SinkThrottled "deliver.throttled" Deliver 202 None,
        "The CRM did not take the record: it asks for fewer requests (429).",
        "Nothing is to be done: the event waits as long as the CRM asks for and is tried again.";
    /// No sink credential is in force.
    SinkNotInForce "deliver.credential-not-in-force" Deliver 202 None,
        "No credential for writing to the CRM is in force, so nothing was sent.",
        "Put a sink credential in force whose time has come and is not over.";
    /// No sink credential has the event type.
    SinkNotGranted "deliver.scope-not-granted" Deliver 202 None,
        "No credential for writing to the CRM is good for events of this type.",
        "Widen the scopes of the sink credential that is in force.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_say_what_to_do() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert!(code.message().ends_with('.') && code.help().ends_with('.'), "{}", code.as_str());
        }
    }

    #[test]
    fn places_one_after_another_are_those_found_alone() {
        let text = "a\nöb\n\n  {ü}x";
        let mut places = Places::new(text);
        for offset in [0, 1, 2, 4, 5, 6, 9, 10, 99, 3] {
            assert_eq!(places.next(offset), Place::of(text, offset), "{offset}");
        }
    }

    #[test]
    fn places_count_characters() {
        let place = Place::of("a\nöb", 4);
        assert_eq!((place.line, place.column), (2, 2));
        assert_eq!(Place::of("ab", 99).column, 3);
    }
}
