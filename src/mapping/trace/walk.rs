//! The walk over a program, after a run.

use std::sync::Arc;

use acequia_api::{Cell, ColumnType, Op, RecordError};

use super::{
    Came, Line, Part, Text, Trace,
    words::{self, text},
};
use crate::mapping::{
    FieldInfo, Verdict,
    apply::Run,
    expr::{Expr, Slot},
    program::{
        EachPlan, FieldCode, Needs, PartsCode, Produce, Program, Read, Source, Step as Compute,
    },
    value::Value,
};

pub(super) struct Walk<'w, 'r> {
    pub(super) run: &'w mut Run<'r>,
    pub(super) info: &'w [FieldInfo],
    pub(super) lines: &'w mut Vec<Line>,
    /// The errors of the run; what the walk finds again comes after them.
    errors: usize,
    element: Option<usize>,
}

/// As what a field writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    Nothing,
    Constant,
    Something,
    Refused,
}

/// Follows the run that has just ended with `verdict`.
pub(super) fn walk(
    run: &mut Run<'_>,
    info: &[FieldInfo],
    element: usize,
    verdict: Verdict,
    trace: &mut Trace,
) {
    let program = run.program;
    let errors = run.out.errors.len();
    let mut walk = Walk { run, info, lines: &mut trace.lines, errors, element: None };
    let reported = walk.run.row.meta().op == Op::Delete;
    let conditions: Vec<_> = [&program.when, &program.delete_when].into_iter().flatten().collect();
    let mut needs: Vec<&Needs> = Vec::new();
    if !reported {
        let seen = if verdict == Verdict::Filtered { 1 } else { conditions.len() };
        needs.extend(conditions.iter().take(seen).map(|condition| &condition.needs));
    }
    match (verdict, reported) {
        (Verdict::Filtered, _) => {}
        (_, true) => needs.push(&program.key_alone),
        (Verdict::Delete, false) => needs.push(&program.key_needs),
        (_, false) => needs.push(&program.needs),
    }
    walk.columns(&needs, element);
    if !reported {
        let seen = if verdict == Verdict::Filtered { 1 } else { conditions.len() };
        for condition in conditions.into_iter().take(seen) {
            let line = walk.line(Part::Condition, condition.name.to_string(), String::new());
            walk.computed(line, &condition.expr, &condition.name);
        }
    }
    walk.lets(&needs);
    match verdict {
        Verdict::Filtered => {}
        Verdict::Delete => walk.key(program),
        Verdict::Rejected if reported => walk.key(program),
        Verdict::Upsert | Verdict::Rejected => {
            for field in &program.fields {
                walk.field(field);
            }
        }
    }
    run.out.errors.truncate(errors);
}

