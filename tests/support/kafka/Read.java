import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads a topic from its beginning to its present end with Kafka's own client and prints a line per record. */
class Read {
    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("isolation.level", args[2]);
        config.put("enable.auto.commit", "false");
        config.put("max.poll.records", "20000");
        config.put("fetch.max.bytes", "104857600");
        config.put("max.partition.fetch.bytes", "16777216");
        Base64.Encoder base64 = Base64.getEncoder();
        var out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.US_ASCII), 1 << 20);
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (var info : consumer.partitionsFor(args[1])) {
                partitions.add(new TopicPartition(args[1], info.partition()));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Set<TopicPartition> open = new HashSet<>(partitions);
            while (true) {
                open.removeIf(partition -> consumer.position(partition) >= ends.get(partition));
                if (open.isEmpty()) {
                    break;
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    out.write(record.partition() + " " + record.offset());
                    out.write(' ');
                    out.write(record.key() == null ? "-" : base64.encodeToString(record.key()));
                    out.write(' ');
                    out.write(record.value() == null ? "-" : base64.encodeToString(record.value()));
                    out.write(' ');
                    var headers = new StringBuilder();
                    for (var header : record.headers()) {
                        headers.append(header.key()).append('=');
                        headers.append(new String(header.value(), StandardCharsets.ISO_8859_1)).append('\n');
                    }
                    out.write(base64.encodeToString(headers.toString().getBytes(StandardCharsets.ISO_8859_1)));
                    out.write('\n');
                }
            }
        }
        out.flush();
    }
}
