package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A WebSocket client over a bare socket with a small buffer, which reads only when it is told to. */
final class SlowClient implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int RECEIVE_BUFFER_BYTES = 4 * 1024;

    private static final String HANDSHAKE = """
            GET /ws/ HTTP/1.1
            Host: localhost
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Version: 13
            Sec-WebSocket-Protocol: cutover.v1

            """;

    private final Socket socket = new Socket();
    private final DataInputStream in;

    private SlowClient(InetSocketAddress address, String feature) throws IOException {
        socket.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
        socket.connect(address);
        in = new DataInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        out.write(HANDSHAKE.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
        skipAnswer();
        byte[] subscribe = ("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"" + feature + "\",\"from\":\"now\"}")
                .getBytes(StandardCharsets.UTF_8);
        // masked, with a mask of zeros
        out.write(0x81);
        out.write(0x80 | subscribe.length);
        out.write(new byte[4]);
        out.write(subscribe);
    }

    /** Connects, subscribes from now, and reads up to the answer. */
    static SlowClient subscribe(InetSocketAddress address, String feature) throws IOException {
        SlowClient client = new SlowClient(address, feature);
        JsonNode frame;
        do {
            frame = client.read(Duration.ofSeconds(10));
        } while (!frame.path("type").asText().equals("subscribed"));
        return client;
    }

    private void skipAnswer() throws IOException {
        int matched = 0;
        byte[] end = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        while (matched < end.length) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("no answer to the handshake");
            }
            matched = next == end[matched] ? matched + 1 : next == end[0] ? 1 : 0;
        }
    }

    /** The next text frame; {@code {"type":"(end)"}} for a close frame or the end of the connection. */
    JsonNode read(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
        try {
            while (true) {
                int opcode = in.readUnsignedByte() & 0x0f;
                long length = in.readUnsignedByte() & 0x7f;
                if (length == 126) {
                    length = in.readUnsignedShort();
                } else if (length == 127) {
                    length = in.readLong();
                }
                byte[] payload = new byte[(int) length];
                in.readFully(payload);
                if (opcode == 1) {
                    return JSON.readTree(payload);
                }
                if (opcode == 8) {
                    return end();
                }
            }
        } catch (EOFException | SocketException e) {
            return end();
        }
    }

    private static JsonNode end() {
        return JSON.createObjectNode().put("type", "(end)");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
