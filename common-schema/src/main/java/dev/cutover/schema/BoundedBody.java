package dev.cutover.schema;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Takes the body of an HTTP answer whole, and hangs up on one that is longer than may be: what another service sends must fit into
 * memory. Called by one thread at a time, as the JDK's client promises.
 */
public final class BoundedBody implements BodySubscriber<byte[]> {

    /** The body is longer than may be. */
    public static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        TooLongException(int mostBytes) {
            super("its body has more than " + mostBytes + " bytes");
        }
    }

    private final int mostBytes;
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    /** Null before the subscription. */
    private Flow.Subscription subscription;

    /**
     * A body that has not begun.
     *
     * @param mostBytes how long it may be; 0 or more
     */
    public BoundedBody(int mostBytes) {
        this.mostBytes = mostBytes;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            // what was asked for already may still come after the subscription has ended
            if (body.isDone()) {
                return;
            }
            if (buffer.remaining() > mostBytes - taken.size()) {
                subscription.cancel();
                body.completeExceptionally(new TooLongException(mostBytes));
                return;
            }
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            taken.writeBytes(bytes);
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(taken.toByteArray());
    }
}
