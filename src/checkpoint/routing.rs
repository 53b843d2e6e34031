//! Which mappings of a pipeline took which records, counted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

impl Taken {
    /// Whether none of the mappings took the row.
    pub fn by_none(taken: &[Self]) -> bool {
        taken.iter().all(|taken| *taken == Self::No)
    }

    /// Whether more than one of the mappings took the row.
    pub fn by_several(taken: &[Self]) -> bool {
        taken.iter().filter(|taken| **taken != Self::No).count() > 1
    }
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
        self.none += u64::from(Taken::by_none(taken));
        self.several += u64::from(Taken::by_several(taken));
    }

    /// Adds what another has counted, which begins again at nothing.
    pub fn take(&mut self, other: &mut Routing) {
        for more in &other.mappings {
            let Route { taken, filtered, .. } = *more;
            match self.mappings.iter_mut().find(|known| known.mapping == more.mapping) {
                Some(known) => {
                    known.taken += taken;
                    known.filtered += filtered;
                }
                None => self.mappings.push(more.clone()),
            }
        }
        self.none += other.none;
        self.several += other.several;
        other.clear();
    }

    /// Begins again at nothing, for the same mappings and in the same memory.
    pub fn clear(&mut self) {
        for route in &mut self.mappings {
            (route.taken, route.filtered) = (0, 0);
        }
        (self.none, self.several) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use Taken::{Empty, No, Published, Rejected};

    use super::*;

    #[test]
    fn what_none_and_what_several_take_is_counted() {
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
        sum.clear();
        assert_eq!(sum, empty);
    }
}
