//! Arguments, and what they lead to.

mod audit;
mod check;
mod input;
mod matrix;
mod message;
mod preview;
mod proof;
mod run;
mod schema;
mod select;
mod send;
mod setup;
mod validate;
mod verify;

use airlock::api::{DerivedDocument, TableFormat};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// A CRM–EHR connector in one program: what crosses, what stays, and the evidence.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  airlock run fixtures/sandbox
  airlock run fixtures/sandbox/referral-created.json --evidence evidence.json
  airlock send referral.json --policy fixtures/policies/referral-intake.json --consent consent.json
  airlock preview policy-1.json policy-2.json --events events/ --accept Person.postalCode
  airlock validate patient.json bundles/ --json
  airlock select Patient.name.given patient.json
  airlock check policies/ --against released/referral-intake.json
  airlock matrix fixtures/policies/referral-intake.json --as minimum-necessary
  airlock sign --secret whsec_… --id evt-0001 --timestamp 1768467600 event.json
  airlock verify evidence.json --json
  airlock proof inclusion inclusion.json

Exit status: 0 fine; 1 refused, invalid, denied or not verified; 2 usage or unreadable input.";

#[derive(Subcommand)]
enum Command {
    /// Run scenarios, each against what it expects
    Run(RunArgs),
    /// Send FHIR resources, Bundles or NDJSON through the connector as signed deliveries
    Send(SendArgs),
    /// Compare two policies over a set of events: what newly crosses, no longer crosses, changes
    Preview(PreviewArgs),
    /// Check FHIR R4 structure
    Validate(ValidateArgs),
    /// Evaluate a selector (FHIRPath subset) on FHIR resources
    Select(SelectArgs),
    /// Lint policies, adapters and canonical models
    Check(CheckArgs),
    /// Print the JSON Schema of policies, adapters or canonical models
    Schema(SchemaArgs),
    /// Derive a document from a policy: mapping sheet, matrices, contract, chart, drift review
    Matrix(MatrixArgs),
    /// Sign a message as Standard Webhooks 1.0.0 says
    Sign(SignArgs),
    /// Check a message's Standard Webhooks signature
    Authenticate(AuthenticateArgs),
    /// Verify an evidence bundle, offline
    Verify(VerifyArgs),
    /// Export the timeline of an evidence bundle: NDJSON, CSV, FHIR AuditEvents, or the lineage of one record
    Audit(AuditArgs),
    /// Check Merkle proofs, and make them of the records of a bundle
    Proof(ProofArgs),
}

/// Scenarios to run.
#[derive(Args)]
#[command(after_help = "Example:\n  airlock run fixtures/sandbox --json")]
pub(crate) struct RunArgs {
    /// Scenario files, or folders of them
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Write the evidence here: a file for one scenario, a folder for several
    #[arg(long, value_name = "OUT")]
    pub evidence: Option<PathBuf>,
    /// Start the clock here instead of where the scenario says (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Use this entropy instead of the scenario's
    #[arg(long)]
    pub seed: Option<String>,
    /// Take an empty `--seed`, or the public one of the demonstrations, all the same
    #[arg(long)]
    pub demo_keys: bool,
    /// One JSON line a scenario
    #[arg(long)]
    pub json: bool,
}

/// Inputs to send.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock send referral.json --policy fixtures/policies/referral-intake.json --consent consent.json\n  cat export.ndjson | airlock send - --policy my-policy.json --attest-synthetic --json"
)]
pub(crate) struct SendArgs {
    /// Files, folders, NDJSON or Bundles; `-` for standard input
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The mapping policy
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Consents on file: a Consent, an array or Bundle of them, or a folder
    #[arg(long, value_name = "PATH")]
    pub consent: Option<PathBuf>,
    /// Event type, instead of what the resource type suggests
    #[arg(long, value_name = "TYPE")]
    pub event: Option<String>,
    /// Attest that the input is synthetic; the attestation is audited
    #[arg(long)]
    pub attest_synthetic: bool,
    /// Write the evidence here
    #[arg(long, value_name = "OUT")]
    pub evidence: Option<PathBuf>,
    /// The time of the deliveries (RFC 3339); the system's time without it
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Entropy for keys, to run again with the same result; from the operating system without it. Kept by whoever runs it:
    /// who knows it can tell whose a token is
    #[arg(long)]
    pub seed: Option<String>,
    /// Take the public seed of the demonstrations, or whatever `--seed` says: tokens are then no secret
    #[arg(long)]
    pub demo_keys: bool,
    /// One JSON line an input
    #[arg(long)]
    pub json: bool,
}

