//! `acequia schema release MODEL`: writes down what a model promises from now on.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    cli::{CliError, Exit, Terminal, output::printable},
    config::Deployment,
    model::{Model, changes},
};

/// Where released models are kept, from the root of the deployment.
const FOLDER: &str = "mappings/models/released";

/// Writes the file of this version. A version that is there already is never changed: the same shape is
/// released already, another one is refused.
///
/// # Errors
/// As told, and when the file cannot be read or written.
pub(super) fn release(
    model: &Model,
    deployment: &Deployment,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let name = format!("{FOLDER}/{}.json", model.release());
    let path = deployment.root.join(&name);
    let schema = model.json_schema();
    let written = write(&path, &schema)?;
    if terminal.json {
        terminal.value(&json!({ "model": model.reference(), "file": name, "written": written }))?;
    } else {
        let said = if written { "released" } else { "was released already" };
        terminal.line(format!("{} {said}: {}", model.release(), printable(&name)))?;
    }
    Ok(Exit::Ok)
}

/// Whether the file had to be written.
fn write(path: &Path, schema: &Value) -> Result<bool, CliError> {
    let shown = printable(&path.display().to_string());
    if path.exists() {
        let text = fs::read_to_string(path)
            .map_err(|cause| CliError::system(format!("`{shown}` cannot be read: {cause}")))?;
        let released: Value = serde_json::from_str(&text)
            .map_err(|cause| CliError::system(format!("`{shown}` is not JSON: {cause}")))?;
        return match changes(&released, schema).first() {
            None => Ok(false),
            Some(change) => {
                Err(CliError::system(format!("`{shown}` holds another shape: {change}"))
                    .hint("a released version is immutable: raise the minor version"))
            }
        };
    }
    let text = format!("{schema:#}\n");
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|cause| CliError::system(format!("`{shown}` could not be written: {cause}")))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::write;

    #[test]
    fn a_release_is_written_once_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("released/thing-1.0.json");
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        assert!(write(&path, &schema).unwrap());
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(!write(&path, &schema).unwrap());
        let other = json!({ "type": "object", "properties": { "b": { "type": "string" } } });
        let refused = write(&path, &other).unwrap_err().to_string();
        assert!(refused.contains("`a` is gone"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    }
}
