package dev.cutover.local;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A REST service as it may be found in the field: on a real socket, and as bad as a test wants it. It speaks HTTP/1.1 by hand,
 * since no server would let one send half a body.
 *
 * <pre>
 *   MisbehavingBackend backend = MisbehavingBackend.start();
 *   backend.on("/api/positions/", json("{}"));                     // by the path, whatever the query
 *   backend.on("/api/positions/?account_id=7", slow(SECOND, json("{}")), halfABody("{…}"), json("{}"));
 *                                                                  // by path and query; one after the other, the last stays
 *   backend.requests();                                            // all that was asked, in order
 * </pre>
 *
 * A thread for each connection; every method is safe on any thread.
 */
final class MisbehavingBackend implements AutoCloseable {

    /**
     * What was asked.
     *
     * @param target path and query as on the wire
     * @param headers by lower-case name, the values of one name joined by commas
     */
    record Request(String method, String target, Map<String, String> headers, Instant at) {}

    /** One way to answer. */
    @FunctionalInterface
    interface Behaviour {
        /** Answers, and tells whether the connection can be used for another request. */
        boolean answer(Request request, Exchange exchange) throws IOException, InterruptedException;
    }

    /** The connection of one request, and the backend's end. */
    record Exchange(Socket socket, CountDownLatch closed) {
        void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        void write(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
        }

        /** Waits, but not beyond the backend's end. */
        void pause(Duration time) throws InterruptedException {
            var unused = closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
        }

