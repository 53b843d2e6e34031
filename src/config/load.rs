//! From a path to a deployment, or to everything that is wrong with it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{
    daemon::DaemonConfig,
    disk::Disk,
    pipeline::PipelineConfig,
    rules, schema,
    schema_check::{Checked, Mark, MarkKind, SchemaCheck},
    secret::Secret,
};
use crate::{
    connectors::Registry,
    diagnostic::{Diagnostic, SourceFile, has_errors},
    event::KeyRing,
    mapping::{
        self, Library, Texts,
        protect::{AnyKeys, KeyNames},
    },
    yaml::{self, Node},
};

/// A deployment that may start.
#[derive(Debug)]
pub struct Deployment {
    /// The folder of `acequia.yaml`, absolute.
    pub root: PathBuf,
    /// What belongs to the daemon.
    pub daemon: DaemonConfig,
    /// Equal for equal text of `acequia.yaml`.
    pub fingerprint: [u8; 32],
    /// The pipelines, by name.
    pub pipelines: Vec<Pipeline>,
    /// Mappings, models, tables and policies, compiled.
    pub library: Arc<Library>,
}

/// A pipeline as configured.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its configuration, with absolute paths.
    pub config: Arc<PipelineConfig>,
    /// Equal for equal files: SHA-256 of the text. A reload leaves a pipeline alone whose fingerprint, mappings and
    /// daemon configuration are the same.
    pub fingerprint: [u8; 32],
}

/// How thoroughly to check.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The connectors that pipelines may name.
    pub registry: Registry,
    /// Whether secrets are read. A check on another machine than the daemon's cannot.
    pub secrets: bool,
}

/// Reads and checks everything: `acequia.yaml` at `path` and the folders beside it. The deployment is there if
/// no diagnostic is an error. Never panics, whatever the files hold; the time is linear in their size.
pub fn load(path: &Path, options: Options) -> (Option<Deployment>, Vec<Diagnostic>) {
    load_as(path, options, None)
}

/// As [`load`], with `mapping` in the place of the mapping file that has the same name inside; if none has, beside
/// the others.
pub fn load_with(
    path: &Path,
    options: Options,
    mapping: &Arc<SourceFile>,
) -> (Option<Deployment>, Vec<Diagnostic>) {
    load_as(path, options, Some(mapping))
}

fn load_as(
    path: &Path,
    options: Options,
    replacement: Option<&Arc<SourceFile>>,
) -> (Option<Deployment>, Vec<Diagnostic>) {
    let (mut loader, name) = Loader::at(path, options.secrets);
    let (daemon, pipelines) = loader.settings(&name, options.registry);
    let mut texts = loader.texts();
    if let Some(mapping) = replacement {
        let name = name_inside(mapping);
        texts.mappings.retain(|file| name.is_none() || name_inside(file) != name);
        texts.mappings.push(Arc::clone(mapping));
    }
    let released = loader.disk.folder("mappings/models/released", ".json");
    let mut found = loader.found;
    found.append(&mut loader.disk.faults);
    let (library, faults) =
        compile(&texts, daemon.as_ref().and_then(|daemon| daemon.value.as_ref()));
    found.extend(faults);
    found.extend(mapping::judge_releases(&library.models, &released));
    found.extend(in_use(daemon.as_ref(), &pipelines, &library));
    rules::check(daemon.as_ref(), &pipelines, &texts, options, &mut found);
    rules::encoding::check(daemon.as_ref(), &pipelines, &library, &mut found);
    found.sort_by(|a, b| (a.file.name(), a.span.start).cmp(&(b.file.name(), b.span.start)));
    if has_errors(&found) {
        return (None, found);
    }
    let mut pipelines: Vec<Pipeline> = pipelines.into_iter().filter_map(Written::finish).collect();
    pipelines.sort_by(|a, b| a.config.pipeline.cmp(&b.config.pipeline));
    let deployment = daemon.and_then(|Written { file, value, .. }| {
        Some(Deployment {
            root: loader.root,
            daemon: value?,
            fingerprint: Sha256::digest(file.text()).into(),
            pipelines,
            library: Arc::new(library),
        })
    });
    (deployment, found)
}