/// Policies to compare.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock preview policies/v1.json policies/v2.json --events events/\n  cat export.ndjson | airlock preview v1.json v2.json --events - --accept Person.postalCode --json\n\nExit status: 1 where something newly crosses, or goes to others, that no --accept names; 0 where nothing does; 2 where a\npolicy or an input can't be read. Without --consent it is asked what would cross if consent permitted. Values show as\noutlines (99999, Aaaa). Nothing is delivered, logged or written anywhere, so nothing has to be attested."
)]
pub(crate) struct PreviewArgs {
    /// The policy in force
    pub old: PathBuf,
    /// The policy that would take its place
    pub new: PathBuf,
    /// Events: files, folders, NDJSON or Bundles; `-` for standard input
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub events: Vec<PathBuf>,
    /// Consents on file: a Consent, an array or Bundle of them, or a folder
    #[arg(long, value_name = "PATH")]
    pub consent: Option<PathBuf>,
    /// The adapter that reads the source, instead of the one beside each policy
    #[arg(long, value_name = "FILE")]
    pub adapter: Option<PathBuf>,
    /// A field that is meant to cross: a canonical field or a CRM field; or what is meant to widen, e.g.
    /// `jurisdictions`
    #[arg(long, value_name = "FIELD", num_args = 1..)]
    pub accept: Vec<String>,
    /// Event type, instead of what the resource type suggests
    #[arg(long, value_name = "TYPE")]
    pub event: Option<String>,
    /// The time of the events (RFC 3339); the system's time without it
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Entropy for keys, to run again with the same result; from the operating system without it. Kept by whoever runs it:
    /// who knows it can tell whose a token is
    #[arg(long)]
    pub seed: Option<String>,
    /// Take the public seed of the demonstrations, or whatever `--seed` says: tokens are then no secret
    #[arg(long)]
    pub demo_keys: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// Resources to validate.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock validate patient.json\n  cat export.ndjson | airlock validate - --json\n\nA Bundle is one resource: what is wrong with an entry is among its issues. `airlock validate --types` lists the\nresource types that are supported; any other is told to be not supported, and never valid."
)]
pub(crate) struct ValidateArgs {
    /// Files, folders, NDJSON or Bundles; `-` for standard input
    #[arg(required_unless_present = "types")]
    pub paths: Vec<PathBuf>,
    /// List the resource types of FHIR R4
    #[arg(long)]
    pub types: bool,
    /// One JSON line a resource
    #[arg(long)]
    pub json: bool,
}

/// A document to derive.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock matrix my-policy.json --as mapping --format csv > mapping.csv\n  airlock matrix my-policy.json --as contract --json\n  airlock matrix my-policy.json --as drift --events export.ndjson\n\nDocuments:\n  mapping            every rule, field by field, with the elements that its values come from\n  contract           exactly the CRM fields that can leave, each with its type and form\n  minimum-necessary  what each destination gets, what for, and how it is cut down\n  control            each element: where it goes, on what basis, who has access, what is logged\n  responsibility     who gives, who answers, who is asked and who is told\n  drift              rules that no event has used, and what comes in that no rule names\n\nNothing is derived from a policy with errors: they go to standard error, and the exit status is 1."
)]
pub(crate) struct MatrixArgs {
    /// The mapping policy; `-` for standard input
    pub policy: PathBuf,
    /// Which document
    #[arg(long = "as", value_name = "DOCUMENT", value_parser = documents())]
    pub document: DerivedDocument,
    /// In which form
    #[arg(long, value_name = "FORMAT", default_value = "md", value_parser = formats(), conflicts_with = "json")]
    pub format: TableFormat,
    /// The adapter, instead of the one that the policy names: near it (`../adapters/ID.json`), or as shipped
    #[arg(long, value_name = "FILE")]
    pub adapter: Option<PathBuf>,
    /// With `drift`: events to look through. Files, folders, NDJSON or Bundles; nothing of them is sent or kept
    #[arg(long, value_name = "PATH")]
    pub events: Vec<PathBuf>,
    /// One JSON document, as `--format json`
    #[arg(long)]
    pub json: bool,
}

