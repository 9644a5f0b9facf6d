package dev.cutover.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a WebSocket's pipeline: hands what arrives to the session. One for each connection, on its event loop. */
final class WebSocketHandler extends SimpleChannelInboundHandler<Object> {
    private static final Logger log = LoggerFactory.getLogger(WebSocketHandler.class);

    /** The longest message of a client, in bytes. */
    private static final int MOST_MESSAGE_BYTES = 64 * 1024;

    /** How the frames of a client are to be read. */
    static final WebSocketDecoderConfig DECODING = WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(MOST_MESSAGE_BYTES)
            .closeOnProtocolViolation(false) // the session says why it closes
            .build();

    private final SubscriberSession session;
    private final Hub hub;

    private WebSocketHandler(SubscriberSession session, Hub hub) {
        this.session = session;
        this.hub = hub;
    }

    /**
     * Completes a pipeline whose handshake has put the WebSocket codec in place.
     *
     * @return the session, to be opened
     */
    static SubscriberSession install(ChannelPipeline pipeline, String name, Hub hub) {
        ChannelHandlerContext socket = pipeline.context(WebSocketFrameEncoder.class);
        SubscriberSession session = new SubscriberSession(name, socket, WebSocketWire.INSTANCE, hub);
        pipeline.addLast(new MessageGate(session, hub));
        pipeline.addLast(new Utf8FrameValidator(false)); // false: the session says why it closes
        pipeline.addLast(new WebSocketFrameAggregator(MOST_MESSAGE_BYTES));
        pipeline.addLast(new WebSocketHandler(session, hub));
        return session;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object message) {
        if (message instanceof TextWebSocketFrame text) {
            session.onText(text.text());
        } else if (message instanceof BinaryWebSocketFrame) {
            session.onBinary();
        } else if (message instanceof PongWebSocketFrame) {
            session.sign();
        } else if (message instanceof PingWebSocketFrame ping) {
            session.onPing(ping.content());
        } else if (message instanceof CloseWebSocketFrame close) {
            session.onClose(close.content());
        } else {
            // bytes behind the handshake, whose answer the socket had not taken yet
            session.fail(CloseReason.PROTOCOL_ERROR);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        hub.settle();
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            session.onWritable();
            hub.settle();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        session.onGone();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException
                || cause instanceof PrematureChannelClosureException) { // it went, if in mid-message
            log.debug("{}: {}", session.name(), cause.getMessage());
            var unused = ctx.close();
            return;
        }
        CloseReason reason = reason(cause);
        if (session.fail(reason) && reason == CloseReason.INTERNAL) {
            log.error("{}: closed by an error of this gateway", session.name(), cause);
        }
        hub.settle();
    }

    private static CloseReason reason(Throwable cause) {
        if (cause instanceof TooLongFrameException) {
            return CloseReason.TOO_BIG;
        }
        if (cause instanceof CorruptedWebSocketFrameException corrupted) {
            WebSocketCloseStatus status = corrupted.closeStatus();
            if (status.equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)) {
                return CloseReason.TOO_BIG;
            }
            return status.equals(WebSocketCloseStatus.INVALID_PAYLOAD_DATA)
                    ? CloseReason.NOT_UTF8
                    : CloseReason.PROTOCOL_ERROR;
        }
        return cause instanceof DecoderException ? CloseReason.PROTOCOL_ERROR : CloseReason.INTERNAL;
    }
}
