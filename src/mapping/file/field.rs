//! Output fields: their producer, and the keys that follow it.

use super::{
    ClassNode, DatePart, Each, FieldNode, How, Lookup, Miss, OnFail, Producer, Protect, key_text,
};
use crate::{
    model::{Class, Form, Text, one_line},
    yaml::{Key, Node},
};

pub(crate) const PRODUCERS: [&str; 8] =
    ["from", "const", "expr", "template", "object", "list", "each", "lookup"];
pub(crate) const VERBS: [&str; 10] = [
    "normalize",
    "ascii",
    "collapse",
    "strip",
    "replace",
    "split",
    "slice",
    "case",
    "pad",
    "kind_of",
];
pub(crate) const CHECKS: [&str; 6] = ["pattern", "min", "max", "length", "one_of", "check"];
pub(crate) const OTHERS: [&str; 8] =
    ["present_if", "codes", "unmapped", "default", "required", "on_fail", "protect", "class"];

const ON_FAIL: [(&str, OnFail); 3] =
    [("reject", OnFail::Reject), ("flag", OnFail::Flag), ("null", OnFail::Null)];

pub(super) fn fields(form: &mut Form<'_>, node: &Node) -> Vec<FieldNode> {
    let entries = form.names(node, "`fields`").unwrap_or_default();
    entries.iter().map(|(key, node)| field(form, key_text(key), node)).collect()
}

fn field(form: &mut Form<'_>, name: Text, node: &Node) -> FieldNode {
    let mut field = FieldNode {
        span: node.span.clone(),
        name,
        producer: Producer::Unreadable,
        present_if: None,
        verbs: Vec::new(),
        codes: None,
        unmapped: None,
        default: None,
        required: None,
        checks: Vec::new(),
        on_fail: None,
        protect: None,
        class: None,
    };
    if let Some(text) = node.as_text() {
        field.producer = Producer::From(Text { text: text.to_owned(), span: node.span.clone() });
        return field;
    }
    field.span = field.name.span.clone();
    let what = format!("field `{}`", field.name.text);
    let allowed = [&PRODUCERS[..], &VERBS, &CHECKS, &OTHERS].concat();
    let Some(entries) = form.block(node, &what, &allowed) else { return field };
    one_producer(form, &field.name, entries);
    for (key, value) in entries {
        match key.text.as_str() {
            word if PRODUCERS.contains(&word) => {
                if matches!(field.producer, Producer::Unreadable) {
                    field.span = one_line(form.file, &value.span);
                    field.producer = producer(form, &field.name, word, value);
                }
            }
            word if VERBS.contains(&word) => field.verbs.push((key.clone(), value.clone())),
            word if CHECKS.contains(&word) => field.checks.push((key.clone(), value.clone())),
            "present_if" => field.present_if = form.text(value, "`present_if`"),
            "codes" => field.codes = form.text(value, "`codes`"),
            "unmapped" => field.unmapped = miss(form, value, "unmapped"),
            "default" => field.default = Some(value.clone()),
            "required" => field.required = form.flag(value, "`required`"),
            "on_fail" if value.is_null() => field.on_fail = Some(OnFail::Null),
            "on_fail" => field.on_fail = form.word(value, "`on_fail`", &ON_FAIL),
            "protect" => field.protect = protect(form, value),
            "class" => field.class = class(form, value),
            _ => {}
        }
    }
    field
}

fn one_producer(form: &mut Form<'_>, name: &Text, entries: &[(Key, Node)]) {
    let mut producers = entries.iter().filter(|(key, _)| PRODUCERS.contains(&key.text.as_str()));
    match (producers.next(), producers.next()) {
        (None, _) => {
            let message = format!("field `{}` does not say where its value comes from", name.text);
            form.error("mapping.no_producer", name.span.clone(), message)
                .notes
                .push(format!("give it one of {}", PRODUCERS.join(", ")));
        }
        (Some((first, _)), Some((second, _))) => {
            let message = format!(
                "field `{}` has two producers, `{}` and `{}`",
                name.text, first.text, second.text
            );
            form.error("mapping.two_producers", second.span.clone(), message);
        }
        _ => {}
    }
}

