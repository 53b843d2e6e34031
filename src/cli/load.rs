//! Reading a deployment for a command: configuration, mappings and keys together, every mistake at once.

use std::path::Path;

use crate::{
    config::{self, Deployment, Options},
    connectors::registry,
    diagnostic::{self, Diagnostic, SourceFile},
    mapping::{self, Library, protect::AnyKeys},
    supervisor::startup,
};

/// A deployment without mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// What is configured.
    pub deployment: Deployment,
    /// Its models, tables, policies and mappings.
    pub library: Library,
    /// What was found that forbids nothing.
    pub found: Vec<Diagnostic>,
}

/// Reads the deployment at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let options = Options { registry: registry(), secrets: true };
    let (deployment, mut found) = config::load(path, options);
    let Some(deployment) = deployment else { return Err(found) };
    let (library, faults) = match startup::keys(&deployment) {
        Ok(keys) => mapping::check(&deployment.texts, &keys),
        Err(failure) => {
            let (library, mut faults) = mapping::check(&deployment.texts, &AnyKeys);
            let file = SourceFile::new(path.display().to_string(), "");
            let fault = Diagnostic::error("keys.unreadable", &file, 0..0, failure.message);
            faults.push(match failure.hint {
                Some(hint) => fault.help(hint),
                None => fault,
            });
            (library, faults)
        }
    };
    found.extend(faults);
    if diagnostic::has_errors(&found) { Err(found) } else { Ok(Loaded { deployment, library, found }) }
}

/// Reads the deployment at `path` and shows on standard error what is wrong with it; `None` if that forbids
/// going on.
#[expect(clippy::print_stderr, reason = "this is the command line")]
pub fn load(path: &Path, color: bool) -> Option<Loaded> {
    match read(path) {
        Ok(loaded) => {
            eprint!("{}", diagnostic::render(&loaded.found, color));
            Some(loaded)
        }
        Err(found) => {
            eprint!("{}", diagnostic::render(&found, color));
            eprintln!("{}", diagnostic::summary(&found));
            None
        }
    }
}
