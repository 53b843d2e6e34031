//! Whether a model keeps the promise of its last release.
//!
//! A release is the JSON Schema of a model, written down when the version went into service: what consumers hold their
//! events against. Within a major version the shape may only grow, because a topic holds old events beside new ones and
//! consumers read both:
//!
//! | change | effect |
//! |---|---|
//! | a new field that is not required; another word of `one_of`; a more closed privacy class | additive: a new minor version |
//! | a field gone, renamed or of another type; one more or one less required; a word gone; a list of words closed or opened; another pattern; a more open privacy class, because the topic holds old events as closed as they were | breaking: a new major version |
//! | titles, standards, examples | none |

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    sync::Arc,
};

use serde_json::Value;

use super::{Class, Model, Models};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};

/// What a change means for those who read the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing breaks.
    Additive,
    /// Consumers or events that exist no longer fit.
    Breaking,
}

/// One difference between two shapes of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field, as a path such as `holder.key`.
    pub path: String,
    /// What it means.
    pub effect: Effect,
    /// What happened to the field: `is gone`.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.what)
    }
}

/// What changed from one JSON Schema of a model to another, field by field in the order of the names.
pub fn changes(released: &Value, now: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    object("", released, now, &mut changes);
    changes
}

/// Holds every model against its last release of the same major version. `files` are called
/// `NAME-MAJOR.MINOR.json`.
pub fn judge(models: &Models, files: &[Arc<SourceFile>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut releases = Vec::new();
    for file in files {
        match read(file) {
            Ok(release) => releases.push(release),
            Err(message) => {
                found.push(Diagnostic::error("model.released_unreadable", file, 0..0, message));
            }
        }
    }
    for model in models.values() {
        let of_model =
            |release: &&Release<'_>| (release.name, release.major) == (&*model.name, model.version);
        let last = releases.iter().filter(of_model).max_by_key(|release| release.minor);
        found.extend(last.map(|last| compare(model, last)).unwrap_or_default());
    }
    found
}

/// A shape that was released.
struct Release<'f> {
    name: &'f str,
    major: u32,
    minor: u32,
    schema: Value,
    file: &'f SourceFile,
}

fn read(file: &SourceFile) -> Result<Release<'_>, String> {
    let stem = file.name().rsplit('/').next().and_then(|name| name.strip_suffix(".json"));
    let parts = stem.and_then(|stem| stem.rsplit_once('-')).and_then(|(name, version)| {
        let (major, minor) = version.split_once('.')?;
        Some((name, major.parse().ok()?, minor.parse().ok()?))
    });
    let Some((name, major, minor)) = parts else {
        return Err("the file is not called `NAME-MAJOR.MINOR.json`".to_owned());
    };
    let schema = serde_json::from_str(file.text())
        .map_err(|cause| format!("this is not the JSON of a released model: {cause}"))?;
    Ok(Release { name, major, minor, schema, file })
}

fn compare(model: &Model, last: &Release<'_>) -> Vec<Diagnostic> {
    let file = &model.file;
    if model.minor < last.minor {
        let message = format!(
            "`{}` {}.{} is older than its release {}.{}",
            model.name, model.version, model.minor, last.major, last.minor
        );
        let behind =
            Diagnostic::error("model.version_behind", file, model.version_span.clone(), message);
        return vec![behind.note(format!("it stands in {}", last.file.name()))];
    }
    let next = format!("`version: {}.{}`", model.version, last.minor + 1);
    let told = model.minor > last.minor;
    let judge = |change: Change| {
        let (code, word) = match change.effect {
            Effect::Breaking => ("model.breaking", "breaking"),
            Effect::Additive if told => ("model.additive", "additive"),
            Effect::Additive => ("model.needs_minor", "additive"),
        };
        let message = format!("{word} since {}.{}: {change}", last.major, last.minor);
        let span = place(model, &change.path);
        let found = Diagnostic::error(code, file, span, message)
            .note(format!("the release stands in {}", last.file.name()));
        match code {
            "model.breaking" => found.help(format!(
                "take it back, or make `version: {}` of it in a file of its own",
                model.version + 1
            )),
            "model.additive" => {
                let help = format!("release it: `acequia schema release {}`", model.reference());
                Diagnostic { severity: Severity::Note, ..found.help(help) }
            }
            _ => found.help(format!("raise the minor version: {next}")),
        }
    };
    changes(&last.schema, &model.json_schema()).into_iter().map(judge).collect()
}

