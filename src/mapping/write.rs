//! Writing one output field: produce, repair, translate, check, protect, and then as JSON.

use std::sync::Arc;

use acequia_api::RecordError;

use super::{
    apply::Run,
    file::{DatePart, OnFail},
    program::{
        Check, Codes, EachPlan, FieldCode, Form, Guard, LookupCode, OnMiss, Part, PartsCode,
        Produce, Tested,
    },
    scratch::{Flag, Texts},
    value::{Value, append, write_json_string, write_json_text},
    verbs::Verb,
};

/// What a field left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// No value.
    Nothing,
    /// The same as for every record.
    Constant,
    /// A value.
    Something,
    /// It cannot be said, because a value was refused.
    Refused,
}

impl<'r> Run<'r> {
    /// Writes a field, or nothing of it.
    pub(super) fn field(&mut self, field: &'r FieldCode) -> Wrote {
        if self.has_errors() && field.reads.iter().any(|slot| self.is_failed(*slot)) {
            return Wrote::Refused;
        }
        if let (true, Produce::Slot(slot)) = (field.plain, &field.produce)
            && let Value::Text(text) = self.slots[usize::from(*slot)]
            && !text.is_empty()
            && self.marked.is_empty()
        {
            self.text(field, text);
            return Wrote::Something;
        }
        let mark = self.out.data.len();
        let separator = self.separator();
        append(self.out.data, &field.prefix[separator..]);
        let wrote = match &field.produce {
            Produce::Const { json, text } => {
                self.out.data.extend_from_slice(json);
                if field.is_key {
                    self.out.key.push_str(text);
                }
                Wrote::Constant
            }
            Produce::Slot(slot) => self.value(field, self.slots[usize::from(*slot)]),
            Produce::Expr(expr) => match self.compute(expr, &field.path) {
                Some(value) => self.value(field, value),
                None => Wrote::Refused,
            },
            Produce::Template(parts) => self.template(field, parts),
            Produce::Lookup(lookup) => self.lookup(field, lookup),
            Produce::Parts(parts) => self.parts(field, parts),
            Produce::Object(members) => self.object(field, members, mark),
            Produce::List(items) => self.list(items),
            Produce::Each { plan, body, single } => self.each(plan, body, *single),
        };
        if !self.marked.is_empty() && wrote != Wrote::Refused {
            self.flag_doubts(field);
        }
        match wrote {
            Wrote::Something | Wrote::Constant => {}
            Wrote::Refused => self.out.data.truncate(mark),
            Wrote::Nothing => {
                self.out.data.truncate(mark);
                if field.is_key {
                    self.refuse(field, "map.key_missing");
                } else if field.required && !matches!(field.protect, Some(Guard::Drop)) {
                    self.refuse(field, "map.required_missing");
                }
            }
        }
        wrote
    }

    #[cold]
    fn flag_doubts(&mut self, field: &FieldCode) {
        for (_, code) in self.marked.iter().filter(|(slot, _)| field.reads.contains(slot)) {
            self.out.quality.push(Flag { code, field: Arc::clone(&field.path) });
        }
    }

    /// How much of a prefix is left out: the comma, where nothing stands before.
    #[inline]
    fn separator(&self) -> usize {
        usize::from(matches!(self.out.data.last(), Some(b'{' | b'[') | None))
    }

    /// Most fields of most records are this: a text that nothing happens to. It is always written.
    #[inline]
    fn text(&mut self, field: &FieldCode, text: &str) {
        let separator = self.separator();
        let data = &mut *self.out.data;
        data.reserve(field.quoted.len() + text.len() + 1);
        append(data, &field.quoted[separator..]);
        write_json_text(data, text);
        data.push(b'"');
        if field.is_key {
            self.out.key.push_str(text);
        }
    }

    fn refuse(&mut self, field: &FieldCode, code: &'static str) {
        self.out.errors.push(RecordError::map(code).field(Arc::clone(&field.path)));
    }

