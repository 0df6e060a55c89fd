//! `cargo xtask definitions`: HL7's StructureDefinitions to the compact table that the validator reads.
//!
//! The table is text, one line a fact, so that a change of it can be read in a diff:
//!
//! ```text
//! = Patient < DomainResource                     a type, its base, and its invariants (~key)
//! contact 0 * @Patient.contact ~pat-1            an element: name, min, max, types, invariants
//! gender 0 1 code ?administrative-gender         … with a required value set
//! subject 1 1 Reference(Group,Patient)           … with the types that a reference may point to
//! # administrative-gender URL female male        a value set: its name, a code system, the codes
//! ```

#![allow(clippy::indexing_slicing, reason = "a member that a serde_json value does not have is null")]

use crate::{root, sh, tools};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where the table is kept.
pub const TABLE: &str = "src/engine/validate/structure/r4.txt";

/// Value sets that can't be listed: media types and UCUM's units are grammars, and LOINC does not publish this answer list.
const NOT_LISTED: [&str; 3] = ["LL379-9", "mimetypes", "ucum-units"];

/// Invariants that hold of every element or extension: said once, at the type.
const EVERYWHERE: [&str; 2] = ["ele-1", "ext-1"];

/// Installs the definitions at their pinned versions and writes the table anew.
///
/// # Errors
/// Where npm fails, a definition is missing or has a shape that the table can't hold.
pub fn command() -> Result<()> {
    let folders = installed()?;
    let table = compile(&folders, &resources(&folders)?)?;
    let path = root().join(TABLE);
    std::fs::write(&path, &table).with_context(|| format!("writing {}", path.display()))?;
    sh::say(format!("{TABLE}: {} lines, {} bytes", table.lines().count(), table.len()));
    Ok(())
}

/// The folders of the installed packages.
fn installed() -> Result<Vec<PathBuf>> {
    let target = tools::npm_packages("definitions", "FHIR R4's definitions")?;
    let package = |name: &str| target.join("node_modules").join(name);
    Ok(vec![package("hl7.fhir.r4.examples"), package("hl7.fhir.r4.expansions")])
}

/// The resource types that the folders define, in order: those that a resource can be of.
///
/// # Errors
/// Where a definition can't be read.
pub fn resources(folders: &[PathBuf]) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for entry in folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten() {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if file.starts_with("StructureDefinition-") && file.ends_with(".json") {
            let value: Value = serde_json::from_slice(&std::fs::read(&path)?)
                .with_context(|| format!("reading {}", path.display()))?;
            let is_type = value["kind"] == "resource" && value["derivation"] == "specialization";
            if is_type && value["abstract"] == false {
                names.insert(text_of(&value, "type")?.to_owned());
            }
        }
    }
    Ok(names.into_iter().collect())
}

/// The table of these resources and all that they use, out of folders that hold `StructureDefinition-NAME.json`
/// and `ValueSet-NAME.json` (expanded), at any depth of one.
///
/// # Errors
/// Where a definition is missing or has a shape that the table can't hold.
pub fn compile(folders: &[PathBuf], resources: &[String]) -> Result<String> {
    let source = Source { folders };
    let mut types = BTreeMap::new();
    let mut sets = BTreeSet::new();
    let mut due: Vec<String> = resources.to_vec();
    while let Some(name) = due.pop() {
        if types.contains_key(&name) {
            continue;
        }
        let definition = source.read("StructureDefinition", &name)?;
        types.insert(name.clone(), TypeText::default());
        if definition["kind"] == "primitive-type" {
            types.remove(&name);
            continue;
        }
        let mut text = TypeText::of(&definition)?;
        due.append(&mut text.uses);
        sets.append(&mut text.sets);
        types.insert(name, text);
    }
    let mut table = String::from("airlock structure 1, FHIR R4 4.0.1\n");
    for text in types.values() {
        table.push_str(&text.lines);
    }
    for set in &sets {
        if !NOT_LISTED.contains(&set.as_str()) {
            table.push_str(&value_set(&source, set)?);
        }
    }
    Ok(table)
}

