//! Mappings: from the records of a legacy system to the events of a canonical model.
//!
//! A mapping file is read ([`file`]), checked against models, tables, keys and policies ([`check()`]), compiled to a
//! [program](program) and, once its names are [bound](Mapping::bind) to the columns of a source, run over one
//! record after another ([`Mapping::apply`]). All of it is pure: texts in, diagnostics and values out; no clock, no
//! disk, no network. The same record under the same mapping gives the same bytes.
//!
//! What does not fit is a [`RecordError`], never a guess; a rejected record leaves nothing behind.
//!
//! **What an event looks like.** A field without a value is left out, never `null`. An object whose members that
//! depend on the record all have no value is left out too: constants alone do not make one. A list is left out
//! when `list` finds nothing to put in, and is `[]` when `each` walks over a list without elements. Exact
//! decimals are strings with the digits that `from` declares (`"1250.50"`), whole numbers and floats are JSON
//! numbers, dates and times ISO 8601 strings. Fields stand in the order of the mapping file.

mod apply;
mod bind;
mod check;
mod codes;
mod coverage;
pub mod decode;
mod explain;
pub mod expr;
mod file;
pub(crate) mod identifiers;
mod policy;
mod program;
pub mod protect;
mod schema;
mod scratch;
mod split;
mod tables;
mod testing;
mod trace;
pub mod value;
mod verbs;
mod write;
mod zones;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use acequia_api::{RecordError, RowRef, Schema, WantedColumn};

pub use apply::Verdict;
pub use bind::{BindError, Bound};
pub use check::check;
pub use codes::CODES;
pub use coverage::{BranchCount, CheckCount, CodeCount, Coverage, FieldCount, LookupCount};
pub use explain::{Explanation, FieldInfo, KeyUse, Origin};
pub use policy::{Controller, Policies, Policy};
pub use schema::json_schema;
pub use scratch::{Flag, Scratch};
pub use tables::Table;
pub use testing::{TestResult, Update, run_tests, updated, updates};
pub use trace::{Action, Came, Line, Part as TracePart, Step, Text as TraceText, Trace};

/// Holds the models of a [`Library`] against their releases.
pub use crate::model::judge as judge_releases;
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    model::{Class, Model, Models},
};
use program::{Program, Read};

/// Everything that mappings are made of, as texts.
#[derive(Debug, Default, Clone)]
pub struct Texts {
    /// Mapping files.
    pub mappings: Vec<Arc<SourceFile>>,
    /// Model files and files of value types.
    pub models: Vec<Arc<SourceFile>>,
    /// Code and reference tables: the name by which mappings refer to one, and its CSV.
    pub codes: Vec<(String, Arc<SourceFile>)>,
    /// `policies.yaml`, if the deployment has one.
    pub policies: Option<Arc<SourceFile>>,
}

/// What of a deployment's texts holds.
#[derive(Debug, Default)]
pub struct Library {
    /// Models by reference (`permit/1`).
    pub models: Models,
    /// Tables by name.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// Policies of topics.
    pub policies: Policies,
    /// Mappings without mistakes, by name.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
}

/// A mapping that was checked and compiled. Immutable; shared between threads.
#[derive(Debug)]
pub struct Mapping {
    /// Its name.
    pub name: Arc<str>,
    /// The first twelve hexadecimal digits of SHA-256 over the file and everything it includes: model, value
    /// types, tables.
    pub version: String,
    /// What it produces.
    pub model: Arc<Model>,
    /// The highest class of what it publishes.
    pub class: Class,
    /// The policy of the model's own topic, if there is one.
    pub policy: Option<Arc<Policy>>,
    /// The snapshots of the reference tables that it looks up in, as `table@snapshot`, by name. Code tables are not
    /// among them: they are a part of the mapping like its text.
    pub lookups: Vec<String>,
    /// The output field that is the Kafka key.
    pub key_field: String,
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    key_span: Range<usize>,
    title: Option<String>,
    /// Where its first path stands, if its source is structured.
    path: Option<Range<usize>>,
    info: Vec<FieldInfo>,
    cases: Vec<file::Case>,
    program: Program,
}

impl Mapping {
    /// The columns that a source must deliver: those that are used, in the order of `from`.
    pub fn wanted(&self) -> Vec<WantedColumn> {
        let used = self.program.sources.iter().filter(|source| source.used);
        used.map(|source| WantedColumn {
            name: source.name.to_string(),
            encoding: source.encoding.clone(),
        })
        .collect()
    }

    /// The columns that the key alone needs: what a delete must bring.
    pub fn key_columns(&self) -> Vec<&str> {
        let needs = &self.program.key_alone;
        let list = self.program.each.iter().map(|each| each.source);
        let list = list.filter(|_| !needs.columns.is_empty());
        let needed = needs.sources.iter().copied().chain(list);
        needed.map(|index| &*self.program.sources[index].name).collect()
    }

