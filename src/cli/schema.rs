//! `acequia schema KIND`

mod asyncapi;
mod release;

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{CliError, Exit, Global, Terminal, deployment};
use crate::{
    config::{Deployment, schema},
    connectors::registry,
    mapping,
    model::Model,
};

/// Which schema to print.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia schema model permit/1          JSON Schema of the data of its events
  acequia schema avro permit/1           the same as Avro
  acequia schema asyncapi                all topics of this deployment, with examples
  acequia schema release permit/1        write down what consumers rely on from now on
  acequia schema mapping > schema/mapping.schema.json
  # and at the top of a mapping file, for editors that speak the YAML language server:
  # yaml-language-server: $schema=../schema/mapping.schema.json")]
pub struct SchemaArgs {
    /// Which file
    #[arg(value_enum)]
    kind: Kind,
    /// The model, with `model`, `avro` and `release`: `permit/1`
    #[arg(required_if_eq_any([("kind", "model"), ("kind", "avro"), ("kind", "release")]))]
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
    /// The same as an Avro schema
    Avro,
    /// The topics of this deployment and the events on them, as AsyncAPI 3.0
    Asyncapi,
    /// Write the file of a released version; `check` holds later versions against it
    Release,
}

pub(super) fn run(
    args: &SchemaArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let name = args.name.as_deref().unwrap_or_default();
    let schema = match args.kind {
        Kind::Config => schema::daemon(),
        Kind::Pipeline => schema::pipeline(registry()),
        Kind::Mapping => mapping::json_schema(),
        Kind::Model => model(name, &deployment::files(global, terminal)?)?.json_schema(),
        Kind::Avro => {
            let model = model(name, &deployment::files(global, terminal)?)?;
            model.avro_schema().map_err(|message| {
                CliError::system(message).hint("rename the field, or send JSON")
            })?
        }
        Kind::Asyncapi => asyncapi::document(&deployment::files(global, terminal)?),
        Kind::Release => {
            let deployment = deployment::files(global, terminal)?;
            return release::release(&*model(name, &deployment)?, &deployment, terminal);
        }
    };
    terminal.value(&schema)?;
    Ok(Exit::Ok)
}

fn model(name: &str, deployment: &Deployment) -> Result<Arc<Model>, CliError> {
    let models = &deployment.library.models;
    let unknown = || deployment::unknown("model", name, models.keys().map(String::as_str));
    models.get(name).cloned().ok_or_else(unknown)
}
