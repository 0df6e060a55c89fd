//! Consent as a runtime decision: FHIR R4 Consent, permit or deny or unclear, each with its reasons.
//!
//! This module decides (PDP); the connector enforces (PEP).

mod register;
mod trace;

pub use register::{Filed, Merged, Register};
pub use trace::Trace;

use super::document::{Diagnostic, Document, not_json};
use super::fhir::{Identity, Json, Kind, Namespace, NodeId, Reference, ResourceType, may_be_same};
use super::phi::Phi;
use super::queue::StateKeys;
use super::redact::{KnownBy, Pseudonym, may_hide};
use super::refusal::{Code, Refusal};
use super::time::{Instant, date_time_range};
use super::validate::{Shape, Version};
use trace::{At, applies, found};

/// The consents that a setting puts on file.
#[derive(Clone, Debug)]
pub struct Directory {
    json: Phi<Json>,
    consents: Vec<NodeId>,
    /// What each goes by in the register of later events.
    known_as: Vec<KnownAs>,
}

/// What a consent of the setting goes by.
#[derive(Clone, Debug, Default)]
pub struct KnownAs {
    consent: Option<Pseudonym>,
    patient: KnownBy,
    version: Version,
}

/// What a decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Purpose of use code.
    pub purpose: &'a str,
    /// Reference of the receiving organisation.
    pub recipient: &'a str,
    /// The moment of the disclosure.
    pub at: Instant,
}

/// A permission, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The consent, cited.
    pub consent: Citation,
    /// What was found of each consent that was heard, as [`Trace`] spells it.
    pub clauses: Vec<String>,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// A denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The refusal.
    pub refusal: Refusal,
    /// The consent that decided, where one did.
    pub consent: Option<Citation>,
    /// What was found of each consent that was heard, as [`Trace`] spells it.
    pub clauses: Vec<String>,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// How a consent is cited: by its place in the directory, and its version where it states a number. Ids stay
/// where they are: nothing keeps a source from making them out of the patient's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    place: String,
    text: String,
    version: Option<u32>,
}

impl Citation {
    /// A version that is a small number says nothing of a person.
    fn of(what: &str, number: usize, version: Version) -> Self {
        let place = format!("{what} {}", number + 1);
        let version = version.number.filter(|version| *version < 100);
        let text = match version {
            Some(version) => format!("{place} version {version}"),
            None => place.clone(),
        };
        Self { place, text, version }
    }

    /// Its place on file, e.g. `consent 2` or `received consent 1`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Its version.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// As text, e.g. `consent 1`, `consent 2 version 3` or `received consent 1`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// How far one consent speaks to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Permit,
    Deny,
    /// Says nothing about it, and why.
    Silent(Code),
    Unclear,
}

