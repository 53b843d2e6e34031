//! From what a producer gives to what is written of it, in the order of `write`.

use super::{
    Action, Came, Line, Part, Step, Text,
    walk::{Walk, Wrote, came},
    words::{self, text},
};
use crate::mapping::{
    file::OnFail,
    program::{Check, FieldCode, Form, Guard, LookupCode, OnMiss, Part as Piece, Produce, Tested},
    value::Value,
    verbs::Verb,
    write::{code_of, holds, protect, translate},
};

impl<'r> Walk<'_, 'r> {
    /// A field that holds a value: what its producer gives, and what becomes of it.
    pub(super) fn value(&mut self, field: &'r FieldCode) -> Wrote {
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

    /// Whether the lookup of a `let` found a row.
    pub(super) fn joined(&self, lookup: &LookupCode, line: &mut Line) {
        let values = lookup.slots.iter().map(|slot| &self.run.slots[usize::from(*slot)]);
        let parts: Vec<String> = values.map(|value| text(value).0).collect();
        let key: String = parts.iter().flat_map(|part| [part.as_str(), "\u{1f}"]).collect();
        let action = Action::Lookup(lookup.name.to_string(), lookup.table.contains_key(&*key));
        line.came = Came::Value(Text(parts.join(", ")));
        line.steps.push(Step { action, gave: line.gave.clone() });
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

    pub(super) fn refine(
        &mut self,
        field: &'r FieldCode,
        value: Value<'_>,
        line: &mut Line,
    ) -> Wrote {
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
            let split = field.verbs.iter().any(|verb| verb.finds_nothing());
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
