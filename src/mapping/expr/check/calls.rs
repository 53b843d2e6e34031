//! Functions, operators and casts: which one is meant, and whether it takes what it is given.

use std::{ops::Range, sync::Arc};

use super::{Checker, any_nullable, meet::widened};
use crate::{
    diagnostic::suggest,
    mapping::{
        expr::{
            ExprError,
            arena::Arena,
            compile::Program,
            functions::{
                Argument, Choice, Failure, Function, NEGATE, Nulls, Param, Unfit, cast, choose,
                names,
            },
            tree::{Called, Callee, Checked, Constant, Known, Node, Shape},
        },
        value::Type,
    },
};

impl Checker<'_, '_> {
    pub(super) fn call(
        &mut self,
        node: &Node,
        called: &Called,
        operands: &[Node],
    ) -> Option<Checked> {
        let checked: Vec<Option<Checked>> =
            operands.iter().map(|operand| self.node(operand)).collect();
        let checked: Vec<Checked> = checked.into_iter().collect::<Option<_>>()?;
        match called {
            Called::Cast { target } => self.cast(node, target, checked),
            Called::Name { name, span } => self.named(node, (name, span), operands, checked),
        }
    }

    fn cast(&mut self, node: &Node, target: &Type, mut operands: Vec<Checked>) -> Option<Checked> {
        let operand = operands.pop()?;
        let nullable = operand.nullable;
        let Some(from) = operand.kind.clone() else {
            let shape = Shape::Leaf(Known::Constant(Constant::Null));
            return Some(Checked { kind: Some(target.clone()), nullable: true, shape });
        };
        let Some((function, resource)) = cast(&from, target) else {
            self.errors.push(ExprError {
                span: node.span.clone(),
                code: "mapping.expr.type",
                message: format!("`{from}` cannot be cast to `{target}`"),
                help: Some(cast_help(&from, target)),
            });
            return None;
        };
        let callee = Callee { function, resource: resource.map(Arc::new) };
        let shape = Shape::Call { callee, operands: vec![operand] };
        self.fold(node, Checked { kind: Some(target.clone()), nullable, shape })
    }

    fn named(
        &mut self,
        node: &Node,
        (name, at): (&str, &Range<usize>),
        nodes: &[Node],
        mut operands: Vec<Checked>,
    ) -> Option<Checked> {
        let kinds: Vec<(Option<&Type>, bool)> = operands
            .iter()
            .map(|operand| {
                (operand.kind.as_ref(), matches!(operand.as_constant(), Some(Constant::Text(_))))
            })
            .collect();
        let table = (name == "-" && kinds.len() == 1).then_some(NEGATE);
        let function = match choose(name, &kinds, table) {
            Choice::One(function) => function,
            Choice::Unknown => {
                self.unknown_function(name, at);
                return None;
            }
            Choice::Unfit(known) => {
                self.unfit(node, name, nodes, &operands, &known);
                return None;
            }
        };
        let resource = {
            let constants: Vec<Option<&Constant>> =
                operands.iter().map(Checked::as_constant).collect();
            match function.prepare.map_or(Ok(None), |prepare| prepare(&constants)) {
                Ok(resource) => resource.map(Arc::new),
                Err(Unfit { argument, message, help }) => {
                    let span = nodes.get(argument).map_or(node.span.clone(), |n| n.span.clone());
                    let (code, help) = ("mapping.expr.argument", Some(help));
                    self.errors.push(ExprError { span, code, message, help });
                    return None;
                }
            }
        };
        if function.params.iter().filter(|param| **param == Param::Comparable).count() > 0
            && operands.len() > 1
        {
            let places: Vec<&Node> = nodes.iter().collect();
            let values = operands.into_iter().map(Some).collect();
            let (_, met) = self.meet(name, values, &places)?;
            operands = met;
        }
        let kind = (function.result)(
            &operands
                .iter()
                .map(|operand| Argument {
                    kind: operand.kind.clone(),
                    constant: operand.as_constant(),
                })
                .collect::<Vec<_>>(),
        );
        let operands: Vec<Checked> = operands
            .into_iter()
            .enumerate()
            .map(|(at, operand)| into_param(operand, function, at))
            .collect();
        let nullable = match function.nulls {
            Nulls::Strict => any_nullable(&operands),
            Nulls::Partial | Nulls::Any => true,
            Nulls::Seen => operands.iter().all(|operand| operand.nullable),
            Nulls::Never => false,
        };
        let shape = Shape::Call { callee: Callee { function, resource }, operands };
        self.fold(node, Checked { kind: Some(kind), nullable, shape })
    }

