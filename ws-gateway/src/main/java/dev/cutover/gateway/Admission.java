package dev.cutover.gateway;

import dev.cutover.schema.Health;
import dev.cutover.schema.Origins;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Who may come in: as a socket, as a request, and as a stream, which is what a WebSocket is once its handshake is done.
 *
 * <p>Safe on any thread: the places are counted for all event loops together, under a lock that is held for the counting alone,
 * so that no two loops give away the same last one. A place belongs to a channel and is given back when that is closed, which is
 * how every connection ends, whatever happens to it before.
 */
final class Admission {
    /** Sockets beyond the streams, so that health and metrics are still answered when all places are taken. */
    static final int MORE_SOCKETS = 128;

    /** What of an IPv6 address is its owner's: the rest of it costs nothing to change (RFC 4291, section 2.5.4). */
    private static final int IPV6_PREFIX_BYTES = 8;

    /** A stream that was turned away. */
    record Refused(Refusal why, String detail) {}

    private final GatewaySettings.Limits limits;
    private final Set<String> origins;
    private final boolean loopbackOnly;
    private final Supplier<Health> health;

    // guarded by this
    private final Map<Object, Integer> streamsByAddress = new HashMap<>();
    private int sockets;
    private int streams;
    private boolean draining;

    /**
     * @param bound where the gateway listens
     * @param health whether the gateway is ready; must not block
     */
    Admission(GatewaySettings settings, InetSocketAddress bound, Supplier<Health> health) {
        this.limits = settings.limits();
        this.origins = settings.origins();
        this.loopbackOnly = Origins.isLoopbackOnly(bound);
        this.health = health;
    }

    /** Takes a place for a socket; where there is none it is to be closed without a word. */
    boolean accept(Channel channel) {
        synchronized (this) {
            if (sockets >= limits.connections() + MORE_SOCKETS) {
                return false;
            }
            sockets++;
        }
        var unused = channel.closeFuture().addListener(closed -> giveBackSocket());
        return true;
    }

    /** Whether a request, for whatever path, was led here by another site: see {@link Origins#isForeignHost}. */
    boolean isForeignHost(HttpHeaders headers) {
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        return loopbackOnly
                && !hosts.isEmpty()
                && (hosts.size() > 1 || Origins.isForeignHost(hosts.get(0))); // two: which of them was meant?
    }

    /**
     * Takes a place for a stream of any kind, until its channel is closed. To be asked last, when nothing else is wrong with the
     * request, and once for each channel.
     *
     * @param headers of the request that asks for it
     * @return empty where it may come in
     */
    Optional<Refused> admit(Channel channel, HttpHeaders headers) {
        List<String> found = headers.getAll(HttpHeaderNames.ORIGIN);
        if (!found.isEmpty() && (found.size() > 1 || !mayConnect(found.get(0), headers.get(HttpHeaderNames.HOST)))) {
            return refused(
                    Refusal.FOREIGN_ORIGIN,
                    "pages of " + String.join(", ", found) + " may not connect; those that may are named by "
                            + GatewaySettings.ORIGINS.option());
        }
        Object address = address(channel.remoteAddress());
        Optional<Refused> refused = take(address, health.get());
        if (refused.isEmpty()) {
            var unused = channel.closeFuture().addListener(closed -> giveBack(address));
        }
        return refused;
    }

    /**
     * A page of the host that is asked may connect, at whatever port it was served; so may one of this machine to this machine,
     * by whichever name each goes; and one of a listed origin.
     */
    private boolean mayConnect(String origin, String host) {
        return Origins.isSameHost(origin, host)
                || (Origins.isLoopback(origin) && host != null && !Origins.isForeignHost(host))
                || origins.contains(origin.toLowerCase(Locale.ROOT));
    }

    private synchronized Optional<Refused> take(Object address, Health now) {
        if (draining) {
            return refused(Refusal.DRAINING, "the gateway is stopping; connect to another one");
        }
        if (!now.ready()) {
            return refused(Refusal.NOT_READY, String.join("; ", now.reasons()));
        }
        if (streams >= limits.connections()) {
            return refused(
                    Refusal.TOO_MANY_CONNECTIONS,
                    "all " + limits.connections() + " places are taken (" + GatewaySettings.CONNECTIONS.option() + ")");
        }
        int ofAddress = streamsByAddress.getOrDefault(address, 0);
        if (limits.connectionsPerAddress() > 0 && ofAddress >= limits.connectionsPerAddress()) {
            return refused(
                    Refusal.TOO_MANY_CONNECTIONS_OF_ADDRESS,
                    "this address has " + ofAddress + " connections, which is all that one may have ("
                            + GatewaySettings.CONNECTIONS_PER_ADDRESS.option() + ")");
        }
        streams++;
        streamsByAddress.put(address, ofAddress + 1);
        return Optional.empty();
    }

    private static Optional<Refused> refused(Refusal why, String detail) {
        return Optional.of(new Refused(why, detail));
    }

    private synchronized void giveBack(Object address) {
        streams--;
        streamsByAddress.computeIfPresent(address, (each, count) -> count == 1 ? null : count - 1);
    }

    private synchronized void giveBackSocket() {
        sockets--;
    }

    /** From now on no stream is let in. */
    synchronized void drain() {
        draining = true;
    }

    /** Places of streams that are taken. */
    synchronized int streams() {
        return streams;
    }

    /** Sockets that are open. */
    synchronized int sockets() {
        return sockets;
    }

    /** Addresses that have a stream: none is kept for longer. */
    synchronized int addresses() {
        return streamsByAddress.size();
    }

    private static Object address(SocketAddress remote) {
        if (remote instanceof InetSocketAddress inet && !inet.isUnresolved()) {
            InetAddress address = inet.getAddress();
            byte[] bytes = address.getAddress();
            return ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, IPV6_PREFIX_BYTES));
        }
        return "unknown"; // it has left already, or is no internet socket
    }
}
