//! A setting from files, and what there is to say of them.

use super::{Unusable, input};
use airlock::api::{
    Diagnostic, PolicySummary, Rate, SandboxSetup, Setup, Severity, Source, check_consents, check_policy,
    join_consents,
};
use std::io::Write;
use std::path::Path;

/// The secret of the stand-in sender: both ends are this program.
const SECRET: &str = "whsec_YWlybG9jayBkZW1vbnN0cmF0aW9uIHNlY3JldCwgbm90IGEgc2VjcmV0";

/// A policy that can be used, with the file that it came from.
pub(crate) struct PolicyFile<'a> {
    path: &'a Path,
    /// Its text.
    pub text: String,
    summary: PolicySummary,
}

/// Reads a policy. What there is to say of it goes to standard error; none where it can't be used.
pub(crate) fn policy(path: &Path) -> Result<Option<PolicyFile<'_>>, Unusable> {
    let text = input::read_text(path)?;
    let report = check_policy(&text);
    if !report.diagnostics.is_empty() {
        let _ = writeln!(std::io::stderr(), "{}", lines(path, &report.diagnostics));
    }
    let usable = report.usable();
    Ok(report.policy.filter(|_| usable).map(|summary| PolicyFile { path, text, summary }))
}

impl PolicyFile<'_> {
    /// The text of the adapter that it names: the file given, or near the policy, or as shipped.
    pub(crate) fn adapter(&self, given: Option<&Path>) -> Result<String, Unusable> {
        if let Some(given) = given {
            return input::read_text(given);
        }
        let path = format!("adapters/{}.json", self.summary.adapter);
        input::fixture_near(self.path, &path)
            .ok_or_else(|| Unusable(format!("{}: error: there is no {path} beside it", self.path.display())))
    }
}

/// The setup that events run in: both ends are this program. `now` is in milliseconds since the Unix epoch.
pub(crate) fn setup(
    policy: PolicyFile<'_>,
    adapter: String,
    consent: Option<&Path>,
    seed: &str,
    now: i64,
) -> Result<Setup, Unusable> {
    let mut consents = Vec::new();
    if let Some(path) = consent {
        for file in input::files(path)? {
            let text = input::read_text(&file)?;
            let against = check_consents(&text);
            if !against.is_empty() {
                return Err(Unusable(lines(&file, &against)));
            }
            consents.push(text);
        }
    }
    Ok(Setup {
        policy: policy.text,
        adapter,
        consents: join_consents(&consents),
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
