package dev.cutover.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.ServedRecord.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an answer says of each key. */
final class ServedBodiesTest {
    private static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();
    private static final int ENOUGH = 1 << 20;

    private static ServedBodies of(Served.Content content) {
        return ServedBodies.of(
                new Served(POSITIONS, new Caller("c", "other"), 200, Instant.EPOCH, Instant.EPOCH, content), ENOUGH);
    }

    private static ServedBodies upstream(String key, String body) {
        return of(new Served.FromUpstream(key, key == null ? "" : "account_id=" + key, null, body.getBytes(UTF_8)));
    }

    private static int partition(String key) {
        return BuiltInPartitioner.partitionForKey(key.getBytes(UTF_8), POSITIONS.partitions());
    }

    @Test
    void aListIsItsKeysEachInItsPartitionAndForEachPartitionTheNames() throws Exception {
        byte[] body = "{\"accounts\":[{\"a\":1},{\"a\":2},{\"a\":3}]}".getBytes(UTF_8);
        ServedBodies bodies = of(new Served.Views(
                "e1",
                List.of(10L, 20L, -1L),
                true,
                "",
                body,
                List.of(
                        new Served.Part("1", 0, 9, 13, 7),
                        new Served.Part("2", 1, 20, 21, 7),
                        new Served.Part("3", 0, 10, 29, 7))));
        assertThat(bodies.bodies())
                .extracting(
                        ServedBodies.Body::kind,
                        ServedBodies.Body::key,
                        ServedBodies.Body::partition,
                        ServedBodies.Body::offset,
                        ServedBodies.Body::keys)
                .containsExactly(
                        tuple(Kind.ENTRY, "1", 0, 9L, null),
                        tuple(Kind.ENTRY, "2", 1, 20L, null),
                        tuple(Kind.ENTRY, "3", 0, 10L, null),
                        tuple(Kind.LIST, null, 0, 10L, List.of("1", "3")),
                        tuple(Kind.LIST, null, 1, 20L, List.of("2")),
                        tuple(Kind.LIST, null, 2, -1L, List.of()));
        assertThat(bodies.bodies().get(2).tree().read()).hasToString("{\"a\":3}");
        assertThat(bodies.bodies().get(2).hash()).matches("[0-9a-f]{16}");
        assertThat(bodies.bodies().get(0).hash())
                .isNotEqualTo(bodies.bodies().get(1).hash());
    }

    @Test
    void anUnknownKeyIsAbsentFromWhereKafkaWouldPutIt() {
        for (String key : List.of("1", "2", "77", "S&P 500", "ü")) {
            ServedBodies.Body absent = of(new Served.Unknown(key, "q", "e1", List.of(10L, 20L, 30L)))
                    .bodies()
                    .get(0);
            assertThat(absent.kind()).isEqualTo(Kind.ABSENT);
            assertThat(absent.partition()).isEqualTo(partition(key));
            assertThat(absent.offset()).isEqualTo(List.of(10L, 20L, 30L).get(partition(key)));
        }
    }

    @Test
    void whatAServiceBehindSaysOfAKeyHasNoOffsetAndItsKeysPartition() throws Exception {
        ServedBodies.Body entry =
                upstream("123", "{\"account_id\":123,\"x\":1.50}").bodies().get(0);
        assertThat(entry.kind()).isEqualTo(Kind.ENTRY);
        assertThat(entry.partition()).isEqualTo(partition("123"));
        assertThat(entry.epoch()).isNull();
        assertThat(entry.offset()).isNull();
        assertThat(entry.query()).isEqualTo("account_id=123");
        assertThat(entry.tree().read().get("x").decimalValue()).isEqualByComparingTo("1.5");
    }

    @Test
    void aListOfAServiceBehindIsTakenApartByTheKeyField() {
        ServedBodies bodies =
                upstream(null, "{\"accounts\":[{\"account_id\":1},{\"account_id\":\"7\"},{\"name\":\"x\"},3,null]}");
        assertThat(bodies.bodies())
                .filteredOn(body -> body.kind() == Kind.ENTRY)
                .extracting(ServedBodies.Body::key, ServedBodies.Body::partition)
                .containsExactly(tuple("1", partition("1")), tuple("7", partition("7")));
        assertThat(bodies.bodies())
                .filteredOn(body -> body.kind() == Kind.LIST)
                .hasSize(POSITIONS.partitions())
                .flatExtracting(ServedBodies.Body::keys)
                .containsExactlyInAnyOrder("1", "7");
        assertThat(bodies.unusable()).isEqualTo(Map.of("no_key", 3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<html>", "{\"a\":", "{\"a\":1,\"a\":2}", "{} {}x"})
    void whatIsNoJsonIsCountedAndNothingElse(String body) {
        assertThat(upstream("1", body).bodies()).isEmpty();
        assertThat(upstream("1", body).unusable()).isEqualTo(Map.of("not_json", 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "{\"accounts\":{}}", "{\"accounts\":null}", "3", "\"accounts\""})
    void aListWithoutItsArrayIsCounted(String body) {
        assertThat(upstream(null, body).unusable()).isEqualTo(Map.of("no_array", 1));
    }

    @Test
    void anAnswerWithoutAnythingOfTheKeyIsAsGoodAsNone() {
        assertThat(upstream("1", "null").bodies()).singleElement().satisfies(body -> assertThat(body.kind())
                .isEqualTo(Kind.ABSENT));
    }

    @Test
    void aCompressedAnswerIsUnpackedAsFarAsThereIsRoom() throws Exception {
        byte[] small = gzip("{\"account_id\":1}");
        byte[] bomb = gzip("\"" + "x".repeat(2 * ENOUGH) + "\"");
        assertThat(of(new Served.FromUpstream("1", "", "gzip", small)).bodies()).hasSize(1);
        assertThat(of(new Served.FromUpstream("1", "", "gzip", bomb)).unusable())
                .isEqualTo(Map.of("too_large", 1));
        assertThat(of(new Served.FromUpstream("1", "", "br", small)).unusable()).isEqualTo(Map.of("encoding", 1));
        assertThat(of(new Served.FromUpstream("1", "", "gzip", new byte[] {1, 2}))
                        .unusable())
                .isEqualTo(Map.of("not_json", 1));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return out.toByteArray();
    }
}
