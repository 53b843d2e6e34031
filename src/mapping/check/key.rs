//! The key of a mapping: an output field that every event and every delete has, and that may be seen by anyone.

use super::compile::Compiler;
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        expr::Slot,
        file::{FieldNode, Producer},
        program::{FieldCode, Guard, Produce, Program},
    },
    model::{Class, Text},
};

impl Compiler<'_> {
    /// Finds the key field, judges it and marks it.
    pub(super) fn key(&mut self, key: &Text, nodes: &[FieldNode], program: &mut Program) {
        let mut path = Vec::new();
        if !find(&program.fields, &key.text, &mut path) {
            self.no_key(key, nodes, program);
            return;
        }
        let Some(field) = at(&mut program.fields, &path) else { return };
        let finding = judge(field, self.class_of(&key.text));
        if let Some((code, message, help)) = finding {
            self.form.error(code, key.span.clone(), message).help = Some(help.to_owned());
            return;
        }
        field.is_key = true;
        let needed = reads(std::slice::from_ref(field));
        program.key = path;
        program.key_alone = self.needs(needed);
    }

    fn no_key(&mut self, key: &Text, nodes: &[FieldNode], program: &Program) {
        let compiled = self.info.iter().any(|info| info.path == key.text);
        if !compiled && written(nodes, &key.text) {
            // What is wrong with the field itself was reported.
            return;
        }
        let around = key.text.rsplit_once('.').map_or("", |(around, _)| around);
        if compiled {
            // Members of an object that is the same for every record have no code of their own.
            let mut path = Vec::new();
            let constant = find(&program.fields, around, &mut path)
                && at_ref(&program.fields, &path).is_some_and(|field| field.constant);
            let (code, what, help) = if constant {
                ("mapping.key_constant", "is the same for every record", CONSTANT)
            } else {
                ("mapping.key_type", "stands in a list", "an event has one key")
            };
            let message = format!("the key `{}` {what}", key.text);
            self.form.error(code, key.span.clone(), message).help = Some(help.to_owned());
            return;
        }
        let message = format!("the key `{}` is no output field", key.text);
        let known = self.info.iter().map(|info| info.path.as_str());
        let found =
            Diagnostic::error("mapping.key_unknown", self.form.file, key.span.clone(), message)
                .did_you_mean(&key.text, known);
        self.form.push(found);
    }

    fn class_of(&self, path: &str) -> Class {
        let info = self.info.iter().find(|info| info.path == path);
        info.and_then(|info| info.class).unwrap_or(Class::Public)
    }
}

const CONSTANT: &str = "a key tells one entity from all others";

fn judge(field: &FieldCode, class: Class) -> Option<(&'static str, String, &'static str)> {
    let path = &field.path;
    if matches!(
        field.produce,
        Produce::Object(_) | Produce::List(_) | Produce::Each { .. } | Produce::Parts(_)
    ) {
        let message = format!("the key `{path}` is no single value");
        return Some(("mapping.key_type", message, "name a field inside it"));
    }
    if field.constant {
        let message = format!("the key `{path}` is the same for every record");
        return Some(("mapping.key_constant", message, CONSTANT));
    }
    if matches!(field.protect, Some(Guard::Drop)) {
        let message = format!("the key `{path}` is dropped");
        return Some(("mapping.key_type", message, "a key is published"));
    }
    let hidden = matches!(field.protect, Some(Guard::Pseudonym(_) | Guard::Encrypt(_)));
    if class.is_personal() && !hidden {
        let message = format!("the key `{path}` would carry {class} data in clear");
        let help = "protect the field with `protect: { pseudonym: DOMAIN }`, or choose another key";
        return Some(("mapping.key_in_clear", message, help));
    }
    None
}

fn find(fields: &[FieldCode], key: &str, path: &mut Vec<usize>) -> bool {
    for (index, field) in fields.iter().enumerate() {
        path.push(index);
        if *field.path == *key {
            return true;
        }
        if let Produce::Object(members) = &field.produce
            && find(members, key, path)
        {
            return true;
        }
        path.pop();
    }
    false
}

/// Whether the file has a field at this path, whatever it is.
fn written(nodes: &[FieldNode], path: &str) -> bool {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    nodes.iter().any(|node| {
        node.name.text == first
            && match (&node.producer, rest) {
                (_, None) => true,
                (Producer::Object(members), Some(rest)) => written(members, rest),
                _ => false,
            }
    })
}

fn at_ref<'f>(fields: &'f [FieldCode], path: &[usize]) -> Option<&'f FieldCode> {
    let (index, rest) = path.split_first()?;
    let field = fields.get(*index)?;
    match (&field.produce, rest.is_empty()) {
        (_, true) => Some(field),
        (Produce::Object(members), false) => at_ref(members, rest),
        _ => None,
    }
}

fn at<'f>(fields: &'f mut [FieldCode], path: &[usize]) -> Option<&'f mut FieldCode> {
    let (index, rest) = path.split_first()?;
    let field = fields.get_mut(*index)?;
    if rest.is_empty() {
        return Some(field);
    }
    match &mut field.produce {
        Produce::Object(members) => at(members, rest),
        _ => None,
    }
}

/// All slots that these fields and their members read.
pub(super) fn reads(fields: &[FieldCode]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for field in fields {
        slots.extend(&field.reads);
        match &field.produce {
            Produce::Object(members) | Produce::List(members) => slots.extend(reads(members)),
            Produce::Each { body, .. } => slots.extend(reads(body)),
            _ => {}
        }
    }
    slots
}
