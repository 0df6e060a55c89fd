//! `cargo xtask schemas`: the JSON Schemas that `$schema` in a document points to.

use crate::{root, sh};
use anyhow::{Context, Result};
use std::fs;

/// The documents that have a schema.
const NAMES: [&str; 5] = ["adapter-2", "audit-record-1", "canonical-1", "crm-2", "policy-2"];

/// Writes each schema, as the library gives it, to `docs/schemas`.
pub fn command() -> Result<()> {
    let folder = root().join("docs/schemas");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for name in NAMES {
        let text = sh::output(&mut sh::cargo(["run", "--quiet", "--bin", "airlock", "--", "schema", name]))?;
        let file = folder.join(format!("{name}.json"));
        fs::write(&file, text + "\n").with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}
