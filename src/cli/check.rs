//! `acequia check`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    CliError, Exit, Global, Terminal,
    output::{counted, printable},
};
use crate::{
    config::{self, Deployment},
    connectors::registry,
    diagnostic::{Diagnostic, has_errors, render, summary, to_json},
    mapping::Explanation,
};

/// What to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia check
  acequia check --explain holder.key     where a field comes from and why it may be published
  acequia check --without-secrets        on a machine that has no access to them")]
pub struct CheckArgs {
    /// Do not read secrets and keys
    #[arg(long)]
    without_secrets: bool,
    /// Show how every mapping makes this field of its event: source, steps, class, key, policy
    #[arg(long, value_name = "FIELD")]
    explain: Option<String>,
}

pub(super) fn run(
    args: &CheckArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (deployment, found) = load(global, !args.without_secrets);
    let exit = if has_errors(&found) { Exit::Findings } else { Exit::Ok };
    match (&args.explain, &deployment) {
        (Some(field), Some(deployment)) => return explain(field, deployment, terminal),
        _ if terminal.json => {
            terminal.value(&json!({ "ok": exit == Exit::Ok, "findings": to_json(&found) }))?;
        }
        _ => {
            report(&found, terminal)?;
            terminal.line(conclusion(global, deployment.as_ref(), &found, terminal))?;
        }
    }
    Ok(exit)
}

/// The deployment of the command line, and what is wrong with it.
pub(super) fn load(global: &Global, secrets: bool) -> (Option<Deployment>, Vec<Diagnostic>) {
    config::load(&global.config, config::Options { registry: registry(), secrets })
}

/// The deployment of the command line for a verb that needs a correct one: what is wrong is printed.
pub(super) fn correct(
    global: &Global,
    secrets: bool,
    terminal: &mut Terminal,
) -> Result<Option<Deployment>, CliError> {
    let (deployment, found) = load(global, secrets);
    if deployment.is_none() {
        if terminal.json {
            terminal.value(&json!({ "ok": false, "findings": to_json(&found) }))?;
        } else {
            report(&found, terminal)?;
            terminal.line(conclusion(global, None, &found, terminal))?;
        }
    }
    Ok(deployment)
}

/// The control socket of the daemon. Only `acequia.yaml` has to be right for that, and secrets are not needed.
pub(super) fn admin_socket(global: &Global) -> Result<PathBuf, CliError> {
    config::admin_socket(&global.config).ok_or_else(|| {
        let path = printable(&global.config.display().to_string());
        CliError::system(format!("`{path}` does not say where the control socket is"))
            .hint("see what is wrong with it: `acequia check`")
    })
}

fn report(found: &[Diagnostic], terminal: &mut Terminal) -> Result<(), CliError> {
    let text = render(found, terminal.color);
    terminal.text(&text)
}

fn conclusion(
    global: &Global,
    deployment: Option<&Deployment>,
    found: &[Diagnostic],
    terminal: &Terminal,
) -> String {
    let path = printable(&global.config.display().to_string());
    let Some(deployment) = deployment else {
        return format!("{path}: {}", terminal.bad(&summary(found)));
    };
    let size = [
        counted(deployment.pipelines.len(), "pipeline", "pipelines"),
        counted(deployment.library.mappings.len(), "mapping", "mappings"),
        counted(deployment.library.models.len(), "model", "models"),
    ];
    format!("{path}: {}; {}", size.join(", "), terminal.good(&summary(found)))
}

fn explain(
    field: &str,
    deployment: &Deployment,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let found: Vec<_> = deployment
        .library
        .mappings
        .values()
        .filter_map(|mapping| Some((&mapping.name, mapping.explain(field)?)))
        .collect();
    if found.is_empty() {
        let fields = deployment.library.mappings.values().flat_map(|m| m.output_fields());
        let close = crate::diagnostic::suggest(field, fields.map(|info| info.path.as_str()));
        return Err(CliError::Usage(match close {
            Some(close) => format!("no mapping makes a field `{field}`; did you mean `{close}`?"),
            None => format!("no mapping makes a field `{field}`"),
        }));
    }
    if terminal.json {
        let list: Vec<_> = found.iter().map(|(name, known)| fact_sheet(name, known)).collect();
        terminal.value(&list)?;
        return Ok(Exit::Ok);
    }
    for (name, known) in &found {
        let head = terminal.bold(&format!("{name}: {field}"));
        terminal.line(head)?;
        for (what, fact) in facts(known) {
            let what = terminal.faint(&format!("{what:<10}"));
            terminal.line(format!("  {what} {fact}"))?;
        }
        terminal.line("")?;
    }
    Ok(Exit::Ok)
}

fn facts(known: &Explanation<'_>) -> Vec<(&'static str, String)> {
    let field = known.field;
    let mut facts = vec![("made by", format!("{} (line {})", field.producer, field.line))];
    let mut add = |what, fact: Option<String>| {
        facts.extend(fact.filter(|fact| !fact.is_empty()).map(|fact| (what, fact)));
    };
    add("reads", Some(field.sources.join(", ")));
    add("steps", Some(field.steps.join(" → ")));
    add("class", field.class.map(|class| class.to_string()));
    add("key", field.domain.clone());
    add("meaning", known.meaning.0.map(str::to_owned));
    add("standard", known.meaning.1.map(str::to_owned));
    add("kafka key", known.is_key.then(|| "yes".to_owned()));
    add("allowed by", known.clause.clone());
    add("purpose", known.purpose.map(|(purpose, basis)| format!("{purpose} ({basis})")));
    facts
}

fn fact_sheet(mapping: &str, known: &Explanation<'_>) -> serde_json::Value {
    json!({
        "mapping": mapping,
        "field": known.field.path,
        "line": known.field.line,
        "producer": known.field.producer,
        "sources": known.field.sources,
        "steps": known.field.steps,
        "class": known.field.class.map(|class| class.to_string()),
        "domain": known.field.domain,
        "kafka_key": known.is_key,
        "title": known.meaning.0,
        "standard": known.meaning.1,
        "clause": known.clause,
        "purpose": known.purpose.map(|(purpose, _)| purpose),
        "legal_basis": known.purpose.map(|(_, basis)| basis),
    })
}
