//! The mapping language, from the texts of a deployment to diagnostics and bytes.

mod places;
mod properties;

use std::{fs, path::Path, sync::Arc};

use acequia::{
    diagnostic::{self, SourceFile},
    mapping::{self, Library, Texts, protect::AnyKeys},
};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mapping"))
}

fn read(path: &Path) -> Arc<SourceFile> {
    let name = path.strip_prefix(folder()).unwrap_or(path).display().to_string();
    SourceFile::new(name, fs::read_to_string(path).unwrap())
}

fn files(dir: &str) -> Vec<(String, Arc<SourceFile>)> {
    let mut paths: Vec<_> =
        fs::read_dir(folder().join(dir)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

/// The models, tables and policies beside this file, without a mapping.
fn texts() -> Texts {
    Texts {
        mappings: Vec::new(),
        models: files("models").into_iter().map(|(_, file)| file).collect(),
        codes: files("codes"),
        policies: Some(read(&folder().join("policies.yaml"))),
    }
}

fn library(name: &str) -> Library {
    let mut texts = texts();
    texts.mappings.push(read(&folder().join(name)));
    let (library, found) = mapping::check(&texts, &AnyKeys);
    assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
    library
}

#[test]
fn the_example_of_the_design_passes_its_own_tests() {
    let library = library("licencias.yaml");
    let mapping = &library.mappings["licencias-to-permit"];
    let results = mapping::run_tests(mapping);
    assert_eq!(results.len(), 9);
    for result in &results {
        assert!(result.ok(), "{} {:#?}\n{:?}", result.name, result.differences, result.events);
    }
    assert_eq!(mapping.key_columns(), ["NUM_EXP"]);
}
