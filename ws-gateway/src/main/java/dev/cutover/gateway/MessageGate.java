package dev.cutover.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Lets as many frames of a client through as its {@link MessageRate} allows, before anything is done with them: pieces of a
 * message count as well, since they need not hold a byte. One for each connection, on its event loop.
 */
final class MessageGate extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final SubscriberSession session;
    private final Hub hub;
    private final MessageRate rate;
    /** Whether the rest of a message is dropped, as its beginning was. */
    private boolean dropping;

    MessageGate(SubscriberSession session, Hub hub) {
        super(false); // it passes frames on
        this.session = session;
        this.hub = hub;
        this.rate = new MessageRate(hub.settings().limits().messageRate(), hub.nowNs());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        boolean piece = frame instanceof ContinuationWebSocketFrame;
        if (piece && dropping) {
            dropping = !frame.isFinalFragment();
            drop(frame);
        } else if (frame instanceof CloseWebSocketFrame || rate.allows(hub.nowNs())) {
            ctx.fireChannelRead(frame);
        } else {
            refuse(frame, piece);
            drop(frame);
        }
    }

    private void refuse(WebSocketFrame frame, boolean piece) {
        if (frame instanceof PingWebSocketFrame || frame instanceof PongWebSocketFrame) {
            session.onTooManyControlFrames();
        } else if (piece) {
            session.fail(CloseReason.BAD_MESSAGES); // what came before it was let through, and can't be called back
        } else {
            dropping = !frame.isFinalFragment();
            session.onTooManyMessages();
        }
    }

    private static void drop(WebSocketFrame frame) {
        ReferenceCountUtil.release(frame);
    }
}
