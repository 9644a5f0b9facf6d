package dev.cutover.rest;

import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The existing service that REST stands in front of.
 *
 * @param base scheme, host and port alone
 * @param timeout from a request to the last byte of its answer; positive
 * @param concurrency how many requests it gets at a time; at least 1
 * @param longestBodyBytes beyond which an answer is refused; at least 1
 */
public record UpstreamSettings(URI base, Duration timeout, int concurrency, int longestBodyBytes) {
    public static final Setting<URI> UPSTREAM = new Setting<>(
            "upstream",
            "URL",
            null,
            "an existing REST service, such as http://host:port: REST passes requests on to it, and records what it answers, in"
                    + " place of making snapshots itself",
            UpstreamSettings::serviceUrl);
    public static final Setting<Duration> TIMEOUT = Setting.duration(
            "upstream-timeout",
            "10s",
            Duration.ofMillis(10),
            Duration.ofHours(1),
            "how long the existing service may take for a whole answer; beyond that the caller gets 504");
    public static final Setting<Integer> CONCURRENCY = Setting.integer(
            "upstream-concurrency",
            "N",
            64,
            1,
            1_000,
            "how many requests the existing service gets at a time; beyond that callers get 503 with Retry-After");
    public static final Setting<Integer> LONGEST_BODY = Setting.integer(
            "upstream-body-bytes",
            "BYTES",
            8 << 20,
            1 << 10,
            1 << 30,
            "how long a body of the existing service may be; of a longer one the caller gets 502");

    static final List<Setting<?>> OWN = List.of(UPSTREAM, TIMEOUT, CONCURRENCY, LONGEST_BODY);

    static Optional<UpstreamSettings> from(Settings settings) {
        return settings.isSet(UPSTREAM)
                ? Optional.of(new UpstreamSettings(
                        settings.get(UPSTREAM),
                        settings.get(TIMEOUT),
                        settings.get(CONCURRENCY),
                        settings.get(LONGEST_BODY)))
                : Optional.empty();
    }

    private static URI serviceUrl(String text) {
        try {
            URI url = URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            boolean bare = "".equals(url.getRawPath())
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null
                    && url.getRawUserInfo() == null;
            if (http && url.getHost() != null && bare) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // said below, like a URL of another kind
        }
        throw new IllegalArgumentException(
                "must be a URL such as http://legacy.example.com:8080, without a path: paths stand in the feature catalog");
    }
}
