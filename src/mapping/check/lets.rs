//! `let`: names for intermediate values, computed once, in the order in which they depend on each other.

use std::cell::RefCell;

use super::{compile::Compiler, scope::Probe};
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        expr,
        file::{LetNode, MappingFile},
        program::{Let, Step},
        value::Type,
    },
    model::Text,
};

impl Compiler<'_> {
    /// Compiles the `let`s and makes their names known.
    pub(super) fn lets(&mut self, lets: &[(Text, LetNode)]) {
        for (name, _) in lets {
            self.judge_name(name);
        }
        let names: Vec<&str> = lets.iter().map(|(name, _)| name.text.as_str()).collect();
        let needs: Vec<Vec<usize>> = lets
            .iter()
            .map(|(_, node)| match node {
                LetNode::Expr(text) => {
                    let probe =
                        Probe { known: &self.names, lets: &names, found: RefCell::new(Vec::new()) };
                    // Only its questions matter; its mistakes are reported when it is compiled for good.
                    let _ = expr::compile(&text.text, &probe);
                    probe.found.into_inner()
                }
                LetNode::Lookup(lookup) => {
                    let place = |name: &Text| names.iter().position(|known| *known == name.text);
                    lookup.matches.iter().filter_map(|(_, name)| place(name)).collect()
                }
            })
            .collect();
        let mut done = vec![false; lets.len()];
        while let Some(ready) = (0..lets.len())
            .find(|index| !done[*index] && needs[*index].iter().all(|needed| done[*needed]))
        {
            done[ready] = true;
            self.one(&lets[ready]);
        }
        for index in (0..lets.len()).filter(|index| !done[*index]) {
            let (name, _) = &lets[index];
            let circle: Vec<&str> = needs[index]
                .iter()
                .filter(|needed| !done[**needed])
                .map(|needed| names[*needed])
                .collect();
            let message = format!("`{}` depends on itself", name.text);
            self.form
                .error("mapping.let_cycle", name.span.clone(), message)
                .notes
                .push(format!("by way of {}", circle.join(", ")));
            let slot = self.slot();
            self.names.add(&name.text, slot, Type::Text);
            self.names.find(&name.text);
            self.broken.push(slot);
        }
    }

    fn one(&mut self, (name, node): &(Text, LetNode)) {
        let slot = self.slot();
        let step = match node {
            LetNode::Expr(text) => {
                self.expression(text).map(|expr| (expr.kind().clone(), Step::Expr(expr)))
            }
            LetNode::Lookup(lookup) => {
                self.lookup_code(lookup).map(|code| (Type::Text, Step::Lookup(Box::new(code))))
            }
        };
        match step {
            Some((kind, step)) => {
                self.names.add(&name.text, slot, kind);
                self.lets.push(Let { name: name.text.as_str().into(), slot, step });
            }
            // Known all the same, so that its uses are not reported as unknown.
            None => {
                self.names.add(&name.text, slot, Type::Text);
                self.broken.push(slot);
            }
        }
    }

    fn judge_name(&mut self, name: &Text) {
        let folded = name.text.to_lowercase();
        let twin = self.names.names.iter().find(|known| known.name.to_lowercase() == folded);
        let Some(twin) = twin.map(|twin| twin.name.clone()) else { return };
        self.names.find(&twin);
        let found = if twin == name.text {
            let message = format!("`{twin}` is already a source field");
            Diagnostic::error("mapping.let_shadows", self.form.file, name.span.clone(), message)
        } else {
            let message =
                format!("`{}` differs from the source field `{twin}` only in case", name.text);
            Diagnostic::error("mapping.let_case", self.form.file, name.span.clone(), message)
        };
        self.form.push(found.help("give it a name of its own"));
    }
}

/// Warns of `let`s that nothing uses.
pub(super) fn unused(compiler: &mut Compiler<'_>, file: &MappingFile) {
    for (name, _) in &file.lets {
        let used =
            compiler.names.names.iter().any(|known| known.name == name.text && known.used.get());
        if !used {
            let message = format!("`{}` is never used", name.text);
            let warning = Diagnostic::warning(
                "mapping.unused_let",
                compiler.form.file,
                name.span.clone(),
                message,
            );
            compiler.form.push(warning);
        }
    }
}
