//! `airlock verify`: an evidence bundle, offline.

use super::{Outcome, Unusable, VerifyArgs, coloured, input, say, say_json};
use airlock::api::{Evidence, EvidenceLog};

pub(crate) fn verify(args: &VerifyArgs) -> Outcome {
    let unusable = |error: String| Unusable(format!("{}: error: {error}", args.evidence.display()));
    let evidence = Evidence::read(&input::read_text(&args.evidence)?).map_err(unusable)?;
    let checkpoint = match &args.checkpoint {
        None => None,
        Some(path) => {
            let text = input::read_text(path)?;
            let head = serde_json::from_str::<EvidenceLog>(&text)
                .ok()
                .or_else(|| Evidence::read(&text).ok().map(|earlier| earlier.log));
            Some(head.ok_or_else(|| {
                Unusable(format!(
                    "{}: error: a checkpoint is {{\"size\":…,\"root\":\"…\"}} or an evidence bundle",
                    path.display()
                ))
            })?)
        }
    };
    let result = evidence.verify(checkpoint.as_ref());
    if args.json {
        say_json(&result);
    } else {
        let word = if result.verified { coloured("verified", true) } else { coloured("NOT VERIFIED", false) };
        say(&format!("{word}: {} records, root {}", result.size, result.root));
        for fault in &result.faults {
            say(&format!("  {}", fault.what));
        }
    }
    Ok(result.verified)
}
