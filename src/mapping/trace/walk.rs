//! The walk over a program, after a run.

use std::sync::Arc;

use acequia_api::{Cell, ColumnType, Op, RecordError};

use super::{
    Action, Came, Line, Part, Step, Text, Trace,
    words::{self, text},
};
use crate::mapping::{
    FieldInfo, Verdict,
    apply::Run,
    expr::{Expr, Slot},
    file::OnFail,
    program::{
        Check, EachPlan, FieldCode, Form, Guard, LookupCode, Needs, OnMiss, Part as Piece, Produce,
        Program, Read, Source, Tested,
    },
    value::Value,
    verbs::Verb,
    write::{code_of, holds, protect, translate},
};

struct Walk<'w, 'r> {
    run: &'w mut Run<'r>,
    info: &'w [FieldInfo],
    lines: &'w mut Vec<Line>,
    /// The errors of the run; what the walk finds again comes after them.
    errors: usize,
    element: Option<usize>,
}

/// As what a field writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
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
    fn line(&self, part: Part, name: String, from: String) -> Line {
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
    fn refused(&self, name: &str) -> Option<Came> {
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
            if !self.run.is_failed(step.slot) {
                line.branches = self.branches(&step.expr);
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
    fn compute(&mut self, expr: &'r Expr, name: &Arc<str>, line: &mut Line) -> Option<Value<'r>> {
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
    fn object(&mut self, field: &FieldCode, members: &'r [FieldCode]) -> Wrote {
        let begin = self.lines.len();
        let (mut something, mut refused) = (field.constant, false);
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

    /// A field that holds a value: what its producer gives, and what becomes of it.
    fn value(&mut self, field: &'r FieldCode) -> Wrote {
        let info = self.info.iter().find(|info| info.path == *field.path);
        let from = info.map_or_else(String::new, |info| info.producer.clone());
        let mut line = self.line(Part::Field, field.path.to_string(), from);
        let wrote = if field.reads.iter().any(|slot| self.run.is_failed(*slot)) {
            (line.came, line.gave) = (Came::Blocked, Came::Blocked);
            Wrote::Refused
        } else {
            self.produced(field, &mut line)
        };
        if let (Wrote::Something, Came::Value(text)) = (wrote, &line.gave)
            && let Some((_, code)) =
                self.run.marked.iter().find(|(slot, _)| field.reads.contains(slot))
        {
            line.gave = Came::Doubtful(text.clone(), code);
        }
        if wrote == Wrote::Nothing
            && let Some(refused) = self.refused(&field.path)
        {
            line.gave = refused;
        }
        self.lines.push(line);
        wrote
    }

    fn produced(&mut self, field: &'r FieldCode, line: &mut Line) -> Wrote {
        match &field.produce {
            Produce::Slot(slot) => {
                let value = self.run.slots[usize::from(*slot)];
                self.refine(field, value, line)
            }
            Produce::Expr(expr) => match self.compute(expr, &field.path, line) {
                Some(value) => self.refine(field, value, line),
                None => {
                    line.gave = self.refused(&field.path).unwrap_or(Came::Blocked);
                    line.came = line.gave.clone();
                    Wrote::Refused
                }
            },
            Produce::Template(pieces) => {
                let built = self.template(pieces);
                self.refine(field, built.as_deref().map_or(Value::Null, Value::Text), line)
            }
            Produce::Lookup(lookup) => self.lookup(field, lookup, line),
            _ => Wrote::Nothing,
        }
    }

    fn template(&self, pieces: &[Piece]) -> Option<String> {
        let mut built = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => built.push_str(text),
                Piece::Slot(slot) => match &self.run.slots[usize::from(*slot)] {
                    Value::Null => return None,
                    value => built.push_str(&text(value).0),
                },
            }
        }
        Some(built)
    }

    fn lookup(&mut self, field: &'r FieldCode, lookup: &'r LookupCode, line: &mut Line) -> Wrote {
        let values = lookup.slots.iter().map(|slot| self.run.slots[usize::from(*slot)]);
        let parts: Vec<String> = values.clone().map(|value| text(&value).0).collect();
        line.came = Came::Value(Text(parts.join(", ")));
        if values.clone().all(|value| value.is_null()) {
            return self.steps(field, Value::Null, line);
        }
        let key: String = parts.iter().flat_map(|part| [part.as_str(), "\u{1f}"]).collect();
        let found = lookup.table.get(&*key);
        let value = match (found, &lookup.miss) {
            (Some(found), _) => Some(Value::Text(found)),
            (None, OnMiss::Const(literal)) => Some(literal.value()),
            (None, OnMiss::Null | OnMiss::Keep) => Some(Value::Null),
            (None, OnMiss::Reject) => None,
        };
        let refused = Came::Refused("map.lookup_missed", None);
        let gave = value.as_ref().map_or(refused.clone(), came);
        let action = Action::Lookup(lookup.name.to_string(), found.is_some());
        line.steps.push(Step { action, gave });
        let Some(value) = value else {
            line.gave = refused;
            return Wrote::Refused;
        };
        self.steps(field, value, line)
    }

    fn refine(&mut self, field: &'r FieldCode, value: Value<'_>, line: &mut Line) -> Wrote {
        line.came = came(&value);
        self.steps(field, value, line)
    }

    /// Everything between a value and what is written of it, in the order of `write`.
    fn steps(&mut self, field: &'r FieldCode, value: Value<'_>, line: &mut Line) -> Wrote {
        let (mut repaired, mut guarded) = (String::new(), String::new());
        let mut value: Value<'_> = value;
        if let (Value::Text(text), false) = (value, field.verbs.is_empty()) {
            repaired.push_str(&verbs(&field.verbs, text, line));
            let empty = repaired.is_empty();
            let split = field.verbs.iter().any(|verb| matches!(verb, Verb::Split(..)));
            value = if empty && split { Value::Null } else { Value::Text(&repaired) };
        }
        if let (Some(codes), false) = (&field.codes, value.is_null()) {
            let word = text(&value);
            let met = matches!(value, Value::Text(_) | Value::Int(_))
                && codes.table.contains_key(&*word.0);
            let translated = translate(codes, value);
            let refused = || Came::Refused("map.unmapped_code", None);
            let gave = translated.as_ref().map_or_else(|()| refused(), came);
            let action = Action::Codes(codes.name.to_string(), word, met);
            line.steps.push(Step { action, gave });
            match translated {
                Ok(translated) => value = translated,
                Err(()) => {
                    line.gave = refused();
                    return Wrote::Refused;
                }
            }
        }
        if let (Value::Null, Some(default)) = (value, &field.default) {
            value = default.value();
            line.steps.push(Step { action: Action::Default, gave: came(&value) });
        }
        if !value.is_null() {
            match checks(&field.checks, &value, line) {
                Ok(true) => {}
                Ok(false) => value = Value::Null,
                Err(refused) => {
                    line.gave = refused;
                    return Wrote::Refused;
                }
            }
        }
        if let (Some(guard), false) = (&field.protect, value.is_null()) {
            let there = protect(guard, field, value, self.run.texts, &mut guarded);
            value = if there { Value::Text(&guarded) } else { Value::Null };
            let action = Action::Protect(words::guard(guard));
            line.steps.push(Step { action, gave: came(&value) });
            if matches!(guard, Guard::Drop) {
                return Wrote::Nothing;
            }
        }
        if let (Form::Decimal(scale), Value::Decimal(decimal)) = (field.form, value) {
            value = Value::Decimal(decimal.with_scale(scale).unwrap_or(decimal));
        }
        line.gave = came(&value);
        let nothing = value.is_null() || field.is_key && text(&value).0.is_empty();
        if nothing { Wrote::Nothing } else { Wrote::Something }
    }
}

fn came(value: &Value<'_>) -> Came {
    if value.is_null() { Came::Nothing } else { Came::Value(text(value)) }
}

fn verbs(verbs: &[Verb], text: &str, line: &mut Line) -> String {
    let mut repaired = text.to_owned();
    for verb in verbs {
        let mut out = String::new();
        verb.run(&repaired, &mut out);
        repaired = out;
        let gave = Came::Value(Text(repaired.clone()));
        line.steps.push(Step { action: Action::Verb(words::verb(verb)), gave });
    }
    repaired
}

/// `Ok(false)` where a failed check makes the value null.
fn checks(checks: &[Tested], value: &Value<'_>, line: &mut Line) -> Result<bool, Came> {
    let mut verdict = Ok(true);
    for Tested { check, on_fail } in checks {
        let held = holds(check, *value);
        let code = code_of(check);
        let gave = match (held, on_fail) {
            (true, _) => came(value),
            (false, OnFail::Flag) => Came::Doubtful(text(value), code),
            (false, OnFail::Null) => Came::Nothing,
            (false, OnFail::Reject) => {
                let detail = match check {
                    Check::Identifier(identifier) => Some(identifier.name().to_owned()),
                    _ => None,
                };
                Came::Refused(code, detail)
            }
        };
        let refused = gave.clone();
        line.steps.push(Step { action: Action::Check(words::check(check), held), gave });
        match (held, on_fail) {
            (false, OnFail::Reject) if verdict.is_ok() => verdict = Err(refused),
            (false, OnFail::Null) => return Ok(false),
            _ => {}
        }
    }
    verdict
}
