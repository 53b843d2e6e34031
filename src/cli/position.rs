//! `acequia position …`: where pipelines stand, and changing it.
//!
//! A running daemon is asked over its control socket, because it owns the pipelines: it changes the position of one
//! that is paused. Without a daemon the verb goes to Kafka itself, and holds the state directory meanwhile so that none
//! starts.

use std::{collections::BTreeMap, os::unix::net::UnixStream, path::PathBuf};

use acequia_api::Position;
use clap::{Args, Subcommand};
use hyper::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CliError, Exit, Global, Terminal, deployment,
    switch::{ask, path_of, put},
};
use crate::{
    admin::StoredPicture,
    connectors::registry,
    pipeline::{compile, failure::Failure},
    publish::{Reposition, read_checkpoint, reposition},
    supervisor::startup,
};

/// What to do with stored positions.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia position show permits
  acequia position export permits > positions.json
  acequia pause permits
  acequia position reset permits --reason \"the table was loaded anew\"
  acequia resume permits

A reset begins again at the start of what the source still offers. Files that are known as done stay so: dropped
again, they are duplicates and are not published.

Works with a running daemon, whose pipeline must be paused for a change, and without one.")]
pub struct PositionArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: PositionVerb,
}

/// What to do with a stored position. Whatever changes one needs the pipeline to stand still, and a reason, which is
/// kept.
#[derive(Debug, Clone, Subcommand)]
pub enum PositionVerb {
    /// Print where a pipeline stands
    #[command(after_help = "Example:\n  acequia position show permits --json")]
    Show {
        /// The pipeline
        pipeline: String,
    },
    /// Set the position of one split
    #[command(
        after_help = "Example:\n  acequia position set permits files '{\"v\":1,…}' --reason \"skip a broken export\""
    )]
    Set {
        /// The pipeline
        pipeline: String,
        /// The split
        split: String,
        /// The position, as JSON, as `show` prints it
        position: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Forget every position: the next run is a first run
    #[command(
        visible_alias = "reset",
        after_help = "Example:\n  acequia position init permits --reason \"first run on the new server\""
    )]
    Init {
        /// The pipeline
        pipeline: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Print all positions as a file that `import` reads
    #[command(after_help = "Example:\n  acequia position export permits > positions.json")]
    Export {
        /// The pipeline
        pipeline: String,
    },
    /// Set all positions from a file that `export` made
    #[command(
        after_help = "Example:\n  acequia position import permits positions.json --reason \"moved to the new cluster\""
    )]
    Import {
        /// The pipeline
        pipeline: String,
        /// The file
        file: PathBuf,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// The file that `export` writes and `import` reads.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    /// The pipeline.
    pipeline: String,
    /// Position by split.
    positions: BTreeMap<String, Position>,
}

pub(super) fn run(
    args: &PositionArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (pipeline, wanted) = match &args.what {
        PositionVerb::Show { pipeline } => {
            show(&stored(pipeline, global, terminal)?, terminal)?;
            return Ok(Exit::Ok);
        }
        PositionVerb::Export { pipeline } => {
            let stored = stored(pipeline, global, terminal)?;
            let positions =
                stored.splits.into_iter().map(|split| (split.split, split.position)).collect();
            terminal.value(&Exported { pipeline: pipeline.clone(), positions })?;
            return Ok(Exit::Ok);
        }
        PositionVerb::Set { pipeline, split, position, reason } => {
            let position = serde_json::from_str(position).map_err(|cause| {
                let message = format!("this is no position as `position show` prints it: {cause}");
                CliError::Usage(message)
            })?;
            let positions = BTreeMap::from([(split.clone(), position)]);
            (pipeline, Reposition { positions, forget_others: false, reason: reason.clone() })
        }
        PositionVerb::Init { pipeline, reason } => {
            let positions = BTreeMap::new();
            (pipeline, Reposition { positions, forget_others: true, reason: reason.clone() })
        }
        PositionVerb::Import { pipeline, file, reason } => {
            let positions = imported(pipeline, file)?;
            (pipeline, Reposition { positions, forget_others: true, reason: reason.clone() })
        }
    };
    change(pipeline, &wanted, global, terminal)?;
    Ok(Exit::Ok)
}

