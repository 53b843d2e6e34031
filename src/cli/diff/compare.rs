//! Two sides of one record, compared; and the sum over all records.

use std::collections::{BTreeMap, BTreeSet};

use acequia_api::RecordError;
use serde_json::{Value as Json, json};

/// An event as one side makes it.
#[derive(Clone, PartialEq)]
pub(super) struct Event {
    pub(super) topic: String,
    pub(super) element: usize,
    pub(super) deletes: bool,
    pub(super) key: String,
    pub(super) data: Json,
    pub(super) quality: Vec<String>,
}

/// What one side makes of a record.
#[derive(Default)]
pub(super) struct Side {
    pub(super) events: Vec<Event>,
    /// Code and field of every reject, in order.
    rejects: Vec<(usize, String)>,
}

impl Side {
    pub(super) fn reject(&mut self, lane: usize, errors: &[RecordError]) {
        self.rejects.extend(errors.iter().map(|error| {
            let field = error.field.as_deref().map(|field| format!(" in {field}"));
            (lane, format!("{}{}", error.code, field.unwrap_or_default()))
        }));
    }

    pub(super) fn refused_by(&self, lane: usize) -> bool {
        self.rejects.iter().any(|(by, _)| *by == lane)
    }

    fn reasons(&self) -> BTreeSet<&str> {
        self.rejects.iter().map(|(_, reason)| reason.as_str()).collect()
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Added { kind: String, key: String },
    Removed { kind: String, key: String },
    Key { old: String, new: String },
    Field { path: String, old: Option<Json>, new: Option<Json> },
    Rejected(Vec<String>),
    NoLongerRejected(Vec<String>),
}

/// What differs between the sides. Events belong together by topic and element of the record.
pub(super) fn compare(old: &Side, new: &Side) -> Vec<Change> {
    let mut changes = Vec::new();
    let (before, after) = (old.reasons(), new.reasons());
    let only = |these: &BTreeSet<&str>, those: &BTreeSet<&str>| -> Vec<String> {
        these.difference(those).map(|reason| (*reason).to_owned()).collect()
    };
    let (gone, come) = (only(&before, &after), only(&after, &before));
    if !gone.is_empty() {
        changes.push(Change::NoLongerRejected(gone));
    }
    if !come.is_empty() {
        changes.push(Change::Rejected(come));
    }
    let mut unmatched: Vec<Option<&Event>> = new.events.iter().map(Some).collect();
    for event in &old.events {
        let same = |other: &&mut Option<&Event>| {
            other
                .is_some_and(|other| (&other.topic, other.element) == (&event.topic, event.element))
        };
        match unmatched.iter_mut().find(same).and_then(Option::take) {
            Some(other) => both(event, other, &mut changes),
            None => changes.push(Change::Removed { kind: kind(event), key: event.key.clone() }),
        }
    }
    let added = unmatched.into_iter().flatten();
    changes.extend(added.map(|event| Change::Added { kind: kind(event), key: event.key.clone() }));
    changes
}

fn kind(event: &Event) -> String {
    format!("{}.{}", event.topic, if event.deletes { "deleted" } else { "upserted" })
}

fn both(old: &Event, new: &Event, out: &mut Vec<Change>) {
    if old.deletes != new.deletes {
        out.push(Change::Removed { kind: kind(old), key: old.key.clone() });
        out.push(Change::Added { kind: kind(new), key: new.key.clone() });
        return;
    }
    if old.key != new.key {
        out.push(Change::Key { old: old.key.clone(), new: new.key.clone() });
    }
    fields("", Some(&old.data), Some(&new.data), out);
    if old.quality != new.quality {
        let marks = |event: &Event| {
            (!event.quality.is_empty()).then(|| Json::from(event.quality.join(", ")))
        };
        out.push(Change::Field { path: "(quality)".to_owned(), old: marks(old), new: marks(new) });
    }
}

fn fields(path: &str, old: Option<&Json>, new: Option<&Json>, out: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let empty = || Json::Object(serde_json::Map::new());
    match (old, new) {
        (Some(Json::Object(_)) | None, Some(Json::Object(_)) | None) => {
            let (none_old, none_new) = (empty(), empty());
            let old = old.unwrap_or(&none_old).as_object();
            let new = new.unwrap_or(&none_new).as_object();
            let names: BTreeSet<&String> =
                old.into_iter().chain(new).flat_map(|members| members.keys()).collect();
            for name in names {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let of = |members: Option<&serde_json::Map<String, Json>>| {
                    members.and_then(|members| members.get(name)).cloned()
                };
                fields(&inner, of(old).as_ref(), of(new).as_ref(), out);
            }
        }
        (Some(Json::Array(before)), Some(Json::Array(after))) => {
            for at in 0..before.len().max(after.len()) {
                fields(&format!("{path}[{}]", at + 1), before.get(at), after.get(at), out);
            }
        }
        _ => {
            out.push(Change::Field { path: path.to_owned(), old: old.cloned(), new: new.cloned() });
        }
    }
}

impl Change {
    /// For people: whether something came or went, and what.
    pub(super) fn told(&self) -> (char, String) {
        let value = |value: &Option<Json>| match value {
            None => "nothing".to_owned(),
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match self {
            Self::Added { kind, key } => ('+', format!("{kind}  {key}")),
            Self::Removed { kind, key } => ('-', format!("{kind}  {key}")),
            Self::Key { old, new } => ('~', format!("key: {old} → {new}")),
            Self::Field { path, old, new } => {
                ('~', format!("{path}: {} → {}", value(old), value(new)))
            }
            Self::Rejected(reasons) => ('-', format!("now rejected: {}", reasons.join(", "))),
            Self::NoLongerRejected(reasons) => {
                ('+', format!("no longer rejected: {}", reasons.join(", ")))
            }
        }
    }

    pub(super) fn as_json(&self) -> Json {
        match self {
            Self::Added { kind, key } => json!({ "added": kind, "key": key }),
            Self::Removed { kind, key } => json!({ "removed": kind, "key": key }),
            Self::Key { old, new } => json!({ "key": { "old": old, "new": new } }),
            Self::Field { path, old, new } => json!({ "field": path, "old": old, "new": new }),
            Self::Rejected(reasons) => json!({ "rejected": reasons }),
            Self::NoLongerRejected(reasons) => json!({ "no_longer_rejected": reasons }),
        }
    }

    /// What is counted together: elements of lists are one field.
    fn topic(&self) -> String {
        match self {
            Self::Added { .. } => "event added".to_owned(),
            Self::Removed { .. } => "event removed".to_owned(),
            Self::Key { .. } => "key changed".to_owned(),
            Self::Rejected(_) => "record newly rejected".to_owned(),
            Self::NoLongerRejected(_) => "record no longer rejected".to_owned(),
            Self::Field { path, old, new } => {
                let mut name = String::new();
                let mut inside = false;
                for char in path.chars() {
                    inside = (inside || char == '[') && char != ']';
                    if !inside || char == '[' {
                        name.push(char);
                    }
                }
                let what = match (old, new) {
                    (None, _) => "appeared",
                    (_, None) => "gone",
                    _ => "changed",
                };
                format!("{name} {what}")
            }
        }
    }
}

/// The sum over all records. As large as the mappings have fields.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) records: u64,
    pub(super) different: u64,
    /// What differs: how often, and where for the first time.
    kinds: BTreeMap<String, (u64, String)>,
}

impl Summary {
    pub(super) fn count(&mut self, place: &str, changes: &[Change]) {
        self.different += 1;
        for change in changes {
            let entry = self.kinds.entry(change.topic()).or_insert_with(|| (0, place.to_owned()));
            entry.0 += 1;
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.kinds.iter().map(|(what, (count, example))| (what.as_str(), *count, example.as_str()))
    }

    pub(super) fn as_json(&self) -> Json {
        let kinds = self.rows().map(
            |(what, count, example)| json!({ "what": what, "count": count, "example": example }),
        );
        json!({
            "records": self.records,
            "different": self.different,
            "by_kind": kinds.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(element: usize, key: &str, data: Json) -> Event {
        let topic = "t.v1".to_owned();
        Event { topic, element, deletes: false, key: key.to_owned(), data, quality: Vec::new() }
    }

    fn side(events: &[Event]) -> Side {
        Side { events: events.to_vec(), rejects: Vec::new() }
    }

    #[test]
    fn events_belong_together_by_element_and_differ_in_fields() {
        let old = side(&[
            event(0, "a", json!({ "x": 1, "o": { "y": "u", "z": 2 } })),
            event(1, "b", json!({ "x": 1 })),
        ]);
        let new = side(&[
            event(0, "c", json!({ "x": 1, "o": { "y": "v" }, "l": ["n"] })),
            event(2, "d", json!({})),
        ]);
        let told: Vec<_> = compare(&old, &new).iter().map(Change::told).collect();
        let told: Vec<String> =
            told.into_iter().map(|(mark, text)| format!("{mark} {text}")).collect();
        assert_eq!(
            told,
            [
                "~ key: a → c",
                "~ l: nothing → [\"n\"]",
                "~ o.y: u → v",
                "~ o.z: 2 → nothing",
                "- t.v1.upserted  b",
                "+ t.v1.upserted  d",
            ]
        );
    }

    #[test]
    fn elements_of_lists_are_counted_as_one_field() {
        let old = side(&[event(0, "a", json!({ "l": [{ "x": 1 }, { "x": 2 }] }))]);
        let new = side(&[event(0, "a", json!({ "l": [{ "x": 3 }, { "x": 4 }] }))]);
        let mut summary = Summary::default();
        summary.count("f:1", &compare(&old, &new));
        summary.count("f:2", &compare(&old, &new));
        assert_eq!(summary.rows().collect::<Vec<_>>(), [("l[].x changed", 4, "f:1")]);
        assert_eq!(summary.different, 2);
    }

    #[test]
    fn a_record_that_is_now_refused_loses_its_event() {
        let old = side(&[event(0, "a", json!({}))]);
        let mut new = side(&[]);
        new.reject(0, &[RecordError::map("map.min").field("x")]);
        let told: Vec<_> = compare(&old, &new).iter().map(Change::told).collect();
        assert_eq!(told[0], ('-', "now rejected: map.min in x".to_owned()));
        assert_eq!(told[1], ('-', "t.v1.upserted  a".to_owned()));
        assert!(compare(&old, &old).is_empty());
    }
}
