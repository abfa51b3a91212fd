package mdp;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads with Kafka's own consumer: the witness of what stands in a log. */
final class Reading {
  private final String bootstrap;

  Reading(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  /** All records of a topic, partition by partition, up to its end at this moment. */
  Object read(JsonNode request) {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", bootstrap, "max.poll.records", 10_000, "fetch.max.wait.ms", 50,
        "isolation.level", request.get("isolation").asText(), "enable.auto.commit", false);
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    Map<Integer, List<Object>> found = new TreeMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      String topic = request.get("topic").asText();
      List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
          .map((one) -> new TopicPartition(topic, one.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch((end) -> consumer.position(end.getKey()) < end.getValue())) {
        consumer.poll(Duration.ofMillis(100)).forEach((record) ->
            found.computeIfAbsent(record.partition(), (partition) -> new ArrayList<>()).add(describe(record)));
      }
    }
    return found.values().stream().flatMap(List::stream).toList();
  }

  private static Map<String, Object> describe(ConsumerRecord<byte[], byte[]> record) {
    List<Object[]> headers = new ArrayList<>();
    record.headers().forEach((header) -> headers.add(new Object[] {header.key(), header.value()}));
    Map<String, Object> description = new TreeMap<>(Map.of(
        "partition", record.partition(), "offset", record.offset(), "timestampMs", record.timestamp(), "headers", headers));
    description.put("key", record.key());
    description.put("value", record.value());
    return description;
  }
}
