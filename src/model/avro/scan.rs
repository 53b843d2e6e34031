//! Finding the way in JSON text that is known to be right: where values begin and end.
//!
//! The text is our own, so nothing is diagnosed here; `None` says that it is not what was expected.

use memchr::memchr2;

/// The first place from `at` on that is no white space.
#[inline]
pub(super) fn blank(json: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = json.get(at) {
        at += 1;
    }
    at
}

/// The place behind the sign that must stand at `at` or behind white space there.
#[inline]
pub(super) fn sign(json: &[u8], at: usize, sign: u8) -> Option<usize> {
    let at = blank(json, at);
    (json.get(at) == Some(&sign)).then_some(at + 1)
}

/// The inside of the string whose quote stands at `at`, and the place behind it.
#[inline]
pub(super) fn string(json: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = sign(json, at, b'"')?;
    let mut from = start;
    loop {
        let found = from + memchr2(b'"', b'\\', json.get(from..)?)?;
        if json[found] == b'"' {
            return Some((&json[start..found], found + 1));
        }
        from = found + 2;
    }
}

/// The place behind the value that stands at `at`.
pub(super) fn value(json: &[u8], at: usize) -> Option<usize> {
    let at = blank(json, at);
    match json.get(at)? {
        b'"' => string(json, at).map(|(_, end)| end),
        b'{' | b'[' => nested(json, at),
        _ => {
            let rest = &json[at..];
            let len = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r'));
            Some(at + len.unwrap_or(rest.len()))
        }
    }
}

fn nested(json: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match json.get(at)? {
            b'"' => at = string(json, at)?.1 - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Appends the characters of the inside of a string, its escapes resolved. `None` for an escape that JSON does not have.
pub(super) fn unescape(inside: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = rest.get(at + 1..)?;
        let (&escape, behind) = rest.split_first()?;
        rest = behind;
        out.push(match escape {
            b'"' | b'\\' | b'/' => escape,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                let (character, behind) = numbered(rest)?;
                rest = behind;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        });
    }
    out.extend_from_slice(rest);
    Some(())
}

/// The character of the digits behind `\u`, a pair of surrogates taken together, and what follows.
fn numbered(digits: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = unit(digits)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, rest));
    }
    let (second, rest) = unit(rest.strip_prefix(b"\\u")?)?;
    let pair = char::decode_utf16([first as u16, second as u16]).next()?.ok()?;
    Some((pair, rest))
}

fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    Some((u32::from_str_radix(text, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_ends() {
        for text in
            ["12", "-1.5e3", "null", "true", r#""a\"b\\""#, r#"{"a":[1,{"b":"]}"}]}"#, "[]", "{ }"]
        {
            for around in ["", ",\"x\":1", "}"] {
                assert_eq!(
                    value(format!("{text}{around}").as_bytes(), 0),
                    Some(text.len()),
                    "{text}"
                );
            }
        }
        for text in ["\"a", "{\"a\":", "[1", "\"\\"] {
            assert_eq!(value(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_those_that_serde_reads() {
        for text in [r"a\nb\u0007\\\/\b\f\r\t", r"\u00e1 \ud83d\ude00 ñ", "", r"\\"] {
            let mut out = Vec::new();
            unescape(text.as_bytes(), &mut out).unwrap();
            let expected: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        for text in [r"\x", r"\u12", r"\ud83d", r"\ud83dx", "\\", r"\u+123"] {
            assert_eq!(unescape(text.as_bytes(), &mut Vec::new()), None, "{text}");
        }
    }
}
