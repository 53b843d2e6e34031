//! `acequia check --explain FIELD`: the auditor's page about one field of the events.

use serde_json::{Value as Json, json};

use super::super::{CliError, Exit, Terminal, deployment};
use crate::{
    config::Deployment,
    event::Keys,
    mapping::{Explanation, KeyUse, Mapping, Origin, Policy},
    supervisor::startup,
};

/// What is known about `field` in every mapping that makes it.
///
/// # Errors
/// `Usage` if none does; what is in the way of the keys, where secrets may be read.
pub(super) fn explain(
    field: &str,
    deployment: &Deployment,
    secrets: bool,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let mappings = deployment.library.mappings.values();
    let found: Vec<_> = mappings
        .filter_map(|mapping| Some((&**mapping, mapping.explain(field)?)))
        .map(|(mapping, known)| (mapping, known, topics(mapping, deployment)))
        .collect();
    if found.is_empty() {
        let fields = deployment.library.mappings.values().flat_map(|m| m.output_fields());
        return Err(deployment::unknown("field", field, fields.map(|info| info.path.as_str())));
    }
    let keys = if secrets { startup::keys(deployment)? } else { Keys::none() };
    if terminal.json {
        let list: Vec<_> = found
            .iter()
            .map(|(mapping, known, topics)| fact_sheet(mapping, known, topics, &keys))
            .collect();
        terminal.value(&list)?;
        return Ok(Exit::Ok);
    }
    for (mapping, known, topics) in &found {
        let head = terminal.bold(&format!("{}: {field}", mapping.name));
        terminal.line(head)?;
        for (what, fact) in facts(mapping, known, topics, &keys) {
            terminal.fact(what, 10, &fact)?;
        }
        terminal.line("")?;
    }
    Ok(Exit::Ok)
}

/// A topic that the field is published to.
struct Published<'d> {
    pipeline: Option<&'d str>,
    topic: String,
    policy: Option<&'d Policy>,
}

/// Where pipelines publish what the mapping makes; its model's own topic if none uses it.
fn topics<'d>(mapping: &Mapping, deployment: &'d Deployment) -> Vec<Published<'d>> {
    let policies = &deployment.library.policies;
    let own = format!("{}.{}", deployment.daemon.deployment, mapping.model.topic());
    let uses = deployment.pipelines.iter().map(|pipeline| &pipeline.config);
    let uses = uses.filter(|config| config.mapping.iter().any(|name| **name == *mapping.name));
    let published = |pipeline, topic: String| {
        let policy = policies.of(&topic).map(|policy| &**policy);
        Published { pipeline, topic, policy }
    };
    let mut topics: Vec<_> = uses
        .map(|config| {
            let topic = config.publish.topic.clone().unwrap_or_else(|| own.clone());
            published(Some(&*config.pipeline), topic)
        })
        .collect();
    if topics.is_empty() {
        topics.push(published(None, own));
    }
    topics
}

fn facts(
    mapping: &Mapping,
    known: &Explanation<'_>,
    topics: &[Published<'_>],
    keys: &Keys,
) -> Vec<(&'static str, String)> {
    let field = known.field;
    let made = format!("{} ({}:{})", field.producer, mapping.file.name(), field.line);
    let mut facts = vec![("made by", made)];
    let mut add = |what, fact: Option<String>| {
        facts.extend(fact.filter(|fact| !fact.is_empty()).map(|fact| (what, fact)));
    };
    for origin in &field.origins {
        add("reads", Some(source(origin)));
    }
    add("steps", Some(field.steps.join(" → ")));
    add(
        "class",
        field.class.map(|class| match field.unprotected {
            before if before == class => class.to_string(),
            before => format!("{before}; published as {class}"),
        }),
    );
    if field.class.is_none() && field.steps.iter().any(|step| step == "drop") {
        add("class", Some(format!("{}; not published", field.unprotected)));
    }
    add("key", key(known, keys));
    add("meaning", known.meaning.0.map(str::to_owned));
    add("standard", known.meaning.1.map(str::to_owned));
    add("kafka key", known.is_key.then(|| "yes".to_owned()));
    for Published { pipeline, topic, policy } in topics {
        let by = pipeline.map(|name| format!(", by the pipeline `{name}`"));
        add("topic", Some(format!("{topic}{}", by.unwrap_or_default())));
        add("allowed by", policy.map(Policy::clause));
        add("purpose", policy.map(|policy| format!("{} ({})", policy.purpose, policy.legal_basis)));
        add("kept", policy.and_then(|policy| policy.retention.clone()));
        add("read by", policy.map(|policy| policy.consumers.join(", ")));
    }
    facts
}

fn source(origin: &Origin) -> String {
    let mut text = origin.name.clone();
    if let Some(class) = origin.class {
        let because = origin.because.as_deref().unwrap_or("not said by whom");
        text.push_str(&format!(": {class}, {because}"));
    }
    if let Some(by) = &origin.by {
        text.push_str(&format!(" (by way of `{by}`)"));
    }
    text
}

/// Domain or key, and the name of the key that is current in its file.
fn key(known: &Explanation<'_>, keys: &Keys) -> Option<String> {
    let name = known.field.domain.as_deref()?;
    let current = current(known, keys).map(|key| format!(", now with its key `{key}`"));
    let what = match known.field.key_use? {
        KeyUse::Pseudonym => format!("pseudonym in the domain `{name}`"),
        KeyUse::Encryption => format!("encrypted with `{name}`"),
    };
    Some(format!("{what}{}", current.unwrap_or_default()))
}

fn current<'k>(known: &Explanation<'_>, keys: &'k Keys) -> Option<&'k str> {
    match known.field.key_use? {
        KeyUse::Pseudonym => keys.pseudonym_key(),
        KeyUse::Encryption => keys.encryption_key(known.field.domain.as_deref()?),
    }
}

fn fact_sheet(
    mapping: &Mapping,
    known: &Explanation<'_>,
    topics: &[Published<'_>],
    keys: &Keys,
) -> Json {
    let field = known.field;
    let origins = field.origins.iter().map(|origin| {
        json!({
            "column": origin.name,
            "class": origin.class.map(|class| class.name()),
            "because": origin.because,
            "by": origin.by,
        })
    });
    let topics = topics.iter().map(|Published { pipeline, topic, policy }| {
        json!({
            "pipeline": pipeline,
            "topic": topic,
            "clause": policy.map(Policy::clause),
            "purpose": policy.map(|policy| &policy.purpose),
            "legal_basis": policy.map(|policy| &policy.legal_basis),
            "retention": policy.and_then(|policy| policy.retention.as_ref()),
            "consumers": policy.map(|policy| &policy.consumers),
        })
    });
    json!({
        "mapping": &*mapping.name,
        "file": mapping.file.name(),
        "field": field.path,
        "line": field.line,
        "producer": field.producer,
        "sources": field.sources,
        "columns": origins.collect::<Vec<_>>(),
        "steps": field.steps,
        "unprotected_class": field.unprotected.name(),
        "class": field.class.map(|class| class.name()),
        "protection": field.key_use.map(|how| match how {
            KeyUse::Pseudonym => "pseudonym",
            KeyUse::Encryption => "encryption",
        }),
        "domain": field.domain,
        "key": current(known, keys),
        "kafka_key": known.is_key,
        "title": known.meaning.0,
        "standard": known.meaning.1,
        "clause": known.clause,
        "purpose": known.purpose.map(|(purpose, _)| purpose),
        "legal_basis": known.purpose.map(|(_, basis)| basis),
        "topics": topics.collect::<Vec<_>>(),
    })
}
