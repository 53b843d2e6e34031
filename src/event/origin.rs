//! The attribute `sourceposition`: where a person finds the record again.
//!
//! `LIC_01.csv#record=12,line=14,byte=1033;sha256=ab12cd34`: the unit's name, the record in it, and enough of the
//! unit's id to tell two files of one name apart. An identity that is not a number never shows: it may be a key.

use std::sync::Arc;

use acequia_api::{Identity, RowMeta, Unit};

use super::{id::UnitDigest, json::number};

/// Characters of a content hash that tell files apart for people.
const SHORT_HASH: usize = 8;

/// What all events of one unit share, computed once.
#[derive(Debug)]
pub(super) struct Origin {
    unit: Arc<Unit>,
    pub(super) digest: UnitDigest,
    before: String,
    after: String,
}

impl Origin {
    pub(super) fn new(source: &str, split: &str, unit: &Arc<Unit>) -> Self {
        let mut before = String::new();
        escape(&mut before, &unit.name);
        let mut after = String::new();
        let hash = unit.id.strip_prefix("sha256:").unwrap_or(&unit.id);
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            after.push_str(";sha256=");
            after.push_str(&hash[..SHORT_HASH]);
        } else if unit.id != unit.name {
            after.push_str(";unit=");
            escape(&mut after, &unit.id);
        }
        Self {
            unit: Arc::clone(unit),
            digest: UnitDigest::new(source, split, &unit.id),
            before,
            after,
        }
    }

    /// Whether it was computed for this very unit.
    pub(super) fn is_of(&self, unit: &Arc<Unit>) -> bool {
        Arc::ptr_eq(&self.unit, unit)
    }

    /// Appends the attribute's value. It needs no escaping in JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>, meta: &RowMeta) {
        out.extend_from_slice(self.before.as_bytes());
        let numbered = match meta.identity {
            Identity::Ordinal(ordinal) => {
                out.extend_from_slice(b"#record=");
                number(out, ordinal);
                true
            }
            Identity::Bytes(_) => false,
        };
        if meta.place.line != 0 {
            out.extend_from_slice(if numbered { b",line=" } else { b"#line=" });
            number(out, meta.place.line);
            out.extend_from_slice(b",byte=");
            number(out, meta.place.byte);
        }
        out.extend_from_slice(self.after.as_bytes());
    }
}

/// Keeps letters and digits of all scripts and a few harmless signs; writes everything else as `%XX` per octet, so
/// that neither JSON, a terminal nor the form of the attribute itself can be broken by a file name.
fn escape(out: &mut String, text: &str) {
    for char in text.chars() {
        if char.is_alphanumeric() || matches!(char, '-' | '.' | '_' | '~' | '/' | ':' | '+' | '@') {
            out.push(char);
            continue;
        }
        for byte in char.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use acequia_api::{BatchLimits, Place, RecordBatch};

    use super::*;

    fn position(id: &str, name: &str, identity: Option<&[u8]>, place: Place) -> String {
        let mut batch = RecordBatch::new(BatchLimits::default());
        let unit = Arc::new(Unit { id: id.into(), name: name.into() });
        let unit_id = batch.unit(&unit);
        let mut row = batch.row();
        let mut meta = RowMeta::ordinal(unit_id, 12, place);
        if let Some(identity) = identity {
            meta.identity = row.identity(identity).unwrap();
        }
        row.commit(meta);
        let mut out = Vec::new();
        Origin::new("s", "p", &unit).write(&mut out, &meta);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_of_a_file_is_named_by_file_record_line_and_content() {
        let hash = format!("sha256:ab12cd34{}", "0".repeat(56));
        let expected = "LIC_01.csv#record=12,line=14,byte=1033;sha256=ab12cd34";
        assert_eq!(position(&hash, "LIC_01.csv", None, Place::line(14, 1033)), expected);
        assert_eq!(position(&hash[7..], "LIC_01.csv", None, Place::line(14, 1033)), expected);
    }

    #[test]
    fn a_key_used_as_identity_does_not_show() {
        let shown = position("run-7", "dbo.PERSONA", Some(b"12345678Z"), Place::default());
        assert_eq!(shown, "dbo.PERSONA;unit=run-7");
    }

    #[test]
    fn odd_file_names_cannot_break_the_attribute() {
        let shown = position("x", "año#1;\"\u{1b}[31m\\.csv", None, Place::default());
        assert_eq!(shown, "año%231%3B%22%1B%5B31m%5C.csv#record=12;unit=x");
    }
}
