//! `acequia explain CODE`

use clap::Args;
use serde_json::json;

use super::{CliError, Exit, Terminal, codes, deployment};

/// What to explain.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  acequia explain decode.csv.ragged\n  acequia explain config      all codes that begin so"
)]
pub struct ExplainArgs {
    /// A code, or the beginning of several; all codes if left out
    code: Option<String>,
}

pub(super) fn run(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let known = codes();
    let wanted = args.code.as_deref().unwrap_or_default();
    if let Some(doc) = known.iter().find(|doc| doc.code == wanted) {
        if terminal.json {
            terminal.value(&json!({ "code": doc.code, "title": doc.title, "help": doc.help }))?;
        } else {
            let head = terminal.bold(doc.code);
            terminal.line(format!("{head}\n{}\n", doc.title))?;
            terminal.paragraph(doc.help, "  ")?;
        }
        return Ok(Exit::Ok);
    }
    let below = |code: &str| code.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'));
    let listed: Vec<_> = known.iter().filter(|doc| wanted.is_empty() || below(doc.code)).collect();
    if listed.is_empty() {
        return Err(deployment::unknown("code", wanted, known.iter().map(|doc| doc.code)));
    }
    if terminal.json {
        let list: Vec<_> = listed
            .iter()
            .map(|doc| json!({ "code": doc.code, "title": doc.title, "help": doc.help }))
            .collect();
        terminal.value(&list)?;
    } else {
        let rows = listed.iter().map(|doc| vec![doc.code.to_owned(), doc.title.to_owned()]);
        terminal.table(&["CODE", "WHAT HAPPENED"], rows)?;
    }
    Ok(Exit::Ok)
}
