package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.control.ProbeArrival.Answered;
import dev.cutover.control.ProbeArrival.ListTooLarge;
import dev.cutover.control.RestProbe.Question;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that behaves badly. */
final class RestAskerTest {
    private static final int MOST_BYTES = 100;
    private static final Question ONE = new Question("positions", "1", "/api/positions/?account_id=1");
    private static final Question LIST = new Question("positions", null, "/api/positions/");

    private interface Script {
        void answer(HttpExchange exchange) throws IOException, InterruptedException;
    }

    private final BlockingQueue<ProbeArrival> arrivals = new LinkedBlockingQueue<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;
    private volatile Script script;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try {
                script.answer(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                exchange.close();
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private ProbeArrival ask(Question question) throws InterruptedException {
        return ask(question, server.getAddress().getPort());
    }

    private ProbeArrival ask(Question question, int port) throws InterruptedException {
        new RestAsker(
                        HttpClient.newHttpClient(),
                        URI.create("http://127.0.0.1:" + port + "/"),
                        () -> 5,
                        arrivals::add,
                        Duration.ofMillis(500),
                        MOST_BYTES)
                .ask(question);
        return arrivals.poll(20, TimeUnit.SECONDS);
    }

    private RestProbe.Answer answer() throws InterruptedException {
        return ((Answered) ask(ONE)).answer();
    }

    private static void send(HttpExchange exchange, int status, int length, String body) throws IOException {
        exchange.sendResponseHeaders(status, length);
        exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
    }

    @Test
    void anAnswerComesWithItsStatusAndBody() throws Exception {
        script = exchange -> {
            assertThat(exchange.getRequestURI()).hasToString(ONE.path());
            send(exchange, 503, 3, "ü!");
        };

        assertThat(answer()).isEqualTo(new RestProbe.Answer(ONE, 503, true, "ü!", null, 5));
    }

    @Test
    void anAnswerWithAPositionIsCutoversOwn() throws Exception {
        script = exchange -> {
            exchange.getResponseHeaders().add("Cutover-Position", "e1;0:1");
            send(exchange, 200, 2, "{}");
        };

        assertThat(answer().upstream()).isFalse();
    }

    @Test
    void aServerThatDoesNotAnswerIsGivenUp() throws Exception {
        script = exchange -> over.await();

        assertThat(answer().why()).isEqualTo("no whole answer within 500 ms");
    }

    @Test
    void aBodyThatDoesNotEndIsGivenUp() throws Exception {
        script = exchange -> {
            send(exchange, 200, 10, "{");
            over.await();
        };

        assertThat(answer().why()).isEqualTo("no whole answer within 500 ms");
    }

    @Test
    void halfABodyIsNone() throws Exception {
        script = exchange -> send(exchange, 200, 10, "{");

        RestProbe.Answer answer = answer();
        assertThat(answer.status()).isZero();
        assertThat(answer.why()).contains("IOException");
    }

    @Test
    void aBodyThatIsTooLargeIsNotReadAndOfAListSaidSo() throws Exception {
        script = exchange -> send(exchange, 200, MOST_BYTES + 1, "x".repeat(MOST_BYTES + 1));

        assertThat(answer().why()).contains("more than " + MOST_BYTES + " bytes");
        assertThat(ask(LIST)).isEqualTo(new ListTooLarge(LIST));
    }

    @Test
    void whereNobodyListensThereIsNoAnswer() throws Exception {
        int port = server.getAddress().getPort();
        server.stop(0);

        RestProbe.Answer answer = ((Answered) ask(ONE, port)).answer();
        assertThat(answer.status()).isZero();
        assertThat(answer.why()).contains("ConnectException");
    }
}
