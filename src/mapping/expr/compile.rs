//! Trees to programs: flat, postfix, with everything known that can be known before.

mod branches;

use std::sync::Arc;

use super::{
    Slot,
    functions::{Body, JOIN, Nulls, Operator, Resource},
    tree::{Callee, Checked, Constant, Known, Shape, Test},
};

/// Programs that need no more run in little time: a stack of this size is made for each run.
pub(super) const MIDDLE_STACK: usize = 24;

/// The most values that may wait at once.
pub(super) const MAX_STACK: usize = 256;

/// A compiled expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) constants: Vec<Constant>,
    pub(super) calls: Vec<Call>,
    /// How many values wait at most at once.
    pub(super) stack: usize,
    /// The branches of each `CASE`, by the operation that each begins with; the last is that of `ELSE`.
    pub(super) cases: Vec<Box<[u32]>>,
}

/// A function with what was prepared for it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) body: Body,
    /// Whether a null among the arguments makes the result null.
    pub(super) strict: bool,
    pub(super) resource: Option<Arc<Resource>>,
}

/// Where an operation finds a value. Several on the stack are in the order in which they were pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    Slot(Slot),
    Constant(u32),
    /// On top of the stack, taken away.
    Stack,
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Push(Operand),
    Compare {
        test: Test,
        left: Operand,
        right: Operand,
    },
    Distinct {
        negated: bool,
        left: Operand,
        right: Operand,
    },
    IsNull {
        negated: bool,
        operand: Operand,
    },
    Between {
        negated: bool,
        operand: Operand,
        low: Operand,
        high: Operand,
    },
    IsTruth {
        truth: bool,
        negated: bool,
        operand: Operand,
    },
    /// Among constants in ascending order, none of them null.
    In {
        negated: bool,
        operand: Operand,
        start: u32,
        len: u32,
        with_null: bool,
    },
    /// Below: the value sought and whether it was found so far. Updates the latter by one element.
    Among(Operand),
    /// Replaces the value sought and whether it was found by the latter.
    EndAmong {
        negated: bool,
    },
    Not,
    /// Combines the two on top.
    And,
    Or,
    /// Of two whole numbers or two decimals.
    Arithmetic {
        operator: Operator,
        left: Operand,
        right: Operand,
    },
    /// Replaces so many values on top by what a function makes of them.
    Call {
        call: u32,
        count: u32,
    },
    /// Pushes whether the value below equals a value, leaving it where it is.
    Matches(Operand),
    /// Takes the value on top away.
    Drop,
    /// Goes on at another operation, the value staying, if it decides the whole chain.
    SkipIf {
        truth: bool,
        to: u32,
    },
    /// Goes on at another operation, the value staying, if it is not null.
    SkipIfSome {
        to: u32,
    },
    /// Takes the value on top away and goes on at another operation unless it is true.
    SkipUnless {
        to: u32,
    },
    /// Goes on at another operation.
    Skip {
        to: u32,
    },
}

impl Program {
    /// The program of an expression without errors.
    pub(super) fn of(checked: &Checked) -> Self {
        let mut compiler = Compiler { program: Self::default(), height: 0 };
        let operand = compiler.operand(checked);
        if operand != Operand::Stack {
            compiler.emit(Op::Push(operand), 0);
        }
        compiler.program
    }

    /// The slots it reads, ascending, each once.
    pub(super) fn slots(&self) -> Box<[Slot]> {
        let mut slots: Vec<Slot> = self
            .ops
            .iter()
            .flat_map(|op| match *op {
                Op::Push(a)
                | Op::IsNull { operand: a, .. }
                | Op::IsTruth { operand: a, .. }
                | Op::In { operand: a, .. }
                | Op::Matches(a)
                | Op::Among(a) => [Some(a), None, None],
                Op::Compare { left, right, .. }
                | Op::Distinct { left, right, .. }
                | Op::Arithmetic { left, right, .. } => [Some(left), Some(right), None],
                Op::Between { operand, low, high, .. } => [Some(operand), Some(low), Some(high)],
                Op::EndAmong { .. }
                | Op::Not
                | Op::And
                | Op::Or
                | Op::Call { .. }
                | Op::Drop
                | Op::SkipIf { .. }
                | Op::SkipIfSome { .. }
                | Op::SkipUnless { .. }
                | Op::Skip { .. } => [None; 3],
            })
            .filter_map(|operand| match operand {
                Some(Operand::Slot(slot)) => Some(slot),
                _ => None,
            })
            .collect();
        slots.sort_unstable();
        slots.dedup();
        slots.into()
    }
}

struct Compiler {
    program: Program,
    /// Values that wait now.
    height: usize,
}

impl Compiler {
    /// Emits an operation that takes `taken` values and leaves one.
    fn emit(&mut self, op: Op, taken: usize) {
        self.program.ops.push(op);
        self.height = self.height + 1 - taken;
        self.program.stack = self.program.stack.max(self.height);
    }

