//! Structured mode: the whole event is the value, as JSON, and one header says so.
//!
//! The header is there because the binding of CloudEvents to Kafka has receivers take a record without it for one in binary
//! mode: generic readers would find no event.

use acequia_api::RecordError;

use super::{
    batch::EventWriter,
    claim::ClaimedData,
    encoder::{Change, EncoderConfig, Scene},
    headers::{Name, header},
    json::{attribute, instant},
};

const CONTENT_TYPE: &[u8] = b"application/cloudevents+json";

/// Writes events in structured mode.
#[derive(Debug)]
pub(super) struct Structured {
    upsert: Frame,
    delete: Frame,
}

impl Structured {
    pub(super) fn new(config: &EncoderConfig, source: &str) -> Self {
        let frame = |change| Frame::new(config, source, change);
        Self { upsert: frame(Change::Upsert), delete: frame(Change::Delete) }
    }

    /// Adds the attribute `lookups` to every event from now on.
    pub(super) fn name_lookups(&mut self, names: &str) {
        let attribute = format!(r#","lookups":{}"#, quoted(names));
        for frame in [&mut self.upsert, &mut self.delete] {
            frame.after_position.push_str(&attribute);
            frame.until_data = format!(r#"{},"data":"#, frame.after_position);
        }
    }

    pub(super) fn write(
        &self,
        event: &mut EventWriter<'_>,
        scene: &Scene<'_>,
        claim: Option<&ClaimedData<'_>>,
    ) -> Result<(), RecordError> {
        let frame = match scene.mapped.change {
            Change::Upsert => &self.upsert,
            Change::Delete => &self.delete,
        };
        header(event.headers(), Name::ContentType, CONTENT_TYPE);
        frame.write(event.value(), scene, claim)
    }
}

/// Constant text of an event, cut where something of the record is put in.
#[derive(Debug)]
struct Frame {
    /// After the id, up to the subject.
    until_subject: String,
    /// After subject and time, up to the source position.
    until_position: String,
    /// After the source position.
    after_position: String,
    /// The same up to the data, for an event without marks.
    until_data: String,
}

impl Frame {
    const START: &'static [u8] = br#"{"specversion":"1.0","id":""#;

    fn new(config: &EncoderConfig, source: &str, change: Change) -> Self {
        let content = match change {
            Change::Upsert => {
                let schema = quoted(&config.dataschema);
                format!(r#","datacontenttype":"application/json","dataschema":{schema}"#)
            }
            Change::Delete => String::new(),
        };
        let after_position = format!(r#"","dataclass":{}"#, quoted(config.dataclass));
        Self {
            until_subject: format!(
                r#"","source":{},"type":{},"subject":""#,
                quoted(source),
                quoted(&config.type_of(change)),
            ),
            until_position: format!(
                r#"{content},"mappingversion":{},"sourceposition":""#,
                quoted(&config.mapping_version),
            ),
            until_data: format!(r#"{after_position},"data":"#),
            after_position,
        }
    }

    fn write(
        &self,
        out: &mut Vec<u8>,
        scene: &Scene<'_>,
        claim: Option<&ClaimedData<'_>>,
    ) -> Result<(), RecordError> {
        let Scene { origin, row, mapped, id } = *scene;
        out.extend_from_slice(Self::START);
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(self.until_subject.as_bytes());
        if !attribute(out, mapped.key) {
            return Err(RecordError::encode("encode.key_control"));
        }
        out.push(b'"');
        if let Some(time) = row.meta().source_time {
            write_time(out, time);
        }
        out.extend_from_slice(self.until_position.as_bytes());
        origin.write(out, row.meta());
        if mapped.change == Change::Upsert && mapped.quality.is_empty() && claim.is_none() {
            out.extend_from_slice(self.until_data.as_bytes());
            out.extend_from_slice(mapped.data);
            out.push(b'}');
            return Ok(());
        }
        out.extend_from_slice(self.after_position.as_bytes());
        if !mapped.quality.is_empty() {
            write_quality(out, mapped.quality);
        }
        if let Some(claim) = claim {
            claim.write(out);
        } else if mapped.change == Change::Upsert {
            out.extend_from_slice(br#","data":"#);
            out.extend_from_slice(mapped.data);
        }
        out.push(b'}');
        Ok(())
    }
}

/// A time that RFC 3339 cannot write is absent, like one that the source does not have.
fn write_time(out: &mut Vec<u8>, ticks: i64) {
    let start = out.len();
    out.extend_from_slice(br#","time":""#);
    if instant(out, ticks) {
        out.push(b'"');
    } else {
        out.truncate(start);
    }
}

fn write_quality(out: &mut Vec<u8>, quality: &str) {
    let start = out.len();
    out.extend_from_slice(br#","quality":""#);
    if attribute(out, quality) {
        out.push(b'"');
    } else {
        debug_assert!(false, "invariant: quality names fields and checks");
        out.truncate(start);
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
