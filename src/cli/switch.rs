//! `acequia pause PIPELINE`, `acequia resume PIPELINE`

use clap::Args;
use hyper::Method;

use serde_json::{Value as Json, json};

use super::{CliError, Exit, Global, Terminal, deployment, output::printable};
use crate::admin::client::{self, ClientError};

/// Which pipeline.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  acequia pause permits && acequia resume permits")]
pub struct PipelineArgs {
    /// Its name
    pipeline: String,
}

/// What to do with it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Switch {
    Pause,
    Resume,
}

pub(super) fn run(
    args: &PipelineArgs,
    switch: Switch,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (word, done) = match switch {
        Switch::Pause => ("pause", "pauses after its open transaction"),
        Switch::Resume => ("resume", "resumes"),
    };
    let name = &args.pipeline;
    ask(global, Method::POST, &path_of(name, word)?)?;
    if terminal.json {
        terminal.value(&json!({ "pipeline": name, "asked": word }))?;
    } else {
        terminal.line(format!("{name} {done}"))?;
    }
    Ok(Exit::Ok)
}

/// Where the daemon has something of a pipeline.
///
/// # Errors
/// `Usage` for what cannot be a name, and must not become part of a path.
pub(super) fn path_of(pipeline: &str, what: &str) -> Result<String, CliError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if pipeline.is_empty() || !pipeline.bytes().all(is_name) {
        let shown = printable(pipeline);
        return Err(CliError::Usage(format!("`{shown}` cannot be the name of a pipeline")));
    }
    Ok(format!("/pipelines/{pipeline}/{what}"))
}

/// Asks the daemon of this configuration. The configuration may have mistakes that do not concern the socket.
pub(super) fn ask(global: &Global, method: Method, path: &str) -> Result<Json, CliError> {
    let socket = deployment::control_socket(global)?;
    runtime()?.block_on(client::ask(&socket, method, path)).map_err(unanswered)
}

/// Tells it something that takes long.
pub(super) fn put(global: &Global, path: &str, body: &Json) -> Result<Json, CliError> {
    let socket = deployment::control_socket(global)?;
    runtime()?.block_on(client::put(&socket, path, body)).map_err(unanswered)
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn unanswered(error: ClientError) -> CliError {
    match error {
        ClientError::NotRunning(_) => CliError::system(error.to_string())
            .hint("start it with `acequia run`, or name its configuration with `--config`"),
        ClientError::Forbidden(_) => {
            CliError::system(error.to_string()).hint("ask as the daemon's user, or join its group")
        }
        ClientError::Refused(refusal) => {
            // Nothing is in the way but what was typed.
            if refusal.code == "admin.unknown_pipeline" {
                let hint = refusal.hint.map_or_else(String::new, |hint| format!("; {hint}"));
                return CliError::Usage(format!("{}{hint}", refusal.message));
            }
            let error = CliError::system(format!("{} ({})", refusal.message, refusal.code));
            match refusal.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
        ClientError::Silent(_) => CliError::system(error.to_string()),
    }
}
