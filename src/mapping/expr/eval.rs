//! Programs over values.

use super::{
    compile::{MAX_STACK, Op, Operand, Program},
    tree::Constant,
};
use crate::mapping::value::Value;

/// Nearly every condition needs no more, and a small stack is quickly made.
const SMALL_STACK: usize = 4;

/// Longer lists of constants are searched by halves.
const LINEAR: usize = 8;

impl Program {
    /// The value of the expression over `slots`.
    pub(super) fn eval<'a>(&'a self, slots: &[Value<'a>]) -> Value<'a> {
        if self.stack <= SMALL_STACK {
            Machine::<SMALL_STACK>::new(self, slots).run()
        } else {
            Machine::<MAX_STACK>::new(self, slots).run()
        }
    }
}

struct Machine<'a, 's, const N: usize> {
    program: &'a Program,
    slots: &'s [Value<'a>],
    stack: [Value<'a>; N],
    height: usize,
}

impl<'a, 's, const N: usize> Machine<'a, 's, N> {
    fn new(program: &'a Program, slots: &'s [Value<'a>]) -> Self {
        Self { program, slots, stack: [Value::Null; N], height: 0 }
    }

    fn run(mut self) -> Value<'a> {
        let mut at = 0;
        while let Some(op) = self.program.ops.get(at) {
            at += 1;
            if let Op::SkipIf { truth, to } = *op {
                if self.top() == Some(truth) {
                    at = to as usize;
                }
            } else {
                self.step(op);
            }
        }
        self.pop()
    }

    #[inline]
    fn step(&mut self, op: &Op) {
        match *op {
            Op::Push(operand) => {
                let value = self.take(operand);
                self.push(value);
            }
            Op::Compare { test, left, right } => {
                let (right, left) = (self.take(right), self.take(left));
                self.push_truth(left.compare(&right).map(|order| test.holds(order)));
            }
            Op::Distinct { negated, left, right } => {
                let (right, left) = (self.take(right), self.take(left));
                self.push(Value::Bool(distinct(&left, &right) != negated));
            }
            Op::IsNull { negated, operand } => {
                let value = self.take(operand);
                self.push(Value::Bool(value.is_null() != negated));
            }
            Op::Between { negated, operand, low, high } => {
                let (high, low) = (self.take(high), self.take(low));
                let value = self.take(operand);
                let above = value.compare(&low).map(|order| order.is_ge());
                let below = value.compare(&high).map(|order| order.is_le());
                self.push_truth(and(above, below).map(|inside| inside != negated));
            }
            Op::In { .. } | Op::Among(_) | Op::EndAmong { .. } => self.search(op),
            Op::Not => {
                let value = truth(&self.pop());
                self.push_truth(value.map(|value| !value));
            }
            Op::And => {
                let (right, left) = (truth(&self.pop()), truth(&self.pop()));
                self.push_truth(and(left, right));
            }
            Op::Or => {
                let (right, left) = (truth(&self.pop()), truth(&self.pop()));
                self.push_truth(or(left, right));
            }
            Op::SkipIf { .. } => {}
        }
    }

    /// The operations of `IN`.
    fn search(&mut self, op: &Op) {
        match *op {
            Op::In { negated, operand, start, len, with_null } => {
                let value = self.take(operand);
                let list = start as usize..start as usize + len as usize;
                let list = self.program.constants.get(list).unwrap_or_default();
                let found = among(&value, list, with_null);
                self.push_truth(found.map(|found| found != negated));
            }
            Op::Among(element) => {
                let element = self.take(element);
                let found = truth(&self.pop());
                let sought = self.pop();
                let equal = sought.compare(&element).map(|order| order.is_eq());
                self.push(sought);
                self.push_truth(or(found, equal));
            }
            Op::EndAmong { negated } => {
                let found = truth(&self.pop());
                self.pop();
                self.push_truth(found.map(|found| found != negated));
            }
            _ => {}
        }
    }

    #[inline]
    fn take(&mut self, operand: Operand) -> Value<'a> {
        match operand {
            Operand::Slot(slot) => self.slots.get(usize::from(slot)).copied().unwrap_or_default(),
            Operand::Constant(index) => {
                self.program.constants.get(index as usize).map(Constant::value).unwrap_or_default()
            }
            Operand::Stack => self.pop(),
        }
    }

    #[inline]
    fn push(&mut self, value: Value<'a>) {
        debug_assert!(self.height < N, "invariant: a program knows how high its stack grows");
        if let Some(place) = self.stack.get_mut(self.height) {
            *place = value;
            self.height += 1;
        }
    }

    #[inline]
    fn push_truth(&mut self, value: Option<bool>) {
        self.push(value.map_or(Value::Null, Value::Bool));
    }

    #[inline]
    fn pop(&mut self) -> Value<'a> {
        debug_assert!(self.height > 0, "invariant: a program takes only what it pushed");
        self.height = self.height.saturating_sub(1);
        self.stack.get(self.height).copied().unwrap_or_default()
    }

    fn top(&self) -> Option<bool> {
        self.height.checked_sub(1).and_then(|top| truth(self.stack.get(top)?))
    }
}

fn truth(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn distinct(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left.is_null(), right.is_null()) {
        (true, true) => false,
        (false, false) => left.compare(right).is_none_or(|order| order.is_ne()),
        _ => true,
    }
}

fn among(value: &Value<'_>, list: &[Constant], with_null: bool) -> Option<bool> {
    if value.is_null() {
        return None;
    }
    let order = |constant: &Constant| constant.value().compare(value);
    let found = if list.len() <= LINEAR {
        list.iter().any(|constant| order(constant).is_some_and(|order| order.is_eq()))
    } else {
        list.binary_search_by(|constant| order(constant).unwrap_or(std::cmp::Ordering::Less))
            .is_ok()
    };
    if found || !with_null { Some(found) } else { None }
}
