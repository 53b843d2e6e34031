//! The names that a mapping may use, and which of them it does.

use std::cell::{Cell, RefCell};

use crate::mapping::{
    expr::{Scope, Slot},
    value::Type,
};

/// A name with a value.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) slot: Slot,
    pub(super) kind: Type,
    pub(super) nullable: bool,
    pub(super) used: Cell<bool>,
}

/// All names visible at one place. Later ones hide none: a name stands once.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: Vec<Name>,
    /// The first slot that is not taken.
    next: Cell<Slot>,
    lists: Vec<ListColumns>,
    /// Columns of lists that functions over lists read: list, column, slot.
    opened: RefCell<Vec<(usize, usize, Slot)>>,
}

/// A list of `from` with the columns of its elements.
#[derive(Debug)]
struct ListColumns {
    name: String,
    source: usize,
    columns: Vec<(String, Type)>,
}

impl Names {
    /// Takes the next slot.
    pub(super) fn slot(&self) -> Slot {
        let slot = self.next.get();
        self.next.set(slot.saturating_add(1));
        slot
    }

    /// How many slots are taken.
    pub(super) fn slots(&self) -> usize {
        usize::from(self.next.get())
    }

    /// Makes the columns of a list known to functions over lists.
    pub(super) fn add_list(&mut self, name: &str, source: usize, columns: Vec<(String, Type)>) {
        self.lists.push(ListColumns { name: name.to_owned(), source, columns });
    }

    /// Columns that functions over lists read: source, column.
    pub(super) fn opened(&self) -> Vec<(usize, usize)> {
        self.opened.borrow().iter().map(|(source, column, _)| (*source, *column)).collect()
    }

    pub(super) fn add(&mut self, name: &str, slot: Slot, kind: Type) {
        self.names.push(Name {
            name: name.to_owned(),
            slot,
            kind,
            nullable: true,
            used: Cell::new(false),
        });
    }

    pub(super) fn find(&self, name: &str) -> Option<&Name> {
        let found = self.names.iter().rev().find(|known| known.name == name)?;
        found.used.set(true);
        Some(found)
    }

    pub(super) fn is_used(&self, slot: Slot) -> bool {
        self.names.iter().any(|name| name.slot == slot && name.used.get())
    }
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        self.find(name).map(|found| (found.slot, found.kind.clone(), found.nullable))
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(|name| name.name.as_str()).collect()
    }

    fn column(&self, list: &str, column: &str) -> Option<(usize, Slot, Type)> {
        let list = self.lists.iter().find(|known| known.name == list)?;
        let index = list.columns.iter().position(|(known, _)| known == column)?;
        let mut opened = self.opened.borrow_mut();
        let known = opened.iter().find(|(source, at, _)| (*source, *at) == (list.source, index));
        let slot = match known {
            Some((_, _, slot)) => *slot,
            None => {
                let slot = self.slot();
                opened.push((list.source, index, slot));
                slot
            }
        };
        Some((index, slot, list.columns[index].1.clone()))
    }

    fn new_slot(&self) -> Option<Slot> {
        Some(self.slot())
    }
}

/// Tells which `let`s an expression refers to, before any of them is compiled.
pub(super) struct Probe<'a> {
    pub(super) known: &'a Names,
    pub(super) lets: &'a [&'a str],
    pub(super) found: RefCell<Vec<usize>>,
}

impl Scope for Probe<'_> {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        if let Some(index) = self.lets.iter().position(|known| *known == name) {
            self.found.borrow_mut().push(index);
            return Some((0, Type::Text, true));
        }
        // Without `find`: probing is not using.
        let known = self.known.names.iter().find(|known| known.name == name)?;
        Some((known.slot, known.kind.clone(), known.nullable))
    }

    fn names(&self) -> Vec<&str> {
        Scope::names(self.known)
    }

    fn column(&self, list: &str, column: &str) -> Option<(usize, Slot, Type)> {
        let list = self.known.lists.iter().find(|known| known.name == list)?;
        let index = list.columns.iter().position(|(known, _)| known == column)?;
        Some((index, 0, list.columns[index].1.clone()))
    }

    fn new_slot(&self) -> Option<Slot> {
        Some(0)
    }
}
