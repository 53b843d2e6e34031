//! Names to slots, and whether the types go together.

mod calls;
mod lists;
mod meet;

use std::ops::Range;

use super::{
    ExprError, Scope,
    fold::{Fold, Over},
    literal,
    tree::{Called, Checked, Constant, Known, Node, Shape, Written},
};
use crate::{diagnostic::suggest, mapping::value::Type};

/// Understands a tree. Reports everything that is wrong with it; the result is whole only without errors.
pub(super) fn check(
    source: &str,
    tree: &Node,
    scope: &dyn Scope,
    condition: bool,
    errors: &mut Vec<ExprError>,
) -> Option<(Checked, Vec<Fold>)> {
    let mut checker = Checker { source, scope, errors, folds: Vec::new() };
    let checked = checker.node(tree)?;
    match &checked.kind {
        Some(kind) if condition && *kind != Type::Bool => {
            let error = not_boolean(source, tree, kind);
            checker.errors.push(error);
            None
        }
        _ => Some((checked, checker.folds)),
    }
}

fn not_boolean(source: &str, tree: &Node, kind: &Type) -> ExprError {
    let text = &source[tree.span.clone()];
    let is_name = matches!(tree.shape, Shape::Leaf(Written::Name { .. }));
    ExprError {
        span: tree.span.clone(),
        code: "mapping.expr.not_boolean",
        message: format!("a condition is needed here, this is of type `{kind}`"),
        help: Some(match kind {
            _ if !is_name => "compare a field with something".to_owned(),
            Type::Text => format!("compare it with something: {text} = 'S'"),
            Type::Int => format!("compare it with something: {text} = 1"),
            _ => format!("compare it with something, or ask {text} IS NOT NULL"),
        }),
    }
}

struct Checker<'s, 'e> {
    source: &'s str,
    scope: &'s dyn Scope,
    errors: &'e mut Vec<ExprError>,
    folds: Vec<Fold>,
}

impl Checker<'_, '_> {
    /// Understands a node; `None` where something in it was reported.
    fn node(&mut self, node: &Node) -> Option<Checked> {
        let (shape, nullable) = match &node.shape {
            Shape::Leaf(leaf) => return self.leaf(leaf, &node.span),
            Shape::Compare { test, left, right } => {
                let (a, b) = self.pair(left, right)?;
                let nullable = a.nullable || b.nullable;
                (Shape::Compare { test: *test, left: a.into(), right: b.into() }, nullable)
            }
            Shape::Distinct { negated, left, right } => {
                let (a, b) = self.pair(left, right)?;
                (Shape::Distinct { negated: *negated, left: a.into(), right: b.into() }, false)
            }
            Shape::IsNull { negated, operand } => {
                let operand = self.node(operand)?.into();
                (Shape::IsNull { negated: *negated, operand }, false)
            }
            Shape::In { negated, operand, list } => {
                let (value, list) = self.beside(operand, list.iter())?;
                let nullable = value.nullable || any_nullable(&list);
                (Shape::In { negated: *negated, operand: value.into(), list }, nullable)
            }
            Shape::Between { negated, operand, low, high } => {
                let (value, limits) = self.beside(operand, [&**low, &**high])?;
                let nullable = value.nullable || any_nullable(&limits);
                let [low, high] = <[Checked; 2]>::try_from(limits).ok()?.map(Box::new);
                (Shape::Between { negated: *negated, operand: value.into(), low, high }, nullable)
            }
            Shape::IsTruth { truth, negated, operand } => {
                let operand = self.truth(operand, "IS TRUE")?.into();
                (Shape::IsTruth { truth: *truth, negated: *negated, operand }, false)
            }
            Shape::Case { operand, branches, otherwise } => {
                return self.case(operand.as_deref(), branches, otherwise.as_deref());
            }
            Shape::Coalesce(operands) => return self.coalesce(operands),
            Shape::Call { callee: Called::Name { name, .. }, operands }
                if Over::of(name).is_some() =>
            {
                return self.over_list(node, Over::of(name)?, operands);
            }
            Shape::Call { callee, operands } => return self.call(node, callee, operands),
            Shape::Not(operand) => {
                let operand = self.truth(operand, "NOT")?;
                let nullable = operand.nullable;
                (Shape::Not(operand.into()), nullable)
            }
            Shape::All(operands) => {
                let operands = self.truths(operands, "AND")?;
                let nullable = any_nullable(&operands);
                (Shape::All(operands), nullable)
            }
            Shape::Any(operands) => {
                let operands = self.truths(operands, "OR")?;
                let nullable = any_nullable(&operands);
                (Shape::Any(operands), nullable)
            }
        };
        Some(Checked { kind: Some(Type::Bool), nullable, shape })
    }

    fn leaf(&mut self, leaf: &Written, span: &Range<usize>) -> Option<Checked> {
        match leaf {
            Written::Wrong => None,
            Written::Constant(constant) => Some(Checked {
                kind: constant.kind(),
                nullable: *constant == Constant::Null,
                shape: Shape::Leaf(Known::Constant(constant.clone())),
            }),
            Written::Name { name, quoted } => match self.scope.lookup(name) {
                Some((slot, kind, nullable)) => Some(Checked {
                    kind: Some(kind),
                    nullable,
                    shape: Shape::Leaf(Known::Slot(slot)),
                }),
                None => {
                    self.unknown(name, *quoted, span);
                    None
                }
            },
        }
    }

