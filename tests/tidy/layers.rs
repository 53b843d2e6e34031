//! The direction of the architecture: who may name whom.
//!
//! Cargo keeps connectors from seeing the daemon. Everything else stands in the table below, which is `src/` drawn as
//! text: a module names itself, the contract, and what its row lists.

use super::{
    nothing,
    source::{self, Source},
};

/// What each module of the daemon may name of the others. Downwards only: nobody names `cli` or, but for `cli` and the
/// handles that `admin` shows, `supervisor`.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("yaml", &["diagnostic"]),
    ("model", &["diagnostic", "yaml"]),
    ("mapping", &["diagnostic", "model", "yaml"]),
    ("event", &["mapping", "model"]),
    ("draft", &["mapping", "model"]),
    ("checkpoint", &[]),
    ("connectors", &[]),
    ("publish", &["checkpoint", "diagnostic", "event", "model"]),
    ("config", &["connectors", "diagnostic", "event", "mapping", "publish", "yaml"]),
    ("pipeline", &["checkpoint", "config", "connectors", "event", "mapping", "publish"]),
    ("admin", &["checkpoint", "diagnostic", "pipeline", "publish", "supervisor"]),
    (
        "supervisor",
        &[
            "admin",
            "checkpoint",
            "config",
            "connectors",
            "diagnostic",
            "event",
            "pipeline",
            "publish",
        ],
    ),
];

/// Modules that do nothing but compute: files are handed to them as text, and time with the record.
const PURE: &[&str] = &["diagnostic", "draft", "event", "mapping", "model", "yaml"];
const IMPURE: &[&str] = &["tokio", "rdkafka", "fs", "SystemTime", "Instant::now", "Timestamp::now"];

/// The module of the daemon that a file belongs to.
fn module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    Some(inside.split(['/', '.']).next().unwrap_or(inside))
}

/// Whether the code names this path, as a whole.
fn names(code: &str, path: &str) -> bool {
    let part = |other: Option<char>| other.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(path).any(|(at, _)| {
        !part(code[..at].chars().next_back()) && !part(code[at + path.len()..].chars().next())
    })
}

/// The modules of its own crate that the code names: `crate::a` and `crate::{a::…, b}`.
fn of_the_crate(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let (mut depth, mut from) = (0_usize, 0);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    found.push(word(group[from..at].trim_start()));
                    from = at + 1;
                    if character == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

fn upwards(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let Some(module) =
            module(&source.path).filter(|module| !["cli", "main", "lib"].contains(module))
        else {
            continue;
        };
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            found.push(format!("{}: `{module}` has no row in the table of layers", source.path));
            continue;
        };
        let code = source.code();
        for name in of_the_crate(&code) {
            if name != module && !allowed.contains(&name) {
                found.push(format!("{} names `crate::{name}`", source.path));
            }
        }
    }
    found
}

fn impure(sources: &[Source]) -> Vec<String> {
    let pure = sources.iter().filter(|source| {
        !source.is_test() && module(&source.path).is_some_and(|module| PURE.contains(&module))
    });
    let mut found = Vec::new();
    for source in pure {
        let code = source.code();
        let named = IMPURE.iter().filter(|path| names(&code, path));
        found.extend(named.map(|path| format!("{} names `{path}`", source.path)));
    }
    found
}

