//! `zone: { lookup: … }`: the table becomes zones, the names become slots.

use std::collections::HashMap;

use super::{compile::Compiler, source::kind};
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        decode::{Gap, Overlap, Zone},
        file::{Entry, Lookup, MappingFile, Miss, zone_lookup},
        program::Read,
        tables::Table,
        value::Type,
        zones::{ZoneCode, ZoneKey, ZoneMiss},
    },
    model::Text,
    yaml::Node,
};

impl Compiler<'_> {
    /// Compiles the zones of all fields that have them from a table.
    pub(super) fn zones(&mut self, file: &MappingFile) {
        for (source, entry) in file.from.iter().enumerate() {
            if let Some(node) = option(entry, "zone").filter(|node| node.entries().is_some())
                && let Some(lookup) = zone_lookup(&mut self.form, node)
                && let Some(code) = self.zone((source, None), entry, &lookup)
            {
                self.zones.push(code);
            }
            for (column, inner) in entry.list.iter().flatten().enumerate() {
                if let Some(node) = option(inner, "zone").filter(|node| node.entries().is_some())
                    && let Some(lookup) = zone_lookup(&mut self.form, node)
                    && let Some(code) = self.zone((source, Some(column)), inner, &lookup)
                {
                    self.zones.push(code);
                }
            }
        }
    }

    fn zone(
        &mut self,
        (source, column): (usize, Option<usize>),
        entry: &Entry,
        lookup: &Lookup,
    ) -> Option<ZoneCode> {
        let table = self.reference_table(&lookup.table);
        let mut keys = Vec::with_capacity(lookup.matches.len());
        for (_, name) in &lookup.matches {
            keys.push(self.zone_key(column.map(|_| source), name)?);
        }
        let table = table?;
        let columns: Vec<Option<usize>> =
            lookup.matches.iter().map(|(column, _)| self.column(&table, column)).collect();
        let take = self.column(&table, &lookup.take)?;
        let columns: Vec<usize> = columns.into_iter().collect::<Option<_>>()?;
        let rules = rules(entry);
        let zones = self.zones_of(&table, &columns, take, lookup, rules)?;
        let miss = match &lookup.miss {
            None | Some(Miss::Reject | Miss::Keep(_)) => ZoneMiss::Reject,
            Some(Miss::Null) => ZoneMiss::Null,
            Some(Miss::Const(node)) => {
                let name = self.form.text(node, "a zone")?;
                match Zone::find(&name.text, rules.0, rules.1) {
                    Ok(zone) => ZoneMiss::Const(Box::new(zone)),
                    Err(meant) => {
                        let message = format!("there is no time zone `{}`", name.text);
                        self.form.error("mapping.decode.zone", name.span, message).help =
                            meant.map(|meant| format!("did you mean `{meant}`?"));
                        return None;
                    }
                }
            }
        };
        Some(ZoneCode { source, column, keys, table: zones, miss, class: lookup.class })
    }

    /// What tells a zone: a column beside it, if it stands in a list, or a value of the record.
    fn zone_key(&mut self, list: Option<usize>, name: &Text) -> Option<ZoneKey> {
        let beside = list.and_then(|list| match &self.sources[list].read {
            Read::List(columns) => {
                let index = columns.iter().position(|column| *column.name == name.text)?;
                Some((list, index, kind(&columns[index])))
            }
            Read::Value(_) => None,
        });
        let (key, found) = match beside {
            Some((list, column, kind)) => {
                self.mark_columns(list, &[column]);
                (ZoneKey::Column(column), kind)
            }
            None => {
                let slot = self.resolve(name, "mapping.unknown_source", name.span.clone())?;
                (ZoneKey::Slot(slot), self.names.find(&name.text)?.kind.clone())
            }
        };
        if matches!(found, Type::Text | Type::Int) {
            return Some(key);
        }
        let message = format!("`{}` is {found}, not text", name.text);
        self.form.error("mapping.type_clash", name.span.clone(), message).help =
            Some("a zone is found by text or a whole number".into());
        None
    }

    fn zones_of(
        &mut self,
        table: &Table,
        columns: &[usize],
        take: usize,
        lookup: &Lookup,
        (overlap, gap): (Overlap, Gap),
    ) -> Option<HashMap<Box<str>, Zone>> {
        let mut zones = HashMap::with_capacity(table.rows.len());
        for row in &table.rows {
            let key: String =
                columns.iter().flat_map(|column| [row[*column].text.as_str(), "\u{1f}"]).collect();
            let (name, span) = (&row[take].text, &row[take].span);
            let place = format!("{}:{}", table.file.name(), table.file.line_column(span.start).0);
            let (code, message) = match Zone::find(name, overlap, gap) {
                Ok(_) if zones.contains_key(key.as_str()) => {
                    let message = format!("the match is not unique in the table `{}`", table.name);
                    ("mapping.lookup_ambiguous", message)
                }
                Ok(zone) => {
                    zones.insert(key.into_boxed_str(), zone);
                    continue;
                }
                Err(_) => {
                    let message = format!("the table `{}` has the time zone `{name}`", table.name);
                    ("mapping.decode.zone", message)
                }
            };
            let span = lookup.table.span.clone();
            let found = Diagnostic::error(code, self.form.file, span, message);
            self.form.push(found.note(format!("it stands in {place}")));
            return None;
        }
        Some(zones)
    }
}

fn option<'a>(entry: &'a Entry, name: &str) -> Option<&'a Node> {
    entry.options.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
}

/// What to do where clocks were changed; words that are none have been reported.
fn rules(entry: &Entry) -> (Overlap, Gap) {
    let word = |name| option(entry, name).and_then(Node::as_text);
    (
        word("overlap").and_then(Overlap::parse).unwrap_or_default(),
        word("gap").and_then(Gap::parse).unwrap_or_default(),
    )
}