    fn unknown(&mut self, name: &str, quoted: bool, span: &Range<usize>) {
        let names = self.scope.names();
        let meant = suggest(name, names.iter().copied());
        let mut help = match meant {
            Some(meant) if meant.to_lowercase() == name.to_lowercase() => {
                Some(format!("names are matched exactly: write `{meant}`"))
            }
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None => None,
        };
        if quoted {
            let text = format!("text is written in single quotes: '{}'", name.replace('\'', "''"));
            help = Some(help.map_or(text.clone(), |help| format!("{help} {text}")));
        }
        self.errors.push(ExprError {
            span: span.clone(),
            code: "mapping.expr.unknown_name",
            message: format!("there is no field or `let` called `{name}`"),
            help,
        });
    }

    /// Two operands that must be comparable. Both are looked at even if the first is wrong.
    fn pair(&mut self, left: &Node, right: &Node) -> Option<(Checked, Checked)> {
        let (a, b) = (self.node(left), self.node(right));
        let (a, b) = (a?, b?);
        self.comparable((&a, left), (&b, right)).then_some((a, b))
    }

    /// A value and others, each of which must be comparable with it. All are looked at.
    fn beside<'t>(
        &mut self,
        operand: &Node,
        others: impl IntoIterator<Item = &'t Node>,
    ) -> Option<(Checked, Vec<Checked>)> {
        let value = self.node(operand);
        let mut checked = Vec::new();
        let mut fits = true;
        for other in others {
            let (Some(value), Some(other_checked)) = (&value, self.node(other)) else {
                fits = false;
                continue;
            };
            fits &= self.comparable((value, operand), (&other_checked, other));
            checked.push(other_checked);
        }
        value.filter(|_| fits).map(|value| (value, checked))
    }

    fn truths(&mut self, nodes: &[Node], operator: &str) -> Option<Vec<Checked>> {
        let operands: Vec<_> = nodes.iter().map(|node| self.truth(node, operator)).collect();
        operands.into_iter().collect()
    }

    fn truth(&mut self, node: &Node, operator: &str) -> Option<Checked> {
        let checked = self.node(node)?;
        match &checked.kind {
            None | Some(Type::Bool) => Some(checked),
            Some(kind) => {
                self.errors.push(ExprError {
                    span: node.span.clone(),
                    code: "mapping.expr.type",
                    message: format!("{operator} needs conditions, this is of type `{kind}`"),
                    help: Some("compare it with something".to_owned()),
                });
                None
            }
        }
    }

    /// Whether two operands have types that compare; reports it where they have not.
    fn comparable(&mut self, left: (&Checked, &Node), right: (&Checked, &Node)) -> bool {
        let (Some(a), Some(b)) = (&left.0.kind, &right.0.kind) else { return true };
        if compare(a, b) {
            return true;
        }
        self.errors.push(ExprError {
            span: left.1.span.start..right.1.span.end.max(left.1.span.end),
            code: "mapping.expr.type",
            message: format!("`{a}` and `{b}` do not compare"),
            help: Some(
                literal_hint(self.source, left.1, b)
                    .or_else(|| literal_hint(self.source, right.1, a))
                    .or_else(|| name_hint(left.1, a, b))
                    .or_else(|| name_hint(right.1, b, a))
                    .unwrap_or_else(|| "compare values of one type".to_owned()),
            ),
        });
        false
    }
}

/// What to do about a literal that stands beside something of type `other`.
fn literal_hint(source: &str, node: &Node, other: &Type) -> Option<String> {
    let Shape::Leaf(Written::Constant(constant)) = &node.shape else { return None };
    let Constant::Text(text) = constant else {
        let written = &source[node.span.clone()];
        return (*other == Type::Text && constant.kind().is_some_and(|kind| kind.is_number()))
            .then(|| format!("no implicit conversion to text: write '{written}'"));
    };
    let own = literal::would_be(text, other).then_some(&**text);
    let write = match other {
        Type::Date => format!("DATE '{}'", own.unwrap_or("2021-01-31")),
        Type::Time => format!("TIME '{}'", own.unwrap_or("23:59:59")),
        Type::Timestamp => format!("TIMESTAMP '{}'", own.unwrap_or("2021-01-31 23:59:59")),
        Type::Instant => format!("TIMESTAMPTZ '{}'", own.unwrap_or("2021-01-31 23:59:59+01:00")),
        Type::Uuid => {
            format!("UUID '{}'", own.unwrap_or("0f8fad5b-d9cb-469f-a165-70867728950e"))
        }
        Type::Bool => "TRUE or FALSE".to_owned(),
        _ if other.is_number() => format!("{} without quotes", own.unwrap_or("the number")),
        _ => return None,
    };
    Some(format!("no implicit conversion from text: write {write}"))
}

/// What to do about a name of type `kind` that stands beside something of type `other`.
fn name_hint(node: &Node, kind: &Type, other: &Type) -> Option<String> {
    let Shape::Leaf(Written::Name { name, .. }) = &node.shape else { return None };
    match (kind, other) {
        (Type::Text, _) => Some(format!(
            "no implicit conversion from text: declare `{name}` in `from` as `{other}`"
        )),
        (Type::Timestamp, Type::Instant) => {
            Some(format!("a local time is no point in time: give `{name}` its `zone` in `from`"))
        }
        _ => None,
    }
}

fn any_nullable(operands: &[Checked]) -> bool {
    operands.iter().any(|operand| operand.nullable)
}

/// Whether values of two types compare. A date beside a timestamp counts as its midnight.
fn compare(a: &Type, b: &Type) -> bool {
    if matches!(a, Type::List(_) | Type::Group(_)) {
        return false;
    }
    let local = |kind: &Type| matches!(kind, Type::Date | Type::Timestamp);
    a == b || a.is_number() && b.is_number() || local(a) && local(b)
}
