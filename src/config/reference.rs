//! The reference of the configuration, made from the same schemas that are enforced.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::schema;
use crate::connectors::Registry;

/// The reference as Markdown: `acequia.yaml`, pipelines, and every connector.
pub fn markdown(registry: Registry) -> String {
    let mut page = Page { text: INTRODUCTION.to_owned(), shown: HashSet::new() };
    let daemon = schema::daemon();
    page.section("acequia.yaml", &daemon, &daemon);
    let pipeline = schema::pipeline(registry);
    page.section("pipelines/*.yaml", &pipeline, &pipeline);
    for variant in pipeline["$defs"]["Source"]["oneOf"].as_array().into_iter().flatten() {
        let title = format!("source: connector: {}", variant["title"].as_str().unwrap_or_default());
        page.section(&title, variant, &pipeline);
    }
    page.text
}

const INTRODUCTION: &str = "\
# Configuration reference

Generated from the code; `acequia schema` gives the same as JSON Schema, for completion in editors. Keys are written with
dots (`kafka.bootstrap`); `[]` stands for the elements of a list, `<name>` for a key of your own. Relative paths begin at
the folder of `acequia.yaml`. Secrets are references, `${file:PATH}` or `${env:NAME}`, never values.
";

struct Page {
    text: String,
    /// The keys of this section so far.
    shown: HashSet<String>,
}

impl Page {
    fn section(&mut self, title: &str, schema: &Json, root: &Json) {
        self.shown.clear();
        self.text.push_str(&format!("\n## {title}\n\n"));
        if let Some(about) = schema["description"].as_str() {
            self.text.push_str(&format!("{about}\n\n"));
        }
        self.text.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
        self.keys("", schema, root, 0);
    }

    /// One row for each key, those of nested blocks below it.
    fn keys(&mut self, prefix: &str, schema: &Json, root: &Json, depth: usize) {
        // Deeper nesting would be a schema that contains itself.
        const DEEPEST: usize = 6;
        let resolved = Resolved::of(schema, root);
        if depth > DEEPEST {
            return;
        }
        let required: Vec<&str> =
            resolved.list("required").iter().filter_map(Json::as_str).collect();
        for (name, field) in resolved.properties() {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let inner = Resolved::of(field, root);
            // Every connector's part is a section of its own.
            let is_source = key == "source";
            self.row(&key, &inner, required.contains(&name.as_str()), is_source);
            if !is_source {
                self.below(&key, field, &inner, root, depth);
            }
        }
        if let Some(value) =
            resolved.keyword("additionalProperties").filter(|value| value.is_object())
        {
            let key = format!("{prefix}.<name>");
            let inner = Resolved::of(value, root);
            self.row(&key, &inner, false, false);
            self.keys(&key, value, root, depth + 1);
        }
    }

    fn below(&mut self, key: &str, field: &Json, inner: &Resolved<'_>, root: &Json, depth: usize) {
        self.keys(key, field, root, depth + 1);
        if let Some(items) = inner.keyword("items") {
            self.keys(&format!("{key}[]"), items, root, depth + 1);
        }
        let (tag, words) = inner.tag();
        if let Some(tag) = tag {
            self.put([format!("`{key}.{tag}`"), words, "**required**".to_owned(), String::new()]);
        }
        for variant in inner.variants() {
            self.keys(key, variant, root, depth + 1);
        }
    }

    fn row(&mut self, key: &str, field: &Resolved<'_>, required: bool, is_source: bool) {
        let default = match field.keyword("default") {
            Some(Json::Object(_)) | None if required => "**required**".to_owned(),
            Some(Json::Object(_)) | None => String::new(),
            Some(value) => format!("`{}`", plain(value)),
        };
        let kind = if is_source { "a connector, see below".to_owned() } else { field.kind() };
        let about = field.keyword("description").and_then(Json::as_str).unwrap_or_default();
        let cells = [format!("`{key}`"), kind, default, about.to_owned()];
        self.put(cells);
    }

    /// Variants of a block share keys; each is shown once.
    fn put(&mut self, cells: [String; 4]) {
        if self.shown.insert(cells[0].clone()) {
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace("\n\n", " "));
            self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
}

/// A schema together with what it refers to.
struct Resolved<'s> {
    parts: Vec<&'s Map<String, Json>>,
}

impl<'s> Resolved<'s> {
    fn of(schema: &'s Json, root: &'s Json) -> Self {
        let mut parts = Vec::new();
        let mut next = Some(schema);
        while let Some(map) = next.and_then(Json::as_object) {
            parts.push(map);
            let target = map.get("$ref").and_then(Json::as_str);
            let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
            next = target.or_else(|| optional(map));
        }
        Self { parts }
    }

