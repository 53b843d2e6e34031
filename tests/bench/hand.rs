//! The loop that an engineer would write by hand for this one feed: no mapping, no checks, no transaction. It
//! writes byte for byte what the pipeline writes, with the same producer settings; that is asserted.

use acequia::event::UnitDigest;
use csv::ByteRecord;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, Producer},
};
use std::{io::Read, time::Duration};

/// What is constant in the bytes of one run.
pub struct Constants<'a> {
    pub source: &'a str,
    pub split: &'a str,
    pub unit: &'a str,
    pub file: &'a str,
    pub mapping: &'a str,
    pub schema: &'a str,
    pub topic: &'a str,
}

/// Reads the feed and gives every event to `send`: key and value.
pub fn events(
    feed: impl Read,
    constants: &Constants<'_>,
    mut send: impl FnMut(&[u8], &[u8]),
) -> u64 {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').buffer_capacity(1 << 16).from_reader(feed);
    let digest = UnitDigest::new(constants.source, constants.split, constants.unit);
    let after_id =
        format!(r#"","source":"{}","type":"licence.v1.upserted","subject":""#, constants.source);
    let after_key = format!(
        r#"","datacontenttype":"application/json","dataschema":"{}","mappingversion":"{}","sourceposition":"{}#record="#,
        constants.schema, constants.mapping, constants.file
    );
    let after_position =
        format!(r#";sha256={}","dataclass":"internal","data":{{"number":""#, &constants.unit[..8]);
    let mut record = ByteRecord::new();
    let mut value = Vec::with_capacity(1024);
    let mut number = 0;
    while reader.read_byte_record(&mut record).expect("the feed is well-formed") {
        number += 1;
        value.clear();
        value.extend_from_slice(br#"{"specversion":"1.0","id":""#);
        value.extend_from_slice(digest.ordinal(number, 0).as_bytes());
        value.extend_from_slice(after_id.as_bytes());
        value.extend_from_slice(&record[0]);
        value.extend_from_slice(after_key.as_bytes());
        decimal(&mut value, number);
        let place = record.position().expect("the reader counts");
        value.extend_from_slice(b",line=");
        decimal(&mut value, place.line());
        value.extend_from_slice(b",byte=");
        decimal(&mut value, place.byte());
        value.extend_from_slice(after_position.as_bytes());
        value.extend_from_slice(&record[0]);
        text(&mut value, br#"","kind":""#, &record[1]);
        text(&mut value, br#"","status":""#, &record[2]);
        value.extend_from_slice(br#"","issuedOn":""#);
        let date = &record[3];
        value.extend_from_slice(&date[6..10]);
        value.push(b'-');
        value.extend_from_slice(&date[3..5]);
        value.push(b'-');
        value.extend_from_slice(&date[0..2]);
        value.extend_from_slice(br#"","cost":""#);
        for byte in &record[4] {
            match byte {
                b'.' => {}
                b',' => value.push(b'.'),
                digit => value.push(*digit),
            }
        }
        text(&mut value, br#"","holder":""#, &record[5]);
        text(&mut value, br#"","surname":""#, &record[6]);
        text(&mut value, br#"","street":""#, &record[7]);
        text(&mut value, br#"","postCode":""#, &record[8]);
        value.extend_from_slice(br#"","units":"#);
        value.extend_from_slice(&record[9]);
        text(&mut value, br#","remarks":""#, &record[10]);
        value.extend_from_slice(br#""}}"#);
        send(&record[0], &value);
    }
    number
}

/// The feed has no character that JSON escapes; the loop by hand knows that.
fn text(value: &mut Vec<u8>, before: &[u8], field: &[u8]) {
    value.extend_from_slice(before);
    value.extend_from_slice(field);
}

fn decimal(value: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    value.extend_from_slice(&digits[at..]);
}

/// The loop with its producer: reads, formats, sends, waits for the last delivery.
pub fn publish(feed: impl Read, constants: &Constants<'_>, config: &ClientConfig) -> u64 {
    let producer: BaseProducer = config.create().expect("a producer");
    let mut sent = 0u32;
    let count = events(feed, constants, |key, value| {
        let mut record = BaseRecord::to(constants.topic).key(key).payload(value);
        while let Err((error, again)) = producer.send(record) {
            assert!(
                matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)),
                "{error}"
            );
            producer.poll(Duration::from_millis(1));
            record = again;
        }
        sent = sent.wrapping_add(1);
        if sent.is_multiple_of(512) {
            producer.poll(Duration::ZERO);
        }
    });
    while producer.in_flight_count() > 0 {
        producer.poll(Duration::from_millis(1));
    }
    count
}
