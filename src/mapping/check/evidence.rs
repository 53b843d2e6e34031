//! What the fields of a mapping say about the classes of columns.
//!
//! What is computed of one column alone can tell no more than the column does. So where such a field is personal, the
//! column is, however the value gets there: as it is, by an expression, a template, a table of codes, a `let`. And where
//! a field asks for the `kind_of` a tax number, or checks one, it is a national identifier whatever the field is.
//!
//! Of several columns together any may be the personal one, so all are taken to be, until `from` says of a column what class it
//! has: then that holds. A lookup adds what its table knows and speaks for no column.

use std::{cell::RefCell, collections::BTreeMap};

use super::compile::Compiler;
use crate::{
    mapping::{
        expr::{self, Expr, Scope, Slot},
        file::{FieldNode, Producer},
        identifiers::Identifier,
        program::{Read, Source, Step},
        value::Type,
    },
    model::{Class, Field, Kind, Shape},
};

/// Something that a mapping reads, whatever it is called where it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// A field of `from`.
    Column(usize),
    /// A column of the list that this field of `from` is.
    Element(usize, usize),
    /// A `let`.
    Let(usize),
}

/// What is known of the classes of columns and `let`s, and which field shows it.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// By fields that are made of it alone.
    alone: BTreeMap<Known, Shown>,
    /// By fields that are made of several things.
    together: BTreeMap<Known, Shown>,
}

/// A class, and the path of the field that shows it.
type Shown = (Class, String);

impl Evidence {
    /// The most closed class that a field shows, and the path of the field.
    pub(super) fn get(&self, known: Known) -> Option<&Shown> {
        let all = [self.alone.get(&known), self.together.get(&known)];
        all.into_iter().flatten().max_by_key(|(class, _)| *class)
    }

    /// The same by fields that are made of nothing else.
    pub(super) fn alone(&self, known: Known) -> Option<&Shown> {
        self.alone.get(&known)
    }

    fn note(&mut self, known: Known, alone: bool, class: Class, path: &str) {
        let notes = if alone { &mut self.alone } else { &mut self.together };
        let entry = notes.entry(known).or_insert_with(|| (class, path.to_owned()));
        if entry.0 < class {
            *entry = (class, path.to_owned());
        }
    }
}

/// A list that is being walked over, and what its elements are called.
type Walked<'f> = (usize, Option<&'f str>);

/// A walk over the fields of a mapping.
struct Walk<'c, 'f> {
    compiler: &'c Compiler<'c>,
    lists: Vec<Walked<'f>>,
    evidence: Evidence,
}

impl Compiler<'_> {
    /// What the fields say about the columns that they are made of.
    pub(super) fn evidence_of(&self, fields: &[FieldNode], shape: &Shape) -> Evidence {
        let mut walk = Walk { compiler: self, lists: Vec::new(), evidence: Evidence::default() };
        walk.members(fields, Some(shape), ("", Class::Public));
        walk.evidence
    }

    /// What stands in this slot: nothing with a name, where a function over a list has its result.
    pub(super) fn known(&self, slot: Slot) -> Option<Known> {
        let index = usize::from(slot);
        if index < self.sources.len() {
            return Some(Known::Column(index));
        }
        if let Some(index) = self.lets.iter().position(|step| step.slot == slot) {
            return Some(Known::Let(index));
        }
        let (_, list, column) = self.elements.iter().find(|(known, ..)| *known == slot)?;
        Some(Known::Element(*list, *column))
    }

    /// What an expression reads; a list only where nothing but its length matters.
    pub(super) fn known_in(&self, expr: &Expr) -> Vec<Known> {
        let folds = expr.folds().iter().flat_map(|fold| {
            let columns = fold.columns.iter();
            columns.map(|(column, _)| Known::Element(usize::from(fold.list), *column))
        });
        each_once(expr.slots().filter_map(|slot| self.known(slot)).chain(folds).collect())
    }
}

/// In order, each once; where columns of a list are read, the list is not named beside them.
fn each_once(mut all: Vec<Known>) -> Vec<Known> {
    all.sort_unstable();
    all.dedup();
    let element = |known: &Known| match known {
        Known::Element(list, _) => Some(*list),
        Known::Column(_) | Known::Let(_) => None,
    };
    let lists: Vec<usize> = all.iter().filter_map(element).collect();
    all.retain(|known| !matches!(known, Known::Column(index) if lists.contains(index)));
    all
}

