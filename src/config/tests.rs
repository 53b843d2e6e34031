//! Whole deployments against what they must get. A case in `cases/` holds the files that it changes in a small
//! correct deployment, each under `=== NAME`, with the expected places marked as [`marked`] reads them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use acequia_api::{
    AnyConnector, BoxFuture, ConfigFault, Connector, Finding, OpenContext, Position, Reader,
    Replay, Source, SourceError, Split,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::{
    connectors::Registry,
    diagnostic::{
        Diagnostic, has_errors,
        marked::{Expected, marked},
        render,
    },
};

const BASE: [(&str, &str); 4] = [
    ("acequia.yaml", "acequia: 1\ndeployment: town\nkafka: { embedded: true }\nstate: state\n"),
    (
        "pipelines/permits.yaml",
        "pipeline: permits\nsource: { connector: drops, directory: drop/permits }\nmapping: [licencias-to-permit]\n",
    ),
    (
        "mappings/licencias.yaml",
        "mapping: licencias-to-permit\nto: permit/1\nfrom: { NUM: text }\nkey: permitNumber\n\
         fields: { permitNumber: { from: NUM, required: true } }\n",
    ),
    (
        "mappings/models/permit.yaml",
        "model: permit\nversion: 1\ntitle: Permit\n\
         fields: { permitNumber: { type: text, required: true, class: internal } }\n",
    ),
];

/// A connector that is configured and never opened.
struct Drops;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct DropsConfig {
    /// Where files are put.
    #[schemars(extend("format" = "path"))]
    directory: PathBuf,
    #[serde(default)]
    complete: Option<Complete>,
    #[serde(default)]
    password: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code)]
enum Complete {
    Rename,
    Marker(String),
}

impl Connector for Drops {
    const KIND: &'static str = "drops";
    type Config = DropsConfig;
    type Source = Never;

    fn validate(&self, config: &DropsConfig) -> Vec<ConfigFault> {
        let fault = ConfigFault {
            path: vec!["complete".into(), "marker".into()],
            code: "config.drops.marker",
            message: "the marker would be the file itself".into(),
            hint: None,
        };
        match &config.complete {
            Some(Complete::Marker(marker)) if marker == "{name}" => vec![fault],
            _ => Vec::new(),
        }
    }

    async fn open(&self, _: DropsConfig, _: OpenContext) -> Result<Never, SourceError> {
        Err(SourceError::bug("test.never", "never opened"))
    }
}

enum Never {}

impl Source for Never {
    fn replay(&self) -> Replay {
        match *self {}
    }
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Finding>, SourceError>> {
        match *self {}
    }
    fn splits(&mut self) -> BoxFuture<'_, Result<Vec<Split>, SourceError>> {
        match *self {}
    }
    fn reader<'a>(
        &'a mut self,
        _: &'a Split,
        _: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, SourceError>> {
        match *self {}
    }
    fn committed<'a>(
        &'a mut self,
        _: &'a Split,
        _: &'a Position,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        match *self {}
    }
}

fn options() -> Options {
    static DROPS: [&dyn AnyConnector; 1] = [&Drops];
    Options { registry: Registry::of(&DROPS), secrets: true }
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn deployment(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in BASE.iter().chain(files) {
        write(dir.path(), name, text);
    }
    dir
}

fn load_files(files: &[(&str, &str)]) -> (Option<Deployment>, Vec<Diagnostic>) {
    let dir = deployment(files);
    load(&dir.path().join("acequia.yaml"), options())
}

type Files = Vec<(String, String)>;

/// The files of a case, and what they must get.
fn case(text: &str) -> (Files, BTreeMap<String, Vec<Expected>>) {
    let mut files = Vec::new();
    let mut expected = BTreeMap::new();
    for part in text.split("=== ").skip(1) {
        let (name, body) = part.split_once('\n').unwrap();
        let (plain, mut marks) = marked(body);
        marks.sort();
        if !marks.is_empty() {
            expected.insert(name.to_owned(), marks);
        }
        files.push((name.to_owned(), plain));
    }
    (files, expected)
}

#[test]
fn every_case_gets_its_diagnostics_at_the_marked_places_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/cases");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut codes = std::collections::BTreeSet::new();
    for path in &cases {
        let (files, expected) = case(&std::fs::read_to_string(path).unwrap());
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let (loaded, found) = load_files(&files);
        assert_eq!(loaded.is_none(), has_errors(&found), "{}", path.display());
        let mut got: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
        for diagnostic in &found {
            codes.insert(diagnostic.code);
            got.entry(diagnostic.file.name().to_owned())
                .or_default()
                .push(Expected::of(diagnostic));
        }
        for list in got.values_mut() {
            list.sort();
        }
        assert_eq!(got, expected, "{}\n{}", path.display(), render(&found, false));
    }
    assert!(codes.len() >= 25, "only {} codes have a case: {codes:?}", codes.len());
}

