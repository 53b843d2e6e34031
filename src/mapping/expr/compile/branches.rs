//! What is computed only where it is needed: `CASE`, `COALESCE`. And calls, whose arguments all are.

use super::{
    Call, Callee, Checked, Compiler, Constant, JOIN, MIDDLE_STACK, Nulls, Op, Operand, Shape, taken,
};

/// The most texts that are joined at once: some room is left for what computes the last of them.
const MOST_JOINED: usize = 16;

impl Compiler {
    pub(super) fn call(&mut self, callee: &Callee, operands: &[Checked]) {
        if callee.function.joins() {
            return self.join(operands);
        }
        for operand in operands {
            self.value(operand);
        }
        let call = self.program.calls.len() as u32;
        self.program.calls.push(Call {
            name: callee.function.name,
            body: callee.function.body,
            strict: matches!(callee.function.nulls, Nulls::Strict | Nulls::Partial),
            resource: callee.resource.clone(),
        });
        self.emit(Op::Call { call, count: operands.len() as u32 }, operands.len());
    }

    /// `a || b || c` at once, so that no text is copied twice, or sixteen at once where there are more. `||` is strict and
    /// associative: in which order texts are joined shows in nothing but how much they take on the way, and no part of a
    /// text is longer than the whole.
    ///
    /// So many wait at once as the middle stack has room for, and where it has none two: nothing is refused because of texts
    /// that wait for others.
    fn join(&mut self, operands: &[Checked]) {
        let base = self.height;
        let most = MIDDLE_STACK.saturating_sub(base).clamp(2, MOST_JOINED);
        self.joined(operands, base, most);
        self.join_above(base);
    }

    fn joined(&mut self, operands: &[Checked], base: usize, most: usize) {
        for operand in operands {
            match &operand.shape {
                Shape::Call { callee, operands } if callee.function.joins() => {
                    self.joined(operands, base, most);
                }
                _ => {
                    if self.height - base == most {
                        self.join_above(base);
                    }
                    self.value(operand);
                }
            }
        }
    }

    /// Replaces all texts above a height by one.
    fn join_above(&mut self, base: usize) {
        let count = self.height - base;
        let call = self.program.calls.len() as u32;
        let (name, body) = (JOIN.name, JOIN.body);
        self.program.calls.push(Call { name, body, strict: true, resource: None });
        self.emit(Op::Call { call, count: count as u32 }, count);
    }

    /// Every branch leaves exactly one value where the operand, if there is one, stood.
    pub(super) fn case(
        &mut self,
        operand: Option<&Checked>,
        branches: &[(Checked, Checked)],
        otherwise: Option<&Checked>,
    ) {
        let base = self.height;
        if let Some(operand) = operand {
            self.value(operand);
        }
        let waiting = self.height;
        let mut ends = Vec::with_capacity(branches.len());
        let mut begins = Vec::with_capacity(branches.len() + 1);
        for (condition, result) in branches {
            if operand.is_some() {
                let condition = self.operand(condition);
                self.emit(Op::Matches(condition), taken(&[condition]));
            } else {
                self.value(condition);
            }
            let skip = self.jump(Op::SkipUnless { to: 0 });
            begins.push(self.here());
            self.height = waiting;
            self.leave(operand.is_some());
            self.value(result);
            ends.push(self.jump(Op::Skip { to: 0 }));
            self.land(skip);
            self.height = waiting;
        }
        begins.push(self.here());
        self.leave(operand.is_some());
        match otherwise {
            Some(otherwise) => self.value(otherwise),
            None => {
                let null = self.constant(&Constant::Null);
                self.emit(Op::Push(Operand::Constant(null)), 0);
            }
        }
        for end in ends {
            self.land(end);
        }
        self.height = base + 1;
        self.program.cases.push(begins.into());
    }

    pub(super) fn coalesce(&mut self, operands: &[Checked]) {
        let base = self.height;
        let mut ends = Vec::with_capacity(operands.len());
        for (at, operand) in operands.iter().enumerate() {
            if at > 0 {
                self.program.ops.push(Op::Drop);
            }
            self.height = base;
            self.value(operand);
            if at + 1 < operands.len() {
                ends.push(self.jump(Op::SkipIfSome { to: 0 }));
            }
        }
        for end in ends {
            self.land(end);
        }
        self.height = base + 1;
    }

    /// Takes the operand of a `CASE` away.
    fn leave(&mut self, operand: bool) {
        if operand {
            self.program.ops.push(Op::Drop);
            self.height -= 1;
        }
    }

    /// Where the next operation will stand.
    fn here(&self) -> u32 {
        self.program.ops.len() as u32
    }

    /// Emits a jump whose target is not known yet; gives its place.
    fn jump(&mut self, op: Op) -> usize {
        self.program.ops.push(op);
        self.program.ops.len() - 1
    }

    /// Makes a jump end here.
    fn land(&mut self, jump: usize) {
        let here = self.here();
        if let Some(
            Op::SkipIfSome { to } | Op::SkipUnless { to } | Op::Skip { to } | Op::SkipIf { to, .. },
        ) = self.program.ops.get_mut(jump)
        {
            *to = here;
        }
    }
}
