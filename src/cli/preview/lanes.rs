//! The mappings of a pipeline, run over one record after another with a trace, and judged together as the pipeline
//! judges them.

use std::sync::Arc;

use acequia_api::{Op, RecordError, RowRef, Schema};

use crate::{
    checkpoint::Taken,
    cli::CliError,
    config::pipeline::PipelineConfig,
    event::Keys,
    mapping::{Bound, Mapping, Scratch, Trace, Verdict},
    pipeline::routing::Rules,
};

/// The mappings of a pipeline.
pub(in crate::cli) struct Lanes {
    lanes: Vec<Lane>,
    rules: Rules,
    scratch: Scratch,
}

struct Lane {
    mapping: Arc<Mapping>,
    bound: Option<Bound>,
}

/// What became of a record.
pub(in crate::cli) struct Ran {
    /// What each mapping made of each element, in order.
    pub(in crate::cli) made: Vec<Made>,
    /// How each mapping took the record.
    pub(in crate::cli) taken: Vec<Taken>,
    /// Why the pipeline refuses the record as a whole, whatever was made of it: none of its mappings takes it, or
    /// several do.
    pub(in crate::cli) refused: Option<RecordError>,
}

/// What one mapping made of a record, or of one element of it.
pub(in crate::cli) struct Made {
    /// The number of the mapping in the pipeline.
    pub(in crate::cli) lane: usize,
    pub(in crate::cli) element: usize,
    pub(in crate::cli) verdict: Verdict,
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
        matches!(self.verdict, Verdict::Upsert | Verdict::Delete)
    }
}

impl Lanes {
    /// The mappings of a pipeline with its configuration.
    pub(in crate::cli) fn new(
        mappings: &[Arc<Mapping>],
        config: &PipelineConfig,
        keys: Arc<Keys>,
    ) -> Self {
        let lane = |mapping: &Arc<Mapping>| Lane { mapping: Arc::clone(mapping), bound: None };
        let lanes = mappings.iter().map(lane).collect();
        Self { lanes, rules: Rules::of(config), scratch: Scratch::new(keys) }
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

    /// What each mapping makes of a record, each element by itself, without a trace unless it is wanted; and what the
    /// pipeline says to all of it.
    ///
    /// # Errors
    /// When a mapping does not fit the columns of the record.
    pub(in crate::cli) fn run(&mut self, row: RowRef<'_>, traced: bool) -> Result<Ran, CliError> {
        let schema = row.batch().schema();
        let mut made = Vec::new();
        let mut taken = Vec::with_capacity(self.lanes.len());
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            let fits = |bound: &Bound| bound.fingerprint() == schema.fingerprint();
            let bound = match lane.bound.take().filter(fits) {
                Some(bound) => bound,
                None => bind(&lane.mapping, schema)?,
            };
            let bound = lane.bound.insert(bound);
            let begin = made.len();
            for element in 0..lane.mapping.elements(bound, row) {
                let at = (number, element);
                made.push(apply(&lane.mapping, bound, row, at, traced, &mut self.scratch));
            }
            taken.push(took(&made[begin..]));
        }
        let refused = if row.meta().op == Op::Delete { None } else { self.judge(&taken) };
        Ok(Ran { made, taken, refused })
    }

    /// As the pipeline judges, with the names of the mappings that take the record.
    fn judge(&self, taken: &[Taken]) -> Option<RecordError> {
        let error = self.rules.judge(taken)?;
        let takers = self.mappings().zip(taken).filter(|(_, taken)| **taken != Taken::No);
        let names: Vec<&str> = takers.map(|(mapping, _)| &*mapping.name).collect();
        Some(if names.is_empty() { error } else { error.detail(names.join(", ")) })
    }
}

fn apply(
    mapping: &Mapping,
    bound: &Bound,
    row: RowRef<'_>,
    (lane, element): (usize, usize),
    traced: bool,
    scratch: &mut Scratch,
) -> Made {
    let (mut errors, mut trace) = (Vec::new(), Trace::default());
    let verdict = if traced {
        mapping.trace(bound, row, element, scratch, &mut errors, &mut trace)
    } else {
        mapping.apply_element(bound, row, element, scratch, &mut errors)
    };
    let flags = scratch.quality.iter();
    let quality = flags.map(|flag| format!("{}:{}", flag.field, flag.code)).collect();
    let (key, data) = (scratch.key.clone(), scratch.data.clone());
    Made { lane, element, verdict, key, data, quality, errors, trace }
}

/// How a mapping took a record of which it made this.
fn took(made: &[Made]) -> Taken {
    if made.is_empty() {
        Taken::Empty
    } else if made.iter().any(|made| made.verdict == Verdict::Rejected) {
        Taken::Rejected
    } else if made.iter().any(Made::is_event) {
        Taken::Published
    } else {
        Taken::No
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
