//! `oneOf` and `anyOf` as serde's enums write them: words, one key that names the variant, a key inside that names
//! it, or simply different types.

use serde_json::Value as Json;

use super::{At, Walk, head, quoted, shape::Shape};
use crate::{
    diagnostic::{Diagnostic, suggest},
    yaml::{Key, Node, Value},
};

/// The variants of an enum, sorted by how they are written.
struct Variants<'s> {
    /// Written as a word alone.
    words: Vec<&'s str>,
    /// Written as a block with one key.
    keyed: Vec<(&'s str, &'s Json)>,
    /// Anything else, told apart by type only.
    open: Vec<&'s Json>,
}

impl Variants<'_> {
    fn is_named(&self) -> bool {
        !self.words.is_empty() || !self.keyed.is_empty()
    }
}

impl<'s> Walk<'_, 's> {
    pub(super) fn alternatives(&mut self, node: &Node, variants: &[&'s Json], at: &At<'_>) {
        if variants.is_empty() {
            let message = format!("{} cannot be anything in this build", at.subject());
            return self.report("config.unknown_value", head(node, at), message);
        }
        if let (Some((tag, tagged)), Some(entries)) = (self.tagged(variants), node.entries()) {
            return self.by_tag(node, entries, tag, &tagged, at);
        }
        let sorted = self.sort(variants);
        match &node.value {
            Value::Scalar { .. } if sorted.is_named() && !self.fits_open(&sorted, node) => {
                self.by_word(node, &sorted, at);
            }
            Value::Mapping(entries)
                if !sorted.keyed.is_empty() && !self.fits_open(&sorted, node) =>
            {
                self.by_key(node, entries, &sorted, at);
            }
            _ => self.by_type(node, variants, at),
        }
    }

    /// The key inside that names the variant, if every variant has one and the same, with its values.
    fn tagged(&self, variants: &[&'s Json]) -> Option<(&'s str, Vec<(&'s str, &'s Json)>)> {
        let root = self.schema.root;
        let first = Shape::of(variants.first()?, root);
        first.keys().into_iter().find_map(|tag| {
            let named = variants.iter().map(|variant| {
                let schema = Shape::of(variant, root).property(tag)?;
                Some((schema.get("const")?.as_str()?, *variant))
            });
            Some((tag, named.collect::<Option<Vec<_>>>()?))
        })
    }

    fn by_tag(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        tag: &str,
        tagged: &[(&'s str, &'s Json)],
        at: &At<'_>,
    ) {
        let words: Vec<&str> = tagged.iter().map(|(word, _)| *word).collect();
        let Some((key, value)) = entries.iter().find(|(key, _)| key.text == tag) else {
            let message = format!("{} needs `{tag}`", at.subject());
            let found = Diagnostic::error("config.missing_key", self.file, head(node, at), message)
                .label(format!("`{tag}` is missing here"))
                .note(format!("allowed: {}", quoted(words)));
            self.found.diagnostics.push(found);
            return;
        };
        let text = value.as_text().unwrap_or_default();
        match tagged.iter().find(|(word, _)| *word == text) {
            Some((_, variant)) => self.node(node, variant, at),
            None => self.unknown_value(value, text, &words, &at.key(key)),
        }
    }

    fn sort(&self, variants: &[&'s Json]) -> Variants<'s> {
        let mut sorted = Variants { words: Vec::new(), keyed: Vec::new(), open: Vec::new() };
        for variant in variants {
            let shape = Shape::of(variant, self.schema.root);
            let words: Option<Vec<&str>> = shape.allowed().into_iter().map(Json::as_str).collect();
            let required: Vec<&str> = shape.required().collect();
            match (words.as_deref(), required.as_slice()) {
                (Some([_, ..]), _) => sorted.words.extend(words.unwrap_or_default()),
                (_, [only]) if shape.is_closed() && shape.keys() == [*only] => {
                    sorted.keyed.push((only, variant));
                }
                _ if shape.types().eq(["null"]) => {}
                _ => sorted.open.push(variant),
            }
        }
        sorted
    }

    fn fits_open(&self, sorted: &Variants<'s>, node: &Node) -> bool {
        sorted.open.iter().any(|variant| {
            let shape = Shape::of(variant, self.schema.root);
            shape.variants().is_some() || shape.admits(node)
        })
    }

    fn by_word(&mut self, node: &Node, sorted: &Variants<'s>, at: &At<'_>) {
        let text = node.as_text().unwrap_or_default();
        if sorted.words.contains(&text) {
            return;
        }
        let keys: Vec<String> =
            sorted.keyed.iter().map(|(key, _)| format!("{{ {key}: … }}")).collect();
        if sorted.keyed.iter().any(|(key, _)| *key == text) {
            let message = format!("{}: `{text}` needs more than its name", at.subject());
            let found = Diagnostic::error("config.one_of", self.file, node.span.clone(), message)
                .help(format!("write `{{ {text}: … }}`"));
            self.found.diagnostics.push(found);
            return;
        }
        let words: Vec<&str> =
            sorted.words.iter().copied().chain(keys.iter().map(String::as_str)).collect();
        self.unknown_value(node, text, &words, at);
    }

    fn by_key(&mut self, node: &Node, entries: &[(Key, Node)], sorted: &Variants<'s>, at: &At<'_>) {
        let names: Vec<&str> = sorted.keyed.iter().map(|(name, _)| *name).collect();
        let all = names.iter().chain(&sorted.words).copied();
        let [(key, _)] = entries else {
            let span = entries.get(1).map_or_else(|| head(node, at), |(key, _)| key.span.clone());
            let message = format!("{} needs exactly one of {}", at.subject(), quoted(all));
            let found = Diagnostic::error("config.one_of", self.file, span, message);
            self.found.diagnostics.push(found);
            return;
        };
        if let Some((_, variant)) = sorted.keyed.iter().find(|(name, _)| *name == key.text) {
            return self.node(node, variant, at);
        }
        let message = format!("{} cannot be `{}`", at.subject(), key.text);
        let found = Diagnostic::error("config.unknown_value", self.file, key.span.clone(), message)
            .note(format!("allowed: {}", quoted(all.clone())));
        self.found.diagnostics.push(if sorted.words.contains(&key.text.as_str()) {
            found.help(format!("write the word alone: `{}`", key.text))
        } else if let Some(close) = suggest(&key.text, all) {
            found.help(format!("did you mean `{close}`?"))
        } else {
            found
        });
    }

    /// The variants whose type fits are tried; what the best of them finds is reported.
    fn by_type(&mut self, node: &Node, variants: &[&'s Json], at: &At<'_>) {
        let root = self.schema.root;
        let fits = |variant: &&&'s Json| {
            let shape = Shape::of(variant, root);
            shape.variants().is_some() || shape.admits(node)
        };
        let fitting: Vec<&'s Json> = variants.iter().filter(fits).copied().collect();
        if fitting.is_empty() {
            let mut kinds: Vec<&str> = Vec::new();
            for variant in variants {
                for kind in Shape::of(variant, root).types() {
                    let name = super::name_of_type(kind);
                    if !kinds.contains(&name) {
                        kinds.push(name);
                    }
                }
            }
            let message =
                format!("{} must be {}, not {}", at.subject(), kinds.join(" or "), node.describe());
            return self.report("config.wrong_type", head_or_self(node, at), message);
        }
        let before = std::mem::take(&mut self.found);
        let mut best = None;
        for variant in fitting {
            self.node(node, variant, at);
            let tried = std::mem::take(&mut self.found);
            let better = |best: &super::Checked| tried.diagnostics.len() < best.diagnostics.len();
            if best.as_ref().is_none_or(better) {
                best = Some(tried);
            }
        }
        self.found = before;
        let best = best.unwrap_or_default();
        self.found.diagnostics.extend(best.diagnostics);
        self.found.marks.extend(best.marks);
        self.found.masked.extend(best.masked);
    }
}

fn head_or_self(node: &Node, at: &At<'_>) -> std::ops::Range<usize> {
    if node.as_text().is_some() { node.span.clone() } else { head(node, at) }
}