/// Documents to check.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock check referral-intake.json --adapter our-ehr.json\n  airlock check policies/ adapters/ --json\n  airlock check referral-intake.json --against released/referral-intake.json\n\nDocuments that are given together are checked together: of two with the same id and version one is wrong. Of a\nfolder only policies, adapters and canonical models are taken. Warnings leave the exit status at 0."
)]
pub(crate) struct CheckArgs {
    /// Policies, adapters and canonical models, or folders of them; `-` for standard input
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// An adapter that policies may name, beside those given and those shipped; may repeat
    #[arg(long, value_name = "FILE")]
    pub adapter: Vec<PathBuf>,
    /// The version before: whether version and changelog have moved with the rules
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// A schema to print.
#[derive(Args)]
#[command(after_help = "Example:\n  airlock schema policy-2 > policy-2.schema.json")]
pub(crate) struct SchemaArgs {
    /// The kind of document and the version of its format
    #[arg(value_parser = airlock::api::SCHEMAS)]
    pub name: String,
}

fn documents() -> impl TypedValueParser<Value = DerivedDocument> {
    let names = DerivedDocument::ALL.map(DerivedDocument::as_str);
    PossibleValuesParser::new(names).try_map(|name| DerivedDocument::parse(&name).ok_or("no document"))
}

fn formats() -> impl TypedValueParser<Value = TableFormat> {
    let names = TableFormat::ALL.map(TableFormat::as_str);
    PossibleValuesParser::new(names).try_map(|name| TableFormat::parse(&name).ok_or("no format"))
}

/// A selector, and what it is evaluated on.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock select \"Patient.name.where(use = 'official').family\" patient.json\n  airlock select 'Observation.value.ofType(Quantity).value > 5.4' export.ndjson --json\n  cat bundle.json | airlock select 'Bundle.entry.count()' -\n\nOn a Bundle it is evaluated where it starts with `Bundle`, and on the resources of its entries otherwise. Resources\nthat are not of the type that it starts with are passed over, unless there is no other. Without --json each value is\na line of JSON."
)]
pub(crate) struct SelectArgs {
    /// The selector: FHIRPath, as far as the subset goes
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: String,
    /// A file, a folder, NDJSON or a Bundle; `-` for standard input
    pub path: PathBuf,
    /// One JSON document: `{\"values\":[…]}` or `{\"error\":{…}}`
    #[arg(long)]
    pub json: bool,
}

/// A message to sign.
#[derive(Args)]
#[command(
    after_help = "Example:\n  airlock sign --secret whsec_… --id evt-0001 --timestamp 1768467600 event.json\n  cat event.json | airlock sign --secret whsk_… --id evt-0001 --timestamp 1768467600 - --json"
)]
pub(crate) struct SignArgs {
    /// The key: `whsec_` and base64 of 24 to 64 bytes (HMAC-SHA256), or `whsk_` and base64 of an Ed25519 seed or key
    /// pair
    #[arg(long, value_name = "S")]
    pub secret: String,
    /// The webhook-id
    #[arg(long, allow_hyphen_values = true)]
    pub id: String,
    /// The webhook-timestamp, Unix seconds
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub timestamp: String,
    /// The body, byte for byte; `-` for standard input
    pub body: PathBuf,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// A message to check.
#[derive(Args)]
#[command(
    after_help = "Example:\n  airlock authenticate --secret whsec_… --id evt-0001 --timestamp 1768467600 --signature v1,… --now 1768467600 event.json"
)]
pub(crate) struct AuthenticateArgs {
    /// A key that it may be signed with: `whsec_…`, `whsk_…`, or `whpk_` and base64 of an Ed25519 public key; may
    /// repeat
    #[arg(long, value_name = "S", required = true)]
    pub secret: Vec<String>,
    /// The webhook-id
    #[arg(long, allow_hyphen_values = true)]
    pub id: String,
    /// The webhook-timestamp
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub timestamp: String,
    /// The webhook-signature: one or several, with spaces between
    #[arg(long, value_name = "SIG", allow_hyphen_values = true)]
    pub signature: String,
    /// The time of arrival: Unix seconds or RFC 3339
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub now: String,
    /// The body, byte for byte; `-` for standard input
    pub body: PathBuf,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// Evidence to verify.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock verify evidence.json --checkpoint earlier.json --json\n  airlock verify evidence.json --replay fixtures/sandbox/referral-created.json\n  airlock verify evidence.json --key airlock.example.invalid/referral-created+…\n\nWithout --key the keys that the bundle lists are taken: then it is shown that it agrees with itself, not who wrote it."
)]
pub(crate) struct VerifyArgs {
    /// The evidence bundle; `-` for standard input
    pub evidence: PathBuf,
    /// What is known of the log from elsewhere: a signed or bare checkpoint, `{"size":…,"root":"…"}`, or another bundle
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// A key that the log is known by (NAME+ID+KEY), instead of those that the bundle lists; may repeat
    #[arg(long, value_name = "VKEY")]
    pub key: Vec<String>,
    /// The scenario that the log is said to come from: it is run anew, and has to make the same log
    #[arg(long, value_name = "SCENARIO")]
    pub replay: Option<PathBuf>,
    /// With --replay: start the clock here instead of where the scenario says (RFC 3339)
    #[arg(long, value_name = "TIME", requires = "replay")]
    pub now: Option<String>,
    /// With --replay: use this entropy instead of the scenario's
    #[arg(long, requires = "replay")]
    pub seed: Option<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// Proofs.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  airlock proof inclusion inclusion.json\n  airlock proof consistency consistency.json --json\n  airlock proof of evidence.json 12 > record-12.tlog-proof\n  airlock proof check record-12.tlog-proof --key airlock.example.invalid/referral-created+…\n\nHashes are in base64. No proof starts from an empty tree: anything continues it."
)]
pub(crate) struct ProofArgs {
    #[command(subcommand)]
    pub command: ProofCommand,
}