        /** Ends the connection by RST instead of FIN. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    private final ServerSocket server;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Map<String, Deque<Behaviour>> behaviours = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    private MisbehavingBackend() throws IOException {
        server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        thread("misbehaving-accept", this::accept).start();
    }

    /** On a free port; 404 for every path until it is told otherwise. */
    static MisbehavingBackend start() {
        try {
            return new MisbehavingBackend();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Thread thread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** {@code http://127.0.0.1:PORT}, without a slash at its end. */
    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /**
     * Says how requests are answered from now on.
     *
     * @param target a path, for any query, or path and query for that one alone, which goes first
     * @param then one request each, the last for all that follow; at least one
     */
    void on(String target, Behaviour... then) {
        behaviours.put(target, new ArrayDeque<>(List.of(then)));
    }

    /** All requests so far, in order of arrival. */
    List<Request> requests() {
        return List.copyOf(requests);
    }

    /** Those of one path, with whatever query. */
    List<Request> requests(String path) {
        return requests.stream()
                .filter(each -> pathOf(each.target()).equals(path))
                .toList();
    }

    Request lastRequest() {
        return requests.get(requests.size() - 1);
    }

    /** How many requests were under way at one time, at most. */
    int mostAtOnce() {
        return most.get();
    }

    // How it may answer

    /** 200 with a JSON body. */
    static Behaviour json(String body) {
        return answer(200, "application/json", body);
    }

    /** A complete answer; {@code headers} are names and values by turns. */
    static Behaviour answer(int status, String contentType, String body, String... headers) {
        return answer(status, contentType, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    /** A complete answer of any bytes; {@code contentType} null for none. */
    static Behaviour answer(int status, String contentType, byte[] body, String... headers) {
        return (request, exchange) -> {
            boolean hasBody = status != 204 && status != 304;
            exchange.write(head(status, contentType, headers)
                    + (hasBody ? "Content-Length: " + body.length + "\r\n\r\n" : "\r\n"));
            if (hasBody && !request.method().equals("HEAD")) {
                exchange.write(body);
            }
            return true;
        };
    }

    /** An answer whose length is not said before, in chunks of a few bytes. */
    static Behaviour chunked(String body) {
        return (request, exchange) -> {
            exchange.write(head(200, "application/json") + "Transfer-Encoding: chunked\r\n\r\n");
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            for (int from = 0; from < bytes.length; from += 7) {
                int length = Math.min(7, bytes.length - from);
                exchange.write(Integer.toHexString(length) + "\r\n");
                exchange.write(Arrays.copyOfRange(bytes, from, from + length));
                exchange.write("\r\n");
            }
            exchange.write("0\r\n\r\n");
            return true;
        };
    }

    /** Another answer, after a while in which nothing comes. */
    static Behaviour slow(Duration before, Behaviour then) {
        return (request, exchange) -> {
            exchange.pause(before);
            return then.answer(request, exchange);
        };
    }

    /** Another answer, once the gate opens. */
    static Behaviour held(CountDownLatch gate, Behaviour then) {
        return (request, exchange) -> {
            while (!gate.await(10, TimeUnit.MILLISECONDS) && exchange.closed().getCount() > 0) {
                // one of the two comes
            }
            return then.answer(request, exchange);
        };
    }

    /** The head at once, then a byte of the body at a time, with a pause before each. */
    static Behaviour trickling(String body, Duration pause) {
        return (request, exchange) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.write(head(200, "application/json") + "Content-Length: " + bytes.length + "\r\n\r\n");
            for (byte each : bytes) {
                exchange.pause(pause);
                exchange.write(new byte[] {each});
            }
            return true;
        };
    }

    /** Takes the request and never answers. */
    static Behaviour silent() {
        return (request, exchange) -> {
            exchange.closed().await();
            return false;
        };
    }

    /** The head, half of the body that it promises, and a reset. */
    static Behaviour halfABody(String body) {
        return (request, exchange) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.write(head(200, "application/json") + "Content-Length: " + bytes.length + "\r\n\r\n");
            exchange.write(Arrays.copyOf(bytes, bytes.length / 2));
            exchange.reset();
            return false;
        };
    }

    /** The head, half of the body that it promises, and an end as if that were all. */
    static Behaviour cutShort(String body) {
        return (request, exchange) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.write(head(200, "application/json") + "Content-Length: " + bytes.length + "\r\n\r\n");
            exchange.write(Arrays.copyOf(bytes, bytes.length / 2));
            return false;
        };
    }

    /** A reset in place of an answer. */
    static Behaviour reset() {
        return (request, exchange) -> {
            exchange.reset();
            return false;
        };
    }

    /** Bytes that are no HTTP. */
    static Behaviour noHttp() {
        return (request, exchange) -> {
            exchange.write("SSH-2.0-OpenSSH_9.6\r\n");
            return false;
        };
    }

    /** 302 to somewhere. */
    static Behaviour redirect(String location) {
        return answer(302, "text/html", "<a href=\"" + location + "\">moved</a>", "Location", location);
    }

    /** A JSON text of that many bytes, in chunks, so that nothing says how long it will be. */
    static Behaviour huge(long bytes) {
        return (request, exchange) -> {
            exchange.write(head(200, "application/json") + "Transfer-Encoding: chunked\r\n\r\n");
            String chunk = "x".repeat(1 << 16);
            exchange.write("1\r\n\"\r\n");
            for (long sent = 2; sent < bytes; ) {
                int length = (int) Math.min(chunk.length(), bytes - sent);
                exchange.write(Integer.toHexString(length) + "\r\n" + chunk.substring(0, length) + "\r\n");
                sent += length;
            }
            exchange.write("1\r\n\"\r\n0\r\n\r\n");
            return true;
        };
    }

    private static String head(int status, String contentType, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Whatever\r\n");
        if (contentType != null) {
            head.append("Content-Type: ").append(contentType).append("\r\n");
        }
        for (int i = 0; i < headers.length; i += 2) {
            head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        }
        return head.toString();
    }

    // The server

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                thread("misbehaving-connection", () -> serve(socket)).start();
            }
        } catch (IOException e) {
            if (!server.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            boolean usable = true;
            while (usable) {
                Request request = read(in);
                if (request == null) {
                    return;
                }
                usable = answer(request, new Exchange(socket, closed));
            }
        } catch (IOException e) {
            // the client went away, or close() came: both are what tests do
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(socket);
        }
    }

    private boolean answer(Request request, Exchange exchange) throws IOException, InterruptedException {
        most.accumulateAndGet(now.incrementAndGet(), Math::max);
        try {
            requests.add(request);
            return behaviour(request.target()).answer(request, exchange);
        } finally {
            now.decrementAndGet();
        }
    }

    private Behaviour behaviour(String target) {
        Deque<Behaviour> all = behaviours.getOrDefault(target, behaviours.get(pathOf(target)));
        if (all == null) {
            return answer(404, "text/plain", "no such path");
        }
        synchronized (all) {
            return all.size() > 1 ? all.poll() : all.peek();
        }
    }

    private static String pathOf(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** Null at the connection's end. */
    private static Request read(InputStream in) throws IOException {
        String line = line(in);
        if (line == null) {
            return null;
        }
        String[] parts = line.split(" ", 3);
        Map<String, String> headers = new TreeMap<>();
        for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.merge(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip(),
                    (one, other) -> one + "," + other);
        }
        in.skipNBytes(Long.parseLong(headers.getOrDefault("content-length", "0")));
        return new Request(parts[0], parts[1], headers, Instant.now());
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int each = in.read(); each != '\n'; each = in.read()) {
            if (each < 0) {
                return null;
            }
            if (each != '\r') {
                line.write(each);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
