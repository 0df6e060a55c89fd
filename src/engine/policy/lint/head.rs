//! What to look at in what a policy says of itself.

use super::codes::{CHANGELOG_MISSING, CONSENT_MISSING, PURPOSE_UNKNOWN};
use crate::engine::document::{Document, Edit, closest};
use crate::engine::fhir::NodeId;
use crate::engine::policy::edit::{quoted, revise};
use crate::engine::policy::{POLICY, Policy};

/// HL7 v3 PurposeOfUse: the codes that a consent or security label can name.
const PURPOSES_OF_USE: [&str; 56] = [
    "BTG",
    "CAREMGT",
    "CLINTRCH",
    "CLINTRCHNPC",
    "CLINTRCHPC",
    "CLMATTCH",
    "COC",
    "COVAUTH",
    "COVERAGE",
    "DISASTER",
    "DONAT",
    "DSRCH",
    "ELIGDTRM",
    "ELIGVER",
    "ENROLLM",
    "ETREAT",
    "FAMRQT",
    "FRAUD",
    "GOV",
    "HACCRED",
    "HCOMPL",
    "HDECD",
    "HDIRECT",
    "HDM",
    "HLEGAL",
    "HMARKT",
    "HOPERAT",
    "HOUTCOMS",
    "HPAYMT",
    "HPRGRP",
    "HQUALIMP",
    "HRESCH",
    "HSYSADMIN",
    "HTEST",
    "LABELING",
    "MEMADMIN",
    "METAMGT",
    "MILCDM",
    "MILDCRG",
    "PATADMIN",
    "PATRQT",
    "PATSFTY",
    "PERFMSR",
    "POARCH",
    "PRECLINTRCH",
    "PUBHLTH",
    "PWATRNY",
    "RECORDMGT",
    "REMITADV",
    "SUPNWK",
    "SYSDEV",
    "THREAT",
    "TRAIN",
    "TRANSRCH",
    "TREAT",
    "TREATDS",
];

pub(super) fn lint(doc: &mut Document<'_>, policy: &Policy) {
    let root = NodeId::ROOT;
    if let Some(at) = doc.json.get(root, "purpose").filter(|_| !policy.purpose.is_empty()) {
        purpose(doc, at, &policy.purpose);
    }
    if doc.json.get(root, "consent").is_none() {
        let at = doc.json.get(root, "purpose").map_or((0, 1), |at| doc.json.span(at));
        doc.lint(at, &CONSENT_MISSING, "The policy does not say that consent is needed for this purpose.");
        let order: Vec<&str> = POLICY.names().collect();
        let json = doc.json;
        doc.fix("Require consent", || revise(json, root, &order, &[("consent", Some(quoted("required")))]));
    }
    if let Some(at) = doc.json.get(root, "version").filter(|_| !policy.version.is_empty())
        && !policy.changelog.iter().any(|change| change.version == policy.version)
    {
        let message = "The changelog does not say what this version changed.";
        doc.lint(doc.json.span(at), &CHANGELOG_MISSING, message);
    }
}

fn purpose(doc: &mut Document<'_>, at: NodeId, purpose: &str) {
    if PURPOSES_OF_USE.contains(&purpose) {
        return;
    }
    let (start, end) = doc.json.span(at);
    doc.lint((start, end), &PURPOSE_UNKNOWN, format!("`{purpose}` is not a purpose of use."));
    if let Some(near) = closest(&purpose.to_uppercase(), PURPOSES_OF_USE.into_iter()) {
        doc.fix(format!("Write `{near}`"), || vec![Edit { start, end, text: quoted(near) }]);
    }
}
