package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * What a gateway said.
 *
 * @param text as it came
 * @param json the text, read
 */
record GatewayFrame(String text, JsonNode json) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA_MEMBER = ",\"data\":";

    static GatewayFrame read(String text) {
        try {
            return new GatewayFrame(text, JSON.readTree(text));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the gateway sent what is not JSON: " + text, e);
        }
    }

    boolean isEvent() {
        return json.has("pos");
    }

    /** The partition of {@code pos}; of an event alone. */
    int partition() {
        String pos = json.path("pos").asText();
        return Integer.parseInt(pos.substring(0, pos.indexOf(':')));
    }

    /** The offset of {@code pos}; of an event alone. */
    long offset() {
        String pos = json.path("pos").asText();
        return Long.parseLong(pos.substring(pos.indexOf(':') + 1));
    }

    String type() {
        return json.path("type").asText();
    }

    /** When the event was emitted; of an event alone. */
    String ts() {
        return json.path("ts").asText();
    }

    /** An event for a terminal: its data as it came, which is the frame's last member. */
    String line() {
        int data = text.indexOf(DATA_MEMBER) + DATA_MEMBER.length();
        return "[WS] " + type() + ": " + text.substring(data, text.length() - 1);
    }

    /** Whether the gateway says that something is wrong. */
    boolean isError() {
        return type().equals("error_message") && !isEvent();
    }

    /** Why something is wrong; empty where nothing is. */
    String errorCode() {
        return json.path("data").path("code").asText();
    }

    /** What is wrong, in words and with its code. */
    String errorText() {
        return Table.plain(json.path("data").path("message").asText()) + " (" + Table.plain(errorCode()) + ")";
    }
}