    fn keyword(&self, name: &str) -> Option<&'s Json> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    fn list(&self, name: &str) -> &'s [Json] {
        self.keyword(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn properties(&self) -> impl Iterator<Item = (&'s String, &'s Json)> {
        self.keyword("properties").and_then(Json::as_object).into_iter().flatten()
    }

    fn variants(&self) -> impl Iterator<Item = &'s Json> {
        let lists = self.parts.iter().filter_map(|part| {
            let any = part.get("anyOf").filter(|_| optional(part).is_none());
            part.get("oneOf").or(any).and_then(Json::as_array)
        });
        lists.flatten().filter(|variant| variant["type"] != "null")
    }

    /// The key that tells variants apart, and its values.
    fn tag(&self) -> (Option<&'s str>, String) {
        let mut tag = None;
        let mut words = Vec::new();
        for variant in self.variants() {
            let fields = variant["properties"].as_object().into_iter().flatten();
            for (name, field) in fields {
                if let Some(word) = field["const"].as_str() {
                    tag = Some(name.as_str());
                    words.push(format!("`{word}`"));
                }
            }
        }
        (tag, words.join(", "))
    }

    /// What may stand there, in a few words.
    fn kind(&self) -> String {
        let words = self.words();
        if !words.is_empty() {
            return words.join(", ");
        }
        match self.keyword("format").and_then(Json::as_str) {
            Some("secret" | "secret-reference" | "key-file") => {
                return "secret reference".to_owned();
            }
            Some(format @ ("path" | "date")) => return format.to_owned(),
            Some("time-zone") => return "time zone".to_owned(),
            Some("socket-address") => return "address:port".to_owned(),
            _ => {}
        }
        let kinds: Vec<&str> = match self.keyword("type") {
            Some(Json::String(kind)) => vec![kind],
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let names = kinds.iter().filter_map(|kind| match *kind {
            "string" => Some("text"),
            "integer" => Some("whole number"),
            "number" => Some("number"),
            "boolean" => Some("`true`, `false`"),
            "array" => Some("list"),
            "object" => Some("block"),
            _ => None,
        });
        names.collect::<Vec<_>>().join(" or ")
    }

    /// The words and the one-key blocks of an enum.
    fn words(&self) -> Vec<String> {
        let own = self.list("enum").iter().chain(self.keyword("const"));
        let mut words: Vec<String> = own.map(|value| format!("`{}`", plain(value))).collect();
        for variant in self.variants() {
            if let Some(word) = variant.get("const") {
                words.push(format!("`{}`", plain(word)));
            }
            let listed = variant.get("enum").and_then(Json::as_array).into_iter().flatten();
            words.extend(listed.map(|word| format!("`{}`", plain(word))));
            match variant.get("required").and_then(Json::as_array).map(Vec::as_slice) {
                Some([Json::String(key)]) => words.push(format!("`{{ {key}: … }}`")),
                _ => {
                    let kind = variant.get("type").and_then(Json::as_str).filter(|_| {
                        variant.get("const").is_none() && variant.get("enum").is_none()
                    });
                    words.extend(kind.map(|kind| match kind {
                        "string" => "text".to_owned(),
                        "array" => "list".to_owned(),
                        "object" => "block".to_owned(),
                        "boolean" => "`true`, `false`".to_owned(),
                        other => format!("whole {other}").replace("whole integer", "whole number"),
                    }));
                }
            }
        }
        words.dedup();
        words
    }
}

/// `Option<T>` of a named type is written `anyOf: [T, null]`.
fn optional(map: &Map<String, Json>) -> Option<&Json> {
    match map.get("anyOf")?.as_array()?.as_slice() {
        [inner, null] if null["type"] == "null" => Some(inner),
        _ => None,
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::connectors::registry;

    #[test]
    fn generated_files_are_in_step_with_the_code() {
        let pretty = |schema: &Json| format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        for (name, text) in [
            ("reference.md", markdown(registry())),
            ("schema/acequia.schema.json", pretty(&schema::daemon())),
            ("schema/pipeline.schema.json", pretty(&schema::pipeline(registry()))),
            ("schema/mapping.schema.json", pretty(&crate::mapping::json_schema())),
        ] {
            let path = root.join(name);
            if std::env::var_os("UPDATE_GENERATED").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                written == text,
                "config/{name} is out of step: run the test again with UPDATE_GENERATED=1"
            );
        }
    }
}
