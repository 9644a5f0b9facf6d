package dev.cutover.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the pipeline of a stream of server-sent events: what the client sends is passed over, what becomes of its connection
 * is told to the session. One for each connection, on its event loop.
 */
final class SseHandler extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(SseHandler.class);

    private final Hub hub;
    /** Null before {@link #install} has made it. */
    private SubscriberSession session;

    private SseHandler(Hub hub) {
        this.hub = hub;
    }

    /**
     * Completes a pipeline whose answer's head is written.
     *
     * @return the session, to be opened
     */
    static SubscriberSession install(ChannelPipeline pipeline, String name, Hub hub) {
        SseHandler handler = new SseHandler(hub);
        pipeline.addLast(handler);
        ChannelHandlerContext socket = pipeline.context(handler);
        handler.session = new SubscriberSession(name, socket, new SseWire(socket.alloc()), hub);
        return handler.session;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        hub.settle();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            session.onWritable();
            hub.settle();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        session.onGone();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("{}: {}", session.name(), cause.getMessage());
            var unused = ctx.close();
            return;
        }
        if (session.fail(CloseReason.INTERNAL)) {
            log.error("{}: closed by an error of this gateway", session.name(), cause);
        }
        hub.settle();
    }
}
