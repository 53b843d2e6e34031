//! `acequia test --update`: what comes out, written into the tests that do not say it.
//!
//! Tests that expect nothing yet are filled without asking, since nothing is lost. Those that expect something else
//! are shown first. A file is written only when its new text has been checked and the tests in it hold; it takes the
//! place of the old one in one step, and not if that has changed meanwhile.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use serde_json::{Value as Json, json};

use crate::{
    cli::{CliError, Global, Terminal, output::counted},
    config::{self, Deployment, Options},
    connectors::registry,
    diagnostic::{SourceFile, has_errors},
    mapping::{Mapping, Update, run_tests, updated, updates},
};

/// Brings the tests of these mappings up to date; gives what was done, for programs.
///
/// # Errors
/// When a file cannot be written, or somebody else has.
pub(super) fn update(
    mappings: &[Arc<Mapping>],
    yes: bool,
    deployment: &Deployment,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Vec<Json>, CliError> {
    let mut done = Vec::new();
    for mapping in mappings {
        let all = updates(mapping);
        let (fills, replaces): (Vec<Update>, Vec<Update>) =
            all.into_iter().partition(|update| update.fills);
        if !terminal.json {
            for update in fills.iter().chain(&replaces) {
                show(mapping, update, terminal)?;
            }
        }
        let replaced = if replaces.is_empty() || !(yes || agreed(replaces.len(), terminal)?) {
            Vec::new()
        } else {
            replaces.iter().collect()
        };
        let left = replaces.len() - replaced.len();
        let wanted: Vec<&Update> = fills.iter().chain(replaced.iter().copied()).collect();
        if !wanted.is_empty() {
            let text = updated(mapping.file.text(), wanted.iter().copied());
            proven(mapping, &wanted, &text, global)?;
            replace(&deployment.root.join(mapping.file.name()), mapping.file.text(), &text)?;
        }
        if !terminal.json {
            say(mapping, fills.len(), replaced.len(), left, terminal)?;
        }
        let names = |updates: &[&Update]| -> Vec<String> {
            updates.iter().map(|update| update.name.clone()).collect()
        };
        done.push(json!({
            "mapping": &*mapping.name,
            "file": mapping.file.name(),
            "filled": names(&fills.iter().collect::<Vec<_>>()),
            "replaced": names(&replaced),
            "left": left,
        }));
    }
    Ok(done)
}

fn say(
    mapping: &Mapping,
    filled: usize,
    replaced: usize,
    left: usize,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let mut parts = Vec::new();
    if filled > 0 {
        parts.push(format!("{} filled", counted(filled, "test", "tests")));
    }
    if replaced > 0 {
        parts.push(format!("{} replaced", counted(replaced, "test", "tests")));
    }
    if left > 0 {
        let left = counted(left, "test that differs", "tests that differ");
        parts.push(format!("{left} left alone; `--yes` replaces without asking"));
    }
    if parts.is_empty() {
        return Ok(());
    }
    terminal.line(format!("{}: {}", mapping.file.name(), parts.join(", ")))
}

/// The lines that change.
fn show(mapping: &Mapping, update: &Update, terminal: &mut Terminal) -> Result<(), CliError> {
    let new = updated(mapping.file.text(), [update]);
    let (old, new): (Vec<&str>, Vec<&str>) =
        (mapping.file.text().lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let room = old.len().min(new.len()) - same;
    let behind = old.iter().rev().zip(new.iter().rev()).take(room);
    let behind = behind.take_while(|(old, new)| old == new).count();
    let head = format!("{}:{}: {}", mapping.file.name(), update.line, update.name);
    let head = terminal.bold(&head);
    terminal.line(head)?;
    for line in &old[same..old.len() - behind] {
        let line = terminal.bad(&format!("- {line}"));
        terminal.line(line)?;
    }
    for line in &new[same..new.len() - behind] {
        let line = terminal.good(&format!("+ {line}"));
        terminal.line(line)?;
    }
    Ok(())
}

/// Whether the person at the terminal, if there is one, wants it.
fn agreed(count: usize, terminal: &mut Terminal) -> Result<bool, CliError> {
    if !terminal.interactive || terminal.json || !io::stdin().is_terminal() {
        return Ok(false);
    }
    let tests = counted(count, "test that expects", "tests that expect");
    terminal.text(&format!("replace {tests} something else? [y/N] "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// The new text is right, and the tests that were written hold in it.
fn proven(
    mapping: &Mapping,
    wanted: &[&Update],
    text: &str,
    global: &Global,
) -> Result<(), CliError> {
    let file = SourceFile::new(mapping.file.name(), text);
    let options = Options { registry: registry(), secrets: false };
    let (deployment, found) = config::load_with(&global.config, options, &file);
    let results = deployment
        .filter(|_| !has_errors(&found))
        .and_then(|deployment| deployment.library.mappings.get(&*mapping.name).cloned())
        .map(|mapping| run_tests(&mapping))
        .unwrap_or_default();
    let holds =
        |update: &&Update| results.iter().any(|result| result.name == update.name && result.ok());
    match wanted.iter().find(|update| !holds(update)) {
        None => Ok(()),
        Some(update) => Err(CliError::system(format!(
            "the test `{}` of `{}` cannot be written so that it holds; nothing was changed",
            update.name, mapping.name
        ))
        .hint("write it by hand, and report the mapping and the test as a bug")),
    }
}

/// Puts `new` in the place of a file that holds `old`, wholly or not at all.
fn replace(path: &Path, old: &str, new: &str) -> Result<(), CliError> {
    let failed = |cause: io::Error| {
        CliError::system(format!("`{}` cannot be written: {cause}", path.display()))
    };
    // Through a link, so that the link stays one.
    let path = fs::canonicalize(path).map_err(failed)?;
    if fs::read_to_string(&path).map_err(failed)? != old {
        let message = format!("`{}` was changed meanwhile; nothing was written", path.display());
        return Err(CliError::system(message));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.{}", std::process::id()));
    let written = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&fresh)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    written().map_err(|cause| {
        // What is left of it is of no use; the error is what matters.
        let _ = fs::remove_file(&fresh);
        failed(cause)
    })
}
