//! Reading a deployment for a command.

use std::path::Path;

use crate::{
    config::{self, Deployment, Options},
    connectors::registry,
    diagnostic::{self, Diagnostic},
};

/// Reads the deployment at `path`, secrets too.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<(Deployment, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (deployment, found) = config::load(path, Options { registry: registry(), secrets: true });
    match deployment {
        Some(deployment) => Ok((deployment, found)),
        None => Err(found),
    }
}

/// Reads the deployment at `path` and shows on standard error what is wrong with it; `None` if that forbids
/// going on.
#[expect(clippy::print_stderr, reason = "this is the command line")]
pub fn load(path: &Path, color: bool) -> Option<Deployment> {
    match read(path) {
        Ok((deployment, found)) => {
            eprint!("{}", diagnostic::render(&found, color));
            Some(deployment)
        }
        Err(found) => {
            eprint!("{}", diagnostic::render(&found, color));
            eprintln!("{}", diagnostic::summary(&found));
            None
        }
    }
}
