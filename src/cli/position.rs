//! `acequia position …`

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use acequia_api::Position;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CliError, Exit, Global, Terminal, deployment};
use crate::{
    checkpoint::{Counts, Delta, Progress, Recovered},
    config::Deployment,
    connectors::registry,
    pipeline::{compile, failure::Failure},
    publish::{Publisher, read_checkpoint},
    supervisor::startup,
};

/// What to do with stored positions.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia position show permits
  acequia position export permits > positions.json
  acequia position init permits --reason \"first run on the new server\"")]
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
    Show {
        /// The pipeline
        pipeline: String,
    },
    /// Set the position of one split
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
    Init {
        /// The pipeline
        pipeline: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Print all positions as a file that `import` reads
    Export {
        /// The pipeline
        pipeline: String,
    },
    /// Set all positions from a file that `export` made
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
    let (deployment, _) = deployment::reach("position", global, terminal)?;
    match &args.what {
        PositionVerb::Show { pipeline } => show(&stored(pipeline, &deployment)?, terminal)?,
        PositionVerb::Export { pipeline } => {
            let positions = positions(&stored(pipeline, &deployment)?);
            terminal.value(&Exported { pipeline: pipeline.clone(), positions })?;
        }
        PositionVerb::Set { pipeline, split, position, reason } => {
            let position: Position = serde_json::from_str(position).map_err(|cause| {
                CliError::Usage(format!(
                    "this is no position as `position show` prints it: {cause}"
                ))
            })?;
            let wanted = BTreeMap::from([(split.clone(), position)]);
            change(pipeline, &deployment, &wanted, false, reason, terminal)?;
        }
        PositionVerb::Init { pipeline, reason } => {
            change(pipeline, &deployment, &BTreeMap::new(), true, reason, terminal)?;
        }
        PositionVerb::Import { pipeline, file, reason } => {
            let shown = file.display();
            let text = std::fs::read_to_string(file)
                .map_err(|cause| CliError::system(format!("`{shown}` cannot be read: {cause}")))?;
            let exported: Exported = serde_json::from_str(&text).map_err(|cause| {
                CliError::Usage(format!("`{shown}` is no exported position: {cause}"))
            })?;
            if exported.pipeline != *pipeline {
                let message = format!(
                    "`{shown}` holds the positions of `{}`, not of `{pipeline}`",
                    exported.pipeline
                );
                return Err(CliError::Usage(message));
            }
            change(pipeline, &deployment, &exported.positions, true, reason, terminal)?;
        }
    }
    Ok(Exit::Ok)
}

fn stored(name: &str, deployment: &Deployment) -> Result<Recovered, CliError> {
    deployment::pipeline(name, deployment)?;
    let kafka = startup::connection(&deployment.daemon.kafka)?;
    let key = startup::seal_key(deployment.daemon.keys.state.as_ref(), "state")?;
    let task = compile::task_of(name, deployment, Uuid::new_v4(), None);
    Ok(read_checkpoint(&kafka, &task, key.as_ref()).map_err(Failure::from)?)
}

fn positions(stored: &Recovered) -> BTreeMap<String, Position> {
    let one =
        |(split, progress): (&Arc<str>, &Progress)| (split.to_string(), progress.position.clone());
    stored.checkpoint.splits().map(one).collect()
}

fn show(stored: &Recovered, terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json {
        return terminal.value(&positions(stored));
    }
    let Some(head) = &stored.head else {
        return terminal.line("nothing was ever committed: the next run is a first run");
    };
    terminal.line(format!("transaction {}", head.seq))?;
    for (split, progress) in stored.checkpoint.splits() {
        let position = serde_json::to_string(&progress.position)
            .map_err(|cause| CliError::system(format!("a position cannot be printed: {cause}")))?;
        let counts = progress.counts;
        let split = terminal.bold(split);
        terminal.line(format!("{split}  {position}"))?;
        terminal.line(format!(
            "  {} read, {} published, {} rejected, {} filtered; mapped by {}",
            counts.rows_in,
            counts.published,
            counts.rejected,
            counts.filtered,
            progress.lineage.mappings.join(", ")
        ))?;
    }
    Ok(())
}

/// Becomes the pipeline for one transaction, which fences whoever was it, and writes the positions that a person
/// decided on. The state directory must be free, so the daemon of this host does not run.
fn change(
    name: &str,
    deployment: &Deployment,
    wanted: &BTreeMap<String, Position>,
    forget_others: bool,
    reason: &str,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let pipeline = deployment::pipeline(name, deployment)?;
    let ground = startup::prepare(deployment, registry(), false)?;
    let mut setup = compile::compile(pipeline, deployment, &ground.around)?.publisher;
    setup.accept_regression = Some(reason.to_owned());
    let mut publisher = Publisher::fence(setup).map_err(Failure::from)?;
    let start = publisher.recover(&mut |_| {}).map_err(Failure::from)?;
    let before = start.recovered.checkpoint;
    publisher.begin().map_err(Failure::from)?;
    for (split, _) in before.splits() {
        if forget_others || wanted.contains_key(&**split) {
            publisher.forget(split).map_err(Failure::from)?;
        }
    }
    let delta = |(split, position): (&String, &Position)| Delta {
        split: split.as_str().into(),
        from: None,
        to: position.clone(),
        lineage: before.progress(split).map(|known| known.lineage.clone()).unwrap_or_default(),
        counts: Counts::default(),
    };
    let deltas: Vec<Delta> = wanted.iter().map(delta).collect();
    let committed = publisher.commit(&deltas, Counts::default()).map_err(Failure::from)?;
    tracing::warn!(pipeline = name, seq = committed.seq, reason, "positions were changed by hand");
    terminal.line(format!("committed as transaction {} of `{name}`: {reason}", committed.seq))
}
