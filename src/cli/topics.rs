//! `acequia topics …`

use std::{collections::BTreeSet, sync::Arc};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::counted};
use crate::{
    pipeline::{compile, failure::Failure},
    publish::{Change, Cluster, table},
};

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
    #[command(
        after_help = "Example:\n  acequia topics plan --script --principal User:acequia > topics.sh"
    )]
    Plan {
        /// As commands for Kafka's own tools, with the access rules for this principal
        #[arg(long)]
        script: bool,
        /// The principal that the daemon logs in as
        #[arg(long, default_value = "User:acequia")]
        principal: String,
    },
    /// Make what is missing; nothing is ever removed
    #[command(after_help = "Example:\n  acequia topics apply")]
    Apply,
}

pub(super) fn run(
    args: &TopicsArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (deployment, kafka) = deployment::reach("topics", global, terminal)?;
    let plan = compile::topic_plan(&deployment, &kafka)?;
    let cluster = Cluster::open(&kafka, "acequia-topics").map_err(Failure::from)?;
    let names: BTreeSet<Arc<str>> =
        plan.topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let found = cluster.describe(&names).map_err(Failure::from)?;
    let changes = plan.compare(&found);
    match &args.what {
        TopicsVerb::Plan { script: true, principal } => {
            terminal.text(&plan.script(&changes, &kafka))?;
            terminal.text(&plan.acl_script(&deployment.daemon.deployment, principal, &kafka))?;
        }
        TopicsVerb::Plan { .. } => show(&changes, plan.topics.len(), terminal)?,
        TopicsVerb::Apply => {
            cluster.apply(&changes, &found).map_err(Failure::from)?;
            let (open, done): (Vec<Change>, Vec<Change>) =
                changes.into_iter().partition(|change| matches!(change, Change::Decide { .. }));
            if terminal.json {
                let list = |changes: &[Change]| changes.iter().map(as_json).collect::<Vec<_>>();
                terminal.value(&json!({ "done": list(&done), "open": list(&open) }))?;
            } else {
                terminal.line(format!("{} done", counted(done.len(), "change", "changes")))?;
            }
            if !open.is_empty() {
                if !terminal.json {
                    terminal.line("a person must decide about the rest:")?;
                    show(&open, plan.topics.len(), terminal)?;
                }
                return Ok(Exit::Findings);
            }
            return Ok(Exit::Ok);
        }
    }
    Ok(if changes.is_empty() { Exit::Ok } else { Exit::Findings })
}

fn show(changes: &[Change], topics: usize, terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json {
        return terminal.value(&changes.iter().map(as_json).collect::<Vec<_>>());
    }
    if changes.is_empty() {
        return terminal
            .line(format!("all {} are as they should be", counted(topics, "topic", "topics")));
    }
    terminal.line(table(changes))
}

fn as_json(change: &Change) -> serde_json::Value {
    json!({ "topic": &**change.topic(), "severity": change.severity(), "message": change.to_string() })
}
