//! What a mapping did with one record, step by step: `preview --steps`, and what the coverage report counts.
//!
//! A run is not watched while it runs. [`Mapping::trace`] lets it run as always and then walks over the program once
//! more, from what the run left behind: decoded columns, computed `let`s, refused slots, errors. Each step is
//! computed by the function that the run itself uses. The way there is a closure that is called at the end of a run
//! and is empty everywhere else, so that a run without a trace has no branch and no allocation more than it had. The
//! price is that the *order* of the steps is known twice, here and where fields are written; a test holds
//! the two against each other over every case of every mapping of the library.

mod steps;
mod walk;
pub(super) mod words;

use std::fmt;

use acequia_api::{RecordError, RowRef};

use super::{Bound, Mapping, Scratch, Verdict, apply};

/// What one mapping did with one record, or with one element of it.
#[derive(Debug, Default)]
pub struct Trace {
    /// What was looked at, in this order: columns, conditions, `let`s, fields. A record that is not taken has no
    /// fields.
    pub lines: Vec<Line>,
}

/// A column, a condition, a `let` or a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub part: Part,
    /// Its name; of a field its path in the event, of a column of a list also the list's.
    pub name: String,
    /// In which element of a list, from 1.
    pub element: Option<usize>,
    /// How it is made: type and form of a column, producer of a field.
    pub from: String,
    /// The cell of a column; what the producer of a field gave.
    pub came: Came,
    /// The branches that were taken: number of the `CASE` and of its branch.
    pub branches: Vec<(usize, usize)>,
    /// What was done then, as far as it went.
    pub steps: Vec<Step>,
    /// What came out.
    pub gave: Came,
}

/// What a [`Line`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A field of `from`.
    Column,
    /// `when` or `delete_when`.
    Condition,
    /// A `let`.
    Let,
    /// A field of the event.
    Field,
    /// A field that is the same whatever the record holds.
    Constant,
}

/// A step between the producer of a field and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done.
    pub action: Action,
    /// What came out of it.
    pub gave: Came,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A text verb.
    Verb(&'static str),
    /// A translation by a code table; the word that was looked for, and whether the table has it.
    Codes(String, Text, bool),
    /// A join with a reference table, and whether it has an entry.
    Lookup(String, bool),
    /// The default took the place of nothing.
    Default,
    /// A check, and whether it held.
    Check(String, bool),
    /// A protection.
    Protect(String),
}

/// A value of the record. `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Text(pub String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// What came in, or out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Came {
    /// No value.
    #[default]
    Nothing,
    /// A value.
    Value(Text),
    /// A value, and this is doubtful about it.
    Doubtful(Text, &'static str),
    /// Refused, with its code and what was expected.
    Refused(&'static str, Option<String>),
    /// Not computed, because something that it needs was refused.
    Blocked,
}

impl Came {
    /// Whether there is a value.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Doubtful(..))
    }

    /// The value, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Value(text) | Self::Doubtful(text, _) => Some(&text.0),
            _ => None,
        }
    }
}

impl Mapping {
    /// As [`apply_element`](Mapping::apply_element), and says in `trace` how it came about. Allocates; for people who
    /// look at records, not for pipelines.
    pub fn trace(
        &self,
        bound: &Bound,
        row: RowRef<'_>,
        element: usize,
        scratch: &mut Scratch,
        errors: &mut Vec<RecordError>,
        trace: &mut Trace,
    ) -> Verdict {
        trace.lines.clear();
        apply::apply(&self.program, bound, row, element, scratch, errors, |run, verdict| {
            walk::walk(run, &self.info, element, verdict, trace);
        })
    }
}

#[cfg(test)]
mod tests;
