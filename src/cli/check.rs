//! `acequia check`

mod codes;
mod connect;
mod explain;

use std::sync::Arc;

use acequia_api::Severity;
use clap::Args;
use serde::Serialize;
use serde_json::json;

pub(super) use codes::CODES;

use self::connect::Answer;
use super::{
    CliError, Exit, Global, Terminal, deployment,
    output::{counted, printable},
    watch,
};
use crate::{
    config::Deployment,
    diagnostic::{self, Diagnostic, has_errors, render, summary_of, to_json},
    mapping::{Mapping, Table},
};

/// What to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia check
  acequia check --connect                ask the sources and Kafka too
  acequia check --explain holder.key     where a field comes from and why it may be published
  acequia check --watch                  again whenever a file changes
  acequia check --without-secrets        on a machine that has no access to them")]
pub struct CheckArgs {
    /// Do not read secrets and keys
    #[arg(long)]
    without_secrets: bool,
    /// Also reach the sources and Kafka: rights, topics, limits. Reads no record and writes nothing
    #[arg(long, conflicts_with_all = ["without_secrets", "explain"])]
    connect: bool,
    /// Show how every mapping makes this field of its event: source, steps, class, key, policy
    #[arg(long, value_name = "FIELD")]
    explain: Option<String>,
    /// Check again whenever a file of the deployment changes, until Ctrl-C
    #[arg(long, conflicts_with = "connect")]
    watch: bool,
}

pub(super) fn run(
    args: &CheckArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    if args.watch {
        return watch::again(global, terminal, |terminal| once(args, global, terminal));
    }
    once(args, global, terminal)
}

fn once(args: &CheckArgs, global: &Global, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let (deployment, found) = deployment::read(global, !args.without_secrets);
    let deployment = deployment.map(Arc::new);
    if let (Some(field), Some(deployment)) = (&args.explain, &deployment) {
        return explain::explain(field, deployment, !args.without_secrets, terminal);
    }
    if !terminal.json {
        terminal.text(&render(&found, terminal.color))?;
    }
    let answers = match &deployment {
        Some(deployment) if args.connect => connect::connect(deployment)?,
        _ => Vec::new(),
    };
    let wrong = has_errors(&found) || answers.iter().any(Answer::has_errors);
    if terminal.json {
        let mut report = json!({ "ok": !wrong, "findings": to_json(&found) });
        if let Some(deployment) = &deployment {
            report["tables"] = json!(tables(deployment));
        }
        if args.connect {
            report["answers"] = json!(answers);
        }
        terminal.value(&report)?;
    } else {
        show(&answers, terminal)?;
        if let Some(deployment) = &deployment {
            for Snapshot { table, rows, mappings } in tables(deployment) {
                let rows = counted(rows, "row", "rows");
                terminal
                    .line(format!("table {table}, {rows}, asked by {}", mappings.join(", ")))?;
            }
        }
        terminal.line(conclusion(global, deployment.as_deref(), &found, &answers, terminal))?;
    }
    Ok(if wrong { Exit::Findings } else { Exit::Ok })
}

/// A reference table as events will name it.
#[derive(Debug, Serialize)]
struct Snapshot<'a> {
    table: String,
    rows: usize,
    mappings: Vec<&'a str>,
}

/// The reference tables that mappings look up in, by name.
fn tables(deployment: &Deployment) -> Vec<Snapshot<'_>> {
    let library = &deployment.library;
    let snapshot = |table: &Arc<Table>| {
        let reference = table.reference();
        let asks = |mapping: &&Arc<Mapping>| mapping.lookups.contains(&reference);
        let mappings: Vec<&str> =
            library.mappings.values().filter(asks).map(|mapping| &*mapping.name).collect();
        let rows = table.len();
        (!mappings.is_empty()).then_some(Snapshot { table: reference, rows, mappings })
    };
    library.tables.values().filter_map(snapshot).collect()
}

/// What was asked, and under it what is to be done about it.
fn show(answers: &[Answer], terminal: &mut Terminal) -> Result<(), CliError> {
    let width = answers.iter().map(|answer| answer.subject.len()).max().unwrap_or_default();
    for Answer { subject, said, findings } in answers {
        let worst = findings.iter().map(|finding| finding.severity).max();
        let mark = match worst {
            Some(Severity::Error) => terminal.bad("wrong"),
            Some(Severity::Warning) => terminal.bad("mind "),
            Some(Severity::Note) | None => terminal.good("ok   "),
        };
        let name = terminal.bold(&format!("{subject:<width$}"));
        terminal.line(format!("{mark}  {name}  {}", printable(said)).trim_end())?;
        for finding in findings {
            let word = match finding.severity {
                Severity::Error => terminal.bad(&format!("error[{}]", finding.code)),
                Severity::Warning => terminal.bad(&format!("warning[{}]", finding.code)),
                Severity::Note => terminal.faint(&format!("note[{}]", finding.code)),
            };
            terminal.line(format!("       {word}"))?;
            terminal.paragraph(&finding.message, "         ")?;
            if let Some(hint) = &finding.hint {
                terminal.paragraph(&format!("help: {hint}"), "         ")?;
            }
        }
    }
    if answers.is_empty() { Ok(()) } else { terminal.line("") }
}

fn conclusion(
    global: &Global,
    deployment: Option<&Deployment>,
    found: &[Diagnostic],
    answers: &[Answer],
    terminal: &Terminal,
) -> String {
    let all = found.iter().map(|found| found.severity);
    let said = answers.iter().flat_map(|answer| &answer.findings);
    let summary = summary_of(all.chain(said.map(|found| match found.severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Note => diagnostic::Severity::Note,
    })));
    let path = printable(&global.config.display().to_string());
    let Some(deployment) = deployment else {
        return format!("{path}: {}", terminal.bad(&summary));
    };
    let size = [
        counted(deployment.pipelines.len(), "pipeline", "pipelines"),
        counted(deployment.library.mappings.len(), "mapping", "mappings"),
        counted(deployment.library.models.len(), "model", "models"),
    ];
    format!("{path}: {}; {}", size.join(", "), terminal.good(&summary))
}
