package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class KeyViewTest {
    private static final int BARS = 0;
    private static final int VWAP = 1;

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> texts(KeyView view, int type) {
        return view.entries(type).stream()
                .map(entry -> StandardCharsets.UTF_8.decode(entry.data()).toString())
                .toList();
    }

    @Test
    void anEmptyViewHasNoEntries() {
        KeyView view = KeyView.empty(2);
        assertThat(view.entries(BARS)).isEmpty();
        assertThat(view.entries(VWAP)).isEmpty();
        assertThat(view.offset()).isEqualTo(-1);
    }

    @Test
    void aTypeWithoutASeriesKeepsItsNewestEvent() {
        KeyView view = KeyView.empty(2)
                .apply(VWAP, 1, null, 3, utf8("first"))
                .apply(VWAP, 1, null, 9, utf8("second, and longer"));
        assertThat(texts(view, VWAP)).containsExactly("second, and longer");
        assertThat(view.entries(BARS)).isEmpty();
        assertThat(view.offset()).isEqualTo(9);
    }

    @Test
    void aRewrittenEntryCountsAsWrittenLastAndOutlivesTheOthers() {
        KeyView view = KeyView.empty(2)
                .apply(BARS, 2, "09:30", 1, utf8("a"))
                .apply(BARS, 2, "09:31", 2, utf8("b"))
                .apply(BARS, 2, "09:30", 3, utf8("a2"))
                .apply(BARS, 2, "09:32", 4, utf8("c"));
        assertThat(texts(view, BARS)).containsExactly("a2", "c");
        assertThat(view.entries(BARS)).extracting(KeyView.Entry::offset).containsExactly(3L, 4L);
    }

    @Test
    void numbersAndTextsThatLookAlikeAreTwoEntries() {
        KeyView view = KeyView.empty(1)
                .apply(0, 5, "1", 1, utf8("text"))
                .apply(0, 5, BigDecimal.ONE, 2, utf8("number"))
                .apply(0, 5, "\ud800", 3, utf8("half a character"))
                .apply(0, 5, "\ud801", 4, utf8("another half"));
        assertThat(view.entries(0))
                .extracting(KeyView.Entry::by)
                .containsExactly("1", BigDecimal.ONE, "\ud800", "\ud801");
    }

    @Test
    void aChangeLeavesTheViewBeforeItAsItWas() {
        KeyView before = KeyView.empty(1).apply(0, 1, null, 1, utf8("before"));
        KeyView after = before.apply(0, 1, null, 2, utf8("after"));
        assertThat(texts(before, 0)).containsExactly("before");
        assertThat(texts(after, 0)).containsExactly("after");
    }

    /** Event types of depth 1, 3 and 10, against a map in the order of writing. */
    @Test
    void itIsWhatANaiveModelIsOverRandomEvents() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int[] depths = {1, 3, 10};
        for (int round = 0; round < 200; round++) {
            KeyView view = KeyView.empty(depths.length);
            List<Map<Object, KeyView.Entry>> model = new ArrayList<>();
            for (int ignored : depths) {
                model.add(new LinkedHashMap<>());
            }
            for (long offset = 0; offset < 100; offset++) {
                int type = random.nextInt(depths.length);
                Object by = by(random, depths[type]);
                byte[] data = new byte[random.nextInt(20)];
                random.nextBytes(data);
                Map<Object, KeyView.Entry> entries = model.get(type);
                if (entries.remove(by) == null && entries.size() == depths[type]) {
                    entries.remove(entries.keySet().iterator().next());
                }
                entries.put(by, new KeyView.Entry(offset, by, ByteBuffer.wrap(data)));
                view = KeyView.decode(
                        view.apply(type, depths[type], by, offset, data).encode());
                assertThat(view.offset()).isEqualTo(offset);
                for (int each = 0; each < depths.length; each++) {
                    assertThat(view.entries(each))
                            .as("seed %d, type %d after offset %d", seed, each, offset)
                            .containsExactlyElementsOf(model.get(each).values());
                }
            }
        }
    }

    private static Object by(Random random, int depth) {
        if (depth == 1) {
            return null;
        }
        int number = random.nextInt(15);
        return random.nextBoolean() ? Integer.toString(number) : BigDecimal.valueOf(number);
    }
}
