//! `acequia run`

use clap::Args;

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
