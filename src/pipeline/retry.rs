//! What is done about each class of error, in one place. Every retry of the program follows from this table.

use acequia_api::ErrorClass;

/// What the operator is told about a class, beside the message of the error itself.
pub fn advice(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Transient => {
            "may pass by itself: everything in flight is dropped and read again from the last commit, after a growing wait"
        }
        ErrorClass::Operator => {
            "needs a person: this pipeline is stopped, nothing is lost; correct the cause, then `acequia resume`"
        }
        ErrorClass::Lost => {
            "the source no longer has what follows the last commit: this pipeline is stopped; decide with `acequia position`"
        }
        ErrorClass::Fenced => {
            "the transactional id was taken over: waiting to see whether another instance owns the pipeline"
        }
        ErrorClass::Bug => {
            "an invariant of the program does not hold: this pipeline is stopped before it could do harm; please report it"
        }
    }
}