    /// Computes what does not depend on the record. What always fails is an error here and not at night.
    fn fold(&mut self, node: &Node, checked: Checked) -> Option<Checked> {
        match folded(checked) {
            Ok(checked) => Some(checked),
            Err(failure) => {
                let why = super::super::codes::title(failure.code);
                self.errors.push(ExprError {
                    span: node.span.clone(),
                    code: "mapping.expr.always_fails",
                    message: format!("this fails for every record: {why}"),
                    help: Some(format!("`acequia explain {}` says more", failure.code)),
                });
                None
            }
        }
    }

    fn unknown_function(&mut self, name: &str, span: &Range<usize>) {
        let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == name);
        let help = match (foreign, suggest(name, names())) {
            (Some((_, instead)), _) => (*instead).to_owned(),
            (None, Some(close)) => format!("did you mean `{close}`?"),
            (None, None) => "`acequia explain mapping.expr.unknown_function` lists them".to_owned(),
        };
        self.errors.push(ExprError {
            span: span.clone(),
            code: "mapping.expr.unknown_function",
            message: format!("there is no function `{name}`"),
            help: Some(help),
        });
    }

    fn unfit(
        &mut self,
        node: &Node,
        name: &str,
        nodes: &[Node],
        operands: &[Checked],
        known: &[&'static Function],
    ) {
        let given: Vec<String> = operands
            .iter()
            .map(|operand| operand.kind.as_ref().map_or("NULL".to_owned(), Type::to_string))
            .collect();
        let operator = !name.starts_with(char::is_alphabetic);
        let message = match (operator, &*given) {
            (true, [a, b]) => format!("`{name}` does not go with `{a}` and `{b}`"),
            _ => format!("`{name}` does not take ({})", given.join(", ")),
        };
        let text = operands.iter().position(|operand| operand.kind == Some(Type::Text));
        let wants_literal = known.iter().any(|function| {
            function.params.len() == operands.len()
                && function.params.iter().zip(operands).any(|(param, operand)| {
                    *param == Param::Literal && operand.as_constant().is_none()
                })
        });
        let help = match (operator, text) {
            _ if wants_literal => {
                "patterns, formats and units are written here, as text in single quotes".to_owned()
            }
            (true, Some(at)) if name != "||" => {
                let written = &self.source[nodes[at].span.clone()];
                format!("declare the type in `from`, or cast: `{written}::decimal(12,2)`")
            }
            (true, _) if name == "||" => {
                let other = operands.iter().position(|operand| operand.kind != Some(Type::Text));
                let written = other.map_or("", |at| &self.source[nodes[at].span.clone()]);
                format!("no implicit conversion to text: write `{written}::text`")
            }
            (true, _) => "cast one of them".to_owned(),
            (false, _) => {
                let forms: Vec<String> = known.iter().map(|function| form(function)).collect();
                format!("there is {}", forms.join(", "))
            }
        };
        let (span, code) = (node.span.clone(), "mapping.expr.arguments");
        self.errors.push(ExprError { span, code, message, help: Some(help) });
    }
}

