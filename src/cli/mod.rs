//! The command line: one file a verb.
//!
//! A verb takes its arguments and the [`Terminal`], writes what it has to say, and gives an [`Exit`]. What went wrong
//! on the way is a [`Failure`](crate::pipeline::failure::Failure) or an I/O error in [`CliError`]; `main` prints it.

mod check;
mod codes;
pub mod demo;
mod deployment;
mod diff;
mod discretion;
mod draft;
mod explain;
mod identity;
mod init;
mod output;
mod position;
mod pretty;
mod preview;
mod processing;
mod quarantine;
mod run;
mod schema;
mod status;
mod switch;
mod tail;
mod test;
mod topics;
mod watch;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use codes::all as codes;
pub use discretion::be_discreet;
pub use output::{CliError, Exit, Terminal};

const AFTER: &str = "\
Exit codes:
  0  done, nothing to report
  1  findings: mistakes in a configuration, failed tests, records that a preview rejects, events that differ, a
     pipeline that is not well; a run that has put records into quarantine has done its work and ends with 0
  2  the command line itself is wrong
  3  the system is in the way: a file, a socket or Kafka cannot be reached

Begin with `acequia init DIR`. More about any code that is printed: `acequia explain CODE`.";

const EVERYWHERE: &str = "Options of every verb";

/// Records out of legacy systems, as unified events on Kafka, exactly once.
#[derive(Debug, Parser)]
#[command(name = "acequia", version, after_help = AFTER, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What holds for every verb.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The configuration of the daemon; everything else stands beside it.
    #[arg(
        long,
        global = true,
        env = "ACEQUIA_CONFIG",
        default_value = "acequia.yaml",
        value_name = "PATH",
        help_heading = EVERYWHERE
    )]
    pub config: PathBuf,
    /// How to print: `text` for people, `json` for programs.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, hide_possible_values = true, help_heading = EVERYWHERE)]
    pub format: Format,
    /// The same as `--format json`
    #[arg(long, global = true, conflicts_with = "format", help_heading = EVERYWHERE)]
    pub json: bool,
    /// When to use colours: `auto`, `always` or `never`. `NO_COLOR` is respected.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", hide_possible_values = true, help_heading = EVERYWHERE)]
    pub color: Color,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show it all: three dirty feeds become unified events, without a Kafka
    #[command(
        after_help = "Example:\n  acequia demo\n  acequia demo --keep        and read the events with a Kafka client of your own"
    )]
    Demo(demo::DemoArgs),
    /// Make a new deployment, with comments and keys
    Init(init::InitArgs),
    /// Look at a file or source and draft a mapping: types, null tokens, keys, personal data, doubts
    Draft(draft::DraftArgs),
    /// Check everything that can be checked without touching a record
    Check(check::CheckArgs),
    /// Show real records beside the events they would become; nothing is published or moved
    Preview(preview::PreviewArgs),
    /// Show what a change of a mapping changes in the events of real records
    Diff(diff::DiffArgs),
    /// Run the test cases inside the mapping files
    Test(test::TestArgs),
    /// Run the daemon, or once
    Run(run::RunArgs),
    /// Show what a running daemon does
    Status(status::StatusArgs),
    /// Pause a pipeline of a running daemon
    Pause(switch::PipelineArgs),
    /// Resume a paused pipeline
    Resume(switch::PipelineArgs),
    /// Show or change where a pipeline stands
    Position(position::PositionArgs),
    /// Show or make the topics that the deployment needs
    Topics(topics::TopicsArgs),
    /// Follow the published events
    Tail(tail::TailArgs),
    /// Look at rejected records
    Quarantine(quarantine::QuarantineArgs),
    /// Print the record of processing activities (GDPR art. 30) that follows from policies and mappings
    Processing(processing::ProcessingArgs),
    /// Find the pseudonyms of a person, to answer him (GDPR art. 15) or to erase him (art. 17)
    Pseudonym(identity::PseudonymArgs),
    /// Open values that a mapping has encrypted
    Decrypt(identity::DecryptArgs),
    /// Print a JSON Schema: of configuration files for editors, of models for consumers
    Schema(schema::SchemaArgs),
    /// Tell more about a code that was printed
    Explain(explain::ExplainArgs),
}

/// Does what the command line asks for, says what was in the way, and gives what the process ends with.
pub fn main(cli: Cli) -> ExitCode {
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::complain(&error);
            error.exit_code()
        }
    }
}

/// Does what the command line asks for.
///
/// # Errors
/// What was in the way. Findings are no error but [`Exit::Findings`].
fn run(cli: Cli) -> Result<Exit, CliError> {
    let mut terminal = Terminal::stdout(&cli.global);
    let global = &cli.global;
    match cli.verb {
        Verb::Demo(args) => demo::verb(&args, &mut terminal),
        Verb::Init(args) => init::run(&args, &mut terminal),
        Verb::Draft(args) => draft::run(&args, global, &mut terminal),
        Verb::Check(args) => check::run(&args, global, &mut terminal),
        Verb::Preview(args) => preview::run(&args, global, &mut terminal),
        Verb::Diff(args) => diff::run(&args, global, &mut terminal),
        Verb::Test(args) => test::run(&args, global, &mut terminal),
        Verb::Run(args) => run::run(&args, global, &mut terminal),
        Verb::Status(args) => status::run(&args, global, &mut terminal),
        Verb::Pause(args) => switch::run(&args, switch::Switch::Pause, global, &mut terminal),
        Verb::Resume(args) => switch::run(&args, switch::Switch::Resume, global, &mut terminal),
        Verb::Position(args) => position::run(&args, global, &mut terminal),
        Verb::Topics(args) => topics::run(&args, global, &mut terminal),
        Verb::Tail(args) => tail::run(&args, global, &mut terminal),
        Verb::Quarantine(args) => quarantine::run(&args, global, &mut terminal),
        Verb::Processing(args) => processing::run(&args, global, &mut terminal),
        Verb::Pseudonym(args) => identity::pseudonym(&args, global, &mut terminal),
        Verb::Decrypt(args) => identity::decrypt(&args, global, &mut terminal),
        Verb::Schema(args) => schema::run(&args, global, &mut terminal),
        Verb::Explain(args) => explain::run(&args, &mut terminal),
    }
}

#[cfg(test)]
mod tests;
