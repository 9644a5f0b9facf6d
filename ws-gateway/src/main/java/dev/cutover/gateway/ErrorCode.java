package dev.cutover.gateway;

import java.util.Locale;

/** Why a message was refused: the {@code code} of an {@code error_message}. */
enum ErrorCode {
    BAD_REQUEST,
    UNKNOWN_TYPE,
    UNKNOWN_FEATURE,
    POSITION_EXPIRED,
    TOO_MANY_SUBSCRIPTIONS,
    RATE_LIMITED,
    UPSTREAM_UNAVAILABLE;

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
