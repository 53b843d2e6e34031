//! `acequia schema KIND`

use clap::{Args, ValueEnum};

use super::{CliError, Exit, Global, Terminal, deployment};
use crate::{
    config::{Deployment, schema},
    connectors::registry,
    mapping,
};

/// Which schema to print.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia schema model permit/1
  acequia schema mapping > schema/mapping.schema.json
  # and at the top of a mapping file, for editors that speak the YAML language server:
  # yaml-language-server: $schema=../schema/mapping.schema.json")]
pub struct SchemaArgs {
    /// Which file
    #[arg(value_enum)]
    kind: Kind,
    /// The model, with `model`: `permit/1`
    #[arg(required_if_eq("kind", "model"))]
    name: Option<String>,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// acequia.yaml
    Config,
    /// A file in pipelines/, with every connector
    Pipeline,
    /// A file in mappings/
    Mapping,
    /// The data of the events of a model, for consumers
    Model,
}

pub(super) fn run(
    args: &SchemaArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let schema = match args.kind {
        Kind::Config => schema::daemon(),
        Kind::Pipeline => schema::pipeline(registry()),
        Kind::Mapping => mapping::json_schema(),
        Kind::Model => {
            let deployment = deployment::files(global, terminal)?;
            model(args.name.as_deref().unwrap_or_default(), &deployment)?
        }
    };
    terminal.value(&schema)?;
    Ok(Exit::Ok)
}

fn model(name: &str, deployment: &Deployment) -> Result<serde_json::Value, CliError> {
    let models = &deployment.library.models;
    let Some(model) = models.get(name) else {
        return Err(deployment::unknown("model", name, models.keys().map(String::as_str)));
    };
    Ok(model.json_schema())
}