    fn constant(&mut self, constant: &Constant) -> u32 {
        self.program.constants.push(constant.clone());
        self.program.constants.len() as u32 - 1
    }

    /// Makes a value available, on the stack only if it must be computed.
    fn operand(&mut self, checked: &Checked) -> Operand {
        match &checked.shape {
            Shape::Leaf(Known::Slot(slot)) => return Operand::Slot(*slot),
            Shape::Leaf(Known::Constant(constant)) => {
                return Operand::Constant(self.constant(constant));
            }
            Shape::Compare { test, left, right } => {
                let (left, right) = (self.operand(left), self.operand(right));
                self.emit(Op::Compare { test: *test, left, right }, taken(&[left, right]));
            }
            Shape::Distinct { negated, left, right } => {
                let (left, right) = (self.operand(left), self.operand(right));
                self.emit(Op::Distinct { negated: *negated, left, right }, taken(&[left, right]));
            }
            Shape::IsNull { negated, operand } => {
                let operand = self.operand(operand);
                self.emit(Op::IsNull { negated: *negated, operand }, taken(&[operand]));
            }
            Shape::IsTruth { truth, negated, operand } => {
                let operand = self.operand(operand);
                let op = Op::IsTruth { truth: *truth, negated: *negated, operand };
                self.emit(op, taken(&[operand]));
            }
            Shape::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref());
            }
            Shape::Coalesce(operands) => self.coalesce(operands),
            Shape::Call { callee, operands } => {
                if let (true, [operand]) = (callee.function.changes_nothing(), &**operands) {
                    return self.operand(operand);
                }
                if let (Some(operator), [left, right]) = (callee.function.operator(), &**operands) {
                    let (left, right) = (self.operand(left), self.operand(right));
                    let op = Op::Arithmetic { operator, left, right };
                    self.emit(op, taken(&[left, right]));
                } else {
                    self.call(callee, operands);
                }
            }
            Shape::Between { negated, operand, low, high } => {
                let operand = self.operand(operand);
                let (low, high) = (self.operand(low), self.operand(high));
                let op = Op::Between { negated: *negated, operand, low, high };
                self.emit(op, taken(&[operand, low, high]));
            }
            Shape::In { negated, operand, list } => self.list(*negated, operand, list),
            Shape::Not(operand) => {
                self.value(operand);
                self.emit(Op::Not, 1);
            }
            Shape::All(operands) => self.chain(operands, Op::And, false),
            Shape::Any(operands) => self.chain(operands, Op::Or, true),
        }
        Operand::Stack
    }

    /// Makes a value available on the stack.
    fn value(&mut self, checked: &Checked) {
        match self.operand(checked) {
            Operand::Stack => {}
            elsewhere => self.emit(Op::Push(elsewhere), 0),
        }
    }

    /// Combines operands one by one and leaves as soon as one decides.
    fn chain(&mut self, operands: &[Checked], combine: Op, decisive: bool) {
        let mut skips = Vec::new();
        for (at, operand) in operands.iter().enumerate() {
            if at > 0 {
                skips.push(self.program.ops.len());
                self.program.ops.push(Op::SkipIf { truth: decisive, to: 0 });
            }
            self.value(operand);
            if at > 0 {
                self.emit(combine, 2);
            }
        }
        let end = self.program.ops.len() as u32;
        for skip in skips {
            self.program.ops[skip] = Op::SkipIf { truth: decisive, to: end };
        }
    }

    fn list(&mut self, negated: bool, operand: &Checked, list: &[Checked]) {
        let constants: Option<Vec<&Constant>> = list
            .iter()
            .map(|element| match &element.shape {
                Shape::Leaf(Known::Constant(constant)) => Some(constant),
                _ => None,
            })
            .collect();
        let Some(constants) = constants else { return self.general_list(negated, operand, list) };
        let operand = self.operand(operand);
        let mut values: Vec<&Constant> =
            constants.iter().copied().filter(|constant| **constant != Constant::Null).collect();
        values.sort_by(|a, b| {
            // Constants that compare with one operand compare with each other.
            a.value().compare(&b.value()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let start = self.program.constants.len() as u32;
        self.program.constants.extend(values.iter().map(|constant| (*constant).clone()));
        let op = Op::In {
            negated,
            operand,
            start,
            len: values.len() as u32,
            with_null: values.len() < constants.len(),
        };
        self.emit(op, taken(&[operand]));
    }

    fn general_list(&mut self, negated: bool, operand: &Checked, list: &[Checked]) {
        self.value(operand);
        let not_found = self.constant(&Constant::Bool(false));
        self.emit(Op::Push(Operand::Constant(not_found)), 0);
        for element in list {
            let element = self.operand(element);
            // Leaves the stack as it found it but for the element: takes one more than it leaves.
            self.program.ops.push(Op::Among(element));
            self.height -= taken(&[element]);
        }
        self.emit(Op::EndAmong { negated }, 2);
    }
}

fn taken(operands: &[Operand]) -> usize {
    operands.iter().filter(|operand| **operand == Operand::Stack).count()
}
