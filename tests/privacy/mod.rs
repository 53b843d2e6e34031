//! What becomes of personal values: where they may be, and that they are nowhere else.

mod canary;
mod explain;
mod processing;
mod search;
mod town;
