//! JSON for people: in the order in which it was written, and on one line whatever fits on one.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A JSON text, its fields in their order.
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The same JSON over several lines of at most `width` columns, where that is possible. What is not JSON stays as it is.
pub(super) fn pretty(text: &[u8], width: usize) -> String {
    let Ok(tree) = serde_json::from_slice::<Tree>(text) else {
        return String::from_utf8_lossy(text).into_owned();
    };
    let mut out = String::new();
    write(&tree, 0, 0, width, &mut out);
    out
}

/// Writes a tree whose first line begins at column `at`, and the lines below it after `indent` blanks.
fn write(tree: &Tree, indent: usize, at: usize, width: usize, out: &mut String) {
    let line = one_line(tree);
    // A comma may follow.
    if at + line.chars().count() < width {
        return out.push_str(&line);
    }
    let (open, close) = match tree {
        Tree::Leaf(text) => return out.push_str(text),
        Tree::List(_) => ('[', ']'),
        Tree::Object(_) => ('{', '}'),
    };
    out.push(open);
    let mut part = |name: Option<&str>, tree: &Tree, last: bool| {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 2));
        let mut at = indent + 2;
        if let Some(name) = name {
            let name = format!("{}: ", quoted(name));
            at += name.chars().count();
            out.push_str(&name);
        }
        write(tree, indent + 2, at, width, out);
        if !last {
            out.push(',');
        }
    };
    match tree {
        Tree::List(items) => {
            items.iter().enumerate().for_each(|(n, item)| part(None, item, n + 1 == items.len()));
        }
        Tree::Object(fields) => {
            for (n, (name, value)) in fields.iter().enumerate() {
                part(Some(name), value, n + 1 == fields.len());
            }
        }
        Tree::Leaf(_) => {}
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

fn one_line(tree: &Tree) -> String {
    match tree {
        Tree::Leaf(text) => text.clone(),
        Tree::List(items) => {
            format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        Tree::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Tree::Object(fields) => {
            let field =
                |(name, value): &(String, Tree)| format!("{}: {}", quoted(name), one_line(value));
            format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Planter)
    }
}

struct Planter;

impl<'de> Visitor<'de> for Planter {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(serde_json::Value::from(value).to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(quoted(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(field) = fields.next_entry()? {
            object.push(field);
        }
        Ok(Tree::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_what_fits_stays_on_one_line() {
        let text = br#"{"z":{"amount":"860.00","currency":"EUR"},"a":[1,2.5,true,null],"long":["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb"]}"#;
        let expected = r#"{
  "z": { "amount": "860.00", "currency": "EUR" },
  "a": [1, 2.5, true, null],
  "long": [
    "aaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbb"
  ]
}"#;
        assert_eq!(pretty(text, 50), expected);
        assert_eq!(pretty(b"{}", 50), "{}");
        assert_eq!(pretty(br#"{"a":1}"#, 50), r#"{ "a": 1 }"#);
        assert_eq!(pretty(b"no json", 50), "no json");
    }
}
