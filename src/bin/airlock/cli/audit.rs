//! `airlock audit`: the timeline of an evidence bundle in the formats of a reviewer's trade.

use super::{AuditArgs, Outcome, Unusable, verify};
use airlock::api::{EvidenceCheck, EvidenceFault, ExportFormat, Exporter, Known, Lineage};
use clap::ValueEnum;
use std::io::{BufWriter, Write};

/// What a timeline is exported as.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Ndjson,
    Csv,
    Fhir,
    Prov,
    ProvN,
}

pub(crate) fn audit(args: &AuditArgs) -> Outcome {
    let name = args.evidence.display();
    let format = match args.format {
        Format::Ndjson => Some(ExportFormat::Ndjson),
        Format::Csv => Some(ExportFormat::Csv),
        Format::Fhir => Some(ExportFormat::Fhir),
        Format::Prov | Format::ProvN => None,
    };
    if format.is_some() && args.record.is_some() {
        return Err(Unusable("--record: error: only prov and prov-n are of one record".to_owned()));
    }
    let mut check = EvidenceCheck::new(verify::read(&args.evidence)?, Known::default());
    verify::work(&mut check);
    let report = check.report();
    for EvidenceFault { code, what, help, .. } in &report.faults {
        let _ = writeln!(std::io::stderr(), "{name}: error[{code}]: {what}\n  help: {help}");
    }
    if !report.verified && !args.unverified {
        let _ = writeln!(
            std::io::stderr(),
            "{name}: not exported, since it does not verify; --unverified exports it all the same"
        );
        return Ok(false);
    }
    let evidence = check.evidence();
    let origin = evidence.origin();
    let whole = match (format, args.record) {
        (Some(format), _) => {
            export(&Exporter::new(format, origin), format, evidence.texts(), &name.to_string())
        }
        (None, Some(seq)) => {
            let records: Vec<&str> = evidence.texts().collect();
            let lineage = Lineage::of(origin, &records, seq)
                .ok_or_else(|| Unusable(format!("{name}: error: there is no record {seq}")))?;
            let text = if args.format == Format::Prov { lineage.svg() } else { lineage.prov_n() };
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            true
        }
        // The arguments ask for it.
        (None, None) => return Err(Unusable("--record: error: the lineage is of one record".to_owned())),
    };
    Ok(report.verified && whole)
}

/// Writes record by record; whether each could be written. Where the reader has gone away the rest is not written.
fn export<'a>(
    exporter: &Exporter,
    format: ExportFormat,
    records: impl Iterator<Item = &'a str>,
    name: &str,
) -> bool {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut whole = true;
    let mut text = String::new();
    exporter.head(&mut text);
    for (place, record) in records.enumerate() {
        if let Err(unfit) = exporter.record(record, &mut text) {
            whole = false;
            let format = format.as_str();
            let _ =
                writeln!(std::io::stderr(), "{name}: error: item {place} is not in the {format}: {unfit}");
        }
        if out.write_all(text.as_bytes()).is_err() {
            return whole;
        }
        text.clear();
    }
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
    whole
}