    /// An object none of whose members that depend on the record has a value is no value itself: constants
    /// alone do not make one.
    fn object(&mut self, field: &'r FieldCode, members: &'r [FieldCode], mark: usize) -> Wrote {
        if let Some(present) = &field.present {
            match self.compute(present, &field.path) {
                Some(Value::Bool(true)) => {}
                Some(_) => return Wrote::Nothing,
                None => return Wrote::Refused,
            }
        }
        let (errors, flags) = (self.out.errors.len(), self.out.quality.len());
        self.out.data.push(b'{');
        // Where the mapping says that it is there, it is, and what it lacks is missing.
        let (mut something, mut refused) = (field.constant || field.present.is_some(), false);
        for member in members {
            match self.field(member) {
                Wrote::Something => something = true,
                Wrote::Refused => refused = true,
                Wrote::Constant | Wrote::Nothing => {}
            }
        }
        self.out.data.push(b'}');
        if refused {
            return Wrote::Refused;
        }
        if !something {
            // Members missing from an object that is not there are no mistake.
            self.out.errors.truncate(errors);
            self.out.quality.truncate(flags);
            self.out.data.truncate(mark);
            return Wrote::Nothing;
        }
        if field.constant { Wrote::Constant } else { Wrote::Something }
    }

    fn list(&mut self, items: &'r [FieldCode]) -> Wrote {
        self.out.data.push(b'[');
        let mut wrote = Wrote::Nothing;
        for item in items {
            match self.field(item) {
                Wrote::Nothing => {}
                Wrote::Refused => return Wrote::Refused,
                _ => wrote = Wrote::Something,
            }
        }
        self.out.data.push(b']');
        wrote
    }

    /// Each part of a text, without the blanks around it; empty parts are none.
    fn parts(&mut self, field: &'r FieldCode, parts: &'r PartsCode) -> Wrote {
        let value = match &parts.of {
            Produce::Slot(slot) => self.slots[usize::from(*slot)],
            Produce::Expr(expr) => match self.compute(expr, &field.path) {
                Some(value) => value,
                None => return Wrote::Refused,
            },
            _ => Value::Null,
        };
        let Value::Text(text) = value else { return Wrote::Nothing };
        self.out.data.push(b'[');
        let (mut wrote, mut refused) = (Wrote::Nothing, false);
        for part in text.split(&*parts.separator).map(str::trim).filter(|part| !part.is_empty()) {
            let mark = self.out.data.len();
            let separator = self.separator();
            self.out.data.extend_from_slice(&parts.item.prefix[separator..]);
            match self.value(&parts.item, Value::Text(part)) {
                Wrote::Something | Wrote::Constant => wrote = Wrote::Something,
                Wrote::Nothing => self.out.data.truncate(mark),
                Wrote::Refused => {
                    self.out.data.truncate(mark);
                    refused = true;
                }
            }
        }
        self.out.data.push(b']');
        if refused { Wrote::Refused } else { wrote }
    }

    fn each(&mut self, plan: &'r EachPlan, body: &'r [FieldCode], single: bool) -> Wrote {
        self.out.data.push(b'[');
        let mut refused = false;
        for element in 0..self.elements(plan.source).len() {
            let cells = self.element(plan.source, element);
            let errors = self.out.errors.len();
            for column in &plan.columns {
                self.decode_column(plan.source, *column, cells);
            }
            let mark = self.out.data.len();
            if !single {
                let separator = usize::from(self.out.data.last() == Some(&b'['));
                self.out.data.extend_from_slice(&b",{"[separator..]);
            }
            let mut wrote = Wrote::Nothing;
            for field in body {
                match self.field(field) {
                    Wrote::Refused => refused = true,
                    Wrote::Nothing => {}
                    _ => wrote = Wrote::Something,
                }
            }
            if wrote == Wrote::Nothing {
                self.out.data.truncate(mark);
            } else if !single {
                self.out.data.push(b'}');
            }
            for error in &mut self.out.errors[errors..] {
                let place = format!("element {}", element + 1);
                error.detail = Some(match error.detail.take() {
                    Some(detail) => format!("{place}: {detail}"),
                    None => place,
                });
            }
            self.marked.retain(|(marked, _)| plan.columns.iter().all(|(_, slot)| slot != marked));
            for (_, slot) in &plan.columns {
                if let Some(failed) = self.failed.get_mut(usize::from(*slot)) {
                    *failed = false;
                }
            }
            refused |= self.out.errors.len() > errors;
        }
        self.out.data.push(b']');
        if refused { Wrote::Refused } else { Wrote::Something }
    }

