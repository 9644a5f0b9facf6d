package dev.cutover.gateway;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.Health;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a connection meets first: the answers over HTTP, and the way up to a WebSocket. One for each connection, on its event
 * loop; every answer comes from memory.
 */
final class HttpFront extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger log = LoggerFactory.getLogger(HttpFront.class);
    private static final int MOST_REQUEST_BYTES = 8 * 1024;
    private static final int READ_TIMEOUT_S = 30;
    private static final String SUBPROTOCOL = "cutover.v1";
    private static final String JSON = "application/json";
    private static final String PROBLEM = "application/problem+json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    /**
     * What the answers are made from; all of it is safe on any thread.
     *
     * @param hubOf the hub of a connection's event loop
     * @param connectionNames gives each connection its own name
     */
    record Backing(
            Supplier<Health> health,
            Supplier<CutoverStatus> status,
            GatewayMetrics metrics,
            java.util.function.Function<io.netty.channel.Channel, Hub> hubOf,
            Supplier<String> connectionNames,
            int sessionBytes) {}

    private final Backing backing;

    private HttpFront(Backing backing) {
        this.backing = backing;
    }

    static ChannelInitializer<SocketChannel> initializer(Backing backing) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                install(channel.pipeline(), backing);
            }
        };
    }

    static void install(ChannelPipeline pipeline, Backing backing) {
        pipeline.addLast(new ReadTimeoutHandler(READ_TIMEOUT_S));
        pipeline.addLast(new HttpServerCodec());
        pipeline.addLast(new HttpObjectAggregator(MOST_REQUEST_BYTES));
        pipeline.addLast(new HttpFront(backing));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            answerProblem(ctx, request, HttpResponseStatus.BAD_REQUEST, "the request is not HTTP");
            return;
        }
        String path;
        try {
            path = new QueryStringDecoder(request.uri()).path();
        } catch (IllegalArgumentException e) {
            answerProblem(ctx, request, HttpResponseStatus.BAD_REQUEST, "the path can't be decoded: " + e.getMessage());
            return;
        }
        if (!request.method().equals(HttpMethod.GET)) {
            answerProblem(ctx, request, HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET is answered here");
            return;
        }
        switch (path) {
            case "/ws", "/ws/" -> upgrade(ctx, request);
            case "/health/live" -> answer(ctx, request, HttpResponseStatus.OK, JSON, "{\"status\":\"live\"}");
            case "/health/ready" -> answerHealth(ctx, request);
            case "/metrics" ->
                answer(
                        ctx,
                        request,
                        HttpResponseStatus.OK,
                        PROMETHEUS,
                        backing.metrics().scrape());
            case "/cutover/status" ->
                answer(
                        ctx,
                        request,
                        HttpResponseStatus.OK,
                        JSON,
                        utf8(backing.status().get().toJson()));
            default ->
                answerProblem(
                        ctx,
                        request,
                        HttpResponseStatus.NOT_FOUND,
                        "there are /ws/, /health/live, /health/ready, /metrics and /cutover/status");
        }
    }

    private void answerHealth(ChannelHandlerContext ctx, FullHttpRequest request) {
        Health health = backing.health().get();
        answer(
                ctx,
                request,
                health.ready() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                JSON,
                utf8(health.toJson()));
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (!request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
            backing.metrics().handshakesRefused.increment();
            answerProblem(ctx, request, HttpResponseStatus.UPGRADE_REQUIRED, "this is a WebSocket's address");
            return;
        }
        Health health = backing.health().get();
        if (!health.ready()) {
            backing.metrics().handshakesRefused.increment();
            answerProblem(ctx, request, HttpResponseStatus.SERVICE_UNAVAILABLE, String.join("; ", health.reasons()));
            return;
        }
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshakerFactory(
                        "/ws/",
                        SUBPROTOCOL,
                        WebSocketDecoderConfig.newBuilder()
                                .maxFramePayloadLength(WebSocketHandler.MOST_MESSAGE_BYTES)
                                .allowExtensions(false)
                                .build())
                .newHandshaker(request);
        if (handshaker == null) {
            backing.metrics().handshakesRefused.increment();
            WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(ctx.channel());
            return;
        }
        handshake(ctx, request, handshaker);
    }

    private void handshake(ChannelHandlerContext ctx, FullHttpRequest request, WebSocketServerHandshaker handshaker) {
        var handshake = handshaker.handshake(ctx.channel(), request);
        if (ctx.isRemoved() || ctx.pipeline().get("wsencoder") == null) {
            return; // refused: exceptionCaught has answered
        }
        Hub hub = backing.hubOf().apply(ctx.channel());
        ctx.pipeline().remove(ReadTimeoutHandler.class);
        SubscriberSession session = WebSocketHandler.install(
                ctx.pipeline(), backing.connectionNames().get(), hub, backing.sessionBytes());
        ctx.pipeline().remove(this);
        handshake.addListener(done -> {
            if (done.isSuccess()) {
                session.open(handshaker.selectedSubprotocol() == null);
                hub.settle();
            } else {
                ctx.channel().close();
            }
        });
    }

    private void answerProblem(
            ChannelHandlerContext ctx, FullHttpRequest request, HttpResponseStatus status, String detail) {
        String body = JsonNodeFactory.instance
                .objectNode()
                .put("title", status.reasonPhrase())
                .put("status", status.code())
                .put("detail", detail)
                .toString();
        answer(ctx, request, status, PROBLEM, body);
    }

    private static void answer(
            ChannelHandlerContext ctx, FullHttpRequest request, HttpResponseStatus status, String type, String body) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        if (status.equals(HttpResponseStatus.UPGRADE_REQUIRED)) {
            response.headers().set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET);
        }
        if (status.equals(HttpResponseStatus.SERVICE_UNAVAILABLE)) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, 1);
        }
        HttpUtil.setContentLength(response, response.content().readableBytes());
        boolean keepAlive =
                HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
        HttpUtil.setKeepAlive(response, keepAlive);
        var written = ctx.writeAndFlush(response);
        if (!keepAlive) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof ReadTimeoutException || cause instanceof IOException) {
            log.debug("connection closed: {}", cause.toString());
        } else {
            log.warn("connection closed by an error: {}", cause.toString());
        }
        ctx.close();
    }
}
