//! Which class flows from the columns of the source into a field, whatever is computed on the way.
//!
//! A column has the class that `from` gives it. Where `from` gives none, the fields that it becomes as it is speak for
//! it: what fills `holder.label` is personal wherever else it turns up, and what a check knows as a national
//! identifier is one. A `let` and an expression have the highest class of what they read. What `lookup` takes is the
//! table's word and not the record's: its class is that of the field. A condition that only chooses records carries
//! nothing.

use std::collections::BTreeMap;

use super::compile::Compiler;
use crate::{
    mapping::{
        explain::Origin,
        expr::{Expr, Slot},
        file::{FieldNode, Producer},
        identifiers::Identifier,
        program::{Produce, Read, Source},
    },
    model::{Class, Kind, Shape},
};

/// What is known of the classes of columns, by name.
#[derive(Debug, Default)]
pub(super) struct Evidence(BTreeMap<String, (Class, String)>);

impl Evidence {
    /// What the fields say about the columns that become them.
    pub(super) fn of(fields: &[FieldNode], shape: &Shape) -> Self {
        let mut evidence = Self::default();
        evidence.walk(fields, Some(shape), "", Class::Public);
        evidence
    }

    fn walk(&mut self, nodes: &[FieldNode], shape: Option<&Shape>, around: &str, class: Class) {
        for node in nodes {
            let target = shape.and_then(|shape| shape.field(&node.name.text));
            let own = target.and_then(|target| target.classes.iter().min().copied());
            let given = node.class.as_ref().and_then(|given| given.classes.iter().min().copied());
            let class = own.unwrap_or(class).max(class).max(given.unwrap_or(Class::Public));
            let path = format!("{around}{}", node.name.text);
            let inner = target.and_then(|target| match &target.kind {
                Kind::Object(shape) => Some(&**shape),
                _ => None,
            });
            match &node.producer {
                Producer::From(name) => self.see(node, &name.text, class, &path),
                Producer::Object(members) => {
                    self.walk(members, inner, &format!("{path}."), class);
                }
                Producer::List(items) => {
                    for item in items {
                        match &item.producer {
                            Producer::Object(members) => {
                                self.walk(members, inner, &format!("{path}."), class);
                            }
                            Producer::From(name) => self.see(item, &name.text, class, &path),
                            _ => {}
                        }
                    }
                }
                Producer::Each(each) => self.walk(&each.body, inner, &format!("{path}."), class),
                _ => {}
            }
        }
    }

    fn see(&mut self, node: &FieldNode, column: &str, class: Class, path: &str) {
        let national = node.checks.iter().any(|(key, value)| {
            let word = value.as_text().filter(|_| key.text == "check");
            Identifier::WORDS.iter().any(|(known, id)| Some(*known) == word && id.is_national_id())
        });
        let class = if national { Class::PersonalNationalId } else { class };
        if !class.is_personal() {
            return;
        }
        let known = self.0.entry(column.to_owned()).or_insert_with(|| (class, path.to_owned()));
        if known.0 < class {
            *known = (class, path.to_owned());
        }
    }
}

