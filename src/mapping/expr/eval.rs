//! Programs over values.

use super::{
    arena::Arena,
    compile::{MAX_STACK, MIDDLE_STACK, Op, Operand, Program},
    functions::{Env, Exact, Failure, Operator},
    tree::Constant,
};
use crate::mapping::value::Value;

/// Nearly every expression needs no more, and a small stack is quickly made.
const SMALL_STACK: usize = 6;

/// Longer lists of constants are searched by halves.
const LINEAR: usize = 8;

impl Program {
    /// The value of the expression over `slots`.
    pub(super) fn eval<'a>(
        &'a self,
        slots: &[Value<'a>],
        arena: &'a Arena,
    ) -> Result<Value<'a>, Failure> {
        if self.stack <= SMALL_STACK {
            Machine::<SMALL_STACK>::new(self, slots, arena).run(|_| ())
        } else if self.stack <= MIDDLE_STACK {
            self.eval_on::<MIDDLE_STACK>(slots, arena)
        } else {
            self.eval_on::<MAX_STACK>(slots, arena)
        }
    }

    /// In a frame of its own: one with room for a large stack would make every small expression pay for it.
    #[inline(never)]
    fn eval_on<'a, const N: usize>(
        &'a self,
        slots: &[Value<'a>],
        arena: &'a Arena,
    ) -> Result<Value<'a>, Failure> {
        Machine::<N>::new(self, slots, arena).run(|_| ())
    }

    /// Evaluates once more, and tells each branch of a `CASE` that is taken: the number of the `CASE`, in the order in
    /// which they end, and of its branch.
    pub(super) fn branches<'a>(
        &'a self,
        slots: &[Value<'a>],
        arena: &'a Arena,
        taken: &mut dyn FnMut(usize, usize),
    ) {
        let watch = |op: usize| {
            for (case, begins) in self.cases.iter().enumerate() {
                let branch = begins.iter().position(|begin| *begin as usize == op);
                if let Some(branch) = branch {
                    taken(case, branch);
                }
            }
        };
        // What has no result was taken as far as it went.
        let _ = Machine::<MAX_STACK>::new(self, slots, arena).run(watch);
    }
}

/// What stands where nothing does. A reference to it, and not a value made on the spot, lets values be copied whole: pieced
/// together out of their parts they cost several times as much.
const NULL: &Value<'static> = &Value::Null;

/// A value somewhere.
enum Looked<'m, 'a> {
    There(&'m Value<'a>),
    Made(Value<'a>),
}

impl<'a> std::ops::Deref for Looked<'_, 'a> {
    type Target = Value<'a>;

    #[inline]
    fn deref(&self) -> &Value<'a> {
        match self {
            Self::There(value) => value,
            Self::Made(value) => value,
        }
    }
}

struct Machine<'a, 's, const N: usize> {
    program: &'a Program,
    slots: &'s [Value<'a>],
    arena: &'a Arena,
    stack: [Value<'a>; N],
    height: usize,
}

impl<'a, 's, const N: usize> Machine<'a, 's, N> {
    fn new(program: &'a Program, slots: &'s [Value<'a>], arena: &'a Arena) -> Self {
        Self { program, slots, arena, stack: [Value::Null; N], height: 0 }
    }

    /// Runs to the end; `watch` is told of each operation before it is done.
    #[inline]
    fn run(mut self, mut watch: impl FnMut(usize)) -> Result<Value<'a>, Failure> {
        let mut at = 0;
        while let Some(op) = self.program.ops.get(at) {
            watch(at);
            at += 1;
            match *op {
                Op::SkipIf { truth, to } if self::truth(self.top()) == Some(truth) => {
                    at = to as usize;
                }
                Op::SkipIfSome { to } if !self.top().is_null() => at = to as usize,
                Op::SkipUnless { to } => {
                    if truth(&self.pop()) != Some(true) {
                        at = to as usize;
                    }
                }
                Op::Skip { to } => at = to as usize,
                Op::Call { call, count } => self.call(call as usize, count as usize)?,
                Op::Arithmetic { operator, left, right } => {
                    self.arithmetic(operator, left, right)?;
                }
                _ => self.step(op),
            }
        }
        Ok(self.pop())
    }