fn producer(form: &mut Form<'_>, name: &Text, word: &str, node: &Node) -> Producer {
    let read = match word {
        "from" => form.text(node, "`from`").map(Producer::From),
        "const" => Some(Producer::Const(node.clone())),
        "expr" => form.text(node, "`expr`").map(Producer::Expr),
        "template" => form.text(node, "`template`").map(Producer::Template),
        "object" => Some(Producer::Object(fields(form, node))),
        "each" => each(form, node, false).map(Producer::Each),
        "lookup" => lookup(form, node).map(Producer::Lookup),
        _ => match node.items() {
            Some(items) => Some(Producer::List(
                items.iter().map(|item| field(form, name.clone(), item)).collect(),
            )),
            None => {
                form.shape(node, "`list`", "a list");
                None
            }
        },
    };
    read.unwrap_or(Producer::Unreadable)
}

/// Reads `each`; at the top of a mapping it has no body.
pub(super) fn each(form: &mut Form<'_>, node: &Node, top: bool) -> Option<Each> {
    let allowed: &[&str] = if top { &["in", "as"] } else { &["in", "as", "fields", "value"] };
    form.block(node, "`each`", allowed)?;
    let name = node.get("as").and_then(|node| form.text(node, "`as`"));
    let Some(list) = node.get("in") else {
        form.missing(one_line(form.file, &node.span), "`each`", "in");
        return None;
    };
    let list = form.text(list, "`in`")?;
    let mut each = Each { list, name, body: Vec::new(), single: false };
    match (node.get("fields"), node.get("value")) {
        _ if top => {}
        (Some(body), None) => each.body = fields(form, body),
        (None, Some(value)) => {
            each.single = true;
            let name = Text { text: "value".into(), span: value.span.clone() };
            each.body = vec![field(form, name, value)];
        }
        _ => form.missing(each.list.span.clone(), "`each`", "fields` or `value"),
    }
    Some(each)
}

/// `{ lookup: { … } }` of a zone.
pub(crate) fn zone_lookup(form: &mut Form<'_>, node: &Node) -> Option<Lookup> {
    only_lookup(form, node, "`zone`")
}

/// A block that is a lookup and nothing else.
pub(super) fn only_lookup(form: &mut Form<'_>, node: &Node, what: &str) -> Option<Lookup> {
    form.block(node, what, &["lookup"])?;
    let Some(inner) = node.get("lookup") else {
        form.missing(one_line(form.file, &node.span), what, "lookup");
        return None;
    };
    lookup(form, inner)
}

fn lookup(form: &mut Form<'_>, node: &Node) -> Option<Lookup> {
    form.block(node, "`lookup`", &["table", "match", "take", "on_miss", "class"])?;
    for key in ["table", "match", "take"] {
        if node.get(key).is_none() {
            form.missing(one_line(form.file, &node.span), "`lookup`", key);
        }
    }
    let matches = form
        .names(node.get("match")?, "`match`")?
        .iter()
        .filter_map(|(key, node)| Some((key_text(key), form.text(node, "`match`")?)))
        .collect();
    Some(Lookup {
        table: form.text(node.get("table")?, "`table`")?,
        matches,
        take: form.text(node.get("take")?, "`take`")?,
        miss: node.get("on_miss").and_then(|node| miss(form, node, "on_miss")),
        class: node.get("class").and_then(|node| form.word(node, "a class", &Class::words())),
    })
}

