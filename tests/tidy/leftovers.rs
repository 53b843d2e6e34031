//! What work leaves behind and a reader should not find: half-done code, switched-off tests, paths of one machine.

use super::{
    nothing,
    source::{self, Source},
};

/// Nowhere, tests included. Written in halves, so that this file does not accuse itself.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("#[", "ignore"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
];
/// Homes on the machines of those who write; a service lives in `/etc`, `/var` or `/srv`.
const MACHINES: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
/// For tests only: the daemon is told its directories.
const TEMPORARY: &str = concat!("/t", "mp");

fn leftovers(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let rust = source.path.ends_with(".rs");
        let is_test = source.is_test() || source.path.starts_with("tests/");
        for (number, line) in (1..).zip(source.text.lines()) {
            let words = UNFINISHED.iter().chain(MACHINES).filter(|word| line.contains(**word));
            found.extend(words.map(|word| format!("{}:{number}: `{word}`", source.path)));
            if rust && is_banner(line) {
                found.push(format!("{}:{number}: a banner", source.path));
            }
        }
        if rust && !is_test && source.texts().iter().any(|text| text.contains(TEMPORARY)) {
            found.push(format!("{}: `{TEMPORARY}` outside a test", source.path));
        }
    }
    found
}

/// A comment of nothing but drawing.
fn is_banner(line: &str) -> bool {
    let comment = line.trim().trim_start_matches('/');
    line.trim().starts_with("//")
        && comment.len() > 8
        && comment.chars().all(|c| " -=*#~_─━═".contains(c))
}

#[test]
fn nothing_is_left_behind() {
    let mut all = source::rust();
    all.extend(source::files("tests", "rs"));
    for ending in ["md", "yaml", "toml"] {
        all.extend(source::files("", ending));
    }
    nothing(&leftovers(&all));
}

#[test]
fn what_is_left_behind_is_found() {
    for word in UNFINISHED.iter().chain(MACHINES) {
        let sources = [Source::new("tests/a.rs", &format!("a\nb {word}\n"))];
        assert_eq!(leftovers(&sources), [format!("tests/a.rs:2: `{word}`")]);
    }
    let temporary = format!("open(\"{TEMPORARY}/a\")");
    let paths = ["src/a.rs", "src/a/tests.rs", "tests/support/a.rs", "config/a.yaml"];
    let sources = paths.map(|path| Source::new(path, &temporary));
    assert_eq!(leftovers(&sources), [format!("src/a.rs: `{TEMPORARY}` outside a test")]);
    let banner = format!("// {}\n// - a point\n", "-".repeat(20));
    assert_eq!(leftovers(&[Source::new("src/a.rs", &banner)]), ["src/a.rs:1: a banner"]);
}
