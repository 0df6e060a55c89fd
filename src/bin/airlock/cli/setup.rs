//! A setting from files, and what there is to say of them.

use super::{Unusable, input};
use airlock::api::{
    Diagnostic, PolicySummary, Rate, SandboxSetup, Setup, Severity, Source, check_consents, check_policy,
    check_policy_with, join_consents,
};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The secret of the stand-in sender: both ends are this program.
const SECRET: &str = "whsec_YWlybG9jayBkZW1vbnN0cmF0aW9uIHNlY3JldCwgbm90IGEgc2VjcmV0";

/// A policy with the file that it came from.
pub(crate) struct PolicyFile {
    /// Its text.
    pub text: String,
    /// The text of the adapter that it names: the file given, or near the policy, or as shipped.
    pub adapter: String,
    summary: PolicySummary,
    usable: bool,
}

/// Reads a policy, and looks at it beside the adapter given or the one that it names. What there is to say of it goes to
/// standard error; none where it can't be used.
pub(crate) fn policy(path: &Path, adapter: Option<&Path>) -> Result<Option<PolicyFile>, Unusable> {
    Ok(draft(path, adapter)?.filter(|policy| policy.usable))
}

/// The same, of a policy that may have errors; none where it is no policy at all.
pub(crate) fn draft(path: &Path, adapter: Option<&Path>) -> Result<Option<PolicyFile>, Unusable> {
    let text = input::read_text(path)?;
    let report = check_policy(&text);
    let adapter = match (adapter, &report.policy) {
        (Some(given), _) => Some(input::read_text(given)?),
        (None, Some(policy)) => input::fixture_near(path, &format!("adapters/{}.json", policy.adapter)),
        (None, None) => None,
    };
    let report = adapter.as_ref().map_or(report, |adapter| check_policy_with(&text, adapter));
    if !report.diagnostics.is_empty() {
        let _ = writeln!(std::io::stderr(), "{}", lines(path, &report.diagnostics));
    }
    let usable = report.usable();
    let Some(summary) = report.policy else { return Ok(None) };
    let adapter = adapter.ok_or_else(|| {
        let (path, name) = (path.display(), &summary.adapter);
        Unusable(format!("{path}: error: there is no adapters/{name}.json beside it"))
    })?;
    Ok(Some(PolicyFile { text, adapter, summary, usable }))
}

/// The setup that events run in: both ends are this program. `now` is in milliseconds since the Unix epoch.
pub(crate) fn setup(
    policy: PolicyFile,
    consent: Option<&Path>,
    seed: &str,
    now: i64,
) -> Result<Setup, Unusable> {
    Ok(Setup {
        policy: policy.text,
        adapter: policy.adapter,
        consents: consents(consent)?.unwrap_or_else(|| join_consents(&[])),
        clock: airlock::api::format_time(now),
        seed: seed.to_owned(),
        source: Source {
            id: policy.summary.source,
            secrets: vec![SECRET.to_owned()],
            // All of one's own files may come at one instant.
            rate: Some(Rate { burst: u32::MAX, per_minute: u32::MAX }),
            ..Source::default()
        },
        transform: Vec::new(),
        sink: Vec::new(),
        actor: "airlock".to_owned(),
        role: "command-line".to_owned(),
        sandbox: SandboxSetup::default(),
    })
}

/// The seed of the scenarios that are shipped.
const DEMO_SEED: &str = "airlock-demo-seed";

/// Whether a seed may be used: an empty one, or the public one of the demonstrations, with `--demo-keys` alone.
pub(crate) fn check_seed(seed: &str, demo_keys: bool) -> Result<(), Unusable> {
    if demo_keys || !(seed.trim().is_empty() || seed == DEMO_SEED) {
        return Ok(());
    }
    Err(Unusable(
        "--seed: error[setting.seed-public]: This seed is empty or public, so that anyone can tell whose a token is. \
         Give one that nobody else knows, leave it out, or say --demo-keys where nothing is to be kept secret."
            .to_owned(),
    ))
}

/// The entropy for keys: the seed given, or with `--demo-keys` the public one, or else the operating system's.
pub(crate) fn entropy(seed: Option<&str>, demo_keys: bool) -> Result<String, Unusable> {
    match seed {
        Some(seed) => check_seed(seed, demo_keys).map(|()| seed.to_owned()),
        None if demo_keys => Ok(DEMO_SEED.to_owned()),
        None => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| {
                Unusable(format!("error: the system gives no entropy ({error}); give --seed"))
            })?;
            Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}

/// The consents of a file or folder as one JSON array; none where no path is given.
pub(crate) fn consents(path: Option<&Path>) -> Result<Option<String>, Unusable> {
    let Some(path) = path else { return Ok(None) };
    let mut consents = Vec::new();
    for file in input::files(path)? {
        let text = input::read_text(&file)?;
        let against = check_consents(&text);
        if !against.is_empty() {
            return Err(Unusable(lines(&file, &against)));
        }
        consents.push(text);
    }
    Ok(Some(join_consents(&consents)))
}

/// The time that an argument gives, or the system's, in milliseconds since the Unix epoch.
pub(crate) fn now(given: Option<&str>) -> Result<i64, Unusable> {
    match given {
        Some(text) => airlock::api::parse_time(text)
            .ok_or_else(|| Unusable(format!("--now: error: `{text}` is not an RFC 3339 time"))),
        None => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .ok_or_else(|| Unusable("error: the system's clock can't be used; give --now".to_owned())),
    }
}

/// Diagnostics of a file, a line each.
pub(crate) fn lines(file: &Path, diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|d| diagnostic_line(file, d)).collect::<Vec<_>>().join("\n")
}

/// `file:line:col: severity[code]: text`.
fn diagnostic_line(file: &Path, diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Diagnostic { code, start, message, help, .. } = diagnostic;
    format!("{}:{}:{}: {severity}[{code}]: {message} {help}", file.display(), start.line, start.column)
}