impl Directory {
    /// Reads consents: a Consent resource, a Bundle with some, or a JSON array of these.
    ///
    /// # Errors
    /// The findings, where it is something else.
    pub fn read(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let json = match Json::read(text) {
            Ok(json) => json,
            Err(refusal) => return Err(vec![not_json("consents", text, &refusal)]),
        };
        let root = NodeId::ROOT;
        let items: Vec<NodeId> = match json.kind(root) {
            Kind::Array => json.children(root).collect(),
            _ => vec![root],
        };
        let mut doc = Document::new(&json, "consents");
        let mut consents = Vec::new();
        for item in items {
            match json.resource_type(item).map(ResourceType::name) {
                Some("Consent") => consents.push(item),
                // Of a Bundle the consents count; what else is in it is not asked about.
                Some("Bundle") => {
                    let entries = json.get(item, "entry").map(|list| json.children(list));
                    let resources = entries.into_iter().flatten().filter_map(|e| json.get(e, "resource"));
                    consents.extend(
                        resources.filter(|r| json.resource_type(*r).is_some_and(|t| t.name() == "Consent")),
                    );
                }
                _ => doc.error(
                    item,
                    "not-a-consent",
                    "This is not a FHIR Consent resource.",
                    "Give an array of resources whose `resourceType` is `Consent`.",
                ),
            }
        }
        for consent in &consents {
            let patient = json.get(*consent, "patient");
            let identity = patient.map(|patient| namespace("", *consent).identity(&json, patient));
            // What a reference says without a namespace is enough to doubt by; less says nothing.
            let refers = patient.is_some_and(|patient| json.get(patient, "reference").is_some());
            let is_nobody = |of: Identity| of.names.is_empty() && (of.sought.is_empty() || !refers);
            if identity.is_none_or(is_nobody) {
                doc.error(
                    patient.unwrap_or(*consent),
                    "patient-unknown",
                    "This consent does not say whose it is.",
                    "Give `patient` a reference, e.g. `Patient/PAT-001`, or an identifier with its system.",
                );
            }
        }
        let findings = doc.findings;
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self { json: Phi::new(json), consents, known_as: Vec::new() })
    }

    /// Prepares the consents to be told apart from later versions of themselves.
    ///
    /// A relative reference in them is to the server of `source`.
    pub fn identify(&mut self, source: &str, keys: &StateKeys) {
        let known_as = self.consents.iter().map(|consent| {
            self.json.classify(|json| {
                let namespace = namespace(source, *consent);
                let of = |node| keys.of_person(json, &namespace, node);
                KnownAs {
                    consent: keys.of_consent(json, *consent),
                    patient: json.get(*consent, "patient").map(of).unwrap_or_default(),
                    version: Version::of(json, *consent),
                }
            })
        });
        self.known_as = known_as.collect();
    }

    /// The version on file of a consent that an event brings, and whether anything of this person is on file at all.
    pub(super) fn on_file(&self, consent: Option<Pseudonym>, person: &KnownBy) -> (Option<Version>, bool) {
        let mut theirs = self.known_as.iter().filter(|own| own.patient.is(person)).peekable();
        let knows = theirs.peek().is_some();
        (theirs.find(|own| consent.is_some() && own.consent == consent).map(|own| own.version), knows)
    }

    /// Whether a subject's data may go to a recipient for a purpose at a time.
    ///
    /// Only consents of that subject count; of those that speak to the question, a denial overrides. What events
    /// have put on file takes the place of what the setting has of the same consent. Of what a merge did away with,
    /// denials make unclear, and permissions say nothing.
    ///
    /// # Errors
    /// The denial, with its code.
    pub fn decide(
        &self,
        event: &Phi<Json>,
        shape: &Shape,
        question: &Question<'_>,
        register: &Register,
        (source, keys): (&str, &StateKeys),
    ) -> Result<Permit, Box<Denial>> {
        let namespace = shape.namespace(source, question.at);
        let person = shape.patient().map(|subject| register.look_up(event, &namespace, subject, keys));
        let Some(person) = person.filter(|person| !person.is_nobody()) else {
            return Err(deny(Code::SubjectUnknown, None, Vec::new()));
        };
        if person.merged_away {
            return Err(deny(Code::SubjectMerged, None, Vec::new()));
        }
        let mut tally = Tally::default();
        for (number, consent) in self.consents.iter().enumerate() {
            let Some(known_as) = self.known_as.get(number).filter(|own| !register.supersedes(own)) else {
                continue;
            };
            let terms = Terms { json: &self.json };
            let judge = |trace: &mut Trace| terms.judge(*consent, question, trace);
            tally.add(person.whose(&known_as.patient), judge, || self.cite(number, *consent));
        }
        for (number, filed) in register.filed().iter().enumerate() {
            let terms = Terms { json: filed.terms() };
            let judge = |trace: &mut Trace| terms.judge(NodeId::ROOT, question, trace);
            tally.add(person.whose(&filed.patient), judge, || filed.cite(number));
        }
        tally.decide(question)
    }

    fn cite(&self, number: usize, consent: NodeId) -> Citation {
        Citation::of("consent", number, self.json.classify(|json| Version::of(json, consent)))
    }
}

/// What has been heard of the consents so far.
#[derive(Default)]
struct Tally {
    denied: Option<Citation>,
    unclear: Option<Citation>,
    permitted: Option<Citation>,
    silent: Option<(Code, Citation)>,
    /// A permission of somebody who may be the subject.
    doubtful: Option<Citation>,
    clauses: Vec<String>,
    heard: usize,
}