impl Compiler<'_> {
    /// The columns behind these slots, in the order in which they are met, each once.
    pub(super) fn origins(&self, slots: &[Slot], produce: &Produce) -> Vec<Origin> {
        let table = matches!(produce, Produce::Lookup(_));
        let mut origins: Vec<Origin> = Vec::new();
        if let Produce::Expr(expr) = produce {
            self.origins_in_lists(expr, None, &mut origins);
        }
        let mut open: Vec<(Slot, Option<&str>)> =
            slots.iter().rev().map(|slot| (*slot, None)).collect();
        let mut seen = Vec::new();
        while let Some((slot, by)) = open.pop() {
            if seen.contains(&slot) {
                continue;
            }
            seen.push(slot);
            if let Some(step) = self.lets.iter().find(|step| step.slot == slot) {
                let inner: Vec<Slot> = step.expr.slots().collect();
                self.origins_in_lists(&step.expr, Some(by.unwrap_or(&step.name)), &mut origins);
                open.extend(inner.iter().rev().map(|slot| (*slot, Some(by.unwrap_or(&step.name)))));
                // Where the field that shows a `let` says what it is, so do all others.
                if let Some((class, field)) = self.evidence.0.get(&*step.name).filter(|_| !table) {
                    let because = Some(format!("`{field}` shows it"));
                    let (name, class) = (step.name.to_string(), Some(*class));
                    origins.push(Origin { name, class, because, by: None });
                }
                continue;
            }
            let Some(name) = self.names.names.iter().find(|name| name.slot == slot) else {
                continue;
            };
            let (class, because) = self.column_class(&name.name);
            origins.push(Origin {
                name: name.name.clone(),
                class: class.filter(|_| !table),
                because: because.filter(|_| !table),
                by: by.map(str::to_owned),
            });
        }
        origins
    }

    /// The columns that functions over lists read.
    fn origins_in_lists(&self, expr: &Expr, by: Option<&str>, origins: &mut Vec<Origin>) {
        for fold in expr.folds() {
            let Some(source) = self.sources.get(usize::from(fold.list)) else { continue };
            let Read::List(columns) = &source.read else { continue };
            for column in fold.columns.iter().filter_map(|(index, _)| columns.get(*index)) {
                let (class, because) = self.column_class(&column.name);
                let name = format!("{}.{}", source.name, column.name);
                origins.push(Origin { name, class, because, by: by.map(str::to_owned) });
            }
        }
    }

    /// The class of a column and who says so.
    fn column_class(&self, name: &str) -> (Option<Class>, Option<String>) {
        let evidence = self.evidence.0.get(name);
        if let Some(given) = given(&self.sources, name) {
            let national = evidence.filter(|(class, _)| *class == Class::PersonalNationalId);
            return match national {
                Some((class, field)) if given < *class => {
                    (Some(*class), Some(format!("`{field}` shows it")))
                }
                _ => (Some(given), Some("`from` says so".to_owned())),
            };
        }
        match evidence {
            Some((class, field)) => (Some(*class), Some(format!("`{field}` shows it"))),
            None => (None, None),
        }
    }

    /// Refuses a field that is more open than what it is made of. Gives the class of what it is made of.
    pub(super) fn judge_origins(
        &mut self,
        node: &FieldNode,
        (class, published): (Class, impl Fn(Class) -> Class),
        origins: &[Origin],
    ) -> Class {
        let highest = origins.iter().filter(|origin| origin.class.is_some());
        let Some(origin) = highest.max_by_key(|origin| origin.class) else { return class };
        let flows = origin.class.unwrap_or(class);
        let shown = published(flows);
        if shown <= class {
            return class.max(flows);
        }
        let (field, name) = (&node.name.text, &origin.name);
        let message = format!("`{field}` is {class} and made of `{name}`, which is {flows}");
        let by = origin.by.as_ref().map(|by| format!("it comes by way of `{by}`"));
        let because = origin.because.as_ref().map(|why| format!("`{name}` is {flows}: {why}"));
        let found = self.form.error("mapping.class_of_source", node.span.clone(), message);
        found.notes.extend(because.into_iter().chain(by));
        found.help = Some(if node.protect.is_some() {
            format!(
                "protected it is still {shown}: raise the class of the field (`class: {shown}`)"
            )
        } else {
            let raise = format!("raise the class of the field (`class: {flows}`) or protect it");
            if flows == Class::PersonalNationalId {
                raise
            } else {
                format!(
                    "{raise}; if `{name}` is more open than that, say so in `from`: `class: {class}`"
                )
            }
        });
        class
    }
}

/// The class that `from` gives to a column, also of a list.
fn given(sources: &[Source], name: &str) -> Option<Class> {
    sources.iter().find_map(|source| match &source.read {
        Read::Value(_) => source.class.filter(|_| *source.name == *name),
        Read::List(columns) => {
            given(columns, name.rsplit_once('.').map_or(name, |(_, column)| column))
        }
    })
}