    /// Plain substitution; null as soon as one of its parts is.
    fn template(&mut self, field: &'r FieldCode, parts: &[Part]) -> Wrote {
        let mut built = std::mem::take(&mut self.texts.built);
        built.clear();
        let mut complete = true;
        for part in parts {
            match part {
                Part::Literal(text) => built.extend_from_slice(text.as_bytes()),
                Part::Slot(slot) => {
                    let value = &self.slots[usize::from(*slot)];
                    complete &= !value.is_null();
                    value.write_text(&mut built);
                }
            }
        }
        let text = if complete { std::str::from_utf8(&built).ok() } else { None };
        let wrote = self.value(field, text.map_or(Value::Null, Value::Text));
        self.texts.built = built;
        wrote
    }

    fn lookup(&mut self, field: &'r FieldCode, lookup: &'r LookupCode) -> Wrote {
        match self.look_up(lookup, &field.path) {
            Some(value) => self.value(field, value),
            None => Wrote::Refused,
        }
    }

    /// What the table says; none where it says nothing and that is an error of the record.
    pub(super) fn look_up(&mut self, lookup: &'r LookupCode, name: &Arc<str>) -> Option<Value<'r>> {
        let mut built = std::mem::take(&mut self.texts.built);
        built.clear();
        for slot in &lookup.slots {
            self.slots[usize::from(*slot)].write_text(&mut built);
            built.push(0x1f);
        }
        let nothing = lookup.slots.iter().all(|slot| self.slots[usize::from(*slot)].is_null());
        let found = std::str::from_utf8(&built).ok().and_then(|key| lookup.table.get(key));
        self.texts.built = built;
        Some(match (found, &lookup.miss) {
            (Some(found), _) => Value::Text(found),
            _ if nothing => Value::Null,
            (None, OnMiss::Const(literal)) => literal.value(),
            (None, OnMiss::Null | OnMiss::Keep) => Value::Null,
            (None, OnMiss::Reject) => {
                self.out.errors.push(RecordError::map("map.lookup_missed").field(Arc::clone(name)));
                return None;
            }
        })
    }

    /// Everything between producing a value and its JSON.
    fn value(&mut self, field: &'r FieldCode, value: Value<'_>) -> Wrote {
        if field.plain {
            return self.write(field, value);
        }
        let mut first = std::mem::take(&mut self.texts.first);
        let mut second = std::mem::take(&mut self.texts.second);
        let wrote = self.refine(field, value, &mut first, &mut second);
        self.texts.first = first;
        self.texts.second = second;
        wrote
    }

    fn refine<'v>(
        &mut self,
        field: &'v FieldCode,
        mut value: Value<'v>,
        first: &'v mut String,
        second: &mut String,
    ) -> Wrote {
        if let (Value::Text(text), [verb, rest @ ..]) = (value, &*field.verbs) {
            first.clear();
            verb.run(text, first);
            for verb in rest {
                second.clear();
                verb.run(first, second);
                std::mem::swap(first, second);
            }
            value = Value::Text(first);
            if first.is_empty() && field.verbs.iter().any(Verb::finds_nothing) {
                value = Value::Null;
            }
        }
        if let Some(codes) = &field.codes {
            match translate(codes, value) {
                Ok(translated) => value = translated,
                Err(()) => {
                    self.refuse(field, "map.unmapped_code");
                    return Wrote::Refused;
                }
            }
        }
        if let (Value::Null, Some(default)) = (value, &field.default) {
            value = default.value();
        }
        if !value.is_null() {
            match self.checks(field, value) {
                Ok(true) => {}
                Ok(false) => value = Value::Null,
                Err(()) => return Wrote::Refused,
            }
        }
        match (&field.protect, value) {
            (None, _) | (_, Value::Null) => self.write(field, value),
            (Some(guard), value) => {
                second.clear();
                if protect(guard, field, value, self.texts, second) {
                    self.write(field, Value::Text(second))
                } else {
                    Wrote::Nothing
                }
            }
        }
    }

