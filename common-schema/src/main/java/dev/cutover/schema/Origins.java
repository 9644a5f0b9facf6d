package dev.cutover.schema;

import java.util.Locale;
import java.util.regex.Pattern;

/** What an {@code Origin} header (RFC 6454, section 7) tells about where a page came from. */
public final class Origins {
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    /** The whole value, so that neither a name that only begins so nor user information before the host gets through. */
    private static final Pattern LOOPBACK = Pattern.compile(
            "https?://(?:localhost|127\\." + BYTE + "\\." + BYTE + "\\." + BYTE + "|\\[::1\\])(?::(?<port>\\d{1,5}))?");

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
}
