//! `acequia run`

use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;

use super::{CliError, Exit, Global, Terminal, deployment};
use crate::{
    admin::PipelinePicture,
    checkpoint::Counts,
    config::Deployment,
    connectors::registry,
    publish::LIMITS,
    supervisor::{Fleet, daemon},
};

/// How to run.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia run                  until SIGTERM; SIGHUP reads the configuration again
  acequia run --once           read what is there, publish it, stop")]
pub struct RunArgs {
    /// Read what is there, publish it, then stop
    #[arg(long)]
    pub once: bool,
    /// Only these pipelines
    #[arg(long = "pipeline", value_name = "NAME")]
    pub pipelines: Vec<String>,
}

pub(super) fn run(
    args: &RunArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let mut deployment = deployment::open(global, terminal)?;
    only(&args.pipelines, &mut deployment)?;
    let runtime = deployment::runtime()?;
    let progress = args.once && terminal.interactive && !terminal.json;
    let fleet = runtime.block_on(async {
        let mut shown = None;
        let began = |fleet: Fleet, broker: Option<&str>| {
            if let Some(address) = broker {
                // Whoever does not read it is not kept from running.
                let _ = meet_broker(address, terminal);
            }
            shown = progress.then(|| watch(fleet));
        };
        let ended = daemon::run(&global.config, &deployment, registry(), args.once, began).await;
        if let Some(shown) = shown {
            shown.abort();
        }
        ended
    })?;
    // Threads of sources that do not let go must not hold the process: nothing is lost by ending.
    runtime.shutdown_timeout(Duration::from_millis(500));
    let failures = daemon::failures(&fleet);
    if args.once {
        summary(&fleet, terminal)?;
    }
    for (name, failure) in &failures {
        let name = terminal.bad(name);
        terminal.line(format!("{name}: {} ({})", failure.message, failure.code))?;
        if let Some(hint) = &failure.hint {
            terminal.line(format!("  {hint}"))?;
        }
    }
    Ok(if failures.is_empty() { Exit::Ok } else { Exit::Findings })
}

/// Says where the development broker is, and what it is not.
fn meet_broker(address: &str, terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json {
        return Ok(());
    }
    let address = terminal.bold(address);
    terminal.line(format!("a development broker listens on {address}, for any Kafka client"))?;
    terminal.paragraph(LIMITS, "  ")
}

/// Leaves only the pipelines that are named.
fn only(names: &[String], deployment: &mut Deployment) -> Result<(), CliError> {
    for name in names {
        deployment::pipeline(name, deployment)?;
    }
    if !names.is_empty() {
        deployment
            .pipelines
            .retain(|pipeline| names.iter().any(|name| **name == *pipeline.config.pipeline));
    }
    Ok(())
}

fn summary(fleet: &Fleet, terminal: &mut Terminal) -> Result<(), CliError> {
    let pictures: Vec<PipelinePicture> = fleet
        .all()
        .iter()
        .map(|handle| PipelinePicture::of(handle, Duration::MAX, false))
        .collect();
    if terminal.json {
        return terminal.value(&pictures);
    }
    let rows = pictures.iter().map(|picture| {
        let counts = picture.counts;
        let numbers = [
            counts.rows_in,
            counts.published,
            counts.rejected,
            counts.filtered,
            picture.duplicates(),
        ];
        let mut row = vec![picture.name.clone(), picture.state.clone()];
        row.extend(numbers.iter().map(ToString::to_string));
        row
    });
    terminal.table(
        &["PIPELINE", "STATE", "READ", "PUBLISHED", "REJECTED", "FILTERED", "DUPLICATE FILES"],
        rows,
    )?;
    for picture in &pictures {
        super::status::routing(picture, terminal)?;
    }
    Ok(())
}

/// A line on a terminal that shows how far a single run has come.
fn watch(fleet: Fleet) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let bar = ProgressBar::new_spinner();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            let mut sum = Counts::default();
            for handle in fleet.all() {
                sum.add(handle.status.read().counts);
            }
            bar.set_message(format!(
                "{} read, {} published, {} rejected",
                sum.rows_in, sum.published, sum.rejected
            ));
            bar.tick();
        }
    })
}
