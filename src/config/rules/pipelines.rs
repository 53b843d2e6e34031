//! Rules of the files in `pipelines/`.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        load::{Options, Written},
        pipeline::PipelineConfig,
        schedule::Schedule,
    },
    place,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    mapping::Texts,
    yaml::Node,
};

pub(super) fn check(
    pipelines: &[Written<PipelineConfig>],
    texts: &Texts,
    options: Options,
    found: &mut Vec<Diagnostic>,
) {
    names(pipelines, found);
    let known = mapping_names(texts);
    for written in pipelines {
        mappings(written, &known, found);
        if let Some(config) = &written.value {
            schedule(written, config, found);
            connector(written, config, options, found);
        }
    }
}

/// A name is part of transactional ids: two pipelines of one name would fence each other for ever.
fn names(pipelines: &[Written<PipelineConfig>], found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, &SourceFile> = HashMap::new();
    for written in pipelines {
        let Some(node) = written.node.get("pipeline") else { continue };
        let Some(name) = node.as_text() else { continue };
        match first.get(name) {
            None => {
                first.insert(name, &written.file);
            }
            Some(other) => {
                let message = format!("there are two pipelines called `{name}`");
                let error = Diagnostic::error(
                    "config.duplicate_pipeline",
                    &written.file,
                    node.span.clone(),
                    message,
                );
                found.push(error.note(format!("the other is in `{}`", other.name())));
            }
        }
    }
}

/// The names of all mappings, also of those with mistakes, which are reported where they stand.
fn mapping_names(texts: &Texts) -> Vec<String> {
    let name = |line: &str| {
        let rest = line.strip_prefix("mapping:")?;
        let rest = rest.split_once(" #").map_or(rest, |(before, _)| before);
        Some(rest.trim().trim_matches(['"', '\'']).to_owned())
    };
    texts.mappings.iter().filter_map(|file| file.text().lines().find_map(name)).collect()
}

fn mappings(written: &Written<PipelineConfig>, known: &[String], found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for node in written.node.get("mapping").and_then(Node::items).unwrap_or_default() {
        let Some(name) = node.as_text() else { continue };
        if !seen.insert(name) {
            let message = format!("`{name}` stands here a second time");
            let error = Diagnostic::error(
                "config.duplicate_mapping",
                &written.file,
                node.span.clone(),
                message,
            );
            found.push(error.note("its events would be published twice"));
        } else if !known.iter().any(|known| known == name) {
            let message = format!("there is no mapping `{name}`");
            let error = Diagnostic::error(
                "config.unknown_mapping",
                &written.file,
                node.span.clone(),
                message,
            )
            .label("not in `mappings/`");
            found.push(error.did_you_mean(name, known.iter().map(String::as_str)));
        }
    }
}

fn schedule(
    written: &Written<PipelineConfig>,
    config: &PipelineConfig,
    found: &mut Vec<Diagnostic>,
) {
    let Some(configured) = &config.schedule else { return };
    let fault = match Schedule::compile(configured) {
        Err(fault) => Some((fault.key, fault.message)),
        Ok(schedule) => schedule
            .next_after(jiff::Timestamp::UNIX_EPOCH)
            .is_none()
            .then(|| ("cron", format!("`{}` never happens", configured.cron))),
    };
    if let Some((key, message)) = fault {
        let span = place(&written.node, &["schedule", key]);
        let error = Diagnostic::error("config.bad_schedule", &written.file, span, message);
        found
            .push(error.help("minute, hour, day of month, month, day of week: `30 6 * * MON-FRI`"));
    }
}

/// What the connector itself finds wrong.
fn connector(
    written: &Written<PipelineConfig>,
    config: &PipelineConfig,
    options: Options,
    found: &mut Vec<Diagnostic>,
) {
    let Some(connector) = options.registry.find(&config.source.connector) else { return };
    let faults = connector.validate(&config.source.config.clone().into());
    for fault in faults.unwrap_or_else(|fault| vec![fault]) {
        let path: Vec<&str> =
            std::iter::once("source").chain(fault.path.iter().map(String::as_str)).collect();
        let span = place(&written.node, &path);
        let error = Diagnostic::error(fault.code, &written.file, span, fault.message);
        found.push(match fault.hint {
            Some(hint) => error.help(hint),
            None => error,
        });
    }
}
