//! Functions over lists: which list is meant, and what is computed for its elements.

use std::{cell::RefCell, ops::Range, sync::Arc};

use super::Checker;
use crate::mapping::{
    expr::{
        Expr, ExprError, Scope, Slot,
        compile::Program,
        fold::{Fold, Over},
        tree::{Checked, Constant, Known, Node, Shape, Written},
    },
    value::Type,
};

/// The names inside the argument of a fold: those of the record, and the columns of one list as `LIST.COLUMN`.
struct Inside<'s> {
    around: &'s dyn Scope,
    list: &'s str,
    columns: RefCell<Vec<(usize, Slot)>>,
}

impl Scope for Inside<'_> {
    fn lookup(&self, name: &str) -> Option<(Slot, Type, bool)> {
        let column = name.strip_prefix(self.list).and_then(|rest| rest.strip_prefix('.'));
        let Some(column) = column else { return self.around.lookup(name) };
        let (index, slot, kind) = self.around.column(self.list, column)?;
        let mut columns = self.columns.borrow_mut();
        if !columns.iter().any(|(known, _)| *known == index) {
            columns.push((index, slot));
        }
        Some((slot, kind, true))
    }

    fn names(&self) -> Vec<&str> {
        self.around.names()
    }

    fn column(&self, list: &str, column: &str) -> Option<(usize, Slot, Type)> {
        self.around.column(list, column)
    }

    fn new_slot(&self) -> Option<Slot> {
        self.around.new_slot()
    }
}

impl Checker<'_, '_> {
    /// A call of a function over a list, if `name` is one.
    pub(super) fn over_list(
        &mut self,
        node: &Node,
        over: Over,
        operands: &[Node],
    ) -> Option<Checked> {
        let separated = over == Over::StringAgg;
        let (argument, separator) = match operands {
            [argument] if !separated => (argument, String::new()),
            [argument, separator] if separated => (argument, self.separator(separator)?),
            _ => {
                let form = if separated { "string_agg(LIST.COLUMN, ', ')" } else { "one argument" };
                self.refuse(
                    &node.span,
                    "mapping.expr.arguments",
                    format!("`{}` does not take {} arguments", over.name(), operands.len()),
                    format!("give it {form}"),
                );
                return None;
            }
        };
        if let (Over::Count, Shape::Leaf(Written::Name { name, .. })) = (over, &argument.shape)
            && let Some((slot, Type::List(_), _)) = self.scope.lookup(name)
        {
            return self.place_fold(node, slot, over, (None, Type::Bool, Vec::new()), separator);
        }
        let Some(list) = self.list_of(argument) else {
            self.refuse(&argument.span, "mapping.expr.no_list",
                format!("`{}` computes over a list, and none is named here", over.name()),
                "name a column of a list: `LIST.COLUMN`; for values of one record write `+`, least(…) or \
                 greatest(…)".to_owned());
            return None;
        };
        let (slot, ..) = self.scope.lookup(&list)?;
        let inside = Inside { around: self.scope, list: &list, columns: RefCell::default() };
        let mut inner =
            Checker { source: self.source, scope: &inside, errors: self.errors, folds: Vec::new() };
        let checked = inner.node(argument)?;
        if !inner.folds.is_empty() {
            self.refuse(
                &argument.span,
                "mapping.expr.unsupported",
                "one function over a list inside another".to_owned(),
                "compute the inner one in a `let`".to_owned(),
            );
            return None;
        }
        let kind = checked.kind.clone().unwrap_or(Type::Text);
        let columns = inside.columns.into_inner();
        let program = Program::of(&checked);
        let slots = program.slots();
        let expr = Expr {
            kind: kind.clone(),
            open_case: false,
            nullable: checked.nullable,
            slots,
            program,
            folds: Arc::default(),
        };
        self.place_fold(node, slot, over, (Some(expr), kind, columns), separator)
    }

    fn place_fold(
        &mut self,
        node: &Node,
        list: Slot,
        over: Over,
        (argument, kind, columns): (Option<Expr>, Type, Vec<(usize, Slot)>),
        separator: String,
    ) -> Option<Checked> {
        let Some(result_kind) = over.result(&kind) else {
            self.refuse(
                &node.span,
                "mapping.expr.arguments",
                format!("`{}` does not take `{kind}`", over.name()),
                match over {
                    Over::StringAgg => "cast to text: `LIST.COLUMN::text`".to_owned(),
                    Over::Some | Over::Every | Over::Any | Over::All => {
                        "give it a condition".to_owned()
                    }
                    _ => "declare the column in `from` as a number".to_owned(),
                },
            );
            return None;
        };
        let Some(result) = self.scope.new_slot() else {
            self.refuse(
                &node.span,
                "mapping.expr.unsupported",
                "a function over a list has no place here".to_owned(),
                "use it in a `let`".to_owned(),
            );
            return None;
        };
        self.folds.push(Fold {
            list,
            columns: columns.into(),
            result,
            over,
            argument: argument.map(Arc::new),
            separator: separator.into(),
        });
        let nullable = over != Over::Count;
        Some(Checked { kind: Some(result_kind), nullable, shape: Shape::Leaf(Known::Slot(result)) })
    }

    fn separator(&mut self, node: &Node) -> Option<String> {
        match &node.shape {
            Shape::Leaf(Written::Constant(Constant::Text(text))) => Some(text.to_string()),
            _ => {
                self.refuse(
                    &node.span,
                    "mapping.expr.arguments",
                    "the separator of `string_agg` is no text that is written here".to_owned(),
                    "write it in single quotes: ', '".to_owned(),
                );
                None
            }
        }
    }

    /// The list whose column is named first.
    fn list_of(&self, node: &Node) -> Option<String> {
        let of = |node: &Node| self.list_of(node);
        match &node.shape {
            Shape::Leaf(Written::Name { name, .. }) => {
                let (list, _) = name.split_once('.')?;
                let known = self.scope.lookup(list).map(|(_, kind, _)| kind);
                matches!(known, Some(Type::List(_))).then(|| list.to_owned())
            }
            Shape::Leaf(_) => None,
            Shape::Compare { left, right, .. } | Shape::Distinct { left, right, .. } => {
                of(left).or_else(|| of(right))
            }
            Shape::IsNull { operand, .. }
            | Shape::IsTruth { operand, .. }
            | Shape::Not(operand) => of(operand),
            Shape::In { operand, list, .. } => of(operand).or_else(|| list.iter().find_map(of)),
            Shape::Between { operand, low, high, .. } => {
                of(operand).or_else(|| of(low)).or_else(|| of(high))
            }
            Shape::All(nodes) | Shape::Any(nodes) | Shape::Coalesce(nodes) => {
                nodes.iter().find_map(of)
            }
            Shape::Case { operand, branches, otherwise } => operand
                .as_deref()
                .and_then(of)
                .or_else(|| branches.iter().find_map(|(when, then)| of(when).or_else(|| of(then))))
                .or_else(|| otherwise.as_deref().and_then(of)),
            Shape::Call { operands, .. } => operands.iter().find_map(of),
        }
    }

    fn refuse(&mut self, span: &Range<usize>, code: &'static str, message: String, help: String) {
        self.errors.push(ExprError { span: span.clone(), code, message, help: Some(help) });
    }
}
