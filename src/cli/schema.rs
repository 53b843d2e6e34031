//! `acequia schema KIND`

use clap::{Args, ValueEnum};

use super::{CliError, Exit, Terminal};
use crate::{config::schema, connectors::registry};

/// Which schema to print.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia schema pipeline > pipeline.schema.json
  # and at the top of a pipeline file, for editors that speak the YAML language server:
  # yaml-language-server: $schema=../pipeline.schema.json")]
pub struct SchemaArgs {
    /// Which file
    #[arg(value_enum)]
    kind: Kind,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// acequia.yaml
    Config,
    /// A file in pipelines/, with every connector
    Pipeline,
}

pub(super) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    terminal.value(&match args.kind {
        Kind::Config => schema::daemon(),
        Kind::Pipeline => schema::pipeline(registry()),
    })?;
    Ok(Exit::Ok)
}
