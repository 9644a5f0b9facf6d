package dev.cutover.control;

import java.net.http.WebSocket;

/** What the HTTP client's threads hand over to the prober's. */
sealed interface ProbeArrival {
    /** Of one attempt to connect to a gateway. */
    sealed interface OfGateway extends ProbeArrival {
        GatewayConnection from();
    }

    record Opened(GatewayConnection from, WebSocket socket) implements OfGateway {}

    /** A whole text. */
    record Text(GatewayConnection from, String text, long atNs) implements OfGateway {}

    /**
     * The connection is gone, or never was.
     *
     * @param status the gateway's; 0 where it sent none
     */
    record Ended(GatewayConnection from, int status, String why) implements OfGateway {}

    record Answered(RestProbe.Answer answer) implements ProbeArrival {}

    /** The list of a feature is larger than what is read. */
    record ListTooLarge(RestProbe.Question question) implements ProbeArrival {}
}
