//! `acequia topics …`

use clap::{Args, Subcommand};

/// What to do with the topics that the deployment needs.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia topics plan
  acequia topics plan --script > topics.sh     for who may make topics
  acequia topics apply")]
pub struct TopicsArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: TopicsVerb,
}

/// What to do with topics.
#[derive(Debug, Clone, Subcommand)]
pub enum TopicsVerb {
    /// Show what is missing or otherwise than it should be
    Plan {
        /// As commands for Kafka's own tools, with the access rules for this principal
        #[arg(long)]
        script: bool,
        /// The principal that the daemon logs in as
        #[arg(long, default_value = "User:acequia")]
        principal: String,
    },
    /// Make what is missing; nothing is ever removed
    Apply,
}
