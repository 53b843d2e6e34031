//! Which class flows from the columns of the source into a field, whatever is computed on the way.
//!
//! A column has the class that `from` gives it. Where `from` gives none, the [fields](super::evidence) that are made of it
//! speak for it, and for a `let` unless `from` gives a class to every column behind it: what fills `holder.label` is personal wherever else it turns up, and what a check knows as a
//! national identifier is one.
//!
//! **What decides a value flows into it**, not only what is copied: a field has at least the highest class of all that its
//! expression reads, the conditions of `CASE` and the arguments of every function included; of the columns behind a `let`;
//! of what finds the row of a lookup; of what finds the time zone of a moment. `codes` and text verbs change nothing about
//! that.
//!
//! **That something is there is no value.** A condition that chooses records (`when`, `delete_when`), objects (`present_if`)
//! or a class carries nothing into fields, as little as a field that is left out tells what it would have been. One
//! exception: where such a condition reads what is special or secret, being an event or an object says it, so some field must
//! say it openly.
//!
//! What makes a value more open is written down: `protect`; `class:` of a column in `from`, which no field that a check
//! knows as a national identifier lets down; `class:` of a lookup, whose table then speaks for itself; `kind_of`
//! right behind `from`, which leaves of the tax number in that column no more than whether a person or an organisation has
//! it, and counts as internal: of what is computed it can tell anything, and what is special or secret stays so.
//! `class: { when, … }` chooses among the classes of the model, and the field counts as the most closed of them.

use super::{compile::Compiler, evidence::Known};
use crate::{
    mapping::{
        explain::Origin,
        expr::{Expr, Slot},
        file::FieldNode,
        program::{LookupCode, Produce, Read, Step},
        zones::ZoneKey,
    },
    model::{Class, Text},
};

