package dev.cutover.schema;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What an {@code Origin} header (RFC 6454, section 7) tells about where a page came from. */
public final class Origins {
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    /** The whole value, so that neither a name that only begins so nor user information before the host gets through. */
    private static final Pattern LOOPBACK = Pattern.compile(
            "https?://(?:localhost|127\\." + BYTE + "\\." + BYTE + "\\." + BYTE + "|\\[::1\\])(?::(?<port>\\d{1,5}))?");

    private static final Pattern ORIGIN = Pattern.compile("https?://[^\\s,/?#@*]+");
    private static final int HIGHEST_PORT = 65_535;

    private Origins() {}

    /**
     * Whether a page of that origin was served by this machine: {@code http} or {@code https}, by {@code localhost}, an address
     * of 127.0.0.0/8, or {@code [::1]}, at any port. The opaque origin {@code null}, which any page can have, is none.
     *
     * @param origin the header's value; null where there is no such header
     */
    public static boolean isLoopback(String origin) {
        if (origin == null) {
            return false;
        }
        var form = LOOPBACK.matcher(origin.toLowerCase(Locale.ROOT));
        return form.matches() && (form.group("port") == null || Integer.parseInt(form.group("port")) <= HIGHEST_PORT);
    }

    /** A setting that lists origins, with commas; they are taken in lower case. */
    public static Setting<Set<String>> setting(String name, String doc) {
        return new Setting<>(name, "LIST", null, doc, text -> Arrays.stream(text.split(",", -1))
                .map(each -> origin(each.strip().toLowerCase(Locale.ROOT)))
                .collect(Collectors.toUnmodifiableSet()));
    }

    private static String origin(String text) {
        if (!ORIGIN.matcher(text).matches()) {
            throw new IllegalArgumentException("must be origins such as https://example.com, with commas, no path");
        }
        return text;
    }
}