#[test]
fn every_code_is_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let (_, expected) = case(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        for mark in expected.values().flatten() {
            let all = [
                CODES,
                crate::publish::CODES,
                crate::event::CODES,
                crate::yaml::CODES,
                crate::model::CODES,
                crate::mapping::CODES,
            ];
            let known = all.into_iter().flatten().any(|doc| doc.code == mark.code)
                || mark.code.starts_with("config.drops.");
            assert!(known, "{} is not explained", mark.code);
        }
    }
}

#[test]
fn a_correct_deployment_loads_with_defaults_and_absolute_paths() {
    let dir = deployment(&[]);
    let (loaded, found) = load(&dir.path().join("acequia.yaml"), options());
    assert!(found.is_empty(), "{}", render(&found, false));
    let loaded = loaded.unwrap();
    assert_eq!(loaded.daemon.state, dir.path().join("state"));
    assert_eq!(loaded.daemon.admin_socket(), dir.path().join("state/admin.sock"));
    let config = &loaded.pipelines[0].config;
    let directory = config.source.config["directory"].as_str().unwrap();
    assert_eq!(Path::new(directory), dir.path().join("drop/permits"));
    assert_eq!(config.breaker, pipeline::BreakerConfig::default());
    assert_eq!(loaded.library.mappings.len(), 1);
}

#[test]
fn a_missing_configuration_is_one_finding_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let (loaded, found) = load(&dir.path().join("acequia.yaml"), options());
    assert!(loaded.is_none());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].file.name()), ("config.file_unreadable", "acequia.yaml"));
    assert!(render(&found, false).contains("acequia.yaml"));
}

