//! The data of an event from JSON to Avro binary, by a writer that is compiled from the model.

use std::{ops::Range, sync::Arc};

use data_encoding::BASE64;

use super::{scan, times};
use crate::model::{Kind, Model, Shape};

/// Writes the data of the events of one model.
#[derive(Debug)]
pub struct AvroWriter {
    root: Vec<Field>,
}

/// The buffers of a writer at work; kept, so that no record costs an allocation.
#[derive(Debug, Default)]
pub struct AvroScratch {
    /// Where the members of the objects that are being written stand; empty for those that are absent.
    members: Vec<Range<usize>>,
    text: Vec<u8>,
}

/// A value that its field cannot have in Avro. Says where and what was expected, never what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Path of the field; none where the data as a whole is not an object.
    pub field: Option<Arc<str>>,
    /// What the schema wants there.
    pub wanted: &'static str,
}

#[derive(Debug)]
struct Field {
    name: Box<[u8]>,
    path: Arc<str>,
    required: bool,
    many: bool,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// A JSON string, and a string in Avro.
    Text,
    Bool,
    Long,
    Double,
    Bytes,
    Date,
    Time,
    Timestamp,
    Instant,
    Record(Vec<Field>),
}

impl Model {
    /// The writer that goes with [`Model::avro_schema`].
    pub fn avro_writer(&self) -> AvroWriter {
        AvroWriter { root: fields("", &self.shape) }
    }
}

fn fields(around: &str, shape: &Shape) -> Vec<Field> {
    let field = |field: &crate::model::Field| {
        let path: Arc<str> = match around {
            "" => Arc::clone(&field.name),
            around => format!("{around}.{}", field.name).into(),
        };
        Field {
            name: field.name.as_bytes().into(),
            required: field.required,
            many: field.many,
            form: match &field.kind {
                Kind::Text | Kind::Code | Kind::Decimal | Kind::PartialDate | Kind::Uuid => {
                    Form::Text
                }
                Kind::Bool => Form::Bool,
                Kind::Int => Form::Long,
                Kind::Float => Form::Double,
                Kind::Bytes => Form::Bytes,
                Kind::Date => Form::Date,
                Kind::Time => Form::Time,
                Kind::Timestamp => Form::Timestamp,
                Kind::Instant => Form::Instant,
                Kind::Object(shape) => Form::Record(fields(&path, shape)),
            },
            path,
        }
    };
    shape.fields.iter().map(field).collect()
}

impl AvroWriter {
    /// Appends `json`, an object as mappings write it, in Avro binary.
    ///
    /// # Errors
    /// The first field that does not fit the schema; what was appended until then is to be thrown away.
    pub fn write(
        &self,
        json: &[u8],
        scratch: &mut AvroScratch,
        out: &mut Vec<u8>,
    ) -> Result<(), Misfit> {
        scratch.members.clear();
        let whole = 0..json.len();
        Writing { json, scratch, out }.record(&self.root, whole).map_err(|misfit| match misfit {
            Stop::Shape => Misfit { field: None, wanted: "a JSON object" },
            Stop::Field(misfit) => misfit,
        })
    }
}

/// Why writing ends early.
enum Stop {
    /// The object is none, which only whoever asked for it can name.
    Shape,
    Field(Misfit),
}

struct Writing<'w> {
    json: &'w [u8],
    scratch: &'w mut AvroScratch,
    out: &'w mut Vec<u8>,
}

