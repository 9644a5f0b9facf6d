package dev.cutover.schema;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server whose routes are Javalin's, set up the same for every service that has one: its own bounded threads, {@code NAME-http-N},
 * a socket that is bound before anything else is started, no banner, no compression, and a problem detail for whatever is refused
 * before it reaches a route.
 *
 * <p>The one class here that needs Javalin, which services without such a server leave out of their class path.
 */
public final class HttpServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
    private static final int MOST_THREADS = 40;
    private static final int LEAST_THREADS = 4;
    private static final int BACKLOG = 1024;
    private static final long STOP_TIMEOUT_MS = 1_000;
    /** After which a connection that waits for its next request is closed when the service stops. */
    private static final long SHUTDOWN_IDLE_MS = 50;

    private final InetSocketAddress address;
    private final Javalin app;

    private HttpServer(InetSocketAddress address, Javalin app) {
        this.address = address;
        this.app = app;
    }

    /**
     * Binds and serves.
     *
     * @param name of the service, for its threads and in messages
     * @param port names the setting that chooses it; 0 for any free one
     * @param foreignHost told of each request that is refused with 403 since its Host is foreign: see {@link
     *     Origins#isForeignHost}
     * @param routes adds its routes and exception handlers to the configuration
     * @throws StartupException when the port is taken, or the address is not this machine's
     */
    public static HttpServer start(
            String name,
            String host,
            int number,
            Setting<Integer> port,
            Runnable foreignHost,
            Consumer<JavalinConfig> routes) {
        ServerSocketChannel channel = null;
        try {
            channel = ServerSocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(host, number), BACKLOG);
            return serve(name, channel, foreignHost, routes);
        } catch (IOException | UnresolvedAddressException e) {
            close(channel);
            String reason = e instanceof UnresolvedAddressException ? "there is no such address" : e.getMessage();
            throw new StartupException(
                    "the " + name + " service can't listen on " + HostAndPort.of(host, number) + ": " + reason
                            + "; choose another port with " + port.option() + ", or another --host",
                    e);
        } catch (RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    private static HttpServer serve(
            String name, ServerSocketChannel channel, Runnable foreignHost, Consumer<JavalinConfig> routes)
            throws IOException {
        InetSocketAddress address = (InetSocketAddress) channel.getLocalAddress();
        Javalin app = Javalin.create(config -> {
            setUp(config, name, channel);
            if (Origins.isLoopbackOnly(address)) {
                config.routes.before(context -> refuseForeignHost(context, foreignHost));
            }
            routes.accept(config);
        });
        app.start();
        return new HttpServer(address, app);
    }

    private static void setUp(JavalinConfig config, String name, ServerSocketChannel channel) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        QueuedThreadPool threads = new QueuedThreadPool(MOST_THREADS, LEAST_THREADS);
        threads.setName(name + "-http");
        threads.setDaemon(true);
        threads.setStopTimeout(STOP_TIMEOUT_MS);
        config.jetty.threadPool = threads;
        config.jetty.addConnector((server, http) -> connector(server, http, channel));
        Problems problems = new Problems();
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(problems);
            server.setStopTimeout(STOP_TIMEOUT_MS);
        });
        config.jetty.modifyServletContextHandler(handler -> handler.setErrorHandler(problems));
    }

    private static void refuseForeignHost(Context context, Runnable foreignHost) {
        String host = context.header("Host");
        if (Origins.isForeignHost(host)) {
            foreignHost.run();
            HttpAnswer answer =
                    HttpAnswer.refusal(403, "Foreign Host", Origins.FOREIGN_HOST, Origins.foreignHost(host));
            context.status(answer.status())
                    .contentType(answer.contentType())
                    .header("Cache-Control", "no-store")
                    .result(answer.body());
            context.skipRemainingHandlers();
        }
    }

    private static Connector connector(Server server, HttpConfiguration http, ServerSocketChannel channel) {
        http.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setShutdownIdleTimeout(SHUTDOWN_IDLE_MS);
        try {
            connector.open(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return connector;
    }

    private static void close(ServerSocketChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.warn("the socket of a failed start did not close: {}", e.getMessage());
        }
    }

    /** What is answered where a request does not get as far as Javalin: the same form of problem as everywhere. */
    private static final class Problems extends ErrorHandler {

        @Override
        public boolean errorPageForMethod(String method) {
            return true;
        }

        @Override
        protected void generateResponse(
                Request request, Response response, int code, String message, Throwable cause, Callback callback) {
            String title = HttpStatus.getMessage(code);
            HttpAnswer answer =
                    HttpAnswer.problem(code, title, "the request was refused: " + (message == null ? title : message));
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, answer.contentType());
            response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
            response.write(true, ByteBuffer.wrap(answer.body()), callback);
        }
    }

    /** The address that clients connect to. */
    public InetSocketAddress address() {
        return address;
    }

    /** Within a second or so. */
    @Override
    public void close() {
        try {
            app.stop();
        } catch (JavalinException e) {
            log.warn("connections that had not ended within {} ms were cut: {}", STOP_TIMEOUT_MS, e.getMessage());
        }
    }
}
