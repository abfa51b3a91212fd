package mdp;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes records with Kafka's own producer, whose batches are what a reader meets outside. */
final class Writing {
  private final String bootstrap;
  private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  private final Map<String, KafkaProducer<byte[], byte[]>> open = new HashMap<>();

  Writing(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  /** Answers the place of each record, [partition, offset], in the order of the request. */
  Object produce(JsonNode request) throws Exception {
    JsonNode transaction = request.get("transaction");
    KafkaProducer<byte[], byte[]> producer = producer(request, transaction);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    int recordsPerBatch = request.get("recordsPerBatch").asInt();
    for (JsonNode record : request.get("records")) {
      sent.add(producer.send(recordOf(request.get("topic").asText(), record)));
      if (recordsPerBatch > 0 && sent.size() % recordsPerBatch == 0) producer.flush();
    }
    producer.flush();
    List<long[]> places = new ArrayList<>();
    for (Future<RecordMetadata> one : sent) places.add(new long[] {one.get().partition(), one.get().offset()});
    if (transaction != null) end(transaction.get("id").asText(), transaction.get("end").asText());
    return places;
  }

  Object endTransaction(JsonNode request) {
    end(request.get("transaction").asText(), request.get("end").asText());
    return null;
  }

  private synchronized void end(String id, String end) {
    if (end.equals("commit")) open.remove(id).commitTransaction();
    if (end.equals("abort")) open.remove(id).abortTransaction();
  }

  private synchronized KafkaProducer<byte[], byte[]> producer(JsonNode request, JsonNode transaction) {
    String codec = request.get("codec").asText();
    int batchBytes = request.get("batchBytes").asInt();
    String id = transaction == null ? null : transaction.get("id").asText();
    if (id != null && open.containsKey(id)) return open.get(id);
    String key = codec + " " + batchBytes + " " + id;
    KafkaProducer<byte[], byte[]> producer = producers.get(key);
    if (producer == null) {
      producer = new KafkaProducer<>(settings(codec, batchBytes, id), new ByteArraySerializer(), new ByteArraySerializer());
      if (id != null) producer.initTransactions();
      producers.put(key, producer);
    }
    if (id != null) {
      producer.beginTransaction();
      open.put(id, producer);
    }
    return producer;
  }

  private Map<String, Object> settings(String codec, int batchBytes, String transactionId) {
    Map<String, Object> settings = new HashMap<>(Map.of(
        "bootstrap.servers", bootstrap, "compression.type", codec, "batch.size", batchBytes, "acks", "all",
        // Batches are full or flushed, and hardly ever cut by a clock: a flush that nobody heard waits as long as this.
        "linger.ms", 2_000, "max.block.ms", 20_000, "delivery.timeout.ms", 120_000, "request.timeout.ms", 30_000,
        "max.request.size", 64 << 20, "buffer.memory", 128L << 20));
    if (transactionId != null) settings.put("transactional.id", transactionId);
    return settings;
  }

  private static ProducerRecord<byte[], byte[]> recordOf(String topic, JsonNode record) throws IOException {
    Integer partition = record.hasNonNull("partition") ? record.get("partition").asInt() : null;
    Long timestamp = record.hasNonNull("timestampMs") ? record.get("timestampMs").asLong() : null;
    ProducerRecord<byte[], byte[]> made =
        new ProducerRecord<>(topic, partition, timestamp, bytes(record.get("key")), bytes(record.get("value")));
    JsonNode headers = record.get("headers");
    if (headers == null) return made;
    for (JsonNode header : headers) made.headers().add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
    return made;
  }

  private static byte[] bytes(JsonNode base64) throws IOException {
    return base64 == null || base64.isNull() ? null : base64.binaryValue();
  }
}
