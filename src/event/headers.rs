//! The headers of a Kafka record, as they stand in the arena of an event batch.
//!
//! A header is a byte that numbers its name, its length in four bytes and its value. The names are those of this table and
//! of no record, so that no value of a record can ever become a name.

use std::fmt;

/// Every name a header can have. In binary mode an attribute is a header whose name is that of the attribute after `ce_`;
/// `content-type` alone has no prefix, because it is `datacontenttype` and tells what the value is.
const NAMES: [&str; 16] = [
    "content-type",
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_time",
    "ce_dataschema",
    "ce_mappingversion",
    "ce_sourceposition",
    "ce_dataclass",
    "ce_quality",
    "ce_dataref",
    "ce_datasize",
    "ce_datasha256",
    "ce_lookups",
];

/// The number of a name in [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Name {
    ContentType,
    SpecVersion,
    Id,
    Source,
    Type,
    Subject,
    Time,
    DataSchema,
    MappingVersion,
    SourcePosition,
    DataClass,
    Quality,
    DataRef,
    DataSize,
    DataSha256,
    Lookups,
}

/// Bytes around a header that are not its name or value: a number and a length, here as in Kafka.
const AROUND: usize = 5;

/// The headers of one record.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// No headers.
    pub const NONE: Headers<'static> = Headers(&[]);

    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Names and values in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (around, behind) = rest.split_first_chunk::<AROUND>()?;
            let [name, len @ ..] = *around;
            let (value, next) = behind.split_at_checked(u32::from_le_bytes(len) as usize)?;
            rest = next;
            Some((*NAMES.get(usize::from(name))?, value))
        })
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.iter().count()
    }

    /// The room that they take in a Kafka record: names, values and what stands around them.
    pub(super) fn room(self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len() + AROUND).sum()
    }
}

impl fmt::Debug for Headers<'_> {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Appends a header.
pub(super) fn header(out: &mut Vec<u8>, name: Name, value: &[u8]) {
    out.push(name as u8);
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

/// Appends a header whose value `write` appends; nothing when that gives `false`.
pub(super) fn header_with(
    out: &mut Vec<u8>,
    name: Name,
    write: impl FnOnce(&mut Vec<u8>) -> bool,
) -> bool {
    let start = out.len();
    header(out, name, b"");
    let value = out.len();
    if !write(out) {
        out.truncate(start);
        return false;
    }
    let len = (out.len() - value) as u32;
    out[start + 1..value].copy_from_slice(&len.to_le_bytes());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_were_written() {
        let mut out = Vec::new();
        header(&mut out, Name::Id, b"abc");
        assert!(!header_with(&mut out, Name::Time, |out| {
            out.push(b'x');
            false
        }));
        assert!(header_with(&mut out, Name::DataSha256, |out| {
            out.extend_from_slice("ñ".as_bytes());
            true
        }));
        let headers = Headers::new(&out);
        let read: Vec<_> = headers.iter().collect();
        assert_eq!(read, [("ce_id", &b"abc"[..]), ("ce_datasha256", "ñ".as_bytes())]);
        assert_eq!((headers.count(), headers.room()), (2, 5 + 3 + 13 + 2 + 2 * AROUND));
        assert_eq!(format!("{headers:?}"), r#"["ce_id", "ce_datasha256"]"#);
        assert!(Headers::NONE.is_empty() && Headers::NONE.iter().next().is_none());
    }

    #[test]
    fn names_of_attributes_are_letters_and_digits() {
        for name in NAMES {
            let attribute = name.strip_prefix("ce_").unwrap_or("contenttype");
            assert!(
                attribute.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            );
            assert!(attribute.len() <= 20);
        }
        assert_eq!(NAMES[Name::Lookups as usize], "ce_lookups");
        assert_eq!(NAMES.len(), Name::Lookups as usize + 1);
    }
}
