//! Consent as a runtime decision: FHIR R4 Consent, permit or deny or unclear, each with its reasons.
//!
//! This module decides (PDP); the connector enforces (PEP).

use super::fhir::{Json, Kind, NodeId, Reference, ResourceType};
use super::phi::Phi;
use super::policy::{Diagnostic, Document, not_json};
use super::refusal::{Code, Refusal};
use super::time::{Instant, date_time_range};

/// The consents on file.
#[derive(Clone, Debug)]
pub struct Directory {
    json: Phi<Json>,
    consents: Vec<NodeId>,
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
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// How a consent is cited: by its place in the directory, and its version where it states a number. Ids stay
/// where they are: nothing keeps a source from making them out of the patient's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation(String);

impl Citation {
    /// As text, e.g. `consent 1` or `consent 2 version 3`.
    pub fn as_str(&self) -> &str {
        &self.0
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
            Err(refusal) => return Err(vec![not_json("consents", &refusal)]),
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
        let findings = doc.findings;
        if findings.is_empty() { Ok(Self { json: Phi::new(json), consents }) } else { Err(findings) }
    }

    /// Whether a subject's data may go to a recipient for a purpose at a time.
    ///
    /// Only consents of that subject count; of those that speak to the question, a denial overrides.
    ///
    /// # Errors
    /// The denial, with its code.
    pub fn decide(
        &self,
        event: &Phi<Json>,
        subject: Option<NodeId>,
        question: &Question<'_>,
    ) -> Result<Permit, Box<Denial>> {
        let Some(subject) = subject else { return Err(deny(Code::SubjectUnknown, None)) };
        let own =
            self.consents.iter().enumerate().filter(|(_, consent)| self.is_of(**consent, event, subject));
        let mut permit = None;
        let mut unclear = None;
        let mut silent = None;
        for (number, consent) in own {
            let citation = self.cite(number, *consent);
            match self.judge(*consent, question) {
                Verdict::Deny => return Err(deny(Code::ConsentDenied, Some(citation))),
                Verdict::Permit => permit = permit.or(Some(citation)),
                Verdict::Unclear => unclear = unclear.or(Some(citation)),
                // Of several reasons the one that came closest to speaking is worth telling.
                Verdict::Silent(code) => {
                    silent = match silent {
                        Some((best, _)) if best >= code => silent,
                        _ => Some((code, citation)),
                    }
                }
            }
        }
        match (unclear, permit, silent) {
            (Some(citation), _, _) => Err(deny(Code::ConsentUnclear, Some(citation))),
            (None, Some(consent), _) => {
                let reasons = vec![
                    format!("{} is active and holds at this time.", consent.as_str()),
                    format!("It covers purpose {} and recipient {}.", question.purpose, question.recipient),
                ];
                Ok(Permit { consent, reasons })
            }
            (None, None, Some((code, citation))) => Err(deny(code, Some(citation))),
            (None, None, None) => Err(deny(Code::ConsentAbsent, None)),
        }
    }

    fn is_of(&self, consent: NodeId, event: &Phi<Json>, subject: NodeId) -> bool {
        self.json.test(|json| {
            let patient = json.get(consent, "patient").and_then(|patient| json.get_str(patient, "reference"));
            let Some(patient) = patient else { return false };
            event.test(|event| {
                event.str(subject).is_some_and(|own| {
                    let own = Reference::parse(&own);
                    // A contained subject is another resource in each document, whatever it is called.
                    !matches!(own, Reference::Contained(_)) && own == Reference::parse(&patient)
                })
            })
        })
    }

    fn cite(&self, number: usize, consent: NodeId) -> Citation {
        // A version that is a small number says nothing of a person.
        let version = (1..100u32).find(|n| {
            self.json.test(|json| {
                json.get(consent, "meta")
                    .and_then(|meta| json.get_str(meta, "versionId"))
                    .is_some_and(|version| version == n.to_string())
            })
        });
        let number = number + 1;
        Citation(match version {
            Some(version) => format!("consent {number} version {version}"),
            None => format!("consent {number}"),
        })
    }

    fn judge(&self, consent: NodeId, question: &Question<'_>) -> Verdict {
        let active = self.json.test(|json| json.get_str(consent, "status").is_some_and(|s| s == "active"));
        if !active {
            return Verdict::Silent(Code::ConsentInactive);
        }
        // An unknown modifier changes the meaning of what carries it (FHIR R4, section 2.4.0.1).
        let modified = self.json.test(|json| json.get(consent, "modifierExtension").is_some());
        if modified {
            return Verdict::Unclear;
        }
        let provision = self.json.classify(|json| json.get(consent, "provision"));
        match provision {
            Some(provision) => self.root(consent, provision, question),
            None => self.base(consent),
        }
    }

    /// The root provision frames the whole consent: outside its period, purposes and actors it is silent.
    /// R4 wants no `type` there, real data sets it; where it is absent, `policyRule` gives the base.
    fn root(&self, consent: NodeId, provision: NodeId, question: &Question<'_>) -> Verdict {
        match self.applies(provision, question) {
            Applies::No(code) => return Verdict::Silent(code),
            Applies::Unclear => return Verdict::Unclear,
            Applies::Yes => {}
        }
        let base = match self.provision_type(provision) {
            Some(stated) => stated,
            None => self.base(consent),
        };
        self.exceptions(provision, base, question, 0)
    }

