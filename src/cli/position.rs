//! `acequia position …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