/// The name that a mapping file gives its mapping.
fn name_inside(file: &Arc<SourceFile>) -> Option<String> {
    Some(yaml::parse(file).ok()?.get("mapping")?.as_text()?.to_owned())
}

/// Judges the mappings by what only pipelines know: the source, and the policy of a topic that they choose themselves.
fn in_use(
    daemon: Option<&Written<DaemonConfig>>,
    pipelines: &[Written<PipelineConfig>],
    library: &Library,
) -> Vec<Diagnostic> {
    let deployment =
        daemon.and_then(|daemon| daemon.value.as_ref()).map(|daemon| &daemon.deployment);
    let mut found = Vec::new();
    for config in pipelines.iter().filter_map(|written| written.value.as_ref()) {
        let used = config.mapping.iter().filter_map(|name| library.mappings.get(name));
        found.extend(used.filter_map(|mapping| mapping.judge_flat()));
        let Some(topic) = &config.publish.topic else { continue };
        let own = deployment.and_then(|name| topic.strip_prefix(name.as_str())?.strip_prefix('.'));
        for mapping in config.mapping.iter().filter_map(|name| library.mappings.get(name)) {
            found.extend(mapping.judge_topic(own.unwrap_or(topic), &library.policies));
        }
    }
    found
}

/// Compiles the mappings against the keys that the daemon has; if that is not known, against any.
fn compile(texts: &Texts, daemon: Option<&DaemonConfig>) -> (Library, Vec<Diagnostic>) {
    match daemon {
        Some(daemon) => mapping::check(texts, &DaemonKeys(daemon)),
        None => mapping::check(texts, &AnyKeys),
    }
}

/// The names that mappings may use for protection.
struct DaemonKeys<'a>(&'a DaemonConfig);

impl KeyNames for DaemonKeys<'_> {
    fn domains(&self) -> Vec<&str> {
        if self.0.keys.pseudonym.is_some() { vec!["*"] } else { Vec::new() }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys.encryption.keys().map(String::as_str).collect()
    }
}

/// Where the control socket of a deployment is, if its `acequia.yaml` is right; the rest may have mistakes.
pub fn admin_socket(path: &Path) -> Option<PathBuf> {
    let (mut loader, name) = Loader::at(path, false);
    let schema = schema::daemon();
    let file = loader.disk.file(&name)?;
    let mut config: DaemonConfig = loader.read(file, &mut SchemaCheck::new(&schema))?.value?;
    config.relative_to(&loader.root);
    Some(config.admin_socket())
}

/// A file, its tree and, if its shape is right, its value.
#[derive(Debug)]
pub(super) struct Written<T> {
    pub(super) file: Arc<SourceFile>,
    pub(super) node: Node,
    pub(super) value: Option<T>,
}

impl Written<PipelineConfig> {
    fn finish(self) -> Option<Pipeline> {
        let fingerprint = Sha256::digest(self.file.text()).into();
        self.value.map(|config| Pipeline { config: Arc::new(config), fingerprint })
    }
}

struct Loader {
    disk: Disk,
    root: PathBuf,
    secrets: bool,
    found: Vec<Diagnostic>,
}