    /// Nested provisions are exceptions to their parent, at any depth; among siblings a denial overrides.
    fn exceptions(&self, parent: NodeId, base: Verdict, question: &Question<'_>, depth: usize) -> Verdict {
        let children = self.json.classify(|json| {
            json.get(parent, "provision")
                .map(|list| json.children(list).collect::<Vec<_>>())
                .unwrap_or_default()
        });
        let mut verdict = base;
        for child in children {
            let own = match self.applies(child, question) {
                Applies::No(_) => continue,
                Applies::Unclear => return Verdict::Unclear,
                Applies::Yes => match self.provision_type(child) {
                    Some(stated) if depth < 32 => self.exceptions(child, stated, question, depth + 1),
                    _ => Verdict::Unclear,
                },
            };
            match own {
                Verdict::Deny | Verdict::Unclear => return own,
                other => verdict = other,
            }
        }
        verdict
    }

    fn provision_type(&self, provision: NodeId) -> Option<Verdict> {
        let is = |word| self.json.test(|json| json.get_str(provision, "type").is_some_and(|t| t == word));
        let stated = self.json.test(|json| json.get(provision, "type").is_some());
        match (is("permit"), is("deny"), stated) {
            (true, _, _) => Some(Verdict::Permit),
            (_, true, _) => Some(Verdict::Deny),
            (_, _, true) => Some(Verdict::Unclear),
            _ => None,
        }
    }

    /// The base that `policyRule` states: HL7's OPTIN and OPTOUT families; anything else can't be decided.
    fn base(&self, consent: NodeId) -> Verdict {
        let has = |codes: &[&str]| {
            self.json.test(|json| {
                json.get(consent, "policyRule").and_then(|rule| json.get(rule, "coding")).is_some_and(
                    |list| {
                        json.children(list).any(|c| {
                            json.get_str(c, "code").is_some_and(|code| codes.contains(&code.as_ref()))
                        })
                    },
                )
            })
        };
        if has(&["OPTIN"]) {
            Verdict::Permit
        } else if has(&["OPTOUT"]) {
            Verdict::Deny
        } else {
            Verdict::Unclear
        }
    }

    fn applies(&self, provision: NodeId, question: &Question<'_>) -> Applies {
        // Constraints on the data's own labels, classes, dates or instances are not evaluated yet.
        let undecidable =
            ["securityLabel", "class", "code", "dataPeriod", "data", "action", "modifierExtension"];
        if undecidable.iter().any(|name| self.has(provision, name)) {
            return Applies::Unclear;
        }
        match self.in_period(provision, question.at) {
            Some(true) => {}
            Some(false) => return Applies::No(Code::ConsentOutsidePeriod),
            None => return Applies::Unclear,
        }
        if self.has(provision, "purpose") && !self.names_purpose(provision, question.purpose) {
            return Applies::No(Code::ConsentPurpose);
        }
        if self.has(provision, "actor") && !self.names_actor(provision, question.recipient) {
            return Applies::No(Code::ConsentRecipient);
        }
        Applies::Yes
    }

    fn has(&self, provision: NodeId, name: &str) -> bool {
        self.json.test(|json| json.get(provision, name).is_some())
    }

    /// None where a bound can't be read.
    fn in_period(&self, provision: NodeId, at: Instant) -> Option<bool> {
        self.json.classify(|json| {
            let Some(period) = json.get(provision, "period") else { return Some(true) };
            let bound = |name| match json.get(period, name) {
                None => Some(None),
                Some(node) => json.str(node).and_then(|text| date_time_range(&text)).map(Some),
            };
            let (start, end) = (bound("start")?, bound("end")?);
            Some(start.is_none_or(|(from, _)| from <= at) && end.is_none_or(|(_, until)| at <= until))
        })
    }

    fn names_purpose(&self, provision: NodeId, purpose: &str) -> bool {
        self.json.test(|json| {
            json.get(provision, "purpose").is_some_and(|list| {
                json.children(list).any(|coding| json.get_str(coding, "code").is_some_and(|c| c == purpose))
            })
        })
    }

    fn names_actor(&self, provision: NodeId, recipient: &str) -> bool {
        let wanted = Reference::parse(recipient);
        self.json.test(|json| {
            json.get(provision, "actor").is_some_and(|list| {
                json.children(list).any(|actor| {
                    json.get(actor, "reference")
                        .and_then(|reference| json.get_str(reference, "reference"))
                        .is_some_and(|text| Reference::parse(&text) == wanted)
                })
            })
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    Yes,
    No(Code),
    Unclear,
}

fn deny(code: Code, consent: Option<Citation>) -> Box<Denial> {
    let mut reasons = vec![code.message().to_owned()];
    if let Some(citation) = &consent {
        reasons.push(format!("Decided by {}.", citation.as_str()));
    }
    Box::new(Denial { refusal: Refusal::new(code), consent, reasons })
}