impl Compiler<'_> {
    /// What a field is made of, in the order in which it is met, each once.
    pub(super) fn origins(
        &self,
        node: &FieldNode,
        slots: &[Slot],
        produce: &Produce,
    ) -> Vec<Origin> {
        if let Produce::Parts(parts) = produce {
            return self.origins(node, slots, &parts.of);
        }
        let read = match produce {
            Produce::Expr(expr) => self.known_in(expr),
            _ => slots.iter().filter_map(|slot| self.known(*slot)).collect(),
        };
        let said = match produce {
            Produce::Lookup(lookup) => lookup.class,
            _ => None,
        };
        let mut origins = self.trace(read, said);
        if let (Produce::Slot(slot), Some(_)) = (produce, node.verb("kind_of"))
            && let Some(Known::Column(_) | Known::Element(..)) = self.known(*slot)
            && let Some(column) = origins.first_mut()
            && column.class.is_none_or(|class| class <= Class::PersonalNationalId)
        {
            column.class = Some(Class::Internal);
            column.because = Some("`kind_of` says so".to_owned());
        }
        origins
    }

    /// What an expression is made of.
    fn origins_of(&self, expr: &Expr) -> Vec<Origin> {
        self.trace(self.known_in(expr), None)
    }

    /// Goes back to the columns. `said` is the class that a lookup gives to what it takes, whatever it was found by.
    fn trace(&self, read: Vec<Known>, said: Option<Class>) -> Vec<Origin> {
        let mut origins = Vec::new();
        let mut open: Vec<(Known, Option<&str>, Option<Class>)> =
            read.into_iter().rev().map(|known| (known, None, said)).collect();
        let mut seen = Vec::new();
        while let Some((known, by, said)) = open.pop() {
            if seen.contains(&(known, said)) {
                continue;
            }
            seen.push((known, said));
            let (class, because) = match said {
                Some(class) => (Some(class), Some("the lookup says so".to_owned())),
                None => self.class_of_known(known),
            };
            let by_name = by.map(str::to_owned);
            let origin = Origin { name: self.name_of(known), class, because, by: by_name };
            match known {
                Known::Let(index) => {
                    let step = &self.lets[index];
                    let by = Some(by.unwrap_or(&*step.name));
                    // Where the field that shows a `let` says what it is, so do all others.
                    origins.extend(class.is_some().then_some(Origin { by: None, ..origin }));
                    let (read, said) = match &step.step {
                        Step::Expr(expr) => (self.known_in(expr), said),
                        Step::Lookup(lookup) => (self.keys(lookup), said.or(lookup.class)),
                    };
                    open.extend(read.into_iter().rev().map(|known| (known, by, said)));
                    continue;
                }
                Known::Column(_) | Known::Element(..) => {
                    let (read, zone) = self.zone_keys(known);
                    open.extend(read.into_iter().map(|known| (known, by, said.or(zone))));
                }
            }
            origins.push(origin);
        }
        origins
    }

    /// What finds the time zone of a column, and the class of what is found.
    fn zone_keys(&self, known: Known) -> (Vec<Known>, Option<Class>) {
        let (source, column) = match known {
            Known::Column(source) => (source, None),
            Known::Element(list, column) => (list, Some(column)),
            Known::Let(_) => return (Vec::new(), None),
        };
        let zone = self.zones.iter().find(|code| (code.source, code.column) == (source, column));
        let Some(zone) = zone else { return (Vec::new(), None) };
        let keys = zone.keys.iter().filter_map(|key| match key {
            ZoneKey::Slot(slot) => self.known(*slot),
            ZoneKey::Column(column) => Some(Known::Element(source, *column)),
        });
        (keys.collect(), zone.class)
    }

    /// What finds the row of a lookup.
    fn keys(&self, lookup: &LookupCode) -> Vec<Known> {
        lookup.slots.iter().filter_map(|slot| self.known(*slot)).collect()
    }

    fn name_of(&self, known: Known) -> String {
        match known {
            Known::Column(index) => self.sources[index].name.to_string(),
            Known::Let(index) => self.lets[index].name.to_string(),
            Known::Element(list, column) => {
                let list = &self.sources[list];
                match &list.read {
                    Read::List(columns) => format!("{}.{}", list.name, columns[column].name),
                    Read::Value(_) => list.name.to_string(),
                }
            }
        }
    }

    /// The class of a column or a `let`, and who says so.
    fn class_of_known(&self, known: Known) -> (Option<Class>, Option<String>) {
        let shown = self.evidence.get(known);
        let shows = |field: &str| Some(format!("`{field}` shows it"));
        let given = match known {
            Known::Column(index) => self.sources[index].class,
            Known::Element(list, column) => match &self.sources[list].read {
                Read::List(columns) => columns[column].class,
                Read::Value(_) => None,
            },
            Known::Let(_) => None,
        };
        let national = |class: Class| class == Class::PersonalNationalId;
        if let (Some(given), Some((class, field))) = (given, self.evidence.alone(known))
            && national(*class)
            && given < *class
        {
            return (Some(*class), shows(field));
        }
        match (given, shown) {
            (Some(given), _) => (Some(given), Some("`from` says so".to_owned())),
            (None, Some((class, _))) if !national(*class) && self.is_said(known) => (None, None),
            (None, Some((class, field))) => (Some(*class), shows(field)),
            (None, None) => (None, None),
        }
    }

    /// Whether the mapping says of everything behind a `let` what class it has: then nothing else has to.
    fn is_said(&self, known: Known) -> bool {
        let all = |read: Vec<Known>| {
            !read.is_empty() && read.into_iter().all(|known| self.is_said(known))
        };
        match known {
            Known::Column(index) => self.sources[index].class.is_some(),
            Known::Element(list, column) => match &self.sources[list].read {
                Read::List(columns) => columns[column].class.is_some(),
                Read::Value(_) => false,
            },
            Known::Let(index) => match &self.lets[index].step {
                Step::Expr(expr) => all(self.known_in(expr)),
                Step::Lookup(lookup) => lookup.class.is_some() || all(self.keys(lookup)),
            },
        }
    }

    /// Refuses a condition called `word` over what is special or secret, unless the event says it openly: being there says it.
    pub(super) fn judge_condition(
        &mut self,
        word: &str,
        text: &Text,
        condition: &Expr,
        published: Class,
    ) {
        let origins = self.origins_of(condition);
        let highest = origins.iter().max_by_key(|origin| origin.class);
        let Some((origin, class)) = highest.and_then(|origin| Some((origin, origin.class?))) else {
            return;
        };
        if class < Class::Special || published >= class {
            return;
        }
        let name = &origin.name;
        let message =
            format!("`{word}` reads `{name}`, which is {class}: what follows from it would say so");
        let found = self.form.error("mapping.class_of_condition", text.span.clone(), message);
        found
            .notes
            .extend(origin.because.as_ref().map(|why| format!("`{name}` is {class}: {why}")));
        found.help = Some(format!(
            "give a field of the event `class: {class}`, so that the policy of the topic decides"
        ));
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

#[cfg(test)]
mod tests;
