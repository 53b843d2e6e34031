//! A name says what a thing is. Names under which anything may be put say nothing.

use super::{
    nothing,
    source::{self, Source},
};

const EMPTY: &[&str] =
    &["common", "helper", "helpers", "manager", "misc", "util", "utils", "utilities"];
/// The words before a name that the author of the code has chosen.
const DEFINING: &[&str] = &["enum", "mod", "struct", "trait", "type"];

/// Whether one of the words of a name, written `so`, `so_so`, `so-so` or `SoSo`, could be said of anything.
fn says_nothing(name: &str) -> bool {
    let mut spaced = String::new();
    for character in name.chars() {
        if character.is_uppercase() {
            spaced.push(' ');
        }
        spaced.extend(character.to_lowercase());
    }
    spaced.split(|c: char| !c.is_alphanumeric()).any(|word| EMPTY.contains(&word))
}

fn empty_names(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        if says_nothing(&source.path) {
            found.push(format!("{}: the path says nothing", source.path));
        }
        let code = source.code();
        let mut before = "";
        for word in code.split_whitespace() {
            let name = word.split(|c: char| !c.is_alphanumeric() && c != '_').next();
            if let Some(name) = name.filter(|name| DEFINING.contains(&before) && says_nothing(name))
            {
                found.push(format!("{}: `{before} {name}` says nothing", source.path));
            }
            before = word;
        }
    }
    found
}

#[test]
fn every_name_says_something() {
    let mut all = source::rust();
    all.extend(source::files("tests", "rs"));
    nothing(&empty_names(&all));
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let sources = [
        Source::new("src/http_utils.rs", ""),
        Source::new("src/common/a.rs", "struct Uncommon; // struct Helper\nuse tokio_util::task;"),
        Source::new("src/a.rs", "pub mod helpers;\npub struct TaskManager<T>(T);\nlet utils = 1;"),
    ];
    assert_eq!(
        empty_names(&sources),
        [
            "src/http_utils.rs: the path says nothing",
            "src/common/a.rs: the path says nothing",
            "src/a.rs: `mod helpers` says nothing",
            "src/a.rs: `struct TaskManager` says nothing",
        ]
    );
}
