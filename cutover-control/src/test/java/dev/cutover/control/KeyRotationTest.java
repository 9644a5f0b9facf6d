package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class KeyRotationTest {
    private final TreeSet<String> keys = new TreeSet<>(List.of("a", "b", "c", "d", "e"));

    @Test
    void everyKeyHasItsTurnBeforeOneComesAgain() {
        KeyRotation rotation = new KeyRotation(2);
        assertThat(rotation.next(keys)).containsExactly("a", "b");
        assertThat(rotation.next(keys)).containsExactly("c", "d");
        assertThat(rotation.next(keys)).containsExactly("e", "a");
        assertThat(rotation.next(keys)).containsExactly("b", "c");
    }

    @Test
    void noKeyComesTwiceInATurn() {
        KeyRotation rotation = new KeyRotation(9);
        assertThat(rotation.next(keys)).containsExactly("a", "b", "c", "d", "e");
        assertThat(rotation.next(keys)).containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void keysMayComeAndGo() {
        KeyRotation rotation = new KeyRotation(2);
        assertThat(rotation.next(new TreeSet<>())).isEmpty();
        assertThat(rotation.next(keys)).containsExactly("a", "b");
        keys.removeAll(List.of("b", "c"));
        keys.add("bb");
        assertThat(rotation.next(keys)).containsExactly("bb", "d");
        assertThat(rotation.next(new TreeSet<>(List.of("a")))).containsExactly("a");
    }
}
