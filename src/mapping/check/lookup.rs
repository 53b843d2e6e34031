//! `lookup`: joins with reference tables; and tables by name.

use std::{collections::HashMap, sync::Arc};

use super::{compile::Compiler, fit::Flow};
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        file::Lookup,
        program::{LookupCode, Produce},
        tables::Table,
        value::Type,
    },
    model::{Kind, Text},
};

impl Compiler<'_> {
    /// The table of this name, which from now on is a part of the mapping.
    pub(super) fn table(&mut self, name: &Text) -> Option<Arc<Table>> {
        let tables = self.context.tables;
        if let Some(table) = tables.get(&name.text) {
            self.tables.insert(name.text.clone());
            return Some(Arc::clone(table));
        }
        let message = format!("there is no table `{}`", name.text);
        let found =
            Diagnostic::error("mapping.unknown_codes", self.form.file, name.span.clone(), message)
                .label(format!("no `codes/{}.csv`", name.text))
                .did_you_mean(&name.text, tables.keys().map(String::as_str));
        self.form.push(found);
        None
    }

    /// The reference table of a lookup, whose snapshot the events will name.
    pub(super) fn reference_table(&mut self, name: &Text) -> Option<Arc<Table>> {
        let table = self.table(name)?;
        self.looked_up.insert(name.text.clone());
        Some(table)
    }

    pub(super) fn lookup(&mut self, lookup: &Lookup) -> Option<(Produce, Flow)> {
        let code = self.lookup_code(lookup)?;
        Some((Produce::Lookup(Box::new(code)), Flow::of(Some(Type::Text))))
    }

    /// The join itself: of a field or of a `let`.
    pub(super) fn lookup_code(&mut self, lookup: &Lookup) -> Option<LookupCode> {
        let table = self.reference_table(&lookup.table);
        let slots: Vec<Option<_>> = lookup
            .matches
            .iter()
            .map(|(_, name)| self.resolve(name, "mapping.unknown_source", name.span.clone()))
            .collect();
        let table = table?;
        let columns: Vec<Option<usize>> =
            lookup.matches.iter().map(|(column, _)| self.column(&table, column)).collect();
        let take = self.column(&table, &lookup.take)?;
        let slots: Vec<_> = slots.into_iter().collect::<Option<_>>()?;
        let columns: Vec<usize> = columns.into_iter().collect::<Option<_>>()?;
        let mut entries: HashMap<Box<str>, Box<str>> = HashMap::with_capacity(table.rows.len());
        for row in &table.rows {
            let key: String =
                columns.iter().flat_map(|column| [row[*column].text.as_str(), "\u{1f}"]).collect();
            let value = row[take].text.as_str().into();
            if entries.insert(key.into(), value).is_some() {
                let (line, _) = table.file.line_column(row[columns[0]].span.start);
                let message =
                    format!("the match is not unique in the table `{}`", lookup.table.text);
                self.form
                    .error("mapping.lookup_ambiguous", lookup.table.span.clone(), message)
                    .notes
                    .push(format!("{}:{line} has the same values again", table.file.name()));
                break;
            }
        }
        let miss = self.miss(lookup.miss.as_ref(), &Kind::Text);
        let name = lookup.table.text.as_str().into();
        Some(LookupCode { name, slots, table: entries, miss, class: lookup.class })
    }

    pub(super) fn column(&mut self, table: &Table, name: &Text) -> Option<usize> {
        let found = table.column(&name.text);
        if found.is_none() {
            let message = format!("the table `{}` has no column `{}`", table.name, name.text);
            let unknown = Diagnostic::error(
                "mapping.unknown_column",
                self.form.file,
                name.span.clone(),
                message,
            )
            .did_you_mean(&name.text, table.columns.iter().map(String::as_str));
            self.form.push(unknown);
        }
        found
    }
}