impl Loader {
    /// A loader for the folder of a file, and the name of the file in it.
    fn at(path: &Path, secrets: bool) -> (Self, String) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let root = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let name =
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        (Self { disk: Disk::new(&root), root, secrets, found: Vec::new() }, name)
    }

    fn settings(
        &mut self,
        name: &str,
        registry: Registry,
    ) -> (Option<Written<DaemonConfig>>, Vec<Written<PipelineConfig>>) {
        let schema = schema::daemon();
        let mut check = SchemaCheck::new(&schema);
        let file = self.disk.file(name);
        let mut daemon = file.and_then(|file| self.read::<DaemonConfig>(file, &mut check));
        if let Some(config) = daemon.as_mut().and_then(|written| written.value.as_mut()) {
            config.relative_to(&self.root);
        }
        let schema = schema::pipeline(registry);
        let mut check = SchemaCheck::new(&schema);
        let files = self.disk.folder("pipelines", ".yaml");
        let pipelines = files.into_iter().filter_map(|file| self.read(file, &mut check)).collect();
        (daemon, pipelines)
    }

    fn texts(&mut self) -> Texts {
        let codes = self.disk.folder("mappings/codes", ".csv").into_iter().map(|file| {
            let name = file.name().rsplit('/').next().unwrap_or_default();
            (name.strip_suffix(".csv").unwrap_or(name).to_owned(), file)
        });
        Texts {
            codes: codes.collect(),
            mappings: self.disk.folder("mappings", ".yaml"),
            models: self.disk.folder("mappings/models", ".yaml"),
            policies: self.disk.optional("policies.yaml"),
        }
    }

    /// A file as a tree and, if nothing is wrong with its shape, as a value.
    fn read<T: DeserializeOwned>(
        &mut self,
        file: Arc<SourceFile>,
        check: &mut SchemaCheck<'_>,
    ) -> Option<Written<T>> {
        let node = match yaml::parse(&file) {
            Ok(node) => node,
            Err(faults) => {
                self.found.extend(faults);
                return None;
            }
        };
        let Checked { mut diagnostics, marks, masked } = check.check(&file, &node);
        let file = if masked.is_empty() { file } else { mask(&file, &masked) };
        for found in &mut diagnostics {
            found.file = Arc::clone(&file);
        }
        let mut value = None;
        if !has_errors(&diagnostics) {
            let json = self.resolved(&node, &marks, &file, &mut diagnostics);
            match T::deserialize(json) {
                Ok(read) => value = Some(read),
                // Where a secret could not be read, the cause could only be that, or worse, show it.
                Err(_) if has_errors(&diagnostics) => {}
                Err(cause) => diagnostics.push(Diagnostic::error(
                    "config.shape",
                    &file,
                    node.span.clone(),
                    format!("the file cannot be read: {cause}"),
                )),
            }
        }
        self.found.extend(diagnostics);
        Some(Written { file, node, value })
    }

    /// The tree as data, with paths made absolute and secrets read.
    fn resolved(
        &self,
        node: &Node,
        marks: &[Mark],
        file: &Arc<SourceFile>,
        found: &mut Vec<Diagnostic>,
    ) -> Json {
        let mut json = node.to_json();
        for mark in marks {
            let Some(Json::String(text)) = json.pointer_mut(&mark.pointer) else { continue };
            if mark.kind == MarkKind::Path {
                *text = self.root.join(&*text).to_string_lossy().into_owned();
                continue;
            }
            let Some(secret) = Secret::parse(text).map(|secret| secret.relative_to(&self.root))
            else {
                continue;
            };
            *text = secret.to_string();
            if !self.secrets {
                continue;
            }
            let key_file = mark.kind == MarkKind::KeyFile;
            let read = if key_file { secret.read_text() } else { secret.read() };
            match read {
                Ok(value) if mark.kind == MarkKind::Secret => {
                    value.expose_secret().clone_into(text);
                }
                Ok(keys) if key_file => {
                    if let Err(error) = KeyRing::parse(keys.expose_secret()) {
                        let message = format!("`{secret}` cannot be used: {error}");
                        found.push(
                            Diagnostic::error(error.code(), file, mark.span.clone(), message)
                                .help("let `acequia init` make one elsewhere and look at it: one key a line, `name: base64`"),
                        );
                    }
                }
                Ok(_) => {}
                Err(fault) => found.push(
                    Diagnostic::error(fault.code, file, mark.span.clone(), fault.message)
                        .help(fault.hint),
                ),
            }
        }
        json
    }
}

/// The same file with what must not be shown made unreadable, every place where it was.
fn mask(file: &SourceFile, masked: &[std::ops::Range<usize>]) -> Arc<SourceFile> {
    let mut text = String::with_capacity(file.text().len());
    for (at, char) in file.text().char_indices() {
        if char != '\n' && masked.iter().any(|span| span.contains(&at)) {
            text.extend(std::iter::repeat_n('*', char.len_utf8()));
        } else {
            text.push(char);
        }
    }
    SourceFile::new(file.name(), text)
}
