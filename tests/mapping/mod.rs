//! The mapping language, from the texts of a deployment to diagnostics and bytes.

mod identifiers;
mod library;
mod places;
mod properties;

use std::{fs, path::Path, sync::Arc};

use acequia_api::{Column, Schema};

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

#[test]
fn every_part_of_the_language_does_what_the_tests_beside_it_say() {
    let mut texts = texts();
    texts.mappings = yaml_files(&folder().join("language"));
    let (library, found) = mapping::check(&texts, &AnyKeys);
    let mut wrong = diagnostic::render(&found, false);
    for (name, mapping) in &library.mappings {
        for result in mapping::run_tests(mapping).iter().filter(|result| !result.ok()) {
            wrong += &format!(
                "{name}: {} {:#?}\n{:?}\n",
                result.name, result.differences, result.events
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(library.mappings.len(), texts.mappings.len());
}

#[test]
fn a_test_that_does_not_hold_says_what_came_out_otherwise() {
    let mut texts = texts();
    texts.mappings.push(SourceFile::new(
        "m.yaml",
        "mapping: m\nto: note/1\nfrom: { ID: text, T: text }\nkey: id\nfields: { id: ID, text: T }\ntests:\n  - name: wrong\n    given: { ID: a, T: b }\n    expect: { id: x, text: b }\n    key: y\n    op: delete\n    filtered: true\n    rejects: [{ code: map.min }]\n    quality: [{ field: id }]\n  - name: more than expected\n    given: { ID: a, T: b }\n    exactly: { id: a }\n",
    ));
    let (library, found) = mapping::check(&texts, &AnyKeys);
    assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
    let results = mapping::run_tests(&library.mappings["m"]);
    assert_eq!(results[0].line, 7);
    assert_eq!(
        results[0].differences,
        [
            "id: expected `x`, found \"a\"",
            "expected the key `y`, found `a`",
            "expected delete, found upsert",
            "expected filtered, found upsert",
            "expected reject map.min, found none",
            "expected mark of quality any in id, found none",
        ]
    );
    assert_eq!(results[1].differences, ["text: not expected, found \"b\""]);
}

#[test]
fn a_field_can_be_explained() {
    let library = library("licencias.yaml");
    let mapping = &library.mappings["licencias-to-permit"];
    let explained = mapping.explain("holder.key").unwrap();
    assert_eq!(explained.field.sources, ["NIF"]);
    assert_eq!(explained.field.steps, ["check \"es.nif\"", "pseudonym citizen"]);
    assert_eq!(explained.field.class.unwrap().name(), "personal");
    assert_eq!(explained.field.domain.as_deref(), Some("citizen"));
    assert_eq!(explained.field.line, 29);
    assert_eq!(
        explained.clause.as_deref(),
        Some("policies.yaml:5: `permit.v1` carries public, internal, personal")
    );
    assert_eq!(mapping.class.name(), "personal");
    assert!(mapping.explain("permitNumber").unwrap().is_key);
    assert!(mapping.explain("holder.name").is_none());
}

#[test]
fn another_topic_and_deletes_with_little_are_judged_apart() {
    let library = library("licencias.yaml");
    let mapping = &library.mappings["licencias-to-permit"];
    assert!(mapping.judge_topic("town.permit.v1", &library.policies).is_empty());
    let missing = mapping.judge_topic("town.open-data", &library.policies);
    assert_eq!(missing[0].code, "mapping.policy_missing");
    assert_eq!(missing[0].line_column(), (28, 7));
    assert!(mapping.judge_delete(&["NUM_EXP", "TIPO"]).is_none());
    let found = mapping.judge_delete(&["ID"]).unwrap();
    assert_eq!((found.code, found.line_column()), ("mapping.delete_key", (17, 6)));
}

#[test]
fn the_version_follows_the_file_and_everything_it_includes() {
    let version = |change: &dyn Fn(&mut Texts)| {
        let mut texts = texts();
        texts.mappings.push(read(&folder().join("licencias.yaml")));
        change(&mut texts);
        mapping::check(&texts, &AnyKeys).0.mappings["licencias-to-permit"].version.clone()
    };
    let longer =
        |file: &Arc<SourceFile>| SourceFile::new(file.name(), format!("{}\n", file.text()));
    let base = version(&|_| {});
    assert!(base.len() == 12 && base.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(base, version(&|_| {}));
    assert_ne!(base, version(&|texts| texts.mappings[0] = longer(&texts.mappings[0])));
    let replace = |texts: &mut Texts, name: &str| {
        let table = texts.codes.iter_mut().find(|(known, _)| known == name).unwrap();
        table.1 = longer(&table.1);
    };
    assert_ne!(base, version(&|texts| replace(texts, "permit-kind")));
    assert_eq!(base, version(&|texts| replace(texts, "office")));
    let permit =
        |texts: &Texts| texts.models.iter().position(|file| file.name().contains("permit"));
    assert_ne!(
        base,
        version(&|texts| {
            let at = permit(texts).unwrap();
            texts.models[at] = longer(&texts.models[at]);
        })
    );
}

#[test]
fn a_table_that_is_looked_up_in_has_the_number_of_its_content() {
    let lookups = |change: &dyn Fn(&mut Texts)| {
        let mut texts = texts();
        texts.mappings = vec![
            read(&folder().join("language/lookups.yaml")),
            read(&folder().join("language/zones-in-lists.yaml")),
            read(&folder().join("licencias.yaml")),
        ];
        change(&mut texts);
        let (library, _) = mapping::check(&texts, &AnyKeys);
        let of = |name: &str| library.mappings[name].lookups.clone();
        [of("lookups"), of("zones-in-lists"), of("licencias-to-permit")]
    };
    let [looked_up, zones, none] = lookups(&|_| {});
    assert!(none.is_empty(), "code tables are a part of the mapping: {none:?}");
    assert_eq!(looked_up.len(), 1);
    assert_eq!(zones.len(), 1);
    let (name, number) = looked_up[0].split_once('@').unwrap();
    assert!(name == "office" && number.len() == 8, "{looked_up:?}");
    let [changed, same, _] = lookups(&|texts| {
        let table = texts.codes.iter_mut().find(|(known, _)| known == "office").unwrap();
        table.1 = SourceFile::new("office.csv", format!("{}9,Nueva,sur\n", table.1.text()));
    });
    assert_ne!(changed, looked_up);
    assert_eq!(same, zones);
}

#[test]
fn a_source_without_a_column_says_which_and_what_it_may_be_called() {
    let library = library("licencias.yaml");
    let mapping = &library.mappings["licencias-to-permit"];
    let names = [
        "FEC_ALTA",
        "IMPORTE",
        "NIF",
        "NOMBRE",
        "APELLIDO1",
        "ESTADO",
        "TIPO",
        "BAJA",
        "NUMEXP",
        "OTRA",
    ];
    let schema = Schema::new(names.iter().map(|name| Column::text(*name)).collect());
    let errors = mapping.bind(&schema).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].to_string(), "the source has no column `NUM_EXP`");
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `NUMEXP`?"));
    assert_eq!(mapping.unused_columns(&schema), ["NUMEXP", "OTRA"]);
    assert_eq!(mapping.wanted().len(), 9);
}

fn yaml_files(dir: &Path) -> Vec<Arc<SourceFile>> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}
