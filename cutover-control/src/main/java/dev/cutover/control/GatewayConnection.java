package dev.cutover.control;

import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One attempt to connect to a gateway, and what comes of it. Called by the HTTP client's threads, one call at a time; it hands over,
 * and asks for no more messages than {@link #ASKED_AHEAD} before the prober's thread has dealt with one.
 */
final class GatewayConnection implements WebSocket.Listener {
    /** How many messages may wait for the prober's thread. */
    private static final int ASKED_AHEAD = 256;

    private static final int MOST_CHARS = 8 << 20;

    private final GatewayProbe probe;
    private final Consumer<ProbeArrival> arrivals;
    private final LongSupplier nanoClock;
    private final StringBuilder partial = new StringBuilder();
    private volatile long heardNs;

    /** @param probe who tries */
    GatewayConnection(GatewayProbe probe, Consumer<ProbeArrival> arrivals, LongSupplier nanoClock) {
        this.probe = probe;
        this.arrivals = arrivals;
        this.nanoClock = nanoClock;
        this.heardNs = nanoClock.getAsLong();
    }

    GatewayProbe probe() {
        return probe;
    }

    /** When anything came last. Any thread. */
    long heardNs() {
        return heardNs;
    }

    @Override
    public void onOpen(WebSocket opened) {
        // from here, since the first message may come before the attempt is told to be complete
        arrivals.accept(new ProbeArrival.Opened(this, opened));
        opened.request(ASKED_AHEAD);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        heardNs = nanoClock.getAsLong();
        if (partial.length() + data.length() > MOST_CHARS) {
            arrivals.accept(new ProbeArrival.Ended(this, 0, "a message of more than " + MOST_CHARS + " characters"));
            return null;
        }
        partial.append(data);
        if (last) {
            arrivals.accept(new ProbeArrival.Text(this, partial.toString(), heardNs));
            partial.setLength(0);
        } else {
            from.request(1);
        }
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        heardNs = nanoClock.getAsLong();
        from.request(1);
        return null; // the client answers by itself
    }

    @Override
    public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
        heardNs = nanoClock.getAsLong();
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
        arrivals.accept(new ProbeArrival.Ended(this, statusCode, reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        arrivals.accept(new ProbeArrival.Ended(this, 0, GatewayProbe.why(error)));
    }
}