fn miss(form: &mut Form<'_>, node: &Node, key: &str) -> Option<Miss> {
    if node.entries().is_some() {
        form.block(node, &format!("`{key}`"), &["const"])?;
        return node.get("const").cloned().map(Miss::Const);
    }
    if node.is_null() {
        return Some(Miss::Null);
    }
    let words: &[(&str, u8)] = if key == "unmapped" {
        &[("reject", 0), ("null", 1), ("keep", 2)]
    } else {
        &[("reject", 0), ("null", 1)]
    };
    let word = form.word(node, &format!("`{key}`"), words)?;
    Some(match word {
        0 => Miss::Reject,
        1 => Miss::Null,
        _ => Miss::Keep(node.span.clone()),
    })
}

fn protect(form: &mut Form<'_>, node: &Node) -> Option<Protect> {
    let allowed = ["drop", "mask", "generalize", "pseudonym", "encrypt"];
    let entries = form.block(node, "`protect`", &allowed)?;
    let span = one_line(form.file, &node.span);
    let [(key, value)] = entries else {
        form.shape(node, "`protect`", "a block with exactly one key");
        return None;
    };
    let how = match key.text.as_str() {
        "drop" => {
            if form.flag(value, "`drop`")? {
                Some(How::Drop)
            } else {
                form.shape(value, "`drop`", "true, or not there");
                None
            }
        }
        "mask" => {
            form.block(value, "`mask`", &["keep_first", "keep_last", "length"])?;
            let lengths = [("fixed", false), ("kept", true)];
            let kept = value.get("length").and_then(|node| form.word(node, "`length`", &lengths));
            let mut keep = |key: &str| {
                value
                    .get(key)
                    .and_then(|node| form.count(node, &format!("`{key}`"), 64))
                    .unwrap_or(0)
            };
            let (keep_first, keep_last) = (keep("keep_first"), keep("keep_last"));
            Some(How::Mask { keep_first, keep_last, kept: kept.unwrap_or_default() })
        }
        "generalize" => generalize(form, value),
        "pseudonym" => form.text(value, "`pseudonym`").map(How::Pseudonym),
        "encrypt" => form.text(value, "`encrypt`").map(How::Encrypt),
        _ => None,
    };
    Some(Protect { span, how: how? })
}

/// `year`, `{ bands: [0, 18, 65] }`, `{ keep_first: 2 }`
fn generalize(form: &mut Form<'_>, node: &Node) -> Option<How> {
    if node.entries().is_none() {
        return form.word(node, "`generalize`", &DatePart::WORDS).map(How::Part);
    }
    let entries = form.block(node, "`generalize`", &["bands", "keep_first"])?;
    let [(key, value)] = entries else {
        form.shape(node, "`generalize`", "`year`, `{ bands: [0, 18, 65] }` or `{ keep_first: 2 }`");
        return None;
    };
    if key.text == "keep_first" {
        return form.count(value, "`keep_first`", 64).map(How::KeepFirst);
    }
    let bands: Option<Vec<i64>> =
        value.items().and_then(|items| items.iter().map(Node::as_i64).collect());
    let bands = bands.filter(|bands| !bands.is_empty() && bands.is_sorted_by(|a, b| a < b));
    if bands.is_none() {
        form.shape(value, "`bands`", "a list of whole numbers, each larger than the one before");
    }
    bands.map(How::Bands)
}

fn class(form: &mut Form<'_>, node: &Node) -> Option<ClassNode> {
    let span = one_line(form.file, &node.span);
    if node.as_text().is_some() {
        let class = form.word(node, "a class", &Class::words())?;
        return Some(ClassNode { span, when: None, classes: vec![class] });
    }
    form.block(node, "`class`", &["when", "then", "else"])?;
    for key in ["when", "then", "else"] {
        if node.get(key).is_none() {
            form.missing(span.clone(), "`class`", key);
        }
    }
    let when = form.text(node.get("when")?, "`when`");
    let classes = [node.get("then")?, node.get("else")?]
        .into_iter()
        .filter_map(|node| form.word(node, "a class", &Class::words()))
        .collect();
    Some(ClassNode { span, when, classes })
}
