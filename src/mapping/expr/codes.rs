//! What the codes of expressions mean.

use acequia_api::CodeDoc;

/// Codes of expressions that are not accepted.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "mapping.expr.syntax",
        title: "an expression is not SQL",
        help: "Expressions are SQL scalar expressions in PostgreSQL's syntax: text in single quotes, \
               names with odd characters in double quotes, comparisons with `=` and `<>`.",
    },
    CodeDoc {
        code: "mapping.expr.unsupported",
        title: "a part of SQL that conditions do not have",
        help: "Conditions know names, literals, comparisons, IS [NOT] NULL, IS [NOT] DISTINCT FROM, \
               [NOT] IN, [NOT] BETWEEN, AND, OR and NOT. Functions, arithmetic, LIKE, CASE and CAST come \
               with the full expression language; subqueries and anything volatile never do.",
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