    /// `Ok(false)` when a failed check makes the value null.
    fn checks(&mut self, field: &FieldCode, value: Value<'_>) -> Result<bool, ()> {
        let mut good = true;
        for Tested { check, on_fail } in &field.checks {
            if holds(check, value) {
                continue;
            }
            let code = code_of(check);
            match on_fail {
                OnFail::Reject => {
                    let error = RecordError::map(code).field(Arc::clone(&field.path));
                    let error = match check {
                        Check::Identifier(identifier) => error.detail(identifier.name()),
                        _ => error,
                    };
                    self.out.errors.push(error);
                    good = false;
                }
                OnFail::Flag => {
                    self.out.quality.push(Flag { code, field: Arc::clone(&field.path) });
                }
                OnFail::Null => return Ok(false),
            }
        }
        if good { Ok(true) } else { Err(()) }
    }

    #[inline]
    fn write(&mut self, field: &FieldCode, value: Value<'_>) -> Wrote {
        let data = &mut *self.out.data;
        let start = data.len();
        match (field.form, value) {
            (_, Value::Null) => return Wrote::Nothing,
            (_, Value::Text(text)) => write_json_string(data, text),
            (Form::Json, value) => value.write_json(data),
            (Form::Bare, value) => value.write_text(data),
            (Form::Decimal(scale), Value::Decimal(decimal)) if decimal.scale != scale => {
                Value::Decimal(decimal.with_scale(scale).unwrap_or(decimal)).write_json(data);
            }
            (Form::Quoted | Form::Decimal(_), value) => {
                data.push(b'"');
                value.write_text(data);
                data.push(b'"');
            }
        }
        if field.is_key {
            match value {
                Value::Text(text) => self.out.key.push_str(text),
                // Everything else is written without escapes, so that its text stands in the JSON.
                _ => {
                    let written = std::str::from_utf8(&data[start..]).unwrap_or_default();
                    self.out.key.push_str(written.trim_matches('"'));
                }
            }
            if self.out.key.is_empty() {
                return Wrote::Nothing;
            }
        }
        Wrote::Something
    }
}

pub(super) fn translate<'v>(codes: &'v Codes, value: Value<'v>) -> Result<Value<'v>, ()> {
    let found = match value {
        Value::Null => return Ok(Value::Null),
        Value::Text(text) => codes.table.get(text),
        Value::Int(number) => codes.table.get(integer(number, &mut [0; 20])),
        _ => None,
    };
    match (found, &codes.miss) {
        (Some(found), _) => Ok(Value::Text(found)),
        (None, OnMiss::Keep) => Ok(value),
        (None, OnMiss::Null) => Ok(Value::Null),
        (None, OnMiss::Const(literal)) => Ok(literal.value()),
        (None, OnMiss::Reject) => Err(()),
    }
}

fn integer(number: i64, buffer: &mut [u8; 20]) -> &str {
    use std::io::Write;
    let mut rest = &mut buffer[..];
    // Twenty bytes hold every 64-bit number.
    let _ = write!(rest, "{number}");
    let left = rest.len();
    let len = buffer.len() - left;
    std::str::from_utf8(&buffer[..len]).unwrap_or_default()
}

pub(super) fn code_of(check: &Check) -> &'static str {
    match check {
        Check::Pattern(_) | Check::PartialDate => "map.pattern",
        Check::Min(_) => "map.min",
        Check::Max(_) => "map.max",
        Check::Length { .. } => "map.length",
        Check::OneOf(_) => "map.one_of",
        Check::Identifier(_) => "map.check",
    }
}

pub(super) fn holds(check: &Check, value: Value<'_>) -> bool {
    match (check, value) {
        (Check::Min(least), value) => {
            value.compare(&least.value()).is_some_and(|order| order.is_ge())
        }
        (Check::Max(most), value) => {
            value.compare(&most.value()).is_some_and(|order| order.is_le())
        }
        (Check::Pattern(pattern), Value::Text(text)) => pattern.is_match(text),
        (Check::Pattern(pattern), Value::Int(number)) => {
            pattern.is_match(integer(number, &mut [0; 20]))
        }
        (Check::Length { min, max }, Value::Text(text)) => {
            (*min..=*max).contains(&text.chars().count())
        }
        (Check::OneOf(words), Value::Text(text)) => words.iter().any(|word| **word == *text),
        (Check::OneOf(words), Value::Int(number)) => {
            let mut buffer = [0; 20];
            let text = integer(number, &mut buffer);
            words.iter().any(|word| **word == *text)
        }
        (Check::Identifier(identifier), Value::Text(text)) => identifier.holds(text),
        (Check::PartialDate, Value::Text(text)) => partial_date(text),
        (Check::PartialDate, _) => true,
        _ => false,
    }
}

