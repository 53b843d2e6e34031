//! Paths of structured sources: `cfdi:Emisor/@Rfc`.
//!
//! A path goes from the record, or from the element of a list, down to one element or attribute. Names are qualified by the
//! prefixes of `namespaces`, never by those of the document. Nothing is searched or counted: what may stand there several
//! times is a list.

use super::compile::Compiler;
use crate::{
    diagnostic::Diagnostic,
    mapping::file::{Entry, MappingFile},
    model::Text,
};

impl Compiler<'_> {
    /// Judges every path of `from`; gives the first, which says that the source must be structured.
    pub(super) fn paths(&mut self, file: &MappingFile) -> Option<Text> {
        let outer = file.from.iter();
        let all: Vec<&Entry> = outer
            .flat_map(|entry| std::iter::once(entry).chain(entry.list.iter().flatten()))
            .collect();
        for entry in &all {
            if let Some(path) = &entry.path {
                self.path(path, entry.list.is_some(), &file.namespaces);
            }
        }
        all.iter().find_map(|entry| entry.path.clone())
    }

    fn path(&mut self, path: &Text, list: bool, namespaces: &[(Text, Text)]) {
        let steps: Vec<&str> = path.text.split('/').collect();
        for (index, step) in steps.iter().enumerate() {
            let attribute = step.starts_with('@');
            let name = step.strip_prefix('@').unwrap_or(step);
            let (prefix, local) = match name.split_once(':') {
                Some((prefix, local)) => (Some(prefix), local),
                None => (None, name),
            };
            let fault = match () {
                () if !prefix.is_none_or(is_name) || !is_name(local) => {
                    Some("is made of names, with `/` between them and `@` before an attribute")
                }
                () if attribute && index + 1 < steps.len() => Some("ends with an attribute"),
                () if attribute && list => Some("of a list leads to elements, not to an attribute"),
                () => None,
            };
            if let Some(fault) = fault {
                let message = format!("a path {fault}");
                self.form.error("mapping.bad_path", path.span.clone(), message);
                return;
            }
            if let Some(prefix) = prefix {
                self.prefix(prefix, path, namespaces);
            }
        }
    }

    fn prefix(&mut self, prefix: &str, path: &Text, namespaces: &[(Text, Text)]) {
        if namespaces.iter().any(|(known, _)| known.text == prefix) {
            return;
        }
        let found = Diagnostic::error(
            "mapping.unknown_prefix",
            self.form.file,
            path.span.clone(),
            format!("`namespaces` has no prefix `{prefix}`"),
        )
        .did_you_mean(prefix, namespaces.iter().map(|(known, _)| known.text.as_str()));
        self.form.push(found);
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnostic::SourceFile,
        mapping::{self, Texts, protect::AnyKeys},
    };

    fn codes(path: &str, list: bool) -> Vec<&'static str> {
        let entry = if list {
            format!(
                "ID: text\n  L: {{ path: {path:?}, list: {{ V: {{ path: \"@v\", type: text }} }} }}"
            )
        } else {
            format!("ID: {{ path: {path:?}, type: text }}")
        };
        let each = if list { "  tags: { each: { in: L, value: V } }\n" } else { "" };
        let text = format!(
            "mapping: m\nto: note/1\nnamespaces: {{ cfdi: \"http://www.sat.gob.mx/cfd/4\" }}\nfrom:\n  {entry}\nkey: id\nfields:\n  id: ID\n{each}"
        );
        let model = "model: note\nversion: 1\nfields:\n  id: { type: text, required: true, class: internal }\n  tags: { type: text, many: true, class: internal }\n";
        let texts = Texts {
            mappings: vec![SourceFile::new("m.yaml", text)],
            models: vec![SourceFile::new("models/note.yaml", model)],
            ..Texts::default()
        };
        let (_, found) = mapping::check(&texts, &AnyKeys);
        found.into_iter().map(|found| found.code).collect()
    }

    #[test]
    fn a_path_leads_down_to_an_element_or_an_attribute() {
        for path in ["@Fecha", "cfdi:Emisor/@Rfc", "Stmt/Acct/Id/IBAN", "@cfdi:a", "año_1/b-c.d"] {
            assert!(codes(path, false).is_empty(), "{path}");
        }
        assert!(codes("cfdi:Conceptos/cfdi:Concepto", true).is_empty());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "/a", "a//b", "a/", "@a/b", "a[1]", "//a", "..", "@", "a:b:c", "1a", ":a"]
        {
            assert_eq!(codes(path, false), ["mapping.bad_path"], "{path}");
        }
        assert_eq!(codes("a/@b", true), ["mapping.bad_path"]);
    }

    #[test]
    fn a_prefix_must_be_declared() {
        assert_eq!(codes("cfd:Emisor/@Rfc", false), ["mapping.unknown_prefix"]);
        assert_eq!(codes("xml:lang", false), ["mapping.unknown_prefix"]);
    }
}
