//! What follows the producer of a field: verbs, codes, default, checks, protection, and the fit of what remains.

use std::ops::Range;

use super::{
    compile::Compiler,
    fit::{self, Flow},
};
use crate::{
    diagnostic::Diagnostic,
    mapping::{
        explain::Origin,
        file::{FieldNode, Miss, OnFail, Producer},
        identifiers::Identifier,
        program::{Check, Codes, FieldCode, Form, Literal, OnMiss, Produce, Tested},
        split::Splitter,
        value::Type,
        verbs::{TaxNumber, Verb},
    },
    model::{self, Class, Kind, parse::whole_match},
    yaml::{Key, Node},
};

impl Compiler<'_> {
    /// Compiles the steps into `code`; gives the class under which the field is published, if it is one that
    /// holds a value.
    pub(super) fn steps(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        flow: Flow,
        code: &mut FieldCode,
        (class, origins): (Class, &[Origin]),
    ) -> Option<Class> {
        let kind = match flow {
            Flow::Value(kind) => kind,
            Flow::Constant | Flow::Structure => {
                self.no_steps(node, matches!(flow, Flow::Structure));
                let leaf = matches!(flow, Flow::Constant);
                return if leaf {
                    self.publish(node, target, code, (class, origins))
                } else {
                    None
                };
            }
        };
        let text = matches!(kind, None | Some(Type::Text));
        self.verbs(node, text, code);
        let mut kind = kind;
        if let Some(name) = &node.codes {
            if matches!(kind, None | Some(Type::Text | Type::Int)) {
                code.codes = self.codes(node, name, target);
            } else {
                let message = "only text and whole numbers are codes";
                self.form.error("mapping.verb_type", name.span.clone(), message);
                kind = None;
            }
            kind = kind.map(|_| Type::Text);
        } else if let Some(miss) = &node.unmapped {
            let message = "`unmapped` says what happens to a code that the table does not have";
            let span = miss_span(miss).unwrap_or_else(|| node.name.span.clone());
            self.form.error("mapping.useless_key", span, message).help =
                Some("add `codes`, or remove it".into());
        }
        self.default(node, target, kind.as_ref(), code);
        self.checks(node, target, kind.as_ref(), code);
        let published = self.publish(node, target, code, (class, origins));
        if let Some(protect) = &node.protect {
            kind = self.protected(protect, kind, target, code);
        }
        if let Some(kind) = kind {
            self.fit(node, target, &kind, code);
        }
        code.plain = code.verbs.is_empty()
            && code.codes.is_none()
            && code.default.is_none()
            && code.checks.is_empty()
            && code.protect.is_none();
        published
    }

    /// Objects, lists and constants have no steps.
    fn no_steps(&mut self, node: &FieldNode, structure: bool) {
        let what = if structure { "an object or a list" } else { "a constant" };
        let useless = node
            .verbs
            .iter()
            .chain(&node.checks)
            .map(|(key, _)| key.span.clone())
            .chain(node.codes.iter().map(|codes| codes.span.clone()))
            .chain(node.default.iter().map(|default| default.span.clone()))
            .chain(node.protect.iter().map(|protect| protect.span.clone()));
        let spans: Vec<Range<usize>> = useless.collect();
        for span in spans {
            let message = format!("{what} has no use for this");
            self.form.error("mapping.useless_key", span, message);
        }
    }

    fn fit(&mut self, node: &FieldNode, target: &model::Field, kind: &Type, code: &mut FieldCode) {
        if let Some(form) = fit::form(kind, &target.kind) {
            code.form = form;
            if *kind == Type::Text && matches!(target.kind, Kind::PartialDate) {
                code.checks.push(strict(Check::PartialDate));
            }
            return;
        }
        let message = format!("`{}` is {}, not {kind}", node.name.text, fit::article(target));
        let found =
            Diagnostic::error("mapping.type_clash", self.form.file, node.span.clone(), message);
        if code.protect.is_some() {
            let help = format!("make `{}` a field of `type: text` in the model", target.name);
            self.form.push(found.label("protection makes text of it").help(help));
            return;
        }
        let found = found.label(format!("this is {kind}"));
        let name = match &node.producer {
            Producer::From(name) => name.text.as_str(),
            _ => "NAME",
        };
        let found = match fit::advice(kind, &target.kind, name) {
            Some(help) => found.help(help),
            None => found,
        };
        self.form.push(found);
    }

    fn verbs(&mut self, node: &FieldNode, text: bool, code: &mut FieldCode) {
        let mut verbs: Vec<(usize, Verb)> = Vec::new();
        for (key, value) in &node.verbs {
            if !text {
                let message = format!("`{}` works on text only", key.text);
                self.form.error("mapping.verb_type", key.span.clone(), message);
            } else if let Some((order, verb)) = self.verb(key, value) {
                verbs.push((order, verb));
            }
        }
        verbs.sort_by_key(|(order, _)| *order);
        code.verbs = verbs.into_iter().map(|(_, verb)| verb).collect();
    }

    fn verb(&mut self, key: &Key, node: &Node) -> Option<(usize, Verb)> {
        let form = &mut self.form;
        let what = format!("`{}`", key.text);
        Some(match key.text.as_str() {
            "normalize" => {
                let words = [("NFC", false), ("NFKC", true)];
                let verb = if form.word(node, &what, &words)? { Verb::Nfkc } else { Verb::Nfc };
                (0, verb)
            }
            "ascii" => form.flag(node, &what)?.then_some((1, Verb::Ascii))?,
            "collapse" => form.flag(node, &what)?.then_some((2, Verb::Collapse))?,
            "strip" => (3, Verb::Strip(form.text(node, &what)?.text.chars().collect())),
            "replace" => {
                let mut pairs = Vec::new();
                for (find, with) in form.names(node, &what)? {
                    if find.text.is_empty() {
                        form.shape(
                            node,
                            "what `replace` looks for",
                            "a text of one character or more",
                        );
                    } else if with.is_null() {
                        pairs.push((find.text.clone(), String::new()));
                    } else {
                        pairs.push((find.text.clone(), form.text(with, &what)?.text));
                    }
                }
                (4, Verb::Replace(pairs))
            }
            // A separator is the business of the list.
            "split" if node.entries().is_none() => return None,
            "split" => (5, self.split(node)?),
            "slice" => (6, self.slice(node)?),
            "case" => {
                let words = [("upper", 0), ("lower", 1), ("title", 2)];
                let verb = [Verb::Upper, Verb::Lower, Verb::Title];
                (7, verb[form.word(node, &what, &words)?].clone())
            }
            "kind_of" => (9, Verb::KindOf(form.word(node, &what, &TaxNumber::WORDS)?)),
            _ => (8, self.pad(node)?),
        })
    }

    /// `{ as: es.name, take: family }`
    fn split(&mut self, node: &Node) -> Option<Verb> {
        let form = &mut self.form;
        form.block(node, "`split`", &["as", "take"])?;
        for key in ["as", "take"] {
            if node.get(key).is_none() {
                form.missing(node.span.clone(), "`split`", key);
            }
        }
        let (how, take) = (node.get("as")?, node.get("take")?);
        let how = form.word(how, "`as`", &Splitter::WORDS)?;
        let part = form.word(take, "`take`", how.parts())?;
        Some(Verb::Split(how, part))
    }

    fn slice(&mut self, node: &Node) -> Option<Verb> {
        let form = &mut self.form;
        form.block(node, "`slice`", &["from", "length", "last"])?;
        let mut number = |key: &str| {
            node.get(key).and_then(|node| form.count(node, &format!("`{key}`"), 100_000))
        };
        match (number("from"), number("length"), number("last")) {
            (from, Some(len), None) => Some(Verb::Slice { from: from.unwrap_or(1).max(1), len }),
            (Some(from), None, None) => Some(Verb::Slice { from: from.max(1), len: usize::MAX }),
            (None, None, Some(last)) => Some(Verb::Last(last)),
            _ => {
                form.shape(node, "`slice`", "`{ from: 1, length: 4 }` or `{ last: 4 }`");
                None
            }
        }
    }

    fn pad(&mut self, node: &Node) -> Option<Verb> {
        let form = &mut self.form;
        form.block(node, "`pad`", &["left", "right", "with"])?;
        let with = match node.get("with") {
            Some(with) => form.text(with, "`with`")?.text,
            None => " ".to_owned(),
        };
        let mut chars = with.chars();
        let (Some(with), None) = (chars.next(), chars.next()) else {
            form.shape(node, "`with`", "one character");
            return None;
        };
        let mut number = |key: &str| {
            node.get(key).and_then(|node| form.count(node, &format!("`{key}`"), 10_000))
        };
        match (number("left"), number("right")) {
            (Some(to), None) => Some(Verb::PadLeft { to, with }),
            (None, Some(to)) => Some(Verb::PadRight { to, with }),
            _ => {
                form.shape(node, "`pad`", "`{ left: 8, with: \"0\" }` or `{ right: 8 }`");
                None
            }
        }
    }

    fn codes(
        &mut self,
        node: &FieldNode,
        name: &model::Text,
        target: &model::Field,
    ) -> Option<Codes> {
        let table = self.table(name)?;
        let Some((_, column)) = table.codes() else {
            let message = format!("the table `{}` has no columns `source` and `code`", name.text);
            self.form.error("mapping.no_code_table", name.span.clone(), message);
            return None;
        };
        if !target.one_of.is_empty() {
            let strange = table.rows.iter().find(|row| !target.one_of.contains(&row[column].text));
            if let Some(row) = strange {
                let (line, _) = table.file.line_column(row[column].span.start);
                let message = format!(
                    "the table `{}` gives `{}`, which `{}` does not allow",
                    name.text, row[column].text, target.name
                );
                let note = format!("it stands in {}:{line}", table.file.name());
                let found = self.form.error("mapping.code_not_allowed", name.span.clone(), message);
                found.notes.push(note);
                found.notes.push(format!("allowed: {}", target.one_of.join(", ")));
            }
        }
        let miss = self.miss(node.unmapped.as_ref(), &target.kind);
        if let OnMiss::Const(literal) = &miss {
            let span = node.unmapped.as_ref().and_then(miss_span);
            let span = span.unwrap_or_else(|| name.span.clone());
            self.judge_word(literal, target, span, "mapping.const_not_allowed");
        }
        Some(Codes { name: name.text.as_str().into(), table: table.index().into(), miss })
    }

    /// What a missing entry means, by default a reject.
    pub(super) fn miss(&mut self, miss: Option<&Miss>, kind: &Kind) -> OnMiss {
        match miss {
            None | Some(Miss::Reject) => OnMiss::Reject,
            Some(Miss::Keep(_)) => OnMiss::Keep,
            Some(Miss::Null) => OnMiss::Null,
            Some(Miss::Const(node)) => match self.literal(node, kind, "a constant") {
                Some(literal) => OnMiss::Const(literal),
                None => OnMiss::Reject,
            },
        }
    }

    fn default(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        kind: Option<&Type>,
        code: &mut FieldCode,
    ) {
        let (Some(default), Some(kind)) = (&node.default, kind) else { return };
        let written = match (kind, &target.kind) {
            // Text goes where the model wants it; what it must look like is the model's to say.
            (Type::Text, kind @ (Kind::Code | Kind::PartialDate)) => kind.clone(),
            (kind, _) => fit::kind_of(kind),
        };
        let Some(literal) = self.literal(default, &written, "`default`") else { return };
        self.judge_word(&literal, target, default.span.clone(), "mapping.bad_default");
        code.default = Some(literal);
    }

    /// Whether a word written in the mapping is one that the field allows.
    pub(super) fn judge_word(
        &mut self,
        literal: &Literal,
        target: &model::Field,
        span: Range<usize>,
        code: &'static str,
    ) {
        let Literal::Text(word) = literal else { return };
        let words = || target.one_of.iter().map(String::as_str);
        if !target.one_of.is_empty() && !words().any(|known| *known == **word) {
            let message = format!("`{}` does not allow `{word}`", target.name);
            let found = Diagnostic::error(code, self.form.file, span, message)
                .note(format!("allowed: {}", target.one_of.join(", ")))
                .did_you_mean(word, words());
            self.form.push(found);
        } else if target.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(word)) {
            let message = format!("`{word}` does not match the pattern of `{}`", target.name);
            self.form.error(code, span, message);
        }
    }

    fn checks(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        kind: Option<&Type>,
        code: &mut FieldCode,
    ) {
        let text = matches!(kind, None | Some(Type::Text));
        for (key, value) in &node.checks {
            if !text && !matches!(key.text.as_str(), "min" | "max") {
                let message = format!("`{}` checks text only", key.text);
                self.form.error("mapping.verb_type", key.span.clone(), message);
                continue;
            }
            for check in self.check(key, value, kind) {
                let on_fail = node.on_fail.unwrap_or(OnFail::Reject);
                code.checks.push(Tested { check, on_fail });
            }
        }
        let range =
            code.checks.iter().fold((None, None), |(min, max), tested| match &tested.check {
                Check::Min(least) => (Some(least), max),
                Check::Max(most) => (min, Some(most)),
                _ => (min, max),
            });
        if let (Some(least), Some(most)) = range
            && least.value().compare(&most.value()).is_some_and(std::cmp::Ordering::is_gt)
        {
            let at = node.checks.iter().find(|(key, _)| key.text == "max");
            let span = at.map_or(node.name.span.clone(), |(_, value)| value.span.clone());
            let message = "`max` lies below `min`: nothing passes";
            self.form.error("mapping.bad_range", span, message);
        }
        if node.on_fail.is_some() && code.checks.is_empty() {
            let message = "`on_fail` needs a check that can fail";
            self.form.error("mapping.useless_key", node.name.span.clone(), message);
        }
        if code.protect.is_none() && node.protect.is_none() {
            model_checks(target, code);
        }
    }

    fn check(&mut self, key: &Key, node: &Node, kind: Option<&Type>) -> Vec<Check> {
        let what = format!("`{}`", key.text);
        let one = match key.text.as_str() {
            "pattern" => self.pattern(node),
            "min" => self.bound(key, node, kind).map(Check::Min),
            "max" => self.bound(key, node, kind).map(Check::Max),
            "length" => self.length(node),
            "one_of" => {
                let words = self.form.texts(node, &what);
                Some(Check::OneOf(words.into_iter().map(|word| word.text.into()).collect()))
            }
            _ => {
                let names = self.form.texts(node, &what);
                return names.iter().filter_map(|name| self.identifier(name)).collect();
            }
        };
        one.into_iter().collect()
    }

    fn pattern(&mut self, node: &Node) -> Option<Check> {
        let text = self.form.text(node, "`pattern`")?;
        let pattern = whole_match(&text.text);
        if pattern.is_err() {
            let message = "this is no regular expression of Rust's `regex` syntax";
            self.form.error("mapping.bad_pattern", text.span, message).help =
                Some("there is no look-around and no back reference".into());
        }
        pattern.ok().map(Check::Pattern)
    }

    fn bound(&mut self, key: &Key, node: &Node, kind: Option<&Type>) -> Option<Literal> {
        let kind = match kind {
            // Whatever the digits declared, a bound may have others.
            Some(Type::Int | Type::Decimal { .. }) | None => Kind::Decimal,
            Some(
                kind @ (Type::Float | Type::Date | Type::Time | Type::Timestamp | Type::Instant),
            ) => fit::kind_of(kind),
            Some(_) => {
                let message = format!("`{}` compares numbers and dates only", key.text);
                self.form.error("mapping.verb_type", key.span.clone(), message);
                return None;
            }
        };
        self.literal(node, &kind, &format!("`{}`", key.text))
    }

    fn identifier(&mut self, name: &model::Text) -> Option<Check> {
        let found = Identifier::WORDS.iter().find(|(word, _)| *word == name.text);
        if found.is_none() {
            self.unknown_check(name);
        }
        found.map(|(_, identifier)| Check::Identifier(*identifier))
    }

    fn unknown_check(&mut self, name: &model::Text) {
        let words = || Identifier::WORDS.iter().map(|(word, _)| *word);
        let message = format!("there is no check `{}`", name.text);
        let found =
            Diagnostic::error("mapping.unknown_check", self.form.file, name.span.clone(), message)
                .note(format!("there are {}", words().collect::<Vec<_>>().join(", ")))
                .did_you_mean(&name.text, words());
        self.form.push(found);
    }

    fn length(&mut self, node: &Node) -> Option<Check> {
        const MOST: usize = 10_000_000;
        let form = &mut self.form;
        if node.entries().is_none() {
            let exact = form.count(node, "`length`", MOST)?;
            return Some(Check::Length { min: exact, max: exact });
        }
        form.block(node, "`length`", &["min", "max"])?;
        let mut bound = |key: &str| {
            node.get(key)
                .map_or(Some(None), |node| form.count(node, &format!("`{key}`"), MOST).map(Some))
        };
        let (min, max) = (bound("min")?.unwrap_or(0), bound("max")?.unwrap_or(usize::MAX));
        if min > max {
            let message = "`max` lies below `min`: nothing passes";
            form.error("mapping.bad_range", node.span.clone(), message);
        }
        Some(Check::Length { min, max })
    }
}

/// What the model says about the words of a field, where the mapping does not guarantee it already.
fn model_checks(target: &model::Field, code: &mut FieldCode) {
    let guaranteed = matches!(&code.codes, Some(codes) if !matches!(codes.miss, OnMiss::Keep));
    if !target.one_of.is_empty() && !guaranteed {
        let words = target.one_of.iter().map(|word| word.as_str().into()).collect();
        code.checks.push(strict(Check::OneOf(words)));
    }
    if let Some(pattern) = &target.pattern
        && !matches!(code.produce, Produce::Const { .. })
    {
        code.checks.push(strict(Check::Pattern(pattern.clone())));
    }
    debug_assert!(code.form == Form::Json, "invariant: checks come before the fit");
}

/// A check that rejects.
fn strict(check: Check) -> Tested {
    Tested { check, on_fail: OnFail::Reject }
}

fn miss_span(miss: &Miss) -> Option<Range<usize>> {
    match miss {
        Miss::Keep(span) => Some(span.clone()),
        Miss::Const(node) => Some(node.span.clone()),
        Miss::Reject | Miss::Null => None,
    }
}
