package dev.cutover.schema;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What an {@code Origin} header (RFC 6454, section 7) tells about where a page came from, and a {@code Host} header (RFC 9110,
 * section 7.2) about where a request believes it goes. Pure; no name is looked up.
 *
 * <p>A service that listens on the loopback interface alone takes requests for loopback hosts only: see {@link #isForeignHost}.
 */
public final class Origins {
    /** The whole value, so that neither a name that only begins so nor user information before the host gets through. */
    private static final Pattern AUTHORITY =
            Pattern.compile("(?<host>[a-z0-9._-]+|\\[[0-9a-f:.]+])(?::(?<port>\\d{1,5}))?");

    private static final Pattern SCHEME = Pattern.compile("https?://");
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern IPV4 = Pattern.compile(BYTE + "(?:\\." + BYTE + "){3}");
    private static final Pattern ORIGIN = Pattern.compile("https?://[^\\s,/?#@*]+");
    /** The {@code code} of the problem that answers a foreign host. */
    public static final String FOREIGN_HOST = "foreign_host";

    private static final int HIGHEST_PORT = 65_535;

    /**
     * A host and its port.
     *
     * @param host in lower case and without a trailing dot; an IPv6 address in brackets, always spelt the same
     * @param port as it was written; null where there was none
     */
    private record Authority(String host, String port) {

        /** Null where it is none. */
        static Authority parse(String text) {
            if (text == null) {
                return null;
            }
            Matcher form = AUTHORITY.matcher(text.toLowerCase(Locale.ROOT));
            if (!form.matches()) {
                return null;
            }
            String port = form.group("port");
            String host = canonical(form.group("host"));
            return host == null || (port != null && Integer.parseInt(port) > HIGHEST_PORT)
                    ? null
                    : new Authority(host, port);
        }

        private static String canonical(String host) {
            if (host.startsWith("[")) {
                try {
                    return "[" + InetAddress.getByName(host).getHostAddress() + "]"; // in brackets: never looked up
                } catch (UnknownHostException e) {
                    return null;
                }
            }
            String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
            return name.isEmpty() || name.startsWith(".") || name.endsWith(".") ? null : name;
        }

        boolean isIpv4() {
            return IPV4.matcher(host).matches();
        }

        boolean isAddress() {
            return isIpv4() || host.startsWith("[");
        }

        boolean isLoopback() {
            return host.equals("localhost")
                    || (isIpv4() && host.startsWith("127."))
                    || host.equals("[0:0:0:0:0:0:0:1]")
                    || host.startsWith("[127."); // an IPv4 address that was written as an IPv6 one
        }
    }

    private Origins() {}

    /**
     * Whether a page of that origin was served by this machine: {@code http} or {@code https}, by {@code localhost}, an address
     * of 127.0.0.0/8, or {@code [::1]}, at any port. The opaque origin {@code null}, which any page can have, is none.
     *
     * @param origin the header's value; null where there is no such header
     */
    public static boolean isLoopback(String origin) {
        Authority page = page(origin);
        return page != null && page.isLoopback();
    }

    /**
     * Whether a page of that origin came from the host that is asked: by {@code http} or {@code https}, and at any port.
     *
     * @param origin the header's value; null where there is no such header
     * @param host the Host header's value; null where there is no such header
     */
    public static boolean isSameHost(String origin, String host) {
        Authority page = page(origin);
        Authority asked = Authority.parse(host);
        return page != null && asked != null && page.host().equals(asked.host());
    }

    /**
     * Whether a page of that origin came from the host and the port that are asked, and the host is an address and no name:
     * whoever comes by a name may have been led here by a site that changes what its own name resolves to.
     */
    public static boolean isSameAddress(String origin, String host) {
        Authority page = page(origin);
        return page != null && page.isAddress() && page.equals(Authority.parse(host));
    }

    /**
     * Whether a request was led astray to a service that listens on the loopback interface alone. Any site can have its own name
     * resolve to 127.0.0.1 after its page was loaded (DNS rebinding); to the browser that page and the service are then of one
     * origin, so that it hands over every answer, and sends no Origin with a GET. But the Host header still has the site's name,
     * and whoever really means this machine calls it by a loopback name or address.
     *
     * @param host the Host header's value; null where there is none, as with the probes of HTTP/1.0: a browser always sends it
     */
    public static boolean isForeignHost(String host) {
        if (host == null) {
            return false;
        }
        Authority asked = Authority.parse(host);
        return asked == null || !asked.isLoopback();
    }

    /** The detail of the problem that answers a foreign host. */
    public static String foreignHost(String host) {
        return "this service listens on the loopback interface alone, which is not called '" + host
                + "': ask by localhost or 127.0.0.1, or set --host";
    }

    /** Whether a socket that is bound so can be reached from this machine alone. */
    public static boolean isLoopbackOnly(InetSocketAddress bound) {
        return !bound.isUnresolved() && bound.getAddress().isLoopbackAddress();
    }

    private static Authority page(String origin) {
        if (origin == null) {
            return null;
        }
        Matcher scheme = SCHEME.matcher(origin.toLowerCase(Locale.ROOT));
        return scheme.lookingAt() ? Authority.parse(origin.substring(scheme.end())) : null;
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