/// What a connector may not name: Kafka, the daemon, another connector. `api` and `formats` are for all.
fn strange_to_connectors(sources: &[Source]) -> Vec<String> {
    const FOR_ALL: &[&str] = &["api", "formats", "capture"];
    let crate_of = |source: &Source| {
        source
            .path
            .strip_prefix("connectors/")
            .and_then(|path| path.split_once('/'))
            .map(|(name, _)| name.to_owned())
    };
    let mut crates: Vec<String> = sources.iter().filter_map(crate_of).collect();
    crates.sort();
    crates.dedup();
    let mut found = Vec::new();
    for source in sources {
        let Some(own) = crate_of(source) else { continue };
        let others =
            crates.iter().filter(|name| **name != own && !FOR_ALL.contains(&name.as_str()));
        let others = others.flat_map(|name| [format!("acequia_{name}"), format!("acequia-{name}")]);
        // In a manifest `acequia` is also the beginning of other names.
        let (code, daemon) = if source.path.ends_with(".rs") {
            (source.code(), "acequia")
        } else {
            (source.text.clone(), "acequia.workspace")
        };
        for path in others.chain(["rdkafka".to_owned(), daemon.to_owned()]) {
            if names(&code, &path) {
                found.push(format!("{} names `{path}`", source.path));
            }
        }
    }
    found
}

fn anyhow_outside_main(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|source| source.path != "src/main.rs" && !source.is_test());
    let named = others.filter(|source| names(&source.code(), "anyhow"));
    named.map(|source| format!("{} names `anyhow`", source.path)).collect()
}

#[test]
fn a_module_names_only_what_is_below_it() {
    nothing(&upwards(&source::rust()));
}

#[test]
fn pure_modules_are_pure() {
    nothing(&impure(&source::rust()));
}

#[test]
fn connectors_know_neither_kafka_nor_each_other() {
    let mut sources = source::rust();
    sources.extend(source::files("connectors", "toml"));
    nothing(&strange_to_connectors(&sources));
}

#[test]
fn errors_have_types_below_main() {
    nothing(&anyhow_outside_main(&source::rust()));
}

#[test]
fn a_name_that_points_upwards_is_found() {
    let sources = [
        Source::new("src/pipeline/a.rs", "use crate::{event::{Id, Key}, cli, supervisor::Fleet};"),
        Source::new("src/model.rs", "fn a() { crate::mapping::b() } // crate::cli"),
        Source::new("src/new.rs", ""),
        Source::new("src/cli/run.rs", "use crate::supervisor::Fleet;"),
    ];
    assert_eq!(
        upwards(&sources),
        [
            "src/pipeline/a.rs names `crate::cli`",
            "src/pipeline/a.rs names `crate::supervisor`",
            "src/model.rs names `crate::mapping`",
            "src/new.rs: `new` has no row in the table of layers",
        ]
    );
}

#[test]
fn impurity_is_found_however_it_is_imported() {
    let text = "use std::{collections, fs::File};\nfn now() { tokio::spawn(a) }";
    let sources = [
        Source::new("src/mapping/a.rs", text),
        Source::new("src/publish.rs", text),
        Source::new(
            "src/event/b.rs",
            "//! Neither tokio nor rdkafka.\nfn offs(fsync: bool) { \"tokio\" }",
        ),
    ];
    assert_eq!(impure(&sources), ["src/mapping/a.rs names `tokio`", "src/mapping/a.rs names `fs`"]);
}

#[test]
fn a_connector_that_knows_too_much_is_found() {
    let sources = [
        Source::new("connectors/files/src/lib.rs", "use acequia_api::Row; use rdkafka::Message;"),
        Source::new("connectors/soap/Cargo.toml", "acequia-files.workspace = true"),
        Source::new("connectors/formats/src/lib.rs", "use acequia_soap::Call;"),
        Source::new("connectors/soap/src/lib.rs", "use acequia::event::Id;"),
    ];
    assert_eq!(
        strange_to_connectors(&sources),
        [
            "connectors/files/src/lib.rs names `rdkafka`",
            "connectors/soap/Cargo.toml names `acequia-files`",
            "connectors/formats/src/lib.rs names `acequia_soap`",
            "connectors/soap/src/lib.rs names `acequia`",
        ]
    );
}

#[test]
fn anyhow_is_found() {
    let sources =
        ["src/main.rs", "src/config/load.rs"].map(|path| Source::new(path, "use anyhow::Result;"));
    assert_eq!(anyhow_outside_main(&sources), ["src/config/load.rs names `anyhow`"]);
}
