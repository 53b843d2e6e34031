use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
};

use clap::{CommandFactory, Parser};

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn explained(arguments: &[&str], json: bool) -> (Result<Exit, CliError>, String) {
    let all: Vec<&str> = ["acequia", "explain"].iter().chain(arguments).copied().collect();
    let Verb::Explain(args) = Cli::parse_from(all).verb else { panic!("another verb") };
    let out = Buffer::default();
    (explain::run(&args, &mut Terminal::into(out.clone(), json)), out.text())
}

fn made(dir: &Path, arguments: &[&str]) -> Result<Exit, CliError> {
    let dir = dir.to_str().unwrap();
    let all: Vec<&str> = ["acequia", "init", dir].iter().chain(arguments).copied().collect();
    let Verb::Init(args) = Cli::parse_from(all).verb else { panic!("another verb") };
    init::run(&args, &mut Terminal::into(Buffer::default(), false))
}

#[test]
fn the_command_line_is_consistent_and_every_verb_has_an_example() {
    let mut command = Cli::command();
    command.clone().debug_assert();
    for verb in command.get_subcommands_mut() {
        let help = verb.render_long_help().to_string();
        assert!(help.contains("Example:"), "{help}");
        let name = verb.get_name().to_owned();
        assert!(help.contains(&format!("acequia {name}")), "{name} is not in its own example");
        for part in verb.get_subcommands_mut().filter(|part| part.get_name() != "help") {
            let help = part.render_long_help().to_string();
            let example = format!("acequia {name} {}", part.get_name());
            assert!(help.contains("Example:") && help.contains(&example), "{help}");
        }
    }
}

#[test]
fn a_code_is_explained_and_a_misspelt_one_suggested() {
    let (exit, text) = explained(&["config.unknown_key"], false);
    assert_eq!(exit.unwrap(), Exit::Ok);
    assert!(
        text.starts_with("config.unknown_key\na key that does not exist\n\n  Unknown keys"),
        "{text}"
    );
    let (error, _) = explained(&["config.unknwon_key"], false);
    let error = error.unwrap_err();
    assert!(error.to_string().ends_with("did you mean `config.unknown_key`?"), "{error}");
}

#[test]
fn codes_are_listed_by_their_beginning() {
    let (_, text) = explained(&["config"], true);
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(list.len() > 20);
    assert!(list.iter().all(|doc| doc["code"].as_str().unwrap().starts_with("config.")));
    let (_, all) = explained(&[], true);
    let all: Vec<serde_json::Value> = serde_json::from_str(&all).unwrap();
    assert!(all.len() > list.len());
}

#[test]
fn codes_are_unique_across_the_program() {
    let codes = codes();
    assert!(codes.is_sorted_by(|a, b| a.code < b.code));
}

#[test]
fn a_new_deployment_has_private_keys_of_its_own_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    made(&one, &[]).unwrap();
    made(&two, &["--example", "--name", "town-2"]).unwrap();
    let key = |root: &Path| std::fs::read(root.join("keys/pseudonym")).unwrap();
    assert_ne!(key(&one), key(&two));
    let mode = std::fs::metadata(one.join("keys/pseudonym")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let daemon = std::fs::read_to_string(two.join("acequia.yaml")).unwrap();
    assert!(daemon.contains("\ndeployment: town-2\n"));
    assert!(!one.join("pipelines/register.yaml").exists());
    assert!(two.join("pipelines/register.yaml").exists());
    assert!(matches!(made(&one, &[]), Err(CliError::Usage(_))));
    assert!(matches!(
        made(&dir.path().join("x"), &["--name", "Two Words"]),
        Err(CliError::Usage(_))
    ));
}

#[test]
fn what_came_from_outside_cannot_steer_the_terminal() {
    let shown = output::printable("a\x1b[31mb\r\nc\u{202e}ñ");
    assert_eq!(shown, "a\\u{1b}[31mb\\u{d}\\u{a}c\\u{202e}ñ");
}

#[test]
fn paragraphs_are_broken_between_words() {
    assert_eq!(output::wrapped("one two three", 9, "  "), "  one two\n  three");
}
