//! Examples: one event of every model, as documentation and as a test of its schemas.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Model, Shape};

impl Model {
    /// The data of an event with all fields, which its schemas accept. None where a required field has a pattern
    /// and no `example`.
    pub fn example(&self) -> Option<Value> {
        object(&self.shape)
    }
}

impl Field {
    /// Whether `example`, if there is one, is a value that the field can have.
    pub(super) fn example_fits(&self) -> bool {
        let Some(text) = &self.example else { return true };
        scalar(&self.kind, text).is_some() && self.allows(text)
    }

    fn allows(&self, text: &str) -> bool {
        let word = self.one_of.is_empty() || self.one_of.iter().any(|word| word == text);
        word && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

fn object(shape: &Shape) -> Option<Value> {
    let mut members = Map::new();
    for field in &shape.fields {
        match one(field) {
            Some(value) if field.many => members.insert(field.name.to_string(), json!([value])),
            Some(value) => members.insert(field.name.to_string(), value),
            None if field.required => return None,
            None => continue,
        };
    }
    Some(Value::Object(members))
}

fn one(field: &Field) -> Option<Value> {
    if let Kind::Object(shape) = &field.kind {
        return object(shape);
    }
    let written = field.example.as_deref().or(field.one_of.first().map(String::as_str));
    let text = written.unwrap_or(usual(&field.kind));
    scalar(&field.kind, text).filter(|_| field.allows(text))
}

fn usual(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Object(_) => "text",
        Kind::Code => "code",
        Kind::Bool => "true",
        Kind::Int => "1",
        Kind::Decimal | Kind::Float => "1250.50",
        Kind::Date | Kind::PartialDate => "2021-02-03",
        Kind::Time => "13:05:00",
        Kind::Timestamp => "2021-02-03T13:05:00",
        Kind::Instant => "2021-02-03T12:05:00Z",
        Kind::Uuid => "6f1f5f0e-6a3b-4c8e-9d55-2f0c6f3a1b7d",
        Kind::Bytes => "AAEC",
    }
}

/// The JSON value of a text, if it is one of `kind`.
fn scalar(kind: &Kind, text: &str) -> Option<Value> {
    let like = |form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                sign => byte == sign,
            })
    };
    let fits = match kind {
        Kind::Object(_) => false,
        Kind::Text | Kind::Code | Kind::Bytes => true,
        Kind::Bool => return text.parse().ok().map(Value::Bool),
        Kind::Int => return text.parse::<i64>().ok().map(Value::from),
        Kind::Float => return text.parse::<f64>().ok().map(Value::from),
        Kind::Decimal => decimal(text),
        Kind::Date => like("0000-00-00"),
        Kind::PartialDate => like("0000") || like("0000-00") || like("0000-00-00"),
        Kind::Time => like("00:00:00"),
        Kind::Timestamp => like("0000-00-00T00:00:00"),
        Kind::Instant => like("0000-00-00T00:00:00Z"),
        Kind::Uuid => uuid::Uuid::parse_str(text).is_ok(),
    };
    fits.then(|| json!(text))
}

fn decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{diagnostic::SourceFile, model};

    #[test]
    fn an_example_has_every_field() {
        let text = "model: thing\nversion: 1\nfields:\n  kind: { type: code, one_of: [a, b], class: public }\n  cost: { type: money, many: true, class: internal }\n  no: { type: text, pattern: \"[0-9]+\", example: \"17\", class: internal }\n  free: { type: text, pattern: \"[0-9]+\", class: internal }\n";
        let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
        assert!(found.is_empty());
        let expected = json!({ "kind": "a", "cost": [{ "amount": "1250.50", "currency": "EUR" }], "no": "17" });
        assert_eq!(models["thing/1"].example(), Some(expected));
    }

    #[test]
    fn an_example_that_does_not_fit_is_refused() {
        let fields = [
            "{ type: date, example: yesterday, class: public }",
            "{ type: decimal, example: \"1,5\", class: public }",
            "{ type: code, one_of: [a], example: b, class: public }",
            "{ type: text, pattern: \"[0-9]+\", example: x, class: public }",
            "{ type: money, example: \"1 EUR\", class: public }",
        ];
        for field in fields {
            let text = format!("model: thing\nversion: 1\nfields:\n  one: {field}\n");
            let (_, found) = model::load(&[SourceFile::new("m.yaml", text)]);
            let codes: Vec<_> = found.iter().map(|found| found.code).collect();
            assert_eq!(codes, ["model.bad_example"], "{field}");
        }
    }
}
