//! Reading blocks whose keys are known, and collecting everything that is wrong with them.
//!
//! Models, mappings, policies and tests are all forms: blocks of known keys with values of a known shape. What
//! is misspelt is never ignored and never stops the reading.

use std::{ops::Range, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, SourceFile},
    yaml::{Key, Node, Value},
};

/// The codes under which one kind of file reports its formal mistakes.
#[derive(Debug)]
pub(crate) struct FormCodes {
    pub(crate) unknown_key: &'static str,
    pub(crate) missing_key: &'static str,
    pub(crate) wrong_shape: &'static str,
    pub(crate) unknown_word: &'static str,
}

/// A scalar and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// One file being read.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    pub(crate) file: &'a Arc<SourceFile>,
    codes: &'static FormCodes,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Form<'a> {
    pub(crate) fn new(file: &'a Arc<SourceFile>, codes: &'static FormCodes) -> Self {
        Self { file, codes, found: Vec::new() }
    }

    /// Reports an error and gives it back for notes and help.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, self.file, span, message))
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.found.push(diagnostic);
        self.found.last_mut().expect("invariant: one was just pushed")
    }

    /// The entries of a block; keys other than `allowed` are reported.
    pub(crate) fn block<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        allowed: &[&str],
    ) -> Option<&'n [(Key, Node)]> {
        let entries = self.names(node, what)?;
        for (key, _) in entries {
            if !allowed.contains(&key.text.as_str()) {
                self.unknown_key(key, what, allowed);
            }
        }
        Some(entries)
    }

    pub(crate) fn unknown_key(&mut self, key: &Key, what: &str, allowed: &[&str]) {
        let message = format!("{what} has no key `{}`", key.text);
        let found = Diagnostic::error(self.codes.unknown_key, self.file, key.span.clone(), message)
            .label("unknown key")
            .note(format!("known keys: {}", allowed.join(", ")))
            .did_you_mean(&key.text, allowed.iter().copied());
        self.push(found);
    }

    /// The entries of a block whose keys are names that the writer chose.
    pub(crate) fn names<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        let entries = node.entries();
        if entries.is_none() {
            self.shape(node, what, "a block of keys");
        }
        entries
    }

    /// Reports that a required key is absent.
    pub(crate) fn missing(&mut self, at: Range<usize>, what: &str, key: &str) {
        let message = format!("{what} needs the key `{key}`");
        self.error(self.codes.missing_key, at, message);
    }

    /// Reports a value of the wrong shape.
    pub(crate) fn shape(&mut self, node: &Node, what: &str, expected: &str) {
        let message = format!("{what} must be {expected}, not {}", node.describe());
        self.error(self.codes.wrong_shape, one_line(self.file, &node.span), message);
    }

    /// A scalar, whatever it looks like.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        match &node.value {
            Value::Scalar { text, .. } => {
                Some(Text { text: text.clone(), span: node.span.clone() })
            }
            _ => {
                self.shape(node, what, "text");
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        let flag = node.as_bool();
        if flag.is_none() {
            self.shape(node, what, "true or false");
        }
        flag
    }

    /// A whole number from 0 to `most`.
    pub(crate) fn count(&mut self, node: &Node, what: &str, most: usize) -> Option<usize> {
        let count = node
            .as_i64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| *number <= most);
        if count.is_none() {
            self.shape(node, what, &format!("a whole number from 0 to {most}"));
        }
        count
    }

    /// A list of scalars; a single scalar is a list of one.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Text> {
        match &node.value {
            Value::Scalar { .. } => self.text(node, what).into_iter().collect(),
            Value::Sequence(items) => {
                items.iter().filter_map(|item| self.text(item, what)).collect()
            }
            _ => {
                self.shape(node, what, "a list");
                Vec::new()
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let known = words.iter().find(|(word, _)| *word == text.text).map(|(_, value)| *value);
        if known.is_none() {
            let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let found = Diagnostic::error(
                self.codes.unknown_word,
                self.file,
                text.span.clone(),
                format!("{what} is one of {}", list.join(", ")),
            )
            .did_you_mean(&text.text, list.iter().copied());
            self.push(found);
        }
        known
    }
}

/// The first line of a span: a block of many lines is underlined where it begins.
pub(crate) fn one_line(file: &SourceFile, span: &Range<usize>) -> Range<usize> {
    let text = file.text().get(span.clone()).unwrap_or_default();
    let len = text.lines().next().map_or(0, str::len);
    span.start..span.start + len
}