#[test]
fn a_file_that_is_too_long_not_text_or_no_file_is_refused_unread() {
    let dir = deployment(&[]);
    std::fs::write(dir.path().join("pipelines/a.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    std::fs::write(dir.path().join("pipelines/b.yaml"), b"pipeline: a\xf1o\n").unwrap();
    std::fs::create_dir(dir.path().join("pipelines/c.yaml")).unwrap();
    let (_, found) = load(&dir.path().join("acequia.yaml"), options());
    let got: Vec<_> = found.iter().map(|found| (found.file.name(), found.code)).collect();
    let expected = [
        ("pipelines/a.yaml", "config.file_too_large"),
        ("pipelines/b.yaml", "config.not_utf8"),
        ("pipelines/c.yaml", "config.file_unreadable"),
    ];
    assert_eq!(got, expected);
}

#[test]
fn bad_input_69_a_secret_written_into_a_file_is_never_shown() {
    let text = "acequia: 1\ndeployment: town\nstate: s\nkafka:\n  bootstrap: \"localhost:9092\"\n  \
                security: { sasl: { mechanism: plain, user: a, pasword: hunter2, password: hunter2 }, tsl: {} }\n";
    let (_, found) = load_files(&[("acequia.yaml", text)]);
    assert!(found.len() >= 3);
    for shown in [render(&found, false), crate::diagnostic::to_json(&found).to_string()] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_connector_gets_the_value_of_a_secret_and_debug_output_does_not() {
    let text = "pipeline: permits\nsource: { connector: drops, directory: d, password: \"${file:pw}\" }\nmapping: [licencias-to-permit]\n";
    let dir = deployment(&[("pipelines/permits.yaml", text), ("pw", "hunter2\n")]);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(dir.path().join("pw"), mode).unwrap();
    let (loaded, found) = load(&dir.path().join("acequia.yaml"), options());
    assert!(found.is_empty(), "{}", render(&found, false));
    let loaded = loaded.unwrap();
    assert_eq!(loaded.pipelines[0].config.source.config["password"], "hunter2");
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

#[test]
fn a_key_file_that_holds_no_keys_is_found_at_its_reference_and_not_shown() {
    let text = "acequia: 1\ndeployment: town\nkafka: { embedded: true }\nstate: s\nkeys: { pseudonym: \"${file:key}\" }\n";
    let dir = deployment(&[("acequia.yaml", text), ("key", "k1: hunter2\n")]);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(dir.path().join("key"), mode).unwrap();
    let (loaded, found) = load(&dir.path().join("acequia.yaml"), options());
    assert!(loaded.is_none());
    let [fault] = &found[..] else { panic!("{}", render(&found, false)) };
    assert_eq!((fault.code, fault.line_column()), ("keys.unreadable", (5, 20)));
    assert!(fault.message.contains("line 1") && !render(&found, false).contains("hunter2"));
}

#[test]
fn encryption_keys_have_names_and_come_from_files_or_the_environment() {
    let text = "acequia: 1\ndeployment: town\nkafka: { embedded: true }\nstate: s\nkeys: { encryption: { mail: \"${file:key}\", iban: \"${env:ACEQUIA_TEST_SURELY_NOT_SET}\" } }\n";
    let key = crate::event::KeyRing::generate("k1");
    let dir = deployment(&[("acequia.yaml", text), ("key", &key)]);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(dir.path().join("key"), mode).unwrap();
    let path = dir.path().join("acequia.yaml");
    let (loaded, found) = load(&path, options());
    assert!(loaded.is_none(), "a key that is not there: nothing starts");
    assert_eq!((found[0].code, found.len()), ("config.secret_missing", 1));
    let (loaded, _) = load(&path, Options { secrets: false, ..options() });
    let names: Vec<_> = loaded.unwrap().daemon.keys.encryption.into_keys().collect();
    assert_eq!(names, ["iban", "mail"]);
}

#[test]
fn secrets_may_be_left_unread_where_they_are_not() {
    let text = "acequia: 1\ndeployment: town\nkafka: { embedded: true }\nstate: s\nkeys: { state: \"${file:no/such}\" }\n";
    let dir = deployment(&[("acequia.yaml", text)]);
    let path = dir.path().join("acequia.yaml");
    assert_eq!(load(&path, options()).1[0].code, "config.secret_missing");
    let (loaded, found) = load(&path, Options { secrets: false, ..options() });
    assert!(found.is_empty());
    let key = loaded.unwrap().daemon.keys.state.unwrap();
    assert_eq!(key, secret::Secret::File(dir.path().join("no/such")));
}

#[test]
fn the_schema_that_editors_get_takes_every_mapping_of_the_library() {
    let schema = crate::mapping::json_schema();
    let mut check = schema_check::SchemaCheck::new(&schema);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for path in files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = crate::diagnostic::SourceFile::new(path.display().to_string(), text);
        let node = crate::yaml::parse(&file).unwrap();
        let found = check.check(&file, &node).diagnostics;
        assert!(found.is_empty(), "{}", render(&found, false));
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn two_hundred_pipelines_and_mappings_are_checked_in_well_under_a_second() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), BASE[0].0, BASE[0].1);
    write(dir.path(), BASE[3].0, BASE[3].1);
    for n in 0..200 {
        let pipeline = format!(
            "pipeline: p{n}\nsource: {{ connector: drops, directory: drop/p{n} }}\nmapping: [m{n}]\n\
             schedule: {{ cron: \"30 6 * * *\", zone: Europe/Madrid }}\n"
        );
        write(dir.path(), &format!("pipelines/p{n}.yaml"), &pipeline);
        write(
            dir.path(),
            &format!("mappings/m{n}.yaml"),
            &BASE[2].1.replace("licencias-to-permit", &format!("m{n}")),
        );
    }
    let begin = Instant::now();
    let (loaded, found) = load(&dir.path().join("acequia.yaml"), options());
    assert!(found.is_empty(), "{}", render(&found, false));
    assert_eq!(loaded.unwrap().pipelines.len(), 200);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}
