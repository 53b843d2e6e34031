//! Model and value type files → [`Model`]s.

use std::{collections::BTreeMap, sync::Arc};

use regex::Regex;

use super::{Class, Field, Form, FormCodes, Kind, Model, Shape};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    yaml::{self, Node},
};

/// The words for types without inner fields.
pub(super) const SCALARS: [(&str, Kind); 13] = [
    ("text", Kind::Text),
    ("code", Kind::Code),
    ("bool", Kind::Bool),
    ("int", Kind::Int),
    ("decimal", Kind::Decimal),
    ("float", Kind::Float),
    ("date", Kind::Date),
    ("partial_date", Kind::PartialDate),
    ("time", Kind::Time),
    ("timestamp", Kind::Timestamp),
    ("instant", Kind::Instant),
    ("uuid", Kind::Uuid),
    ("bytes", Kind::Bytes),
];

const FORM: FormCodes = FormCodes {
    unknown_key: "model.unknown_key",
    missing_key: "model.missing_key",
    wrong_shape: "model.wrong_shape",
    unknown_word: "model.unknown_word",
};

const MODEL_KEYS: [&str; 7] =
    ["model", "version", "title", "title_es", "standards", "subject", "fields"];
const TYPE_KEYS: [&str; 2] = ["title", "fields"];
const FIELD_KEYS: [&str; 11] = [
    "type", "many", "required", "class", "one_of", "pattern", "title", "title_es", "example",
    "standard", "fields",
];

const BUILT_IN: &str = include_str!("types.yaml");

/// The models of a deployment by reference (`permit/1`).
pub type Models = BTreeMap<String, Arc<Model>>;

struct Declared {
    file: Arc<SourceFile>,
    node: Node,
}

impl Declared {
    fn text(&self) -> &str {
        self.file.text().get(self.node.span.clone()).unwrap_or_default()
    }
}

/// Reads all model files of a deployment: those with `model:` and those with `types:`. Gives every model that
/// could be read, also beside mistakes, so that mappings can be checked in the same run.
pub fn load(files: &[Arc<SourceFile>]) -> (Models, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut trees = Vec::new();
    let built_in = SourceFile::new("(built in) types.yaml", BUILT_IN);
    for file in std::iter::once(&built_in).chain(files) {
        match yaml::parse(file) {
            Ok(root) => trees.push((file, root)),
            Err(faults) => found.extend(faults),
        }
    }
    let mut types = BTreeMap::new();
    for (file, root) in trees.iter().filter(|(_, root)| root.get("types").is_some()) {
        let mut form = Form::new(file, &FORM);
        declare(&mut form, root, &mut types);
        found.extend(form.found);
    }
    for (name, declared) in &types {
        let mut reader =
            Reader { types: &types, form: Form::new(&declared.file, &FORM), stack: Vec::new() };
        reader.value_type(name, declared);
        found.extend(reader.form.found);
    }
    let texts: Arc<str> = types.values().map(Declared::text).collect::<String>().into();
    let mut models = Models::new();
    for (file, root) in trees.into_iter().filter(|(_, root)| root.get("types").is_none()) {
        let mut reader = Reader { types: &types, form: Form::new(file, &FORM), stack: Vec::new() };
        if let Some(model) = reader.model(&root, &texts) {
            if let Some(earlier) = models.get(&model.reference()) {
                let message = format!("there is already a model `{}`", model.reference());
                let note = format!("it stands in {}", earlier.file.name());
                let span = root.get("model").map_or(0..0, |node| node.span.clone());
                reader.form.error("model.duplicate", span, message).notes.push(note);
            } else {
                models.insert(model.reference(), Arc::new(model));
            }
        }
        found.extend(reader.form.found);
    }
    (models, found)
}

