package dev.cutover.rest;

import dev.cutover.schema.UsageRecord;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who asks.
 *
 * @param name what it says that it is; else the product of its {@code User-Agent} and its address, of one line and bounded length
 * @param kind as in {@link UsageRecord}
 */
record Caller(String name, String kind) {
    /** The header by which a caller may say what it is. */
    static final String HEADER = "Cutover-Client";

    private static final Set<String> KNOWN = Set.of(UsageRecord.PROBER, UsageRecord.FALLBACK);
    private static final int LONGEST_NAME = 80;
    /** What would break a log's line, or the keys that names become part of. */
    private static final Pattern UNWELCOME = Pattern.compile("[\\p{Cntrl}|]");

    private static final Pattern BLANKS = Pattern.compile("\\s+");

    /**
     * Who sent these headers.
     *
     * @param client the header {@link #HEADER}; null where there is none
     * @param userAgent null where there is none
     * @param address of the other end: behind a proxy, the proxy's
     */
    static Caller of(String client, String userAgent, String address) {
        if (client != null && !client.isBlank()) {
            String name = tidy(client.strip());
            return new Caller(name, KNOWN.contains(name) ? name : UsageRecord.OTHER);
        }
        String product = userAgent == null || userAgent.isBlank()
                ? "(no user agent)"
                : tidy(BLANKS.split(userAgent.strip(), 2)[0]);
        return new Caller(product + " " + address, UsageRecord.OTHER);
    }

    boolean isProber() {
        return kind.equals(UsageRecord.PROBER);
    }

    private static String tidy(String text) {
        return UNWELCOME
                .matcher(text.substring(0, Math.min(LONGEST_NAME, text.length())))
                .replaceAll("_");
    }
}
