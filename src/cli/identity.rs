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

/// Bytes of a line; longer is no identifier, and no encrypted value that fits an event.
const LONGEST: usize = 1 << 20;

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
Encrypted values (`e1.…`) are read from standard input, one a line, and written in clear in the same order; empty lines
are passed over. A value is bound to the field that it stands in.")]
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
        return Err(unknown("no mapping makes pseudonyms of that domain", domains));
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
    let input = io::stdin();
    let is_terminal = input.is_terminal();
    if is_terminal {
        ask(&format!("the identifier, as it is before it is replaced in\n  {}", made.join("\n  ")));
    }
    let id = one(input.lock(), is_terminal)?;
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
        let known = fields.iter().map(|(_, field)| field.path.as_str()).collect();
        return Err(unknown("no mapping encrypts that field", known));
    }
    let keys = startup::keys(&deployment)?;
    if !names.iter().any(|name| keys.encryption_names().any(|known| known == *name)) {
        return Err(no_key());
    }
    let input = io::stdin();
    if input.is_terminal() {
        ask("encrypted values, one a line, until ctrl-d");
    }
    clear(input.lock(), terminal, |value| {
        names.iter().find_map(|name| keys.decrypt(name, &args.field, value))
    })
}

/// Writes every value of the input in clear, as soon as it is read; those that `decrypt` does not open are findings.
fn clear(
    input: impl BufRead,
    terminal: &mut Terminal,
    decrypt: impl Fn(&str) -> Option<String>,
) -> Result<Exit, CliError> {
    let mut exit = Exit::Ok;
    let mut lines = Lines::of(input);
    while let Some((number, line)) = lines.next()? {
        let clear = decrypt(&line);
        if clear.is_none() {
            exit = Exit::Findings;
        }
        match (clear, terminal.json) {
            (clear, true) => terminal.value(&json!({ "line": number, "value": clear }))?,
            (Some(clear), false) => terminal.line(printable(&clear))?,
            (None, false) => terminal.line(format!(
                "(line {number} is no value of that field that a key of this deployment opens)"
            ))?,
        }
    }
    Ok(exit)
}

