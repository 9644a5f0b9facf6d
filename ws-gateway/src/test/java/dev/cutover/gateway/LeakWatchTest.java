package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A leak that nobody reports would leave every other test green. */
final class LeakWatchTest {

    @Test
    void everyBufferIsWatched() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @Test
    void aBufferThatIsDroppedIsFound() throws Exception {
        dropOne();
        List<String> found = LeakWatch.found();
        // one more, which the end of this class must fail for: the way to see that it does
        if (Boolean.getBoolean("cutover.test.leak")) {
            dropOne();
        }
        assertThat(found).singleElement().asString().contains("dropOne");
    }

    private static void dropOne() {
        UnpooledByteBufAllocator.DEFAULT.directBuffer(8).writeByte(1);
    }
}
