//! How a record that Kafka refuses is found, as a pure policy.
//!
//! Kafka refuses records in the sets in which the client sends them, and a whole transaction with them, so the
//! refusal of a normal life says only that a record among many is guilty. The pipeline then **isolates**: in its next
//! life every record is a set of its own, and deliveries are awaited batch by batch, so that the refusal names the row.
//! That row is put aside, which means that the next life rejects it with `publish.refused`, and everything around
//! it is published, still one by one. Once that is committed, another life begins as usual. So a guilty record costs three
//! lives more (one that names it, one that puts it aside, one that sends in sets again), whatever the size of the
//! transaction, where halving the transaction would take as many as its length has binary digits.
//!
//! Isolation ends with the commit that put a row aside, or when so many transactions were committed without finding
//! one that whatever was refused passes now, one by one.

/// No more rows than this are put aside without a commit. A topic that refuses more is wrong as a whole.
pub(super) const MOST_ASIDE: u32 = 100;
/// So many transactions are committed one record a set before larger sets are tried again.
const MOST_ISOLATED: u32 = 100;

/// Whether the pipeline isolates, and how far it has come with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Isolation {
    active: bool,
    aside: u32,
    commits: u32,
}

impl Isolation {
    /// Whether the next life sends every record by itself.
    pub(super) fn is_active(self) -> bool {
        self.active
    }

    /// A record was refused; `named` if it is known which one. `false` gives up: the refused record is none of the
    /// source, or there are too many.
    pub(super) fn refused(&mut self, named: bool) -> bool {
        if !self.active {
            *self = Self { active: true, ..Self::default() };
            return true;
        }
        self.aside += 1;
        named && self.aside <= MOST_ASIDE
    }

    /// A transaction was committed, perhaps with rows that were put aside. `true` ends the isolation.
    pub(super) fn committed(&mut self, put_aside: bool) -> bool {
        if !self.active {
            return false;
        }
        self.commits += 1;
        let ends = put_aside || self.commits >= MOST_ISOLATED;
        if ends {
            *self = Self::default();
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_isolates_and_the_commit_of_the_row_put_aside_ends_it() {
        let mut isolation = Isolation::default();
        assert!(!isolation.committed(false) && !isolation.is_active());
        assert!(isolation.refused(true), "what a normal life names need not be guilty");
        assert!(isolation.is_active());
        assert!(isolation.refused(true));
        assert!(!isolation.committed(false), "what stands before it does not end the search");
        assert!(isolation.committed(true));
        assert_eq!(isolation, Isolation::default());
    }

    #[test]
    fn a_refusal_that_names_no_row_of_the_source_gives_up() {
        let mut isolation = Isolation::default();
        assert!(isolation.refused(false));
        assert!(!isolation.refused(false));
    }

    #[test]
    fn a_topic_that_refuses_everything_is_given_up() {
        let mut isolation = Isolation::default();
        let lives = (0..1_000).take_while(|_| isolation.refused(true)).count();
        assert_eq!(lives, 1 + MOST_ASIDE as usize);
    }

    #[test]
    fn what_passes_one_by_one_is_tried_together_again() {
        let mut isolation = Isolation::default();
        isolation.refused(false);
        let commits = (0..1_000).take_while(|_| !isolation.committed(false)).count();
        assert_eq!(commits, MOST_ISOLATED as usize - 1);
        assert!(!isolation.is_active());
    }
}
