package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PartsTest {
    private final List<String> closed = new ArrayList<>();

    @Test
    void partsAreClosedInReverseAlsoBehindOneThatFails() {
        Parts parts = Parts.start(building -> {
            building.add("first", () -> closed.add("first"));
            building.add("broken", () -> {
                throw new IllegalStateException("can't");
            });
            building.add("last", () -> closed.add("last"));
            return building;
        });
        assertThat(closed).isEmpty();

        parts.close();
        parts.close();

        assertThat(closed).containsExactly("last", "first");
    }

    @Test
    void aStartThatFailsLeavesNothingOpenAndKeepsItsInterrupt() {
        StartupException failure = new StartupException("the port is taken");

        assertThatThrownBy(() -> Parts.start(building -> {
                    building.add("first", () -> {
                        assertThat(Thread.currentThread().isInterrupted()).isFalse();
                        closed.add("first");
                    });
                    Thread.currentThread().interrupt();
                    throw failure;
                }))
                .isSameAs(failure);

        assertThat(closed).containsExactly("first");
        assertThat(Thread.interrupted()).isTrue();
    }
}
