package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.EventCodec;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Settings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What the tests of this package begin with, and how they read what came out. */
final class Given {
    private static final EventCodec CODEC = new EventCodec();

    private Given() {}

    /** Settings as from the command line: names and values in turn. */
    static JobsSettings settings(String... namesAndValues) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            given.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return JobsSettings.from(Settings.resolve(JobsSettings.ALL, given, Map.of()));
    }

    static JobsMetrics metrics() {
        return new JobsMetrics(new SimpleMeterRegistry(), Clock.systemUTC());
    }

    /** @param acknowledging whether each record is acknowledged at once; else the test does it */
    static MockProducer<byte[], byte[]> producer(boolean acknowledging) {
        ByteArraySerializer serializer = new ByteArraySerializer();
        return new MockProducer<>(acknowledging, null, serializer, serializer);
    }

    /** A minute with one price and a volume of 100. */
    static IntradayBar bar(String symbol, String minute, String price, boolean closed) {
        BigDecimal value = new BigDecimal(price);
        return new IntradayBar(
                "USA", symbol, Instant.parse(minute), value, value, value, value, BigDecimal.valueOf(100), closed);
    }

    static <E> List<E> events(MockProducer<byte[], byte[]> producer, Class<E> type) {
        return producer.history().stream()
                .filter(record -> EventHeaders.type(record.headers()) != null)
                .map(record -> CODEC.decode(EventHeaders.type(record.headers()), record.value()))
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    static List<IntradayBar> finals(MockProducer<byte[], byte[]> producer) {
        return events(producer, IntradayBar.class).stream()
                .filter(IntradayBar::closed)
                .toList();
    }

    /** As {@code symbol hour:minute}, to be compared in one line. */
    static String minuteOf(IntradayBar bar) {
        return bar.symbol() + " " + bar.timestampMinute().toString().substring(11, 16);
    }

    static List<String> minutesOf(List<IntradayBar> bars) {
        return bars.stream().map(Given::minuteOf).toList();
    }
}
