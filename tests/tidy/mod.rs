//! The rules of the house that a compiler does not check: who may name whom, how long a file is, what lies at the top,
//! what is called how, that every code is explained, that what the documents show can be read, and that nothing is left
//! behind.
//!
//! A checker is a function from sources to findings. Beside each stands a test that shows it can find something.

mod codes;
mod documents;
mod layers;
mod leftovers;
mod names;
mod sizes;
mod source;
mod top;

/// Fails with everything that was found.
fn nothing(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
