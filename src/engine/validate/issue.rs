//! What a verdict has to say: FHIR's OperationOutcome.issue, without a value.

use crate::engine::fhir::{Json, NodeId, is_element_name};
use crate::engine::refusal::{Code, Place, Refusal};
use crate::engine::spelled::Spelled;
use crate::order;

/// FHIR issue severity (<http://hl7.org/fhir/R4/valueset-issue-severity.html>), gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing more can be said.
    Fatal,
    /// It is not valid.
    Error,
    /// It is valid, and something is likely wrong.
    Warning,
    /// Good to know.
    Information,
}

impl Severity {
    /// The code, e.g. `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }

    /// Whether what has such an issue fails.
    pub fn fails(self) -> bool {
        self <= Self::Error
    }
}

/// One finding of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How grave it is.
    pub severity: Severity,
    /// What it is, with its sentence, its help and its FHIR issue type.
    pub code: Code,
    /// The element, as FHIRPath: `Observation.value.ofType(Quantity).code`.
    pub path: Spelled,
    /// The node it stands at.
    pub node: NodeId,
    /// A sentence more exact than the code's own.
    pub detail: Option<Spelled>,
    /// Where the node starts in the text; set by `locate`.
    pub place: Option<Place>,
    /// Its byte range; set by `locate`.
    pub span: (u32, u32),
}

impl Issue {
    /// An error at a node.
    pub fn error(code: Code, path: impl Into<Spelled>, node: NodeId) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: path.into(),
            node,
            detail: None,
            place: None,
            span: (0, 0),
        }
    }

    /// The same, with a sentence more exact than the code's own.
    pub fn with_detail(mut self, detail: impl Into<Spelled>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same, of another severity.
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What happened, in one sentence.
    pub fn message(&self) -> &str {
        self.detail.as_deref().unwrap_or_else(|| self.code.message())
    }

    /// The refusal that this issue leads to. It is kept in the log, so a key of the sender's own is not spelled.
    pub fn refusal(&self) -> Refusal {
        let own = matches!(self.code, Code::ElementUnknown | Code::SchemaDrift);
        let path = match self.path.split_last() {
            Some((before, last)) if own => {
                let name = last.split(['[', '(']).next().unwrap_or(last);
                let known = is_element_name(name) || name == "ofType";
                if known { self.path.clone() } else { before.then(".?") }
            }
            _ => self.path.clone(),
        };
        Refusal { code: self.code, path: Some(path), place: self.place }
    }
}

/// Puts issues in the order of the text, with their places in it.
pub fn locate(json: &Json, issues: &mut [Issue]) {
    order::by(issues, |issue| issue.node);
    let mut places = json.places();
    for issue in issues {
        issue.span = json.span(issue.node);
        issue.place = Some(places.next(issue.span.0));
    }
}

/// The first issue that fails, in the order of the text.
pub fn first_failing(issues: &[Issue]) -> Option<&Issue> {
    issues.iter().find(|issue| issue.severity.fails())
}

impl Code {
    /// FHIR issue type (<http://hl7.org/fhir/R4/valueset-issue-type.html>) of an issue with this code.
    pub fn issue_type(self) -> &'static str {
        match self {
            Self::RequiredMissing | Self::FocusMissing | Self::ContextMissing | Self::ResourceTypeMissing => {
                "required"
            }
            Self::CodeInvalid => "code-invalid",
            Self::FormatInvalid | Self::Empty => "value",
            Self::InvariantBroken => "invariant",
            Self::ReferenceUnresolved => "not-found",
            Self::EventTypeNotCovered
            | Self::ResourceTypeNotCovered
            | Self::RecipientNotCovered
            | Self::PurposeNotCovered
            | Self::JurisdictionNotCovered => "forbidden",
            Self::EventTypeAmbiguous | Self::SubjectAmbiguous => "multiple-matches",
            Self::EventStateMismatch
            | Self::TimestampAhead
            | Self::TimestampStale
            | Self::SourceMissing
            | Self::SourceElsewhere
            | Self::DateAhead => "business-rule",
            Self::SourceMismatch => "security",
            Self::TimestampInvalid => "value",
            Self::VersionBackwards => "conflict",
            Self::PatientUnknown => "not-found",
            Self::ModifierUnknown => "extension",
            Self::NarrativeInvalid => "invalid",
            Self::NotUtf8
            | Self::JsonSyntax
            | Self::JsonTooDeep
            | Self::JsonDuplicateKey
            | Self::JsonLoneSurrogate => "structure",
            code => match code.stage() {
                crate::engine::Stage::Validate => "structure",
                _ => "processing",
            },
        }
    }
}
