//! `acequia pseudonym DOMAIN` and `acequia decrypt FIELD`: what is needed to answer a person who asks for his data or wants
//! it erased (GDPR art. 15 and 17).
//!
//! Both read from standard input, never from the command line: arguments stand in the list of processes and in the
//! history of the shell. Nothing of what they read or write is logged.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, IsTerminal},
};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{CliError, Exit, Global, Terminal, deployment, output::printable};
use crate::{
    config::Deployment,
    event::Keys,
    mapping::{FieldInfo, KeyUse},
    supervisor::startup,
};

/// Longer is no identifier, and no encrypted value that fits an event.
const MOST: usize = 1 << 20;

/// Whose pseudonyms.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia pseudonym citizen < id.txt
The identifier is read from standard input, in the form that the mappings bring it into (the verb says which). It gives
one pseudonym for each key of the key file, the current one first: events of the past may carry any of them.")]
pub struct PseudonymArgs {
    /// The domain, as in `protect: { pseudonym: DOMAIN }`
    domain: String,
}

/// Which values.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acequia decrypt payer.account < values.txt
Encrypted values (`e1.…`) are read from standard input, one a line, and written in clear in the same order. A value is
bound to the field that it stands in.")]
pub struct DecryptArgs {
    /// The field of the event that the values stood in
    field: String,
    /// The key, as in `protect: { encrypt: KEY }`; without it, whichever a mapping uses for the field
    #[arg(long)]
    key: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Known {
    key: String,
    pseudonym: String,
}

pub(super) fn pseudonym(
    args: &PseudonymArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let deployment = deployment::open(global, terminal)?;
    let fields = protected(&deployment, KeyUse::Pseudonym);
    let domains: BTreeSet<&str> =
        fields.iter().filter_map(|(_, field)| field.domain.as_deref()).collect();
    if !domains.contains(&*args.domain) {
        // Not repeated: it may be the identifier, in the wrong place.
        let known: Vec<&str> = domains.into_iter().collect();
        let message =
            format!("no mapping makes pseudonyms of that domain; there are: {}", known.join(", "));
        return Err(CliError::Usage(message));
    }
    let keys = startup::keys(&deployment)?;
    if !keys.makes_pseudonyms() {
        return Err(no_key());
    }
    let made: Vec<String> = fields
        .iter()
        .filter(|(_, field)| field.domain.as_deref() == Some(&args.domain))
        .map(|(mapping, field)| format!("{mapping}, {}: {}", field.path, way(field)))
        .collect();
    ask(&format!("the identifier, as it is before it is replaced in\n  {}", made.join("\n  ")));
    let id = one(&mut io::stdin().lock())?;
    let known = known(&keys, &args.domain, &id);
    if terminal.json {
        terminal.value(&known)?;
    } else {
        let rows = known.into_iter().map(|known| vec![known.key, known.pseudonym]);
        terminal.table(&["KEY", "PSEUDONYM"], rows)?;
    }
    Ok(Exit::Ok)
}

pub(super) fn decrypt(
    args: &DecryptArgs,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let deployment = deployment::open(global, terminal)?;
    let fields = protected(&deployment, KeyUse::Encryption);
    let of_field = fields.iter().filter(|(_, field)| field.path == args.field);
    let mut names: Vec<&str> = of_field.filter_map(|(_, field)| field.domain.as_deref()).collect();
    if let Some(key) = &args.key {
        names = vec![key];
    }
    if names.is_empty() {
        let known = fields.iter().map(|(_, field)| field.path.as_str());
        return Err(deployment::unknown("encrypted field", &args.field, known));
    }
    let keys = startup::keys(&deployment)?;
    if !names.iter().any(|name| keys.encryption_names().any(|known| known == *name)) {
        return Err(no_key());
    }
    ask("encrypted values, one a line");
    let mut exit = Exit::Ok;
    for (number, line) in (1_usize..).zip(lines(&mut io::stdin().lock())?) {
        let clear = names.iter().find_map(|name| keys.decrypt(name, &args.field, &line));
        if clear.is_none() {
            exit = Exit::Findings;
        }
        match (clear, terminal.json) {
            (clear, true) => terminal.value(&json!({ "line": number, "value": clear }))?,
            (Some(clear), false) => terminal.line(printable(&clear))?,
            (None, false) => terminal.line(format!("({})", refused(number, &args.field)))?,
        }
    }
    Ok(exit)
}

fn refused(number: usize, field: &str) -> String {
    format!("line {number} is no value of `{field}` that a key of this deployment opens")
}

/// Every pseudonym of an identifier, with the name of its key.
fn known(keys: &Keys, domain: &str, id: &str) -> Vec<Known> {
    let name = |pseudonym: &str| pseudonym.split('.').nth(1).unwrap_or_default().to_owned();
    let all = keys.pseudonyms(domain, id).into_iter();
    all.map(|pseudonym| Known { key: name(&pseudonym), pseudonym }).collect()
}

/// The fields that are protected with a key, and their mappings.
fn protected(deployment: &Deployment, how: KeyUse) -> Vec<(&str, &FieldInfo)> {
    let mappings = deployment.library.mappings.values();
    mappings
        .flat_map(|mapping| {
            let fields = mapping.output_fields().iter();
            fields.map(move |field| (&*mapping.name, field))
        })
        .filter(|(_, field)| field.key_use == Some(how))
        .collect()
}

/// How the value comes about that is protected: its producer and what is done before.
fn way(field: &FieldInfo) -> String {
    let protect = field.steps.len().saturating_sub(1);
    let steps = field.steps[..protect].iter().map(String::as_str);
    std::iter::once(field.producer.as_str()).chain(steps).collect::<Vec<_>>().join(", ")
}

/// Says what is waited for, where a person sits at the other end.
#[expect(clippy::print_stderr, reason = "a question stands beside what a verb prints")]
fn ask(what: &str) {
    if io::stdin().is_terminal() {
        eprintln!("{what}:");
    }
}

/// One line, without its end.
fn one(input: &mut impl BufRead) -> Result<String, CliError> {
    let mut lines = lines(input)?;
    match (lines.pop(), lines.is_empty()) {
        (Some(line), true) => Ok(line),
        (None, _) => Err(CliError::system("there is no identifier on standard input")),
        (Some(_), false) => Err(CliError::system("there is more than one line on standard input")
            .hint("one identifier at a time")),
    }
}

/// The lines that are not empty; on a terminal, the first one.
fn lines(input: &mut impl BufRead) -> Result<Vec<String>, CliError> {
    let mut text = String::new();
    let mut limited = io::Read::take(input, MOST as u64);
    if io::stdin().is_terminal() {
        limited.read_line(&mut text)?;
    } else {
        io::Read::read_to_string(&mut limited, &mut text)?;
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

fn no_key() -> CliError {
    CliError::system("this deployment has no such key")
        .hint("`keys:` in `acequia.yaml` names the key files")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::KeyRing;

    #[test]
    fn every_key_of_the_ring_gives_the_pseudonym_that_events_carry() {
        let (new, old) = (KeyRing::generate("k2"), KeyRing::generate("k1"));
        let both = Keys::none().with_pseudonym(KeyRing::parse(&format!("{new}{old}")).unwrap());
        let before = Keys::none().with_pseudonym(KeyRing::parse(&old).unwrap());
        let found = known(&both, "citizen", "12345678Z");
        assert_eq!(found.iter().map(|known| &*known.key).collect::<Vec<_>>(), ["k2", "k1"]);
        let mut carried = String::new();
        before.pseudonym("citizen", "12345678Z", &mut carried);
        assert_eq!(found[1].pseudonym, carried);
        assert!(known(&Keys::none(), "citizen", "12345678Z").is_empty());
    }

    #[test]
    fn one_identifier_is_read_and_never_a_part_of_two() {
        assert_eq!(one(&mut "  12345678Z \r\n\n".as_bytes()).unwrap(), "12345678Z");
        assert!(one(&mut "".as_bytes()).is_err());
        let two = one(&mut "12345678Z\n87654321X\n".as_bytes()).unwrap_err();
        assert!(!format!("{two:?} {two}").contains("5678"));
    }
}
