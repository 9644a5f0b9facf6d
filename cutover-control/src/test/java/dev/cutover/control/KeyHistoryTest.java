package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.KeyHistory.State;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.FeatureCatalog;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class KeyHistoryTest {
    private static final Feature INTRADAY =
            FeatureCatalog.shipped().feature("intraday").orElseThrow();
    private static final EventType BAR = INTRADAY.event("intraday_bar").orElseThrow();
    private static final EventType VWAP = INTRADAY.event("vwap_update").orElseThrow();
    private static final BodyForm ALL = BodyForm.of(INTRADAY, "symbol=SPY").orElseThrow();

    private final KeyHistory history = new KeyHistory(INTRADAY, "SPY");

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Version version(long offset, Object by, String data) {
        return new Version(offset, offset * 1_000, by, utf8(data));
    }

    private String body(long offset, BodyForm form) {
        State state = history.at(offset, form, true, new Payloads());
        return state instanceof State.Body body ? body.body().toString().replace('"', '\'') : state.toString();
    }

    @Test
    void theBodyIsThatOfTheOffset() {
        assertThat(body(0, ALL)).isEqualTo("None[]");
        history.add(VWAP, version(1, null, "{\"v\":1}"));
        history.add(BAR, version(2, "b", "{\"b\":1}"));
        history.add(BAR, version(4, "a", "{\"a\":1}"));
        history.add(BAR, version(5, "b", "{\"b\":2}"));
        history.add(VWAP, version(6, null, "{\"v\":2}"));
        assertThat(body(0, ALL)).isEqualTo("None[]");
        assertThat(body(1, ALL)).isEqualTo("{'symbol':'SPY','bars':[],'vwap':{'v':1}}");
        assertThat(body(3, ALL)).isEqualTo("{'symbol':'SPY','bars':[{'b':1}],'vwap':{'v':1}}");
        assertThat(body(4, ALL)).isEqualTo("{'symbol':'SPY','bars':[{'a':1},{'b':1}],'vwap':{'v':1}}");
        assertThat(body(9, ALL)).isEqualTo("{'symbol':'SPY','bars':[{'a':1},{'b':2}],'vwap':{'v':2}}");
    }

    @Test
    void aBodyWithoutAnEventOfOneTypeSaysNull() {
        history.add(BAR, version(2, "b", "{}"));
        assertThat(body(2, ALL)).isEqualTo("{'symbol':'SPY','bars':[{}],'vwap':null}");
    }

    @Test
    void theLimitIsForTheNewestByTheField() {
        BodyForm two = BodyForm.of(INTRADAY, "limit=2&symbol=SPY").orElseThrow();
        history.add(BAR, version(1, new BigDecimal("3"), "3"));
        history.add(BAR, version(2, new BigDecimal("2"), "2"));
        history.add(BAR, version(3, "x", "\"x\""));
        assertThat(body(3, two)).isEqualTo("{'symbol':'SPY','bars':[3,'x'],'vwap':null}");
    }

    @Test
    void aQueryWithoutTheParameterAsksForTheList() {
        Feature positions = FeatureCatalog.shipped().feature("positions").orElseThrow();
        assertThat(BodyForm.of(positions, "").orElseThrow().body()).isInstanceOf(Feature.KeyBody.Data.class);
        assertThat(BodyForm.of(INTRADAY, "")).as("it has no list").isEmpty();
        assertThat(BodyForm.of(INTRADAY, "symbol=SPY&limit=007").orElseThrow().limit())
                .isEqualTo(7);
        for (String limit : List.of("0", "x", "99999999999", "")) {
            assertThat(BodyForm.of(INTRADAY, "limit=" + limit + "&symbol=SPY")
                            .orElseThrow()
                            .limit())
                    .isEqualTo(Integer.MAX_VALUE);
        }
    }

    @Test
    void anEventThatComesAgainChangesNothing() {
        history.add(BAR, version(1, "a", "1"));
        history.add(BAR, version(2, "a", "2"));
        history.add(BAR, version(1, "a", "1"));
        history.add(BAR, version(2, "a", "2"));
        assertThat(history.size()).isEqualTo(2);
        assertThat(body(2, ALL)).isEqualTo("{'symbol':'SPY','bars':[2],'vwap':null}");
    }

    @Test
    void dataThatNoProgramCanHoldIsUnknown() {
        history.add(VWAP, version(1, null, "{\"v\":1e99999999999}"));
        assertThat(body(1, ALL)).isEqualTo("Unknown[]");
    }

    @Test
    void ofMembersThatAreThereTwiceTheLastCounts() {
        history.add(VWAP, version(1, null, "{\"v\":1,\"v\":2}"));
        assertThat(body(1, ALL)).isEqualTo("{'symbol':'SPY','bars':[],'vwap':{'v':2}}");
    }

    @Test
    void whereTheLogWasNotReadFromItsBeginningOnlyAFullViewIsKnown() {
        history.add(BAR, version(1, "b", "1"));
        history.add(VWAP, version(2, null, "2"));
        BodyForm vwap = new BodyForm(new Feature.KeyBody.Data(VWAP), 1);
        assertThat(history.at(2, ALL, false, new Payloads())).isInstanceOf(State.Unknown.class);
        assertThat(history.at(2, vwap, false, new Payloads())).isInstanceOf(State.Body.class);
        assertThat(history.at(1, vwap, false, new Payloads())).isInstanceOf(State.Unknown.class);
    }

    /** Compares with a view that is kept the simplest way: a map in the order of writing. */
    @Test
    void anyBodyThatIsKnownIsTheRightOneHoweverMuchHasGone() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int depth : new int[] {1, 2, 5, 40, 390}) {
            Track track = new Track(depth);
            Map<Object, Long> view = new LinkedHashMap<>();
            List<Set<Long>> states = new ArrayList<>();
            Set<Long> stored = new HashSet<>();
            long tsMs = 0;
            for (long offset = 0; offset < 3_000; offset++) {
                Object by = depth == 1 ? null : "e" + random.nextInt(random.nextInt(2 * depth) + 1);
                tsMs += random.nextInt(5_000);
                view.remove(by);
                if (view.size() == depth) {
                    view.remove(view.keySet().iterator().next());
                }
                view.put(by, offset);
                states.add(Set.copyOf(view.values()));
                stored.add(offset);
                track.add(new Version(offset, tsMs, by, new byte[0]))
                        .forEach(
                                gone -> assertThat(stored.remove(gone.offset())).isTrue());
                assertThat(track.size()).isEqualTo(stored.size());
                long asked = track.wholeFrom() + random.nextInt((int) (offset - track.wholeFrom()) + 1);
                assertThat(track.entries(asked))
                        .as("seed %s, depth %s, offset %s", seed, depth, asked)
                        .extracting(Version::offset)
                        .containsExactlyInAnyOrderElementsOf(states.get((int) asked));
            }
            System.out.println("of 3000 events at depth " + depth + " " + track.size() + " are kept, whole from "
                    + track.wholeFrom());
            assertThat(track.size()).isLessThan(2 * (depth + Track.MOST) + Track.LEAST);
            assertThat(3_000 - track.wholeFrom()).as("recent past").isGreaterThanOrEqualTo(Track.LEAST);
        }
    }

    @Test
    void whatIsRestoredGoesOnAsBefore() {
        for (int offset = 0; offset < 1_000; offset++) {
            history.add(VWAP, version(offset, null, "{\"v\":" + offset + "}"));
        }
        long wholeFrom = history.wholeFrom(VWAP);
        assertThat(wholeFrom).isPositive();
        List<Version> kept = new ArrayList<>();
        for (long offset = 0; offset < 1_000; offset++) {
            if (history.holds(VWAP, offset, offset * 1_000)) {
                kept.add(version(offset, null, "{\"v\":" + offset + "}"));
            }
        }
        KeyHistory next = new KeyHistory(INTRADAY, "SPY");
        next.restore(VWAP, wholeFrom, kept);
        BodyForm vwap = new BodyForm(new Feature.KeyBody.Data(VWAP), 1);
        for (long offset : new long[] {wholeFrom - 1, wholeFrom, 999}) {
            assertThat(next.at(offset, vwap, true, new Payloads()))
                    .isEqualTo(history.at(offset, vwap, true, new Payloads()));
        }
        assertThat(next.at(wholeFrom - 1, vwap, true, new Payloads())).isInstanceOf(State.Unknown.class);
    }

    @Test
    void theEntriesAreSortedByTheSeriesFieldNumbersBeforeTexts() {
        List<Object> by = List.of("b", new BigDecimal("10"), "a", new BigDecimal("9"));
        for (int i = 0; i < by.size(); i++) {
            history.add(BAR, version(i, by.get(i), Integer.toString(i)));
        }
        JsonNode bars =
                ((State.Body) history.at(9, ALL, true, new Payloads())).body().get("bars");
        List<Object> sorted = new ArrayList<>();
        bars.forEach(bar -> sorted.add(by.get(bar.asInt())));
        assertThat(sorted).isSortedAccordingTo(EventRecord.BY_FIELD).hasSize(4);
    }
}
