//! One schema as a whole: itself, what it refers to and what it is composed of, seen as one.

use serde_json::{Map, Value as Json};

use super::MarkKind;

use crate::{
    config::secret::{KEYS_FORMAT, REFERENCE_FORMAT, SECRET_FORMAT},
    yaml::{Node, Value},
};

/// The objects that together make up a schema.
pub(super) struct Shape<'s> {
    parts: Vec<&'s Map<String, Json>>,
    /// Whether nothing may stand there too.
    optional: bool,
}

impl<'s> Shape<'s> {
    pub(super) fn of(schema: &'s Json, root: &'s Json) -> Self {
        let mut shape = Self { parts: Vec::new(), optional: false };
        shape.collect(schema, root, 0);
        shape
    }

    fn keyword(&self, name: &str) -> Option<&'s Json> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    /// The alternatives of `oneOf` or `anyOf`.
    pub(super) fn variants(&self) -> Option<Vec<&'s Json>> {
        let list = self.parts.iter().find_map(|part| {
            part.get("oneOf").or_else(|| part.get("anyOf").filter(|_| option_of(part).is_none()))
        });
        Some(list?.as_array()?.iter().collect())
    }

    pub(super) fn property(&self, name: &str) -> Option<&'s Json> {
        self.parts.iter().find_map(|part| part.get("properties")?.get(name))
    }

    /// The schema of keys that are not named.
    pub(super) fn additional(&self) -> Option<&'s Json> {
        self.keyword("additionalProperties").filter(|schema| schema.is_object())
    }

    /// Whether keys that are not named are refused.
    pub(super) fn is_closed(&self) -> bool {
        ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .any(|name| self.keyword(name) == Some(&Json::Bool(false)))
    }

    /// The names of all properties, in the order of the schema.
    pub(super) fn keys(&self) -> Vec<&'s str> {
        let properties = self.parts.iter().filter_map(|part| part.get("properties")?.as_object());
        properties.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &'s str> {
        let lists = self.parts.iter().filter_map(|part| part.get("required")?.as_array());
        lists.flatten().filter_map(Json::as_str)
    }

    pub(super) fn items(&self) -> Option<&'s Json> {
        self.keyword("items").filter(|schema| schema.is_object())
    }

    pub(super) fn types(&self) -> impl Iterator<Item = &'s str> {
        let (one, many) = match self.keyword("type") {
            Some(Json::String(one)) => (Some(one.as_str()), &[][..]),
            Some(Json::Array(many)) => (None, many.as_slice()),
            _ => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().filter_map(Json::as_str))
    }

    /// The values allowed by `const` or `enum`; empty when any value is.
    pub(super) fn allowed(&self) -> Vec<&'s Json> {
        match (self.keyword("const"), self.keyword("enum").and_then(Json::as_array)) {
            (Some(one), _) => vec![one],
            (None, Some(list)) => list.iter().collect(),
            (None, None) => Vec::new(),
        }
    }

    pub(super) fn number(&self, keyword: &str) -> Option<f64> {
        self.keyword(keyword)?.as_f64()
    }

    pub(super) fn string(&self, keyword: &str) -> Option<&'s str> {
        self.keyword(keyword)?.as_str()
    }

    pub(super) fn description(&self) -> Option<&'s str> {
        self.string("description")
    }

    /// What the type itself says about its form, as against what the field says about its purpose.
    pub(super) fn innermost_description(&self) -> Option<&'s str> {
        let described = self.parts.iter().filter_map(|part| part.get("description")?.as_str());
        described.skip(1).last()
    }

    /// Whether it wants a secret, also if the secret is optional.
    pub(super) fn is_secret(&self) -> bool {
        self.secret_kind().is_some()
    }

    pub(super) fn secret_kind(&self) -> Option<MarkKind> {
        match self.string("format")? {
            SECRET_FORMAT => Some(MarkKind::Secret),
            REFERENCE_FORMAT => Some(MarkKind::Reference),
            KEYS_FORMAT => Some(MarkKind::KeyFile),
            _ => None,
        }
    }

    /// Whether a node has one of the types.
    pub(super) fn admits(&self, node: &Node) -> bool {
        if node.is_null() && self.optional {
            return true;
        }
        let mut types = self.types().peekable();
        types.peek().is_none() || types.any(|kind| is_of_type(node, kind))
    }

    fn collect(&mut self, schema: &'s Json, root: &'s Json, depth: usize) {
        // A schema that refers to itself without a step into the data has no meaning; generated ones do not.
        const DEEPEST: usize = 16;
        let Some(map) = schema.as_object().filter(|_| depth < DEEPEST) else { return };
        self.parts.push(map);
        let target = map.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix('#'));
        if let Some(target) = target.and_then(|pointer| root.pointer(pointer)) {
            self.collect(target, root, depth + 1);
        }
        for part in map.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.collect(part, root, depth + 1);
        }
        if let Some(inner) = option_of(map) {
            self.optional = true;
            self.collect(inner, root, depth + 1);
        }
    }
}

/// `Option<T>` of a named type is written `anyOf: [T, null]`: the same as T where something stands.
fn option_of(map: &Map<String, Json>) -> Option<&Json> {
    match map.get("anyOf")?.as_array()?.as_slice() {
        [inner, null] if null.get("type").and_then(Json::as_str) == Some("null") => Some(inner),
        _ => None,
    }
}

fn is_of_type(node: &Node, kind: &str) -> bool {
    match (&node.value, kind) {
        (Value::Null, "null") | (Value::Sequence(_), "array") | (Value::Mapping(_), "object") => {
            true
        }
        (Value::Scalar { .. }, _) => match node.to_json() {
            Json::Bool(_) => kind == "boolean",
            Json::Number(number) => kind == "number" || (kind == "integer" && !number.is_f64()),
            _ => kind == "string",
        },
        _ => false,
    }
}