impl Writing<'_> {
    /// Two passes: where the members are, then the fields in the order of the schema.
    fn record(&mut self, fields: &[Field], at: Range<usize>) -> Result<(), Stop> {
        let base = self.scratch.members.len();
        self.scratch.members.resize(base + fields.len(), 0..0);
        self.find(fields, at, base).ok_or(Stop::Shape)?;
        for (number, field) in fields.iter().enumerate() {
            let member = self.scratch.members[base + number].clone();
            self.field(field, member)?;
        }
        self.scratch.members.truncate(base);
        Ok(())
    }

    fn find(&mut self, fields: &[Field], at: Range<usize>, base: usize) -> Option<()> {
        let json = &self.json[..at.end];
        let mut here = scan::sign(json, at.start, b'{')?;
        if let Some(end) = scan::sign(json, here, b'}') {
            return (end == at.end).then_some(());
        }
        // Mappings mostly have the fields in the order of the model.
        let mut next = 0;
        loop {
            let (name, behind) = scan::string(json, here)?;
            let start = scan::blank(json, scan::sign(json, behind, b':')?);
            let end = scan::value(json, start)?;
            let is = |field: &Field| *field.name == *name;
            let found = match fields.get(next) {
                Some(field) if is(field) => Some(next),
                _ => fields.iter().position(is),
            };
            if let Some(found) = found {
                self.scratch.members[base + found] = start..end;
                next = found + 1;
            }
            match scan::sign(json, end, b',') {
                Some(behind) => here = behind,
                None => return scan::sign(json, end, b'}').map(drop),
            }
        }
    }

    fn field(&mut self, field: &Field, at: Range<usize>) -> Result<(), Stop> {
        let absent = at.is_empty() || &self.json[at.clone()] == b"null";
        match (field.required, absent) {
            (false, true) => {
                long(self.out, 0);
                return Ok(());
            }
            (false, false) => long(self.out, 1),
            (true, true) => return Err(field.misfit("a value")),
            (true, false) => {}
        }
        if field.many { self.list(field, at) } else { self.value(field, at) }
    }

    /// One block with the number of its elements, and the empty block that ends every array.
    fn list(&mut self, field: &Field, at: Range<usize>) -> Result<(), Stop> {
        let wanted = || field.misfit("a list");
        let json = &self.json[..at.end];
        let first = scan::sign(json, at.start, b'[').ok_or_else(wanted)?;
        if scan::sign(json, first, b']').is_none() {
            long(self.out, elements(json, first).ok_or_else(wanted)?);
            let mut here = first;
            loop {
                let start = scan::blank(self.json, here);
                let end = scan::value(self.json, start).ok_or_else(wanted)?;
                self.value(field, start..end)?;
                match scan::sign(self.json, end, b',') {
                    Some(behind) => here = behind,
                    None => break,
                }
            }
        }
        long(self.out, 0);
        Ok(())
    }

    fn value(&mut self, field: &Field, at: Range<usize>) -> Result<(), Stop> {
        let json = &self.json[at.clone()];
        let done = match &field.form {
            Form::Record(fields) => {
                return self.record(fields, at).map_err(|stop| match stop {
                    Stop::Shape => field.misfit("an object"),
                    stop @ Stop::Field(_) => stop,
                });
            }
            Form::Text => self.text(json),
            Form::Bytes => self.bytes(json),
            Form::Bool => match json {
                b"true" => Some(1),
                b"false" => Some(0),
                _ => None,
            }
            .map(|byte| self.out.push(byte)),
            Form::Long => number(json).map(|number| long(self.out, number)),
            Form::Double => {
                number(json).map(|number: f64| self.out.extend_from_slice(&number.to_le_bytes()))
            }
            Form::Date => inside(json).and_then(times::date).map(|day| long(self.out, day.into())),
            Form::Time => inside(json).and_then(times::time).map(|time| long(self.out, time)),
            Form::Timestamp => {
                inside(json).and_then(times::timestamp).map(|time| long(self.out, time))
            }
            Form::Instant => inside(json).and_then(times::instant).map(|time| long(self.out, time)),
        };
        done.ok_or_else(|| field.misfit(field.form.wanted()))
    }

    fn text(&mut self, json: &[u8]) -> Option<()> {
        let mut text = inside(json)?;
        if memchr::memchr(b'\\', text).is_some() {
            self.scratch.text.clear();
            scan::unescape(text, &mut self.scratch.text)?;
            text = &self.scratch.text;
        }
        long(self.out, text.len() as i64);
        self.out.extend_from_slice(text);
        Some(())
    }

    fn bytes(&mut self, json: &[u8]) -> Option<()> {
        let (text, bytes) = (inside(json)?, &mut self.scratch.text);
        bytes.clear();
        bytes.resize(BASE64.decode_len(text.len()).ok()?, 0);
        let len = BASE64.decode_mut(text, bytes).ok()?;
        long(self.out, len as i64);
        self.out.extend_from_slice(&bytes[..len]);
        Some(())
    }
}

impl Field {
    #[cold]
    fn misfit(&self, wanted: &'static str) -> Stop {
        Stop::Field(Misfit { field: Some(Arc::clone(&self.path)), wanted })
    }
}

impl Form {
    fn wanted(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Long => "a whole number of 64 bits",
            Self::Double => "a number",
            Self::Bytes => "bytes in base64",
            Self::Date => "a date of the years 0000 to 9999",
            Self::Time => "a time of the day",
            Self::Timestamp | Self::Instant => "a time of the years 0000 to 9999",
            Self::Record(_) => "an object",
        }
    }
}

/// The number of elements of the list whose first one stands at `at`.
fn elements(json: &[u8], mut at: usize) -> Option<i64> {
    let mut count = 1;
    loop {
        let end = scan::value(json, at)?;
        let Some(behind) = scan::sign(json, end, b',') else { return Some(count) };
        (at, count) = (behind, count + 1);
    }
}

fn inside(json: &[u8]) -> Option<&[u8]> {
    json.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn number<T: std::str::FromStr>(json: &[u8]) -> Option<T> {
    let digits = json.last().is_some_and(u8::is_ascii_digit);
    std::str::from_utf8(json).ok().filter(|_| digits)?.parse().ok()
}

/// Zigzag, then seven bits a byte, the lowest first: both `int` and `long` are written so.
#[inline]
fn long(out: &mut Vec<u8>, number: i64) {
    let mut rest = (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned();
    while rest > 0x7f {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
#[path = "write/tests.rs"]
mod tests;
