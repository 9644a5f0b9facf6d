package dev.cutover.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/** The end of a pipeline towards the network: counts flushes, and takes nothing while it is stalled. */
final class FakeSocket extends ChannelOutboundHandlerAdapter {
    private ChannelHandlerContext ctx;
    private boolean stalled;
    private boolean resumes;
    private boolean broken;
    private int flushes;

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (broken) {
            io.netty.util.ReferenceCountUtil.release(message);
            throw new IllegalStateException("a handler that is broken");
        }
        super.write(context, message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        flushes++;
        stalled &= !resumes;
        if (!stalled) {
            context.flush();
        }
    }

    /** From now on nothing leaves, as if the peer had stopped to read and all buffers were full. */
    void stall() {
        stalled = true;
    }

    /** Takes what is written so far, once; stays stalled. */
    void takeOnce() {
        ctx.flush();
    }

    void resume() {
        stalled = false;
        ctx.flush();
    }

    /** Stays stalled until it is flushed again, as a socket that has drained meanwhile. */
    void resumeWithNextFlush() {
        resumes = true;
    }

    /** From now on every write fails by an error of this process. */
    void breakDown() {
        broken = true;
    }

    int flushesSinceLastAsked() {
        int count = flushes;
        flushes = 0;
        return count;
    }
}
