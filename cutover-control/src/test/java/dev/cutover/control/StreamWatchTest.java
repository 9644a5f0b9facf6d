package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** One subscription over its connections, by the frames of the protocol. */
final class StreamWatchTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");

    private final Feature intraday =
            FeatureCatalog.shipped().feature("intraday").orElseThrow();
    private final Feature positions =
            FeatureCatalog.shipped().feature("positions").orElseThrow();

    private Feature feature = intraday;
    private FeatureWatch watch = watch(intraday);
    private StreamWatch stream = new StreamWatch(intraday, watch);

    private static FeatureWatch watch(Feature feature) {
        return new FeatureWatch(
                feature, new FreshnessWatch(event -> 0, Duration.ofSeconds(1)), (hours, instant) -> true);
    }

    private void use(Feature other) {
        feature = other;
        watch = watch(other);
        stream = new StreamWatch(other, watch);
    }

    private JsonNode subscribe() {
        return stream.subscribe(1);
    }

    private void subscribed(String epoch, long offset, String more) {
        stream.subscribed(GatewayFrame.read(("{\"type\":\"subscribed\",\"id\":1,\"feature\":\"%s\",\"epoch\":\"%s\","
                                + "\"offsets\":{\"0\":%d,\"1\":-1}%s}")
                        .formatted(feature.name(), epoch, offset, more))
                .json());
    }

    private boolean event(String key, long offset, Long prev, String more) {
        String type = feature.events().get(0).type();
        return stream.event(
                GatewayFrame.read("{\"type\":\"%s\",\"feature\":\"%s\",\"key\":\"%s\",\"pos\":\"0:%d\"%s%s,\"data\":{}}"
                        .formatted(type, feature.name(), key, offset, prev == null ? "" : ",\"prev\":" + prev, more)),
                1);
    }

    private boolean event(String key, long offset, long prev) {
        return event(key, offset, prev, "");
    }

    private void snapshot(String key, long offset) {
        event(key, offset, null, ",\"snapshot\":true");
    }

    private Observation observe() {
        return watch.observe("control-test", NOW.minusSeconds(1), NOW, 2, new FeatureWatch.Connections(1, 0), null);
    }

    private void liveAt10() {
        subscribe();
        subscribed("e1", 10, "");
        snapshot("SPY", 8);
        snapshot("QQQ", 10);
        stream.snapshotComplete();
    }

    @Test
    void anUnbrokenChainHasNoGap() {
        liveAt10();

        event("SPY", 11, 8);
        event("QQQ", 12, 10);
        event("SPY", 14, 11);

        Observation seen = observe();
        assertThat(seen.gaps()).isZero();
        assertThat(seen.types().get("intraday_bar").frames()).isEqualTo(3);
        assertThat(seen.types().get("intraday_bar").keys()).isEqualTo(2);
    }

    @Test
    void anEventWhosePredecessorNeverCameIsAGap() {
        liveAt10();

        event("SPY", 11, 8);
        event("SPY", 13, 12);

        assertThat(observe().gaps()).isEqualTo(1);
        event("SPY", 14, 13);
        assertThat(observe().gaps()).as("each loss counts once").isZero();
    }

    @Test
    void theFirstEventOfAKeyIsAGapOnlyWhereItsPredecessorShouldHaveCome() {
        liveAt10();

        event("IWM", 11, null, "");
        event("DIA", 12, 9, "");
        assertThat(observe().gaps())
                .as("one that is new, and one from before the begin")
                .isZero();
        event("XLF", 15, 13, "");
        assertThat(observe().gaps()).isEqualTo(1);
    }

    private boolean event(String key, long offset, int prev, String more) {
        return event(key, offset, Long.valueOf(prev), more);
    }

    @Test
    void whereTheLatestValueIsEnoughASkippedOneIsNoGap() {
        use(positions);
        liveAt10();

        event("SPY", 13, 12);

        assertThat(observe().gaps()).isZero();
    }

    @Test
    void framesOfASnapshotOrAReplayAreNotCounted() {
        liveAt10();
        event("SPY", 30, 29L, ",\"replay\":true");

        Observation seen = observe();
        assertThat(seen.types().get("intraday_bar").frames()).isZero();
        assertThat(seen.types().get("intraday_bar").lastAt()).isNull();
        assertThat(seen.gaps()).isZero();
        assertThat(event("SPY", 11, 8)).as("a replay moves no position").isTrue();
    }

    @Test
    void afterALossItGoesOnFromItsPosition() {
        liveAt10();
        event("SPY", 11, 8);
        stream.lost();
        assertThat(stream.isUp()).isFalse();

        JsonNode from = subscribe().path("from");

        assertThat(from.path("epoch").asText()).isEqualTo("e1");
        assertThat(from.path("offsets").toString()).isEqualTo("{\"0\":11,\"1\":-1}");
        subscribed("e1", 11, "");
        event("QQQ", 12, 10);
        stream.caughtUp();
        event("SPY", 13, 11);
        assertThat(observe().gaps()).isZero();
    }

    @Test
    void whatIsLostBetweenTwoConnectionsIsAGap() {
        liveAt10();
        event("SPY", 11, 8);
        stream.lost();
        subscribe();
        subscribed("e1", 11, "");

        event("SPY", 14, 12);

        assertThat(observe().gaps()).isEqualTo(1);
    }

    @Test
    void aSubscriptionThatBeginsFurtherOnThanItWasAskedToIsAGap() {
        liveAt10();
        stream.lost();
        subscribe();

        subscribed("e1", 20, "");

        assertThat(observe().gaps()).isEqualTo(1);
        stream.snapshotComplete();
        event("SPY", 22, 15L, "");
        assertThat(observe().gaps()).as("it begins anew").isZero();
    }

    @Test
    void anExpiredPositionIsOneGapAndNoFailure() {
        use(positions);
        liveAt10();
        stream.lost();
        subscribe();

        stream.refused("position_expired");
        subscribed("e1", 40, ",\"gap\":true");
        snapshot("SPY", 40);
        stream.snapshotComplete();

        Observation seen = observe();
        assertThat(seen.gaps()).isEqualTo(1);
        assertThat(seen.failures()).isZero();
    }

    @Test
    void aTopicThatIsMadeAnewIsAGapAndItsEventsAreCountedFromItsBegin() {
        liveAt10();
        event("SPY", 11, 8);

        subscribed("e2", -1, ",\"gap\":true");
        stream.snapshotComplete();
        event("SPY", 0, null, "");
        event("SPY", 1, 0);

        Observation seen = observe();
        assertThat(seen.gaps()).isEqualTo(1);
        assertThat(seen.types().get("intraday_bar").frames()).isEqualTo(3);
    }

    @Test
    void beforeItsSnapshotIsCompleteAPositionIsNone() {
        subscribe();
        subscribed("e1", 10, "");
        snapshot("SPY", 8);
        stream.lost();

        assertThat(subscribe().path("from").asText()).isEqualTo("snapshot");
        subscribed("e1", 30, "");
        assertThat(observe().gaps()).isZero();
    }

    @Test
    void aRefusalIsAFailureAndTheNextAttemptBeginsAnew() {
        liveAt10();
        stream.lost();
        subscribe();

        stream.refused("bad_request");

        assertThat(stream.isRefused()).isTrue();
        assertThat(stream.isUp()).isFalse();
        assertThat(observe().failures()).isEqualTo(1);
        assertThat(subscribe().path("from").asText()).isEqualTo("snapshot");
    }

    @Test
    void thatKafkaIsAwayIsNoFailureOfTheGateway() {
        subscribe();
        stream.refused("upstream_unavailable");

        assertThat(stream.isRefused()).isFalse();
        assertThat(observe().failures()).isZero();
    }

    @Test
    void aHeartbeatMovesThePositionOfAQuietSubscription() {
        liveAt10();

        stream.reached(GatewayFrame.read("{\"0\":25,\"1\":4}").json());
        stream.lost();

        assertThat(subscribe().path("from").path("offsets").toString()).isEqualTo("{\"0\":25,\"1\":4}");
    }

    @Test
    void anEventThatWasSentBeforeIsNotCountedAgain() {
        liveAt10();
        event("SPY", 11, 8);

        assertThat(event("SPY", 11, 8)).isFalse();
        assertThat(observe().types().get("intraday_bar").frames()).isEqualTo(1);
    }

    @Test
    void anEventThatTwoGatewaysBringCountsOnce() {
        liveAt10();
        StreamWatch other = stream;
        event("SPY", 11, 8);
        stream = new StreamWatch(feature, watch);
        liveAt10();
        event("SPY", 11, 8);
        event("SPY", 12, 11);

        assertThat(observe().types().get("intraday_bar").frames()).isEqualTo(2);
        assertThat(other.isUp()).isTrue();
    }
}
