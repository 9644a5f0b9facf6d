package dev.cutover.gateway;

import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Origins;
import dev.cutover.schema.ServiceEndpoints;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
    private static final String SUBPROTOCOL = "cutover.v1";

    /**
     * What the answers are made from; all of it is safe on any thread.
     *
     * @param endpoints what every service answers
     * @param hubOf the hub of a connection's event loop
     * @param connectionNames gives each connection its own name
     * @param requestTimeout how long a connection may take for its next request, the last byte of it included
     */
    record Backing(
            ServiceEndpoints endpoints,
            GatewayMetrics metrics,
            Function<Channel, Hub> hubOf,
            Supplier<String> connectionNames,
            Admission admission,
            Duration requestTimeout) {}

    private final Backing backing;
    /** Whether the HTTP codec, when it left, passed on bytes that it had not read: they came right behind a handshake. */
    private boolean bytesBehindHandshake;
    /** Closes the connection; null before it is installed. */
    private Future<?> deadline;

    private HttpFront(Backing backing) {
        this.backing = backing;
    }

    static ChannelInitializer<SocketChannel> initializer(Backing backing) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                if (backing.admission().accept(channel)) {
                    install(channel.pipeline(), backing);
                } else {
                    backing.metrics().refused(Refusal.TOO_MANY_SOCKETS.code());
                    var unused = channel.close();
                }
            }
        };
    }

    static void install(ChannelPipeline pipeline, Backing backing) {
        pipeline.addLast(new HttpServerCodec());
        pipeline.addLast(new HttpObjectAggregator(MOST_REQUEST_BYTES));
        pipeline.addLast(new HttpFront(backing));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        awaitRequest(ctx);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        deadline.cancel(false);
    }

    /** From the last whole request, not from the last byte: else a byte now and then would keep a connection for ever. */
    private void awaitRequest(ChannelHandlerContext ctx) {
        deadline = ctx.executor()
                .schedule(
                        () -> {
                            backing.metrics().refused(Refusal.HANDSHAKE_TIMEOUT.code());
                            var unused = ctx.close();
                        },
                        backing.requestTimeout().toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        bytesBehindHandshake |= !acceptInboundMessage(message);
        super.channelRead(ctx, message);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (!ctx.channel().isActive() || !ctx.channel().isWritable()) {
            var unused = ctx.close(); // it has left, or asks for more than it reads
            return;
        }
        if (!request.decoderResult().isSuccess()) {
            refuse(ctx, request, Refusal.NOT_HTTP, "the request is not HTTP");
            return;
        }
        deadline.cancel(false);
        awaitRequest(ctx);
        if (backing.admission().isForeignHost(request.headers())) {
            String host = String.join(", ", request.headers().getAll(HttpHeaderNames.HOST));
            refuse(ctx, request, Refusal.FOREIGN_HOST, Origins.foreignHost(host));
            return;
        }
        String path;
        try {
            path = new QueryStringDecoder(request.uri()).path();
        } catch (IllegalArgumentException e) {
            refuse(ctx, request, Refusal.BAD_PATH, "the path can't be decoded: " + e.getMessage());
            return;
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            refuse(ctx, request, Refusal.METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
            return;
        }
        if (path.equals("/ws/") || path.equals("/ws")) {
            upgrade(ctx, request);
            return;
        }
        if (path.equals("/sse") || path.equals("/sse/")) {
            stream(ctx, request);
            return;
        }
        backing.endpoints()
                .answer(path)
                .ifPresentOrElse(
                        answer -> answer(ctx, request, answer, answer.status() == 503 ? 1 : 0),
                        () -> refuse(
                                ctx,
                                request,
                                Refusal.NOT_FOUND,
                                "there are /ws/, /sse, " + String.join(", ", ServiceEndpoints.PATHS)));
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request) {
        HttpHeaders headers = request.headers();
        if (!request.method().equals(HttpMethod.GET)
                || !headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
            refuse(ctx, request, Refusal.UPGRADE_REQUIRED, "this is a WebSocket's address");
        } else if (!WebSocketVersion.V13
                .toHttpHeaderValue()
                .equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(ctx, request, Refusal.UPGRADE_REQUIRED, "only version 13 of the protocol is spoken here");
        } else if (!headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                || !headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
            refuse(
                    ctx,
                    request,
                    Refusal.BAD_HANDSHAKE,
                    "a WebSocket's handshake needs the headers Connection: Upgrade and Sec-WebSocket-Key");
        } else {
            backing.admission()
                    .admit(ctx.channel(), headers)
                    .ifPresentOrElse(
                            refused -> refuse(ctx, request, refused.why(), refused.detail()), () -> open(ctx, request));
        }
    }

    /** Answers with a stream of server-sent events. */
    private void stream(ChannelHandlerContext ctx, FullHttpRequest request) {
        Hub hub = backing.hubOf().apply(ctx.channel());
        List<ClientMessage.Subscribe> wanted;
        try {
            if (!request.method().equals(HttpMethod.GET)) {
                throw new ClientMessage.BadFieldException("a stream of events is asked for by GET");
            }
            wanted = SseRequest.parse(
                    new QueryStringDecoder(request.uri()).parameters(),
                    request.headers().get("Last-Event-ID"),
                    hub.shards().stream().map(FeatureShard::feature).toList());
        } catch (ClientMessage.BadFieldException | IllegalArgumentException e) {
            refuse(ctx, request, Refusal.BAD_REQUEST, e.getMessage());
            return;
        }
        backing.admission()
                .admit(ctx.channel(), request.headers())
                .ifPresentOrElse(
                        refused -> refuse(ctx, request, refused.why(), refused.detail()),
                        () -> openStream(ctx, request, hub, wanted));
    }

    private void openStream(
            ChannelHandlerContext ctx, FullHttpRequest request, Hub hub, List<ClientMessage.Subscribe> wanted) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream")
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE) // it ends with the connection
                .set("X-Accel-Buffering", "no");
        String origin = request.headers().get(HttpHeaderNames.ORIGIN);
        if (origin != null) { // which may connect: it was let in
            head.headers()
                    .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin)
                    .set(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
        }
        var unused = ctx.write(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        ChannelPipeline pipeline = ctx.pipeline();
        pipeline.remove(HttpObjectAggregator.class);
        SubscriberSession session =
                SseHandler.install(pipeline, backing.connectionNames().get(), hub);
        pipeline.remove(HttpServerCodec.class);
        pipeline.remove(this);
        session.open(wanted);
        hub.settle();
    }

    private void refuse(ChannelHandlerContext ctx, FullHttpRequest request, Refusal why, String detail) {
        backing.metrics().refused(why.code());
        String title = HttpResponseStatus.valueOf(why.status).reasonPhrase();
        HttpAnswer problem = HttpAnswer.refusal(why.status, title, why.code(), detail);
        answer(ctx, request, problem, why.retryAfterS);
    }

    /** Answers the handshake and opens the session behind it: what the session writes follows the answer. */
    private void open(ChannelHandlerContext ctx, FullHttpRequest request) {
        WebSocketServerHandshaker handshaker =
                new WebSocketServerHandshaker13("/ws/", SUBPROTOCOL, WebSocketHandler.DECODING);
        ChannelPipeline pipeline = ctx.pipeline();
        var unused = handshaker
                .handshake(ctx.channel(), request)
                .addListener(ChannelFutureListener.CLOSE_ON_FAILURE); // its place would be taken, and nobody there
        Hub hub = backing.hubOf().apply(ctx.channel());
        SubscriberSession session =
                WebSocketHandler.install(pipeline, backing.connectionNames().get(), hub);
        pipeline.remove(this);
        session.open(handshaker.selectedSubprotocol() == null);
        if (bytesBehindHandshake) {
            session.fail(CloseReason.PROTOCOL_ERROR); // a client must wait for the answer (RFC 6455, section 4.1)
        }
        hub.settle();
    }

    private static void answer(ChannelHandlerContext ctx, FullHttpRequest request, HttpAnswer answer, int retryAfterS) {
        HttpResponseStatus status = HttpResponseStatus.valueOf(answer.status());
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(answer.body()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        HttpUtil.setContentLength(response, response.content().readableBytes());
        boolean keepAlive =
                HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
        HttpUtil.setKeepAlive(response, keepAlive);
        if (status.equals(HttpResponseStatus.UPGRADE_REQUIRED)) {
            response.headers()
                    .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .add(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE)
                    .set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, WebSocketVersion.V13.toHttpHeaderValue());
        } else if (status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        if (retryAfterS > 0) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, retryAfterS);
        }
        var written = ctx.writeAndFlush(response);
        if (!keepAlive) {
            var unused = written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("connection closed: {}", cause.toString());
        } else {
            log.warn("connection closed by an error: {}", cause.toString());
        }
        var unused = ctx.close();
    }
}
