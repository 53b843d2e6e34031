//! What the codes of expressions mean.

use acequia_api::CodeDoc;

/// The title of a code.
pub(super) fn title(code: &str) -> &'static str {
    CODES.iter().find(|doc| doc.code == code).map_or("it has no result", |doc| doc.title)
}

/// Codes of expressions that are not accepted, and of records for which they have no result.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "mapping.expr.syntax",
        title: "an expression is not SQL",
        help: "Expressions are SQL scalar expressions in PostgreSQL's syntax: text in single quotes, \
               names with odd characters in double quotes, comparisons with `=` and `<>`.",
    },
    CodeDoc {
        code: "mapping.expr.unsupported",
        title: "a part of SQL that expressions do not have",
        help: "Expressions know names, literals, + - * / % ||, comparisons, AND OR NOT, IS [NOT] NULL, TRUE, \
               FALSE and DISTINCT FROM, IN, BETWEEN, LIKE, ILIKE, ~, CASE, CAST and ::, AT TIME ZONE and \
               functions. They see one record: subqueries, window functions and anything that depends on \
               the clock or on chance are not there on purpose.",
    },
    CodeDoc {
        code: "mapping.expr.unknown_name",
        title: "an expression uses a name that does not exist",
        help: "Names are those of `from` and `let`, matched exactly: capitals count. Text is written in \
               single quotes; double quotes are for names.",
    },
    CodeDoc {
        code: "mapping.expr.type",
        title: "types in an expression do not go together",
        help: "Nothing turns into another type by itself: compare text with text ('5'), numbers with \
               numbers (5), dates with dates (DATE '2021-01-31'). Text from a file becomes a number or a \
               date in `from`.",
    },
    CodeDoc {
        code: "mapping.expr.unknown_function",
        title: "an expression calls a function that does not exist",
        help: "Texts: concat, concat_ws, initcap, left, length, lower, lpad, ltrim, position, regexp_match, \
               regexp_replace, repeat, replace, reverse, right, rpad, rtrim, split_part, starts_with, strpos, \
               substring, translate, trim, upper. Numbers: abs, ceil, floor, mod, round, sign, trunc. Dates: \
               age, date_trunc, extract, make_date, to_date, to_timestamp. Anything: coalesce, greatest, least, \
               nullif. All mean what they mean in PostgreSQL.",
    },
    CodeDoc {
        code: "mapping.expr.arguments",
        title: "a function or an operator does not take what it is given",
        help: "Nothing turns into text or out of text by itself: declare the type of a column in `from`, or cast \
               (`N::text`, `T::decimal(12,2)`). Patterns, formats and units are written in the expression as \
               text in single quotes.",
    },
    CodeDoc {
        code: "mapping.expr.no_list",
        title: "a function over a list is given none",
        help: "count, sum, min, max, string_agg, bool_or and bool_and compute over the elements of a list that `from` \
               declares with `list:`: `sum(LINES.AMOUNT)`, `count(LINES)`, `'X' = ANY(LINES.KIND)`. Values of one \
               record are added with `+` and compared with least and greatest.",
    },
    CodeDoc {
        code: "mapping.expr.argument",
        title: "a pattern, a format, a unit or a time zone does not exist",
        help: "Regular expressions have the syntax of the Rust library `regex`; formats of dates are those of \
               `from`; time zones have names such as 'Europe/Madrid'.",
    },
    CodeDoc {
        code: "mapping.expr.always_fails",
        title: "an expression fails for every record",
        help: "A part without names was computed when the mapping was checked, and has no result: a division by \
               zero, a number outside its range, a text that is not what it is cast to.",
    },
    CodeDoc {
        code: "map.expr.division_by_zero",
        title: "a record makes an expression divide by zero",
        help: "Write `a / nullif(b, 0)` where no result is wanted then.",
    },
    CodeDoc {
        code: "map.expr.out_of_range",
        title: "a result outside what its type holds",
        help: "Whole numbers have 64 bits, decimals 38 digits, dates the years 1 to 9999. Decimals are never \
               rounded to fit: write round(…, 2) between multiplications.",
    },
    CodeDoc {
        code: "map.expr.cast",
        title: "a text is not what it is cast to",
        help: "Numbers have digits and a point, dates and times are in ISO 8601 (2021-01-31, 23:59:59). What a \
               file writes otherwise is decoded in `from`.",
    },
    CodeDoc {
        code: "map.expr.argument",
        title: "an argument with which a function means nothing",
        help: "A negative length of substring, part 0 of split_part, a pattern of LIKE that ends with its escape, \
               a time zone that does not exist.",
    },
    CodeDoc {
        code: "map.expr.too_large",
        title: "an expression makes too large a text",
        help: "A text has at most 1 MiB, all texts that the expressions of one record make 16 MiB. repeat, lpad, replace \
               and || grow texts: bound what they are given. A mapping with `each` at its top computes functions over \
               lists of at most 4096 elements.",
    },
    CodeDoc {
        code: "mapping.expr.not_boolean",
        title: "a condition is neither true nor false",
        help: "`when` and `delete_when` need a condition such as `BAJA = 'S'`; a column that is `bool` \
               may stand alone.",
    },
    CodeDoc {
        code: "mapping.expr.literal",
        title: "a literal has no value",
        help: "Numbers have at most 38 digits and no exponent; dates and times are written in ISO \
               8601 (DATE '2021-01-31', TIME '23:59:59', TIMESTAMP '2021-01-31 23:59:59', TIMESTAMPTZ \
               '2021-01-31 23:59:59+01:00') and must exist.",
    },
    CodeDoc {
        code: "mapping.expr.too_long",
        title: "an expression is longer than 4096 characters",
        help: "A list of many values is a code table or a lookup; other long conditions are several \
               mappings.",
    },
    CodeDoc {
        code: "mapping.expr.too_deep",
        title: "an expression is nested deeper than 64 levels",
        help: "Write chains of AND and OR without parentheses, or use a code table.",
    },
];