impl Tally {
    fn add(
        &mut self,
        whose: Whose,
        judge: impl FnOnce(&mut Trace) -> Verdict,
        cite: impl FnOnce() -> Citation,
    ) {
        if whose == Whose::Other {
            return;
        }
        let mut trace = Trace::default();
        if whose != Whose::Own {
            trace.say("subject", "unclear");
        }
        let citation = cite();
        let verdict = judge(&mut trace);
        self.heard += 1;
        if self.heard <= MOST_HEARD {
            self.clauses.push(trace.close(citation.place(), verdict));
        }
        let verdict = match (whose, verdict) {
            // It may be the subject's: enough to doubt a permission, not enough to give one.
            (Whose::Doubtful | Whose::Merged, Verdict::Deny | Verdict::Unclear) => Verdict::Unclear,
            (Whose::Doubtful, Verdict::Permit) => {
                self.doubtful.get_or_insert(citation);
                return;
            }
            (Whose::Doubtful | Whose::Merged, Verdict::Permit | Verdict::Silent(_)) => return,
            (_, verdict) => verdict,
        };
        let first = |known: &mut Option<Citation>| {
            known.get_or_insert_with(|| citation.clone());
        };
        match verdict {
            Verdict::Deny => first(&mut self.denied),
            Verdict::Permit => first(&mut self.permitted),
            Verdict::Unclear => first(&mut self.unclear),
            // Of several reasons the one that came closest to speaking is worth telling.
            Verdict::Silent(code) => {
                if self.silent.as_ref().is_none_or(|(best, _)| *best < code) {
                    self.silent = Some((code, citation));
                }
            }
        }
    }

    fn decide(self, question: &Question<'_>) -> Result<Permit, Box<Denial>> {
        let Self { denied, unclear, permitted, silent, doubtful, mut clauses, heard } = self;
        if heard > MOST_HEARD {
            clauses.push(format!("more: {}", heard - MOST_HEARD));
        }
        match (denied, unclear, permitted, silent) {
            (Some(citation), _, _, _) => Err(deny(Code::ConsentDenied, Some(citation), clauses)),
            (None, Some(citation), _, _) => Err(deny(Code::ConsentUnclear, Some(citation), clauses)),
            (None, None, Some(consent), _) => {
                let reasons = vec![
                    format!("{} is active and holds at this time.", consent.as_str()),
                    format!("It covers purpose {} and recipient {}.", question.purpose, question.recipient),
                ];
                Ok(Permit { consent, clauses, reasons })
            }
            (None, None, None, Some((code, citation))) => Err(deny(code, Some(citation), clauses)),
            (None, None, None, None) => match doubtful {
                None => Err(deny(Code::ConsentAbsent, None, clauses)),
                Some(citation) => {
                    let mut denial = deny(Code::ConsentUnclear, Some(citation), clauses);
                    denial.reasons.push(NOT_THE_SAME.to_owned());
                    Err(denial)
                }
            },
        }
    }
}

/// The terms of consents in one document.
#[derive(Clone, Copy)]
struct Terms<'a> {
    json: &'a Phi<Json>,
}

