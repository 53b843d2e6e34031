//! What the codes of decoding mean.

use acequia_api::CodeDoc;

/// Codes of records that were refused (`decode.…`) and of specifications that make no sense
/// (`mapping.decode.…`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "decode.bool",
        title: "a text is neither one of `true_if` nor one of `false_if`",
        help: "Truth values are read exactly as declared, capitals and blanks included; without a \
               declaration only `true` and `false` are. Add the word to the right list, or to \
               `null_if` if it means that nothing is known.",
    },
    CodeDoc {
        code: "decode.int",
        title: "a text is not a whole number of 64 bits",
        help: "Only digits with an optional sign are read, grouped only if `group` says by what. An \
               exponent, `-0`, a decimal mark and numbers beyond 9223372036854775807 are refused. \
               Long numbers that are never added up are identifiers: make them `text`, which \
               keeps leading zeros too.",
    },
    CodeDoc {
        code: "decode.decimal",
        title: "a text is not a decimal of the declared digits",
        help: "Decimals are exact: more digits after the point than declared are refused and never \
               rounded, as are exponents, `NaN` and `-0`. A number such as `1.234` is refused where it has \
               the form of thousands too, unless `decimal` or `group` says what its mark means. Say with `decimal` and `group` how the \
               source writes them, or declare more digits.",
    },
    CodeDoc {
        code: "decode.float",
        title: "a text is not a finite floating point number",
        help: "`NaN`, infinities, `-0`, numbers beyond 64 bits and numbers so small that they would \
               become 0 are refused: no consumer could be sure of them. `1.234` may mean thousands \
               too: say `decimal: \".\"`. Add the text to `null_if` if it means that there is no value.",
    },
    CodeDoc {
        code: "decode.date",
        title: "a text is not a date of the declared format",
        help: "The text must match `format` to the character and the day must exist. A date that \
               stands for no date, such as `00/00/0000`, goes into `null_if`, or into `sentinel` if the \
               event is to say so.",
    },
    CodeDoc {
        code: "decode.time",
        title: "a text is not a time of day of the declared format",
        help: "The text must match `format` to the character, from 00:00:00 to 23:59:59.9999999.",
    },
    CodeDoc {
        code: "decode.timestamp",
        title: "a text is not a date and time of the declared format",
        help: "The text must match `format` to the character, and day and time must exist. A \
               `timestamp` has no offset; text with one is a `timestamptz`.",
    },
    CodeDoc {
        code: "decode.timestamptz",
        title: "a text is not a point in time of the declared format",
        help: "Without `zone` the text must say its offset (`TZH`, `TZM`, or `Z` in RFC 3339); with \
               `zone` it must not.",
    },
    CodeDoc {
        code: "decode.sentinel",
        title: "a day that stands for no day was read as null",
        help: "A mark on an event, not a reject: `sentinel` names a text such as `31/12/9999`, and the \
               source had it. The mark tells this from a cell that was empty. Where the difference is \
               of no interest, name the text in `null_if` instead.",
    },
    CodeDoc {
        code: "decode.time_gap",
        title: "a local time never happened: clocks were set forward over it",
        help: "Usually the source computes with times or its clock is in another zone. `gap: \
               forward` reads such times as if the clock had not been changed, and marks the event.",
    },
    CodeDoc {
        code: "decode.time_overlap",
        title: "a local time happened twice: clocks were set back over it",
        help: "The text does not say which of the two it means. `overlap: earlier` or `later` \
               decides, and marks the event; correct it is only if the source exports the offset too.",
    },
    CodeDoc {
        code: "decode.zone_missed",
        title: "the table does not have the time zone of a record",
        help: "`zone: { lookup: … }` found no row for the values that it matches. Add the row, or say what is \
               meant with `on_miss: null` or `on_miss: { const: ZONE }`.",
    },
    CodeDoc {
        code: "decode.uuid",
        title: "a text is not a UUID",
        help: "Read are 32 hexadecimal digits in groups of 8-4-4-4-12, in either case, without \
               braces.",
    },
    CodeDoc {
        code: "decode.bytes",
        title: "a text does not stand for octets",
        help: "`format: hex` reads pairs of hexadecimal digits, `format: base64` base64 with \
               padding and without line breaks.",
    },
    CodeDoc {
        code: "decode.type",
        title: "a value has a type that does not convert to the declared one without loss",
        help: "A database brings its own types; `from:` only overrides where nothing is lost: whole \
               decimals to `int`, midnights to `date`. Declare the type of the column, or convert in \
               the query.",
    },
    CodeDoc {
        code: "mapping.decode.option",
        title: "an option of `from:` has no meaning here",
        help: "For instance a `format` for text, a `group` for dates, or an `overlap` without a \
               `zone`. Leave it out, or correct the type.",
    },
    CodeDoc {
        code: "mapping.decode.format",
        title: "a date and time pattern cannot be read",
        help: "Patterns are PostgreSQL's: YYYY YY C MM MON MONTH DD DDD HH24 HH12 MI SS MS US FF1…FF7 AM \
               TZH TZM, in capitals; `FM` in front allows missing zeros; text that stands for itself is \
               in double quotes. `C` before `YY` is the century of CYYMMDD, 0 the 1900s, and `FMC` lets a leading 0 be \
               missing. `MON` and `MONTH` are names in `language`. A pattern must say all that the type needs and \
               nothing else. Numbers that count have words of their own: `unix`, `unix_ms`, `excel1900`, `excel1904`.",
    },
    CodeDoc {
        code: "mapping.decode.zone",
        title: "a time zone is unknown or has no use",
        help: "Zones are names of the IANA database such as `Europe/Madrid`. Text that says its own \
               offset needs none, and a `date` or `time` cannot have one.",
    },
    CodeDoc {
        code: "mapping.decode.century",
        title: "two-digit years need `century: { pivot: … }`",
        help: "Years below the pivot are of the 2000s, the others of the 1900s; the pivot is 0 to 100. \
               It is given exactly where the pattern has `YY`.",
    },
    CodeDoc {
        code: "mapping.decode.number",
        title: "the way in which numbers are written contradicts itself",
        help: "`decimal` and `group` must differ, neither can be a digit or a sign, and \
               `implied_decimals` cannot be more than the type has nor stand beside `decimal`.",
    },
    CodeDoc {
        code: "mapping.decode.words",
        title: "the words for true, false and null contradict each other",
        help: "`true_if` and `false_if` are given both or not at all, and no word is in two lists. \
               Words are compared after trimming: one with blanks that are trimmed never matches.",
    },
];
