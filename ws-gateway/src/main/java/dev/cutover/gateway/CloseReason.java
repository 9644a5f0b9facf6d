package dev.cutover.gateway;

/** Why this gateway closes a connection: the close frame's status and its JSON reason (RFC 6455, section 7.4). */
enum CloseReason {
    DRAINING(1001, "draining", true),
    PROTOCOL_ERROR(1002, "protocol_error", false),
    NOT_UTF8(1007, "not_utf8", false),
    BAD_MESSAGES(1008, "bad_messages", false),
    TOO_BIG(1009, "message_too_big", false),
    INTERNAL(1011, "internal", true),
    SLOW_CONSUMER(1013, "slow_consumer", true),
    UNRESPONSIVE(1013, "unresponsive", true);

    final int status;
    final String code;
    private final boolean reconnect;

    CloseReason(int status, String code, boolean reconnect) {
        this.status = status;
        this.code = code;
        this.reconnect = reconnect;
    }

    String json() {
        return "{\"code\":\"" + code + "\",\"reconnect\":" + reconnect + "}";
    }
}
