//! Maps the record batches of one split into event batches: CPU only, no I/O, in the split's own task.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use acequia_api::{ErrorClass, Op, Precheck, RecordBatch, RecordError, Reject, RowRef};

use super::{
    breaker::Breaker,
    failure::Failure,
    parcel::Parcel,
    refused::RowName,
    routing::Rules,
    spec::{Spec, Target},
    status::StatusCell,
};
use crate::{
    checkpoint::{Counts, Lineage, Routing, Taken},
    event::{Change, Encoder, EncoderConfig, EventBatch, Layout, Mapped, Mark},
    mapping::{Bound, Flag, Mapping, Scratch, Verdict},
    publish::Terms,
};

/// A record has at most so many elements, far beyond what its size limits allow.
const ELEMENT_BITS: u32 = 20;

/// One mapping at work on one split.
#[derive(Debug)]
struct Lane {
    mapping: Arc<Mapping>,
    encoder: Encoder,
    bound: Option<Bound>,
}

/// The mappings of a pipeline at work on one split.
#[derive(Debug)]
pub struct Stage {
    lanes: Vec<Lane>,
    scratch: Scratch,
    errors: Vec<RecordError>,
    quality: String,
    lineage: Vec<Arc<str>>,
    breaker: Option<Breaker>,
    status: Option<Arc<StatusCell>>,
    refused: Vec<RowName>,
    put_aside: u64,
    rules: Rules,
    /// What the mappings made of the row at hand.
    taken: Vec<Taken>,
    routing: Routing,
}

/// What became of a row.
enum Fate {
    Published,
    Filtered,
    Rejected,
}

impl Stage {
    /// A stage for a split. What the topics of the pipeline take, the configuration can only lower.
    ///
    /// # Errors
    /// `Bug` when values name their schemas and `terms` do not have the id of one.
    pub fn new(
        spec: &Spec,
        split: &Arc<str>,
        terms: &Terms,
        status: Option<Arc<StatusCell>>,
    ) -> Result<Self, Failure> {
        let lane = |(number, target): (usize, &Target)| {
            let mut config = EncoderConfig { split: split.to_string(), ..target.encoder.clone() };
            if let Layout::Avro { schema, .. } = &mut config.layout {
                let id = terms.schema_ids.get(number);
                *schema = *id.ok_or_else(|| without_schema(&target.mapping.name))?;
            }
            if let Some(room) = terms.event_bytes.get(usize::from(config.topic)) {
                config.max_event_bytes = config.max_event_bytes.min(*room);
            }
            let encoder = Encoder::new(config).with_lookups(&target.mapping.lookups);
            Ok(Lane {
                mapping: Arc::clone(&target.mapping),
                encoder: match spec.publisher.claim_store {
                    Some(_) => encoder.with_claim_check(),
                    None => encoder,
                },
                bound: None,
            })
        };
        let name = |target: &Target| -> Arc<str> {
            format!("{}@{}", target.mapping.name, target.mapping.version).into()
        };
        Ok(Self {
            lanes: spec.targets.iter().enumerate().map(lane).collect::<Result<_, Failure>>()?,
            scratch: Scratch::new(Arc::clone(&spec.protector)),
            errors: Vec::new(),
            quality: String::new(),
            lineage: spec.targets.iter().map(name).collect(),
            breaker: spec.breaker.map(Breaker::new),
            status,
            refused: Vec::new(),
            put_aside: 0,
            rules: spec.rules,
            taken: Vec::new(),
            routing: Routing::new(
                spec.targets.iter().map(|target| Arc::clone(&target.mapping.name)),
            ),
        })
    }

    /// Rejects these rows whatever the mappings make of them: Kafka refused their events.
    #[must_use]
    pub fn putting_aside(mut self, rows: Vec<RowName>) -> Self {
        self.refused = rows;
        self
    }

