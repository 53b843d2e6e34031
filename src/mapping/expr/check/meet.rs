//! Where several values become one: they must have one type, or types that widen to one.

use super::{Checker, any_nullable};
use crate::mapping::{
    expr::{
        ExprError,
        functions::convert,
        tree::{Callee, Checked, Known, Node, Shape},
    },
    value::Type,
};

impl Checker<'_, '_> {
    /// `CASE`: conditions first, results of one type.
    pub(super) fn case(
        &mut self,
        operand: Option<&Node>,
        branches: &[(Node, Node)],
        otherwise: Option<&Node>,
    ) -> Option<Checked> {
        let operand = match operand {
            Some(operand) => Some((self.node(operand)?, operand)),
            None => None,
        };
        let conditions: Vec<Option<Checked>> = branches
            .iter()
            .map(|(condition, _)| match &operand {
                None => self.truth(condition, "WHEN"),
                Some((value, place)) => {
                    let checked = self.node(condition)?;
                    self.comparable((value, place), (&checked, condition)).then_some(checked)
                }
            })
            .collect();
        let places: Vec<&Node> =
            branches.iter().map(|(_, result)| result).chain(otherwise).collect();
        let results: Vec<Option<Checked>> = places.iter().map(|result| self.node(result)).collect();
        let conditions: Vec<Checked> = conditions.into_iter().collect::<Option<_>>()?;
        let (kind, mut results) = self.meet("CASE", results, &places)?;
        let otherwise_checked = otherwise.and_then(|_| results.pop()).map(Box::new);
        let nullable = otherwise_checked.as_ref().is_none_or(|result| result.nullable)
            || any_nullable(&results);
        let shape = Shape::Case {
            operand: operand.map(|(value, _)| Box::new(value)),
            branches: conditions.into_iter().zip(results).collect(),
            otherwise: otherwise_checked,
        };
        Some(Checked { kind, nullable, shape })
    }

    pub(super) fn coalesce(&mut self, operands: &[Node]) -> Option<Checked> {
        let places: Vec<&Node> = operands.iter().collect();
        let checked = operands.iter().map(|operand| self.node(operand)).collect();
        let (kind, checked) = self.meet("COALESCE", checked, &places)?;
        let nullable = checked.iter().all(|operand| operand.nullable);
        Some(Checked { kind, nullable, shape: Shape::Coalesce(checked) })
    }

    /// Brings values to their common type; reports it where they have none.
    pub(super) fn meet(
        &mut self,
        what: &str,
        values: Vec<Option<Checked>>,
        places: &[&Node],
    ) -> Option<(Option<Type>, Vec<Checked>)> {
        let values: Vec<Checked> = values.into_iter().collect::<Option<_>>()?;
        let mut common: Option<Type> = None;
        for (value, place) in values.iter().zip(places) {
            let Some(kind) = &value.kind else { continue };
            common = Some(match common {
                None => kind.clone(),
                Some(before) => match wider(&before, kind) {
                    Some(wider) => wider,
                    None => {
                        self.errors.push(ExprError {
                            span: place.span.clone(),
                            code: "mapping.expr.type",
                            message: format!("{what} gives `{before}` before and `{kind}` here"),
                            help: Some(format!(
                                "cast one of them, as in `{}::{before}`",
                                &self.source[place.span.clone()]
                            )),
                        });
                        return None;
                    }
                },
            });
        }
        let values = match &common {
            Some(common) => values.into_iter().map(|value| widened(value, common)).collect(),
            None => values,
        };
        Some((common, values))
    }
}

/// The type that holds values of both.
fn wider(a: &Type, b: &Type) -> Option<Type> {
    use Type::{Date, Decimal, Float, Int, Number, Timestamp};
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Float, b) if b.is_number() => Float,
        (a, Float) if a.is_number() => Float,
        (Int | Decimal { .. }, Int | Decimal { .. }) => widest(digits(a)?, digits(b)?),
        (Number, b) if b.is_number() => Number,
        (a, Number) if a.is_number() => Number,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        _ => return None,
    })
}

/// Digits before and after the point.
fn digits(kind: &Type) -> Option<(u8, u8)> {
    match kind {
        Type::Int => Some((19, 0)),
        Type::Decimal { precision, scale } => Some((precision - scale, *scale)),
        _ => None,
    }
}

/// Values of both keep their own digits: written with the larger number of them after the point.
fn widest(a: (u8, u8), b: (u8, u8)) -> Type {
    let (whole, scale) = (a.0.max(b.0), a.1.max(b.1));
    Type::Decimal { precision: (whole + scale).min(crate::mapping::value::MAX_DIGITS), scale }
}

/// `value` as one of `kind`, to which its type widens.
pub(super) fn widened(value: Checked, kind: &Type) -> Checked {
    let Some(function) = value.kind.as_ref().and_then(|from| convert(from, kind)) else {
        return value;
    };
    let nullable = value.nullable;
    let callee = Callee { function, resource: None };
    let shape = Shape::Call { callee, operands: vec![value] };
    super::calls::folded(Checked { kind: Some(kind.clone()), nullable, shape }).unwrap_or_else(
        |_| Checked {
            kind: Some(kind.clone()),
            nullable: true,
            shape: Shape::Leaf(Known::Constant(crate::mapping::expr::tree::Constant::Null)),
        },
    )
}
