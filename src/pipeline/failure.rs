//! A system error on its way from whoever met it to the operator.

use std::error::Error;

use acequia_api::{ErrorClass, SystemError};

/// What failed, flattened for people: the chain of causes is in the text, the class decides what happens.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// What the engine does about it.
    pub class: ErrorClass,
    /// The stable code.
    pub code: String,
    /// What could not be done, and why.
    pub message: String,
    /// What a person can do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of a class.
    pub fn new(class: ErrorClass, code: &str, message: impl Into<String>) -> Self {
        Self { class, code: code.to_owned(), message: message.into(), hint: None }
    }

    /// Says what a person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Flattens an error and its causes into one line.
    pub fn from_error(
        class: ErrorClass,
        code: &str,
        error: &dyn Error,
        hint: Option<&str>,
    ) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = inner.source();
        }
        Self { class, code: code.to_owned(), message, hint: hint.map(str::to_owned) }
    }
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Self {
        Self::from_error(error.class(), error.code(), &error, error.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_are_told_once_each() {
        let error = SystemError::transient("files.read", "`/drop` cannot be listed")
            .because(std::io::Error::other("permission denied"))
            .hint("give the daemon read rights");
        let failure = Failure::from(error);
        assert_eq!(failure.message, "`/drop` cannot be listed: permission denied");
        assert_eq!(failure.hint.as_deref(), Some("give the daemon read rights"));
        assert_eq!(failure.class, ErrorClass::Transient);
    }
}