fn declare(form: &mut Form<'_>, root: &Node, types: &mut BTreeMap<String, Declared>) {
    form.block(root, "a file of value types", &["types"]);
    let Some(entries) = root.get("types").and_then(|node| form.names(node, "`types`")) else {
        return;
    };
    for (key, node) in entries {
        let scalar = SCALARS.iter().any(|(name, _)| *name == key.text);
        if scalar || types.contains_key(&key.text) {
            let message = format!("there is already a type `{}`", key.text);
            form.error("model.duplicate", key.span.clone(), message);
        } else {
            let declared = Declared { file: Arc::clone(form.file), node: node.clone() };
            types.insert(key.text.clone(), declared);
        }
    }
}

struct Reader<'a> {
    types: &'a BTreeMap<String, Declared>,
    form: Form<'a>,
    /// The value types being resolved, outermost first.
    stack: Vec<String>,
}

impl Reader<'_> {
    fn model(&mut self, root: &Node, types: &Arc<str>) -> Option<Model> {
        self.form.block(root, "a model", &MODEL_KEYS)?;
        let Some(name) = root.get("model").and_then(|node| self.form.text(node, "`model`")) else {
            self.form.missing(0..0, "a model file", "model");
            return None;
        };
        let version = root.get("version").and_then(|node| self.version(node));
        if root.get("version").is_none() {
            self.form.missing(name.span.clone(), "a model", "version");
        }
        let mut line = |key: &str| root.get(key).and_then(|node| self.form.text(node, key));
        let (title, title_es) = (line("title"), line("title_es"));
        let standards = root
            .get("standards")
            .map(|node| self.form.texts(node, "`standards`"))
            .unwrap_or_default();
        let Some(fields) = root.get("fields") else {
            self.form.missing(name.span, "a model", "fields");
            return None;
        };
        let shape = Arc::new(self.shape(&name.text, fields, true));
        let (version, minor) = version?;
        let mut model = Model {
            name: name.text.as_str().into(),
            version,
            minor,
            version_span: root.get("version").map_or(0..0, |node| node.span.clone()),
            title_es: title_es.map(|title| title.text),
            title: title.map_or_else(|| name.text.clone(), |title| title.text),
            standards: standards.into_iter().map(|standard| standard.text).collect(),
            subject: None,
            shape,
            file: Arc::clone(self.form.file),
            types: Arc::clone(types),
        };
        if let Some(subject) =
            root.get("subject").and_then(|node| self.form.text(node, "`subject`"))
        {
            if model.field(&subject.text).is_none() {
                let message = format!("the model has no field `{}`", subject.text);
                self.form.error("model.unknown_subject", subject.span, message);
            } else {
                model.subject = Some(subject.text);
            }
        }
        Some(model)
    }

    /// `1` is short for `1.0`.
    fn version(&mut self, node: &Node) -> Option<(u32, u32)> {
        let number = |text: &str| {
            let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u32>().ok().filter(|_| plain)
        };
        let read = node.as_text().and_then(|text| match text.split_once('.') {
            Some((major, minor)) => Some((number(major)?, number(minor)?)),
            None => Some((number(text)?, 0)),
        });
        if read.is_none() {
            self.form.shape(node, "`version`", "a major version or both, such as 1 or 1.2");
        }
        read
    }

    fn value_type(&mut self, name: &str, declared: &Declared) -> Option<Shape> {
        self.form.block(&declared.node, "a value type", &TYPE_KEYS);
        let Some(fields) = declared.node.get("fields") else {
            self.form.missing(declared.node.span.clone(), "a value type", "fields");
            return None;
        };
        self.stack.push(name.to_owned());
        let shape = self.shape(name, fields, false);
        self.stack.pop();
        Some(shape)
    }

    fn shape(&mut self, name: &str, fields: &Node, classed: bool) -> Shape {
        let entries = self.form.names(fields, "`fields`").unwrap_or_default();
        let mut shape = Shape { name: name.into(), fields: Vec::with_capacity(entries.len()) };
        for (key, node) in entries {
            if self.form.block(node, &format!("field `{}`", key.text), &FIELD_KEYS).is_none() {
                continue;
            }
            let Some(mut field) = self.field(&key.text, node) else { continue };
            field.span = key.span.clone();
            if classed && field.classes.is_empty() && node.get("class").is_none() {
                let message = format!("field `{}` has no class", key.text);
                let help = "say who may see it: `class: public`, `internal`, `personal`, …";
                self.form.error("model.class_missing", key.span.clone(), message).help =
                    Some(help.into());
            }
            shape.fields.push(field);
        }
        shape
    }

    fn field(&mut self, name: &str, node: &Node) -> Option<Field> {
        let kind = self.kind(name, node)?;
        let form = &mut self.form;
        let mut flag =
            |key: &str| node.get(key).and_then(|node| form.flag(node, key)).unwrap_or(false);
        let (many, required) = (flag("many"), flag("required"));
        let classes = match node.get("class") {
            Some(list) if list.items().is_some() => list
                .items()
                .unwrap_or_default()
                .iter()
                .filter_map(|item| self.form.word(item, "a class", &Class::words()))
                .collect(),
            Some(node) => self.form.word(node, "a class", &Class::words()).into_iter().collect(),
            None => Vec::new(),
        };
        let one_of = node.get("one_of").map(|node| self.form.texts(node, "`one_of`"));
        let pattern = node.get("pattern").and_then(|node| self.pattern(node));
        let mut line = |key: &str| {
            node.get(key).and_then(|node| self.form.text(node, key)).map(|text| text.text)
        };
        let field = Field {
            name: name.into(),
            kind,
            many,
            required,
            classes,
            one_of: one_of.unwrap_or_default().into_iter().map(|word| word.text).collect(),
            pattern,
            title: line("title"),
            title_es: line("title_es"),
            example: line("example"),
            standard: line("standard"),
            span: 0..0,
        };
        if let Some(example) = node.get("example").filter(|_| !field.example_fits()) {
            let message = format!("field `{name}` could never have this value");
            self.form.error("model.bad_example", example.span.clone(), message);
        }
        Some(field)
    }

    fn pattern(&mut self, node: &Node) -> Option<Regex> {
        let text = self.form.text(node, "`pattern`")?;
        let pattern = whole_match(&text.text);
        if pattern.is_err() {
            let message = "this is not a regular expression of Rust's `regex` syntax";
            self.form.error("model.bad_pattern", text.span, message);
        }
        pattern.ok()
    }

    fn kind(&mut self, name: &str, node: &Node) -> Option<Kind> {
        if let Some(fields) = node.get("fields") {
            if let Some(kind) = node.get("type") {
                let message =
                    format!("field `{name}` has `type` and `fields`; it needs one of them");
                self.form.error("model.wrong_shape", kind.span.clone(), message);
            }
            return Some(Kind::Object(Arc::new(self.shape(name, fields, false))));
        }
        let Some(kind) = node.get("type") else {
            self.form.missing(node.span.clone(), &format!("field `{name}`"), "type");
            return None;
        };
        let word = self.form.text(kind, "`type`")?;
        if let Some((_, kind)) = SCALARS.iter().find(|(name, _)| *name == word.text) {
            return Some(kind.clone());
        }
        let types = self.types;
        let Some(declared) = types.get(&word.text) else {
            let known =
                SCALARS.iter().map(|(name, _)| *name).chain(types.keys().map(String::as_str));
            let found = Diagnostic::error(
                "model.unknown_type",
                self.form.file,
                word.span,
                format!("there is no type `{}`", word.text),
            )
            .did_you_mean(&word.text, known);
            self.form.push(found);
            return None;
        };
        if self.stack.contains(&word.text) {
            let message = format!("type `{}` contains itself", word.text);
            self.form.error("model.type_cycle", word.span, message);
            return None;
        }
        // Mistakes inside the value type were reported when it was read by itself.
        let mut inner =
            Reader { types, form: Form::new(&declared.file, &FORM), stack: self.stack.clone() };
        inner.value_type(&word.text, declared).map(|shape| Kind::Object(Arc::new(shape)))
    }
}

/// A regular expression that must match a text as a whole, of bounded size.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()
}