/// Where the field of a path begins, or the version, if it is gone.
fn place(model: &Model, path: &str) -> Range<usize> {
    let first = path.split('.').next().unwrap_or(path);
    model.shape.field(first).map_or(model.version_span.clone(), |field| field.span.clone())
}

fn object(around: &str, released: &Value, now: &Value, out: &mut Vec<Change>) {
    let (before, after) = (members(released), members(now));
    let (needed, needs) = (words(&released["required"]), words(&now["required"]));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    for name in names {
        let path = if around.is_empty() { name.to_owned() } else { format!("{around}.{name}") };
        let mut change = |effect, what: &str| {
            out.push(Change { path: path.clone(), effect, what: what.to_owned() });
        };
        let (was, is) = (needed.contains(name), needs.contains(name));
        match (before.get(name), after.get(name)) {
            (Some(_), None) => change(Effect::Breaking, "is gone"),
            (None, _) if is => change(Effect::Breaking, "is new and required"),
            (None, _) => change(Effect::Additive, "is new"),
            (Some(before), Some(after)) => {
                if was && !is {
                    change(Effect::Breaking, "is no longer required");
                } else if is && !was {
                    change(Effect::Breaking, "has become required");
                }
                value(&path, before, after, out);
            }
        }
    }
}

fn members(schema: &Value) -> BTreeMap<&str, &Value> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.map(|(name, schema)| (name.as_str(), schema)).collect()
}

fn value(path: &str, released: &Value, now: &Value, out: &mut Vec<Change>) {
    let mut change = |effect, what: String| {
        out.push(Change { path: path.to_owned(), effect, what });
    };
    let form = |schema: &Value| {
        let parts = ["type", "format", "contentEncoding"].map(|key| schema[key].as_str());
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let (before, after) = (form(released), form(now));
    if before != after {
        return change(Effect::Breaking, format!("was {before} and is {after}"));
    }
    if released["x-class"] != now["x-class"] && !released["x-class"].is_null() {
        let class = |schema: &Value| schema["x-class"].as_str().unwrap_or("none").to_owned();
        let what = format!("was of class {} and is {}", class(released), class(now));
        let opened = most_closed(now) < most_closed(released);
        change(if opened { Effect::Breaking } else { Effect::Additive }, what);
    }
    if released["pattern"] != now["pattern"] {
        change(Effect::Breaking, "has another pattern".to_owned());
    }
    match (released["enum"].is_array(), now["enum"].is_array()) {
        (false, true) => change(Effect::Breaking, "takes only some words now".to_owned()),
        (true, false) => change(Effect::Breaking, "takes any word now".to_owned()),
        _ => {
            let (before, after) = (words(&released["enum"]), words(&now["enum"]));
            for word in before.difference(&after) {
                change(Effect::Breaking, format!("has lost the word `{word}`"));
            }
            for word in after.difference(&before) {
                change(Effect::Additive, format!("has the new word `{word}`"));
            }
        }
    }
    match before.as_str() {
        "object" => object(path, released, now, out),
        "array" => value(path, &released["items"], &now["items"], out),
        _ => {}
    }
}

/// The most closed of the classes that a field may have, as the schema joins them.
fn most_closed(schema: &Value) -> Option<Class> {
    let words = schema["x-class"].as_str()?.split(" or ");
    let class = |word: &str| Class::ALL.into_iter().find(|class| class.name() == word);
    words.filter_map(class).max()
}

fn words(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests;