fn imported(pipeline: &str, file: &PathBuf) -> Result<BTreeMap<String, Position>, CliError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|cause| CliError::system(format!("`{shown}` cannot be read: {cause}")))?;
    let exported: Exported = serde_json::from_str(&text)
        .map_err(|cause| CliError::Usage(format!("`{shown}` is no exported position: {cause}")))?;
    if exported.pipeline != *pipeline {
        let other = exported.pipeline;
        let message = format!("`{shown}` holds the positions of `{other}`, not of `{pipeline}`");
        return Err(CliError::Usage(message));
    }
    Ok(exported.positions)
}

/// Whether a daemon listens. One that ends in between is noticed when it is asked.
fn has_daemon(global: &Global) -> bool {
    deployment::control_socket(global).is_ok_and(|socket| UnixStream::connect(socket).is_ok())
}

fn stored(name: &str, global: &Global, terminal: &Terminal) -> Result<StoredPicture, CliError> {
    if has_daemon(global) {
        let answer = ask(global, Method::GET, &path_of(name, "positions")?)?;
        return StoredPicture::deserialize(answer)
            .map_err(|_| CliError::system("the daemon answers in another version's words"));
    }
    let (deployment, kafka) = deployment::reach("position", global, terminal)?;
    deployment::pipeline(name, &deployment)?;
    let key = startup::seal_key(deployment.daemon.keys.state.as_ref(), "state")?;
    let task = compile::task_of(name, &deployment, Uuid::new_v4(), None);
    let stored = read_checkpoint(&kafka, &task, key.as_ref()).map_err(Failure::from)?;
    Ok(StoredPicture::from(&stored))
}

fn show(stored: &StoredPicture, terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json {
        return terminal.value(stored);
    }
    let Some(transaction) = stored.transaction else {
        return terminal.line("nothing was ever committed: the next run is a first run");
    };
    terminal.line(format!("transaction {transaction}"))?;
    if stored.splits.is_empty() {
        return terminal.line(
            "no split has a position: the next run begins at the start of what the source offers",
        );
    }
    for split in &stored.splits {
        let position = serde_json::to_string(&split.position)
            .map_err(|cause| CliError::system(format!("a position cannot be printed: {cause}")))?;
        let counts = split.counts;
        let name = terminal.bold(&split.split);
        terminal.line(format!("{name}  {position}"))?;
        terminal.line(format!(
            "  {} read, {} published, {} rejected, {} filtered; mapped by {}",
            counts.rows_in,
            counts.published,
            counts.rejected,
            counts.filtered,
            split.mappings.join(", ")
        ))?;
    }
    Ok(())
}

fn change(
    name: &str,
    wanted: &Reposition,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let by_daemon = has_daemon(global);
    let transaction = if by_daemon {
        let body = serde_json::to_value(wanted)
            .map_err(|cause| CliError::system(format!("cannot be written as JSON: {cause}")))?;
        let answer = put(global, &path_of(name, "positions")?, &body)?;
        answer["transaction"].as_u64().unwrap_or_default()
    } else {
        let (deployment, _) = deployment::reach("position", global, terminal)?;
        let pipeline = deployment::pipeline(name, &deployment)?;
        let ground = startup::prepare(&deployment, registry(), false)?;
        let setup = compile::compile(pipeline, &deployment, &ground.around)?.publisher;
        reposition(setup, wanted).map_err(Failure::from)?
    };
    if terminal.json {
        return terminal.value(&serde_json::json!({ "transaction": transaction }));
    }
    let reason = &wanted.reason;
    terminal.line(format!("committed as transaction {transaction} of `{name}`: {reason}"))?;
    if by_daemon {
        terminal.line(format!("`acequia resume {name}` goes on from there"))?;
    }
    Ok(())
}
