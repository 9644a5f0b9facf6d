package dev.cutover.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A bare socket, for requests that no well-bred client would send. */
final class RawClient implements AutoCloseable {
    private final Socket socket = new Socket();

    /** @param from this machine's address to come from; null for whichever */
    RawClient(InetSocketAddress gateway, String from) throws IOException {
        if (from != null) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        }
        socket.connect(gateway);
        socket.setSoTimeout((int) TestClient.PATIENCE.toMillis());
    }

    static String handshake(String host, String... headers) {
        return "GET /ws/ HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Protocol: cutover.v1\r\n"
                + String.join(
                        "",
                        java.util.stream.Stream.of(headers)
                                .map(each -> each + "\r\n")
                                .toList())
                + "\r\n";
    }

    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    /** The answer's head, and its body where it says how long that is. */
    String answer() throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return head.toString();
            }
            head.append((char) next);
        }
        String length = "content-length: ";
        int at = head.indexOf(length);
        int body = at < 0 ? 0 : Integer.parseInt(head.substring(at + length.length(), head.indexOf("\r\n", at)));
        return head + new String(in.readNBytes(body), StandardCharsets.UTF_8);
    }

    /** Whether the other side has ended the connection, or does so in that time; what it says meanwhile is passed over. */
    boolean endsWithin(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
        try {
            return socket.getInputStream().readAllBytes() != null;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
