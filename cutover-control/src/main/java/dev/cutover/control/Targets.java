package dev.cutover.control;

import java.net.URI;
import java.util.List;
import java.util.Set;

/**
 * What the prober asks and listens to.
 *
 * @param rest the REST service, without a path; null where there is none
 * @param gateways every gateway's WebSocket, with its path
 */
public record Targets(URI rest, List<URI> gateways) {
    /** Nothing at all. */
    public static final Targets NONE = new Targets(null, List.of());

    private static final String WEB_SOCKET_PATH = "/ws/";

    public Targets {
        gateways = List.copyOf(gateways);
    }

    /** The check of a setting: an address over HTTP, which paths can be added to. */
    static URI rest(String text) {
        URI url = url(text, Set.of("http", "https"));
        if (url == null) {
            throw new IllegalArgumentException("must be a URL such as http://localhost:8000");
        }
        return url;
    }

    /** The check of a setting: addresses of WebSockets, with commas; one without a path gets that of a gateway. */
    static List<URI> gateways(String text) {
        return List.of(text.split(",", -1)).stream().map(Targets::gateway).toList();
    }

    private static URI gateway(String text) {
        URI url = url(text.strip(), Set.of("ws", "wss"));
        if (url == null) {
            throw new IllegalArgumentException(
                    "must be URLs such as ws://localhost:8090, with commas between them and without a query");
        }
        return url.getPath().isEmpty() || url.getPath().equals("/") ? url.resolve(WEB_SOCKET_PATH) : url;
    }

    /** Null where it is no such URL. */
    private static URI url(String text, Set<String> schemes) {
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
        boolean good = url.getHost() != null
                && url.getScheme() != null
                && schemes.contains(url.getScheme())
                && url.getRawQuery() == null
                && url.getRawFragment() == null
                && url.getRawUserInfo() == null;
        return good ? url : null;
    }
}
