//! Which mappings of a pipeline take which records: counted, and judged where none or several do.
//!
//! A single `when` is a filter that its author wrote: what it leaves was meant to be left. Several choose among kinds of
//! records, and a record of a kind that nobody thought of falls between them: unless the pipeline says otherwise it goes
//! to quarantine, from where it can be replayed when there is a mapping for it. That several mappings take a record is
//! the usual way to make events of several models, so that this is a mistake only where the pipeline says so.
//!
//! A delete that the source reports is asked of no `when`, and is not counted here.

use std::sync::Arc;

use acequia_api::RecordError;
use serde::{Deserialize, Serialize};

use crate::config::pipeline::{PipelineConfig, Several, Unmapped};

/// What one mapping made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Its `when` left the row to others.
    No,
    /// It took the row, which has no element to make an event of.
    Empty,
    /// It made events.
    Published,
    /// It took the row and refused it.
    Rejected,
}

/// What becomes of a row that none or several mappings take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Whether a row that none takes is refused.
    pub none_rejects: bool,
    /// Whether a row that several take is refused.
    pub several_rejects: bool,
}

impl Rules {
    /// The rules of a pipeline, by its configuration.
    pub fn of(config: &PipelineConfig) -> Self {
        let unmapped = config.unmapped.unwrap_or(match config.mapping.len() {
            0 | 1 => Unmapped::Filter,
            _ => Unmapped::Reject,
        });
        Self {
            none_rejects: unmapped == Unmapped::Reject,
            several_rejects: config.several == Several::Reject,
        }
    }

    /// What is wrong with how a row was taken.
    pub fn judge(self, taken: &[Taken]) -> Option<RecordError> {
        if self.none_rejects && taken.iter().all(|taken| *taken == Taken::No) {
            return Some(RecordError::map("map.no_mapping"));
        }
        if self.several_rejects && is_several(taken) && !taken.contains(&Taken::Rejected) {
            return Some(RecordError::map("map.several_mappings"));
        }
        None
    }
}

fn is_several(taken: &[Taken]) -> bool {
    taken.iter().filter(|taken| **taken != Taken::No).count() > 1
}

/// How many records the mappings of a pipeline took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Per mapping, in the order of the configuration.
    pub mappings: Vec<Route>,
    /// Records that no mapping took.
    pub none: u64,
    /// Records that more than one took.
    pub several: u64,
}

/// How many records one mapping took and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The mapping.
    pub mapping: Arc<str>,
    /// Those that it took, refused ones included.
    pub taken: u64,
    /// Those that its `when` left.
    pub filtered: u64,
}

impl Routing {
    /// Nothing yet, for these mappings.
    pub fn new(mappings: impl Iterator<Item = Arc<str>>) -> Self {
        let route = |mapping| Route { mapping, taken: 0, filtered: 0 };
        Self { mappings: mappings.map(route).collect(), none: 0, several: 0 }
    }

    /// Counts a row, by what each mapping made of it.
    pub fn count(&mut self, taken: &[Taken]) {
        for (route, taken) in self.mappings.iter_mut().zip(taken) {
            match taken {
                Taken::No => route.filtered += 1,
                Taken::Empty | Taken::Published | Taken::Rejected => route.taken += 1,
            }
        }
        self.none += u64::from(taken.iter().all(|taken| *taken == Taken::No));
        self.several += u64::from(is_several(taken));
    }

    /// Adds what another has counted, which begins again at nothing.
    pub fn take(&mut self, other: &mut Routing) {
        for more in &mut other.mappings {
            let taken = std::mem::take(&mut more.taken);
            let filtered = std::mem::take(&mut more.filtered);
            match self.mappings.iter_mut().find(|known| known.mapping == more.mapping) {
                Some(known) => {
                    known.taken += taken;
                    known.filtered += filtered;
                }
                None => {
                    let mapping = Arc::clone(&more.mapping);
                    self.mappings.push(Route { mapping, taken, filtered });
                }
            }
        }
        self.none += std::mem::take(&mut other.none);
        self.several += std::mem::take(&mut other.several);
    }
}

#[cfg(test)]
mod tests {
    use Taken::{Empty, No, Published, Rejected};

    use super::*;

    #[test]
    fn what_none_and_what_several_take_is_counted_and_judged() {
        let strict = Rules { none_rejects: true, several_rejects: true };
        let code = |rules: Rules, taken: &[Taken]| rules.judge(taken).map(|error| error.code);
        for (taken, expected) in [
            ([No, No], Some("map.no_mapping")),
            ([No, Published], None),
            ([Empty, No], None),
            ([Published, Empty], Some("map.several_mappings")),
            // What is wrong with it has been said.
            ([Published, Rejected], None),
            ([Rejected, No], None),
        ] {
            assert_eq!(code(strict, &taken), expected, "{taken:?}");
            assert_eq!(code(Rules::default(), &taken), None, "{taken:?}");
        }
        let empty = Routing::new(["a".into(), "b".into()].into_iter());
        let (mut sum, mut part) = (Routing::default(), empty.clone());
        part.count(&[No, No]);
        part.count(&[Published, Rejected]);
        part.count(&[Empty, No]);
        sum.take(&mut part);
        assert_eq!(part, empty);
        part.count(&[No, Published]);
        sum.take(&mut part);
        let route = |mapping: &str| Route { mapping: mapping.into(), taken: 2, filtered: 2 };
        let mappings = vec![route("a"), route("b")];
        assert_eq!(sum, Routing { mappings, none: 1, several: 1 });
    }
}
