//! An event of any mode as one JSON text, for people and for tools that read structured mode only.

use data_encoding::BASE64;
use serde_json::value::RawValue;

/// The event in a record with these headers and value, in the JSON format of CloudEvents: as it is in structured mode,
/// put together in binary mode. There, data in JSON stands under `data` and any other under `data_base64`. None for a
/// tombstone that is nothing else.
pub fn in_json<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])> + Clone,
    value: Option<&[u8]>,
) -> Option<String> {
    let binary = headers.clone().any(|(name, _)| name == "ce_specversion");
    if !binary {
        return value.map(|value| String::from_utf8_lossy(value).into_owned());
    }
    let mut json = String::from("{");
    let mut add = |name: &str, value: &str| {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&serde_json::Value::from(name).to_string());
        json.push(':');
        json.push_str(value);
    };
    let mut content = None;
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value);
        let quoted = serde_json::Value::from(&*text).to_string();
        match name.strip_prefix("ce_") {
            Some("datasize") if text.parse::<u64>().is_ok() => add("datasize", &text),
            Some(attribute) => add(attribute, &quoted),
            None if name == "content-type" => {
                add("datacontenttype", &quoted);
                content = Some(text);
            }
            None => {}
        }
    }
    if let Some(value) = value {
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|_| content.as_deref() == Some("application/json"));
        match text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok()) {
            Some(data) if data.get() == "null" => {}
            Some(data) => add("data", data.get()),
            None => add("data_base64", &format!("\"{}\"", BASE64.encode(value))),
        }
    }
    json.push('}');
    Some(json)
}
