//! What is not understood: what it is called, and what to do instead.

use sqlparser::ast::{Expr as Sql, InTarget, Spanned};

use super::{Lowering, Written};

/// Subqueries and everything that looks beyond the record.
const ONE_RECORD: &str = "expressions see one record only; use a `lookup`";

impl Lowering<'_, '_> {
    pub(super) fn unsupported(&mut self, sql: &Sql) -> Written {
        let span = self.places.span(sql.span());
        if matches!(sql, Sql::In { target: InTarget::List(_), .. }) {
            let message = "the list of `IN` is empty".to_owned();
            self.report(span, "mapping.expr.syntax", message, "give at least one value");
            return Written::Wrong;
        }
        let (what, help) = name_of(sql);
        let message = format!("{what} is not supported");
        let help = if self.source[span.clone()].eq_ignore_ascii_case("user") {
            "if the column is meant, write it in double quotes"
        } else {
            help
        };
        self.report(span, "mapping.expr.unsupported", message, help);
        Written::Wrong
    }
}

fn name_of(sql: &Sql) -> (String, &'static str) {
    let (word, help) = match sql {
        Sql::BinaryOp { op, .. } => {
            return (
                format!("the operator `{op}`"),
                "there are + - * / % || = <> < <= > >= ~ ~* LIKE ILIKE AND OR NOT",
            );
        }
        Sql::UnaryOp { op, .. } => {
            return (format!("the operator `{op}`"), "there are - and NOT in front of a value");
        }
        Sql::Function(function) => {
            return (
                format!("this form of `{}`", function.name),
                "give plain arguments: no DISTINCT, ORDER BY, FILTER, OVER or names",
            );
        }
        Sql::CompoundFieldAccess { .. } => {
            return (
                "a subscript".to_owned(),
                "the only one is (regexp_match(text, 'pattern'))[1]",
            );
        }
        Sql::Subquery(_) | Sql::Exists { .. } | Sql::In { .. } => {
            return ("a subquery".to_owned(), ONE_RECORD);
        }
        Sql::Tuple(_) => return ("a row of several values".to_owned(), "compare them one by one"),
        Sql::SimilarTo { .. } => ("SIMILAR TO", "write `~` with a regular expression"),
        Sql::Like { .. } | Sql::ILike { .. } => ("LIKE ANY", "join several LIKE with OR"),
        Sql::Cast { .. } => {
            ("TRY_CAST", "write CAST; a value that cannot be cast refuses the record")
        }
        Sql::Ceil { .. } | Sql::Floor { .. } => {
            ("CEIL and FLOOR with digits", "write round(…, n) or trunc(…, n)")
        }
        Sql::Overlay { .. } => ("OVERLAY", "write left(…, n) || … || substring(… FROM n)"),
        Sql::Collate { .. } => ("COLLATE", "texts compare by code point"),
        Sql::Array(_) => ("ARRAY", "write a list field with `list:` or `each:`"),
        _ => {
            return (
                "this part of SQL".to_owned(),
                "`acequia explain mapping.expr.unsupported` says what there is",
            );
        }
    };
    (format!("`{word}`"), help)
}
