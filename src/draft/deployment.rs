//! What stands around a drafted mapping: the pipeline and, where there is no deployment yet, a small one.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{
    Draft, Order, Place,
    mapping::Plan,
    quote::{comment, list, scalar},
};
use crate::model::Class;

/// The key files that a drafted deployment names, by their path in it.
pub const KEY_FILES: [&str; 3] = ["keys/pseudonym", "keys/quarantine", "keys/state"];

/// The daemon's file and the policies.
pub(super) fn around(deployment: &str, plan: &Plan, order: &Order<'_>) -> [Draft; 2] {
    let daemon = format!(
        "# Drafted by `acequia draft`. It runs as it stands, on a development broker inside the daemon.\n\n\
         acequia: 1\n\n# Prefix of topics, transactional ids and event sources. Never change it later.\n\
         deployment: {}\n\nkafka:\n  embedded: true          # a real cluster: `bootstrap: \"kafka-1:9093\"`\n\n\
         state: state\n\nhttp: {{ listen: \"127.0.0.1:8420\" }}\n\nkeys:\n  pseudonym:  \"${{file:keys/pseudonym}}\"\n  \
         quarantine: \"${{file:keys/quarantine}}\"\n  state:      \"${{file:keys/state}}\"\n",
        scalar(deployment),
    );
    let classes: Vec<String> = plan.classes.iter().map(Class::to_string).collect();
    let policies = format!(
        "# What each topic is for and which classes it may carry; a mapping that would publish more does not compile.\n\
         # Purpose and legal basis are yours to say.\n\npolicies:\n  {}:\n    purpose: to be said; drafted from {}\n    \
         legal_basis: to be said\n    classes: {}\n",
        scalar(&plan.topic),
        scalar(&comment(order.name)),
        list(&classes),
    );
    [
        Draft { path: "acequia.yaml".to_owned(), text: daemon },
        Draft { path: "policies.yaml".to_owned(), text: policies },
    ]
}

/// The pipeline.
pub(super) fn pipeline(place: &Place<'_>, plan: &Plan, order: &Order<'_>) -> Draft {
    let mut text = String::new();
    let _ = write_pipeline(&mut text, place, plan, order);
    Draft { path: format!("pipelines/{}.yaml", order.name), text }
}

fn write_pipeline(
    out: &mut String,
    place: &Place<'_>,
    plan: &Plan,
    order: &Order<'_>,
) -> std::fmt::Result {
    let form = place.form;
    writeln!(out, "# Drafted by `acequia draft` from {}.", comment(order.source))?;
    writeln!(out, "# Encoding {}: {}.", form.encoding, form.encoding_why)?;
    for note in &form.notes {
        writeln!(out, "# {}.", comment(note))?;
    }
    writeln!(out, "\npipeline: {}\n\nsource:\n  connector: files", scalar(order.name))?;
    writeln!(out, "  directory: {}", scalar(place.directory))?;
    writeln!(
        out,
        "  match: {}          # the one file that was looked at; `*.csv` for all",
        scalar(&glob(place.file))
    )?;
    if !place.may_claim {
        writeln!(
            out,
            "  complete: {{ settle: {{ for: 1ms }} }}   # this file is whole; where files are being written leave it out: 5s"
        )?;
        writeln!(
            out,
            "  claim: none          # the files stay where they are; `rename` in a drop directory of your own"
        )?;
    }
    writeln!(out, "  format: {}", flow(&form.to_json()))?;
    writeln!(out, "\nmapping: {}", list(std::slice::from_ref(&plan.mapping)))
}

/// A pattern that matches this name only.
fn glob(name: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\');
    name.chars().map(|c| if special(c) { format!("[{c}]") } else { c.to_string() }).collect()
}

/// A value in braces.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Json::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Json::String(text) => scalar(text),
        other => other.to_string(),
    }
}
