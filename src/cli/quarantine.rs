//! `acequia quarantine …`

use clap::{Args, Subcommand};

/// What to do with rejected records.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia quarantine list --code decode.date
  acequia quarantine show 0:42")]
pub struct QuarantineArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: QuarantineVerb,
}

/// What to do with rejected records.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineVerb {
    /// List rejected records: where they stood and why they were refused
    List {
        /// Only of this pipeline
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
        /// Only with this code
        #[arg(long)]
        code: Option<String>,
        /// The latest so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show one record with its content, which needs the quarantine key
    Show {
        /// Partition and offset, as `list` prints them: `0:42`
        record: String,
    },
}
