//! `acequia pause PIPELINE`, `acequia resume PIPELINE`

use clap::Args;
use hyper::Method;

use super::{CliError, Exit, Global, Terminal, deployment};
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
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !name.bytes().all(is_name) {
        return Err(CliError::Usage(format!("`{name}` cannot be the name of a pipeline")));
    }
    ask(global, Method::POST, &format!("/pipelines/{name}/{word}"))?;
    if !terminal.json {
        terminal.line(format!("{name} {done}"))?;
    }
    Ok(Exit::Ok)
}

/// Asks the daemon of this configuration. The configuration may have mistakes that do not concern the socket.
pub(super) fn ask(
    global: &Global,
    method: Method,
    path: &str,
) -> Result<serde_json::Value, CliError> {
    let socket = deployment::control_socket(global)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(client::ask(&socket, method, path)).map_err(|error| match error {
        ClientError::NotRunning(_) => CliError::system(error.to_string())
            .hint("start it with `acequia run`, or name its configuration with `--config`"),
        ClientError::Forbidden(_) => {
            CliError::system(error.to_string()).hint("ask as the daemon's user, or join its group")
        }
        ClientError::Refused(refusal) => {
            let error = CliError::system(refusal.message);
            match refusal.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
        ClientError::Silent(_) => CliError::system(error.to_string()),
    })
}