    #[inline]
    fn arithmetic(
        &mut self,
        operator: Operator,
        left: Operand,
        right: Operand,
    ) -> Result<(), Failure> {
        let mut depth = 0;
        let right = self.look(right, &mut depth);
        let result = operator.apply(&self.look(left, &mut depth), &right);
        self.height -= depth;
        match result {
            Ok(Exact::Null) => self.push(Value::Null),
            Ok(Exact::Int(number)) => self.push(Value::Int(number)),
            Ok(Exact::Decimal(number)) => self.push(Value::Decimal(number)),
            Err(code) => return Err(Failure { code, function: operator.sign() }),
        }
        Ok(())
    }

    fn call(&mut self, call: usize, count: usize) -> Result<(), Failure> {
        let Some(call) = self.program.calls.get(call) else { return Ok(()) };
        let start = self.height.saturating_sub(count);
        let arguments = &self.stack[start..self.height];
        if call.strict && arguments.iter().any(Value::is_null) {
            self.height = start;
            self.push(Value::Null);
            return Ok(());
        }
        let env = Env { arena: self.arena, resource: call.resource.as_deref() };
        match (call.body)(env, arguments) {
            Ok(value) => {
                self.height = start;
                self.push(value);
                Ok(())
            }
            Err(code) => Err(Failure { code, function: call.name }),
        }
    }

    #[inline]
    fn step(&mut self, op: &Op) {
        match *op {
            Op::Push(operand) => {
                let value = self.take(operand);
                self.push(value);
            }
            Op::Compare { test, left, right } => {
                let mut depth = 0;
                let right = self.look(right, &mut depth);
                let order = self.look(left, &mut depth).compare(&right);
                self.height -= depth;
                self.push_truth(order.map(|order| test.holds(order)));
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
            Op::IsTruth { truth: wanted, negated, operand } => {
                let value = truth(&self.take(operand));
                self.push(Value::Bool((value == Some(wanted)) != negated));
            }
            Op::Matches(operand) => {
                let other = self.take(operand);
                let equal = self.top().compare(&other).map(|order| order.is_eq());
                self.push_truth(equal);
            }
            Op::Drop => drop(self.pop()),
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
            Op::Call { .. }
            | Op::Arithmetic { .. }
            | Op::SkipIf { .. }
            | Op::SkipIfSome { .. }
            | Op::SkipUnless { .. }
            | Op::Skip { .. } => {}
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

    /// An operand where it stands, or made of a constant. `depth` counts the values of the stack that were looked at: the last
    /// operand comes first, and all are taken away together afterwards.
    #[inline]
    fn look(&self, operand: Operand, depth: &mut usize) -> Looked<'_, 'a> {
        match operand {
            Operand::Slot(slot) => Looked::There(self.slots.get(usize::from(slot)).unwrap_or(NULL)),
            Operand::Constant(index) => {
                let constant = self.program.constants.get(index as usize);
                Looked::Made(constant.map_or(Value::Null, Constant::value))
            }
            Operand::Stack => {
                *depth += 1;
                let place = self.height.checked_sub(*depth);
                debug_assert!(place.is_some(), "invariant: a program takes only what it pushed");
                Looked::There(place.and_then(|place| self.stack.get(place)).unwrap_or(NULL))
            }
        }
    }

    #[inline]
    fn take(&mut self, operand: Operand) -> Value<'a> {
        match operand {
            Operand::Slot(slot) => *self.slots.get(usize::from(slot)).unwrap_or(NULL),
            Operand::Constant(index) => {
                let constant = self.program.constants.get(index as usize);
                constant.map_or(Value::Null, Constant::value)
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
        *self.stack.get(self.height).unwrap_or(NULL)
    }

    fn top(&self) -> &Value<'a> {
        self.height.checked_sub(1).and_then(|top| self.stack.get(top)).unwrap_or(NULL)
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
