//! What a shape cannot say: how keys and files depend on each other.

mod daemon;
mod directories;
pub(super) mod encoding;
mod pipelines;

use std::ops::Range;

use super::{
    daemon::DaemonConfig,
    load::{Options, Written},
    pipeline::PipelineConfig,
};
use crate::{diagnostic::Diagnostic, mapping::Texts, yaml::Node};

/// Adds everything that is wrong with files whose shape is right.
pub(super) fn check(
    daemon: Option<&Written<DaemonConfig>>,
    pipelines: &[Written<PipelineConfig>],
    texts: &Texts,
    options: Options,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(written) = daemon {
        daemon::check(written, pipelines.is_empty(), found);
    }
    pipelines::check(pipelines, texts, options, found);
    directories::check(pipelines, found);
}

/// Where the value at the end of `path` stands; if it is not there, the last key on the way that is.
fn place(node: &Node, path: &[&str]) -> Range<usize> {
    let mut here = node;
    let mut span = node.entries().and_then(<[_]>::first).map_or(0..0, |(key, _)| key.span.clone());
    for step in path {
        let entry = here.entries().and_then(|list| list.iter().find(|(key, _)| key.text == *step));
        match entry {
            Some((key, value)) => {
                span = key.span.clone();
                here = value;
            }
            None => match step.parse::<usize>().ok().and_then(|index| here.items()?.get(index)) {
                Some(item) => {
                    span = item.span.clone();
                    here = item;
                }
                None => return span,
            },
        }
    }
    if here.as_text().is_some() { here.span.clone() } else { span }
}
