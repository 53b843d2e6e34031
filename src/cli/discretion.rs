//! What a process may leave behind when it dies.
//!
//! A memory image would hold records and keys, so none is written. A panic may say where, and little more: the standard hook prints the message, and messages hold values: slicing a text between two bytes of a character quotes
//! the text, `expect` quotes the error. Only a message that is a literal of the program is sure to hold none.

use std::{any::Any, panic};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// From now on no memory image is written, and a panic of any thread is logged with its place, and with its message only
/// if it is a literal.
pub fn be_discreet() {
    let none = Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "memory images cannot be forbidden");
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: {}", message(panic.payload()));
    }));
}

fn message(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("its message is withheld, since it may hold a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(run: impl FnOnce() + panic::UnwindSafe) -> Box<dyn Any + Send> {
        panic::catch_unwind(run).unwrap_err()
    }

    #[test]
    fn the_message_of_a_panic_is_shown_only_if_it_is_a_literal() {
        let value = String::from("ñandú");
        let sliced = payload(move || drop(std::hint::black_box(&value)[..1].to_owned()));
        let quoted = sliced.downcast_ref::<String>().expect("a made message");
        assert!(quoted.contains("ñandú"), "the standard library quotes what is sliced: {quoted}");
        assert!(message(&*sliced).contains("withheld"));
        assert_eq!(message(&*payload(|| panic!("out of luck"))), "out of luck");
    }
}