/// Functions of other systems, and what stands for them here.
const FOREIGN: &[(&str, &str)] = &[
    ("ifnull", "write coalesce(a, b)"),
    ("nvl", "write coalesce(a, b)"),
    ("isnull", "write coalesce(a, b), or `a IS NULL`"),
    ("iif", "write CASE WHEN … THEN … ELSE … END"),
    ("if", "write CASE WHEN … THEN … ELSE … END"),
    ("decode", "write CASE a WHEN … THEN … END, or use `codes:`"),
    ("len", "write length(a)"),
    ("charindex", "write position(part IN text)"),
    ("instr", "write strpos(text, part)"),
    ("ucase", "write upper(a)"),
    ("lcase", "write lower(a)"),
    ("mid", "write substring(a FROM n FOR m)"),
    ("to_number", "write a::decimal(12,2), or declare the type in `from`"),
    ("to_char", "write a::text; dates are written in ISO 8601"),
    ("year", "write extract(year FROM a)"),
    ("month", "write extract(month FROM a)"),
    ("day", "write extract(day FROM a)"),
    ("datediff", "write a - b, or age(a, b)"),
    ("dateadd", "write a + INTERVAL '1 day'"),
    ("date_part", "write extract(year FROM a)"),
    ("now", "a mapping has no clock: the same record gives the same event"),
    ("getdate", "a mapping has no clock: the same record gives the same event"),
    ("current_date", "a mapping has no clock: the same record gives the same event"),
    ("current_timestamp", "a mapping has no clock: the same record gives the same event"),
    ("random", "a mapping has no chance: the same record gives the same event"),
    ("gen_random_uuid", "a mapping has no chance: the same record gives the same event"),
];

fn form(function: &Function) -> String {
    let params: Vec<&str> = function.params.iter().map(|param| word(*param)).collect();
    format!("{}({}{})", function.name, params.join(", "), if function.repeats { ", …" } else { "" })
}

/// What people call a parameter.
fn word(param: Param) -> &'static str {
    match param {
        Param::Text | Param::Literal => "text",
        Param::Bool => "bool",
        Param::Int => "int",
        Param::Number => "decimal",
        Param::Float => "float",
        Param::Date => "date",
        Param::Time => "time",
        Param::Timestamp => "timestamp",
        Param::Instant => "timestamptz",
        Param::Interval => "interval",
        Param::Plain | Param::Comparable => "any",
    }
}

fn cast_help(from: &Type, target: &Type) -> String {
    match (from, target) {
        (Type::Instant, Type::Date | Type::Time | Type::Timestamp) => {
            format!(
                "a point in time has no {target} without a place: write `AT TIME ZONE 'Europe/Madrid'` first"
            )
        }
        (Type::Timestamp | Type::Date, Type::Instant) => {
            "a local time is no point in time: write `AT TIME ZONE 'Europe/Madrid'`".to_owned()
        }
        (Type::Interval, _) => "write extract(… FROM …)".to_owned(),
        _ => "cast to text first, if that is meant".to_owned(),
    }
}

fn into_param(operand: Checked, function: &Function, at: usize) -> Checked {
    match function.params[at.min(function.params.len() - 1)] {
        Param::Number => widened(operand, &Type::Number),
        Param::Float => widened(operand, &Type::Float),
        Param::Timestamp => widened(operand, &Type::Timestamp),
        _ => operand,
    }
}

/// A call of constants is a constant.
pub(super) fn folded(checked: Checked) -> Result<Checked, Failure> {
    let Shape::Call { operands, .. } = &checked.shape else { return Ok(checked) };
    if !operands.iter().all(|operand| operand.as_constant().is_some()) {
        return Ok(checked);
    }
    let (program, arena) = (Program::of(&checked), Arena::default());
    let value = program.eval(&[], &arena)?;
    let Some(constant) = Constant::of(&value) else { return Ok(checked) };
    Ok(Checked {
        kind: checked.kind,
        nullable: constant == Constant::Null,
        shape: Shape::Leaf(Known::Constant(constant)),
    })
}
