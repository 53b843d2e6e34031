//! Patterns of `LIKE` that need no search: a text, with `%` at its ends or nowhere.

use super::{Constant, Resource, Unfit};

/// What such a pattern asks for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mapping::expr) struct Plain {
    text: Box<str>,
    /// Anything may stand before it.
    before: bool,
    /// Anything may stand after it.
    after: bool,
}

impl Plain {
    fn of(pattern: &str) -> Option<Self> {
        let (before, rest) = match pattern.strip_prefix('%') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (after, text) = match rest.strip_suffix('%') {
            Some(text) => (true, text),
            None => (false, rest),
        };
        let plain = !text.contains(['%', '_', '\\']);
        plain.then(|| Self { text: text.into(), before, after })
    }

    /// Whether a text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        match (self.before, self.after) {
            (false, false) => *text == *self.text,
            (false, true) => text.starts_with(&*self.text),
            (true, false) => text.ends_with(&*self.text),
            (true, true) => text.contains(&*self.text),
        }
    }
}

/// What is prepared for `LIKE` without `ESCAPE`; nothing where the pattern needs a search or is no constant.
pub(super) fn plain(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    Ok(match arguments {
        [_, Some(Constant::Text(pattern))] => Plain::of(pattern).map(Resource::Like),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_without_signs_inside_are_plain() {
        let of = |pattern: &str| {
            Plain::of(pattern).map(|plain| (plain.before, plain.text.into_string(), plain.after))
        };
        assert_eq!(of("28%"), Some((false, "28".into(), true)));
        assert_eq!(of("%"), Some((true, String::new(), false)));
        assert_eq!(of("%%"), Some((true, String::new(), true)));
        assert_eq!(of("%mid%"), Some((true, "mid".into(), true)));
        assert_eq!(of(""), Some((false, String::new(), false)));
        for searched in ["a_", "a%b", "a\\%", "\\"] {
            assert_eq!(of(searched), None, "{searched}");
        }
    }
}
