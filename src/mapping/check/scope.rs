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
}

impl Names {
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
}
