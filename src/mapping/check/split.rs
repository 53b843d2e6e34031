//! Parts of a name or an address: what is not understood must not vanish unseen.

use super::compile::Compiler;
use crate::{
    diagnostic::Diagnostic,
    mapping::file::{FieldNode, MappingFile, Producer},
    model::Text,
    yaml::Key,
};

/// What the fields of a mapping take of the names that they read.
#[derive(Default)]
struct Taken<'a> {
    /// The name, the first key `split` on it.
    split: Vec<(&'a str, &'a Key)>,
    /// Names of which the rest, or the whole, is published.
    complete: Vec<&'a str>,
}

impl Compiler<'_> {
    /// Warns of texts that are taken apart while neither their `rest` nor the whole is published.
    pub(super) fn splits(&mut self, file: &MappingFile) {
        let mut taken = Taken::default();
        taken.walk(&file.fields);
        for (name, key) in taken.split {
            if taken.complete.contains(&name) {
                continue;
            }
            let message = format!("words of `{name}` that are not understood are lost");
            let (code, span) = ("mapping.split_incomplete", key.span.clone());
            let found = Diagnostic::warning(code, self.form.file, span, message);
            self.form.push(
                found.help("publish the part `rest` too, or the whole text beside the parts"),
            );
        }
    }
}

impl<'a> Taken<'a> {
    fn walk(&mut self, fields: &'a [FieldNode]) {
        for field in fields {
            match &field.producer {
                Producer::Object(members) | Producer::List(members) => self.walk(members),
                Producer::Each(each) => self.walk(&each.body),
                Producer::From(name) | Producer::Expr(name) => self.field(name, field),
                Producer::Const(_)
                | Producer::Template(_)
                | Producer::Lookup(_)
                | Producer::Unreadable => {}
            }
        }
    }

    fn field(&mut self, name: &'a Text, field: &'a FieldNode) {
        let verb = |word: &str| {
            let mut verbs = field.verbs.iter().filter(|(_, node)| node.entries().is_some());
            verbs.find(|(key, _)| key.text == word)
        };
        match verb("split") {
            Some((_, node)) if node.get("take").and_then(|take| take.as_text()) == Some("rest") => {
                self.complete.push(&name.text);
            }
            Some((key, _)) if self.split.iter().all(|(known, _)| *known != name.text) => {
                self.split.push((&name.text, key));
            }
            Some(_) => {}
            None if verb("slice").is_none() && field.codes.is_none() => {
                self.complete.push(&name.text);
            }
            None => {}
        }
    }
}
