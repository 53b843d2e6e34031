//! Every mistake is shown where it is: code, line, column and width, and nothing else is.

use std::{fs, sync::Arc};

use acequia::{
    diagnostic::{self, Diagnostic, SourceFile},
    mapping::{self, Texts, protect::KeyNames},
};

use super::{folder, texts};

struct Deployed;

impl KeyNames for Deployed {
    fn domains(&self) -> Vec<&str> {
        vec!["citizen", "patient"]
    }

    fn keys(&self) -> Vec<&str> {
        vec!["mail"]
    }
}

/// Code, line, column, width in characters.
type Place = (String, usize, usize, usize);

struct Case {
    kind: String,
    title: String,
    text: String,
    marks: Vec<Place>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("=== ") {
            let (kind, title) = head.split_once(": ").unwrap();
            let (kind, title) = (kind.to_owned(), title.to_owned());
            cases.push(Case { kind, title, text: String::new(), marks: Vec::new() });
            continue;
        }
        let case = cases.last_mut().unwrap();
        match mark(line) {
            Some((column, width, code)) => {
                let number = case.text.lines().count();
                case.marks.push((code, number, column, width));
            }
            None => {
                case.text.push_str(line);
                case.text.push('\n');
            }
        }
    }
    cases
}

fn mark(line: &str) -> Option<(usize, usize, String)> {
    let (carets, code) = line.strip_prefix('#')?.rsplit_once(' ')?;
    let width = carets.trim_start().len();
    if (width == 0 && !code.contains('.')) || !carets.trim_start().bytes().all(|byte| byte == b'^')
    {
        return None;
    }
    let blanks = carets.len() - width;
    let start = if blanks == 0 { (1, width + 1) } else { (blanks + 2, width) };
    Some((start.0, start.1, code.to_owned()))
}

fn found(case: &Case) -> Vec<Diagnostic> {
    let mut texts: Texts = texts();
    let file = SourceFile::new("case", case.text.clone());
    match case.kind.as_str() {
        "mapping" => texts.mappings.push(file),
        "model" => texts.models.push(file),
        "codes" => texts.codes.push(("case".to_owned(), file)),
        "policies" => texts.policies = Some(file),
        kind => panic!("there are no cases of kind {kind}"),
    }
    mapping::check(&texts, &Deployed).1
}

fn place(found: &Diagnostic) -> Place {
    let (line, column) = found.line_column();
    let width = found.file.text()[found.span.clone()].chars().count();
    (found.code.to_owned(), line, column, width)
}

#[test]
fn bad_input_66_every_mistake_is_shown_at_its_place_and_nothing_else_is() {
    let (mut count, mut codes) = (0, std::collections::BTreeSet::new());
    let mut wrong = String::new();
    for entry in fs::read_dir(folder().join("diagnostics")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "cases") {
            continue;
        }
        for case in cases(&fs::read_to_string(&path).unwrap()) {
            let found = found(&case);
            let mut places: Vec<Place> = found.iter().map(place).collect();
            let mut marks = case.marks.clone();
            places.sort();
            marks.sort();
            if places != marks {
                wrong += &format!(
                    "{}: {}\nfound  {places:?}\nmarked {marks:?}\n{}\n",
                    path.display(),
                    case.title,
                    diagnostic::render(&found, false)
                );
            }
            count += marks.len();
            codes.extend(marks.into_iter().map(|(code, ..)| code));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 25 && codes.len() >= 25, "{count} diagnostics, {} codes", codes.len());
}

#[test]
fn a_mark_may_begin_in_the_first_column() {
    let text = "=== mapping: x\nwenn: 1\n#^^^ a.b\n  wenn: 1\n# ^^^^ c.d\n";
    let case = &cases(text)[0];
    assert_eq!(case.marks, [("a.b".to_owned(), 1, 1, 4), ("c.d".to_owned(), 2, 3, 4)]);
    assert_eq!(case.text, "wenn: 1\n  wenn: 1\n");
}

#[test]
fn mistakes_of_all_files_come_in_one_run() {
    let mut texts = texts();
    texts.models.push(SourceFile::new("m.yaml", "model: x\nversion: 1\n"));
    for name in ["a.yaml", "b.yaml"] {
        texts.mappings.push(SourceFile::new(name, "mapping: m\nto: note/1\nfrom: {}\n"));
    }
    let (library, found) = mapping::check(&texts, &Deployed);
    assert!(library.mappings.is_empty());
    let files: std::collections::BTreeSet<_> =
        found.iter().map(|found| Arc::clone(&found.file).name().to_owned()).collect();
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["a.yaml", "b.yaml", "m.yaml"]);
    assert!(found.iter().any(|found| found.code == "mapping.duplicate"));
}