struct Source<'a> {
    folders: &'a [PathBuf],
}

impl Source<'_> {
    fn read(&self, kind: &str, name: &str) -> Result<Value> {
        let file = format!("{kind}-{name}.json");
        let expanded = |value: &Value| kind != "ValueSet" || value.get("expansion").is_some();
        for path in self.folders.iter().map(|folder| folder.join(&file)).filter(|path| path.is_file()) {
            let value: Value = serde_json::from_slice(&std::fs::read(&path)?)
                .with_context(|| format!("reading {}", path.display()))?;
            if expanded(&value) {
                return Ok(value);
            }
        }
        bail!("{file} is in none of the folders");
    }
}

/// A type's lines, and what else they need.
#[derive(Default)]
struct TypeText {
    lines: String,
    uses: Vec<String>,
    sets: BTreeSet<String>,
}

impl TypeText {
    fn of(definition: &Value) -> Result<Self> {
        let elements = definition["snapshot"]["element"].as_array().context("no snapshot")?;
        let name = definition["type"].as_str().context("no type")?;
        let base = definition["baseDefinition"].as_str().and_then(|url| url.rsplit('/').next());
        let mut text = Self::default();
        // Age, Count, Distance and Duration are constrained kinds of Quantity, with invariants of their own.
        let base = base.filter(|base| *base != "Quantity");
        text.uses.extend(base.map(str::to_owned));
        text.block(name, base, elements)?;
        Ok(text)
    }

    /// The lines of a type or of a part with elements of its own, and of the parts below.
    fn block(&mut self, path: &str, base: Option<&str>, elements: &[Value]) -> Result<()> {
        let find = |path: &str| elements.iter().find(|element| element["path"] == path);
        let own = find(path).with_context(|| format!("no element {path}"))?;
        write!(self.lines, "= {path}")?;
        if let Some(base) = base {
            write!(self.lines, " < {base}")?;
        }
        // A part's invariants stand at the element that leads to it.
        if !path.contains('.') {
            self.invariants(own, path)?;
        }
        self.lines.push('\n');
        let mut parts = Vec::new();
        for element in elements {
            let at = element["path"].as_str().context("an element without a path")?;
            let Some(name) = at.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let inherited = element["base"]["path"].as_str() != Some(at) && base.is_some();
            if name.contains('.') || inherited {
                continue;
            }
            write!(self.lines, "{name} {} {} ", element["min"], text_of(element, "max")?)?;
            if self.types(element, at)? {
                parts.push(at.to_owned());
            }
            self.invariants(element, at)?;
            self.lines.push('\n');
        }
        for part in parts {
            let kind = find(&part).and_then(|element| element["type"][0]["code"].as_str().map(str::to_owned));
            let base = kind.context("a part without a type")?;
            self.uses.push(base.clone());
            self.block(&part, Some(&base), elements)?;
        }
        Ok(())
    }

    /// An element's types and required value set; whether it is a part with elements of its own.
    fn types(&mut self, element: &Value, path: &str) -> Result<bool> {
        if let Some(reference) = element["contentReference"].as_str() {
            write!(self.lines, "@{}", reference.trim_start_matches('#'))?;
            return Ok(false);
        }
        let types = element["type"].as_array().with_context(|| format!("{path} has no type"))?;
        let mut part = false;
        for (n, kind) in types.iter().enumerate() {
            let code = text_of(kind, "code")?;
            if n > 0 {
                self.lines.push('|');
            }
            match code {
                "BackboneElement" | "Element" => {
                    part = true;
                    write!(self.lines, "@{path}")?;
                }
                "http://hl7.org/fhirpath/System.String" => {
                    // Ids of resources have a form of their own; those of elements are strings.
                    let resource = element["base"]["path"] == "Resource.id";
                    let stated = kind["extension"][0]["valueUrl"].as_str();
                    self.lines.push_str(if resource { "id" } else { stated.unwrap_or("string") });
                }
                "Reference" => {
                    let mut targets: Vec<&str> =
                        kind["targetProfile"].as_array().map_or_else(Vec::new, |all| {
                            all.iter().filter_map(|url| url.as_str()?.rsplit('/').next()).collect()
                        });
                    targets.sort_unstable();
                    self.lines.push_str(code);
                    if !targets.is_empty() && !targets.contains(&"Resource") {
                        write!(self.lines, "({})", targets.join(","))?;
                    }
                    self.uses.push(code.to_owned());
                }
                "Resource" => self.lines.push_str(code),
                _ => {
                    self.lines.push_str(code);
                    self.uses.push(code.to_owned());
                }
            }
        }
        let binding = &element["binding"];
        if binding["strength"] == "required"
            && let Some(url) = binding["valueSet"].as_str()
        {
            let set = url.split('|').next().and_then(|url| url.rsplit('/').next()).context("a value set")?;
            write!(self.lines, " ?{set}")?;
            self.sets.insert(set.to_owned());
        }
        Ok(part)
    }

