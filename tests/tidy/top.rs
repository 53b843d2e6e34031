//! A newcomer sees the architecture from `ls`.

use std::fs;

use super::{nothing, source};

/// The six names, the documents and settings that tools look for at the root, and what git does not keep.
const ALLOWED: &[&str] = &[
    "Cargo.toml",
    "src",
    "connectors",
    "mappings",
    "tests",
    "config",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "Cargo.lock",
    "Makefile",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "clippy.toml",
    "deny.toml",
    "target",
];

fn strangers<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let names = names.into_iter().filter(|name| !name.starts_with('.') && !ALLOWED.contains(name));
    names.map(|name| format!("`{name}` does not belong at the top")).collect()
}

#[test]
fn nothing_else_lies_at_the_top() {
    let entries = fs::read_dir(source::root()).unwrap();
    let names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    nothing(&strangers(names.iter().map(String::as_str)));
    for name in &ALLOWED[..6] {
        assert!(names.iter().any(|other| other == name), "`{name}` is missing");
    }
}

#[test]
fn a_stranger_is_found() {
    assert_eq!(strangers(["src", ".ci", "utils"]), ["`utils` does not belong at the top"]);
}
