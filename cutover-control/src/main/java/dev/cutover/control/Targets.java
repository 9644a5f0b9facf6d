package dev.cutover.control;

import java.net.URI;
import java.util.List;

/**
 * What the prober asks and listens to.
 *
 * @param rest the REST service, without a path
 * @param gateways every gateway's WebSocket, with its path
 */
record Targets(URI rest, List<URI> gateways) {
    Targets {
        gateways = List.copyOf(gateways);
    }
}
