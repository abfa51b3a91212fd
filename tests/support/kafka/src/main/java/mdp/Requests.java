package mdp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Takes lines such as {"id":1,"do":"offsets",…}; answers, in any order, {"id":1,"result":…} or {"id":1,"error":"…"}. */
final class Requests {
  private static final ObjectMapper json = new ObjectMapper();
  private final ExecutorService threads = Executors.newCachedThreadPool(Requests::daemon);
  private final PrintStream answers;
  private final Cluster cluster;
  private final Writing writing;
  private final Reading reading;

  /** `bootstrap` is the listener that asks for nothing, host:port. */
  Requests(String bootstrap, PrintStream answers) {
    this.answers = answers;
    cluster = new Cluster(bootstrap);
    writing = new Writing(bootstrap);
    reading = new Reading(bootstrap);
  }

  void answer(String line) {
    threads.execute(() -> send(resultOf(line)));
  }

  private ObjectNode resultOf(String line) {
    ObjectNode answer = json.createObjectNode();
    try {
      JsonNode request = json.readTree(line);
      answer.set("id", request.get("id"));
      answer.set("result", json.valueToTree(perform(request)));
    } catch (ExecutionException failed) {
      answer.put("error", String.valueOf(failed.getCause()));
    } catch (Exception failed) {
      answer.put("error", String.valueOf(failed));
    }
    return answer;
  }

  private Object perform(JsonNode request) throws Exception {
    return switch (request.get("do").asText()) {
      case "awaitBrokers" -> cluster.awaitBrokers(request);
      case "createTopic" -> cluster.createTopic(request);
      case "deleteTopic" -> cluster.deleteTopic(request);
      case "addPartitions" -> cluster.addPartitions(request);
      case "deleteRecords" -> cluster.deleteRecords(request);
      case "allow" -> cluster.allow(request);
      case "offsets" -> cluster.offsets(request);
      case "group" -> cluster.group(request);
      case "produce" -> writing.produce(request);
      case "endTransaction" -> writing.endTransaction(request);
      case "read" -> reading.read(request);
      default -> throw new IllegalArgumentException(request.get("do").asText());
    };
  }

  private synchronized void send(ObjectNode answer) {
    answers.println(answer);
    answers.flush();
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "request");
    thread.setDaemon(true);
    return thread;
  }
}