pub(super) fn partial_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut next = |len: usize| match parts.next() {
        None => Some(None),
        Some(part) if part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            part.parse::<u32>().ok().map(Some)
        }
        Some(_) => None,
    };
    let (Some(Some(year)), Some(month), Some(day)) = (next(4), next(2), next(2)) else {
        return false;
    };
    let real = super::value::days_of(year as i32, month.unwrap_or(1) as u8, day.unwrap_or(1) as u8);
    real.is_some() && parts.next().is_none()
}

/// Writes the protected value; `false` when nothing is published.
pub(super) fn protect(
    guard: &Guard,
    field: &FieldCode,
    value: Value<'_>,
    texts: &mut Texts,
    out: &mut String,
) -> bool {
    let mut plain = std::mem::take(&mut texts.plain);
    plain.clear();
    value.write_text(&mut plain);
    let text = std::str::from_utf8(&plain).unwrap_or_default();
    match guard {
        Guard::Drop => {}
        Guard::Mask { keep_first, keep_last, kept } => {
            mask(text, (*keep_first, *keep_last), *kept, out);
        }
        Guard::Part(part) => date_part(text, *part, out),
        Guard::Bands(bands) => band(value, bands, out),
        Guard::KeepFirst(count) => out.extend(text.chars().take(*count)),
        Guard::Pseudonym(domain) => texts.protector.pseudonym(domain, text, out),
        Guard::Encrypt(key) => texts.protector.encrypt(key, &field.path, text, out),
    }
    texts.plain = plain;
    !matches!(guard, Guard::Drop)
}

/// What stands for the hidden characters, however many they are.
const HIDDEN: &str = "****";

/// Keeps so many characters at the ends, but never all: a text as short as that is masked as a whole. Unless the length
/// is kept, it is hidden too: it tells names apart.
fn mask(text: &str, (first, last): (usize, usize), kept: bool, out: &mut String) {
    let count = text.chars().count();
    let (first, last) = if first + last < count { (first, last) } else { (0, 0) };
    out.extend(text.chars().take(first));
    if kept {
        out.extend(std::iter::repeat_n('*', count - first - last));
    } else {
        out.push_str(HIDDEN);
    }
    out.extend(text.chars().skip(count - last));
}

/// The beginning of an ISO date.
fn date_part(text: &str, part: DatePart, out: &mut String) {
    let year = text.get(..4).unwrap_or_default();
    match part {
        DatePart::Year => out.push_str(year),
        DatePart::Month => out.push_str(text.get(..7).unwrap_or(text)),
        DatePart::Quarter => {
            let month: u8 = text.get(5..7).and_then(|month| month.parse().ok()).unwrap_or(1);
            out.push_str(year);
            out.push_str(["-Q1", "-Q2", "-Q3", "-Q4"][usize::from(month.clamp(1, 12) - 1) / 3]);
        }
    }
}

/// Between which of these numbers a whole number lies: `<0`, `0-17`, `18-64`, `65+`.
fn band(value: Value<'_>, bands: &[i64], out: &mut String) {
    use std::fmt::Write;
    let Value::Int(number) = value else { return };
    let above = bands.partition_point(|low| *low <= number);
    // Writing to a string does not fail.
    let _ = match (above.checked_sub(1).map(|at| bands[at]), bands.get(above)) {
        (None, Some(next)) => write!(out, "<{next}"),
        (Some(low), Some(next)) if *next - 1 == low => write!(out, "{low}"),
        (Some(low), Some(next)) => write!(out, "{low}-{}", next - 1),
        (Some(low), None) => write!(out, "{low}+"),
        (None, None) => Ok(()),
    };
}
