//! The rules of the house that a compiler does not check: who may name whom, how long a file is, what lies at the top,
//! that every code is explained and that what the documents show can be read.
//!
//! A checker is a function from sources to findings. Beside each stands a test that shows it can find something.

mod codes;
mod documents;
mod layers;
mod sizes;
mod source;
mod top;

/// Fails with everything that was found.
fn nothing(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
