package dev.cutover.local;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Writes uniquely numbered events at a steady rate, of one feature that may skip none ({@code intraday}) and one that may
 * ({@code positions}) by turns, and heartbeats between them. Each says when it was written, by {@link System#nanoTime()}.
 *
 * <p>A thread of its own writes; fields are its.
 */
final class ChaosFeed implements AutoCloseable {
    static final List<String> FEATURES = List.of("intraday", "positions");
    static final String EVERY = FEATURES.get(0);
    static final String LATEST = FEATURES.get(1);

    private static final int TICK_MS = 10;
    private static final int MINUTES = 300;
    private static final int VWAP_ONE_IN = 20;
    private static final int LARGE_ONE_IN = 4;
    private static final byte[] HEARTBEAT_KEY = EventFeed.utf8("heartbeat");

    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "chaos-feed"));
    private final EventFeed feed;
    private final String heartbeatTopic;
    private final RandomGenerator random;
    private final int keys;
    private final String smallPad;
    private final String largePad;
    private ScheduledFuture<?> writing;
    private long serial;
    private double due;

    /**
     * Writes nothing yet but heartbeats.
     *
     * @param keys of each feature
     * @param bytes of most events, roughly
     * @param largeBytes of every fourth
     * @param heartbeatMs between two heartbeats
     */
    ChaosFeed(SystemUnderTest system, RandomGenerator random, int keys, int bytes, int largeBytes, int heartbeatMs) {
        this.feed = system.feed();
        this.heartbeatTopic = system.catalog().heartbeat().topic();
        this.random = random;
        this.keys = keys;
        this.smallPad = "x".repeat(bytes);
        this.largePad = "x".repeat(largeBytes);
        var unused = thread.scheduleAtFixedRate(this::beat, 0, heartbeatMs, TimeUnit.MILLISECONDS);
    }

    static String key(String feature, int number) {
        return feature.equals(EVERY) ? "S" + number : Integer.toString(100 + number);
    }

    /** From now on so many events a second. */
    void start(int perSecond) {
        writing = thread.scheduleAtFixedRate(() -> tick(perSecond), 0, TICK_MS, TimeUnit.MILLISECONDS);
    }

    /** Returns when all that was written is in the log. */
    void stop() {
        writing.cancel(false);
        try {
            thread.submit(feed::flush).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void beat() {
        var unused =
                feed.sendRaw(heartbeatTopic, 0, "heartbeat", HEARTBEAT_KEY, EventFeed.utf8("{\"heartbeat_count\":1}"));
    }

    private void tick(int perSecond) {
        for (due += perSecond * TICK_MS / 1_000.0; due >= 1; due--) {
            String feature = FEATURES.get((int) (serial % FEATURES.size()));
            write(feature, key(feature, random.nextInt(keys)));
        }
    }

    private void write(String feature, String key) {
        serial++;
        String rest = ",\"serial\":" + serial + ",\"at\":" + System.nanoTime() + ",\"pad\":\""
                + (random.nextInt(LARGE_ONE_IN) == 0 ? largePad : smallPad) + "\"}";
        if (feature.equals(LATEST)) {
            feed.enqueue("positions", key, "{\"account_id\":" + key + rest);
        } else if (random.nextInt(VWAP_ONE_IN) == 0) {
            feed.enqueue("vwap_update", key, "{\"symbol\":\"" + key + "\"" + rest);
        } else {
            int minute = (int) (serial % MINUTES);
            feed.enqueue(
                    "intraday_bar",
                    key,
                    "{\"symbol\":\"%s\",\"timestamp_minute\":\"2026-01-05T%02d:%02d:00Z\""
                                    .formatted(key, 10 + minute / 60, minute % 60)
                            + rest);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
