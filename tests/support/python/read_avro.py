"""Reads a topic whose values are in Avro with Confluent's own deserialiser, and prints a line of JSON per record: key, headers,
schema id and value, its dates and times written as events in JSON have them.

read_avro.py BOOTSTRAP TOPIC REGISTRY [READER_SCHEMA]
"""

import datetime
import json
import sys
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

bootstrap, topic, registry = sys.argv[1:4]
reader_schema = sys.argv[4] if len(sys.argv) > 4 else None


def plain(value):
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry}), reader_schema)
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": "read-avro",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
)
found = consumer.list_topics(topic, 30).topics[topic].partitions
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in found])
open_partitions = set(found)
while open_partitions:
    message = consumer.poll(60)
    if message is None:
        sys.exit("nothing for a minute")
    if message.error():
        if message.error().name() != "_PARTITION_EOF":
            sys.exit(str(message.error()))
        open_partitions.discard(message.partition())
        continue
    value = message.value()
    headers = {name: content.decode() for name, content in message.headers() or []}
    print(
        json.dumps(
            {
                "key": message.key().decode(),
                "headers": headers,
                "schema": int.from_bytes(value[1:5], "big") if value else None,
                "value": plain(deserialize(value, SerializationContext(topic, MessageField.VALUE))),
            },
            sort_keys=True,
        )
    )
consumer.close()
