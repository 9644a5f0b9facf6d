package dev.cutover.local;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnresolvedAddressException;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.server.ServerSocketFactory;

/** The two listening sockets: bound here, used by Kafka, closed by whoever comes first. */
final class BrokerPorts implements ServerSocketFactory, AutoCloseable {

    private final ServerSocketChannel clientSocket;
    private final ServerSocketChannel controllerSocket;
    /** Where the controller listens. */
    final InetSocketAddress controllerAddress;
    /** {@code host:port} as bound. */
    final String clients;

    final String controller;
    /** {@code host:port} for clients to connect to. */
    final String bootstrap;

    BrokerPorts(String host, int port) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        clientSocket = bind(host, port);
        try {
            controllerSocket = bind(loopback.getHostAddress(), 0);
        } catch (StartupException e) {
            Utils.closeQuietly(clientSocket, "client socket");
            throw e;
        }
        controllerAddress =
                new InetSocketAddress(loopback, controllerSocket.socket().getLocalPort());
        controller = Utils.formatAddress(loopback.getHostAddress(), controllerAddress.getPort());
        int clientPort = clientSocket.socket().getLocalPort();
        boolean wildcard = clientSocket.socket().getInetAddress().isAnyLocalAddress();
        clients = Utils.formatAddress(host, clientPort);
        bootstrap = wildcard ? Utils.formatAddress(loopback.getHostAddress(), clientPort) : clients;
    }

    private static ServerSocketChannel bind(String host, int port) {
        ServerSocketChannel socket = null;
        try {
            socket = ServerSocketChannel.open();
            socket.configureBlocking(false);
            return socket.bind(new InetSocketAddress(host, port));
        } catch (IOException | UnresolvedAddressException e) {
            Utils.closeQuietly(socket, "socket");
            String reason = e instanceof IOException ? e.getMessage() : "unknown host";
            throw new StartupException(
                    "Kafka can't listen on " + Utils.formatAddress(host, port) + " (" + reason + "); stop what"
                            + " listens there, or choose another address with --kafka-port or --host",
                    e);
        }
    }

    /** Called by Kafka once for each listener; the buffer sizes are the operating system's. */
    @Override
    public ServerSocketChannel openServerSocket(
            String listener, InetSocketAddress address, int backlog, int receiveBufferBytes) {
        return listener.equals(EmbeddedBroker.CLIENTS) ? clientSocket : controllerSocket;
    }

    @Override
    public void close() {
        Utils.closeQuietly(clientSocket, "client socket");
        Utils.closeQuietly(controllerSocket, "controller socket");
    }
}