    /// Maps the records of a parcel into its events and counts what became of them.
    ///
    /// # Errors
    /// `Operator` when a mapping does not fit the columns of the source, or when the breaker trips. The parcel
    /// is then not to be published.
    pub fn run(&mut self, parcel: &mut Parcel) -> Result<(), Failure> {
        let records = &parcel.records;
        self.bind(records)?;
        let mut counts = Counts::default();
        for row in records.rows() {
            match self.row(row, &mut parcel.events) {
                Fate::Published => counts.published += 1,
                Fate::Filtered => {
                    counts.filtered += 1;
                    parcel.events.filter();
                }
                Fate::Rejected => counts.rejected += 1,
            }
        }
        counts.rejected += records.rejects().len() as u64;
        counts.rows_in = counts.published + counts.filtered + counts.rejected;
        counts.events = parcel.events.len() as u64;
        parcel.counts = counts;
        parcel.put_aside = std::mem::take(&mut self.put_aside);
        parcel.routing.take(&mut self.routing);
        parcel.lineage =
            Lineage { mappings: self.lineage.clone(), schema: records.schema().fingerprint() };
        if let Some(status) = &self.status {
            status.count_rejects(records, &parcel.events);
        }
        self.judge_feed(counts)
    }

    fn judge_feed(&mut self, counts: Counts) -> Result<(), Failure> {
        let Some(breaker) = &mut self.breaker else { return Ok(()) };
        if !breaker.trips(counts.rows_in, counts.rejected) {
            return Ok(());
        }
        let limit = breaker.limit();
        let message = format!(
            "more than {} of the last {} records were refused: the whole feed looks bad, so nothing more of it is published",
            limit.rejects, limit.of
        );
        Err(Failure::new(ErrorClass::Operator, "pipeline.breaker", message)
            .hint("look at the reasons with `acequia quarantine list`, correct the mapping or the feed, then `acequia resume`"))
    }

    /// Fits the mappings to the columns of a batch. One without rows has nothing to be fitted to: it may hold what was
    /// refused before its columns were known, such as a file with another delimiter.
    fn bind(&mut self, records: &RecordBatch) -> Result<(), Failure> {
        if records.rows().len() == 0 {
            return Ok(());
        }
        let schema = records.schema();
        for lane in &mut self.lanes {
            let fits = lane
                .bound
                .as_ref()
                .is_some_and(|bound| bound.fingerprint() == schema.fingerprint());
            if fits {
                continue;
            }
            match lane.mapping.bind(schema) {
                Ok(bound) => lane.bound = Some(bound),
                Err(errors) => {
                    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
                    let code = errors.first().map_or("map.bind.type", |error| error.code);
                    let place = records.units().last().map_or(String::new(), |unit| {
                        format!(" (in `{}`)", unit.name.escape_debug())
                    });
                    let name = &lane.mapping.name;
                    let message = format!("mapping `{name}`: {}{place}", all.join("; "));
                    let failure = Failure::new(ErrorClass::Operator, code, message);
                    return Err(match errors.into_iter().find_map(|error| error.help) {
                        Some(help) => failure.hint(help),
                        None => failure,
                    });
                }
            }
        }
        Ok(())
    }

    /// A row goes through every mapping on its own. An event is numbered by the place of its mapping in the
    /// pipeline and its element, so that what one mapping takes or leaves changes no id of another.
    fn row(&mut self, row: RowRef<'_>, events: &mut EventBatch) -> Fate {
        let mut fate = Fate::Filtered;
        let before = events.mark();
        self.taken.clear();
        let refused = self.refused.iter().any(|name| name.is(row));
        self.put_aside += u64::from(refused);
        for number in 0..self.lanes.len() {
            let mark = events.mark();
            // A mapping that panics is a bug of ours, but of one record: it is quarantined like any other that
            // cannot be mapped, and the breaker sees to it that a thousand of them stop the pipeline.
            let done = catch_unwind(AssertUnwindSafe(|| self.lane(number, row, events)));
            let taken = done.unwrap_or_else(|_| {
                self.errors.clear();
                self.errors.push(RecordError::map("map.panic"));
                Taken::Rejected
            });
            if refused && taken == Taken::Published {
                self.errors.push(RecordError::encode("publish.refused"));
            }
            if !self.errors.is_empty() {
                events.rewind(mark);
                let errors = std::mem::take(&mut self.errors);
                events.reject(row.index() as u32, Some(number as u16), errors);
                fate = Fate::Rejected;
                self.taken.push(Taken::Rejected);
                continue;
            }
            if taken == Taken::Published && !matches!(fate, Fate::Rejected) {
                fate = Fate::Published;
            }
            self.taken.push(taken);
        }
        if row.meta().op == Op::Delete { fate } else { self.route(row, fate, before, events) }
    }