impl Terms<'_> {
    fn judge(self, consent: NodeId, question: &Question<'_>, trace: &mut Trace) -> Verdict {
        let active = self.json.test(|json| json.get_str(consent, "status").is_some_and(|s| s == "active"));
        trace.say("status", found(Some(active)));
        if !active {
            return Verdict::Silent(Code::ConsentInactive);
        }
        // An unknown modifier changes the meaning of what carries it (FHIR R4, section 2.4.0.1).
        if self.has(consent, "modifierExtension") || self.has(consent, "implicitRules") {
            trace.say("modifier", found(None));
            return Verdict::Unclear;
        }
        // A consent to treatment or research is no consent to disclosure. Without a scope it can't be told.
        let scoped = self.json.classify(|json| {
            let codings = json.get(consent, "scope").map(|scope| json.get(scope, "coding"))?;
            Some(codings.is_some_and(|list| {
                json.children(list).any(|c| json.get_str(c, "code").is_some_and(|c| c == "patient-privacy"))
            }))
        });
        if let Some(scoped) = scoped {
            trace.say("scope", if scoped { found(Some(true)) } else { found(None) });
        }
        if scoped == Some(false) {
            return Verdict::Unclear;
        }
        let provision = self.json.classify(|json| json.get(consent, "provision"));
        match provision {
            Some(provision) => self.root(consent, provision, question, trace),
            None => self.base(consent, trace),
        }
    }

    /// The root provision frames the whole consent: outside its period, purposes and actors it is silent.
    /// R4 wants no `type` there, real data sets it; where it is absent, `policyRule` gives the base.
    fn root(self, consent: NodeId, provision: NodeId, question: &Question<'_>, trace: &mut Trace) -> Verdict {
        match self.applies(provision, question, &At::ROOT, trace) {
            Applies::No(code) => return Verdict::Silent(code),
            Applies::Unclear => return Verdict::Unclear,
            Applies::Yes => {}
        }
        let base = match self.provision_type(provision) {
            Some(stated) => {
                trace.provision(&At::ROOT, "type", stated.as_str());
                stated
            }
            None => self.base(consent, trace),
        };
        self.exceptions(provision, base, question, &At::ROOT, 0, trace)
    }

    /// Nested provisions are exceptions to their parent, at any depth; among siblings a denial overrides.
    fn exceptions(
        self,
        parent: NodeId,
        base: Verdict,
        question: &Question<'_>,
        at: &At<'_>,
        depth: usize,
        trace: &mut Trace,
    ) -> Verdict {
        let children = self.json.classify(|json| match json.get(parent, "provision") {
            None => Some(Vec::new()),
            Some(list) => (json.kind(list) == Kind::Array).then(|| json.children(list).collect()),
        });
        let Some(children) = children.filter(|_| depth < DEEPEST) else {
            trace.provision(at, "exceptions", found(None));
            return Verdict::Unclear;
        };
        let mut verdict = base;
        for (number, child) in children.into_iter().enumerate() {
            let at = &at.exception(number);
            let own = match self.applies(child, question, at, trace) {
                Applies::No(_) => continue,
                Applies::Unclear => Verdict::Unclear,
                Applies::Yes => {
                    let stated = self.provision_type(child);
                    trace.provision(at, "type", stated.unwrap_or(Verdict::Unclear).as_str());
                    match stated {
                        Some(stated) => self.exceptions(child, stated, question, at, depth + 1, trace),
                        None => Verdict::Unclear,
                    }
                }
            };
            match own {
                Verdict::Deny => return own,
                Verdict::Unclear => verdict = own,
                _ if verdict == Verdict::Unclear => {}
                other => verdict = other,
            }
        }
        verdict
    }

    fn provision_type(self, provision: NodeId) -> Option<Verdict> {
        let is = |word| self.json.test(|json| json.get_str(provision, "type").is_some_and(|t| t == word));
        if !self.has(provision, "type") {
            return None;
        }
        Some(match (is("permit"), is("deny")) {
            (true, _) => Verdict::Permit,
            (_, true) => Verdict::Deny,
            _ => Verdict::Unclear,
        })
    }

    /// The base that `policyRule` states: HL7's OPTIN or OPTOUT, and not both; anything else can't be decided.
    fn base(self, consent: NodeId, trace: &mut Trace) -> Verdict {
        let states = |wanted: &str| {
            self.json.test(|json| {
                let codings = json.get(consent, "policyRule").and_then(|rule| json.get(rule, "coding"));
                codings.is_some_and(|list| {
                    json.children(list).any(|c| json.get_str(c, "code").is_some_and(|code| code == wanted))
                })
            })
        };
        let base = match (states("OPTIN"), states("OPTOUT")) {
            (_, true) => Verdict::Deny,
            (true, false) => Verdict::Permit,
            (false, false) => Verdict::Unclear,
        };
        trace.say("policyRule", base.as_str());
        base
    }

    /// Whether a provision speaks to the question. All its constraints must hold; one that can't be read or
    /// decided makes it unclear, never inapplicable.
    fn applies(self, provision: NodeId, question: &Question<'_>, at: &At<'_>, trace: &mut Trace) -> Applies {
        let known = ["id", "extension", "type", "period", "actor", "purpose", "provision"];
        let readable = self.json.test(|json| {
            json.kind(provision) == Kind::Object
                && json.children(provision).all(|member| known.iter().any(|k| json.is_member(member, k)))
        });
        // Constraints on the data's own labels, classes, dates or instances are not evaluated yet.
        if !readable {
            trace.provision(at, "constraint", found(None));
            return Applies::Unclear;
        }
        let denies = self.provision_type(provision) != Some(Verdict::Permit);
        let answers = [
            (self.in_period(provision, question.at), Code::ConsentOutsidePeriod),
            (self.names_purpose(provision, question.purpose, denies), Code::ConsentPurpose),
            (self.names_actor(provision, question.recipient), Code::ConsentRecipient),
        ];
        for ((answer, _), name) in answers.iter().zip(["period", "purpose", "actor"]) {
            if self.has(provision, name) {
                trace.provision(at, name, found(*answer));
            }
        }
        applies(&answers)
    }

    fn has(self, node: NodeId, name: &str) -> bool {
        self.json.test(|json| json.get(node, name).is_some())
    }

    /// None where the period is not one: a bound that can't be read, a member that is none, an end before the
    /// start.
    fn in_period(self, provision: NodeId, at: Instant) -> Option<bool> {
        self.json.classify(|json| {
            let Some(period) = json.get(provision, "period") else { return Some(true) };
            let known = ["id", "extension", "start", "end"];
            let readable = json.kind(period) == Kind::Object
                && json.children(period).all(|member| known.iter().any(|k| json.is_member(member, k)));
            let bound = |name| match json.get(period, name) {
                None => Some(None),
                Some(node) => json.str(node).and_then(|text| date_time_range(&text)).map(Some),
            };
            let (start, end) = (bound("start")?, bound("end")?);
            let inverted = matches!((start, end), (Some((from, _)), Some((_, until))) if until < from);
            let within = start.is_none_or(|(from, _)| from <= at) && end.is_none_or(|(_, until)| at <= until);
            (readable && !inverted).then_some(within)
        })
    }

    /// None where a purpose is named by something other than a code, or where a denial names a wide one of HL7's
    /// that may hold the one asked about. A permission is not widened.
    fn names_purpose(self, provision: NodeId, purpose: &str, denies: bool) -> Option<bool> {
        self.json.classify(|json| {
            let Some(list) = json.get(provision, "purpose") else { return Some(true) };
            let codings = (json.kind(list) == Kind::Array).then(|| json.children(list))?;
            let mut surely_not = true;
            for coding in codings {
                let ours = json.get_str(coding, "system").is_none_or(|system| system == PURPOSE_OF_USE);
                match json.get_str(coding, "code") {
                    Some(code) if ours && code == purpose => return Some(true),
                    Some(code) => surely_not &= !(denies && ours && WIDE_PURPOSES.contains(&code.as_ref())),
                    None => surely_not = false,
                }
            }
            surely_not.then_some(false)
        })
    }

    /// None where an actor is named by something other than a reference, or may be the recipient on a server that
    /// the policy does not name.
    fn names_actor(self, provision: NodeId, recipient: &str) -> Option<bool> {
        let wanted = Reference::parse(recipient);
        self.json.classify(|json| {
            let Some(list) = json.get(provision, "actor") else { return Some(true) };
            let actors = (json.kind(list) == Kind::Array).then(|| json.children(list))?;
            let mut surely_not = true;
            for actor in actors {
                match json.get(actor, "reference").and_then(|own| json.get_str(own, "reference")) {
                    Some(text) if Reference::parse(&text) == wanted => return Some(true),
                    Some(text) => surely_not &= !may_be_same(&text, recipient) && !may_hide(&text, recipient),
                    None => surely_not = false,
                }
            }
            surely_not.then_some(false)
        })
    }
}

