package dev.cutover.gateway;

import java.util.Locale;

/** Why a request is turned away: the answer's status, and the {@code code} of its problem, by which it is counted. */
enum Refusal {
    NOT_HTTP(400),
    BAD_PATH(400),
    BAD_REQUEST(400),
    METHOD_NOT_ALLOWED(405),
    NOT_FOUND(404),
    FOREIGN_HOST(403),
    FOREIGN_ORIGIN(403),
    UPGRADE_REQUIRED(426),
    BAD_HANDSHAKE(400),
    NOT_READY(503, 1),
    DRAINING(503, 1),
    TOO_MANY_CONNECTIONS(503, 5),
    TOO_MANY_CONNECTIONS_OF_ADDRESS(429, 5),
    /** Closed without an answer: more sockets than there may be. */
    TOO_MANY_SOCKETS(503),
    /** Closed without an answer: no whole request came in time. */
    HANDSHAKE_TIMEOUT(408);

    final int status;
    /** When it may be tried again; 0 where trying again changes nothing. */
    final int retryAfterS;

    Refusal(int status) {
        this(status, 0);
    }

    Refusal(int status, int retryAfterS) {
        this.status = status;
        this.retryAfterS = retryAfterS;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
