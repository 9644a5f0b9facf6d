package dev.cutover.schema;

import java.net.InetSocketAddress;

/** An address as URLs and Kafka write it: {@code 127.0.0.1:8090}, and with brackets where the host is an IPv6 address. */
public final class HostAndPort {
    private HostAndPort() {}

    /** The address without a look-up of its name. */
    public static String of(InetSocketAddress address) {
        return of(address.getHostString(), address.getPort());
    }

    /**
     * The address of a host as an operator gives it.
     *
     * @param host a name or an address; an IPv6 address without brackets
     */
    public static String of(String host, int port) {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