const NOT_THE_SAME: &str =
    "It names its patient on another server or without a namespace: not known to be the same person.";

/// Consents of one subject whose clauses are told, at most.
const MOST_HEARD: usize = 16;

/// Provisions nested deeper than this are not decided.
const DEEPEST: usize = 32;

/// Purposes that hold others.
const WIDE_PURPOSES: [&str; 4] = ["PurposeOfUse", "TREAT", "HOPERAT", "HRESCH"];

/// HL7 v3 PurposeOfUse, as FHIR R4 names the code system.
const PURPOSE_OF_USE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// Whose a consent is, seen from an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Other,
    /// It names, without a namespace or on another server, somebody who may be the subject.
    Doubtful,
    /// Of a record that the subject's took the place of.
    Merged,
}

/// How names in the consents on file are read.
fn namespace(source: &str, consent: NodeId) -> Namespace<'_> {
    Namespace { source, data: NodeId::ROOT, focus: consent, at: Instant(i64::MIN) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    Yes,
    No(Code),
    Unclear,
}

fn deny(code: Code, consent: Option<Citation>, clauses: Vec<String>) -> Box<Denial> {
    let mut reasons = vec![code.message().to_owned()];
    if let Some(citation) = &consent {
        reasons.push(format!("Decided by {}.", citation.as_str()));
    }
    Box::new(Denial { refusal: Refusal::new(code), consent, clauses, reasons })
}
