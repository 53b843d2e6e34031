//! Sources as the checkers see them: code, its texts, and neither comments nor tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of this repository.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether the file holds tests only.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// The code without comments, texts and test modules.
    pub fn code(&self) -> String {
        let spared = without_tests(&self.text);
        let code = pieces(&spared).into_iter().filter_map(|piece| match piece {
            Piece::Code(code) => Some(code),
            Piece::Text(_) => None,
        });
        code.collect()
    }

    /// The literal texts outside comments and test modules.
    pub fn texts(&self) -> Vec<String> {
        let spared = without_tests(&self.text);
        let texts = pieces(&spared).into_iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.to_owned()),
            Piece::Code(_) => None,
        });
        texts.collect()
    }
}

/// Where the repository is.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of a folder with an ending, sorted by path.
pub fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut |path| {
        if path.extension().is_some_and(|other| other == ending) {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            found.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
        }
    });
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "there is nothing in `{folder}`");
    found
}

/// The Rust files of the daemon and of all connectors.
pub fn rust() -> Vec<Source> {
    let mut all = files("src", "rs");
    all.extend(files("connectors", "rs"));
    all
}

fn walk(folder: &Path, found: &mut impl FnMut(PathBuf)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let hidden = path.file_name().unwrap().to_str().unwrap().starts_with('.');
        if path.is_dir() && !hidden && !path.ends_with("target") {
            walk(&path, found);
        } else if path.is_file() {
            found(path);
        }
    }
}

/// The text without `#[cfg(test)]` modules, which rustfmt lets begin and end at the margin.
fn without_tests(text: &str) -> String {
    let (mut kept, mut inside) = (String::new(), false);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.contains("mod ")) {
            inside = lines.next().is_some_and(|module| module.ends_with('{'));
        } else if inside {
            inside = line != "}";
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

enum Piece<'t> {
    Code(&'t str),
    Text(&'t str),
}

/// Takes Rust apart, comments left out.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = rest.find(['"', '/', '\'', 'r']).unwrap_or(rest.len());
        let (code, from) = rest.split_at(next);
        found.push(Piece::Code(code));
        let identifier = code.ends_with(|before: char| before.is_alphanumeric() || before == '_');
        rest = if from.starts_with("//") {
            &from[from.find('\n').unwrap_or(from.len())..]
        } else if from.starts_with("/*") {
            &from[from.find("*/").map_or(from.len(), |end| end + 2)..]
        } else if from.starts_with('"') {
            let end = closing(&from[1..]);
            found.push(Piece::Text(&from[1..=end]));
            &from[(end + 2).min(from.len())..]
        } else if let Some((text, after)) = raw(from).filter(|_| !identifier) {
            found.push(Piece::Text(text));
            after
        } else {
            let end = if from.starts_with('\'') { character(from) } else { from.len().min(1) };
            found.push(Piece::Code(&from[..end]));
            &from[end..]
        };
    }
    found
}

/// Where the text that begins here ends: the place of its quote.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len().saturating_sub(1)
}

/// A raw text `r"…"`, `r#"…"#` and what follows it.
fn raw(from: &str) -> Option<(&str, &str)> {
    let after = from.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    let body = after[hashes..].strip_prefix('"')?;
    body.split_once(&format!("\"{}", "#".repeat(hashes)))
}

/// How long a character literal is; 1 for the tick of a lifetime.
fn character(from: &str) -> usize {
    let mut characters = from.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((at, _))) => from[at + 1..].find('\'').map_or(1, |end| at + end + 2),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn a_source_is_code_and_texts_without_comments_and_tests() {
    let text = r##"
fn a<'t>(x: &'t str) -> char { // tokio "not a text"
    /* rdkafka */ let b = "one \" two"; let c = r#"three"four"#; '"'
}
const D: (char, char) = ('\'', '\\'); const E: &str = "five";
#[cfg(test)]
mod tests {
    const F: &str = "six";
}
const G: &str = "seven";
"##;
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.texts(), ["one \\\" two", "three\"four", "five", "seven"]);
    let code = source.code();
    assert!(code.contains("let c = ;") && code.contains("const D"), "{code}");
    assert!(!code.contains("tokio") && !code.contains("rdkafka") && !code.contains("const F"));
}
