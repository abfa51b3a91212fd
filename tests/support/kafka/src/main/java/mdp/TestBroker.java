package mdp;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A broker that a test has started. Arguments: its configuration file, the address of its own listener, then what
 * StorageTool is to be told when it formats the storage.
 *
 * Each line of stdin asks for something (see {@link Requests}), each line of stdout answers. The end of stdin is the end of
 * the test: a broker whose test was killed kills itself.
 */
public final class TestBroker {
  public static void main(String[] arguments) throws Exception {
    String configuration = arguments[0];
    PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err);
    format(configuration, Arrays.copyOfRange(arguments, 2, arguments.length));
    Requests requests = new Requests(arguments[1], answers);
    Thread listener = new Thread(() -> listen(requests), "requests");
    listener.setDaemon(true);
    listener.start();
    kafka.Kafka.main(new String[] {configuration});
  }

  private static void format(String configuration, String[] more) {
    String[] always = {"format", "--config", configuration, "--ignore-formatted"};
    String[] all = Arrays.copyOf(always, always.length + more.length);
    System.arraycopy(more, 0, all, always.length, more.length);
    int code = kafka.tools.StorageTool.execute(all, System.err);
    if (code != 0) throw new IllegalStateException("StorageTool ended with " + code);
  }

  private static void listen(Requests requests) {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) requests.answer(line);
    } catch (IOException ended) {
      // As good as the end of the stream.
    }
    Runtime.getRuntime().halt(0);
  }
}
