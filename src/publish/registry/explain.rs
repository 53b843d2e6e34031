//! Why a registry does not take a schema, in the words of the model.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{WantedSchema, client::shortened};
use crate::{
    model::{Hindrance, Obstacle, hindrances},
    publish::PublishError,
};

/// A version of a subject.
pub(super) struct Registered {
    pub(super) version: u64,
    pub(super) schema: Value,
}

/// Who must be able to read what.
#[derive(Clone, Copy)]
enum Direction {
    /// The new schema what the old ones wrote.
    Backward,
    /// The old ones what the new schema writes.
    Forward,
}

/// The registry's own reason in an answer about compatibility, in one line and not too long.
pub(super) fn reason(answer: &Value) -> String {
    let messages = answer["messages"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let all: Vec<&str> = messages.chain(answer["reason"].as_str()).collect();
    if all.is_empty() { "no reason".to_owned() } else { shortened(&all.join("; ")) }
}

/// The error for a schema that its subject's rule forbids.
pub(super) fn refusal(
    wanted: &WantedSchema,
    rule: Option<&str>,
    versions: &[Registered],
    said: &str,
) -> PublishError {
    let WantedSchema { subject, model, .. } = wanted;
    let new: Value = serde_json::from_str(&wanted.schema).unwrap_or_default();
    let directions = directions(rule);
    let mut reasons = BTreeSet::new();
    for old in versions {
        for direction in directions {
            let (reader, writer) = match direction {
                Direction::Backward => (&new, &old.schema),
                Direction::Forward => (&old.schema, &new),
            };
            let found = hindrances(reader, writer);
            reasons.extend(found.iter().map(|found| told(found, *direction, old.version)));
        }
    }
    let why = if reasons.is_empty() {
        format!("it says: {said}")
    } else {
        reasons.into_iter().collect::<Vec<_>>().join("; ")
    };
    let meaning =
        rule.map(|rule| format!(", whose rule {rule} {}", meaning(rule))).unwrap_or_default();
    PublishError::operator(
        "registry.incompatible",
        format!("the registry refuses the schema of `{model}` for subject `{subject}`{meaning}: {why}"),
    )
    .hint(format!(
        "undo the change in `{model}` and make it in a new major version of the model, which has a topic and a subject of its own; \
         within a version only optional fields can be added. If nobody reads the topic yet, whoever owns the registry can relax the rule of the subject"
    ))
}

fn directions(rule: Option<&str>) -> &'static [Direction] {
    match rule.map(|rule| rule.trim_end_matches("_TRANSITIVE")) {
        Some("BACKWARD") => &[Direction::Backward],
        Some("FORWARD") => &[Direction::Forward],
        _ => &[Direction::Backward, Direction::Forward],
    }
}

fn meaning(rule: &str) -> &'static str {
    match rule {
        "BACKWARD" => "wants a reader of the new schema to read what the last one wrote",
        "BACKWARD_TRANSITIVE" => {
            "wants a reader of the new schema to read what all earlier ones wrote"
        }
        "FORWARD" => "wants a reader of the last schema to read what the new one writes",
        "FORWARD_TRANSITIVE" => {
            "wants readers of all earlier schemas to read what the new one writes"
        }
        "FULL" => "wants readers of the last and of the new schema to read each other's values",
        "FULL_TRANSITIVE" => "wants readers of all schemas to read each other's values",
        _ => "forbids it",
    }
}

fn told(found: &Hindrance, direction: Direction, version: u64) -> String {
    let path = &found.path;
    match (&found.obstacle, direction) {
        (Obstacle::Missing, Direction::Backward) => {
            format!("`{path}` is new and required, and values of version {version} do not have it")
        }
        (Obstacle::Missing, Direction::Forward) => {
            format!("`{path}` is gone, and readers of version {version} need it")
        }
        (Obstacle::Optional, Direction::Backward) => {
            format!("`{path}` has become required, and values of version {version} may lack it")
        }
        (Obstacle::Optional, Direction::Forward) => {
            format!("`{path}` is no longer required, and readers of version {version} need it")
        }
        (Obstacle::Type { written, read }, Direction::Backward) => {
            format!("`{path}` was {written} in version {version} and is {read}")
        }
        (Obstacle::Type { written, read }, Direction::Forward) => {
            format!("`{path}` was {read} in version {version} and is {written}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(fields: Value) -> Value {
        json!({ "type": "record", "name": "Permit", "namespace": "permit.v1", "fields": fields })
    }

    fn message(rule: &str, old: Value, new: Value) -> String {
        let wanted = WantedSchema {
            subject: "town.permit.v1-value".into(),
            schema: record(new).to_string().into(),
            model: "permit/1".into(),
        };
        let old = [Registered { version: 3, schema: record(old) }];
        refusal(&wanted, Some(rule), &old, "reader type at /fields/1").to_string()
    }

    #[test]
    fn a_refusal_names_field_rule_and_version() {
        let status = json!({ "name": "status", "type": "string" });
        let optional = json!({ "name": "status", "type": ["null", "string"], "default": null });
        let number = json!({ "name": "status", "type": "int" });
        assert_eq!(
            message("BACKWARD", json!([]), json!([status])),
            "the registry refuses the schema of `permit/1` for subject `town.permit.v1-value`, whose rule BACKWARD wants a reader \
             of the new schema to read what the last one wrote: `status` is new and required, and values of version 3 do not have it"
        );
        for (rule, old, new, expected) in [
            (
                "FORWARD",
                json!([status]),
                json!([]),
                "`status` is gone, and readers of version 3 need it",
            ),
            (
                "FULL",
                json!([status]),
                json!([optional]),
                "`status` is no longer required, and readers of version 3 need it",
            ),
            (
                "BACKWARD_TRANSITIVE",
                json!([optional]),
                json!([status]),
                "`status` has become required, and values of version 3 may lack it",
            ),
            (
                "FULL",
                json!([status]),
                json!([number]),
                "`status` was string in version 3 and is int",
            ),
        ] {
            let told = message(rule, old, new);
            assert!(told.ends_with(&format!(": {expected}")), "{told}");
        }
    }

    #[test]
    fn what_we_do_not_see_the_registry_says_itself() {
        let told = message("BACKWARD", json!([]), json!([]));
        assert!(told.ends_with(": it says: reader type at /fields/1"), "{told}");
        assert_eq!(reason(&json!({ "messages": ["a", "b"] })), "a; b");
        assert_eq!(reason(&json!({ "reason": "c" })), "c");
        assert_eq!(reason(&json!({ "reason": null })), "no reason");
    }

    #[test]
    fn what_the_registry_says_is_one_line_and_not_too_long() {
        let said = reason(&json!({ "messages": ["a\n\u{1b}[31mb", "c".repeat(1000)] }));
        assert!(said.starts_with("a  [31mb; ccc") && said.ends_with("c…"), "{said}");
        assert_eq!(said.chars().count(), 301);
    }
}
