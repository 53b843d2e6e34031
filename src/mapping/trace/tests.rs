use std::{fs, path::Path, sync::Arc};

use serde_json::Value as Json;

use super::*;
use crate::{
    diagnostic::{self, SourceFile},
    mapping::{Library, Texts, check, protect::AnyKeys, protect::TestProtector, testing},
};

fn files(folder: &str, ending: &str) -> Vec<(String, Arc<SourceFile>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        (name.trim_end_matches(ending).to_owned(), SourceFile::new(name, text))
    };
    paths.iter().map(read).collect()
}

fn only(files: Vec<(String, Arc<SourceFile>)>) -> Vec<Arc<SourceFile>> {
    files.into_iter().map(|(_, file)| file).collect()
}

/// The library, and the mapping of the language tour with one more.
fn library(extra: &[&str]) -> Library {
    let mut mappings = only(files("mappings", ".yaml"));
    mappings.extend(extra.iter().map(|text| SourceFile::new("extra.yaml", *text)));
    let texts = Texts {
        mappings,
        models: only(files("mappings/models", ".yaml")),
        codes: files("mappings/codes", ".csv"),
        policies: None,
    };
    let (library, found) = check(&texts, &AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    library
}

/// Every value of an event with its path, elements of lists without their numbers.
fn leaves(path: &str, value: &Json, out: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(&path, member, out);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| leaves(path, item, out)),
        Json::String(text) => out.push((path.to_owned(), text.clone())),
        other => out.push((path.to_owned(), other.to_string())),
    }
}

/// The same of a trace.
fn traced(trace: &Trace) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for line in trace.lines.iter().filter(|line| matches!(line.part, Part::Field | Part::Constant))
    {
        let Some(text) = line.gave.text() else { continue };
        match serde_json::from_str(text) {
            // Objects and lists that are the same for every record are one constant.
            Ok(json @ (Json::Object(_) | Json::Array(_))) => leaves(&line.name, &json, &mut out),
            _ => out.push((line.name.clone(), text.to_owned())),
        }
    }
    out.sort();
    out
}

#[test]
fn a_trace_ends_with_the_event_and_names_every_reject() {
    let (mut events, mut rejects) = (0, 0);
    for mapping in library(&[]).mappings.values() {
        for case in &mapping.cases {
            let batch = testing::record(mapping, case);
            let bound = mapping.bind(batch.schema()).unwrap();
            let mut scratch = Scratch::new(Arc::new(TestProtector));
            for element in 0..mapping.elements(&bound, batch.at(0)) {
                let row = batch.at(0);
                let (mut errors, mut again, mut trace) = (Vec::new(), Vec::new(), Trace::default());
                let verdict =
                    mapping.apply_element(&bound, row, element, &mut scratch, &mut errors);
                let plain = (scratch.key.clone(), scratch.data.clone(), scratch.quality.clone());
                let seen =
                    mapping.trace(&bound, row, element, &mut scratch, &mut again, &mut trace);
                let name = format!("{}: {}", mapping.name, case.name.text);
                assert_eq!(seen, verdict, "{name}");
                assert_eq!(again, errors, "{name}");
                let watched = (scratch.key.clone(), scratch.data.clone(), scratch.quality.clone());
                assert_eq!(watched, plain, "{name}");
                match verdict {
                    Verdict::Upsert => {
                        let mut wanted = Vec::new();
                        leaves("", &serde_json::from_slice(&plain.1).unwrap(), &mut wanted);
                        wanted.sort();
                        assert_eq!(traced(&trace), wanted, "{name}");
                        events += 1;
                    }
                    Verdict::Rejected => {
                        for error in &errors {
                            let told = trace.lines.iter().any(|line| {
                                matches!(&line.gave, Came::Refused(code, _) if *code == error.code)
                                    && error.field.as_deref() == Some(&*line.name)
                            });
                            assert!(told, "{name}: {error}");
                            rejects += 1;
                        }
                    }
                    Verdict::Delete | Verdict::Filtered => {}
                }
            }
        }
    }
    assert!(events > 20 && rejects > 10, "{events} events, {rejects} rejects");
}

#[test]
fn every_step_is_told_with_what_came_out_of_it() {
    let library = library(&[]);
    let mapping = &library.mappings["licencias-to-permit"];
    let case = &mapping.cases[0];
    let batch = testing::record(mapping, case);
    let bound = mapping.bind(batch.schema()).unwrap();
    let mut scratch = Scratch::new(Arc::new(TestProtector));
    let mut trace = Trace::default();
    mapping.trace(&bound, batch.at(0), 0, &mut scratch, &mut Vec::new(), &mut trace);
    let line = |name: &str| trace.lines.iter().find(|line| line.name == name).unwrap();
    let key = line("holder.key");
    let actions: Vec<_> = key.steps.iter().map(|step| &step.action).collect();
    assert!(
        matches!(actions[..], [.., Action::Check(check, true), Action::Protect(_)] if check == "check es.tax_id"),
        "{actions:?}"
    );
    assert!(key.came.is_value() && key.came != key.gave);
    let shown = format!("{trace:?}");
    let given = key.came.text().unwrap();
    assert!(!shown.contains(given), "`Debug` shows values");
}
