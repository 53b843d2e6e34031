//! Two pipelines must not read, claim and archive in each other's directories.

use std::path::{Component, Path, PathBuf};

use super::{
    super::{
        load::Written,
        pipeline::{OnTooLarge, PipelineConfig},
    },
    place,
};
use crate::diagnostic::Diagnostic;

struct Owned<'a> {
    path: PathBuf,
    written: &'a Written<PipelineConfig>,
    key: &'static [&'static str],
}

pub(super) fn check(pipelines: &[Written<PipelineConfig>], found: &mut Vec<Diagnostic>) {
    let mut owned: Vec<Owned<'_>> = pipelines.iter().flat_map(directories).collect();
    // Sorted by components, everything below a directory follows it directly: `/a`, `/a/b`, `/a-b`.
    owned.sort_by(|a, b| a.path.cmp(&b.path));
    let mut outer: Option<&Owned<'_>> = None;
    for inner in &owned {
        match outer {
            Some(outer) if inner.path.starts_with(&outer.path) => {
                found.extend(overlap(outer, inner));
            }
            _ => outer = Some(inner),
        }
    }
}

fn overlap(outer: &Owned<'_>, inner: &Owned<'_>) -> Option<Diagnostic> {
    let shared = outer.key == CLAIM_CHECK && inner.key == CLAIM_CHECK;
    if shared || std::ptr::eq(outer.written, inner.written) && outer.key == inner.key {
        return None;
    }
    // The later file is the one that was added.
    let (this, other) = if inner.written.file.name() < outer.written.file.name() {
        (outer, inner)
    } else {
        (inner, outer)
    };
    let message = if outer.path == inner.path {
        "another pipeline has this directory".to_owned()
    } else {
        "this directory and that of another pipeline lie in one another".to_owned()
    };
    let span = place(&this.written.node, this.key);
    let found = Diagnostic::error("config.directories_overlap", &this.written.file, span, message);
    let note = format!("`{}` in `{}`", other.path.display(), other.written.file.name());
    Some(found.note(note).help("give each its own, side by side"))
}

const SOURCE: &[&str] = &["source", "directory"];
const CLAIM_CHECK: &[&str] = &["publish", "on_too_large", "claim_check", "directory"];

fn directories(written: &Written<PipelineConfig>) -> Vec<Owned<'_>> {
    let mut owned = Vec::new();
    let Some(config) = &written.value else { return owned };
    if let Some(path) = config.source.config.get("directory").and_then(|path| path.as_str()) {
        owned.push(Owned { path: normal(Path::new(path)), written, key: SOURCE });
    }
    if let OnTooLarge::ClaimCheck(kept) = &config.publish.on_too_large {
        owned.push(Owned { path: normal(&kept.directory), written, key: CLAIM_CHECK });
    }
    owned
}

/// The path without `.` and `..`, by its letters alone: links are not followed.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