    /// Its title, if it has one.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What is wrong with publishing to `topic`: fields of a class that its policy does not allow. [`check()`] has
    /// judged the model's own topic; this is for pipelines that choose another.
    pub fn judge_topic(&self, topic: &str, policies: &Policies) -> Vec<Diagnostic> {
        check::judge_topic(&self.info, &self.file, topic, policies)
    }

    /// What is wrong with reading it from a source whose records are flat: paths lead nowhere in them.
    pub fn judge_flat(&self) -> Option<Diagnostic> {
        let message = "a path needs a structured source, and this version reads flat ones only";
        let found = Diagnostic::error("mapping.not_yet", &self.file, self.path.clone()?, message);
        Some(found.help("the tests of the mapping run all the same; take it out of the pipeline"))
    }

    /// Whether the key can be computed when a delete brings only the columns `brought` (change tracking brings
    /// the primary key).
    pub fn judge_delete(&self, brought: &[&str]) -> Option<Diagnostic> {
        let missing: Vec<&str> =
            self.key_columns().into_iter().filter(|column| !brought.contains(column)).collect();
        let first = missing.first()?;
        let message = format!("a delete does not bring `{first}`, which the key needs");
        let found =
            Diagnostic::error("mapping.delete_key", &self.file, self.key_span.clone(), message);
        Some(
            found
                .note(format!("a delete brings {}", brought.join(", ")))
                .help("choose a key that is made of these, or a way of capture that brings more"),
        )
    }

    /// The columns of a schema that this mapping does not use.
    pub fn unused_columns<'s>(&self, schema: &'s Schema) -> Vec<&'s str> {
        let used = |name: &str| {
            self.program.sources.iter().any(|source| source.used && *source.name == *name)
        };
        schema.columns().iter().map(|column| &*column.name).filter(|name| !used(name)).collect()
    }

    /// Finds the columns in a schema, once for all batches that have it.
    ///
    /// # Errors
    /// Every column that is missing or of a type that cannot be read.
    pub fn bind(&self, schema: &Schema) -> Result<Bound, Vec<BindError>> {
        bind::bind(&self.program, schema)
    }

    /// How many events a record may become: one, or one per element where the mapping has `each` at its top.
    pub fn elements(&self, bound: &Bound, row: RowRef<'_>) -> usize {
        let Some(each) = &self.program.each else { return 1 };
        match row.cells().get(bound.column(each.source)) {
            Some(acequia_api::Cell::List(span)) => span.len(),
            _ => 0,
        }
    }

    /// Maps a record. `scratch` afterwards holds key and data as the [`Verdict`] says; what is wrong is appended
    /// to `errors`, for a `Rejected` record at least one.
    ///
    /// `bound` must come from [`bind`](Mapping::bind) with the schema of the row's batch.
    pub fn apply(
        &self,
        bound: &Bound,
        row: RowRef<'_>,
        scratch: &mut Scratch,
        errors: &mut Vec<RecordError>,
    ) -> Verdict {
        apply::apply(&self.program, bound, row, 0, scratch, errors, |_, _| ())
    }

    /// As [`apply`](Mapping::apply), for the element `element` of [`elements`](Mapping::elements).
    pub fn apply_element(
        &self,
        bound: &Bound,
        row: RowRef<'_>,
        element: usize,
        scratch: &mut Scratch,
        errors: &mut Vec<RecordError>,
    ) -> Verdict {
        apply::apply(&self.program, bound, row, element, scratch, errors, |_, _| ())
    }

    /// Whether it takes a record that has no [`elements`](Mapping::elements), by its `when` over the columns of the record
    /// itself. Where `when` reads the element there is nothing to ask, and it does. None where `when` has no answer;
    /// then `errors` say why.
    pub fn takes_without_elements(
        &self,
        bound: &Bound,
        row: RowRef<'_>,
        scratch: &mut Scratch,
        errors: &mut Vec<RecordError>,
    ) -> Option<bool> {
        apply::takes_without_elements(&self.program, bound, row, scratch, errors)
    }

    /// Whether it has tests of its own.
    pub fn has_tests(&self) -> bool {
        !self.cases.is_empty()
    }

    /// A schema of text columns, as a source without types of its own delivers what is wanted.
    pub fn text_schema(&self) -> Arc<Schema> {
        check::text_schema(self.program.sources.iter().filter(|source| source.used))
    }

    fn lists(&self) -> impl Iterator<Item = (&str, &[program::Source])> {
        self.program.sources.iter().filter_map(|source| match &source.read {
            Read::List(columns) => Some((&*source.name, columns.as_slice())),
            Read::Value(_) => None,
        })
    }
}
