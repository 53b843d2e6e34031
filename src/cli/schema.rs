//! `acequia schema KIND`

use clap::{Args, ValueEnum};

use super::{CliError, Exit, Global, Terminal, check};
use crate::{
    config::{Deployment, schema},
    connectors::registry,
};

/// Which schema to print.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia schema model permit/1
  acequia schema pipeline > pipeline.schema.json
  # and at the top of a pipeline file, for editors that speak the YAML language server:
  # yaml-language-server: $schema=../pipeline.schema.json")]
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
        Kind::Model => {
            let Some(deployment) = check::correct(global, false, terminal)? else {
                return Ok(Exit::Findings);
            };
            model(args.name.as_deref().unwrap_or_default(), &deployment)?
        }
    };
    terminal.value(&schema)?;
    Ok(Exit::Ok)
}

fn model(name: &str, deployment: &Deployment) -> Result<serde_json::Value, CliError> {
    let models = &deployment.library.models;
    let Some(model) = models.get(name) else {
        let known = models.keys().map(String::as_str);
        let close = crate::diagnostic::suggest(name, known);
        let help = close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
        return Err(CliError::Usage(format!("there is no model `{name}`{help}")));
    };
    Ok(model.json_schema())
}
