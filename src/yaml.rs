//! YAML, read strictly, as a tree that remembers where everything stands.
//!
//! YAML 1.2: only `true` and `false` are truth values, so that `no` stays the country and `08` the month. One
//! document a file. Duplicate keys, tags, anchors, aliases and keys that are not plain scalars are mistakes:
//! none of them is needed to describe a mapping, and each has a history of meaning something else than the
//! reader thought. Nesting is limited; input length is limited by whoever read the file.
//!
//! Nothing here knows what a key means. Deciding that, and collecting everything that is wrong, is for the
//! readers of the tree.

use std::{ops::Range, sync::Arc};

use granit_parser::{Event, Options, Parser, ScalarStyle};

use crate::diagnostic::{Diagnostic, SourceFile};
use acequia_api::CodeDoc;

/// The codes of this module.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "yaml.syntax",
        title: "the file is not well-formed YAML",
        help: "The place shown is where reading failed; the mistake is there or just before it. Common causes: a tab used for \
               indentation, a missing blank after a colon, an unclosed quote or bracket, a value with `: ` or ` #` inside that needs quotes.",
    },
    CodeDoc {
        code: "yaml.duplicate_key",
        title: "a key stands twice in the same block",
        help: "Most readers silently keep one of the two. Remove one, or rename it.",
    },
    CodeDoc {
        code: "yaml.unsupported",
        title: "tags, anchors, aliases and keys that are not plain words are not used here",
        help: "Write the value out. Text that begins with `!`, `&` or `*` needs quotes.",
    },
];

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes it covers.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// The bytes it covers.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing written, `~` or `null`.
    Null,
    /// A scalar. Unquoted ones may be read as a truth value or a number.
    Scalar {
        /// The text after unescaping.
        text: String,
        /// Whether it was quoted or a block, and therefore is text whatever it looks like.
        quoted: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A block of keys, in the order written; every key once.
    Mapping(Vec<(Key, Node)>),
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a sequence.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The text of any scalar, numbers and truth values included, as written.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn plain(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, quoted: false } => Some(text),
            _ => None,
        }
    }

    /// The truth value of an unquoted `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The number of an unquoted decimal integer without leading zeros.
    pub fn as_i64(&self) -> Option<i64> {
        let text = self.plain()?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        if canonical { text.parse().ok() } else { None }
    }

    /// The number of an unquoted decimal fraction such as `0.5`.
    fn as_f64(&self) -> Option<f64> {
        let text = self.plain()?;
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.')?;
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits(whole) && digits(fraction) { text.parse().ok() } else { None }
    }

    /// Whether nothing is there.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What it is, for messages: "text", "a number", "a list", …
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a block of keys",
            Value::Scalar { .. } if self.as_bool().is_some() => "true or false",
            Value::Scalar { .. } if self.as_i64().or(self.as_f64().map(|_| 0)).is_some() => {
                "a number"
            }
            Value::Scalar { .. } => "text",
        }
    }

    /// The tree as JSON, scalars by the YAML 1.2 core rules named above.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Sequence(items) => items.iter().map(Node::to_json).collect(),
            Value::Mapping(entries) => {
                entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect()
            }
            Value::Scalar { text, .. } => {
                if let Some(truth) = self.as_bool() {
                    truth.into()
                } else if let Some(number) = self.as_i64() {
                    number.into()
                } else if let Some(number) = self.as_f64() {
                    number.into()
                } else {
                    text.as_str().into()
                }
            }
        }
    }
}

/// Reads one document.
///
/// # Errors
/// Everything that is wrong with the form of the file: one syntax error, or all duplicate keys and unsupported
/// constructs.
pub fn parse(file: &Arc<SourceFile>) -> Result<Node, Vec<Diagnostic>> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = 64;
    options.block_nesting_limit = 64;
    options.strict_indentation = true;
    let mut reader = Reader { file, faults: Vec::new(), stack: Vec::new(), root: None };
    for event in Parser::new_from_str_with_options(file.text(), options) {
        match event {
            Ok((event, span)) => reader.event(event, span.byte_range().unwrap_or(0..0)),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(file.text().len());
                let message = error.info().to_lowercase();
                let message = format!("not well-formed YAML: {message}");
                let span = character_at(file.text(), at);
                reader.faults.push(Diagnostic::error("yaml.syntax", file, span, message));
                break;
            }
        }
    }
    if reader.faults.is_empty() {
        Ok(reader.root.unwrap_or(Node { span: 0..0, value: Value::Null }))
    } else {
        Err(reader.faults)
    }
}

/// The character that a byte belongs to; at the end of the text an empty span.
fn character_at(text: &str, byte: usize) -> Range<usize> {
    let start = text.floor_char_boundary(byte);
    start..start + text[start..].chars().next().map_or(0, char::len_utf8)
}

struct Open {
    start: usize,
    key: Option<Key>,
    value: Value,
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    faults: Vec<Diagnostic>,
    stack: Vec<Open>,
    root: Option<Node>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(anchor != 0, tag.is_some(), &span);
                let quoted = style != ScalarStyle::Plain;
                let null = !quoted && matches!(&*text, "" | "~" | "null");
                let value = if null {
                    Value::Null
                } else {
                    Value::Scalar { text: text.into_owned(), quoted }
                };
                self.node(Node { span, value });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse(anchor != 0, tag.is_some(), &span);
                self.open(span.start, Value::Sequence(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse(anchor != 0, tag.is_some(), &span);
                self.open(span.start, Value::Mapping(Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    // The end event of a block stands behind the blank lines that follow it.
                    let text = &self.file.text()[open.start..span.end.max(open.start)];
                    let end = open.start + text.trim_end().len();
                    self.node(Node { span: open.start..end, value: open.value });
                }
            }
            Event::Alias(_) => {
                self.refuse(true, false, &span);
                self.node(Node { span, value: Value::Null });
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.fault("yaml.unsupported", span, "a second document in the same file");
            }
            _ => {}
        }
    }