impl<'r> Walk<'_, 'r> {
    pub(super) fn line(&self, part: Part, name: String, from: String) -> Line {
        Line {
            part,
            name,
            element: self.element,
            from,
            came: Came::Nothing,
            branches: Vec::new(),
            steps: Vec::new(),
            gave: Came::Nothing,
        }
    }

    /// Why the run refused what has this name, if it did.
    pub(super) fn refused(&self, name: &str) -> Option<Came> {
        let place = self.element.map(|element| format!("element {element}"));
        let here = |error: &&RecordError| {
            let inside = |place: &String| {
                error.detail.as_deref().is_some_and(|detail| {
                    detail == place || detail.starts_with(&format!("{place}: "))
                })
            };
            error.field.as_deref() == Some(name) && place.as_ref().is_none_or(inside)
        };
        let errors = &self.run.out.errors[self.run.out.begin..self.errors];
        let error = errors.iter().find(here)?;
        Some(Came::Refused(error.code, error.detail.clone()))
    }

    fn columns(&mut self, needs: &[&Needs], element: usize) {
        let program = self.run.program;
        let mut used: Vec<usize> = needs.iter().flat_map(|needs| &needs.sources).copied().collect();
        used.sort_unstable();
        for index in used {
            let source = &program.sources[index];
            let column = self.run.bound.columns[index];
            let kind = &self.run.row.batch().schema().columns()[column].kind;
            let cell = (self.run.row.cells()[column], kind);
            self.column(source, source.name.to_string(), cell, index as Slot);
        }
        let Some(each) = &program.each else { return };
        let mut used: Vec<usize> = needs.iter().flat_map(|needs| &needs.columns).copied().collect();
        used.sort_unstable();
        let columns: Vec<_> = used.into_iter().map(|index| each.columns[index]).collect();
        self.list_columns(each.source, &columns, element);
    }

    fn list_columns(&mut self, list: usize, columns: &[(usize, Slot)], element: usize) {
        let source = &self.run.program.sources[list];
        let Read::List(entries) = &source.read else { return };
        let kind = &self.run.row.batch().schema().columns()[self.run.bound.columns[list]].kind;
        let ColumnType::List(inner) = kind else { return };
        let cells = self.run.element(list, element);
        for (column, slot) in columns {
            let at = self.run.bound.elements[list][*column];
            let entry = &entries[*column];
            let name = format!("{}.{}", source.name, entry.name);
            let cell = (cells.get(at).copied().unwrap_or_default(), &inner.columns()[at].kind);
            self.column(entry, name, cell, *slot);
        }
    }

    fn column(
        &mut self,
        source: &Source,
        name: String,
        (cell, kind): (Cell, &'r ColumnType),
        slot: Slot,
    ) {
        let mut line = self.line(Part::Column, name, words::entry(source));
        let raw = Value::from_cell(cell, self.run.row.batch(), kind).unwrap_or_default();
        line.came = came(&raw);
        line.gave = self.slot(slot, &line.name);
        self.lines.push(line);
    }

    /// What stands in a slot; where nothing does because it was refused, why.
    fn slot(&self, slot: Slot, name: &str) -> Came {
        if self.run.is_failed(slot) {
            return self.refused(name).unwrap_or(Came::Blocked);
        }
        let doubt = self.run.marked.iter().find(|(marked, _)| *marked == slot);
        match (came(&self.run.slots[usize::from(slot)]), doubt) {
            (Came::Value(text), Some((_, code))) => Came::Doubtful(text, code),
            (Came::Nothing, Some((_, code))) => Came::Doubtful(Text::default(), code),
            (came, _) => came,
        }
    }

    fn lets(&mut self, needs: &[&Needs]) {
        let program = self.run.program;
        let mut used: Vec<usize> = needs.iter().flat_map(|needs| &needs.lets).copied().collect();
        used.sort_unstable();
        for index in used {
            let step = &program.lets[index];
            let mut line = self.line(Part::Let, step.name.to_string(), String::new());
            line.gave = self.slot(step.slot, &step.name);
            line.came = line.gave.clone();
            match &step.step {
                Compute::Expr(expr) if !self.run.is_failed(step.slot) => {
                    line.branches = self.branches(expr);
                }
                Compute::Lookup(lookup) if line.gave != Came::Blocked => {
                    self.joined(lookup, &mut line);
                }
                Compute::Expr(_) | Compute::Lookup(_) => {}
            }
            self.lines.push(line);
        }
    }

    fn branches(&self, expr: &'r Expr) -> Vec<(usize, usize)> {
        let mut taken = Vec::new();
        if expr.cases().next().is_some() {
            expr.branches(&self.run.slots, self.run.arena, &mut |case, branch| {
                taken.push((case, branch));
            });
        }
        taken
    }

    /// The value of an expression, computed again.
    pub(super) fn compute(
        &mut self,
        expr: &'r Expr,
        name: &Arc<str>,
        line: &mut Line,
    ) -> Option<Value<'r>> {
        let before = (self.run.out.errors.len(), self.run.marked.len());
        let value = self.run.compute(expr, name);
        self.run.out.errors.truncate(before.0);
        self.run.marked.truncate(before.1);
        line.branches = self.branches(expr);
        value
    }

    fn computed(&mut self, mut line: Line, expr: &'r Expr, name: &Arc<str>) {
        let blocked = expr.slots().any(|slot| self.run.is_failed(slot));
        line.gave = if blocked {
            Came::Blocked
        } else {
            match self.compute(expr, name, &mut line) {
                Some(value) => came(&value),
                None => self.refused(name).unwrap_or(Came::Blocked),
            }
        };
        line.came = line.gave.clone();
        self.lines.push(line);
    }

    /// The key field alone: all that a delete has.
    fn key(&mut self, program: &'r Program) {
        let mut fields = &program.fields;
        for (depth, index) in program.key.iter().enumerate() {
            let field = &fields[*index];
            match &field.produce {
                Produce::Object(members) if depth + 1 < program.key.len() => fields = members,
                _ => {
                    self.field(field);
                    return;
                }
            }
        }
    }

    fn field(&mut self, field: &'r FieldCode) -> Wrote {
        let mut line = self.line(Part::Field, field.path.to_string(), String::new());
        let wrote = match &field.produce {
            Produce::Object(members) => self.object(field, members),
            Produce::List(items) => self.list(items),
            Produce::Each { plan, body, .. } => self.each(plan, body),
            Produce::Parts(parts) => self.parts(field, parts),
            Produce::Const { json, .. } => {
                line.part = Part::Constant;
                let json = String::from_utf8_lossy(json);
                line.gave = Came::Value(Text(json.trim_matches('"').to_owned()));
                self.lines.push(line);
                return Wrote::Constant;
            }
            _ => return self.value(field),
        };
        // An object or a list has a line only where it is missing.
        if wrote == Wrote::Nothing
            && let Some(refused) = self.refused(&field.path)
        {
            line.gave = refused;
            self.lines.push(line);
        }
        wrote
    }

    fn list(&mut self, items: &'r [FieldCode]) -> Wrote {
        let mut wrote = Wrote::Nothing;
        for item in items {
            match self.field(item) {
                Wrote::Nothing => {}
                Wrote::Refused => return Wrote::Refused,
                _ => wrote = Wrote::Something,
            }
        }
        wrote
    }

    /// Constants alone do not make an object: where nothing else is, they are not written either.
    fn object(&mut self, field: &'r FieldCode, members: &'r [FieldCode]) -> Wrote {
        if let Some(present) = &field.present {
            let name = format!("{} (present_if)", field.path);
            let mut line = self.line(Part::Condition, name, String::new());
            let value = self.compute(present, &field.path, &mut line);
            line.gave = value.as_ref().map_or(Came::Blocked, came);
            line.came = line.gave.clone();
            self.lines.push(line);
            match value {
                Some(Value::Bool(true)) => {}
                Some(_) => return Wrote::Nothing,
                None => return Wrote::Refused,
            }
        }
        let begin = self.lines.len();
        let (mut something, mut refused) = (field.constant || field.present.is_some(), false);
        for member in members {
            match self.field(member) {
                Wrote::Something => something = true,
                Wrote::Refused => refused = true,
                Wrote::Constant | Wrote::Nothing => {}
            }
        }
        if refused {
            return Wrote::Refused;
        }
        if !something {
            for line in &mut self.lines[begin..] {
                line.gave = Came::Nothing;
            }
            return Wrote::Nothing;
        }
        if field.constant { Wrote::Constant } else { Wrote::Something }
    }

    /// The parts of a text, each with a line of its own.
    fn parts(&mut self, field: &'r FieldCode, parts: &'r PartsCode) -> Wrote {
        let mut line = self.line(Part::Field, field.path.to_string(), String::new());
        let value = match &parts.of {
            Produce::Slot(slot) => self.run.slots[usize::from(*slot)],
            Produce::Expr(expr) => match self.compute(expr, &field.path, &mut line) {
                Some(value) => value,
                None => return Wrote::Refused,
            },
            _ => Value::Null,
        };
        let Value::Text(text) = value else { return Wrote::Nothing };
        let before = self.element;
        let (mut wrote, mut refused) = (Wrote::Nothing, false);
        let parts_of = text.split(&*parts.separator).map(str::trim).filter(|part| !part.is_empty());
        for (number, part) in parts_of.enumerate() {
            self.element = Some(number + 1);
            let mut line = self.line(Part::Field, field.path.to_string(), String::new());
            match self.refine(&parts.item, Value::Text(part), &mut line) {
                Wrote::Something | Wrote::Constant => wrote = Wrote::Something,
                Wrote::Nothing => {}
                Wrote::Refused => refused = true,
            }
            self.lines.push(line);
        }
        self.element = before;
        if refused { Wrote::Refused } else { wrote }
    }

    fn each(&mut self, plan: &'r EachPlan, body: &'r [FieldCode]) -> Wrote {
        let before = (self.run.out.errors.len(), self.run.marked.len(), self.element);
        let mut refused = false;
        for element in 0..self.run.elements(plan.source).len() {
            self.element = Some(element + 1);
            let cells = self.run.element(plan.source, element);
            for column in &plan.columns {
                self.run.decode_column(plan.source, *column, cells);
            }
            self.list_columns(plan.source, &plan.columns, element);
            for field in body {
                refused |= self.field(field) == Wrote::Refused;
            }
            self.run.marked.truncate(before.1);
            for (_, slot) in &plan.columns {
                if let Some(failed) = self.run.failed.get_mut(usize::from(*slot)) {
                    *failed = false;
                }
            }
        }
        self.run.out.errors.truncate(before.0);
        self.element = before.2;
        if refused { Wrote::Refused } else { Wrote::Something }
    }
}

pub(super) fn came(value: &Value<'_>) -> Came {
    if value.is_null() { Came::Nothing } else { Came::Value(text(value)) }
}
