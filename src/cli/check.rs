//! `acequia check`

mod codes;
mod connect;

use std::sync::Arc;

use acequia_api::Severity;
use clap::Args;
use serde_json::json;

pub(super) use codes::CODES;

use self::connect::Answer;
use super::{
    CliError, Exit, Global, Terminal, deployment,
    output::{counted, printable},
};
use crate::{
    config::Deployment,
    diagnostic::{self, Diagnostic, has_errors, render, summary_of, to_json},
    mapping::Explanation,
};

/// What to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia check
  acequia check --connect                ask the sources and Kafka too
  acequia check --explain holder.key     where a field comes from and why it may be published
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
}

pub(super) fn run(
    args: &CheckArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let (deployment, found) = deployment::read(global, !args.without_secrets);
    let deployment = deployment.map(Arc::new);
    if let (Some(field), Some(deployment)) = (&args.explain, &deployment) {
        return explain(field, deployment, terminal);
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
        if args.connect {
            report["answers"] = json!(answers);
        }
        terminal.value(&report)?;
    } else {
        show(&answers, terminal)?;
        terminal.line(conclusion(global, deployment.as_deref(), &found, &answers, terminal))?;
    }
    Ok(if wrong { Exit::Findings } else { Exit::Ok })
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
        return Err(deployment::unknown("field", field, fields.map(|info| info.path.as_str())));
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
            terminal.fact(what, 10, &fact)?;
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
