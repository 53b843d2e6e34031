//! `acequia tail`

use clap::Args;

/// What to follow.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  acequia tail permits\n  acequia tail permits --from-start --limit 5 --format json"
)]
pub struct TailArgs {
    /// A pipeline or a topic
    pub target: String,
    /// Begin with the oldest event
    #[arg(long)]
    pub from_start: bool,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}