    fn fault(&mut self, code: &'static str, span: Range<usize>, message: &str) {
        self.faults.push(Diagnostic::error(code, self.file, span, message));
    }

    fn refuse(&mut self, anchor: bool, tag: bool, span: &Range<usize>) {
        if anchor {
            self.fault("yaml.unsupported", span.clone(), "anchors and aliases are not used here");
        }
        if tag {
            self.fault("yaml.unsupported", span.clone(), "tags are not used here");
        }
    }

    fn open(&mut self, start: usize, value: Value) {
        self.stack.push(Open { start, key: None, value });
    }

    fn node(&mut self, node: Node) {
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let duplicate = node
                        .as_text()
                        .and_then(|text| entries.iter().find(|(key, _)| key.text == text));
                    let earlier = duplicate.map(|(key, _)| self.file.line_column(key.span.start).0);
                    let text = node.as_text().map(str::to_owned);
                    open.key = Some(Key {
                        text: text.clone().unwrap_or_default(),
                        span: node.span.clone(),
                    });
                    self.judge_key(text.as_deref(), earlier, node.span);
                }
            },
            Value::Null | Value::Scalar { .. } => {}
        }
    }

    fn judge_key(&mut self, text: Option<&str>, earlier: Option<usize>, span: Range<usize>) {
        match (text, earlier) {
            (None, _) => {
                self.fault("yaml.unsupported", span, "a key must be a plain word or quoted text");
            }
            (Some(text), Some(line)) => {
                let message = format!("`{text}` stands here a second time");
                let found = Diagnostic::error("yaml.duplicate_key", self.file, span, message)
                    .note(format!("the first stands on line {line}"));
                self.faults.push(found);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Vec<Diagnostic>> {
        parse(&SourceFile::new("t.yaml", text))
    }

    #[test]
    fn a_tree_keeps_order_types_and_places() {
        let text = "pipeline: permits\nsource: { header: true, skip: 2 }\nlist:\n  - no\n  - \"12\"\n  - 08\n";
        let root = read(text).unwrap();
        assert_eq!(root.get("pipeline").unwrap().as_text(), Some("permits"));
        assert_eq!(&text[root.get("pipeline").unwrap().span.clone()], "permits");
        assert_eq!(root.get("source").unwrap().get("header").unwrap().as_bool(), Some(true));
        let expected = serde_json::json!({
            "pipeline": "permits", "source": {"header": true, "skip": 2}, "list": ["no", "12", "08"]
        });
        assert_eq!(root.to_json(), expected);
        let list = root.get("list").unwrap();
        assert_eq!(&text[list.span.clone()], "- no\n  - \"12\"\n  - 08");
    }

    #[test]
    fn bad_input_68_every_duplicate_key_and_unsupported_construct_is_reported_at_once() {
        let text = "a: 1\nb: &x 2\na: 3\nc: *x\nd: !int 4\n";
        let faults = read(text).unwrap_err();
        let codes: Vec<_> =
            faults.iter().map(|fault| (fault.code, fault.line_column().0)).collect();
        assert_eq!(
            codes,
            [
                ("yaml.unsupported", 2),
                ("yaml.duplicate_key", 3),
                ("yaml.unsupported", 4),
                ("yaml.unsupported", 5)
            ]
        );
    }

    #[test]
    fn bad_input_68_a_tab_as_indentation_is_a_syntax_error_on_its_line() {
        let faults = read("a:\n\tb: 1\n").unwrap_err();
        assert_eq!((faults[0].code, faults[0].line_column().0), ("yaml.syntax", 2));
    }

    #[test]
    fn bad_input_68_deep_nesting_is_refused_and_not_followed() {
        let faults = read(&"[".repeat(100_000)).unwrap_err();
        assert_eq!(faults[0].code, "yaml.syntax");
    }

    #[test]
    fn a_syntax_error_can_be_shown_wherever_it_stands() {
        for text in ["a: \"ñ", "ñ: [", "a: 'x\nñ", "\u{1}", "a: ñ\u{0}", "{ñ", "- ñ: }"] {
            if let Err(faults) = read(text) {
                crate::diagnostic::render(&faults, false);
                assert!(text.get(faults[0].span.clone()).is_some(), "{text:?}");
            }
        }
    }

    #[test]
    fn bad_input_68_a_bomb_of_aliases_is_refused_and_not_unfolded() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..50 {
            let ten = vec![format!("*a{}", n - 1); 10].join(", ");
            text += &format!("a{n}: &a{n} [{ten}]\n");
        }
        let begun = std::time::Instant::now();
        let faults = read(&text).unwrap_err();
        assert!(faults.iter().all(|fault| fault.code == "yaml.unsupported"));
        assert_eq!(faults[0].line_column().0, 1);
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    #[test]
    fn bad_input_68_words_that_once_meant_true_or_false_stay_words() {
        for word in ["no", "No", "NO", "yes", "on", "off", "y", "n", "08", "12:30:45"] {
            let root = read(&format!("country: {word}\n")).unwrap();
            assert_eq!(root.to_json(), serde_json::json!({ "country": word }));
        }
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert!(read("# only a comment\n").unwrap().is_null());
    }
}
