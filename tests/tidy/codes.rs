//! Every code that the program can say is explained, once.

use std::collections::{BTreeMap, BTreeSet};

use acequia::cli::codes;

use super::{
    nothing,
    source::{self, Source},
};

/// Dotted words that are no codes: names of files, paths into a configuration, checks and classes of the mapping
/// language. By their first or last part.
const OTHER_FAMILIES: &[&str] =
    &["de", "es", "fr", "it", "mx", "personal", "phone", "pt", "source", "us", "vat"];
const OTHER_ENDINGS: &[&str] = &["yaml", "sock", "md", "json"];
/// Here the settings of Kafka and its client are named, which look like codes.
const NAMES_SETTINGS: &[&str] = &[
    "config.rs",
    "presence.rs",
    "probe.rs",
    "producer.rs",
    "reader.rs",
    "security.rs",
    "topics.rs",
];

fn looks_like_a_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() > 1
        && parts.iter().all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        && !OTHER_FAMILIES.contains(&parts[0])
        && !OTHER_ENDINGS.contains(parts.last().unwrap())
}

fn unexplained(sources: &[Source], explained: &BTreeSet<&str>) -> Vec<String> {
    let families: BTreeSet<&str> =
        explained.iter().filter_map(|code| code.split('.').next()).collect();
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let settings = source
            .path
            .strip_prefix("src/publish/")
            .is_some_and(|file| NAMES_SETTINGS.contains(&file));
        for text in source.texts().into_iter().filter(|text| looks_like_a_code(text)) {
            let family = text.split('.').next().unwrap_or_default();
            if !(explained.contains(text.as_str()) || settings && !families.contains(family)) {
                found.push(format!("{}: nothing explains `{text}`", source.path));
            }
        }
    }
    found
}

/// Codes that nothing says: no text of the sources holds them but the one that explains.
fn unsaid(sources: &[Source], explained: &BTreeSet<&str>) -> Vec<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for text in sources.iter().filter(|source| !source.is_test()).flat_map(Source::texts) {
        *times.entry(text).or_default() += 1;
    }
    let once = explained.iter().filter(|code| times.get(**code).is_none_or(|times| *times < 2));
    once.map(|code| format!("nothing says `{code}`")).collect()
}

/// Codes with two explanations, of which only one would ever be shown.
fn explained_twice(sources: &[Source]) -> Vec<String> {
    let tables = sources.iter().filter_map(|source| {
        let (_, after) = source.text.split_once("const CODES: &[CodeDoc] = &[")?;
        Some(Source::new(&source.path, after.split("\n];").next()?))
    });
    let (mut seen, mut found) = (BTreeMap::new(), Vec::new());
    for table in tables {
        for code in table.texts().into_iter().filter(|text| looks_like_a_code(text)) {
            if let Some(other) = seen.insert(code.clone(), table.path.clone()) {
                found.push(format!("`{code}` is explained in {other} and in {}", table.path));
            }
        }
    }
    found
}

#[test]
fn every_code_is_explained_once() {
    nothing(&explained_twice(&source::rust()));
}

#[test]
fn a_code_with_two_explanations_is_found() {
    let table = |path, code| {
        let table = "pub const CODES: &[CodeDoc] = &[\n    doc(\"NAME\", \"a title\", \"help\"),\n];\n\"map.other\"";
        Source::new(path, &table.replace("NAME", code))
    };
    let sources =
        [table("src/a.rs", "map.one"), table("src/b.rs", "map.two"), table("src/c.rs", "map.one")];
    assert_eq!(explained_twice(&sources), ["`map.one` is explained in src/a.rs and in src/c.rs"]);
}

#[test]
fn every_code_is_explained() {
    let explained = codes().iter().map(|doc| doc.code).collect();
    nothing(&unexplained(&source::rust(), &explained));
}

#[test]
fn every_explained_code_can_be_said() {
    let explained = codes().iter().map(|doc| doc.code).collect();
    nothing(&unsaid(&source::rust(), &explained));
}

#[test]
fn an_explanation_says_something() {
    for doc in codes() {
        assert!(doc.title.len() > 8 && doc.help.len() > 20, "`{}` is not explained", doc.code);
        assert!(!doc.title.ends_with('.'), "the title of `{}` ends with a stop", doc.code);
    }
}

#[test]
fn a_code_without_explanation_and_one_without_use_are_found() {
    let sources = [
        Source::new(
            "src/a.rs",
            "fail(\"a.known\"); fail(\"a.new\"); open(\"acequia.yaml\"); // \"a.b\"",
        ),
        Source::new("src/publish/config.rs", "set(\"linger.ms\", \"5\"); fail(\"a.other\")"),
        Source::new("src/codes.rs", "doc(\"a.known\"); doc(\"a.idle\")"),
    ];
    let explained = BTreeSet::from(["a.known", "a.idle"]);
    assert_eq!(
        unexplained(&sources, &explained),
        ["src/a.rs: nothing explains `a.new`", "src/publish/config.rs: nothing explains `a.other`",]
    );
    assert_eq!(unsaid(&sources, &explained), ["nothing says `a.idle`"]);
}
