//! Binary mode: the attributes are headers, and the value is the data and nothing else.
//!
//! ```text
//! content-type: application/json          ce_specversion: 1.0      ce_id: 3k6u…
//! ce_source: acequia://villaclara/permits ce_type: permit.v1.upserted
//! ce_subject: OBR-2021/0017               ce_dataschema: …         ce_mappingversion: …
//! ce_sourceposition: LIC_01.csv#record=12,line=14,byte=1033;sha256=ab12cd34
//! ce_dataclass: personal                  {"permitNumber":"OBR-2021/0017",…}
//! ```
//!
//! It is for consumers that want the data as it is: a schema registry's deserialisers, sinks that write columns. Every header is
//! allocated and copied on its way to Kafka, so structured mode is faster.
//!
//! # No data, no value
//!
//! The binding of CloudEvents to Kafka makes of an event without data a record without a value, which compaction takes
//! for a tombstone. For a delete that is what is meant: **a delete is one record, its own tombstone**, with `ce_type` and the
//! rest in headers that consumers see until compaction removes it (`delete.retention.ms`). Whoever skips records without
//! a value must look at their headers first.
//!
//! An event whose data is kept elsewhere (`dataref`) is not a delete, and without a value compaction would take it
//! for one. Its value is the JSON text `null`: it is there, every JSON reader reads it, and it says what is in it.
//!
//! # Avro
//!
//! The value is what Confluent's serialisers make and every deserialiser for a schema registry expects: a zero byte, the id
//! of the schema in four bytes, the highest first, and the data in Avro binary.
//!
//! `content-type` is `application/avro`. Names for the framed form exist, but no two vendors agree on one, no deserialiser looks at
//! it, and `application/avro` is what the binding of CloudEvents to Kafka itself has in its example. Whether the five bytes stand before the
//! data is a property of the topic, as it is for everything else that goes through a registry. `dataschema` names the same
//! model as in the other modes, so that an event says the same in all three whatever registry it passed through.
//!
//! A value in Avro cannot be left out, so claim checks are not possible with it: the configuration refuses them.

use std::sync::Arc;

use acequia_api::RecordError;

use super::{
    batch::EventWriter,
    claim::ClaimedData,
    encoder::{Change, EncoderConfig, Scene},
    headers::{Name, header, header_with},
    json::{instant, number, plain_attribute},
};
use crate::model::{AvroScratch, AvroWriter};

/// The first byte of a value whose schema is in a registry.
const MAGIC: u8 = 0;

/// Writes events in binary mode.
#[derive(Debug)]
pub(super) struct Binary {
    /// The headers that all upserts have in common.
    upsert: Vec<u8>,
    /// The same of deletes.
    delete: Vec<u8>,
    avro: Option<Avro>,
}

#[derive(Debug)]
struct Avro {
    writer: Arc<AvroWriter>,
    start: [u8; 5],
    scratch: AvroScratch,
}

impl Binary {
    pub(super) fn new(
        config: &EncoderConfig,
        source: &str,
        avro: Option<(Arc<AvroWriter>, u32)>,
    ) -> Self {
        let content_type = if avro.is_some() { "application/avro" } else { "application/json" };
        let common = |change: Change| {
            let mut headers = Vec::new();
            let mut add = |name, value: &str| header(&mut headers, name, value.as_bytes());
            if change == Change::Upsert {
                add(Name::ContentType, content_type);
            }
            add(Name::SpecVersion, "1.0");
            add(Name::Source, source);
            add(Name::Type, &config.type_of(change));
            if change == Change::Upsert {
                add(Name::DataSchema, &config.dataschema);
            }
            add(Name::MappingVersion, &config.mapping_version);
            add(Name::DataClass, config.dataclass);
            headers
        };
        let (upsert, delete) = (common(Change::Upsert), common(Change::Delete));
        let avro = avro.map(|(writer, schema)| {
            let [a, b, c, d] = schema.to_be_bytes();
            Avro { writer, start: [MAGIC, a, b, c, d], scratch: AvroScratch::default() }
        });
        Self { upsert, delete, avro }
    }

    /// Adds the attribute `lookups` to every event from now on.
    pub(super) fn name_lookups(&mut self, names: &str) {
        for headers in [&mut self.upsert, &mut self.delete] {
            header(headers, Name::Lookups, names.as_bytes());
        }
    }

    pub(super) fn is_avro(&self) -> bool {
        self.avro.is_some()
    }

    pub(super) fn write(
        &mut self,
        event: &mut EventWriter<'_>,
        scene: &Scene<'_>,
        claim: Option<&ClaimedData<'_>>,
    ) -> Result<(), RecordError> {
        self.headers(event.headers(), scene)?;
        if let Some(claim) = claim {
            claim.headers(event.headers());
            event.value().extend_from_slice(b"null");
            return Ok(());
        }
        let data = scene.mapped.data;
        match (scene.mapped.change, &mut self.avro) {
            (Change::Delete, _) => {}
            (Change::Upsert, None) => event.value().extend_from_slice(data),
            (Change::Upsert, Some(avro)) => avro.write(event.value(), data)?,
        }
        Ok(())
    }

    fn headers(&self, out: &mut Vec<u8>, scene: &Scene<'_>) -> Result<(), RecordError> {
        let Scene { origin, row, mapped, id } = *scene;
        out.extend_from_slice(match mapped.change {
            Change::Upsert => &self.upsert,
            Change::Delete => &self.delete,
        });
        header(out, Name::Id, id.as_bytes());
        if !header_with(out, Name::Subject, |out| plain_attribute(out, mapped.key)) {
            return Err(RecordError::encode("encode.key_control"));
        }
        if let Some(time) = row.meta().source_time {
            header_with(out, Name::Time, |out| instant(out, time));
        }
        header_with(out, Name::SourcePosition, |out| {
            origin.write(out, row.meta());
            true
        });
        if !mapped.quality.is_empty() {
            header(out, Name::Quality, mapped.quality.as_bytes());
        }
        Ok(())
    }
}

impl Avro {
    fn write(&mut self, out: &mut Vec<u8>, data: &[u8]) -> Result<(), RecordError> {
        out.extend_from_slice(&self.start);
        self.writer.write(data, &mut self.scratch, out).map_err(|misfit| {
            let error = RecordError::encode("encode.avro_value");
            let error = error.detail(format!("the Avro schema wants {}", misfit.wanted));
            match misfit.field {
                Some(field) => error.field(field),
                None => error,
            }
        })
    }
}

impl ClaimedData<'_> {
    /// Appends the headers of the event that take the place of its data.
    fn headers(&self, out: &mut Vec<u8>) {
        header(out, Name::DataRef, self.reference().as_bytes());
        header_with(out, Name::DataSize, |out| {
            number(out, self.bytes.len() as u64);
            true
        });
        header(out, Name::DataSha256, self.hash().as_bytes());
    }
}
