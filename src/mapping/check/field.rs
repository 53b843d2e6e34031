//! Output fields against the model: every required one there, none unknown, types that fit.

use std::ops::Range;

use super::{
    compile::{Compiler, reads},
    fit::{self, Flow},
    privacy,
};
use crate::{
    diagnostic::{Diagnostic, suggest},
    mapping::{
        FieldInfo,
        expr::{self, Expr},
        file::{Each, FieldNode, How, Producer},
        program::{EachPlan, FieldCode, Form, Part, PartsCode, Produce, Step},
        value::{Type, write_json_string},
    },
    model::{self, Class, Kind, Shape, Text},
};

/// Where in the event a field is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The path of the object around it, with a stop at the end; empty at the top.
    pub(super) path: String,
    /// The class of the object around it.
    pub(super) class: Class,
    /// Whether it is an element of a list, which has no name.
    pub(super) element: bool,
}

impl Place {
    pub(super) fn root() -> Self {
        Self { path: String::new(), class: Class::Public, element: false }
    }
}

impl Compiler<'_> {
    /// The members of an object.
    pub(super) fn members(
        &mut self,
        nodes: &[FieldNode],
        shape: &Shape,
        place: &Place,
        at: &Range<usize>,
    ) -> Vec<FieldCode> {
        let mut fields = Vec::with_capacity(nodes.len());
        for node in nodes {
            match shape.field(&node.name.text) {
                Some(target) => fields.extend(self.field(node, target, place)),
                None => {
                    let message = format!("`{}` has no field `{}`", shape.name, node.name.text);
                    let known = shape.fields.iter().map(|field| &*field.name);
                    let found = Diagnostic::error(
                        "mapping.unknown_field",
                        self.form.file,
                        node.name.span.clone(),
                        message,
                    )
                    .did_you_mean(&node.name.text, known);
                    self.form.push(found);
                    self.touch(node);
                }
            }
        }
        let missing: Vec<&model::Field> = shape
            .fields
            .iter()
            .filter(|field| field.required)
            .filter(|field| !nodes.iter().any(|node| node.name.text == *field.name))
            .collect();
        for field in missing {
            let message =
                format!("`{}` needs the field `{}{}`", shape.name, place.path, field.name);
            let found = self.form.error("mapping.required_missing", at.clone(), message);
            found.notes.extend(field.title.clone());
        }
        fields
    }

    /// Counts what an unknown field uses as used, so that one mistake gives one finding.
    fn touch(&mut self, node: &FieldNode) {
        match &node.producer {
            Producer::From(name) => drop(self.names.find(&name.text)),
            Producer::Object(nodes) | Producer::List(nodes) => {
                for node in nodes {
                    self.touch(node);
                }
            }
            Producer::Expr(text) => {
                let _ = crate::mapping::expr::compile(&text.text, &self.names);
            }
            Producer::Each(each) => {
                let list = self.sources.iter_mut().find(|source| *source.name == each.list.text);
                if let Some(source) = list {
                    source.used = true;
                }
            }
            _ => {}
        }
    }

    fn field(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        place: &Place,
    ) -> Option<FieldCode> {
        let path = if place.element {
            place.path.trim_end_matches('.').to_owned()
        } else {
            format!("{}{}", place.path, node.name.text)
        };
        let class = self.class(node, target, place.class);
        let inner = Place { path: format!("{path}."), class, element: false };
        let at_info = self.info.len();
        if node.separator().is_some() && target.many {
            return self.parts(node, target, (&inner, &path));
        }
        if let Some(separator) = node.separator() {
            let message =
                "a text that is split at a separator is a list, and this is a single value";
            self.form.error("mapping.type_clash", separator.span.clone(), message).help =
                Some("a part of a name or an address is `split: { as: …, take: … }`".into());
        }
        let (produce, flow) = self.produce(node, target, &inner)?;
        self.open_case(node, target, &produce);
        let present = self.present(node);
        let prefix = prefix(&node.name.text, place.element);
        let mut code = FieldCode {
            path: path.as_str().into(),
            quoted: [&*prefix, b"\""].concat().into(),
            prefix,
            reads: [reads(&produce), present.iter().flat_map(Expr::slots).collect()].concat(),
            constant: present.is_none() && is_constant(&produce),
            produce: if present.is_some() { produce } else { folded(produce) },
            required: self.required(node, target),
            present,
            is_key: false,
            plain: true,
            form: Form::Json,
            verbs: Vec::new(),
            codes: None,
            default: None,
            checks: Vec::new(),
            protect: None,
        };
        let (key_use, domain) = privacy::domain(node).unzip();
        let origins = self.origins(node, &code.reads, &code.produce);
        let published = self.steps(node, target, flow, &mut code, (class, &origins));
        self.info.insert(
            at_info,
            FieldInfo {
                path: path.clone(),
                sources: self.names_of(&code.reads),
                producer: self.described(&node.producer),
                steps: describe_steps(node),
                unprotected: origins
                    .iter()
                    .filter_map(|origin| origin.class)
                    .fold(class, Class::max),
                origins,
                class: published,
                key_use,
                domain,
                line: self.form.file.line_column(node.name.span.start).0,
                span: node.name.span.clone(),
            },
        );
        Some(code)
    }

    /// Warns of a code that becomes nothing, unseen, because no branch of a `CASE` knows it.
    fn open_case(&mut self, node: &FieldNode, target: &model::Field, produce: &Produce) {
        let open = match produce {
            Produce::Expr(expr) => expr.is_open_case(),
            Produce::Slot(slot) => self.lets.iter().any(|step| {
                let open = |step: &Step| matches!(step, Step::Expr(expr) if expr.is_open_case());
                step.slot == *slot && open(&step.step)
            }),
            _ => false,
        };
        let coded = matches!(target.kind, Kind::Code) || !target.one_of.is_empty();
        let required = target.required || node.required == Some(true);
        if !open || !coded || required || node.default.is_some() {
            return;
        }
        let message = format!("what the `CASE` does not know vanishes from `{}`", target.name);
        let (code, span) = ("mapping.case_without_else", node.span.clone());
        let found = Diagnostic::warning(code, self.form.file, span, message);
        self.form.push(found.help(
            "`required: true` refuses it, `ELSE '…'` gives it a code, `ELSE NULL` says that it is meant to vanish",
        ));
    }

    /// The condition under which an object is there.
    fn present(&mut self, node: &FieldNode) -> Option<Expr> {
        let text = node.present_if.as_ref()?;
        if !matches!(node.producer, Producer::Object(_)) {
            let message = "only an object can be left out as a whole";
            self.form.error("mapping.useless_key", text.span.clone(), message).help =
                Some("a value that is null is left out by itself".into());
        }
        let compiled = expr::condition(&text.text, &self.names);
        let condition = self.expr_errors(text, compiled)?;
        self.presents.push((text.clone(), condition.clone()));
        Some(condition)
    }

    /// A text with several values in it becomes a list: every part goes through the steps of the field.
    fn parts(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        (inner, path): (&Place, &str),
    ) -> Option<FieldCode> {
        let single = single(target);
        let (of, flow) = self.produce(node, &single, inner)?;
        let text = matches!(flow, Flow::Value(None | Some(Type::Text)));
        if !text || !matches!(of, Produce::Slot(_) | Produce::Expr(_)) {
            let message = "only a text that `from` or `expr` gives can be split at a separator";
            self.form.error("mapping.verb_type", node.span.clone(), message);
            return None;
        }
        let separator = self.form.text(node.separator()?, "`split`")?;
        if separator.text.is_empty() {
            self.form.shape(node.separator()?, "`split`", "a text of one character or more");
            return None;
        }
        let code = |produce: Produce, element: bool| {
            let prefix = prefix(&node.name.text, element);
            FieldCode {
                path: path.into(),
                quoted: [&*prefix, b"\""].concat().into(),
                prefix,
                reads: Vec::new(),
                constant: false,
                produce,
                required: false,
                present: None,
                is_key: false,
                plain: true,
                form: Form::Json,
                verbs: Vec::new(),
                codes: None,
                default: None,
                checks: Vec::new(),
                protect: None,
            }
        };
        let mut item = code(Produce::Slot(0), true);
        let slots = reads(&of);
        let origins = self.origins(node, &slots, &of);
        let class = inner.class;
        let published =
            self.steps(node, &single, Flow::of(Some(Type::Text)), &mut item, (class, &origins));
        let (key_use, domain) = privacy::domain(node).unzip();
        self.info.push(FieldInfo {
            path: path.to_owned(),
            sources: self.names_of(&slots),
            producer: self.described(&node.producer),
            steps: describe_steps(node),
            unprotected: origins.iter().filter_map(|origin| origin.class).fold(class, Class::max),
            origins,
            class: published,
            key_use,
            domain,
            line: self.form.file.line_column(node.name.span.start).0,
            span: node.name.span.clone(),
        });
        let parts = PartsCode { of, separator: separator.text.into(), item };
        let list = code(Produce::Parts(Box::new(parts)), inner.path.is_empty());
        Some(FieldCode {
            reads: slots,
            required: self.required(node, target),
            plain: false,
            ..list
        })
    }

    fn required(&mut self, node: &FieldNode, target: &model::Field) -> bool {
        if target.required && node.required == Some(false) {
            let message = format!("the model requires `{}`", target.name);
            self.form.error("mapping.required_weakened", node.name.span.clone(), message);
        }
        let protect = node.protect.as_ref().filter(|protect| matches!(protect.how, How::Drop));
        if let (true, Some(protect)) = (target.required, protect) {
            let message = format!("the model requires `{}`, it cannot be dropped", target.name);
            self.form.error("mapping.required_weakened", protect.span.clone(), message);
        }
        target.required || node.required == Some(true)
    }

    /// The producer and what comes out of it.
    fn produce(
        &mut self,
        node: &FieldNode,
        target: &model::Field,
        place: &Place,
    ) -> Option<(Produce, Flow)> {
        let wrong = |this: &mut Self, span: &Range<usize>, what: &str| {
            let message = format!("`{}` is {}, not {what}", node.name.text, fit::article(target));
            this.form.error("mapping.type_clash", span.clone(), message);
            None
        };
        match &node.producer {
            Producer::Unreadable => None,
            Producer::List(items) if target.many => Some(self.items(items, target, place)),
            Producer::List(_) => wrong(self, &node.span, "a list"),
            Producer::Each(each) if target.many => self.each(each, target, place),
            Producer::Each(each) => wrong(self, &each.list.span, "a list"),
            _ if target.many => {
                let message = format!("`{}` is a list", node.name.text);
                self.form.error("mapping.type_clash", node.span.clone(), message).help =
                    Some("write `list: [ … ]` around the value, or `each` over a list".into());
                self.touch(node);
                None
            }
            Producer::Object(members) => match &target.kind {
                Kind::Object(shape) => {
                    let members = self.members(members, shape, place, &node.name.span);
                    Some((Produce::Object(members), Flow::Structure))
                }
                _ => {
                    self.touch(node);
                    wrong(self, &node.name.span, "an object")
                }
            },
            Producer::Const(value) => self.constant(value, target),
            Producer::From(name) => self.from(name),
            Producer::Expr(text) => {
                let expr = self.expression(text)?;
                let broken = expr.slots().any(|slot| self.broken.contains(&slot));
                let flow = Flow::of(if broken { None } else { Some(expr.kind().clone()) });
                Some((Produce::Expr(expr), flow))
            }
            Producer::Template(text) => self.template(text),
            Producer::Lookup(lookup) => self.lookup(lookup),
        }
    }

    fn items(
        &mut self,
        items: &[FieldNode],
        target: &model::Field,
        place: &Place,
    ) -> (Produce, Flow) {
        let single = single(target);
        let place = Place { element: true, ..place.clone() };
        let items = items.iter().filter_map(|item| self.field(item, &single, &place)).collect();
        (Produce::List(items), Flow::Structure)
    }

    fn from(&mut self, name: &Text) -> Option<(Produce, Flow)> {
        let slot = self.resolve(name, "mapping.unknown_source", name.span.clone())?;
        let known = self.names.find(&name.text)?;
        let kind = (!self.broken.contains(&slot)).then(|| known.kind.clone());
        Some((Produce::Slot(slot), Flow::of(kind)))
    }

    /// The slot of a name that holds a single value, or a finding.
    pub(super) fn resolve(
        &mut self,
        name: &Text,
        code: &'static str,
        span: Range<usize>,
    ) -> Option<crate::mapping::expr::Slot> {
        if let Some(found) = self.names.find(&name.text) {
            let (slot, list) = (found.slot, matches!(found.kind, Type::List(_)));
            if list {
                let message = format!("`{}` is a list", name.text);
                self.form.error("mapping.list_without_each", span, message).help =
                    Some("walk over it: `each: { in: …, fields: { … } }`".into());
                return None;
            }
            return Some(slot);
        }
        let message = format!("neither `from` nor `let` has `{}`", name.text);
        let mut found =
            Diagnostic::error(code, self.form.file, span, message).label("unknown name");
        let known = self.names.names.iter().map(|known| known.name.as_str());
        if let Some(close) = suggest(&name.text, known).map(str::to_owned) {
            // A misspelt name is used all the same: one mistake, one finding.
            self.names.find(&close);
            found = found.help(format!("did you mean `{close}`?"));
        }
        self.form.push(found);
        None
    }

    fn constant(
        &mut self,
        value: &crate::yaml::Node,
        target: &model::Field,
    ) -> Option<(Produce, Flow)> {
        let literal = self.literal(value, &target.kind, "a constant")?;
        self.judge_word(&literal, target, value.span.clone(), "mapping.const_not_allowed");
        let (mut json, mut text) = (Vec::new(), Vec::new());
        literal.value().write_json(&mut json);
        literal.value().write_text(&mut text);
        let text = String::from_utf8(text).unwrap_or_default();
        Some((Produce::Const { json: json.into(), text: text.into() }, Flow::Constant))
    }

    fn template(&mut self, text: &Text) -> Option<(Produce, Flow)> {
        let mut parts = Vec::new();
        let (mut rest, mut at, mut good) = (text.text.as_str(), 0, true);
        while let Some(open) = rest.find(['{', '}']) {
            let close = rest[open..].find('}').filter(|close| *close > 0);
            let (true, Some(close)) = (rest[open..].starts_with('{'), close) else {
                let span =
                    crate::mapping::file::inside(self.form.file, text, at + open..at + open + 1);
                let message = "a brace that does not enclose a name";
                self.form.error("mapping.bad_template", span, message).help =
                    Some("write `{NAME}`; a brace of its own has no place in a template".into());
                return None;
            };
            if open > 0 {
                parts.push(Part::Literal(rest[..open].into()));
            }
            let inner = at + open + 1..at + open + close;
            let name = Text { text: text.text[inner.clone()].to_owned(), span: text.span.clone() };
            let span = crate::mapping::file::inside(self.form.file, text, inner);
            match self.resolve(&name, "mapping.unknown_source", span) {
                Some(slot) => parts.push(Part::Slot(slot)),
                None => good = false,
            }
            at += open + close + 1;
            rest = &text.text[at..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        good.then_some((Produce::Template(parts), Flow::of(Some(Type::Text))))
    }

    fn each(
        &mut self,
        each: &Each,
        target: &model::Field,
        place: &Place,
    ) -> Option<(Produce, Flow)> {
        let source = self.list(&each.list)?;
        let before = self.names.names.len();
        let columns = self.name_columns(source, each.name.as_ref(), &each.list.span);
        let body = match (&target.kind, each.single) {
            (_, true) => {
                let place = Place { element: true, ..place.clone() };
                let single = single(target);
                each.body.iter().filter_map(|node| self.field(node, &single, &place)).collect()
            }
            (Kind::Object(shape), false) => self.members(&each.body, shape, place, &each.list.span),
            (_, false) => {
                let message = format!("the elements of `{}` are no objects", target.name);
                self.form.error("mapping.type_clash", each.list.span.clone(), message).help =
                    Some("say what an element is with `value`".into());
                Vec::new()
            }
        };
        let columns: Vec<_> =
            columns.into_iter().filter(|(_, slot)| self.names.is_used(*slot)).collect();
        self.names.names.truncate(before);
        let used: Vec<usize> = columns.iter().map(|(column, _)| *column).collect();
        self.mark_columns(source, &used);
        let plan = EachPlan { source, columns };
        Some((Produce::Each { plan, body, single: each.single }, Flow::Structure))
    }

    /// For people; what a table says with the snapshot that says it.
    fn described(&self, producer: &Producer) -> String {
        let said = describe(producer);
        match producer {
            Producer::Lookup(lookup) => match self.context.tables.get(&lookup.table.text) {
                Some(table) => format!("{said} of snapshot {}", table.snapshot),
                None => said,
            },
            _ => said,
        }
    }

    fn names_of(&self, slots: &[crate::mapping::expr::Slot]) -> Vec<String> {
        let name = |slot| self.names.names.iter().find(|name| name.slot == slot);
        slots.iter().filter_map(|slot| Some(name(*slot)?.name.clone())).collect()
    }
}

/// One element of a field that holds many. Its class is that of the list, as long as it has none of its own.
fn single(target: &model::Field) -> model::Field {
    model::Field { many: false, required: false, classes: Vec::new(), ..target.clone() }
}

fn prefix(name: &str, element: bool) -> Box<[u8]> {
    let mut prefix = vec![b','];
    if !element {
        write_json_string(&mut prefix, name);
        prefix.push(b':');
    }
    prefix.into()
}

fn is_constant(produce: &Produce) -> bool {
    match produce {
        Produce::Const { .. } => true,
        Produce::Object(members) | Produce::List(members) => {
            members.iter().all(|member| member.constant)
        }
        _ => false,
    }
}

/// Objects that are the same for every record are written once, now.
fn folded(produce: Produce) -> Produce {
    let (Produce::Object(members), true) = (&produce, is_constant(&produce)) else {
        return produce;
    };
    let mut json = vec![b'{'];
    for member in members {
        let Produce::Const { json: value, .. } = &member.produce else { return produce };
        json.extend_from_slice(&member.prefix[usize::from(json.len() == 1)..]);
        json.extend_from_slice(value);
    }
    json.push(b'}');
    Produce::Const { json: json.into(), text: "".into() }
}

fn describe(producer: &Producer) -> String {
    match producer {
        Producer::From(name) => format!("from {}", name.text),
        Producer::Const(node) => format!("const {}", node.to_json()),
        Producer::Expr(text) => format!("expr {}", text.text),
        Producer::Template(text) => format!("template {}", text.text),
        Producer::Object(_) => "object".to_owned(),
        Producer::List(_) => "list".to_owned(),
        Producer::Each(each) => format!("each {}", each.list.text),
        Producer::Lookup(lookup) => format!("lookup {}.{}", lookup.table.text, lookup.take.text),
        Producer::Unreadable => String::new(),
    }
}

fn describe_steps(node: &FieldNode) -> Vec<String> {
    let written = |(key, value): &(crate::yaml::Key, crate::yaml::Node)| {
        format!("{} {}", key.text, value.to_json())
    };
    let mut steps: Vec<String> = node.verbs.iter().map(written).collect();
    steps.extend(node.codes.iter().map(|codes| format!("codes {}", codes.text)));
    steps.extend(node.default.iter().map(|value| format!("default {}", value.to_json())));
    steps.extend(node.checks.iter().map(written));
    steps.extend(node.protect.iter().map(|protect| protect.how.describe()));
    steps
}