    fn invariants(&mut self, element: &Value, path: &str) -> Result<()> {
        let type_name = path.split('.').next().unwrap_or(path);
        for constraint in element["constraint"].as_array().into_iter().flatten() {
            let key = text_of(constraint, "key")?;
            // What a base says stands with the base; Quantity's kinds stand for themselves.
            let source = constraint["source"].as_str().and_then(|url| url.rsplit('/').next());
            let own = source.is_none_or(|source| source == type_name || source == "Quantity");
            let everywhere = path.contains('.') && EVERYWHERE.contains(&key);
            if own && !everywhere {
                write!(self.lines, " ~{key}")?;
            }
        }
        Ok(())
    }
}

fn value_set(source: &Source<'_>, name: &str) -> Result<String> {
    let value = source.read("ValueSet", name)?;
    let mut systems: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut due: Vec<&Value> = value["expansion"]["contains"].as_array().into_iter().flatten().collect();
    while let Some(concept) = due.pop() {
        due.extend(concept["contains"].as_array().into_iter().flatten());
        if concept["abstract"] != true {
            let code = text_of(concept, "code")?;
            if code.contains(char::is_whitespace) {
                bail!("{name} has a code with a blank in it");
            }
            systems.entry(text_of(concept, "system")?.to_owned()).or_default().insert(code.to_owned());
        }
    }
    if systems.is_empty() {
        bail!("{name} has no codes");
    }
    let mut lines = String::new();
    for (system, codes) in systems {
        let codes: Vec<String> = codes.into_iter().collect();
        writeln!(lines, "# {name} {system} {}", codes.join(" "))?;
    }
    Ok(lines)
}

fn text_of<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("no `{key}`"))
}

/// Folders below one, itself included.
pub fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_path_buf()];
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    found.extend(below.filter(|path| path.is_dir()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of one type, or of what is inside it.
    fn blocks(table: &str) -> BTreeMap<&str, &str> {
        let mut starts: Vec<usize> = table.match_indices("\n= ").map(|(at, _)| at + 1).collect();
        starts.extend(table.find("\n# ").map(|at| at + 1));
        starts
            .windows(2)
            .map(|pair| {
                let block = &table[pair[0]..pair[1]];
                let name = block[2..].split([' ', '\n']).next().unwrap_or("");
                (name, block)
            })
            .collect()
    }

    #[test]
    fn the_table_says_what_the_definitions_say() {
        let Some(definitions) = crate::skip::folder(&crate::corpus(), "fhir-r4-definitions") else { return };
        let folders = folders_below(&definitions);
        let resources = resources(&folders).unwrap();
        assert!(resources.len() >= 20, "only {resources:?}");
        let made = compile(&folders, &resources).unwrap();
        let kept = std::fs::read_to_string(root().join(TABLE)).unwrap();
        let kept = blocks(&kept);
        for (name, block) in blocks(&made) {
            assert_eq!(kept.get(name), Some(&block), "{name}");
        }
    }
}
