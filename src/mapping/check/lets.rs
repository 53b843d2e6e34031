//! `let`: names for intermediate values, computed once, in the order in which they depend on each other.

use std::cell::RefCell;

use super::{compile::Compiler, scope::Probe};
use crate::{
    diagnostic::Diagnostic,
    mapping::{expr, file::MappingFile, program::Let, value::Type},
    model::Text,
};

impl Compiler<'_> {
    /// Compiles the `let`s and makes their names known.
    pub(super) fn lets(&mut self, lets: &[(Text, Text)]) {
        for (name, _) in lets {
            self.judge_name(name);
        }
        let names: Vec<&str> = lets.iter().map(|(name, _)| name.text.as_str()).collect();
        let needs: Vec<Vec<usize>> = lets
            .iter()
            .map(|(_, text)| {
                let probe =
                    Probe { known: &self.names, lets: &names, found: RefCell::new(Vec::new()) };
                // Only its questions matter; its mistakes are reported when it is compiled for good.
                let _ = expr::compile(&text.text, &probe);
                probe.found.into_inner()
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

    fn one(&mut self, (name, text): &(Text, Text)) {
        let slot = self.slot();
        match self.expression(text) {
            Some(expr) => {
                self.names.add(&name.text, slot, expr.kind().clone());
                self.lets.push(Let { name: name.text.as_str().into(), slot, expr });
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
