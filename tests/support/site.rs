//! A deployment with one pipeline, in a directory of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// The mapping of generated licences.
pub const MAPPING: &str = include_str!("../bench/deployment/mapping.yaml");
/// The model they become.
pub const MODEL: &str = include_str!("../bench/deployment/model.yaml");

/// The deployment.
pub struct Site {
    directory: TempDir,
}

impl Site {
    /// A deployment called `deployment` that publishes to `kafka`, written as in `acequia.yaml`.
    pub fn new(kafka: &str, deployment: &str) -> Self {
        let site = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        let daemon = format!(
            "acequia: 1\ndeployment: {deployment}\nkafka: {kafka}\nstate: state\nhttp: {{ listen: \"127.0.0.1:0\" }}\n"
        );
        site.write("acequia.yaml", daemon.as_bytes());
        site.write(
            "pipelines/licences.yaml",
            b"pipeline: licences\nsource:\n  connector: files\n  directory: drop\n  match: \"*.csv\"\n  \
              format: { csv: { delimiter: \";\" } }\n  complete: { marker: \"{name}.ok\" }\n\
              mapping: [licences]\npublish: { tombstones: false }\n",
        );
        site.write("mappings/licences.yaml", MAPPING.as_bytes());
        site.write("mappings/models/licence.yaml", MODEL.as_bytes());
        site.write("drop/.keep", b"");
        site
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Its configuration.
    pub fn config(&self) -> PathBuf {
        self.path().join("acequia.yaml")
    }

    /// Writes a file of it.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    }

    /// The program, told to use this deployment.
    pub fn acequia(&self) -> Command {
        self.acequia_at("acequia.yaml")
    }

    /// The program, told to use another configuration of this deployment.
    pub fn acequia_at(&self, config: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acequia"));
        command
            .arg("--config")
            .arg(self.path().join(config))
            .stdin(Stdio::null())
            .env("NO_COLOR", "1");
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.acequia().args(arguments).output().expect("the program runs")
    }

    /// Makes the topics that the deployment needs.
    pub fn make_topics(&self) {
        let made = self.run(&["topics", "apply"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}