    /// Counts which mappings took a row, and refuses it where the pipeline wants exactly one and there is none or are
    /// several.
    fn route(
        &mut self,
        row: RowRef<'_>,
        fate: Fate,
        before: Mark,
        events: &mut EventBatch,
    ) -> Fate {
        self.routing.count(&self.taken);
        let Some(error) = self.rules.judge(&self.taken) else { return fate };
        events.rewind(before);
        let of = |number: &usize| self.taken[*number] != Taken::No;
        let takers: Vec<usize> = (0..self.lanes.len()).filter(of).collect();
        let names: Vec<&str> = takers.iter().map(|lane| &*self.lanes[*lane].mapping.name).collect();
        let error = if names.is_empty() { error } else { error.detail(names.join(", ")) };
        let lane = takers.first().map(|lane| *lane as u16);
        events.reject(row.index() as u32, lane, vec![error]);
        Fate::Rejected
    }

    /// Runs one mapping over one row; what is wrong is in `errors`.
    fn lane(&mut self, number: usize, row: RowRef<'_>, events: &mut EventBatch) -> Taken {
        let Lane { mapping, encoder, bound } = &mut self.lanes[number];
        let Some(bound) = bound.as_ref() else { return Taken::No };
        let elements = mapping.elements(bound, row);
        if elements == 0 {
            let (scratch, errors) = (&mut self.scratch, &mut self.errors);
            return match mapping.takes_without_elements(bound, row, scratch, errors) {
                Some(true) => Taken::Empty,
                Some(false) => Taken::No,
                None => Taken::Rejected,
            };
        }
        let mut taken = Taken::No;
        for element in 0..elements {
            let verdict =
                mapping.apply_element(bound, row, element, &mut self.scratch, &mut self.errors);
            let change = match verdict {
                Verdict::Upsert => Change::Upsert,
                Verdict::Delete => Change::Delete,
                Verdict::Filtered => continue,
                Verdict::Rejected => return Taken::Rejected,
            };
            self.quality.clear();
            join(&mut self.quality, &self.scratch.quality);
            let mapped = Mapped {
                index: (number as u32) << ELEMENT_BITS | element as u32,
                change,
                key: &self.scratch.key,
                data: &self.scratch.data,
                quality: &self.quality,
            };
            if let Err(error) = encoder.push(events, row, mapped) {
                self.errors.push(error);
                return Taken::Rejected;
            }
            taken = Taken::Published;
        }
        taken
    }
}

#[cold]
fn without_schema(mapping: &str) -> Failure {
    let message = format!("the id of the schema of mapping `{mapping}` is not known");
    Failure::new(ErrorClass::Bug, "pipeline.schema_id", message)
}

fn join(out: &mut String, flags: &[Flag]) {
    for flag in flags {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&flag.field);
        out.push(':');
        out.push_str(flag.code);
    }
}

/// The mappings as judges of a whole unit, for sources that refuse a file as one.
#[derive(Debug)]
pub struct Judge {
    stage: Mutex<(Stage, EventBatch)>,
}

impl Judge {
    /// A judge with the mappings of the pipeline; for `terms` see [`Stage::new`].
    ///
    /// # Errors
    /// As for [`Stage::new`].
    pub fn new(spec: &Spec, terms: &Terms) -> Result<Self, Failure> {
        let mut stage = Stage::new(spec, &"judge".into(), terms, None)?;
        stage.breaker = None;
        Ok(Self { stage: Mutex::new((stage, EventBatch::new())) })
    }
}

impl Precheck for Judge {
    fn refused(&self, batch: &RecordBatch, into: &mut Vec<Reject>) {
        let mut guard = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let (stage, events) = &mut *guard;
        if stage.bind(batch).is_err() {
            // The pipeline itself will stop with the reason when it reads the first record.
            return;
        }
        events.clear();
        for row in batch.rows() {
            stage.row(row, events);
        }
        into.extend(events.rejects().iter().map(|reject| Reject {
            errors: reject.errors.clone(),
            meta: *batch.at(reject.row as usize).meta(),
        }));
    }
}
