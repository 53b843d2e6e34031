//! What the documents show can be read by the program, and what they point at is there.

use acequia::{diagnostic::SourceFile, yaml};

use super::{
    nothing,
    source::{self, Source},
};

/// The blocks of one language, each with the number of its first line.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let (mut found, mut open): (Vec<(usize, String)>, Option<bool>) = (Vec::new(), None);
    for (number, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open) {
            (Some(name), None) => {
                let wanted = name.split(',').next() == Some(language);
                if wanted {
                    found.push((number + 2, String::new()));
                }
                open = Some(wanted);
            }
            (Some(_), Some(_)) => open = None,
            (None, Some(true)) => {
                if let Some((_, block)) = found.last_mut() {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            (None, _) => {}
        }
    }
    found
}

fn unreadable_yaml(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (line, block) in blocks(&source.text, "yaml") {
            let faults = yaml::parse(&SourceFile::new(&*source.path, block)).err();
            for fault in faults.into_iter().flatten() {
                found.push(format!("{}:{line}: {}: {}", source.path, fault.code, fault.message));
            }
        }
    }
    found
}

/// Links to files of the repository that are not there.
fn broken_links(sources: &[Source], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (_, rest) in
            source.text.match_indices("](").map(|(at, mark)| source.text.split_at(at + mark.len()))
        {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if !(target.is_empty()
                || target.contains("://")
                || exists(&format!("{folder}/{target}")))
            {
                found.push(format!("{}: `{target}` is not there", source.path));
            }
        }
    }
    found
}

/// The documents at the root and in every folder that is ours.
fn documents() -> Vec<Source> {
    let mut all = source::files("connectors", "md");
    all.extend(source::files("config", "md"));
    all.extend(source::files("mappings", "md"));
    all.extend(source::files("tests", "md"));
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        all.push(Source::new(name, &std::fs::read_to_string(source::root().join(name)).unwrap()));
    }
    all
}

#[test]
fn yaml_in_documents_can_be_read() {
    nothing(&unreadable_yaml(&documents()));
}

#[test]
fn links_in_documents_lead_somewhere() {
    nothing(&broken_links(&documents(), |path| {
        source::root().join(path.trim_start_matches('/')).exists()
    }));
}

#[test]
fn yaml_that_cannot_be_read_is_found() {
    let text = "# A\n\n```yaml\na: 1\n```\n\n```yaml\na: [1\n```\n\n```text\nb: [1\n```\n";
    let found = unreadable_yaml(&[Source::new("a.md", text)]);
    assert!(found.len() == 1 && found[0].starts_with("a.md:8: yaml."), "{found:?}");
}

#[test]
fn a_broken_link_is_found() {
    let text = "[a](b.md), [c](d.md#part), [e](https://example.org/f.md), [g](#h)";
    let found = broken_links(&[Source::new("x/y.md", text)], |path| path == "x/b.md");
    assert_eq!(found, ["x/y.md: `d.md` is not there"]);
}
