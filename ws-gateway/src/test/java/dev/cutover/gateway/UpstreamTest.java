package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.gateway.Upstream.Change;
import dev.cutover.gateway.Upstream.Look;
import dev.cutover.gateway.Upstream.Seen;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What follows from what Kafka shows of itself. */
class UpstreamTest {
    private static final long T0 = 1_767_000_000_000L;
    private static final Look FAILURE = new Look.Failure("timed out");

    private Upstream upstream = Upstream.initial(Map.of("a", 3, "b", 1), Map.of("a", "a1", "b", "b1"), T0);
    private long nowMs = T0;

    private List<Change> look(Look look) {
        nowMs += 500;
        Upstream.Step step = upstream.after(look, nowMs);
        upstream = step.next();
        return step.changes();
    }

    private static Look answer(Object... idsAndPartitionsOfA) {
        Seen b = new Seen("b1", 1);
        return new Look.Answer(
                idsAndPartitionsOfA.length == 0
                        ? Map.of("b", b)
                        : Map.of("b", b, "a", new Seen((String) idsAndPartitionsOfA[0], (int) idsAndPartitionsOfA[1])));
    }

    @Test
    void nothingIsSaidWhileAllIsAsItWas() {
        assertThat(look(answer("a1", 3))).isEmpty();
        assertThat(upstream.degraded()).isEmpty();
        assertThat(upstream.reasons()).isEmpty();
    }

    @Test
    void kafkaIsAwayAfterTwoFailuresInARowAndThatIsSaidOnce() {
        look(answer("a1", 3));
        assertThat(look(FAILURE)).isEmpty();
        assertThat(look(answer("a1", 3))).as("one failure is nothing").isEmpty();
        assertThat(look(FAILURE)).isEmpty();
        assertThat(look(FAILURE)).containsExactly(new Change.Away(T0 + 1_500, "timed out"));
        assertThat(look(FAILURE)).isEmpty();
        assertThat(upstream.degraded())
                .containsExactly("Kafka does not answer since 2025-12-29T09:20:01Z; serving what is known");
        assertThat(upstream.reasons()).isEmpty();
        assertThat(look(answer("a1", 3))).containsExactly(new Change.Back());
        assertThat(upstream.degraded()).isEmpty();
        assertThat(look(answer("a1", 3))).isEmpty();
    }

    @Test
    void deletedTopicIsNamedUntilItIsMadeAnew() {
        assertThat(look(answer())).containsExactly(new Change.Deleted("a"));
        assertThat(look(answer())).isEmpty();
        assertThat(upstream.degraded())
                .containsExactly("topic a has been deleted; serving what is known of it until it is made anew");
        assertThat(look(answer("a2", 3))).containsExactly(new Change.Renewed("a", "a2"));
        assertThat(upstream.degraded()).isEmpty();
        assertThat(look(answer("a2", 3))).isEmpty();
    }

    @Test
    void topicMadeAnewWhileKafkaWasAwayIsNoticed() {
        look(FAILURE);
        look(FAILURE);
        assertThat(look(answer("a2", 3))).containsExactly(new Change.Back(), new Change.Renewed("a", "a2"));
    }

    @Test
    void idThatATopicHadBeforeIsWhatABrokerTellsThatLagsBehind() {
        look(answer("a2", 3));
        assertThat(look(answer("a1", 3))).isEmpty();
        assertThat(look(answer("a2", 3))).isEmpty();
        assertThat(look(answer("a3", 3))).containsExactly(new Change.Renewed("a", "a3"));
    }

    @Test
    void changedPartitionCountIsAReasonWithAdviceUntilItIsAsTheCatalogSays() {
        assertThat(look(answer("a1", 4))).containsExactly(new Change.Repartitioned("a", 3, 4));
        assertThat(look(answer("a1", 4))).isEmpty();
        assertThat(upstream.reasons())
                .containsExactly("topic a has 4 partitions, and the feature catalog says 3: keys have moved between"
                        + " partitions and have lost their order; recreate the topic with 3, or set its partitions in"
                        + " the catalog to 4 and restart");
        look(answer());
        assertThat(upstream.reasons()).as("deleted, to be made anew").hasSize(1);
        look(answer("a2", 3));
        assertThat(upstream.reasons()).isEmpty();
    }
}
