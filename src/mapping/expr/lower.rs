//! The SQL parser's tree to ours: what is understood, with the bytes where it stands.

mod calls;
mod kinds;
mod refuse;

use std::ops::Range;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr as Sql, InTarget, Interval as SqlInterval, Spanned, TypedString,
    UnaryOperator, Value, ValueWithSpan,
};

use super::{
    ExprError, literal,
    parse::too_deep,
    place::Places,
    tree::{Called, Constant, Node, Shape, Test, Written},
};

type Tree = Shape<Written, Called, Node>;

/// One walk over one expression.
pub(super) struct Lowering<'s, 'e> {
    source: &'s str,
    places: Places<'s>,
    errors: &'e mut Vec<ExprError>,
}

impl<'s, 'e> Lowering<'s, 'e> {
    pub(super) fn new(source: &'s str, places: Places<'s>, errors: &'e mut Vec<ExprError>) -> Self {
        Self { source, places, errors }
    }

    /// The tree of `sql`, at most `depth` levels deep; `None` only where it is deeper.
    pub(super) fn node(&mut self, sql: &Sql, depth: usize) -> Option<Node> {
        let span = self.span(sql);
        let Some(depth) = depth.checked_sub(1) else {
            self.errors.push(too_deep(span));
            return None;
        };
        let shape = match sql {
            Sql::Nested(inner) => return self.node(inner, depth),
            Sql::Identifier(name) => Shape::Leaf(Written::Name {
                name: name.value.clone(),
                quoted: name.quote_style.is_some(),
            }),
            // Part of a list, or of the element that `each` gives a name.
            Sql::CompoundIdentifier(names) => Shape::Leaf(Written::Name {
                name: names.iter().map(|name| &*name.value).collect::<Vec<_>>().join("."),
                quoted: names.iter().any(|name| name.quote_style.is_some()),
            }),
            Sql::AnyOp { left, compare_op, right, .. } if let Some(test) = test_of(compare_op) => {
                self.quantified("any", test, (left, right), depth)?
            }
            Sql::AllOp { left, compare_op, right } if let Some(test) = test_of(compare_op) => {
                self.quantified("all", test, (left, right), depth)?
            }
            Sql::Value(value) => Shape::Leaf(self.value(value, false)),
            Sql::TypedString(typed) => Shape::Leaf(self.typed(typed)),
            Sql::Interval(interval) => Shape::Leaf(self.interval(interval)),
            Sql::UnaryOp { op, expr } => self.unary(sql, *op, expr, depth)?,
            Sql::BinaryOp { op: op @ BinaryOperator::And, .. } => {
                Shape::All(self.chain(sql, op, depth)?)
            }
            Sql::BinaryOp { op: op @ BinaryOperator::Or, .. } => {
                Shape::Any(self.chain(sql, op, depth)?)
            }
            Sql::BinaryOp { left, op, right } if let Some(test) = test_of(op) => {
                self.comparison(sql, test, (left, right), depth)?
            }
            Sql::BinaryOp { op, .. } if let Some(name) = operator_of(op) => {
                return self.operators(sql, name, depth);
            }
            Sql::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, .. } => {
                let operand = self.node(expr, depth)?;
                match kinds::target(data_type) {
                    Ok(target) => {
                        Shape::Call { callee: Called::Cast { target }, operands: vec![operand] }
                    }
                    Err((message, help)) => {
                        self.report(span.clone(), "mapping.expr.unsupported", message, help);
                        Shape::Leaf(Written::Wrong)
                    }
                }
            }
            Sql::Case { operand, conditions, else_result, .. } => {
                let operand = self.maybe(operand.as_deref(), depth)?;
                let branches = conditions
                    .iter()
                    .map(|branch| {
                        let condition = self.node(&branch.condition, depth)?;
                        Some((condition, self.node(&branch.result, depth)?))
                    })
                    .collect::<Option<_>>()?;
                let otherwise = self.maybe(else_result.as_deref(), depth)?;
                Shape::Case { operand, branches, otherwise }
            }
            other => match self.predicate(other, depth)? {
                Some(shape) => shape,
                None => self.call(other, depth)?,
            },
        };
        Some(Node { span, shape })
    }

    /// The bytes of `sql`. The parser leaves out the parenthesis that closes a call.
    fn span(&self, sql: &Sql) -> Range<usize> {
        let mut span = self.places.span(sql.span());
        if matches!(sql, Sql::Function(_)) {
            let rest = &self.source[span.end..];
            let blanks = rest.len() - rest.trim_start().len();
            span.end += if rest[blanks..].starts_with(')') { blanks + 1 } else { 0 };
        }
        span
    }

    fn boxed(&mut self, sql: &Sql, depth: usize) -> Option<Box<Node>> {
        self.node(sql, depth).map(Box::new)
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one ends the walk, the inner is the syntax"
    )]
    fn maybe(&mut self, sql: Option<&Sql>, depth: usize) -> Option<Option<Box<Node>>> {
        match sql {
            Some(sql) => Some(Some(self.boxed(sql, depth)?)),
            None => Some(None),
        }
    }

    fn unary(
        &mut self,
        sql: &Sql,
        operator: UnaryOperator,
        operand: &Sql,
        depth: usize,
    ) -> Option<Tree> {
        Some(match (operator, operand) {
            (UnaryOperator::Minus, Sql::Value(value)) if is_number(operand) => {
                Shape::Leaf(self.value(value, true))
            }
            (UnaryOperator::Not, _) => Shape::Not(self.boxed(operand, depth)?),
            (UnaryOperator::Minus | UnaryOperator::Plus, _) => {
                let name = if operator == UnaryOperator::Minus { "-" } else { "+" };
                let span = self.places.span(sql.span());
                let operands = vec![self.node(operand, depth)?];
                Shape::Call { callee: Called::Name { name: name.to_owned(), span }, operands }
            }
            _ => Shape::Leaf(self.unsupported(sql)),
        })
    }

    fn comparison(
        &mut self,
        sql: &Sql,
        test: Test,
        (left, right): (&Sql, &Sql),
        depth: usize,
    ) -> Option<Tree> {
        if is_comparison(left) || is_comparison(right) {
            self.report(
                self.places.span(sql.span()),
                "mapping.expr.syntax",
                "comparisons do not chain".to_owned(),
                "join them with AND, or put one in parentheses",
            );
            return Some(Shape::Leaf(Written::Wrong));
        }
        let (left, right) = (self.boxed(left, depth)?, self.boxed(right, depth)?);
        Some(Shape::Compare { test, left, right })
    }

    /// `a = ANY(LIST.COLUMN)` asks `a = LIST.COLUMN` of every element.
    fn quantified(
        &mut self,
        name: &str,
        test: Test,
        (left, right): (&Sql, &Sql),
        depth: usize,
    ) -> Option<Tree> {
        let (left, right) = (self.boxed(left, depth)?, self.boxed(right, depth)?);
        let span = left.span.start..right.span.end;
        let compare = Node { span: span.clone(), shape: Shape::Compare { test, left, right } };
        let callee = Called::Name { name: name.to_owned(), span };
        Some(Shape::Call { callee, operands: vec![compare] })
    }

    /// What asks something of values; the inner `None` is for everything else.
    #[expect(
        clippy::option_option,
        reason = "the outer one ends the walk, the inner is the syntax"
    )]
    fn predicate(&mut self, sql: &Sql, depth: usize) -> Option<Option<Tree>> {
        let shape = match sql {
            Sql::IsNull(operand) | Sql::IsNotNull(operand) => Shape::IsNull {
                negated: matches!(sql, Sql::IsNotNull(_)),
                operand: self.boxed(operand, depth)?,
            },
            Sql::IsUnknown(operand) | Sql::IsNotUnknown(operand) => {
                let operand = self.boxed(operand, depth)?;
                // Of conditions only, and what is unknown is so when it is denied.
                let denied = Node { span: operand.span.clone(), shape: Shape::Not(operand) };
                let negated = matches!(sql, Sql::IsNotUnknown(_));
                Shape::IsNull { negated, operand: Box::new(denied) }
            }
            Sql::IsTrue(operand)
            | Sql::IsNotTrue(operand)
            | Sql::IsFalse(operand)
            | Sql::IsNotFalse(operand) => Shape::IsTruth {
                truth: matches!(sql, Sql::IsTrue(_) | Sql::IsNotTrue(_)),
                negated: matches!(sql, Sql::IsNotTrue(_) | Sql::IsNotFalse(_)),
                operand: self.boxed(operand, depth)?,
            },
            Sql::IsDistinctFrom(left, right) | Sql::IsNotDistinctFrom(left, right) => {
                Shape::Distinct {
                    negated: matches!(sql, Sql::IsNotDistinctFrom(..)),
                    left: self.boxed(left, depth)?,
                    right: self.boxed(right, depth)?,
                }
            }
            Sql::In { expr, target: InTarget::List(list), negated, global: false }
                if !list.is_empty() =>
            {
                let operand = self.boxed(expr, depth)?;
                let list =
                    list.iter().map(|element| self.node(element, depth)).collect::<Option<_>>()?;
                Shape::In { negated: *negated, operand, list }
            }
            Sql::Between { expr, negated, low, high } => Shape::Between {
                negated: *negated,
                operand: self.boxed(expr, depth)?,
                low: self.boxed(low, depth)?,
                high: self.boxed(high, depth)?,
            },
            _ => return Some(None),
        };
        Some(Some(shape))
    }

    /// The operands of a chain of one operator, from the left. The parser nests them to the left, as deep as
    /// the chain is long.
    fn chain(&mut self, sql: &Sql, operator: &BinaryOperator, depth: usize) -> Option<Vec<Node>> {
        let mut operands = Vec::new();
        let mut rest = sql;
        while let Sql::BinaryOp { left, op, right } = rest
            && op == operator
        {
            operands.push(&**right);
            rest = left;
        }
        operands.push(rest);
        operands.iter().rev().map(|operand| self.node(operand, depth)).collect()
    }

    /// A chain of operators, from the left. It nests as deep as it is long, and every operator counts as a level.
    fn operators(&mut self, sql: &Sql, last: &'static str, depth: usize) -> Option<Node> {
        let mut steps = vec![(sql, last)];
        let mut rest = sql;
        while let Sql::BinaryOp { left, .. } = rest {
            rest = left;
            match rest {
                Sql::BinaryOp { op, .. } if let Some(name) = operator_of(op) => {
                    steps.push((rest, name));
                }
                _ => break,
            }
        }
        let Some(depth) = depth.checked_sub(steps.len()) else {
            self.errors.push(too_deep(self.places.span(sql.span())));
            return None;
        };
        let mut node = self.node(rest, depth)?;
        for (sql, name) in steps.into_iter().rev() {
            let Sql::BinaryOp { right, .. } = sql else { continue };
            let right = self.node(right, depth)?;
            let span = node.span.start..right.span.end.max(node.span.end);
            let (name, negated) = match name.strip_prefix('!') {
                Some(name) => (name, true),
                None => (name, false),
            };
            let callee = Called::Name { name: name.to_owned(), span: span.clone() };
            node = Node {
                span: span.clone(),
                shape: Shape::Call { callee, operands: vec![node, right] },
            };
            if negated {
                node = Node { span, shape: Shape::Not(Box::new(node)) };
            }
        }
        Some(node)
    }

    fn report(
        &mut self,
        span: Range<usize>,
        code: &'static str,
        message: String,
        help: impl Into<String>,
    ) {
        self.errors.push(ExprError { span, code, message, help: Some(help.into()) });
    }

    fn value(&mut self, value: &ValueWithSpan, negative: bool) -> Written {
        let span = self.places.span(value.span);
        let constant = match &value.value {
            Value::Null => Ok(Constant::Null),
            Value::Boolean(truth) => Ok(Constant::Bool(*truth)),
            Value::SingleQuotedString(text) => Ok(Constant::Text(text.as_str().into())),
            Value::Number(text, false) => literal::number(text, negative),
            other => {
                let message = format!("literals such as `{other}` are not supported");
                let help = "write text as '…' and numbers with digits only";
                self.report(span, "mapping.expr.unsupported", message, help);
                return Written::Wrong;
            }
        };
        self.constant(constant, span)
    }

    fn typed(&mut self, typed: &TypedString) -> Written {
        let span = self.places.span(typed.value.span);
        if let Value::SingleQuotedString(text) = &typed.value.value
            && !typed.uses_odbc_syntax
            && let Some(constant) = literal::typed(&typed.data_type, text)
        {
            return self.constant(constant, span);
        }
        let message = format!("literals of type `{}` are not supported", typed.data_type);
        let help = "there are DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL and UUID, with text in single quotes";
        self.report(span, "mapping.expr.unsupported", message, help);
        Written::Wrong
    }

    fn interval(&mut self, interval: &SqlInterval) -> Written {
        let span = self.places.span(interval.value.span());
        let plain = interval.leading_precision.is_none()
            && interval.last_field.is_none()
            && interval.fractional_seconds_precision.is_none();
        let found = match &*interval.value {
            Sql::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) if plain => {
                match &interval.leading_field {
                    None => literal::interval(text),
                    Some(unit) => literal::interval(&format!("{text} {unit}")),
                }
            }
            _ => None,
        };
        let help = "write for instance INTERVAL '1 year 2 months 3 days 04:05:06'";
        let problem = || ("this is no length of time".to_owned(), help.to_owned());
        self.constant(found.map(Constant::Interval).ok_or_else(problem), span)
    }

    fn constant(
        &mut self,
        constant: Result<Constant, literal::LiteralError>,
        span: Range<usize>,
    ) -> Written {
        match constant {
            Ok(constant) => Written::Constant(constant),
            Err((message, help)) => {
                self.report(span, "mapping.expr.literal", message, help);
                Written::Wrong
            }
        }
    }
}

fn is_number(sql: &Sql) -> bool {
    matches!(sql, Sql::Value(ValueWithSpan { value: Value::Number(..), .. }))
}

fn is_comparison(sql: &Sql) -> bool {
    matches!(sql, Sql::BinaryOp { op, .. } if test_of(op).is_some())
}

fn test_of(operator: &BinaryOperator) -> Option<Test> {
    Some(match operator {
        BinaryOperator::Eq => Test::Equal,
        BinaryOperator::NotEq => Test::NotEqual,
        BinaryOperator::Lt => Test::Less,
        BinaryOperator::LtEq => Test::LessOrEqual,
        BinaryOperator::Gt => Test::Greater,
        BinaryOperator::GtEq => Test::GreaterOrEqual,
        _ => return None,
    })
}

/// The function of an operator; with `!` in front for one that negates it.
fn operator_of(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::PGRegexMatch => "~",
        BinaryOperator::PGRegexIMatch => "~*",
        BinaryOperator::PGRegexNotMatch => "!~",
        BinaryOperator::PGRegexNotIMatch => "!~*",
        _ => return None,
    })
}
