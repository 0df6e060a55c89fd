//! What the page and the command line see of the engine: plain data in, plain data out.
//!
//! Nothing here is an engine type. Text that may hold PHI appears in three places only, all of them the
//! EHR zone's own: [`Request::body`] on its way in, the spans of [`LedgerRow`], which point back into that body so that a
//! view can show the source beside what crossed, and the values of a [`Selection`], which are of the caller's own input.

pub mod archive;
mod assertion;
mod audit;
mod breakage;
mod cell;
mod check;
pub mod compare;
mod completeness;
mod credential;
mod derive;
mod evidence;
mod export;
mod inclusion;
mod intake;
mod job;
mod log_view;
mod loggers;
mod message;
mod objection;
mod operation;
mod policy;
mod preview;
mod proof;
mod queue;
mod rehearsal;
mod run;
mod scenario;
mod schema;
mod select;
mod session;
mod sheet;
mod signing;
pub mod store;
mod validate;
mod verification;
mod version;

pub use assertion::{AssertionChange, sign_as};
pub use audit::{Clause, Entry, FieldEvidence, Heard, LogHead, TokenEvidence, token_reference};
pub use breakage::{Breakage, break_as, break_signature};
pub use check::{
    CheckedDocument, DocumentKind, LintView, NamedText, check_documents, check_earlier, document_kind, lints,
};
pub use completeness::{ChainGap, Completeness, OpenChain, Standing, completeness};
pub use credential::{Credential, CredentialView, Rate, credentials};
pub use derive::{DerivedDocument, Table, TableFormat, Usage, derive};
pub use evidence::{
    ConsentReference, DeletedSegment, Evidence, EvidenceCheck, EvidenceFault, EvidenceIndex, EvidenceLog,
    EvidenceOpening, EvidenceReport, EvidenceSource, EvidenceWriter, Known, OpenedEvidence, PolicyReference,
    ReplayReport, RunAnew, Witness, WitnessRelation, WitnessReport, check_record_proof, not_text,
    prove_record, replay, scenario_evidence, store_evidence, verify_evidence,
};
pub use export::{ExportFormat, Exporter, Lineage, Unfit};
pub use inclusion::{Inclusion, InclusionStep, NoProof};
pub use intake::{Intake, IntakeItem, IntakeProgress, NotAnEvent, NotEvents, Scope, Sender, request_for};
pub use job::{EvidenceTask, Job, JobOutcome, JobProgress, ReplayTask, Task};
pub use log_view::LogOnView;
pub use loggers::{LogPiece, Loggers, Written, loggers};
pub use message::{authenticate_message, sign_message};
pub use objection::Objection;
pub use operation::Operation;
pub use policy::{
    COLUMNS, ColumnView, Diagnostic, PolicyReport, PolicySummary, QuickFix, RuleView, Severity, TextEdit,
    check_against, check_consents, check_policy, check_policy_with, columns,
};
pub use preview::{
    Comparison, EventChange, EventField, FieldChange, FieldExample, FieldTerms, PathChange, PolicyText,
    PreviewAgainst, PreviewEvents, PreviewInput, PreviewJob, PreviewReport, PreviewRequest, PreviewTotals,
    RefusalCount, RefusedEvent, UnlistedCode, UnlistedCodes, add_labels, preview,
};
pub use proof::{ProofKind, ProofReport, check_proof};
pub use queue::{AttemptView, ClassDepth, DeadLetterView, QueueView, WaitingView};
pub use rehearsal::{Ending, Rehearsal, RehearsalJob, RehearsalRequest, rehearse};
pub use run::{
    CrmField, CrmRecord, Fix, Header, IssueView, LedgerRow, PartView, Position, Receipt, RefusalView,
    Request, RunView, StageState, StageView, VerdictView,
};
pub use scenario::{
    DeliveryResult, Expected, ExpectedRecord, OpenScenario, Outage, Pin, SandboxSetup, ScenarioCard,
    ScenarioResult, Setup, Source, fixture, format_time, join_consents, open_scenario, parse_time,
    read_scenario, run_in, run_scenario, run_through, scenarios,
};
pub use schema::{SCHEMAS, schema};
pub use select::{SelectError, Selection, select};
pub use session::Session;
pub use sheet::{Block, Cell, History, MappingSheet, Pasted, SheetNote, Step, apply_edits};
pub use signing::{sign, sign_with};
pub use validate::{ResourceReport, resource_types, validate};
pub use verification::{Fault, Verification};
pub use version::{
    Bump, CellChange, HeaderChange, LINK_COMFORT, Line, LineDifference, LineKind, Link, POLICY_LIMIT,
    PolicyDifference, PolicyVersion, Proposal, Publication, RowChange, RowFate, Versions, bounded, carries,
    difference, fits, holds_resource, lines_between, pack, propose, restored,
};