/// Says what there is. What was asked for is not repeated: it may be the identifier or the value, in the wrong place.
fn unknown(message: &str, known: BTreeSet<&str>) -> CliError {
    let known: Vec<&str> = known.into_iter().collect();
    CliError::Usage(match known.as_slice() {
        [] => format!("{message}; there is none"),
        known => format!("{message}; there are: {}", known.join(", ")),
    })
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

/// Says what is waited for, to the person at the other end.
#[expect(clippy::print_stderr, reason = "a question stands beside what a verb prints")]
fn ask(what: &str) {
    eprintln!("{what}:");
}

/// The one line of the input. At a terminal it is the first; nobody is made to say that there is no other.
fn one(input: impl BufRead, is_terminal: bool) -> Result<String, CliError> {
    let mut lines = Lines::of(input);
    let Some((_, line)) = lines.next()? else {
        return Err(CliError::system("there is no identifier on standard input"));
    };
    if !is_terminal && lines.next()?.is_some() {
        return Err(CliError::system("there is more than one line on standard input")
            .hint("one identifier at a time"));
    }
    Ok(line)
}

/// Lines of an input, one in memory at a time.
struct Lines<R> {
    input: R,
    /// Lines that were read, the empty ones too.
    read: usize,
}

impl<R: BufRead> Lines<R> {
    fn of(input: R) -> Self {
        Self { input, read: 0 }
    }

    /// The next line that is not empty, with its number from 1 and without blanks around it; none at the end.
    ///
    /// # Errors
    /// It is too long, or no text; the message says which line it is and nothing of it.
    fn next(&mut self) -> Result<Option<(usize, String)>, CliError> {
        loop {
            let mut bytes = Vec::new();
            // One more for the end of the line.
            let mut limited = io::Read::take(&mut self.input, LONGEST as u64 + 1);
            if limited.read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.read += 1;
            let number = self.read;
            if bytes.len() > LONGEST && !bytes.ends_with(b"\n") {
                let message = format!("line {number} of standard input is longer than 1 MiB");
                return Err(CliError::system(message));
            }
            let line = std::str::from_utf8(&bytes).map_err(|_| {
                CliError::system(format!("line {number} of standard input is not UTF-8"))
            })?;
            if !line.trim().is_empty() {
                return Ok(Some((number, line.trim().to_owned())));
            }
        }
    }
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
        for is_terminal in [false, true] {
            let read = |text: &str| one(text.as_bytes(), is_terminal);
            assert_eq!(read("  12345678Z \r\n\n").unwrap(), "12345678Z");
            assert_eq!(read("\n12345678Z").unwrap(), "12345678Z");
            assert!(read("").is_err());
            assert!(read("\n \n").is_err());
        }
        let two = one("12345678Z\n87654321X\n".as_bytes(), false).unwrap_err();
        assert!(!format!("{two:?} {two}").contains("5678"));
        assert_eq!(one("12345678Z\n87654321X\n".as_bytes(), true).unwrap(), "12345678Z");
    }

    #[test]
    fn lines_are_numbered_as_they_stand_there_and_none_is_cut() {
        let mut lines = Lines::of("a\n\n  \n b \r\nc".as_bytes());
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line);
        }
        assert_eq!(all, [(1, "a".to_owned()), (4, "b".to_owned()), (5, "c".to_owned())]);
        let (fits, longer) = ("x".repeat(LONGEST), "x".repeat(LONGEST + 1));
        let many = format!("{fits}\n{fits}\n{longer}\n");
        let mut lines = Lines::of(many.as_bytes());
        assert_eq!(lines.next().unwrap(), Some((1, fits.clone())));
        assert_eq!(lines.next().unwrap(), Some((2, fits)));
        let error = lines.next().unwrap_err().to_string();
        assert_eq!(error, "line 3 of standard input is longer than 1 MiB");
        let error = Lines::of(&b"a\n\xff\n"[2..]).next().unwrap_err().to_string();
        assert_eq!(error, "line 1 of standard input is not UTF-8");
    }

    #[test]
    fn a_value_is_answered_before_the_next_is_read() {
        /// A person at a terminal, who looks at an answer before going on.
        struct Person(std::rc::Rc<std::cell::RefCell<Vec<u8>>>, usize);
        impl io::Read for Person {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let answers = self.0.borrow().iter().filter(|byte| **byte == b'\n').count();
                assert_eq!(answers, self.1, "every value was answered");
                self.1 += 1;
                let said: &[u8] = if self.1 > 3 { b"" } else { b"value\n" };
                buffer[..said.len()].copy_from_slice(said);
                Ok(said.len())
            }
        }
        struct Shown(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);
        impl io::Write for Shown {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                io::Write::write(&mut *self.0.borrow_mut(), bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let shown = std::rc::Rc::default();
        let mut terminal = Terminal::into(Shown(std::rc::Rc::clone(&shown)), false);
        let person = io::BufReader::new(Person(std::rc::Rc::clone(&shown), 0));
        let exit = clear(person, &mut terminal, |value| Some(value.to_uppercase())).unwrap();
        assert_eq!((exit, &**shown.borrow()), (Exit::Ok, &b"VALUE\nVALUE\nVALUE\n"[..]));
    }

    #[test]
    fn what_was_asked_for_in_vain_is_not_repeated() {
        let said = unknown("no mapping encrypts that field", BTreeSet::from(["b", "a"]));
        assert_eq!(said.to_string(), "no mapping encrypts that field; there are: a, b");
        let said = unknown("no mapping encrypts that field", BTreeSet::new());
        assert_eq!(said.to_string(), "no mapping encrypts that field; there is none");
    }
}
