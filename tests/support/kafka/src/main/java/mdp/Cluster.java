package mdp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Topics, groups and permissions. */
final class Cluster {
  private final String bootstrap;
  private Admin admin;

  Cluster(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  /** Answers once this many brokers may lead partitions. */
  Object awaitBrokers(JsonNode request) throws Exception {
    while (admin().describeCluster().nodes().get().size() < request.get("count").asInt()) Thread.sleep(10);
    return null;
  }

  /** Answers once every partition has a leader. */
  Object createTopic(JsonNode request) throws Exception {
    String topic = request.get("topic").asText();
    Map<String, String> configs = new HashMap<>();
    request.get("config").fields().forEachRemaining((entry) -> configs.put(entry.getKey(), entry.getValue().asText()));
    short replicas = (short) request.get("replicas").asInt();
    NewTopic wanted = new NewTopic(topic, request.get("partitions").asInt(), replicas).configs(configs);
    admin().createTopics(List.of(wanted)).all().get();
    awaitLeaders(topic, request.get("partitions").asInt());
    return null;
  }

  Object deleteTopic(JsonNode request) throws Exception {
    String topic = request.get("topic").asText();
    admin().deleteTopics(List.of(topic)).all().get();
    while (admin().listTopics().names().get().contains(topic)) Thread.sleep(10);
    return null;
  }

  Object addPartitions(JsonNode request) throws Exception {
    String topic = request.get("topic").asText();
    int total = request.get("total").asInt();
    admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(total))).all().get();
    awaitLeaders(topic, total);
    return null;
  }

  Object deleteRecords(JsonNode request) throws Exception {
    TopicPartition partition = new TopicPartition(request.get("topic").asText(), request.get("partition").asInt());
    RecordsToDelete gone = RecordsToDelete.beforeOffset(request.get("before").asLong());
    admin().deleteRecords(Map.of(partition, gone)).all().get();
    return null;
  }

  /** A user may do everything with a topic, or with a group. */
  Object allow(JsonNode request) throws Exception {
    ResourceType type = ResourceType.fromString(request.get("what").asText());
    ResourcePattern pattern = new ResourcePattern(type, request.get("name").asText(), PatternType.LITERAL);
    String user = "User:" + request.get("user").asText();
    AccessControlEntry entry = new AccessControlEntry(user, "*", AclOperation.ALL, AclPermissionType.ALLOW);
    admin().createAcls(List.of(new AclBinding(pattern, entry))).all().get();
    return null;
  }

  /** By partition: where its log begins and ends. */
  Object offsets(JsonNode request) throws Exception {
    String topic = request.get("topic").asText();
    List<Map<String, Long>> found = new ArrayList<>();
    for (int index = 0; index < describe(topic).partitions().size(); index++) {
      TopicPartition partition = new TopicPartition(topic, index);
      found.add(Map.of("begin", offset(partition, OffsetSpec.earliest()), "end", offset(partition, OffsetSpec.latest())));
    }
    return found;
  }

  /** State, members and what was committed, by "topic-partition". */
  Object group(JsonNode request) throws Exception {
    String group = request.get("group").asText();
    Map<String, Long> committed = new LinkedHashMap<>();
    Map<TopicPartition, OffsetAndMetadata> stored =
        admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    stored.forEach((partition, offset) -> committed.put(partition.toString(), offset == null ? null : offset.offset()));
    ConsumerGroupDescription description = admin().describeConsumerGroups(List.of(group)).all().get().get(group);
    List<Object> members = new ArrayList<>();
    description.members().forEach((member) -> members.add(Map.of(
        "id", member.consumerId(), "clientId", member.clientId(),
        "partitions", member.assignment().topicPartitions().stream().map(TopicPartition::toString).sorted().toList())));
    return Map.of("state", description.groupState().toString(), "members", members, "committed", committed);
  }

  private long offset(TopicPartition partition, OffsetSpec which) throws Exception {
    return admin().listOffsets(Map.of(partition, which)).partitionResult(partition).get().offset();
  }

  private void awaitLeaders(String topic, int partitions) throws Exception {
    while (true) {
      try {
        TopicDescription description = describe(topic);
        boolean led = description.partitions().stream().allMatch((one) -> one.leader() != null && !one.leader().isEmpty());
        if (led && description.partitions().size() == partitions) {
          // A leader by name may refuse for a moment: then a second batch comes in before the first, which never can.
          for (int index = 0; index < partitions; index++) offset(new TopicPartition(topic, index), OffsetSpec.latest());
          return;
        }
      } catch (java.util.concurrent.ExecutionException unknownYet) {
        // The broker hears of the topic a little later than the controller.
      }
      Thread.sleep(10);
    }
  }

  private TopicDescription describe(String topic) throws Exception {
    return admin().describeTopics(List.of(topic)).allTopicNames().get().get(topic);
  }

  private synchronized Admin admin() {
    if (admin == null) {
      admin = Admin.create(Map.of(
          "bootstrap.servers", bootstrap, "default.api.timeout.ms", 30_000,
          "reconnect.backoff.ms", 20, "reconnect.backoff.max.ms", 200, "retry.backoff.ms", 20));
    }
    return admin;
  }
}
