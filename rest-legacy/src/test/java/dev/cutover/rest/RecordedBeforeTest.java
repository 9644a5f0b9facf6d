package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.ServedRecord.Kind;
import org.junit.jupiter.api.Test;

final class RecordedBeforeTest {
    private final RecordedBefore recorded = new RecordedBefore(3);

    private static RecordedBefore.Identity body(int offset) {
        return new RecordedBefore.Identity("f", Kind.ENTRY, "k", 0, "e", (long) offset, "", "h");
    }

    private boolean has(int offset) {
        return recorded.has(body(offset), 0, 0);
    }

    @Test
    void thereIsRoomForThoseSeenLast() {
        for (int offset = 0; offset < 3; offset++) {
            recorded.add(body(offset), 0);
        }
        assertThat(has(0)).isTrue();
        recorded.add(body(3), 0);
        assertThat(has(1)).as("seen longest ago").isFalse();
        assertThat(has(0)).isTrue();
        assertThat(has(2)).isTrue();
        assertThat(has(3)).isTrue();
        recorded.forget(body(0));
        assertThat(has(0)).isFalse();
    }
}
