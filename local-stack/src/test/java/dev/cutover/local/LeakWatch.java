package dev.cutover.local;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class in whose time Netty found a buffer that was never released. JUnit finds it by {@code META-INF/services},
 * before any class of Netty's is there. The module of the gateway and that of the system tests have one each: neither sees the
 * other's test classes.
 *
 * <p>Leaks are reported by whichever thread allocates next; the rest is for JUnit's thread.
 */
public final class LeakWatch implements Extension, AfterAllCallback {
    private static final long COLLECTION_MS = 5_000;

    /** Static, as Netty's detectors are: the first one made serves the whole JVM. */
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    public LeakWatch() {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation") // the one method that must be there
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                    Class<T> resource, int samplingInterval, long maxActive) {
                return new Reporting<>(resource, samplingInterval);
            }
        });
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        List<String> found = found();
        if (!found.isEmpty()) {
            throw new AssertionError(found.size() + " buffers were never released:\n" + String.join("\n", found));
        }
    }

    /** All that was found since it was last asked; a buffer counts once it is garbage. */
    static List<String> found() throws InterruptedException {
        // twice: a witness may come to its queue before others of its own collection, not before those of the last
        collectGarbage();
        collectGarbage();
        // Netty reports what it found when the next buffer that it watches is made; those on the heap it does not watch
        UnpooledByteBufAllocator.DEFAULT.directBuffer(1).release();
        List<String> found = new ArrayList<>();
        for (String leak; (leak = LEAKS.poll()) != null; ) {
            found.add(leak);
        }
        return found;
    }

    /** Returns when the references of what was garbage before are in their queues, or about to be, Netty's among them. */
    private static void collectGarbage() throws InterruptedException {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> witness = new PhantomReference<>(new Object(), queue);
        System.gc();
        if (queue.remove(COLLECTION_MS) != witness) {
            throw new AssertionError("no garbage was collected within " + COLLECTION_MS + " ms");
        }
    }

    private static final class Reporting<T> extends ResourceLeakDetector<T> {
        Reporting(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected void reportTracedLeak(String resource, String records) {
            super.reportTracedLeak(resource, records);
            LEAKS.add(resource + records);
        }

        @Override
        protected void reportUntracedLeak(String resource) {
            super.reportUntracedLeak(resource);
            LEAKS.add(resource + " (no record of where)");
        }
    }
}
