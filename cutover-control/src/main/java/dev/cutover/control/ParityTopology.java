package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Topics;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.Stores;

/**
 * The shape of parity in Kafka Streams: for each feature that REST serves a part of its own, which shares nothing with the others.
 *
 * <pre>
 *   events.F ──────┐
 *                  ├──► ParityProcessor ──┬──► parity.verdicts
 *   rest.served.F ─┘      (and its store) └──► parity.sessions
 * </pre>
 */
final class ParityTopology {
    private ParityTopology() {}

    /** What the parts of one feature are called. The store's name is in that of the topic behind it: {@code
     * cutover-parity-STORE-changelog}. */
    record Names(
            String events,
            String served,
            String store,
            String processor,
            String verdicts,
            String sessions,
            String eventsSource,
            String servedSource) {
        static Names of(Feature feature) {
            String name = feature.name();
            return new Names(
                    feature.topic(),
                    Topics.served(feature),
                    name.replace('_', '-'),
                    "judge-" + name,
                    "verdicts-" + name,
                    "sessions-" + name,
                    "events-" + name,
                    "served-" + name);
        }
    }

    /**
     * The topology of a catalog; by the settings, keys and values are bytes.
     *
     * @param begins where the partitions of the events are begun to be judged
     */
    static Topology of(
            FeatureCatalog catalog,
            StreamsConfig settings,
            SessionClock clock,
            ParityStart.Begins begins,
            ControlMetrics metrics) {
        Topology topology = new Topology(new TopologyConfig(settings));
        catalog.features().stream()
                .filter(feature -> feature.rest().isPresent())
                .forEach(feature -> add(topology, feature, clock, begins, metrics));
        return topology;
    }

    private static void add(
            Topology topology, Feature feature, SessionClock clock, ParityStart.Begins begins, ControlMetrics metrics) {
        // of a record without a timestamp, whose default extractor would end the stream thread
        TimestampExtractor timestamps = (record, partitionTime) -> Math.max(0, record.timestamp());
        Names names = Names.of(feature);
        topology.addSource(timestamps, names.eventsSource(), names.events())
                .addSource(timestamps, names.servedSource(), names.served())
                .addProcessor(
                        names.processor(),
                        () -> new ParityProcessor(feature, clock, begins, metrics),
                        names.eventsSource(),
                        names.servedSource())
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                        Stores.inMemoryKeyValueStore(names.store()),
                                        Serdes.ByteArray(),
                                        Serdes.ByteArray())
                                .withCachingDisabled(),
                        names.processor())
                .addSink(names.verdicts(), Topics.PARITY_VERDICTS, names.processor())
                .addSink(names.sessions(), Topics.PARITY_SESSIONS, names.processor());
    }
}
