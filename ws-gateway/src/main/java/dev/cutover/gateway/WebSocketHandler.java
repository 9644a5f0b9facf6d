package dev.cutover.gateway;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a WebSocket's pipeline: hands what arrives to the session. One for each connection, on its event loop. */
final class WebSocketHandler extends SimpleChannelInboundHandler<WebSocketFrame> {
    private static final Logger log = LoggerFactory.getLogger(WebSocketHandler.class);

    /** The longest message of a client, in bytes. */
    static final int MOST_MESSAGE_BYTES = 64 * 1024;

    private final SubscriberSession session;
    private final Hub hub;

    private WebSocketHandler(SubscriberSession session, Hub hub) {
        this.session = session;
        this.hub = hub;
    }

    /**
     * Completes a pipeline whose handshake has put the WebSocket codec in place.
     *
     * @return the session, to be opened once the handshake's answer is written
     */
    static SubscriberSession install(ChannelPipeline pipeline, String name, Hub hub, int outboundBytes) {
        ChannelHandlerContext wire = pipeline.context(WebSocketFrameEncoder.class);
        SubscriberSession session = new SubscriberSession(name, wire, hub, outboundBytes);
        pipeline.addLast(new Utf8FrameValidator(true));
        pipeline.addLast(new WebSocketFrameAggregator(MOST_MESSAGE_BYTES));
        pipeline.addLast(new WebSocketHandler(session, hub));
        return session;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        if (frame instanceof TextWebSocketFrame text) {
            session.onText(text.text());
        } else if (frame instanceof BinaryWebSocketFrame) {
            session.onBinary();
        } else if (frame instanceof PongWebSocketFrame) {
            session.sign();
        } else if (frame instanceof PingWebSocketFrame) {
            session.sign();
            if (ctx.channel().isWritable()) { // a client that does not read gets no pile of pongs
                ctx.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
            }
        } else if (frame instanceof CloseWebSocketFrame) {
            ctx.writeAndFlush(new CloseWebSocketFrame(true, 0, frame.content().retain()))
                    .addListener(ChannelFutureListener.CLOSE);
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
            session.drain();
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
        if (cause instanceof CorruptedWebSocketFrameException corrupted) {
            // the decoder has sent the close frame; it is counted here
            hub.metrics()
                    .closed(
                            corrupted.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)
                                    ? CloseReason.TOO_BIG.code
                                    : "protocol_error");
        } else if (cause instanceof TooLongFrameException) {
            session.close(CloseReason.TOO_BIG);
        } else if (cause instanceof IOException) {
            log.debug("{}: {}", session.name(), cause.getMessage());
            ctx.close();
        } else {
            log.error("{}: closed by an error of this gateway", session.name(), cause);
            session.close(CloseReason.INTERNAL);
        }
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
    }
}
