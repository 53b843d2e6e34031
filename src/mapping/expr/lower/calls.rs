//! Functions, and what SQL writes with words of its own though it means one.

use sqlparser::ast::{
    AccessExpr, CeilFloorKind, Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments,
    Spanned, Subscript, TrimWhereField,
};

use super::{Called, Constant, Lowering, Node, Shape, Tree, Written};

/// The most arguments of a function: they all wait on the stack.
const MAX_ARGUMENTS: usize = 64;

impl Lowering<'_, '_> {
    /// The call that `sql` is; what it is not is reported.
    pub(super) fn call(&mut self, sql: &Sql, depth: usize) -> Option<Tree> {
        match sql {
            Sql::Function(_) => self.function(sql, depth),
            Sql::CompoundFieldAccess { root, access_chain } => {
                self.element(sql, root, access_chain, depth)
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like("like", *negated, (expr, pattern, escape_char.as_deref()), depth)
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like("ilike", *negated, (expr, pattern, escape_char.as_deref()), depth)
            }
            Sql::Extract { field, expr, .. } => {
                let span = self.places.span(sql.span());
                let unit = Constant::Text(field.to_string().into());
                let unit = Node { span: span.clone(), shape: Shape::Leaf(Written::Constant(unit)) };
                let of = self.node(expr, depth)?;
                Some(named("extract", span, vec![unit, of]))
            }
            Sql::AtTimeZone { timestamp, time_zone } => {
                self.plain("timezone", sql, &[time_zone, timestamp], depth)
            }
            Sql::Ceil { expr, field } | Sql::Floor { expr, field } if is_plain(field) => {
                let name = if matches!(sql, Sql::Ceil { .. }) { "ceil" } else { "floor" };
                self.plain(name, sql, &[expr], depth)
            }
            Sql::Position { expr, r#in } => self.plain("position", sql, &[expr, r#in], depth),
            Sql::Substring { expr, substring_from, substring_for, .. } => {
                let span = self.places.span(sql.span());
                let mut operands = vec![self.node(expr, depth)?];
                match substring_from {
                    Some(from) => operands.push(self.node(from, depth)?),
                    None if substring_for.is_none() => {}
                    None => {
                        let first = Shape::Leaf(Written::Constant(Constant::Int(1)));
                        operands.push(Node { span: span.clone(), shape: first });
                    }
                }
                if let Some(count) = substring_for {
                    operands.push(self.node(count, depth)?);
                }
                Some(named("substring", span, operands))
            }
            Sql::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let mut operands: Vec<&Sql> = vec![expr];
                operands.extend(trim_what.as_deref());
                operands.extend(trim_characters.iter().flatten());
                self.plain(name, sql, &operands, depth)
            }
            other => Some(Shape::Leaf(self.unsupported(other))),
        }
    }

    fn plain(&mut self, name: &str, sql: &Sql, operands: &[&Sql], depth: usize) -> Option<Tree> {
        let span = self.places.span(sql.span());
        let operands =
            operands.iter().map(|operand| self.node(operand, depth)).collect::<Option<_>>()?;
        Some(named(name, span, operands))
    }

    fn like(
        &mut self,
        name: &str,
        negated: bool,
        (text, pattern, escape): (&Sql, &Sql, Option<&Sql>),
        depth: usize,
    ) -> Option<Tree> {
        let mut operands = vec![self.node(text, depth)?, self.node(pattern, depth)?];
        if let Some(escape) = escape {
            operands.push(self.node(escape, depth)?);
        }
        let span = operands[0].span.start..operands[operands.len() - 1].span.end;
        let call = named(name, span.clone(), operands);
        Some(if negated { Shape::Not(Box::new(Node { span, shape: call })) } else { call })
    }

    fn function(&mut self, sql: &Sql, depth: usize) -> Option<Tree> {
        let Sql::Function(function) = sql else { return None };
        let span = self.places.span(sql.span());
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && !function.uses_odbc_syntax
            && matches!(function.parameters, FunctionArguments::None);
        let arguments = match &function.args {
            FunctionArguments::List(list)
                if plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
            {
                expressions(&list.args)
            }
            _ => None,
        };
        let Some(arguments) = arguments else {
            return Some(Shape::Leaf(self.unsupported(sql)));
        };
        // Unquoted names of functions are lower case, whatever is written.
        let name = function.name.to_string().to_lowercase();
        if arguments.len() > MAX_ARGUMENTS {
            let message = format!("more than {MAX_ARGUMENTS} arguments");
            self.report(span, "mapping.expr.too_deep", message, "nest several calls");
            return Some(Shape::Leaf(Written::Wrong));
        }
        let operands = arguments
            .into_iter()
            .map(|argument| self.node(argument, depth))
            .collect::<Option<_>>()?;
        let name_span = span.start..span.start + function.name.to_string().len().min(span.len());
        Some(match (&*name, operands) {
            ("coalesce", operands) => {
                let operands: Vec<Node> = operands;
                if operands.is_empty() {
                    let help = "give it the values to choose from";
                    let message = "`coalesce` needs arguments".to_owned();
                    self.report(span, "mapping.expr.arguments", message, help);
                    return Some(Shape::Leaf(Written::Wrong));
                }
                Shape::Coalesce(operands)
            }
            (_, operands) => {
                Shape::Call { callee: Called::Name { name, span: name_span }, operands }
            }
        })
    }

    /// `(regexp_match(text, pattern))[number]`: the only array there is.
    fn element(
        &mut self,
        sql: &Sql,
        root: &Sql,
        chain: &[AccessExpr],
        depth: usize,
    ) -> Option<Tree> {
        let inner = match root {
            Sql::Nested(inner) => inner,
            other => other,
        };
        let (Sql::Function(function), [AccessExpr::Subscript(Subscript::Index { index })]) =
            (inner, chain)
        else {
            return Some(Shape::Leaf(self.unsupported(sql)));
        };
        if function.name.to_string().to_lowercase() != "regexp_match" {
            return Some(Shape::Leaf(self.unsupported(sql)));
        }
        let mut tree = self.function(inner, depth)?;
        if let Shape::Call { operands, .. } = &mut tree {
            operands.push(self.node(index, depth)?);
        }
        Some(tree)
    }
}

fn named(name: &str, span: std::ops::Range<usize>, operands: Vec<Node>) -> Tree {
    Shape::Call { callee: Called::Name { name: name.to_owned(), span }, operands }
}

fn is_plain(field: &CeilFloorKind) -> bool {
    matches!(field, CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime))
}

/// The arguments, if they are expressions without names.
fn expressions(arguments: &[FunctionArg]) -> Option<Vec<&Sql>> {
    arguments
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(sql)) => Some(sql),
            _ => None,
        })
        .collect()
}
