//! `acequia preview PIPELINE`

use clap::Args;

/// What to look at.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  acequia preview permits --limit 20\n  acequia preview permits --rejects"
)]
pub struct PreviewArgs {
    /// The pipeline
    pub pipeline: String,
    /// Records to look at
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Only records that are refused
    #[arg(long)]
    pub rejects: bool,
}
