//! Pipelines whose events are in Avro, and everybody who publishes to the same topics.

use std::{collections::HashMap, sync::Arc};

use super::{
    super::{
        daemon::DaemonConfig,
        load::Written,
        pipeline::{Encoding, Mode, OnTooLarge, PipelineConfig, SubjectName},
    },
    place,
};
use crate::{
    diagnostic::Diagnostic,
    mapping::{Library, Mapping},
};

type Pipeline = Written<PipelineConfig>;

pub(in crate::config) fn check(
    daemon: Option<&Written<DaemonConfig>>,
    pipelines: &[Pipeline],
    library: &Library,
    found: &mut Vec<Diagnostic>,
) {
    let daemon = daemon.and_then(|written| written.value.as_ref());
    let avro = |written: &&Pipeline| {
        written.value.as_ref().is_some_and(|config| config.publish.encoding == Encoding::Avro)
    };
    for written in pipelines.iter().filter(avro) {
        settings(written, daemon, found);
        names(written, library, found);
    }
    subjects(daemon, pipelines, library, found);
}

fn fault(written: &Pipeline, key: &str, code: &'static str, message: &str) -> Diagnostic {
    Diagnostic::error(code, &written.file, place(&written.node, &["publish", key]), message)
}

/// What does not go together with Avro.
fn settings(written: &Pipeline, daemon: Option<&DaemonConfig>, found: &mut Vec<Diagnostic>) {
    let Some(config) = &written.value else { return };
    if daemon.is_some_and(|daemon| daemon.kafka.registry.is_none()) {
        let message = "Avro needs a registry for its schemas, and the deployment has none";
        found.push(
            fault(written, "encoding", "config.registry_missing", message)
                .help("name one in `acequia.yaml`: `kafka: { registry: { url: \"https://…\" } }`"),
        );
    }
    if config.publish.mode() == Mode::Structured {
        let message = "Avro values hold the data alone, so their events are in binary mode";
        found.push(
            fault(written, "mode", "config.avro_unfit", message)
                .help("remove `mode`, or write `mode: binary`"),
        );
    }
    if config.publish.on_too_large != OnTooLarge::Reject {
        let message =
            "an Avro value cannot be left out, so no event can refer to its data elsewhere";
        found.push(
            fault(written, "on_too_large", "config.avro_unfit", message)
                .help("remove it; records whose events are too large go to quarantine"),
        );
    }
}

/// Names that JSON has and Avro does not.
fn names(written: &Pipeline, library: &Library, found: &mut Vec<Diagnostic>) {
    for mapping in mappings(written, library) {
        if let Err(why) = mapping.model.avro_schema() {
            let message = format!("the events of `{}` have no form in Avro: {why}", mapping.name);
            found.push(
                fault(written, "encoding", "config.avro_unfit", &message)
                    .help("names in Avro are letters without accents, digits and `_`"),
            );
        }
    }
}

/// A topic whose values are partly Avro, and a subject for the schemas of several models.
fn subjects(
    daemon: Option<&DaemonConfig>,
    pipelines: &[Pipeline],
    library: &Library,
    found: &mut Vec<Diagnostic>,
) {
    let deployment = daemon.map_or("", |daemon| daemon.deployment.as_str());
    let mut encodings: HashMap<String, Encoding> = HashMap::new();
    let mut models: HashMap<String, String> = HashMap::new();
    for written in pipelines {
        let Some(config) = &written.value else { continue };
        let publish = &config.publish;
        for mapping in mappings(written, library) {
            let own = || format!("{deployment}.{}", mapping.model.topic());
            let topic = publish.topic.clone().unwrap_or_else(own);
            if *encodings.entry(topic.clone()).or_insert(publish.encoding) != publish.encoding {
                let message = format!("topic `{topic}` gets values in Avro and in JSON");
                found.push(
                    fault(written, "encoding", "config.encoding_mixed", &message)
                        .help("no consumer reads both: give all its pipelines the same `encoding`, or topics of their own"),
                );
                break;
            }
            if publish.encoding != Encoding::Avro || publish.subject != SubjectName::Topic {
                continue;
            }
            let model = mapping.model.reference();
            let first = models.entry(topic.clone()).or_insert_with(|| model.clone());
            if *first != model {
                let message = format!(
                    "topic `{topic}` would need one schema for both `{first}` and `{model}`"
                );
                found.push(
                    fault(written, "subject", "config.subject_shared", &message)
                        .help("write `subject: topic_record`, or leave `topic` out so that each has one of its own"),
                );
                break;
            }
        }
    }
}

fn mappings<'l>(
    written: &'l Pipeline,
    library: &'l Library,
) -> impl Iterator<Item = &'l Arc<Mapping>> {
    let names = written.value.iter().flat_map(|config| &config.mapping);
    names.filter_map(|name| library.mappings.get(name))
}