/// What is asked of proofs.
#[derive(Subcommand)]
pub(crate) enum ProofCommand {
    /// Check that a leaf is in a tree: {"leafIdx","treeSize","root","leafHash","proof"}
    Inclusion(RawProofArgs),
    /// Check that a tree continues a smaller one: {"size1","size2","root1","root2","proof"}
    Consistency(RawProofArgs),
    /// Write the proof of one record of a bundle (c2sp.org/tlog-proof@v1), with the record
    Of(ProofOfArgs),
    /// Check the proof of one record (c2sp.org/tlog-proof@v1), without the log
    Check(ProofCheckArgs),
}

/// The record to prove.
#[derive(Args)]
pub(crate) struct ProofOfArgs {
    /// The evidence bundle, which has to verify; `-` for standard input
    pub evidence: PathBuf,
    /// The record's number, from 0
    pub record: u64,
    /// A key that the log is known by (NAME+ID+KEY), instead of those that the bundle lists; may repeat
    #[arg(long, value_name = "VKEY")]
    pub key: Vec<String>,
}

/// The proof to check.
#[derive(Args)]
pub(crate) struct ProofCheckArgs {
    /// The proof; `-` for standard input
    pub proof: PathBuf,
    /// The record, in its canonical bytes, instead of the one that goes with the proof
    pub record: Option<PathBuf>,
    /// A key that the log is known by (NAME+ID+KEY); may repeat
    #[arg(long, value_name = "VKEY", required = true)]
    pub key: Vec<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// A raw Merkle proof to check.
#[derive(Args)]
pub(crate) struct RawProofArgs {
    /// The proof; `-` for standard input
    pub file: PathBuf,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// Evidence to export.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  airlock audit evidence.json --as ndjson > records.ndjson\n  airlock audit evidence.json --as csv > records.csv\n  airlock audit evidence.json --as fhir | airlock validate -\n  airlock audit evidence.json --as prov --record 6 > lineage.svg\n\nFormats:\n  ndjson   the records as they were hashed, a line each\n  csv      a row each, safe to open in a spreadsheet\n  fhir     FHIR R4 AuditEvents, a line each (IHE BALP)\n  prov     the lineage of one record as a picture (SVG)\n  prov-n   the same as text (W3C PROV-N)\n\nEvidence that does not verify is not exported: what is wrong goes to standard error, and the exit status is 1. With\n--unverified it is, as far as it can be read, and the exit status is still 1."
)]
pub(crate) struct AuditArgs {
    /// The evidence bundle; `-` for standard input
    pub evidence: PathBuf,
    /// In which format
    #[arg(long = "as", value_name = "FORMAT", value_enum)]
    pub format: audit::Format,
    /// With `prov` and `prov-n`: the record, by its place in the log
    #[arg(long, value_name = "SEQ", required_if_eq_any([("format", "prov"), ("format", "prov-n")]))]
    pub record: Option<u64>,
    /// Export even evidence that does not verify
    #[arg(long)]
    pub unverified: bool,
}

/// What stops a command: standard error's text, and exit status 2.
#[derive(Debug)]
pub(crate) struct Unusable(pub String);

/// Whether everything was fine (exit status 0) or something was refused (1).
pub(crate) type Outcome = Result<bool, Unusable>;

pub(crate) fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Send(args) => send::send(&args),
        Command::Preview(args) => preview::preview(&args),
        Command::Validate(args) => validate::validate(&args),
        Command::Select(args) => select::select(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Check(args) => check::check(&args),
        Command::Matrix(args) => matrix::matrix(&args),
        Command::Sign(args) => message::sign(&args),
        Command::Authenticate(args) => message::authenticate(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Audit(args) => audit::audit(&args),
        Command::Proof(args) => proof::proof(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(Unusable(text)) => {
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line. Where the reader has gone away (a closed pipe) the work goes on in silence: evidence is still
/// written, and the exit status still true.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a value as a JSON line.
pub(crate) fn say_json(value: &impl serde::Serialize) {
    // Plain data with string keys: serialising can't fail.
    say(&serde_json::to_string(value).unwrap_or_default());
}

/// A word in green, yellow or red where standard output is a terminal and `NO_COLOR` is not set.
pub(crate) fn coloured(word: &str, good: bool) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{}m{word}\u{1b}[0m", if good { 32 } else { 31 })
    } else {
        word.to_owned()
    }
}
