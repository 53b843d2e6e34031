//! `acequia processing`: the record of processing activities (GDPR, article 30) that follows from the policies, the
//! mappings and the configuration.
//!
//! It is generated, so that it says what the deployment does and not what it was once meant to do. There is no date in it:
//! the same files give the same record, which can be kept beside them and compared.

mod gather;
mod words;

use clap::{Args, ValueEnum};

use self::{
    gather::{Activity, Kept, Measure, Record},
    words::Words,
};
use super::{CliError, Exit, Global, Terminal, deployment};

/// What to print.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  acequia processing > processing.md
  acequia processing --language es > registro-de-actividades.md
  acequia processing --json | jq '.missing'

Ends with 1 if the law asks for something that `policies.yaml` does not say; the record names it.")]
pub struct ProcessingArgs {
    /// The language of the text: `en` or `es`
    #[arg(long, value_enum, default_value_t = Language::En, hide_possible_values = true)]
    language: Language,
}

/// The languages that the record can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    En,
    /// Spanish.
    Es,
}

pub(super) fn run(
    args: &ProcessingArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let deployment = deployment::files(global, terminal)?;
    let record = gather::gather(&deployment);
    if terminal.json {
        terminal.value(&record)?;
    } else {
        terminal.text(&markdown(&record, Words::of(args.language)))?;
    }
    Ok(if record.missing.is_empty() { Exit::Ok } else { Exit::Findings })
}

/// The record as Markdown.
fn markdown(record: &Record, words: &Words) -> String {
    let mut lines = vec![
        format!("# {}: {}", words.title, record.deployment),
        String::new(),
        words.basis.to_owned(),
        String::new(),
        format!("## {}", words.controller),
        String::new(),
    ];
    let controller = &record.controller;
    for (what, value) in [
        (words.name, &controller.name),
        (words.contact, &controller.contact),
        (words.officer, &controller.officer),
        (words.representative, &controller.representative),
    ] {
        lines.extend(value.as_ref().map(|value| format!("- {what}: {}", plain(value))));
    }
    for activity in &record.activities {
        lines.push(String::new());
        lines.extend(section(activity, words));
    }
    lines.extend([String::new(), format!("## {}", words.measures), String::new()]);
    lines.extend(record.measures.iter().map(|measure| format!("- {}", words.measure(measure))));
    if !record.others.is_empty() {
        lines.extend([String::new(), format!("## {}", words.others), String::new()]);
        lines.extend(record.others.iter().map(|name| format!("- {}", plain(name))));
    }
    if !record.missing.is_empty() {
        lines.extend([String::new(), format!("## {}", words.missing), String::new()]);
        lines.extend(record.missing.iter().map(|gap| format!("- {}", words.gap(gap))));
    }
    lines.join("\n") + "\n"
}

fn section(activity: &Activity, words: &Words) -> Vec<String> {
    let mut lines = vec![format!("## {}", plain(&activity.name)), String::new()];
    let mut fact = |what: &str, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty());
        let value = value.unwrap_or_else(|| format!("**{}**", words.not_said));
        lines.push(format!("- {what}: {value}"));
    };
    let list =
        |list: &[String]| Some(list.iter().map(|text| plain(text)).collect::<Vec<_>>().join(", "));
    fact(words.purpose, activity.purpose.as_deref().map(plain));
    fact(words.legal_basis, activity.legal_basis.as_deref().map(plain));
    fact(words.subjects, list(&activity.subjects));
    fact(words.recipients, list(&activity.recipients));
    let transfers = if activity.transfers.is_empty() {
        Some(words.none.to_owned())
    } else {
        list(&activity.transfers)
    };
    fact(words.transfers, transfers);
    fact(words.retention, activity.retention.as_deref().map(plain));
    fact(words.source, Some(format!("{} (`{}`)", activity.connector, activity.pipeline)));
    fact(words.topic, Some(format!("`{}`", activity.topic)));
    fact(words.clause, activity.clause.as_deref().map(plain));
    lines.extend([
        String::new(),
        format!("| {} | {} | {} | {} |", words.data, words.meaning, words.class, words.protection),
        "|---|---|---|---|".to_owned(),
    ]);
    lines.extend(activity.data.iter().map(|kept: &Kept| {
        let protection = kept.protection.as_ref().map(|how| words.protection_of(how));
        format!(
            "| `{}` | {} | {} | {} |",
            kept.field,
            plain(kept.meaning.as_deref().unwrap_or_default()),
            words.class_of(kept.class),
            protection.unwrap_or_else(|| words.in_clear.to_owned()),
        )
    }));
    lines
}

/// Text of a file inside a line of Markdown: on one line, with nothing that ends a cell.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