impl<'f> Walk<'_, 'f> {
    fn members(
        &mut self,
        nodes: &'f [FieldNode],
        shape: Option<&Shape>,
        (around, class): (&str, Class),
    ) {
        for node in nodes {
            let target = shape.and_then(|shape| shape.field(&node.name.text));
            let own = target.and_then(|target| target.classes.iter().min().copied());
            let path = format!("{around}{}", node.name.text);
            self.field(node, target, (&path, own.unwrap_or(class).max(class)));
        }
    }

    fn field(&mut self, node: &'f FieldNode, target: Option<&Field>, (path, class): (&str, Class)) {
        // Where the class depends on the value, the column may hold the most closed one.
        let given = node.class.as_ref().and_then(|given| given.classes.iter().max().copied());
        let class = class.max(given.unwrap_or(Class::Public));
        let inner = target.and_then(|target| match &target.kind {
            Kind::Object(shape) => Some(&**shape),
            _ => None,
        });
        match &node.producer {
            Producer::Object(members) => {
                self.members(members, inner, (&format!("{path}."), class));
            }
            Producer::List(items) => {
                for item in items {
                    self.field(item, target, (path, class));
                }
            }
            Producer::Each(each) => {
                let sources = &self.compiler.sources;
                let list = sources.iter().position(|source| *source.name == each.list.text);
                let Some(list) = list else { return };
                self.lists.push((list, each.name.as_ref().map(|name| name.text.as_str())));
                match &each.body[..] {
                    [value] if each.single => self.field(value, target, (path, class)),
                    body => self.members(body, inner, (&format!("{path}."), class)),
                }
                self.lists.pop();
            }
            Producer::From(name) => {
                let reading = self.reading();
                reading.lookup(&name.text);
                let read = reading.found.into_inner();
                self.see(node, read, class, path);
            }
            Producer::Template(text) => {
                let reading = self.reading();
                let names = text.text.split('{').skip(1).filter_map(|part| part.split_once('}'));
                names.for_each(|(name, _)| drop(reading.lookup(name)));
                let read = reading.found.into_inner();
                self.see(node, read, class, path);
            }
            Producer::Expr(text) => {
                let reading = self.reading();
                // Only its questions matter; its mistakes are reported when it is compiled for good.
                let _ = expr::compile(&text.text, &reading);
                let read = reading.found.into_inner();
                self.see(node, read, class, path);
            }
            Producer::Const(_) | Producer::Lookup(_) | Producer::Unreadable => {}
        }
    }

    fn reading(&self) -> Reading<'_, 'f> {
        Reading { compiler: self.compiler, lists: &self.lists, found: RefCell::default() }
    }

    /// What a field reads is as closed as the field; so is what that is made of.
    fn see(&mut self, node: &FieldNode, read: Vec<Known>, class: Class, path: &str) {
        let class = match node.verb("kind_of") {
            // How closed the field is tells nothing: whose number it is, is all that is left of it. But it was a number.
            Some(_) => Class::PersonalNationalId,
            None if is_national(node) => class.max(Class::PersonalNationalId),
            None => class,
        };
        if !class.is_personal() {
            return;
        }
        let compiler = self.compiler;
        let (mut open, mut alone) = (read, true);
        // A `let` reads only what stands above it, so this ends.
        while !open.is_empty() {
            let read = each_once(std::mem::take(&mut open));
            alone &= read.len() == 1;
            for known in read {
                self.evidence.note(known, alone, class, path);
                if let Known::Let(index) = known
                    && let Step::Expr(expr) = &compiler.lets[index].step
                {
                    open.extend(compiler.known_in(expr));
                }
            }
        }
    }
}

/// Whether a check says that the value is a national identifier.
fn is_national(node: &FieldNode) -> bool {
    let checks = node.checks.iter().filter(|(key, _)| key.text == "check");
    let mut words = checks.flat_map(|(_, value)| match value.items() {
        Some(items) => items.iter().filter_map(|item| item.as_text()).collect(),
        None => value.as_text().into_iter().collect::<Vec<_>>(),
    });
    words.any(|word| {
        Identifier::WORDS.iter().any(|(known, id)| *known == word && id.is_national_id())
    })
}

/// Collects what a field reads, by the rules by which its names will be found.
struct Reading<'c, 'f> {
    compiler: &'c Compiler<'c>,
    lists: &'c [Walked<'f>],
    found: RefCell<Vec<Known>>,
}

impl Reading<'_, '_> {
    fn columns(&self, list: usize) -> &[Source] {
        match self.compiler.sources.get(list).map(|source| &source.read) {
            Some(Read::List(columns)) => columns,
            _ => &[],
        }
    }

    fn element(&self, name: &str) -> Option<(Known, Type)> {
        let taken = self.compiler.names.names.iter().any(|known| known.name == name);
        self.lists.iter().rev().find_map(|(list, element)| {
            let called = element.and_then(|element| name.strip_prefix(element)?.strip_prefix('.'));
            let name = called.or((!taken).then_some(name))?;
            let columns = self.columns(*list);
            let index = columns.iter().position(|column| *column.name == *name)?;
            Some((Known::Element(*list, index), super::source::kind(&columns[index])))
        })
    }
}

impl Scope for Reading<'_, '_> {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        if let Some((known, kind)) = self.element(name) {
            self.found.borrow_mut().push(known);
            return Some((0, kind, true));
        }
        let found = self.compiler.names.names.iter().rev().find(|known| known.name == name)?;
        let known = self.compiler.known(found.slot);
        self.found.borrow_mut().extend(known);
        Some((found.slot, found.kind.clone(), true))
    }

    fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    fn column(&self, list: &str, column: &str) -> Option<(usize, Slot, Type)> {
        let sources = &self.compiler.sources;
        let list = sources.iter().position(|source| *source.name == *list)?;
        let columns = self.columns(list);
        let index = columns.iter().position(|known| *known.name == *column)?;
        self.found.borrow_mut().push(Known::Element(list, index));
        Some((index, 0, super::source::kind(&columns[index])))
    }

    fn new_slot(&self) -> Option<Slot> {
        Some(0)
    }
}
