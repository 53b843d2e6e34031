//! What can be said about one column in `from:`.

use crate::mapping::value::Type;

/// One entry of `from:` as plain data. `None` and empty lists mean "not said"; [`compile`](super::compile)
/// refuses what is said but has no meaning for the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeSpec {
    /// `type`
    pub kind: Type,
    /// `null_if`: texts that mean "no value", compared after trimming.
    pub null_if: Vec<String>,
    /// `sentinel`: texts that mean "no day" although they look like one; null as well, and a mark on the event.
    pub sentinel: Vec<String>,
    /// `trim`
    pub trim: Trim,
    /// `format`: a date and time pattern in PostgreSQL's language; for `bytes` `hex` (the default) or `base64`.
    pub format: Option<String>,
    /// `language`: of the names of months in `format`. Default: English.
    pub language: Option<Language>,
    /// `zone: { lookup }`: another column tells the zone, so that a local time is read and becomes an instant
    /// later.
    pub zone_later: bool,
    /// `zone`: name of the time zone in which the text was written.
    pub zone: Option<String>,
    /// `overlap`: which of two instants a local time means when clocks are set back. Default: reject.
    pub overlap: Option<Overlap>,
    /// `gap`: what a local time means that was skipped when clocks were set forward. Default: reject.
    pub gap: Option<Gap>,
    /// `decimal`: the character between whole and fraction. Default: the point.
    pub decimal: Option<char>,
    /// `group`: the character between groups of three digits. Default: none.
    pub group: Option<char>,
    /// `sign`: where a sign stands. Default: in front.
    pub sign: Option<Sign>,
    /// `implied_decimals`: how many of the digits stand after a point that is not written.
    pub implied_decimals: Option<u8>,
    /// `century: { pivot }`: two-digit years below it are of the 2000s, the others of the 1900s.
    pub pivot: Option<u8>,
    /// `true_if`: texts that mean true.
    pub true_if: Vec<String>,
    /// `false_if`: texts that mean false.
    pub false_if: Vec<String>,
}

impl DecodeSpec {
    /// The entry that says only the type.
    pub fn of(kind: Type) -> Self {
        Self {
            kind,
            null_if: Vec::new(),
            sentinel: Vec::new(),
            trim: Trim::None,
            format: None,
            language: None,
            zone_later: false,
            zone: None,
            overlap: None,
            gap: None,
            decimal: None,
            group: None,
            sign: None,
            implied_decimals: None,
            pivot: None,
            true_if: Vec::new(),
            false_if: Vec::new(),
        }
    }
}

/// Declares an enumeration whose variants have words in mapping files.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The words of all variants, in the order of the reference.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The variant that `word` names.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Which blanks around a text are no part of it. A blank is any character with the Unicode property
    /// `White_Space`, which includes the no-break space.
    Trim {
        /// All of it belongs.
        #[default]
        None = "none",
        /// Those in front go.
        Left = "left",
        /// Those behind go, as in a `CHAR` column.
        Right = "right",
        /// Both go.
        Both = "both",
    }
}

words! {
    /// A local time that happened twice.
    Overlap {
        /// Neither: the record is refused.
        #[default]
        Reject = "reject",
        /// The first.
        Earlier = "earlier",
        /// The second.
        Later = "later",
    }
}

words! {
    /// A local time that never happened.
    Gap {
        /// The record is refused.
        #[default]
        Reject = "reject",
        /// As if the clock had not been set forward: 02:30 becomes what was shown as 03:30.
        Forward = "forward",
    }
}

words! {
    /// In which language the names of months are written.
    Language {
        /// English.
        #[default]
        English = "en",
        /// Spanish.
        Spanish = "es",
        /// French.
        French = "fr",
        /// German.
        German = "de",
    }
}

words! {
    /// Where the sign of a number stands.
    Sign {
        /// In front: `-12`.
        #[default]
        Leading = "leading",
        /// Behind: `12-`.
        Trailing = "trailing",
        /// In the last digit, as COBOL's zoned decimals show in ASCII: `1{` is 10, `1}` is -10, `1A` 11, `1J` -11.
        Overpunch = "overpunch",
        /// The same in the first digit: `{1` is 1, `J2` -12.
        OverpunchLeading = "overpunch_leading",
        /// A negative number stands in parentheses: `(12)`.
        Parentheses = "parentheses",
    }
}

/// Something wrong with a specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The key of the entry where it is: `format`, `zone`, `decimal`, …
    pub key: &'static str,
    /// One of [`CODES`](super::CODES).
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}
