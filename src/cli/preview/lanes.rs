//! The mappings of a pipeline, run over one record after another with a trace.

use std::sync::Arc;

use acequia_api::{RecordError, RowRef, Schema};

use crate::{
    cli::CliError,
    event::Keys,
    mapping::{Bound, Mapping, Scratch, Trace, Verdict},
};

/// The mappings of a pipeline.
pub(in crate::cli) struct Lanes {
    lanes: Vec<Lane>,
    scratch: Scratch,
}

struct Lane {
    mapping: Arc<Mapping>,
    bound: Option<Bound>,
}

/// What one mapping made of a record, or of one element of it.
#[derive(Default)]
pub(in crate::cli) struct Made {
    /// The number of the mapping in the pipeline.
    pub(in crate::cli) lane: usize,
    pub(in crate::cli) element: usize,
    pub(in crate::cli) verdict: Option<Verdict>,
    pub(in crate::cli) key: String,
    pub(in crate::cli) data: Vec<u8>,
    /// `field:code` of every mark of quality.
    pub(in crate::cli) quality: Vec<String>,
    pub(in crate::cli) errors: Vec<RecordError>,
    pub(in crate::cli) trace: Trace,
}

impl Made {
    /// Whether it is an event.
    pub(in crate::cli) fn is_event(&self) -> bool {
        matches!(self.verdict, Some(Verdict::Upsert | Verdict::Delete))
    }
}

impl Lanes {
    pub(in crate::cli) fn new(mappings: &[Arc<Mapping>], keys: Arc<Keys>) -> Self {
        let lane = |mapping: &Arc<Mapping>| Lane { mapping: Arc::clone(mapping), bound: None };
        Self { lanes: mappings.iter().map(lane).collect(), scratch: Scratch::new(keys) }
    }

    pub(in crate::cli) fn mapping(&self, lane: usize) -> &Mapping {
        &self.lanes[lane].mapping
    }

    pub(in crate::cli) fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        self.lanes.iter().map(|lane| &*lane.mapping)
    }

    /// The columns that no mapping uses.
    pub(in crate::cli) fn unused<'s>(&self, schema: &'s Schema) -> Vec<&'s str> {
        let columns = schema.columns().iter().map(|column| &*column.name);
        let by: Vec<_> =
            self.lanes.iter().map(|lane| lane.mapping.unused_columns(schema)).collect();
        columns.filter(|name| by.iter().all(|unused| unused.contains(name))).collect()
    }

    /// What each mapping makes of a record, each element by itself, without a trace unless it is wanted.
    ///
    /// # Errors
    /// When a mapping does not fit the columns of the record.
    pub(in crate::cli) fn run(
        &mut self,
        row: RowRef<'_>,
        traced: bool,
        each: &mut dyn FnMut(&Made) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let schema = row.batch().schema();
        let mut made = Made::default();
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            let fits = |bound: &Bound| bound.fingerprint() == schema.fingerprint();
            let bound = match lane.bound.take().filter(fits) {
                Some(bound) => bound,
                None => bind(&lane.mapping, schema)?,
            };
            let bound = lane.bound.insert(bound);
            for element in 0..lane.mapping.elements(bound, row) {
                made.errors.clear();
                let (scratch, errors) = (&mut self.scratch, &mut made.errors);
                let verdict = if traced {
                    lane.mapping.trace(bound, row, element, scratch, errors, &mut made.trace)
                } else {
                    lane.mapping.apply_element(bound, row, element, scratch, errors)
                };
                (made.lane, made.element, made.verdict) = (number, element, Some(verdict));
                made.key.clone_from(&scratch.key);
                made.data.clone_from(&scratch.data);
                made.quality = scratch
                    .quality
                    .iter()
                    .map(|flag| format!("{}:{}", flag.field, flag.code))
                    .collect();
                each(&made)?;
            }
        }
        Ok(())
    }
}

fn bind(mapping: &Mapping, schema: &Schema) -> Result<Bound, CliError> {
    mapping.bind(schema).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let help = errors.into_iter().find_map(|error| error.help);
        let error = CliError::system(format!("mapping `{}`: {}", mapping.name, all.join("; ")));
        match help {
            Some(help) => error.hint(help),
            None => error,
        }
    })
}
