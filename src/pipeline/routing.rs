//! Which mappings of a pipeline may take which records: judged where none or several do.
//!
//! A single `when` is a filter that its author wrote: what it leaves was meant to be left. Several choose among kinds of
//! records, and a record of a kind that nobody thought of falls between them: unless the pipeline says otherwise it goes
//! to quarantine, from where it can be replayed when there is a mapping for it. That several mappings take a record is
//! the usual way to make events of several models, so that this is a mistake only where the pipeline says so.
//!
//! A delete that the source reports is asked of no `when`, and is not judged here.

use acequia_api::RecordError;

use crate::{
    checkpoint::Taken,
    config::pipeline::{PipelineConfig, Several, Unmapped},
};

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
        if self.none_rejects && Taken::by_none(taken) {
            return Some(RecordError::map("map.no_mapping"));
        }
        if self.several_rejects && Taken::by_several(taken) && !taken.contains(&Taken::Rejected) {
            return Some(RecordError::map("map.several_mappings"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use Taken::{Empty, No, Published, Rejected};

    use super::*;

    #[test]
    fn what_none_and_what_several_take_is_judged() {
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
    }
}
